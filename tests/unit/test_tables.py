"""Do tables show what is recorded, escape it, and say so where nothing is recorded?"""

import re

import numpy as np
import pandas as pd
import pytest

from livingmeta.analysis import analyse
from livingmeta.citations import Book
from livingmeta.estimators import COUNT_METHODS, ESTIMATORS
from livingmeta.paths import ROOT, Project
from livingmeta.questions import Variant, load_questions
from livingmeta.releases import Identity
from livingmeta.results import question_record
from livingmeta.studies import load_studies
from livingmeta.tables import book, glance, question, studies_page
from livingmeta.tables.cite import cite_box
from livingmeta.tables.html import (
    NOT_RECORDED,
    Column,
    Markup,
    definitions,
    doi_link,
    pmid_link,
    sources,
    table,
    text,
)
from livingmeta.tables.model_names import METHOD_NAMES
from livingmeta.tables.rows import direction_words, study_tables
from livingmeta.tables.search_page import search_tables
from livingmeta.tables.study_rows import gathered
from made_up import BY_SIZE, analysed, ratios, schema, studies, tables, trials_by_size
from markup import balanced

MANY = trials_by_size(1.0, 0.4)


@pytest.mark.parametrize("nothing", [None, "", float("nan"), pd.NA, np.nan])
def test_nothing_is_said_to_be_not_recorded(nothing):
    assert NOT_RECORDED in text(nothing)
    assert NOT_RECORDED in table([Column("A")], [(nothing,)])
    assert NOT_RECORDED in definitions([("A", nothing)])


def test_cells_are_escaped_once():
    assert text('<b> & "x"') == "&lt;b&gt; &amp; &quot;x&quot;"
    assert text(Markup("<b>x</b>")) == "<b>x</b>"
    assert "&lt;script&gt;" in table([Column("<script>")], [("<script>",)])
    assert "<script>" not in table([Column("<script>")], [("<script>",)], ids=["<script>"])


def test_whole_numbers_have_no_decimals():
    assert (text(12.0), text(0), text(12.5)) == ("12", "0", "12.5")


def test_a_row_must_have_a_cell_for_each_column():
    with pytest.raises(ValueError):
        table([Column("A"), Column("B")], [("a",)])


def test_links_of_a_report():
    assert 'href="https://doi.org/10.1/x&lt;y"' in doi_link("10.1/x<y")
    assert 'href="https://pubmed.ncbi.nlm.nih.gov/123/"' in pmid_link(123.0)
    assert doi_link(None) == pmid_link(np.nan) == ""
    assert NOT_RECORDED in sources(None, None)
    assert sources("10.1/x", 5.0).count("<a ") == 2


@pytest.fixture(scope="module")
def conflict():
    made = studies(MANY)
    return analysed(MANY, subgroups=(BY_SIZE,), test="z"), made


def parts(analysis, made, project):
    return {
        "answer": question.answer(analysis),
        "pico": question.pico(analysis),
        "heterogeneity": question.heterogeneity(analysis),
        "sensitivity": question.sensitivity(analysis),
        "small_studies": question.small_studies(analysis, project),
        "limits": question.limits_box(analysis),
        "subgroups": question.subgroup_table(analysis),
        "excluded": question.excluded(analysis),
        "cite": cite_box(analysis, Project()),
    }


CASES = {
    "conflict": (MANY, {"subgroups": (BY_SIZE,), "test": "z"}),
    "one": (tables((6, 75, 0, 73)), {"measure": "RR", "verdict": "single_trial"}),
    "two": (MANY[:2], {}),
    "three": (MANY[:3], {}),
    "association": (ratios(*[(1.5, 1.2, 1.875)] * 5), {"measure": "HR", "verdict": "association"}),
    "not pooled": (MANY, {"pooled": False, "reason": "units differ", "verdict": "not_pooled"}),
    "no measure": (MANY, {"measure": None, "pooled": False, "reason": "x", "verdict": "not_pooled"}),
}


@pytest.mark.parametrize("case", CASES)
def test_every_part_of_every_kind_of_page_is_sound(case, tmp_path):
    rows, changes = CASES[case]
    for name, part in parts(analysed(rows, **changes), studies(rows), Project(tmp_path)).items():
        shown = re.sub(r"<svg.*?</svg>|<script.*?</script>|<[^>]*>", " ", balanced(part), flags=re.DOTALL)
        assert not re.search(r"\bnan\b|\bNone\b(?! of)|&lt;NA&gt;", shown), f"{name}: {shown}"
        assert not re.search(r"(?<![\w–])-\d", shown), f"{name} has a hyphen for a minus: {shown}"


def test_cards_of_a_conflict_are_those_of_size_large_first(conflict):
    shown = balanced(question.answer(conflict[0]))
    large = shown.index("3 trials: 1,000 patients or more")
    assert large < shown.index("12 trials: fewer than 1,000 patients")
    assert "Random effects" not in shown


def test_sensitivity_begins_with_the_main_analysis(conflict):
    shown = balanced(question.sensitivity(conflict[0]))
    assert shown.index("random effects, REML") < shown.index("Common effect")
    assert "equal effects instead of random effects (REML)" in shown
    assert "PEESE" in shown


def test_heterogeneity_leads_with_tau2_and_the_prediction_interval(conflict):
    shown = balanced(question.heterogeneity(conflict[0]))
    assert shown.index("τ²") < shown.index("95% prediction interval") < shown.index("I² (from τ²)")


def test_heterogeneity_of_three_shows_no_prediction_interval():
    shown = question.heterogeneity(analysed(MANY[3:6]))
    assert "not shown below five studies" in shown
    assert "in a new study" not in shown


@pytest.mark.parametrize("case", ["one", "two", "not pooled"])
def test_heterogeneity_needs_a_pool_and_says_so(case):
    rows, changes = CASES[case]
    assert "Heterogeneity is a property of several pooled studies" in question.heterogeneity(
        analysed(rows, **changes)
    )


def test_rows_left_out_are_listed():
    shown = question.excluded(analysed([*MANY, *tables((0, 50, 0, 50))]))
    assert f"Study{len(MANY)} (line {len(MANY) + 2}): double-zero" in shown


# The whole book -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    made = load_studies(ROOT / "data")
    questions = load_questions(ROOT / "data" / "questions")
    return made, questions, [question_record(analyse(q, made)) for q in questions]


def test_the_front_page_has_every_question_with_its_answer(real):
    _, questions, records = real
    shown = balanced(re.sub(r"^### .*$", "", glance.at_a_glance(records, questions), flags=re.MULTILINE))
    for item, record in zip(questions, records, strict=True):
        assert f'href="questions/{item.part}/{item.id}.html"' in shown
        assert text(record["verdict"]["answer"]) in shown
    assert "OR 0.58" not in shown


def test_the_front_page_has_the_parts_in_order_and_means_before_what_is_shown(real):
    _, questions, records = real
    shown = glance.at_a_glance(records, questions)
    assert re.findall(r"^### (.*)$", shown, re.MULTILINE) == ["Kidney", "Heart", "Brain"]
    status = {record["id"]: record["verdict"]["status"] for record in records}
    for part in glance.PART_NAMES:
        ids = re.findall(
            rf'href="questions/{part}/([^".]+)', glance.part_at_a_glance(part, records, questions)
        )
        ranks = [glance.RANKS[status[name]] for name in ids]
        assert ranks == sorted(ranks) and len(ids) == sum(q.part == part for q in questions)


def test_a_part_without_questions_has_nothing_at_a_glance(real):
    _, _, records = real
    assert glance.part_at_a_glance("heart", records, ()) == ""
    assert "Heart" not in glance.at_a_glance(records, [q for q in real[1] if q.part != "heart"])


def test_every_study_is_listed_once_with_its_questions(real):
    made, questions, _ = real
    shown = balanced(studies_page.study_list(gathered(made, questions), questions))
    for study_id in made.studies["study_id"]:
        assert shown.count(f' id="{study_id}"') == 1


def test_searches_and_every_decision_are_shown(real):
    shown = balanced(search_tables(real[0]))
    assert shown.count("<tr") > len(real[0].screening)
    assert NOT_RECORDED in shown


def test_the_dictionary_has_every_column(real):
    shown = balanced(re.sub(r"^#+ .*$", "", book.data_dictionary(schema()), flags=re.MULTILINE))
    for field in (*schema().effects.fields, *(f for t in schema().tables.values() for f in t.fields)):
        assert f"<code>{field.name}</code>" in shown


def test_facts_count_what_stands_behind_the_book(real):
    made, _, records = real
    shown = glance.facts(records, made)
    assert f"{len(records)} questions" in shown
    assert f"{len(made.studies)} studies" in shown


def test_citation_names_the_author_and_the_version():
    cited = Book("A made-up book", ({"literal": "Made-up authors"},))
    shown = book.how_to_cite(Identity(commit="abc", date="2026-01-02"), cited)
    assert "Made-up authors. A made-up book. Version: unreleased." in shown
    assert "commit `abc` of 2026-01-02" in shown
    released = book.how_to_cite(Identity("2026.11.0", "abc", "2026-01-02"), cited)
    assert "version 2026.11.0, released on 2026-01-02" in released and "commit" not in released


def test_rows_on_one_scale_stand_together_where_nothing_is_pooled():
    usable = ratios((0.8, 0.6, 1.1), (0.9, 0.7, 1.2), (1.1, 0.8, 1.5))
    rows = [*usable, {"measure_reported": "none", "as_printed": "no association"}]
    rows = [{**row, "effect_id": f"row-{i}", "pool_role": "display"} for i, row in enumerate(rows)]
    settings = {"measure": "HR", "pooled": False, "reason": "made up", "verdict": "not_pooled"}
    shown = study_tables(analysed(rows, **settings), studies(rows))
    assert re.findall("<h3>(.*?)</h3>", shown) == [
        "Shown side by side, not pooled (3)",
        "Shown as reported (1)",
    ]


def test_no_code_of_a_method_stands_where_readers_look(conflict):
    assert not re.search(r"\b(EE|MH|PM|GLMM)\b", question.sensitivity(conflict[0]))
    assert {"REML", "EE", *COUNT_METHODS, *ESTIMATORS} <= set(METHOD_NAMES)


def test_a_difference_has_one_interval_on_a_page():
    risk = Variant("Risk difference", "absolute, Wald interval", measure="RD")
    zero, counted = (
        question.sensitivity(
            analysed(tables(cells), measure="RR", verdict="single_trial", sensitivity=(risk,))
        )
        for cells in ((6, 75, 0, 73), (6, 75, 2, 73))
    )
    assert "Wald" not in zero and "Wald" in counted


def test_spread_is_that_of_associations_where_nobody_was_treated():
    values = [(2.0, 1.7, 2.35), (1.0, 0.8, 1.25), (1.5, 1.2, 1.875), (0.7, 0.5, 0.98), (1.2, 1, 1.44)]
    shown = question.heterogeneity(analysed(ratios(*values), measure="HR", verdict="association"))
    assert "Associations differ between studies" in shown and "Effects" not in shown


def test_the_chip_says_how_many_studies_have_a_usable_number():
    silent = {"result_status": "null_no_number", "pool_role": "display"}
    rows = [*MANY[:2], silent]
    assert question.side_by_side(analysed(rows)) == "2 of 3 studies with a usable number"
    other = {**MANY[2], "outcome_id": "another"}
    mixed = analysed([*rows, other], filter={"outcome_id": "death"})
    assert question.side_by_side(mixed) == "2 of 4 studies side by side"
    assert question.side_by_side(analysed(rows, measure=None)) == "3 studies, nothing pooled"


def test_directions_of_what_was_observed_are_no_treatment():
    row = pd.Series({"allocation": "observational", "measure_reported": "HR", "outcome_valence": "bad"})
    assert direction_words("higher_mg_better", row) == "lower risk at higher magnesium"
    assert direction_words("higher_mg_worse", row) == "higher risk at higher magnesium"
    row["measure_reported"] = "none"
    assert direction_words("higher_mg_better", row) == "more favourable at higher magnesium"
    row["allocation"] = "parallel"
    assert direction_words("higher_mg_better", row) == "better with higher magnesium"
    assert direction_words("inverse", row) == "inverse"


def test_an_empty_line_in_a_cell_does_not_end_the_html():
    assert text("one\n\n# two") == "one # two"
    assert text("[\n  1\n]") == "[\n  1\n]"
