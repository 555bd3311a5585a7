"""Do models refuse what cannot be pooled, and does the wrapping of PyMARE hold?"""

import inspect

import numpy as np
import pandas as pd
import pymare
import pytest
from pymare import estimators as pymare_estimators
from scipy import stats

from livingmeta.effect_sizes import effect_sizes
from livingmeta.estimators import ESTIMATORS, METHODS, TESTS, FitError, fit_counts, fit_model, pool
from livingmeta.estimators.q_profile import q_profile
from livingmeta.estimators.tau2 import RestrictedMaximumLikelihood, polished_root, reml_score

Y, V = np.array([0.1, 0.3, 0.35, 0.65, 0.45]), np.array([0.03, 0.03, 0.05, 0.01, 0.05])


def fit(y=Y, v=V, **options):
    return fit_model(y, v, measure="GEN", **options)


def tables(*items):
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    frame = pd.DataFrame(items, columns=names)
    return effect_sizes(frame.assign(study="s", line=2), "OR")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [0, 1])
def test_numbers_that_are_none_are_refused(bad, where):
    data = [Y.copy(), V.copy()]
    data[where][2] = bad
    with pytest.raises(FitError, match=r"finite|> 0"):
        fit(*data)


@pytest.mark.parametrize("bad", [0.0, -0.01])
def test_variances_must_be_positive(bad):
    with pytest.raises(FitError, match="> 0"):
        fit(v=np.array([*V[:4], bad]))


def test_nothing_cannot_be_pooled():
    with pytest.raises(FitError, match="nothing to pool"):
        fit([], [])
    with pytest.raises(FitError, match="nothing to pool"):
        pool(tables((0, 10, 0, 10)))


@pytest.mark.parametrize(("options", "said"), [({"method": "XX"}, "XX"), ({"test": "t"}, "t")])
def test_unknown_methods_and_tests_name_the_known_ones(options, said):
    with pytest.raises(FitError, match=f"'{said}': must be one of"):
        pool(tables((1, 10, 2, 10), (2, 10, 3, 10)), **options)


def test_one_study_has_no_arbitrary_tau2():
    assert fit([2.0], [4.0], method="REML").tau2 is None


def test_reml_is_the_root_of_its_score():
    found = fit(method="REML").tau2
    y, v, X = Y[:, None], V[:, None], np.ones((5, 1))
    assert found > 0
    assert reml_score(found * (1 - 1e-6), y, v, X) > 0 > reml_score(found * (1 + 1e-6), y, v, X)


def test_reml_at_the_boundary_is_exactly_zero():
    assert fit([0.1, 0.11, 0.09, 0.1], [0.1] * 4, method="REML").tau2 == 0.0


@pytest.mark.parametrize("start", [1e-12, 0.5, 2.0, 3.9, 1e3])
def test_the_root_is_found_from_any_start(start):
    assert polished_root(lambda x: 4.0 - x, start, 1.0) == pytest.approx(4.0, rel=1e-13)
    assert polished_root(lambda x: -1.0 - x, start, 1.0) == 0.0


@pytest.mark.parametrize("method", ESTIMATORS)
def test_tests_share_the_estimate(method):
    assert len({fit(method=method, test=test).estimate for test in TESTS}) == 1


def test_degrees_of_freedom():
    assert (fit(test="z").df, fit(test="knha").df, fit(test="adhoc").df) == (None, 4, 4)


@pytest.mark.parametrize(("pi_df", "df"), [("k-1", 4), ("k-2", 3), ("normal", None)])
def test_degrees_of_freedom_of_the_prediction_interval(pi_df, df):
    assert fit(pi_df=pi_df).pi_df == df


def test_no_prediction_interval_below_three_studies_or_for_equal_effects():
    assert fit(Y[:2], V[:2]).pi_lower is None
    assert fit(method="EE").pi_lower is None


def test_equal_effects_have_q_based_i2():
    one = fit(method="EE")
    assert one.i2 == one.i2_q and one.h2 == one.h2_q
    assert fit(method="REML").i2 != one.i2


def test_statistic_is_estimate_over_standard_error():
    one = fit(test="knha")
    assert one.statistic == pytest.approx(one.estimate / one.se)


def test_counts_are_pooled_without_correction():
    items = ((0, 50, 5, 50), (3, 60, 9, 60), (8, 100, 20, 100))
    a, n1, c, n2 = np.array(items, dtype=float).T
    expected = np.log((a * (n2 - c) / (n1 + n2)).sum() / (c * (n1 - a) / (n1 + n2)).sum())
    assert fit_counts(tables(*items), "MH").estimate == pytest.approx(expected)


def test_counts_use_the_z_interval_whatever_is_asked():
    one = pool(tables((3, 60, 9, 60), (8, 100, 20, 100)), "MH", "adhoc")
    assert (one.test, one.df, one.tau2) == ("z", None, None)


def test_one_table_is_its_own_effect_by_any_method():
    for method in METHODS:
        assert pool(tables((3, 60, 9, 60)), method).estimate == pytest.approx(np.log(3 * 51 / (57 * 9)))


@pytest.mark.parametrize("method", ["MH", "PETO"])
def test_rows_without_counts_are_refused(method):
    rows = pd.DataFrame({"yi": [0.1, 0.2], "vi": [1.0, 1.0], "study": "s", "line": 2})
    with pytest.raises(FitError, match="needs events and n"):
        pool(effect_sizes(rows, "OR"), method)


def test_an_arm_without_any_event_is_refused():
    with pytest.raises(FitError, match="undefined"):
        fit_counts(tables((0, 50, 5, 50), (0, 60, 9, 60)), "MH")


# What is taken from PyMARE by private name, or against its defaults: this fails when it moves.


def test_pymare_is_the_version_that_was_audited():
    assert pymare.__version__ == "0.0.13"


def test_pymare_still_has_what_is_called():
    signature = inspect.signature(pymare_estimators.DerSimonianLaird.__init__)
    assert signature.parameters["small_sample_correction"].default == "knapp-hartung"
    assert hasattr(pymare_estimators.estimators, "BaseEstimator")
    likelihood = pymare_estimators.estimators.VarianceBasedLikelihoodEstimator
    assert {"method", "small_sample_correction"} <= set(inspect.signature(likelihood.__init__).parameters)


def test_polish_moves_pymare_by_no_more_than_its_search_tolerance():
    raw = pymare_estimators.VarianceBasedLikelihoodEstimator(method="REML", small_sample_correction="wald")
    rough = float(np.ravel(raw.fit(y=Y[:, None], v=V[:, None], X=np.ones((5, 1))).params_["tau2"])[0])
    fine = RestrictedMaximumLikelihood("z").fit(Y[:, None], V[:, None], np.ones((5, 1))).params_["tau2"]
    assert float(np.ravel(fine)[0]) == pytest.approx(rough, rel=1e-4)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 50.0])
def test_the_q_profile_interval_solves_its_equation_at_any_scale(scale):
    y, v = np.array([0.1, 0.9, -0.4, 0.7]) * scale, np.array([0.04, 0.02, 0.09, 0.01]) * scale**2
    lower, upper = q_profile(y, v, np.ones((4, 1)), 95)
    for tau2, critical in ((lower, stats.chi2.ppf(0.975, 3)), (upper, stats.chi2.ppf(0.025, 3))):
        w = 1 / (v + tau2)
        assert (w * (y - (w @ y) / w.sum()) ** 2).sum() == pytest.approx(critical, rel=1e-10)


def test_effects_that_differ_less_than_chance_have_an_empty_q_profile_set():
    assert q_profile(np.full(4, 0.3), np.full(4, 0.01), np.ones((4, 1)), 95) == (0.0, 0.0)
