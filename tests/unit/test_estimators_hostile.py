"""Are awkward data given the right answer or a clear refusal, by every estimator and test?"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from livingmeta.diagnostics.meta_regression import fit_design, meta_regression
from livingmeta.diagnostics.moderators import Design
from livingmeta.effect_sizes.formulas import peto_odds_ratio
from livingmeta.estimators import ESTIMATORS, TESTS, FitError, fit_many, fit_model
from livingmeta.estimators.counts import corrected
from moderated import made

DATA = Path(__file__).parents[1] / "reference" / "data"

every_method = pytest.mark.parametrize("method", ESTIMATORS)
every_test = pytest.mark.parametrize("test", TESTS)


def fit(y, v, **options):
    return fit_model(y, v, measure="GEN", **options)


@every_method
@every_test
@pytest.mark.parametrize("k", [1, 2, 3])
def test_few_studies(method, test, k):
    one = fit([0.1, 0.9, -0.2][:k], [0.04, 0.01, 0.02][:k], method=method, test=test)
    assert one.k == k and np.isfinite([one.estimate, one.se]).all()
    assert (one.tau2 is None) == (k == 1)
    assert (one.pi_lower is None) == (k < 3 or method == "EE")
    assert (one.se_tau2 is None) == (k == 1 or method == "EE")


@every_method
def test_no_study_is_refused(method):
    with pytest.raises(FitError, match="nothing to pool"):
        fit([], [], method=method)


@every_method
@every_test
def test_identical_effects(method, test):
    one = fit([0.3] * 4, [0.01, 0.02, 0.5, 0.03], method=method, test=test)
    assert one.estimate == pytest.approx(0.3, rel=1e-14)
    assert (one.tau2, one.i2) == (0, 0)
    assert one.q == pytest.approx(0, abs=1e-20)
    # Knapp and Hartung's factor is 0: no uncertainty at all, which is why adhoc is the default.
    assert (one.se == 0) == (test == "knha")
    if test == "knha":
        assert one.p_value == 0 and one.statistic is None


@every_method
def test_one_trial_with_98_percent_of_the_weight(method):
    y, v = np.array([0.05, 0.8, -0.4, 0.6]), np.array([1e-4, 0.02, 0.015, 0.01])
    one = fit(y, v, method="EE", test="z")
    assert one.weights[0] > 97
    w = 1 / v
    assert one.estimate == pytest.approx((w @ y) / w.sum(), rel=1e-13)
    random = fit(y, v, method=method)
    again = fit_many(y, v, method, test="adhoc")
    assert (random.estimate, random.se) == pytest.approx((again.estimate[0], again.se[0]), rel=1e-9)


@every_method
@pytest.mark.parametrize("scale", [1e-6, 50.0, 1e8])
def test_effects_of_any_size(method, scale):
    y, v = np.array([0.1, 0.9, -0.4, 0.7]), np.array([0.04, 0.02, 0.09, 0.01])
    one, other = fit(y, v, method=method), fit(scale * y, scale**2 * v, method=method)
    for key, power in (
        ("estimate", 1),
        ("se", 1),
        ("tau2", 2),
        ("tau2_ci_upper", 2),
        ("p_value", 0),
        ("i2", 0),
    ):
        assert getattr(other, key) == pytest.approx(scale**power * getattr(one, key), rel=1e-9)
    if one.se_tau2 is not None:
        assert other.se_tau2 == pytest.approx(scale**2 * one.se_tau2, rel=1e-9)


@every_method
def test_effects_near_50_with_small_differences(method):
    y, v = np.array([50.1, 50.9, 49.6, 50.7]), np.array([0.04, 0.02, 0.09, 0.01])
    assert fit(y, v, method=method).tau2 == pytest.approx(fit(y - 50, v, method=method).tau2, rel=1e-9)


@every_method
def test_two_thousand_studies(method):
    rng = np.random.default_rng(3)
    v = rng.uniform(0.01, 0.5, 2000)
    one = fit(0.2 + rng.normal(size=2000) * np.sqrt(v + 0.1), v, method=method)
    assert one.estimate == pytest.approx(0.2, abs=0.05)
    # Sidik and Jonkman's is known to be too large where tau2 is small beside the variances.
    assert method in ("EE", "SJ") or one.tau2 == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("method", ["ML", "REML", "DL", "PM", "HE", "HS"])
def test_tau2_at_the_boundary_is_exactly_zero(method):
    assert fit([0.1, 0.11, 0.09, 0.1], [0.1] * 4, method=method).tau2 == 0.0


@pytest.mark.parametrize(("y", "v"), [([1e200, -1e200, 3], [1e-200] * 3), ([1, 2, 3], [1e-320, 1, 1])])
def test_numbers_beyond_computing_are_refused(y, v):
    with pytest.raises(FitError, match="too large, too small or too unequal"):
        fit(y, v)


FOUR = np.array([0.1, 0.9, -0.4, 0.7]), np.array([0.04, 0.02, 0.09, 0.01])


def designed(X):
    X = np.asarray(X, dtype=float)
    return Design(X, tuple("abcd"), True, np.arange(len(X)))


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.ones((3, 1)), "a row for each of 4"),
        (np.ones(4), "a row for each of 4"),
        (np.eye(4), "too few for 4"),
        ([[1, 0], [1, 0], [1, 0], [1, np.nan]], "finite"),
        ([[1, 2], [1, 2], [1, 2], [1, 2]], "collinear"),
    ],
)
def test_designs_that_determine_nothing_are_refused(X, said):
    with pytest.raises(FitError, match=said):
        fit_design(*FOUR, designed(X), "REML", "adhoc")


def test_equal_effects_alone_can_spend_every_study_on_a_coefficient():
    fit = fit_design(*FOUR, designed(np.vander(np.arange(4.0))[:, ::-1]), "EE", "z", 95.0)
    assert fit.beta[0] == pytest.approx(FOUR[0][0]) and fit.se[0] == pytest.approx(FOUR[1][0] ** 0.5)
    assert (fit.q, fit.q_df, fit.i2, fit.tau2_ci_upper) == (0, 0, None, None)
    for method, test in (("EE", "knha"), ("DL", "z")):
        with pytest.raises(FitError, match="too few for 4"):
            fit_design(*FOUR, designed(np.vander(np.arange(4.0))[:, ::-1]), method, test)


@every_method
def test_years_cost_no_digits(method):
    rng = np.random.default_rng(4)
    year = rng.integers(1970, 2020, 12).astype(float)
    v = rng.uniform(0.02, 0.3, 12)
    y = 0.01 * (year - 2000) + rng.normal(size=12) * np.sqrt(v + 0.05)
    raw, centred = (meta_regression(made(y, v, x=x), "x", method, "knha") for x in (year, year - 1995))
    slope, slope_of_centred = (found["coefficients"][1] for found in (raw, centred))
    assert raw["tau2"] == pytest.approx(centred["tau2"], rel=1e-9)
    assert [slope[key] for key in ("estimate", "se")] == pytest.approx(
        [slope_of_centred[key] for key in ("estimate", "se")], rel=1e-10
    )
    assert raw["qm"] == pytest.approx(slope["statistic"] ** 2, rel=1e-10)
    for key in ("log_likelihood", "se_tau2", "tau2_ci_lower", "tau2_ci_upper"):
        assert raw[key] == (None if centred[key] is None else pytest.approx(centred[key], rel=1e-9)), key


def test_of_two_modes_the_higher_is_taken_egger2001():
    # Peto odds ratios on the year by ML: metafor 3.8-1 stops at tau2 = 0, log-likelihood -17.1120032.
    frame = pd.read_csv(DATA / "egger2001.csv")
    a, n1, c, n2 = (frame[name].to_numpy(float) for name in ("ai", "n1i", "ci", "n2i"))
    y, v = peto_odds_ratio(*corrected(a, n1 - a, c, n2 - c, 0.5))
    found = meta_regression(made(y, v, year=frame["year"]), "year", "ML", "z")
    assert found["tau2"] == pytest.approx(0.1640824360, rel=1e-8)
    assert found["log_likelihood"] > -16.8415
