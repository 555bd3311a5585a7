"""The pooled results of others: all of them, as printed, and what we say of them holds."""

import csv
import math
import re

import numpy as np
import pytest

import pinned
from livingmeta.analysis import analyse
from livingmeta.check import check
from livingmeta.check.findings import WARNING
from livingmeta.estimators import pool
from livingmeta.formats import with_interval
from livingmeta.paths import Project
from livingmeta.questions import load_question
from livingmeta.studies import load_studies

PROJECT = Project()
AMI = "iv-magnesium-ami-mortality"
EXTRACTIONS = 62
WITHOUT_ESTIMATE = {
    "neuro-m007": "absent",
    "neuro-m008": "absent",
    "neuro-m009": "absent",
    "neuro-m043": "protocol",
    "neuro-m048": "absent",
}
# extraction, outcome, estimate, limits, k, n, I2, p: read from the abstract of each review
PRINTED = [
    ("neuro-m010", "good", ("1.02", "0.97", "1.07"), ("12", "2345"), "", ("=", "0.49")),
    ("neuro-m014", "delayed", ("0.73", "0.56", "0.96"), ("10", "1095"), "", ("=", "0.02")),
    ("neuro-m037", "secondary", ("0.66", "0.45", "0.96"), ("3", "379"), "", ("", "")),
    ("neuro-m042", "Rankin", ("-0.96", "-1.34", "-0.58"), ("", ""), "0", ("", "")),
    ("neuro-m046", "fibrillation", ("0.90", "0.79", "1.03"), ("", ""), "42.9", ("=", "0.13")),
    ("neuro-m054", "diastolic", ("-2.2", "-3.4", "-0.9"), ("", ""), "47", ("", "")),
    ("ckd-m004", "hypermagnesaemia", ("0.873", "0.793", "0.960"), ("", ""), "", ("=", "0.005")),
    ("ckd-m006", "PTH", ("-236.56", "-349.71", "-123.41"), ("", ""), "", ("", "")),
]


def rows_in(data):
    with (data / "published.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def rows():
    return rows_in(pinned.DATA)


@pytest.fixture(scope="module")
def studies():
    return load_studies(pinned.DATA)


@pytest.fixture(scope="module")
def analysis(studies):
    return analyse(load_question(pinned.QUESTIONS / f"{AMI}.yml"), studies)


def of(rows, extraction, words=""):
    found = [row for row in rows if row["extraction_id"] == extraction and words in row["outcome"]]
    assert len(found) == 1, (extraction, words, len(found))
    return found[0]


def test_every_extraction_is_there_and_every_result_once(rows):
    found = {row["extraction_id"] for row in rows}
    assert {*(f"neuro-m{i:03}" for i in range(1, 57)), *(f"ckd-m{i:03}" for i in range(1, 7))} <= found
    assert len(found) >= EXTRACTIONS
    assert len({row["published_id"] for row in rows}) == len(rows)
    counts = [sum(row["extraction_id"] == f"ckd-m{i:03}" for row in rows) for i in range(1, 7)]
    assert counts == [2, 6, 2, 2, 6, 6]


@pytest.mark.parametrize(("extraction", "words", "numbers", "size", "i2", "p"), PRINTED)
def test_numbers_stand_as_the_review_prints_them(rows, extraction, words, numbers, size, i2, p):
    row = of(rows, extraction, words)
    assert tuple(row[name] for name in ("estimate", "ci_lower", "ci_upper")) == numbers
    assert (row["k"], row["n"]) == size and row["i2"] == i2
    assert (row["p_operator"], row["p_value"]) == p
    assert row["source_locator"]


def test_results_without_an_estimate_are_rows_too(rows):
    for extraction, status in WITHOUT_ESTIMATE.items():
        assert of(rows, extraction)["result_status"] == status
    assert of(rows, "ckd-m005", "T50")["result_status"] == "absent"
    assert of(rows, "neuro-m047")["result_status"] == "partial"


def test_every_number_of_a_row_stands_in_its_printed_line_too(rows):
    for row in rows:
        line = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", row["as_printed"].replace(",", "."))}
        for name in ("estimate", "ci_lower", "ci_upper"):
            assert not row[name] or abs(float(row[name])) in line, (row["published_id"], name)


def test_the_oddities_of_print_are_flagged_where_they_stand(rows):
    flagged = {row["published_id"]: row["print_flag"] for row in rows if row["print_flag"]}
    assert "p = 0.018" in flagged["pub-ckd-m002-2"]
    assert "sign" in flagged["pub-ckd-m005-1"]
    seen = {
        w.line for w in check(PROJECT.data).warnings if w.file == "data/published.csv" and w.level == WARNING
    }
    today = enumerate(rows_in(PROJECT.data), start=2)
    assert {line for line, row in today if row["print_flag"]} <= seen


def test_every_review_of_a_question_says_why_it_differs(rows):
    assert [row["published_id"] for row in rows if not row["why_different"]] == []
    overlapping = [of(rows, "ckd-m006", "CIMT"), of(rows, "ckd-m005", "left CIMT")]
    assert all("overlapping trials" in row["why_different"] for row in overlapping)


def test_what_web_pages_made_of_two_reports_is_recorded(rows, studies):
    screening = studies.screening.set_index("record_id")
    assert "12.2 per cent" in screening.loc["neuro-x025", "notes"]
    assert "-3.43 to -0.56" in screening.loc["neuro-x032", "notes"]
    assert "-3.43 to -0.56" in of(rows, "neuro-m051")["notes"]


def shown(fit):
    ends = (fit.estimate, fit.ci_lower, fit.ci_upper)
    return with_interval(*(math.exp(end) for end in ends)).replace("–", " to ")


@pytest.mark.parametrize(
    ("extraction", "method"), [("neuro-m001", "MH"), ("neuro-m002", "DL")], ids=["common", "random"]
)
def test_our_check_of_the_cochrane_review_is_what_our_rows_give(rows, analysis, extraction, method):
    fit = pool(analysis.effects, method, "z")
    row = of(rows, extraction)
    assert f"OR {shown(fit)}" in row["our_check"]
    assert f"{analysis.effects.k} trials" in row["our_check"]
    assert float(row["estimate"]) == pytest.approx(math.exp(fit.estimate), abs=0.005)


def test_our_check_of_the_first_overview_is_what_its_seven_trials_give(rows, analysis):
    older = next(item for item in analysis.sensitivity if "Egger" in item.name)
    first = older.effects.subset(np.arange(older.effects.k) < 7)
    events = [int(first.frame[f"events_{arm}"].sum()) for arm in ("treatment", "control")]
    people = [int(first.frame[f"n_{arm}"].sum()) for arm in ("treatment", "control")]
    assert (events, people) == ([25, 53], [657, 644])
    assert f"OR {shown(pool(first, 'PETO', 'z'))}" in of(rows, "neuro-m006")["our_check"]
