"""Do the questions of this book give what metafor gives for the same curated rows?

After a change of curated rows: `Rscript tests/reference/questions.R` computes the reference anew.
"""

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import pinned
from livingmeta.analysis import Analysis, analyse
from livingmeta.estimators import pool
from livingmeta.questions import load_questions
from livingmeta.studies import load_studies
from reference.closeness import CLOSED_FORM, Pair, scalars, vectors

REFERENCE = json.loads((Path(__file__).parent / "questions.json").read_text())["questions"]
TOLERANCE = 1e-8
# rma() stops searching once tau2 changes by less than this; the intervals follow it about as closely.
STOPPING_RULE = 1e-5
AT_LEAST = 450
AMI, DIALYSIS = "iv-magnesium-ami-mortality", "low-magnesium-dialysis-mortality"
MAGICAL = "magnesium-supplementation-ckd-"


@lru_cache
def analyses() -> dict[str, Analysis]:
    studies = load_studies(pinned.DATA)
    return {question.id: analyse(question, studies) for question in load_questions(pinned.QUESTIONS)}


def model_pairs(where: str, ours, theirs: dict) -> Iterator[Pair]:
    assert ours is not None, f"{where}: no fit, metafor has one"
    yield from scalars(where, ours, theirs, TOLERANCE)


def asked_of_metafor(analysis: Analysis) -> list:
    """Return the sensitivity analyses that questions.R fits: binomial-normal models have glmm.R."""
    return [one for one in analysis.sensitivity if one.fit and one.fit.method != "GLMM"]


def pairs(name: str) -> Iterator[Pair]:
    analysis, reference = analyses()[name], REFERENCE[name]
    assert list(analysis.effects.frame["effect_id"]) == reference["inputs"]["effect_id"], (
        "metafor was asked for other rows: run Rscript tests/reference/questions.R"
    )
    for column in ("yi", "vi"):
        yield from vectors(f"{name} {column}", analysis.effects.frame[column], reference["inputs"][column])
    yield from model_pairs(f"{name} main", analysis.fit, reference["main"])
    if "common" in reference:
        yield from model_pairs(f"{name} common", analysis.common, reference["common"])
    for item in asked_of_metafor(analysis):
        yield from model_pairs(f"{name}: {item.name}", item.fit, reference["sensitivity"][item.name])
    yield from subgroup_pairs(name, analysis, reference["subgroups"])
    for test in ("peese", "peters"):
        if test in reference:
            yield from scalars(f"{name} {test}", getattr(analysis, test), reference[test], CLOSED_FORM)


def subgroup_pairs(name: str, analysis: Analysis, reference: dict) -> Iterator[Pair]:
    for division in analysis.subgroups:
        theirs = reference[division.name]
        for group in division.groups:
            if group.fit is not None:
                where = f"{name} {group.label}"
                yield from model_pairs(where, group.fit, theirs["groups"][group.label])
        yield from scalars(f"{name} between", division.between, theirs["between"], TOLERANCE)


@pytest.mark.parametrize("name", REFERENCE)
def test_metafor_gives_the_same(name):
    wrong = [str(pair) for pair in pairs(name) if not pair.is_close]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", REFERENCE)
def test_metafor_was_asked_for_every_estimate_and_no_other(name):
    analysis, reference = analyses()[name], REFERENCE[name]
    assert [item.name for item in asked_of_metafor(analysis)] == list(reference["sensitivity"])
    ours = {item.name: {g.label for g in item.groups if g.fit} for item in analysis.subgroups}
    assert ours == {key: set(item["groups"]) for key, item in reference["subgroups"].items()}


def test_every_question_with_an_estimate_has_a_reference():
    assert {name for name, analysis in analyses().items() if analysis.fit} == set(REFERENCE)


def test_nothing_was_left_out():
    assert sum(pair.theirs is not None for name in REFERENCE for pair in pairs(name)) >= AT_LEAST


def displayed(fit) -> dict[str, float]:
    shown = {key: math.exp(getattr(fit, key)) for key in ("estimate", "ci_lower", "ci_upper")}
    return {**shown, "tau2": fit.tau2}


PRINTED_BY_METAFOR = {
    AMI: {"estimate": 0.5793494, "ci_lower": 0.4382139, "ci_upper": 0.7659403, "tau2": 0.1765615},
    DIALYSIS: {"estimate": 1.446609, "ci_lower": 1.154662, "ci_upper": 1.812373, "tau2": 0.01178097},
}


@pytest.mark.parametrize("name", PRINTED_BY_METAFOR)
def test_plain_rma_prints_the_same_as_far_as_it_searched(name):
    """`rma(yi, vi, test = "knha")` with metafor's own stopping rule, exp() of its output."""
    fit = displayed(pool(analyses()[name].effects, "REML", "knha"))
    printed, default = PRINTED_BY_METAFOR[name], REFERENCE[name]["default"]
    for key, value in printed.items():
        # What was printed is the stored default, rounded to seven digits.
        assert default[key] == pytest.approx(value, rel=5e-7)
        if key == "tau2":
            assert abs(fit[key] - value) < STOPPING_RULE
        else:
            assert fit[key] == pytest.approx(value, rel=STOPPING_RULE)


def test_plain_rma_had_converged_for_myocardial_infarction():
    fit = displayed(pool(analyses()[AMI].effects, "REML", "knha"))
    assert fit == pytest.approx(PRINTED_BY_METAFOR[AMI], rel=5e-7)


def rounded(fit, digits: int = 2) -> tuple[float, float, float]:
    return tuple(round(math.exp(x), digits) for x in (fit.estimate, fit.ci_lower, fit.ci_upper))


def test_myocardial_infarction_by_trial_size():
    analysis = analyses()[AMI]
    (division,) = analysis.subgroups
    large, small = division.groups
    assert (large.fit.k, rounded(large.fit)) == (4, (1.02, 0.96, 1.07))
    assert (small.fit.k, rounded(small.fit)) == (18, (0.39, 0.28, 0.54))
    assert round(division.between.p_value, 4) == 0.0008
    assert rounded(analysis.common) == (0.99, 0.94, 1.04)
    assert rounded(analysis.fit) == (0.58, 0.42, 0.79)
    assert rounded(pool(analysis.effects, "REML", "knha")) == (0.58, 0.44, 0.77)
    assert round(100 * small.participants / analysis.participants) == 4
    assert round(analysis.fit.weights[list(small.rows)].sum()) == 52


def test_small_trials_of_myocardial_infarction_by_themselves():
    analysis = analyses()[AMI]
    small = analysis.effects.subset(np.isin(np.arange(22), analysis.subgroups[0].groups[1].rows))
    assert rounded(pool(small, "REML", "knha")) == (0.41, 0.30, 0.57)


def test_small_study_effects_of_myocardial_infarction():
    analysis = analyses()[AMI]
    line = analysis.peese
    ends = (line.intercept, line.intercept_ci_lower, line.intercept_ci_upper)
    assert tuple(round(math.exp(x), 2) for x in ends) == (1.01, 0.93, 1.10)
    assert round(analysis.peters.statistic, 2) == -3.93


SENSITIVITY = [
    (AMI, "ISIS-4 and MAGIC only", (1.05, 0.99, 1.11)),
    (DIALYSIS, "Without the subdistribution hazard ratio", (1.52, 1.21, 1.90)),
    (DIALYSIS, "Haemodialysis only", (1.53, 0.94, 2.48)),
    (DIALYSIS, "Lost after albumin set to no association", (1.23, 0.87, 1.74)),
]


@pytest.mark.parametrize(("name", "row", "expected"), SENSITIVITY, ids=[case[1] for case in SENSITIVITY])
def test_sensitivity_analyses_to_two_decimals(name, row, expected):
    found = next(item for item in analyses()[name].sensitivity if item.name == row)
    assert rounded(found.fit) == expected


def test_correlation_with_parathyroid_hormone():
    fit = analyses()["magnesium-pth-haemodialysis"].fit
    shown = tuple(round(math.tanh(x), 2) for x in (fit.estimate, fit.ci_lower, fit.ci_upper))
    assert (fit.k, shown) == (5, (-0.36, -0.58, -0.09))


def test_gastrointestinal_events_of_supplements():
    analysis = analyses()[MAGICAL + "gi-events"]
    table = analysis.one_table
    assert rounded(analysis.fit) == (3.79, 1.96, 7.31)
    ends = (table.difference, table.difference_ci_lower, table.difference_ci_upper)
    assert tuple(round(100 * x) for x in ends) == (34, 21, 48)


def test_cardiovascular_events_of_supplements():
    analysis = analyses()[MAGICAL + "cv-events"]
    assert round(analysis.one_table.p_exact, 3) == 0.028
    assert rounded(analysis.fit, 1)[:2] == (12.7, 0.7)
    assert round(math.exp(analysis.fit.ci_upper)) == 221


@pytest.mark.parametrize("outcome", ["gi-events", "deaths", "cv-events"])
def test_exact_p_of_a_single_table(outcome):
    name = MAGICAL + outcome
    assert analyses()[name].one_table.p_exact == pytest.approx(REFERENCE[name]["p_exact"], rel=TOLERANCE)
