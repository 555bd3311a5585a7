"""What does a reader see, with no network, with no scripts, on a screen and on a phone?"""

import json

import pytest

from browser import visiting
from livingmeta.paths import Project
from livingmeta.questions import load_questions

pytestmark = pytest.mark.browser
QUESTIONS = load_questions(Project().questions)
SHOWN_FIGURES = (
    "[...document.querySelectorAll('figure.lm-figure svg')].filter(e => e.getClientRects().length)"
)


def pages(html):
    """Yield every page of the book, as the site itself lists them."""
    told = json.loads((html / "api" / "v1" / "version.json").read_text(encoding="utf-8"))
    yield from (html / name for name in told["pages"])


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_is_every_page_quiet_complete_and_as_wide_as_its_window(html, width, scheme):
    with visiting(width, 900, scheme=scheme) as visit:
        for path in pages(html):
            visit.open(path)
            visit.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
            visit.page.wait_for_timeout(200)
            assert visit.overflow <= 0, f"{path.name} is {visit.overflow} px too wide at {width} px"
    assert visit.foreign == []
    assert visit.complaints == []


def test_are_all_charts_visible_and_do_they_come_alive(html):
    drawn = [q for q in QUESTIONS if q.measure is not None]
    with visiting() as visit:
        for question in drawn:
            visit.open(html / "book" / "questions" / question.part / f"{question.id}.html")
            shown = visit.page.evaluate(f"{SHOWN_FIGURES}.length")
            assert shown == visit.page.locator("figure.lm-figure").count() >= 1
            visit.page.locator("#forest").scroll_into_view_if_needed()
            visit.page.wait_for_selector("#forest .lm-live svg", timeout=15_000)
    assert visit.foreign == [] and visit.complaints == []


def test_do_forest_plot_and_numbers_need_no_scripts(html):
    path = html / "book" / "questions" / "heart" / "iv-magnesium-ami-mortality.html"
    with visiting(javascript=False) as visit:
        visit.open(path)
        assert visit.page.locator("#forest .lm-wide svg").is_visible()
        assert "1.02" in visit.page.locator("#answer").inner_text()
        assert visit.page.locator("#studies-as-reported tbody tr").count() >= 22


def test_does_a_phone_get_the_narrow_forest_plot(html):
    path = html / "book" / "questions" / "heart" / "iv-magnesium-ami-mortality.html"
    with visiting(390, 844) as visit:
        visit.open(path)
        assert visit.page.locator("#forest .lm-narrow svg").first.is_visible()
        assert not visit.page.locator("#forest .lm-wide svg").first.is_visible()


def test_do_charts_follow_the_dark_theme(html):
    path = html / "book" / "questions" / "heart" / "iv-magnesium-ami-mortality.html"
    colours = {}
    for scheme in ("light", "dark"):
        with visiting(scheme=scheme) as visit:
            visit.open(path)
            colours[scheme] = visit.page.evaluate(
                "getComputedStyle(document.querySelector('#forest svg')).color"
            )
    assert colours["light"] != colours["dark"]
