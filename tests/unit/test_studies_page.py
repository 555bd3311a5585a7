"""Does the page of studies have everything about each study, and what it can be found by?"""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from livingmeta.paths import ROOT
from livingmeta.questions import load_questions
from livingmeta.studies import load_studies
from livingmeta.tables.studies_page import FACETS, seed_list, study_list
from livingmeta.tables.study_rows import gathered
from made_up import FILE, QUESTION, frame, ratios, schema, studies

EFFECT = {
    **ratios((1.5, 1.2, 1.875))[0],
    **{"study_id": "a2001", "effect_id": "a2001-1", "as_printed": "HR 1.5", "source_extent": "full_text"},
    **{"source_locator": "table 2", "outcome_definition": "death <at 1 year>", "print_flag": "lopsided"},
}
NULL = {
    **{"study_id": "b2002", "effect_id": "b2002-1", "result_status": "null_no_number", "seed": "007"},
    **{"pool_role": "display", "pool_reason": "no number", "measure_reported": "none"},
}
STUDIES = [
    {"study_id": "a2001", "label": "Alpha 2001", "design_type": "cohort", "country": "Japan (Osaka)/Korea"},
    {"study_id": "b2002", "label": "béta 2002", "design_type": "randomised", "year": 2002, "n_total": 50},
    {"study_id": "c2003", "label": "Gamma 2003", "design_type": "cohort", "overlaps": "a2001 (same centre)"},
]
REPORTS = [
    {"report_id": "a2001-a", "study_id": "a2001", "report_type": "article", "pmcid": "PMC12", "title": "T"},
    {"report_id": "a2001-e", "study_id": "a2001", "report_type": "erratum", "retraction_status": "retracted"},
]


def correction(**row):
    return {"column": "x", "old": "1", "new": "2", "date": "2026-01-02", "reason": "a slip", **row}


def made(corrections=()):
    tables = studies([EFFECT, NULL])
    rows = {"studies": STUDIES, "reports": REPORTS, "corrections": corrections}
    screening = [{"record_id": "r1", "study_id": "c2003", "decision": "included", "reason": "a cohort"}]
    rows["screening"] = screening
    return replace(tables, **{name: frame(table, schema().tables[name]) for name, table in rows.items()})


def shown(corrections=(), questions=(QUESTION,)):
    return study_list(gathered(made(corrections), questions), questions)


def card(page, study_id):
    return re.search(rf'<section class="lm-study" id="{study_id}".*?</section>', page, re.DOTALL).group()


class Attributes(HTMLParser):
    """The attributes of every study, by its id."""

    def __init__(self, page):
        super().__init__()
        self.found = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "section":
            self.found[dict(attrs)["id"]] = dict(attrs)


def asked(page):
    raw = re.search(r'class="lm-facets">(.*?)</script>', page).group(1)
    return {one["key"]: dict(one["values"]) for one in json.loads(raw)}


def test_a_result_stands_as_printed_with_source_part_oddity_and_page():
    one = card(shown(), "a2001")
    for wanted in ("HR 1.5", "full text: table 2", "lopsided", "death &lt;at 1 year&gt;", "main analysis"):
        assert wanted in one
    assert f'href="questions/heart/{QUESTION.id}.html#a2001-1"' in one


def test_a_result_without_a_number_says_what_is_in_print_and_why_it_stands_apart():
    one = card(shown(), "b2002")
    assert "without a number" in one and "shown only: no number" in one and "no usable number" in one


def test_a_result_whose_table_no_question_uses_is_on_no_page():
    assert "no question yet" in card(shown(questions=()), "a2001")


def test_reports_have_their_kind_their_links_and_their_own_check():
    one = card(shown(), "a2001")
    assert ">ERRATUM<" in one and "has an erratum" in one
    assert 'href="https://pmc.ncbi.nlm.nih.gov/articles/PMC12/"' in one
    assert "retraction: not checked" in one and "retraction: retracted" in one
    assert '<span class="lm-pill lm-pill-conflict">retracted</span>' in one


def test_what_is_not_stated_says_so():
    one = card(shown(), "c2003")
    assert one.count("not stated") == 2 and "No result of this study is recorded" in one


def test_an_overlap_is_told_on_both_sides():
    page = shown()
    assert '<a href="#a2001">Alpha 2001</a> (same centre)' in card(page, "c2003")
    assert '<a href="#c2003">Gamma 2003</a> (same centre)' in card(page, "a2001")


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("studies", "a2001"),
        ("reports", "a2001-e"),
        (f"effects/{FILE}", "a2001-1"),
        ("effects/made-up", "a2001-1"),
        ("risk_of_bias", "a2001-1|tool"),
    ],
)
def test_a_correction_stands_beside_its_study_alone(table, key):
    page = shown([correction(table=table, key=key)])
    assert "a slip" in card(page, "a2001") and "1 → 2" in card(page, "a2001")
    assert page.count("a slip") == 1


@pytest.mark.parametrize(
    ("table", "key"), [("studies", "a2001b"), ("effects/made-up", "a2001-11"), ("reports", "a2001")]
)
def test_a_correction_of_something_else_does_not(table, key):
    assert "a slip" not in shown([correction(table=table, key=key)])


def test_decisions_of_screening_are_told():
    assert "r1: included" in card(shown(), "c2003") and "a cohort" in card(shown(), "c2003")


def test_what_a_study_can_be_found_by_is_on_it_and_in_the_list():
    page = shown()
    told, listed = Attributes(page).found, asked(page)
    assert told["a2001"]["data-country"] == "Japan|Korea"
    assert told["b2002"]["data-seed"] == "any|007" and told["c2003"]["data-seed"] == ""
    assert [told[name]["data-usable"] for name in ("a2001", "b2002", "c2003")] == ["yes", "no", "no"]
    assert told["c2003"]["data-part"] == "none" and told["a2001"]["data-part"] == "heart"
    assert told["a2001"]["data-retraction"] == "not checked|retracted"
    assert (told["b2002"]["data-year"], told["b2002"]["data-n"], told["a2001"]["data-n"]) == (
        "2002",
        "50",
        "",
    )
    for key in FACETS:
        there = {value for one in told.values() for value in one[f"data-{key}"].split("|") if value}
        assert there == set(listed[key]), key


def test_seed_studies_are_listed_with_their_documents():
    listed = seed_list(gathered(made(), ()))
    assert listed.count("<li>") == 1
    assert 'href="studies.html#b2002"' in listed and "seed document 007" in listed


def test_studies_come_by_label_whatever_its_case():
    assert [one.id for one in gathered(made(), ())] == ["a2001", "b2002", "c2003"]


def test_the_script_of_the_list_cannot_end_early():
    questions = [replace(QUESTION, title="</script><b>")]
    page = study_list(gathered(made(), questions), questions)
    assert page.count("</script>") == 1


def test_every_effect_of_the_book_stands_on_the_page_once():
    real, questions = load_studies(ROOT / "data"), load_questions(ROOT / "data" / "questions")
    found = gathered(real, questions)
    there = [one.row["effect_id"] for study in found for one in study.results]
    every = [name for table in real.effects.values() for name in table["effect_id"]]
    assert sorted(there) == sorted(every) and len(found) == len(real.studies)
    page = study_list(gathered(real, questions), questions)
    assert "\n" not in page and not re.search(r">(nan|None|<NA>)<", page)
