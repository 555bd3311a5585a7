"""Does a reader find the same page in other versions, and learn that an old one is old?"""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from browser import Visit, visiting
from livingmeta.api import VERSION_FILE
from livingmeta.paths import ROOT, Project
from livingmeta.theme import version_text
from published_sites import about, put

OLD, MIDDLE, NEWEST = "2026.01.0", "2026.02.0", "2026.10.0"
PAGE = "book/methods.html"
ONLY_IN_OLD, NOT_IN_OLD = "book/search.html", "book/whats-new.html"
TEXT = re.compile(r'(<span class="lm-version-text">)([^<]*)(</span>)')
MENU, BANNER = ".lm-version details", ".lm-outdated"


def pages_of(html: Path) -> list[str]:
    book = (path.relative_to(html).as_posix() for path in (html / "book").rglob("*.html"))
    return sorted([*book, "genindex.html", "search.html"])


def as_version(html: Path, folder: Path, version: str, without: str = "") -> Project:
    """Return a project whose built site is this book, under the name of a version and less one page."""
    project = Project(folder)
    shutil.copytree(html, project.html)
    name = version if version == "unreleased" else f"version {version}"
    for path in project.html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        path.write_text(TEXT.sub(rf"\g<1>{name}\g<3>", text), encoding="utf-8")
    if without:
        (project.html / without).unlink()
    pages = [page for page in pages_of(project.html) if page.startswith("book/")]
    (project.html / VERSION_FILE).write_text(json.dumps(about(version, pages)), encoding="utf-8")
    for path in (project.html / "api" / "v1" / "questions").glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**record, "release": version}), encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def versions(html, tmp_path_factory) -> Path:
    """Return a published site of three releases and something unreleased, made of the built book."""
    made, site = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("site")
    for version, without in ((OLD, NOT_IN_OLD), (MIDDLE, ""), (NEWEST, ONLY_IN_OLD), ("unreleased", "")):
        put(as_version(html, made / version, version, without), site)
        shutil.rmtree(made / version)
    return site


class Quiet(SimpleHTTPRequestHandler):
    """A server that says nothing."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Yield the address at which a folder is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def address(versions):
    with served(versions) as address:
        yield address


@pytest.fixture(scope="module")
def window():
    """Return one window for all tests, which reaches servers of this machine."""
    with visiting() as visit:
        visit.page.context.set_offline(False)
        yield visit


@pytest.fixture
def visit(window):
    """Return the window as if it were new; nothing may complain in it or ask anybody else."""
    window.page.set_viewport_size({"width": 1440, "height": 900})
    window.page.emulate_media(color_scheme="light")
    window.page.goto("about:blank")
    window.requests.clear()
    window.complaints.clear()
    yield window
    assert window.complaints == []
    assert [url for url in window.foreign if not url.startswith("http://127.0.0.1:")] == []


def shown(visit: Visit, address: str, wait_for: str = MENU) -> None:
    visit.page.goto(address, wait_until="load")
    visit.page.wait_for_selector(wait_for, state="attached")


def choose(visit: Visit, name: str) -> None:
    visit.page.locator(f"{MENU} summary").click()
    visit.page.locator(f"{MENU} a", has_text=name).click()
    visit.page.wait_for_load_state("load")


def entries(visit: Visit) -> list[str]:
    return visit.page.locator(f"{MENU} a .lm-version-name").all_inner_texts()


def test_every_page_says_what_it_is_without_any_script(html):
    found = {page: TEXT.findall((html / page).read_text(encoding="utf-8")) for page in pages_of(html)}
    assert len(found) > 15
    assert {tuple(match[1] for match in matches) for matches in found.values()} == {(version_text(ROOT),)}


def test_the_built_site_says_which_version_it_is_and_has_its_pages(html):
    said = json.loads((html / VERSION_FILE).read_text(encoding="utf-8"))
    assert {"version", "kind", "date", "commit", "previous", "newest", "pages"} <= said.keys()
    assert said["pages"] == [page for page in pages_of(html) if page.startswith("book/")]


@pytest.mark.browser
def test_the_list_has_all_versions_newest_first_and_marks_this_one(visit, address):
    for folder, here in (("latest", NEWEST), (f"v{OLD}", OLD), (f"v{NEWEST}", NEWEST), ("dev", "unreleased")):
        shown(visit, f"{address}/{folder}/{PAGE}")
        assert entries(visit) == [] or not visit.page.locator(f"{MENU} ul").is_visible()
        visit.page.locator(f"{MENU} summary").click()
        assert entries(visit) == [NEWEST, MIDDLE, OLD, "unreleased"]
        current = visit.page.locator(f"{MENU} a[aria-current] .lm-version-name")
        assert current.all_inner_texts() == [here]
        assert here in visit.page.locator(f"{MENU} summary").inner_text()


@pytest.mark.browser
def test_choosing_leads_to_the_same_place_of_the_same_page(visit, address):
    for start in ("latest", "dev", f"v{OLD}"):
        shown(visit, f"{address}/{start}/{PAGE}#an-anchor")
        choose(visit, MIDDLE)
        assert visit.page.url == f"{address}/v{MIDDLE}/{PAGE}#an-anchor"
    shown(visit, f"{address}/v{OLD}/{PAGE}")
    visit.page.evaluate("location.hash = 'later'")
    choose(visit, "newest")
    assert visit.page.url == f"{address}/latest/{PAGE}#later"


@pytest.mark.browser
def test_choosing_a_version_without_this_page_leads_to_its_front(visit, address):
    shown(visit, f"{address}/latest/{NOT_IN_OLD}#an-anchor")
    visit.page.locator(f"{MENU} summary").click()
    assert "without this page" in visit.page.locator(f"{MENU} a", has_text=OLD).inner_text()
    assert "without this page" not in visit.page.locator(f"{MENU} a", has_text=MIDDLE).inner_text()
    visit.page.locator(f"{MENU} a", has_text=OLD).click()
    visit.page.wait_for_load_state("load")
    assert visit.page.url == f"{address}/v{OLD}/book/index.html"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("folder", "name"), [(f"v{OLD}", f"version {OLD}"), ("dev", "an unreleased version")]
)
def test_what_is_not_the_newest_says_so_and_leads_there(visit, address, folder, name):
    shown(visit, f"{address}/{folder}/{PAGE}#an-anchor", BANNER)
    said = visit.page.locator(BANNER).inner_text()
    assert f"This is {name}." in said and f"is {NEWEST}, of 2026-10-31." in said
    assert visit.page.evaluate(
        "document.querySelector('article.bd-article').firstElementChild.matches('.lm-outdated')"
    )
    visit.page.locator(f"{BANNER} a").click()
    visit.page.wait_for_load_state("load")
    assert visit.page.url == f"{address}/latest/{PAGE}#an-anchor"
    shown(visit, f"{address}/{folder}/{ONLY_IN_OLD}#an-anchor", BANNER)
    assert visit.page.locator(f"{BANNER} a").get_attribute("href") == f"{address}/latest/book/index.html"


@pytest.mark.browser
@pytest.mark.parametrize("folder", ["latest", f"v{NEWEST}"])
def test_the_newest_says_nothing(visit, address, folder):
    shown(visit, f"{address}/{folder}/{PAGE}")
    assert visit.page.locator(BANNER).count() == 0


@pytest.mark.browser
def test_the_list_is_asked_for_once(visit, address):
    shown(visit, f"{address}/latest/{PAGE}")
    visit.page.wait_for_load_state("networkidle")
    assert [url for url in visit.requests if url.endswith(".json")] == [f"{address}/versions.json"]


@pytest.mark.browser
@pytest.mark.parametrize("path", ["book/", "", "search.html", "genindex.html"])
def test_pages_of_other_addresses_have_the_list_too(visit, address, path):
    shown(visit, f"{address}/v{OLD}/{path}", BANNER)
    target = "book/index.html"
    assert visit.page.locator(f"{BANNER} a").get_attribute("href") == f"{address}/latest/{target}"
    same = path in ("book/", "")
    assert ("Read this page" in visit.page.locator(BANNER).inner_text()) == same


@pytest.mark.browser
def test_the_front_leads_to_the_newest(visit, address):
    shown(visit, f"{address}/")
    assert visit.page.url == f"{address}/latest/book/index.html"


@pytest.mark.browser
def test_the_list_works_by_keyboard_and_has_a_name(visit, address):
    shown(visit, f"{address}/latest/{PAGE}")
    page = visit.page
    assert page.get_by_role("navigation", name="Version", exact=True).count() == 1
    page.locator(f"{MENU} summary").focus()
    page.keyboard.press("Enter")
    assert page.locator(f"{MENU} ul").is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText").startswith(NEWEST)
    page.keyboard.press("Escape")
    assert not page.locator(f"{MENU} ul").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    page.locator("article h1").click()
    assert not page.locator(f"{MENU} ul").is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_list_and_banner_fit_every_window(visit, address, width, scheme):
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.page.emulate_media(color_scheme=scheme)
    for folder in ("dev", f"v{OLD}"):
        shown(visit, f"{address}/{folder}/{PAGE}", BANNER)
        visit.page.locator(f"{MENU} summary").click()
        assert visit.overflow <= 0
        box = visit.page.locator(f"{MENU} ul").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        # Nothing lies above an entry: a click reaches it.
        visit.page.locator(f"{MENU} a").last.click(trial=True)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["file", "http"])
def test_a_site_by_itself_asks_for_no_list_and_complains_of_nothing(visit, html, scheme):
    with served(html) as address:
        base = html.as_uri() if scheme == "file" else address
        visit.page.goto(f"{base}/{PAGE}", wait_until="networkidle")
        assert visit.page.locator(".lm-version").inner_text() == version_text(ROOT)
        assert visit.page.locator(MENU).count() == visit.page.locator(BANNER).count() == 0
    assert not [url for url in visit.requests if url.endswith(".json")]


@pytest.mark.browser
def test_a_frozen_version_opened_as_a_file_asks_for_no_list(visit, versions):
    visit.page.goto((versions / f"v{OLD}" / PAGE).as_uri(), wait_until="networkidle")
    assert visit.page.locator(".lm-version").inner_text() == f"version {OLD}"
    assert visit.foreign == [] and not [url for url in visit.requests if url.endswith(".json")]


@pytest.mark.browser
@pytest.mark.parametrize("content", [None, "{", "{}", '{"versions": [], "dev": null}'])
def test_without_a_list_that_can_be_read_the_page_is_as_it_was(visit, html, tmp_path, content):
    (tmp_path / "dev").symlink_to(html)
    if content is not None:
        (tmp_path / "versions.json").write_text(content)
    with served(tmp_path) as address:
        visit.page.goto(f"{address}/dev/{PAGE}", wait_until="networkidle")
        assert visit.page.locator(".lm-version").inner_text() == version_text(ROOT)
        assert visit.page.locator(BANNER).count() == 0
    if content is None:
        # What a browser says of a file that is not there; nothing else.
        assert len(visit.complaints) == 1 and "404" in visit.complaints.pop()
