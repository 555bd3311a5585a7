"""Does each rule suggest what it says, and only from the numbers?"""

import re

import pytest

from judged import analysed_with, trial
from livingmeta.effect_sizes import measure_of
from livingmeta.suggestions import (
    APPRECIABLE_RATIOS,
    NONE,
    NOTHING,
    SERIOUS,
    SOME,
    SUGGESTIONS,
    appreciable,
    imprecision,
    inconsistency,
    information_size,
    small_studies,
    suggestions,
)
from made_up import BY_SIZE, analysed, correlations, ratios, tables, trials_by_size

SAME = ratios(*[(1.5, 1.4, 1.607)] * 6)
OBSERVED = {"measure": "HR", "verdict": "association"}


def level(rule, rows, **changes):
    return rule(analysed(rows, **changes)).level


def spread(*values):
    return ratios(*[(x, x / 1.1, x * 1.1) for x in values])


def test_agreeing_studies_raise_no_concern():
    assert level(inconsistency, SAME, **OBSERVED) == NONE


def test_much_heterogeneity_with_both_sides_predicted_is_serious():
    found = inconsistency(analysed(spread(0.5, 0.7, 1.0, 1.5, 2.0, 3.0), **OBSERVED))
    assert found.level == SERIOUS and found.seen["i2"] > 75
    assert found.seen["pi_lower"] < 1 < found.seen["pi_upper"]


def test_much_heterogeneity_on_one_side_is_some_concern():
    found = inconsistency(analysed(spread(4.0, 5.0, 6.0, 7.0, 8.0, 6.0), **OBSERVED))
    assert found.level == SOME and found.seen["i2"] > 75 and found.seen["pi_lower"] > 1


def test_few_studies_have_no_prediction_interval_to_excuse_them():
    found = inconsistency(analysed(spread(4.0, 6.0, 8.0), **OBSERVED))
    assert found.level == SERIOUS and found.seen["pi_lower"] is None and "not shown" in found.text


@pytest.mark.parametrize("rows", [SAME[:1], SAME[:2]])
def test_without_a_pool_nothing_is_suggested_on_spread(rows):
    found = inconsistency(analysed(rows, **OBSERVED))
    assert found.level == NOTHING and found.rule


def test_an_interval_clear_of_no_effect_is_precise():
    assert level(imprecision, SAME, **OBSERVED) == NONE


def test_an_interval_with_appreciable_benefit_and_harm_is_seriously_imprecise():
    assert level(imprecision, ratios(*[(1.0, 0.2, 5.0)] * 3), **OBSERVED) == SERIOUS


def test_an_interval_that_reaches_beyond_on_one_side_is_some_concern():
    found = imprecision(analysed(ratios((1.2, 0.8, 1.8)), **OBSERVED))
    assert found.level == SOME and "reaches above 1.25." in found.text


def test_a_narrow_interval_around_no_effect_is_precise():
    found = imprecision(analysed(ratios(*[(1.0, 0.95, 1.053)] * 5), **OBSERVED))
    assert found.level == NONE and "no appreciable effect on either side" in found.text


def test_the_questions_own_smallest_difference_comes_first():
    rows = ratios(*[(1.0, 0.9, 1.111)] * 4)
    assert level(imprecision, rows, **OBSERVED) == NONE
    strict = imprecision(analysed(rows, **OBSERVED, minimal_important_difference=0.98))
    assert strict.level == SERIOUS
    assert strict.seen["appreciable_above"] == pytest.approx(1 / 0.98)


def test_where_an_effect_begins_to_matter():
    assert appreciable(measure_of("OR"), None) == APPRECIABLE_RATIOS
    assert appreciable(measure_of("OR"), 2.0) == (0.5, 2.0)
    assert appreciable(measure_of("MD"), -3.0) == (-3.0, 3.0)
    assert appreciable(measure_of("ZCOR"), None) is None


def test_a_correlation_around_none_is_some_concern_without_a_stated_threshold():
    found = imprecision(analysed(correlations(0.1, -0.1, 0.05), measure="ZCOR", verdict="correlation"))
    assert found.level == SOME and "no appreciable effect is stated" in found.text


def test_too_few_people_are_some_concern_even_with_a_clear_interval():
    rows = trial(tables(*[(10, 100, 40, 100)] * 3))
    found = imprecision(analysed(rows))
    assert found.level == SOME and found.seen["participants"] == 600
    assert found.seen["participants"] < found.seen["participants_needed"]


def test_the_people_needed_by_a_textbook_formula():
    # Two proportions 0.20 and 0.15, two-sided 5%, power 80%: 7.849 (0.16 + 0.1275) / 0.0025 = 903 an arm.
    effects = analysed(tables(*[(20, 100, 20, 100)] * 3)).effects
    assert information_size(effects) == 2 * 903
    # GRADE's figure gives about 2,000 at this risk and reduction (KCE process book, 5.5.4).
    assert 1700 < information_size(effects) < 2100


def test_the_people_needed_are_unknown_without_counts_or_events():
    assert information_size(analysed(SAME, **OBSERVED).effects) is None
    assert information_size(analysed(tables((6, 75, 0, 73)), measure="RR").effects) is None


def test_the_interval_judged_is_the_one_the_page_leads_with():
    split = analysed(trials_by_size(1.0, 0.4), subgroups=(BY_SIZE,), test="z")
    found = imprecision(split)
    assert "(3 of 15 studies)" in found.text and found.seen["participants"] == 600_000


def test_large_and_small_studies_that_differ_are_serious():
    found = small_studies(analysed(trials_by_size(1.0, 0.4), subgroups=(BY_SIZE,), test="z"))
    assert found.level == SERIOUS and found.seen["sizes_differ"] == "true"


def null(**more):
    return {"measure_reported": "none", "result_status": "null_no_number", "pool_role": "display", **more}


def test_results_without_a_number_are_some_concern():
    found = small_studies(analysed([*SAME, null(), null()], **OBSERVED, filter={"pool_role": "primary"}))
    assert found.level == SOME and found.seen["studies_without_number"] == 2
    assert "Two studies have results without a number" in found.text


def test_few_studies_and_nothing_missing_suggest_nothing():
    assert level(small_studies, SAME, **OBSERVED) == NOTHING


def test_ten_even_studies_raise_no_concern():
    sizes = [1.05, 1.08, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.6]
    shifts = [1.01, 0.98, 1.03, 0.97, 1.02, 0.96, 1.05, 0.99, 1.04, 0.95]
    rows = ratios(*[(1.5 * s, 1.5 * s / f, 1.5 * s * f) for f, s in zip(sizes, shifts, strict=True)])
    found = small_studies(analysed(rows, **OBSERVED))
    assert found.seen["asymmetry_test"] == "Egger" and found.level == NONE


def test_an_asymmetric_funnel_is_some_concern_and_serious_with_missing_results():
    factors = [1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 1.9, 2.2, 2.6]
    noise = [1.0, 1.02, 0.99, 1.03, 0.98, 1.02, 0.97, 1.04, 1.0, 1.02]
    rows = ratios(*[(f * s, s, f * f * s) for f, s in zip(factors, noise, strict=True)])
    some = small_studies(analysed(rows, **OBSERVED))
    assert some.seen["asymmetry_p"] < 0.1 and some.level == SOME
    both = small_studies(analysed([*rows, null()], **OBSERVED, filter={"pool_role": "primary"}))
    assert both.level == SERIOUS


@pytest.mark.parametrize("rows", [SAME, SAME[:1], SAME[:2]])
def test_every_suggestion_prints_its_rule_and_claims_no_rating(rows):
    for one in suggestions(analysed_with(rows, **OBSERVED, design="cohort")):
        assert one.domain in SUGGESTIONS and one.rule and one.text.endswith(".")
        assert one.level in (NONE, SOME, SERIOUS, NOTHING)
        assert not re.search(r"\b(downgrad|rated|rating|certainty)", f"{one.level} {one.text}", re.IGNORECASE)


def test_nothing_pooled_suggests_nothing_on_numbers():
    rows = [null(pool_role="primary")] * 1
    found = suggestions(analysed(rows, measure=None, pooled=False, reason="x", verdict="not_pooled"))
    assert [one.level for one in found] == [NOTHING, NOTHING, SOME]
