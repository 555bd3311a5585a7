"""Is the sidebar that is rendered once the theme's own, on every page and after every change?"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.builder import builder
from benchmarks.generate import add_question, question_id
from benchmarks.scratch import built_scratch
from livingmeta.theme import marked, unmarked, without_icon_script

NAVIGATION = re.compile(r'<nav class="bd-links[^>]*>.*?</nav>', re.DOTALL)
ICONS = "fontawesome.js"
WRITE = """
import sys
from pathlib import Path
from livingmeta.book_writer import Writing
from livingmeta.paths import Project
problem = Writing(Project(Path(sys.argv[1])), Path(sys.argv[2])).run()
assert not problem, problem
"""


def navigation(html: Path) -> dict[str, str]:
    """Return the sidebar's list of pages of every page that has one, by the name of the page."""
    found = {}
    for path in sorted(html.rglob("*.html")):
        match = NAVIGATION.search(path.read_text(encoding="utf-8"))
        if match:
            found[path.relative_to(html).as_posix()] = match.group()
    return found


@pytest.fixture(scope="module")
def by_the_theme(tmp_path_factory):
    """Return a copy of the scratch project's book as the theme alone writes it."""
    project, folder = built_scratch(), tmp_path_factory.mktemp("theirs")
    settings = project.root / "_config.yml"
    lines = settings.read_text(encoding="utf-8").splitlines(keepends=True)
    ours = ("livingmeta.theme", "templates_path", "article_header_start")
    assert all(any(name in line for line in lines) for name in ours)
    kept = [line for line in lines if not any(name in line for name in ours)]
    settings.write_text("".join(kept), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", WRITE, str(project.root), str(folder)], check=True, cwd=project.root
    )
    return folder / "html"


@pytest.fixture(scope="module")
def by_us(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ours") / "html"
    shutil.copytree(built_scratch().html, folder)
    return folder


def test_the_sidebar_is_the_themes_own_on_every_page(by_the_theme, by_us):
    theirs, ours = navigation(by_the_theme), navigation(by_us)
    assert len(ours) > 12 and ours.keys() == theirs.keys()
    assert [page for page in ours if ours[page] != theirs[page]] == []


def test_each_page_is_marked_as_the_current_one_and_only_once(by_us):
    shown = {page: text for page, text in navigation(by_us).items() if page.startswith("book/questions/")}
    assert {text.count('class="current reference internal"') for text in shown.values()} == {1}


def loaded(html: str) -> set[str]:
    """Return the addresses of scripts and styles of a page, without checksums."""
    found = re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]+)"', html)
    return {address.partition("?")[0] for address in found}


def test_the_icon_script_is_gone_and_nothing_else_of_the_head(by_the_theme, by_us):
    for page in navigation(by_us):
        ours = (by_us / page).read_text(encoding="utf-8")
        theirs = (by_the_theme / page).read_text(encoding="utf-8")
        assert loaded(theirs) - loaded(ours) == {name for name in loaded(theirs) if ICONS in name}
    assert not list(by_us.rglob(ICONS)) and list(by_the_theme.rglob(ICONS))


def test_what_a_page_asks_for_is_there(by_us):
    for page in navigation(by_us):
        text = (by_us / page).read_text(encoding="utf-8")
        for address in re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', text):
            if "://" not in address and not address.startswith(("#", "data:")):
                assert (by_us / page).parent.joinpath(address.partition("?")[0]).exists(), (page, address)


def test_a_new_title_and_a_new_question_stand_in_every_sidebar():
    project = built_scratch()
    path = project.questions / f"{question_id(1)}.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("title: Synthetic", "title: Renamed"), "utf-8")
    assert builder().build(project.root).ok
    renamed = navigation(project.html)
    assert renamed
    assert all(
        "Renamed question 1" in text and "Synthetic question 1" not in text for text in renamed.values()
    )
    add_question(project, 4)
    assert builder().build(project.root).ok
    grown = navigation(project.html)
    assert len(grown) == len(renamed) + 1
    assert [page for page, text in grown.items() if "Synthetic question 4" not in text] == []


TREE = (
    '<ul class="nav bd-sidenav">'
    '<li class="toctree-l1"><a class="reference internal" href="a.html">A</a></li></ul>'
    '<p>Part</p><ul class="nav bd-sidenav">'
    '<li class="toctree-l1"><a class="reference internal" href="b.html">B</a></li>'
    '<li class="toctree-l1"><a class="reference internal" href="bb.html">B</a></li></ul>'
)


@pytest.mark.parametrize("page", ["a", "b", "bb"])
def test_marking_is_undone_by_unmarking(page):
    current = marked(TREE, page)
    assert current != TREE and current.count("current active") == 1
    assert unmarked(current, page) == TREE


def test_a_page_that_is_not_in_the_tree_marks_nothing():
    assert marked(TREE, "c") == unmarked(TREE, "c") == TREE


def test_only_the_icon_script_is_cut():
    script = '\n<script src="a/fontawesome.js?digest=1"></script>'
    comment = "\n<!-- So that users can add custom icons -->"
    other = '<script src="other.js"></script>'
    assert without_icon_script(f"{other}{comment}{script}{other}") == other * 2
    assert without_icon_script(other) == other
