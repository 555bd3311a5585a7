"""Are the addresses that citations rely on there, and does the button copy the number with its stamp?"""

import re

import pytest

from browser import visiting
from livingmeta.numbers import numbers
from livingmeta.paths import Project
from livingmeta.questions import load_questions
from livingmeta.results import read_record
from livingmeta.studies import load_studies
from livingmeta.tables.cite import NUMBER_ANCHOR

QUESTIONS = load_questions(Project().questions)
PAGES = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
CITED = ".lm-numbers tbody tr .lm-copy"


def page_of(html, question):
    return html / "book" / "questions" / question.part / f"{question.id}.html"


@PAGES
def test_figures_and_numbers_keep_their_addresses(html, question):
    text = page_of(html, question).read_text(encoding="utf-8")
    record = read_record(html / "api" / "v1" / "questions" / f"{question.id}.json")
    wanted = ["answer", "forest", "funnel", *(["multiverse"] if question.multiverse else [])]
    wanted += [NUMBER_ANCHOR + one.field for one in numbers(record)]
    assert [name for name in wanted if text.count(f'id="{name}"') != 1] == []


def test_studies_keep_their_addresses(html):
    text = (html / "book" / "studies.html").read_text(encoding="utf-8")
    found = set(re.findall(r'id="([^"]+)"', text))
    assert set(load_studies(Project().data).studies["study_id"]) <= found


@pytest.mark.browser
def test_does_the_button_copy_the_number_with_its_stamp(html):
    with visiting() as visit:
        visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        visit.open(page_of(html, QUESTIONS[0]))
        shown = visit.page.locator(f"{CITED} pre").first.inner_text()
        visit.page.locator(f"{CITED} button.copybtn").first.click()
        visit.page.wait_for_timeout(200)
        assert visit.page.evaluate("navigator.clipboard.readText()") == shown
        buttons = visit.page.locator(".lm-copy button.copybtn").count()
        assert buttons == visit.page.locator(".lm-copy pre").count() >= 5
    assert visit.foreign == [] and visit.complaints == []
