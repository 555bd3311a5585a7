"""Does a row as reported become the right effect, or the right reason why it cannot enter?"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from livingmeta.effect_sizes import (
    MEASURES,
    MeasureError,
    ZeroCellRule,
    effect_sizes,
    formulas,
    measure_of,
    with_field_names,
)


def rows(*items, **common):
    return pd.DataFrame([{"study": f"s{i}", "line": i + 2, **common, **item} for i, item in enumerate(items)])


def cells(a, n1, c, n2):
    return {"events_treatment": a, "n_treatment": n1, "events_control": c, "n_control": n2}


def printed(estimate, lower=None, upper=None, level=95, **more):
    return {"estimate": estimate, "ci_lower": lower, "ci_upper": upper, "ci_level": level, **more}


def reason(*items, measure="HR", **options):
    effects = effect_sizes(rows(*items), measure, **options)
    assert effects.k == 0
    return effects.excluded[0].reason


def test_the_first_complete_set_of_columns_supplies_the_effect():
    both = {**cells(10, 100, 20, 100), **printed(0.9, 0.8, 1.0125), "yi": 0.0, "vi": 1.0}
    reported, generic = printed(0.9, 0.8, 1.0125, yi=0.0, vi=1.0), {"yi": 0.3, "vi": 1.0}
    effects = effect_sizes(rows(both, reported, generic), "OR")
    assert list(effects.frame["derived_from"]) == ["counts", "reported", "generic"]
    assert effects.yi == pytest.approx([math.log(10 * 80 / (90 * 20)), math.log(0.9), 0.3])


@pytest.mark.parametrize("level", [80, 90, 95, 99])
def test_an_interval_of_any_level_gives_the_standard_error(level):
    half = stats.norm.ppf(0.5 + level / 200) * 0.2
    row = printed(1.5, 1.5 * math.exp(-half), 1.5 * math.exp(half), level)
    assert effect_sizes(rows(row), "HR").frame["sei"].iloc[0] == pytest.approx(0.2)


def test_a_blank_level_is_95():
    blank, stated = printed(1.5, 1.2, 1.875, None), printed(1.5, 1.2, 1.875, 95)
    assert effect_sizes(rows(blank), "HR").vi == effect_sizes(rows(stated), "HR").vi


def test_a_p_value_gives_the_standard_error_where_there_is_no_interval():
    p = 2 * stats.norm.sf(2.5)
    assert effect_sizes(rows(printed(1.5, p_value=p)), "HR").frame["sei"].iloc[0] == pytest.approx(
        math.log(1.5) / 2.5
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (printed(1.5), "neither interval nor p-value"),
        (printed(1.5, p_value=0.05, p_operator="<"), "only a bound"),
        (printed(1.5, 1.6, 1.9), "does not contain the estimate"),
        (printed(-1.5, 1.2, 1.9), "must be > 0"),
        (printed(1.5, 0, 1.9), "must be > 0"),
        (printed(1.5, 1.2, 1.9, level=0.95 * 200), "ci_level 190"),
        (printed(1.5, 1.5, 1.5), "variance 0"),
        (printed(1.0, p_value=0.5), "variance is not a finite number"),
        (printed(1.5, p_value=0), "p_value 0"),
        (printed(1.5, 1.2, 1.9, measure_reported="OR"), "reported measure OR is not HR"),
        ({}, "no complete set of columns"),
        ({"yi": 0.1, "vi": -1}, "variance -1: must be > 0"),
        ({"yi": 0.1, "sei": -1}, "standard error -1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_that_cannot_enter_says_why(row, said):
    assert said in reason(row)


def test_another_reported_measure_enters_only_when_accepted():
    row = printed(1.5, 1.2, 1.9, measure_reported="SHR")
    assert effect_sizes(rows(row), "HR").k == 0
    assert effect_sizes(rows(row), "HR", accept_measures=["HR", "SHR"]).k == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"r": 1.0, "n": 20}, "between -1 and 1"),
        ({"r": 0.5, "n": 3}, "at least 4"),
        ({"r": 0.5}, "n missing"),
    ],
)
def test_a_correlation_that_cannot_enter_says_why(row, said):
    assert said in reason(row, measure="ZCOR")


@pytest.mark.parametrize(
    ("change", "said"), [({"sd_control": 0}, "standard deviations"), ({"n_control": 1}, "at least 2")]
)
def test_means_that_cannot_enter_say_why(change, said):
    names = ("mean_treatment", "sd_treatment", "n_treatment", "mean_control", "sd_control", "n_control")
    assert said in reason(dict(zip(names, (1, 2, 30, 1, 2, 30), strict=True)) | change, measure="MD")


FAULTS = [
    (
        "OR",
        {"ai": 11, "n1i": 10, "ci": 1, "n2i": 10},
        "counts 11/10 and 1/10: events must lie between 0 and n",
    ),
    ("OR", {"ai": -1, "n1i": 10, "ci": 1, "n2i": 10}, "events must lie between 0 and n"),
    ("OR", {"ai": 1.5, "n1i": 10, "ci": 1, "n2i": 10}, "counts 1.5/10 and 1/10: must be whole numbers"),
    ("OR", {"ai": 1, "n1i": math.inf, "ci": 1, "n2i": 10}, "events must lie between 0 and n"),
    ("RD", {"ai": 0, "n1i": 0, "ci": 1, "n2i": 10}, "n must be > 0"),
    (
        "OR",
        {"ai": 1, "bi": 8, "n1i": 10, "ci": 1, "n2i": 10},
        "n_treatment 10 is not events_treatment 1 + non",
    ),
    ("OR", {"ai": 1, "n1i": 10, "ci": 1}, "no complete set of columns for OR: n_control missing"),
    ("OR", {"ai": "5*", "n1i": 10, "ci": 1, "n2i": 10}, "events_treatment '5*' is not a number"),
    ("IRR", {"x1i": 1, "t1i": 0, "x2i": 2, "t2i": 5}, "person-time must be > 0"),
    ("IRR", {"x1i": 1.5, "t1i": 2, "x2i": 2, "t2i": 5}, "events must be whole numbers"),
    ("IRR", {"x1i": 0, "t1i": 2, "x2i": 0, "t2i": 5}, "double-zero table"),
    ("IRR", {"x1i": 1, "t1i": 2, "x2i": 0}, "time_control missing"),
    ("PLO", {"xi": 8, "ni": 7}, "counts 8/7: events must lie between 0 and n"),
    ("PLO", {"xi": 0.5, "ni": 7}, "counts 0.5/7: must be whole numbers"),
    ("PLO", {"xi": 1, "mi": 3, "ni": 7}, "n 7 is not events 1 + non_events 3"),
    ("PLO", {"estimate": 0.4, "p_value": 0.01}, "a proportion's p-value does not give its variance"),
    ("PLO", {"estimate": 0.4, "ci_lower": 0.3, "ci_upper": 1.2}, "a proportion and its limits"),
    ("PFT", {"estimate": 0.4, "ci_lower": 0.3, "ci_upper": 0.5}, "no complete set of columns for PFT"),
    ("RD", {"estimate": -12, "ci_lower": -20, "ci_upper": -4}, "estimate -12: must lie between -1 and 1"),
    ("ZCOR", {"estimate": 0.4, "ci_lower": 0.3, "ci_upper": 1}, "a correlation and its limits"),
    ("HR", {"estimate": 1.5, "ci_lower": 1.9, "ci_upper": 1.2}, "ci_lower 1.9 is above ci_upper 1.2"),
    ("HR", {"estimate": 1.5, "ci_lower": 1.2, "ci_upper": 1.9, "ci_level": 0.95}, "ci_level 0.95"),
    ("HR", {"estimate": 1.5, "ci_lower": 1.2, "ci_upper": 1.9, "ci_level": "ninety"}, "ci_level nan"),
    ("HR", {"estimate": 1.5, "p_value": 1}, "p_value 1: it says nothing on the variance"),
    ("HR", {"estimate": 1.5, "p_value": 1.1}, "p_value 1.1: must lie between 0 and 1"),
    ("HR", {"estimate": 1.5, "p_value": -0.1}, "p_value -0.1"),
    ("COR", {"ri": 1.01, "ni": 10}, "correlation 1.01: must lie between -1 and 1"),
    ("COR", {"ri": 0.5, "ni": 2}, "at least 3 participants"),
    ("MC", {"m1i": 1, "sd1i": 2, "m2i": 2, "sd2i": 2, "ri": 1.2, "ni": 9}, "correlation 1.2"),
    (
        "MC",
        {"m1i": 1, "sd1i": 2, "m2i": 2, "sd2i": 2, "ri": 1, "ni": 9},
        "standard deviation of the change 0",
    ),
    ("MC", {"m1i": 1, "sd1i": -2, "m2i": 2, "sd2i": 2, "ri": 0.5, "ni": 9}, "sd -2 and 2: must be > 0"),
    ("MC", {"mean_change": 1, "sd_change": 2, "n": 1}, "at least 2 participants"),
    ("GEN", {"yi": 0.1}, "yi without vi or sei"),
    ("GEN", {"yi": 0.1, "vi": math.inf}, "sampling variance is not a finite number"),
    ("GEN", {"yi": 0.1, "sei": 0}, "sampling variance 0: must be > 0"),
    ("GEN", {"yi": "NA", "vi": 1}, "no complete set of columns for GEN"),
]


@pytest.mark.parametrize(
    ("measure", "columns", "said"), FAULTS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_an_impossible_row_is_listed_and_the_others_enter(measure, columns, said):
    good = {"yi": 0.1, "vi": 0.2}
    table = pd.DataFrame([good, columns, good], dtype=object).assign(study="s", line=[2, 3, 4])
    effects = effect_sizes(with_field_names(table), measure)
    assert (effects.k, len(effects.excluded), effects.excluded[0].line) == (2, 1, 3)
    assert said in effects.excluded[0].reason


@pytest.mark.parametrize(
    ("m1", "m2", "measure"), [(1, -1, "ROM"), (0, 2, "ROM"), (-1, -2, "CVR"), (2, 0, "CVR")]
)
def test_means_without_a_ratio_say_why(m1, m2, measure):
    arms = {"sd1i": 1, "n1i": 10, "sd2i": 1, "n2i": 10}
    effects = effect_sizes(with_field_names(rows({"m1i": m1, "m2i": m2, **arms})), measure)
    assert f"means {m1} and {m2}" in effects.excluded[0].reason


def test_an_estimate_of_another_measure_does_not_hide_the_means():
    means = {"m1i": 3, "sd1i": 1, "n1i": 10, "m2i": 2, "sd2i": 1, "n2i": 10}
    row = {**means, **printed(1.0, 0.1, 1.9, measure_reported="MD")}
    effects = effect_sizes(with_field_names(rows(row)), "SMD")
    assert list(effects.frame["derived_from"]) == ["means"]


def test_cells_without_totals_are_a_table_too():
    by_cells = {"bi": 8, "n1i": 10, "ci": 3, "di": 9}
    effects = effect_sizes(with_field_names(rows(by_cells)), "OR")
    assert effects.yi[0] == pytest.approx(math.log(2 * 9 / (8 * 3)))


def test_a_missing_cell_falls_through_to_what_was_reported():
    effects = effect_sizes(rows({**cells(None, 10, 2, 10), **printed(0.5, 0.25, 1.0)}), "OR")
    assert list(effects.frame["derived_from"]) == ["reported"]


@pytest.mark.parametrize("measure", ["OR", "RR", "PETO"])
def test_a_table_without_an_event_says_nothing_on_a_ratio(measure):
    assert "double-zero" in reason(cells(0, 10, 0, 12), measure=measure)


@pytest.mark.parametrize("measure", ["OR", "PETO"])
def test_a_table_of_events_only_says_nothing_on_odds(measure):
    assert "events only" in reason(cells(10, 10, 12, 12), measure=measure)


def test_a_table_of_events_only_is_kept_for_a_risk_ratio():
    effects = effect_sizes(rows(cells(50, 50, 50, 50)), "RR")
    assert effects.k == 1 and effects.yi[0] == pytest.approx(0)


def test_a_table_without_contrast_is_kept_for_a_risk_difference():
    effects = effect_sizes(rows(cells(0, 10, 0, 12)), "RD")
    assert effects.k == 1 and effects.vi[0] > 0


def test_half_is_added_to_tables_with_a_zero_and_to_no_other():
    effects = effect_sizes(rows(cells(0, 10, 3, 12), cells(2, 10, 3, 12)), "OR")
    assert effects.yi == pytest.approx(
        [math.log(0.5 * 9.5 / (10.5 * 3.5)), math.log(2 * 9 / (8 * 3))], rel=1e-12
    )
    assert effects.notes == ("0.5 added to the cells of 1 of 2 tables (rule: only0)",)


def test_a_rule_that_leaves_zero_cells_alone_has_nothing_to_note():
    effects = effect_sizes(rows(cells(2, 10, 3, 12)), "OR", zero=ZeroCellRule(to="none"))
    assert effects.notes == ()


def test_large_counts_do_not_overflow():
    big = np.array([2_000_000_000], dtype=np.int32)
    yi, vi = formulas.peto_odds_ratio(big - 1_999_000_000, big, big - 1_998_000_000, big)
    assert np.isfinite(yi).all() and (vi > 0).all()


def test_own_intervals_are_of_the_level_asked_for():
    frame = effect_sizes(rows({"yi": 0.5, "vi": 0.04}), "GEN", level=90).frame
    assert frame["ci_upper"].iloc[0] == pytest.approx(0.5 + 1.6448536 * 0.2)


def test_what_was_reported_stays_in_the_row():
    frame = effect_sizes(rows(printed(1.5, 1.2, 1.875)), "HR").frame
    assert (frame["reported_ci_lower"].iloc[0], frame["estimate"].iloc[0]) == (1.2, 1.5)


def test_the_number_of_participants_is_that_of_the_arms_or_of_the_analysis():
    effects = effect_sizes(
        rows(cells(1, 10, 3, 12), printed(1.5, 1.2, 1.875, n=50), printed(1.5, 1.2, 1.875, n_total=70)), "OR"
    )
    assert list(effects.frame["n_total"]) == [22, 50, 70]


def test_a_subset_keeps_measure_level_and_notes():
    effects = effect_sizes(rows({"yi": 1, "vi": 1}, {"yi": 2, "vi": 1}), "GEN", level=90)
    part = effects.subset(np.array([False, True]))
    assert (list(part.yi), part.level, part.measure) == ([2.0], 90, MEASURES["GEN"])


@pytest.mark.parametrize("code", MEASURES)
def test_scales_lead_there_and_back(code):
    measure = replace(measure_of(code.lower()), n=31.0)
    value = 0.37
    assert measure.to_display(measure.to_analysis(value)) == pytest.approx(value)
    assert measure.scale == "freeman_tukey" or measure.to_analysis(measure.null) == 0


def test_an_unknown_measure_names_the_known_ones():
    with pytest.raises(MeasureError, match="'NNT': must be one of OR, RR"):
        measure_of("NNT")


def test_metafor_names_do_not_overwrite_ours():
    named = with_field_names(pd.DataFrame({"ai": [1], "events_treatment": [2], "n1i": [3]}))
    assert (named["events_treatment"].iloc[0], named["n_treatment"].iloc[0]) == (2, 3)


def test_an_explained_column_must_exist():
    with pytest.raises(KeyError, match="deaths"):
        with_field_names(pd.DataFrame({"a": [1]}), {"ai": "deaths"})
