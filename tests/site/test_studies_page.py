"""Can a reader find, sort and open studies, with keys alone, without scripts, from a file?"""

import re
import unicodedata

import pytest

from browser import visiting
from livingmeta.paths import Project
from livingmeta.studies import load_studies

pytestmark = pytest.mark.browser
STUDIES = load_studies(Project().data).studies
N = len(STUDIES)
SHOWN = "[...document.querySelectorAll('.lm-study')].filter(e => e.getClientRects().length).map(e => e.id)"
SEARCH = ".lm-filters [name=q]"
OPEN = "[...document.querySelectorAll('.lm-study-more')].filter(e => e.open).length"


@pytest.fixture
def visit(html):
    with visiting() as one:
        one.open(html / "book" / "studies.html")
        yield one
        assert one.complaints == [] and one.foreign == []


def found(visit):
    return int(re.match(r"(\d+) of", visit.page.locator(".lm-found").inner_text()).group(1))


def plain(words):
    return "".join(c for c in unicodedata.normalize("NFD", words) if not unicodedata.combining(c))


def go(visit, html, fragment):
    visit.page.goto("about:blank")
    visit.page.goto(f"{(html / 'book' / 'studies.html').resolve().as_uri()}#{fragment}", wait_until="load")


def test_is_every_study_there_and_folded(visit):
    assert len(visit.page.evaluate(SHOWN)) == found(visit) == N
    assert visit.page.evaluate(OPEN) == 0
    assert visit.page.locator(".lm-found").get_attribute("aria-live") == "polite"


def test_does_a_search_find_words_in_any_order_and_without_accents(visit):
    accented = next(row for row in STUDIES.to_dict("records") if plain(row["label"]) != row["label"])
    first, *_, last = plain(accented["label"]).split()
    visit.page.locator(SEARCH).fill(f"{last} {first.upper()}")
    assert accented["study_id"] in visit.page.evaluate(SHOWN) and found(visit) < N
    visit.page.locator(SEARCH).fill("no such words at all")
    assert found(visit) == 0 and visit.page.get_by_text("No study fits").is_visible()


@pytest.mark.parametrize(
    "key", ["part", "question", "design", "country", "extent", "usable", "seed", "retraction"]
)
def test_does_each_filter_keep_as_many_studies_as_it_says(visit, key):
    choice = visit.page.locator(f"[name={key}] option").nth(1)
    promised = int(re.search(r"\((\d+)\)$", choice.inner_text()).group(1))
    value = choice.get_attribute("value")
    visit.page.locator(f"[name={key}]").select_option(value)
    assert found(visit) == len(visit.page.evaluate(SHOWN)) == promised > 0
    assert visit.page.evaluate("new URLSearchParams(location.hash.slice(1)).get(" + repr(key) + ")") == value


def test_do_filters_come_back_from_the_address(html):
    with visiting() as visit:
        go(visit, html, "usable=no&sort=year")
        assert 0 < found(visit) < N and visit.page.locator("[name=usable]").input_value() == "no"
        read = "[...document.querySelectorAll('.lm-study:not([hidden])')].map(e => Number(e.dataset.year))"
        years = visit.page.evaluate(read)
        assert years == sorted(years, reverse=True) and len(set(years)) > 3
        visit.page.get_by_role("button", name="Clear all").click()
        assert found(visit) == N and visit.page.evaluate("location.hash") == ""
        go(visit, html, "design=nonsense")
        assert found(visit) == N
        assert visit.complaints == []


@pytest.mark.parametrize("key", ["n", "results"])
def test_are_studies_sorted_by_what_is_asked(visit, key):
    visit.page.locator("[name=sort]").select_option(key)
    read = f"[...document.querySelectorAll('.lm-study')].map(e => Number(e.dataset.{key} || -1))"
    values = visit.page.evaluate(read)
    assert values == sorted(values, reverse=True) and values[0] > values[-1]
    visit.page.locator("[name=sort]").select_option("name")
    names = visit.page.evaluate(SHOWN)
    assert names == list(
        STUDIES.assign(low=STUDIES["label"].str.lower()).sort_values(["low", "study_id"])["study_id"]
    )


def test_does_the_address_of_a_study_open_it_alone(html):
    last = STUDIES.assign(low=STUDIES["label"].str.lower()).sort_values("low")["study_id"].iloc[-2]
    with visiting() as visit:
        go(visit, html, last)
        assert visit.page.evaluate(OPEN) == 1
        assert visit.page.locator(f"#{last} .lm-study-more").get_attribute("open") is not None
        assert (
            0 <= visit.page.evaluate(f"document.getElementById('{last}').getBoundingClientRect().top") < 450
        )
        visit.page.locator(SEARCH).fill("no such words at all")
        visit.page.evaluate(f"location.hash = '{last}'")
        visit.page.wait_for_function(f"!document.getElementById('{last}').hidden")
        assert found(visit) == N and visit.complaints == []


def test_can_all_be_done_with_keys(visit):
    visit.page.locator(SEARCH).focus()
    visit.page.keyboard.type("zzzz")
    assert found(visit) == 0
    visit.page.keyboard.press("Escape")
    assert found(visit) == N
    for expected in ("SUMMARY", "SELECT"):
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.tagName") == expected
    visit.page.keyboard.press("ArrowDown")
    assert found(visit) < N
    visit.page.get_by_role("button", name="Unfold all studies").focus()
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate(OPEN) == N


def test_is_the_page_complete_without_scripts(html):
    with visiting(javascript=False) as visit:
        visit.open(html / "book" / "studies.html")
        assert (
            visit.page.locator(".lm-study").count() == visit.page.locator(".lm-study-more[open]").count() == N
        )
        assert visit.page.locator(".lm-results").first.is_visible()
        assert visit.page.locator(".lm-filters").count() == 0


def test_does_print_show_everything(visit):
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert visit.page.evaluate(OPEN) == N
    visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert visit.page.evaluate(OPEN) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_does_it_fit_a_phone_with_all_open(html, scheme):
    with visiting(390, 844, scheme=scheme) as visit:
        visit.open(html / "book" / "studies.html")
        visit.page.get_by_role("button", name="Unfold all studies").click()
        assert visit.overflow <= 0 and visit.complaints == []


def test_do_question_pages_and_parts_lead_to_studies_that_are_there(html):
    ids = set(re.findall(r'id="([^"]+)"', (html / "book" / "studies.html").read_text(encoding="utf-8")))
    told = 0
    for path in (html / "book").rglob("*.html"):
        for name in re.findall(r'studies\.html#([^"=]+)"', path.read_text(encoding="utf-8")):
            assert name in ids, f"{path.name} names {name}"
            told += 1
    assert told > N


def test_has_every_question_its_section_on_what_would_help(html):
    for path in (html / "book" / "questions").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert 'id="what-would-help-most"' in text and "on this page" in text
