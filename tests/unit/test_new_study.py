"""Is the chance of a worthwhile effect that of the prediction interval?"""

import numpy as np
import pytest
from scipy import stats

from livingmeta.diagnostics import newcombe, one_table, wilson
from livingmeta.diagnostics.new_study import new_study
from livingmeta.effect_sizes import MEASURES
from livingmeta.estimators import FitError, pool
from moderated import bcg, made, random


def test_the_limits_of_the_prediction_interval_have_their_tails():
    fit = pool(bcg(), "REML", "knha")
    lower, upper = np.exp((fit.pi_lower, fit.pi_upper))
    assert new_study(fit, MEASURES["RR"], lower, "below")["probability"] == pytest.approx(0.025)
    assert new_study(fit, MEASURES["RR"], upper, "above")["probability"] == pytest.approx(0.025)


def test_bcg_halves_the_risk_as_often_as_students_t_says():
    fit = pool(bcg(), "REML", "z")
    found = new_study(fit, MEASURES["RR"], 0.5)
    t = (np.log(0.5) - fit.estimate) / np.sqrt(fit.tau2 + fit.se**2)
    assert found["direction"] == "below"
    assert found["probability"] == pytest.approx(stats.t.cdf(t, 12))
    assert found["probability"] < found["probability_any"] < 1


@pytest.mark.parametrize(("k", "method"), [(2, "REML"), (5, "EE")])
def test_without_a_prediction_there_is_a_reason(k, method):
    y, v, _ = random(k)
    found = new_study(pool(made(y, v), method), MEASURES["GEN"], 0.3)
    assert found["probability"] is None and found["reason"]


@pytest.mark.parametrize(
    ("measure", "mid", "side"),
    [("OR", 0, None), ("OR", -2, None), ("OR", 1, None), ("MD", 1, "left"), ("MD", np.nan, None)],
)
def test_a_threshold_without_meaning_is_refused(measure, mid, side):
    y, v, _ = random(5)
    with pytest.raises(FitError):
        new_study(pool(made(y, v)), MEASURES[measure], mid, side)


@pytest.mark.parametrize(
    "cells", [(0, 0, 1, 5), (3, 0, 1, 5), (6, 5, 1, 5), (-1, 5, 1, 5), (1.5, 5, 1, 5), (np.nan, 5, 1, 5)]
)
def test_a_table_that_is_none_is_refused(cells):
    with pytest.raises(FitError):
        one_table(*cells)


def test_limits_at_the_ends_are_exact():
    assert wilson(7, 7)[1] == 1.0 and wilson(0, 7)[0] == 0.0
    assert newcombe(9, 9, 0, 9)[1] == 1.0


def test_fishers_p_value_is_scipys():
    source = np.random.default_rng(11)
    for most in (5, 60, 4000):
        for _ in range(40):
            n1, n2 = source.integers(1, most, 2)
            a, c = source.integers(0, n1 + 1), source.integers(0, n2 + 1)
            theirs = stats.fisher_exact([[a, n1 - a], [c, n2 - c]]).pvalue
            assert one_table(a, n1, c, n2).p_exact == pytest.approx(theirs, rel=1e-12, abs=1e-290)
