"""Does each row get its instrument, and is a judgement only ever what a person entered?"""

import pytest

from judged import analysed_with, instruments, judged, overall, rated, trial
from livingmeta.analysis import LOW_RISK
from livingmeta.instruments import (
    BODY,
    DISAGREE,
    EXPOSURE,
    INTERVENTION,
    NOT_ASSESSED,
    OVERALL,
    RANDOMISED,
    instruments_of,
    kind_of,
    status,
    tools_for,
)
from made_up import analysed, frame, schema, tables, trials_by_size

FIVE = trial(tables(*[(10 + i, 100, 20, 100) for i in range(5)]))


@pytest.mark.parametrize(
    ("design", "contrast", "allocation", "kind"),
    [
        ("randomised", "arms", "parallel", RANDOMISED),
        ("randomised", "arms", None, RANDOMISED),
        ("randomised", "arms", "crossover", RANDOMISED),
        ("randomised", "arms", "before_after", INTERVENTION),
        ("non_randomised", "arms", "observational", INTERVENTION),
        ("cohort", "arms", None, INTERVENTION),
        ("randomised", "per_unit", "observational", EXPOSURE),
        ("cohort", "category", "observational", EXPOSURE),
        ("cross_sectional", "correlation", "observational", EXPOSURE),
        ("case_control", "accuracy", "observational", ""),
        ("mendelian_randomisation", "per_unit", "observational", ""),
        ("cohort", None, None, ""),
    ],
)
def test_the_contrast_decides_on_the_instrument(design, contrast, allocation, kind):
    row = {"design_type": design, "contrast_type": contrast, "allocation": allocation}
    assert kind_of(row) == kind


def test_the_instruments_of_each_kind():
    def tools(design, contrast):
        return tools_for({"design_type": design, "contrast_type": contrast}, instruments())

    assert tools("randomised", "arms") == ("RoB 2",)
    assert tools("cohort", "arms") == ("ROBINS-I", "ROBINS-I V2")
    assert tools("cohort", "category") == ("ROBINS-E",)
    assert tools("case_control", "accuracy") == ()


@pytest.mark.parametrize(
    ("tool", "domains"), [("RoB 2", 5), ("ROBINS-I", 7), ("ROBINS-I V2", 6), ("ROBINS-E", 7), ("GRADE", 8)]
)
def test_every_instrument_has_its_domains_and_an_overall_judgement_last(tool, domains):
    (found,) = [one for one in instruments() if one.tool == tool]
    assert len(found.domains) == domains + 1 and found.domains[-1].name == OVERALL
    assert all(len(one.judgements) > 1 for one in found.domains)


def test_every_domain_says_where_it_was_read():
    from judged import instrument_rows

    assert all(row["source"] and row["version"] for row in instrument_rows())
    assert [one.tool for one in instruments() if one.applies_to == BODY] == ["GRADE"]


def test_nobody_judged_means_not_assessed():
    appraisal = analysed_with(FIVE).appraisal
    assert {one.overall for one in appraisal.effects} == {NOT_ASSESSED}
    assert {one.tool for one in appraisal.effects} == {"RoB 2"}
    assert not appraisal.started and not appraisal.assessed and not appraisal.low_risk
    assert {one.judgement for one in appraisal.certainty} == {NOT_ASSESSED}


def test_data_without_instruments_have_no_judgements():
    assert instruments_of(frame((), schema().tables["instruments"])) == ()
    appraisal = analysed(FIVE).appraisal
    assert appraisal.certainty == () and {one.tool for one in appraisal.effects} == {""}


def test_a_judgement_is_what_was_entered():
    made = [judged(1, "D2", "Some concerns", support="open label"), overall(1, "Some concerns")]
    appraisal = analysed_with(FIVE, made).appraisal
    one = appraisal.effects[1]
    said = {item.domain: item.judgement for item in one.judgements}
    assert said["D2"] == "Some concerns" and said["D1"] == NOT_ASSESSED and one.overall == "Some concerns"
    assert appraisal.started and [item.effect_id for item in appraisal.assessed] == ["effect-1"]


def test_assessors_who_differ_are_not_averaged():
    made = [overall(0, "Low"), overall(0, "High", assessor="B")]
    assert analysed_with(FIVE, made).appraisal.effects[0].overall == DISAGREE
    assert analysed_with(FIVE, made).appraisal.low_risk == ()
    agreed = [*made, overall(0, "Low", assessor="consensus")]
    assert analysed_with(FIVE, agreed).appraisal.low_risk == ("effect-0",)
    alike = analysed_with(FIVE, [made[0], overall(0, "Low", assessor="B")]).appraisal.effects[0]
    assert alike.overall == "Low" and alike.judgements[-1].assessor == "A, B"


def test_the_instrument_that_was_used_counts():
    made = [overall(0, "Moderate", tool="ROBINS-I V2")]
    appraisal = analysed_with(FIVE, made, design="non_randomised").appraisal
    assert [one.tool for one in appraisal.effects] == ["ROBINS-I V2", *["ROBINS-I"] * 4]


def test_the_best_judgement_of_an_instrument_is_low_risk():
    low = "Low (except for concerns about uncontrolled confounding)"
    made = [overall(0, low, tool="ROBINS-I V2"), overall(1, "Low", tool="ROBINS-I")]
    made += [overall(2, "Serious", tool="ROBINS-I")]
    assert analysed_with(FIVE, made, design="cohort").appraisal.low_risk == ("effect-0", "effect-1")


def low_risk_row(analysis):
    (row,) = [item for item in analysis.sensitivity if item.name == LOW_RISK]
    return row


def test_the_row_of_low_risk_studies_says_that_nobody_judged():
    row = low_risk_row(analysed_with(FIVE))
    assert row.fit is None and row.reason == NOT_ASSESSED and row.effects.k == 0


def test_the_row_of_low_risk_studies_pools_exactly_them():
    made = [overall(i, "Low" if i < 3 else "High") for i in range(5)]
    row, alone = low_risk_row(analysed_with(FIVE, made)), analysed(FIVE[:3])
    assert row.effects.k == 3 and row.difference.endswith("assessed")
    assert row.fit.estimate == pytest.approx(alone.fit.estimate)
    assert row.fit.ci_lower == pytest.approx(alone.fit.ci_lower)


def test_the_row_of_low_risk_studies_says_why_it_has_no_estimate():
    high = low_risk_row(analysed_with(FIVE, [overall(0, "High")]))
    assert high.fit is None and high.reason == "no study was judged to be at low risk"
    assert "1 of 5 assessed" in high.difference
    two = low_risk_row(analysed_with(FIVE, [overall(0, "Low"), overall(1, "Low")]))
    assert two.fit is None and "two studies" in two.reason


def test_one_study_has_no_row_of_low_risk_studies():
    assert not [item for item in analysed_with(FIVE[:1]).sensitivity if item.name == LOW_RISK]


def test_certainty_belongs_to_its_question():
    made = [rated("imprecision", "Serious"), rated("overall", "Low", question_id="another")]
    appraisal = analysed_with(FIVE, certainty=made).appraisal
    assert appraisal.rating("imprecision").judgement == "Serious"
    assert not appraisal.rating(OVERALL).is_made and [one.domain for one in appraisal.rated] == [
        "imprecision"
    ]


def test_how_far_judging_has_come():
    assert (status(0, 5), status(2, 5), status(5, 5)) == (NOT_ASSESSED, "2 of 5 assessed", "assessed")
    assert len(analysed_with(trial(trials_by_size(1, 1))).appraisal.effects) == 15
