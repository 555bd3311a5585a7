"""Do regressions and single tables say what their formulas say?"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from livingmeta.diagnostics import between_groups, newcombe, one_table, peese, weighted_line, wilson
from livingmeta.effect_sizes import effect_sizes


def test_a_weighted_line_through_points_on_a_line_is_that_line():
    x = np.array([1.0, 2.0, 3.0, 5.0])
    line = weighted_line(x, 2 - 3 * x + np.array([1e-9, -1e-9, 1e-9, -1e-9]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert (line.intercept, line.slope, line.df) == (pytest.approx(2), pytest.approx(-3), 2)


def test_an_unweighted_line_is_that_of_ordinary_least_squares():
    random = np.random.default_rng(1)
    x, y = random.normal(size=12), random.normal(size=12)
    ours, theirs = weighted_line(x, y, np.ones(12)), stats.linregress(x, y)
    assert (ours.slope, ours.intercept) == pytest.approx((theirs.slope, theirs.intercept))
    assert (ours.slope_se, ours.intercept_se) == pytest.approx((theirs.stderr, theirs.intercept_stderr))
    assert ours.p_value == pytest.approx(theirs.pvalue)


def test_peese_extrapolates_to_no_sampling_error():
    vi = np.array([0.01, 0.04, 0.09, 0.16])
    rows = pd.DataFrame({"yi": 0.2 + 3 * vi, "vi": vi, "study": "s", "line": 2})
    assert peese(effect_sizes(rows, "GEN")).intercept == pytest.approx(0.2)


def test_two_groups_without_spread_are_compared_by_their_means():
    rows = pd.DataFrame({"yi": [0.0, 0.0, 1.0, 1.0], "vi": 0.5, "study": "s", "line": 2})
    labels = np.array(["a", "a", "b", "b"], dtype=object)
    test = between_groups(effect_sizes(rows, "GEN"), labels, "EE", "z")
    # Variance of the difference of two means of two: 0.25 + 0.25.
    assert (test.statistic, test.df) == (pytest.approx(1 / 0.5), 1)
    assert test.p_value == pytest.approx(stats.chi2.sf(2, 1))


def test_wilson_stays_within_0_and_1():
    assert wilson(0, 10)[0] == 0 and 0.2 < wilson(0, 10)[1] < 0.35
    assert wilson(10, 10)[1] == pytest.approx(1) and wilson(10, 10)[1] <= 1
    z2 = stats.norm.ppf(0.975) ** 2
    assert wilson(0, 10)[1] == pytest.approx(z2 / (10 + z2))


def test_wilson_is_where_the_score_test_is_just_significant():
    for limit in wilson(7, 25):
        assert abs(7 / 25 - limit) / np.sqrt(limit * (1 - limit) / 25) == pytest.approx(1.959964, rel=1e-6)


def test_newcombe_combines_the_two_wilson_intervals():
    (l1, u1), (l2, u2) = wilson(6, 75), wilson(0, 73)
    lower, upper = newcombe(6, 75, 0, 73)
    assert lower == pytest.approx(0.08 - np.hypot(0.08 - l1, u2))
    assert upper == pytest.approx(0.08 + np.hypot(u1 - 0.08, -l2))
    assert lower < 0.08 < upper


@pytest.mark.parametrize("cells", [(5, 75, 0, 73), (75, 75, 60, 73)], ids=["no event", "no survivor"])
def test_a_zero_cell_asks_for_newcombe(cells):
    table = one_table(*cells)
    assert (table.has_zero, table.difference_method) == (True, "Newcombe")


def test_without_a_zero_cell_the_difference_is_that_of_the_measure():
    table = one_table(35, 75, 9, 73)
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    rows = pd.DataFrame([(35, 75, 9, 73)], columns=names).assign(study="s", line=2)
    frame = effect_sizes(rows, "RD").frame.iloc[0]
    assert table.difference_method == "Wald"
    assert (table.difference, table.difference_ci_lower, table.difference_ci_upper) == pytest.approx(
        (frame["yi"], frame["ci_lower"], frame["ci_upper"])
    )


def test_two_empty_arms_have_no_difference():
    table = one_table(0, 20, 0, 30)
    assert (table.difference, table.p_exact) == (0, 1)
    assert table.difference_ci_lower < 0 < table.difference_ci_upper
