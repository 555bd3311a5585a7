"""Do readers see others' pools beside ours, as printed, with what is odd and why they differ?"""

import re
from dataclasses import replace

import pytest

from livingmeta.tables.html import missing
from livingmeta.tables.published import NO_QUESTION, NOTHING, all_pools, ids_in, others, pools_on
from made_up import QUESTION, analysed, frame, ratios, schema, studies, tables, trials_by_size

ROWS = trials_by_size(1.0, 0.4)
POOL = {
    "published_id": "p1",
    "extraction_id": "neuro-m900",
    "question_ids": "made-up",
    "label": "Someone <2010>",
    "year": 2010,
    "journal": "A Journal",
    "doi": "10.1/x",
    "pmid": "123",
    "population": "people",
    "outcome": "death, all trials",
    "measure": "OR",
    "model": "Peto",
    "model_kind": "peto",
    "estimate": 0.45,
    "ci_lower": 0.28,
    "ci_upper": 0.71,
    "k_total": 7,
    "n_total": 1301,
    "i2": 42.9,
    "result_status": "numeric",
    "as_printed": "OR 0.450 (0.28-0.71)",
    "our_check": "Peto on seven trials: the same.",
    "why_different": "Fewer trials.",
    "notes": "A remark.",
}


def evidence(*pools, rows=ROWS):
    made = [POOL | {"published_id": f"p{i}"} | pool for i, pool in enumerate(pools)]
    return replace(studies(rows), published=frame(made, schema().tables["published"]))


def plain(markup):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", str(markup)))


def lines(markup):
    return [plain(row) for row in re.findall(r"<tr>.*?</tr>", str(markup), flags=re.DOTALL)][1:]


def test_their_result_stands_as_printed_with_its_links():
    (line,) = [one for one in lines(others(analysed(ROWS), evidence({}))) if "Someone" in one]
    for words in (
        "OR 0.450 (0.28-0.71)",
        "7 studies",
        "1,301 people",
        "in the review",
        "42.9%",
        "Fewer trials.",
    ):
        assert words in line
    shown = str(others(analysed(ROWS), evidence({})))
    assert "https://doi.org/10.1/x" in shown and "https://pubmed.ncbi.nlm.nih.gov/123/" in shown
    assert "&lt;2010&gt;" in shown


def test_our_main_result_comes_first_and_the_same_method_after_it():
    analysis = analysed(ROWS, sensitivity=())
    own = [line for line in lines(others(analysis, evidence({}))) if "This book" in line]
    assert len(own) == 1 and "REML" in own[0] and f"{analysis.fit.k} studies" in own[0]
    common = {"model": "fixed effect", "model_kind": "common_effect"}
    own = [line for line in lines(others(analysis, evidence(common))) if "This book" in line]
    assert len(own) == 2 and ("Mantel-Haenszel" in own[1] or "equal effects" in own[1])


def test_a_question_without_a_pool_says_that_this_proves_nothing():
    assert plain(others(analysed(ROWS), evidence())) == f" {NOTHING} "
    assert plain(others(analysed(ROWS), evidence({"question_ids": "made-up-2; another"}))) == f" {NOTHING} "


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pooled": False, "reason": "units differ", "verdict": "not_pooled"}, "Units differ."),
        ({"measure": None, "pooled": False, "reason": "units differ", "verdict": "not_pooled"}, "not pooled"),
    ],
)
def test_where_we_pool_nothing_the_first_row_says_why(changes, words):
    first = lines(others(analysed(ROWS, **changes), evidence({})))[0]
    assert "This book" in first and "not pooled" in first and words in first


def test_one_study_is_called_so():
    rows = tables((6, 75, 2, 73))
    shown = others(analysed(rows, measure="RR", verdict="single_trial"), evidence({}, rows=rows))
    assert "the study by itself" in lines(shown)[0] and "1 study" in lines(shown)[0]


def test_what_is_odd_or_not_there_is_said():
    nothing = {"estimate": None, "ci_lower": None, "ci_upper": None, "as_printed": "none"}
    shown = plain(others(analysed(ROWS), evidence(nothing | {"result_status": "protocol"})))
    assert "a protocol, no result" in shown
    assert "no estimate could be read" in plain(
        others(analysed(ROWS), evidence(nothing | {"result_status": "absent"}))
    )
    assert "Odd in print: the sign" in plain(others(analysed(ROWS), evidence({"print_flag": "the sign"})))


def test_the_newest_review_comes_first_and_one_without_year_last():
    made = evidence({"year": None}, {"year": 1991}, {"year": 2020})
    years = pools_on("made-up", made)["year"].tolist()
    assert years[:2] == [2020, 1991] and missing(years[2])


def test_own_numbers_of_a_result_come_before_those_of_the_review():
    line = lines(others(analysed(ROWS), evidence({"k": 5, "n": None})))[-1]
    assert "5 studies" in line and "in the review" not in line
    assert "not recorded" in lines(others(analysed(ROWS), evidence({"k_total": None, "n_total": None})))[-1]


def test_a_cell_of_ids_is_parted_at_semicolons():
    assert ids_in("a; b;;c ") == ("a", "b", "c")
    assert ids_in(None) == ids_in("") == ()


def test_the_list_has_every_result_under_its_part_and_question():
    other = replace(QUESTION, id="other", part="brain", title="Another question")
    without = replace(QUESTION, id="without", part="brain", title="A lonely question")
    made = evidence(
        {}, {"question_ids": "made-up;other", "label": "Both"}, {"question_ids": None, "label": "Apart"}
    )
    shown = str(all_pools(made, [QUESTION, other, without]))
    heart, rest = shown.split("## Brain")
    brain, apart = rest.split(f"## {NO_QUESTION}")
    assert "Both" in heart and "Both" in brain and "Both" not in apart
    assert "Apart" in apart and "Apart" not in heart + brain
    assert 'None is known on: <a href="questions/brain/without.html">A lonely question</a>.' in brain
    assert 'href="questions/heart/made-up.html"' in heart and "A remark." in heart
    assert shown.startswith("3 results from 1 extraction.")


def test_a_result_on_a_question_that_the_book_does_not_have_is_not_lost():
    shown = str(all_pools(evidence({"question_ids": "gone", "label": "Lost"}), [QUESTION]))
    assert "Lost" in shown.split(f"## {NO_QUESTION}")[1]


def test_ratios_of_ours_are_on_their_own_scale():
    rows = ratios(*[(1.5, 1.2, 1.875)] * 5)
    first = lines(others(analysed(rows, measure="HR", verdict="association"), evidence({}, rows=rows)))[0]
    assert "HR 1.50" in first
