"""Are we right where PyMARE 0.0.13 alone is not? One test for each defect that was found in it."""

import numpy as np
import pytest
from pymare import Dataset
from pymare import meta_regression as pymare_meta_regression
from pymare import stats as pymare_stats
from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator
from scipy import stats

from livingmeta.diagnostics.meta_regression import meta_regression
from livingmeta.estimators import ESTIMATORS, FitError, fit_model
from livingmeta.estimators.q_profile import q_profile
from moderated import made

Y, V = np.array([0.1, 0.3, 0.35, 0.65, 0.45]), np.array([0.03, 0.03, 0.05, 0.01, 0.05])
ONES = np.ones((5, 1))


def alone(y, v, X, method="REML", **options):
    estimator = VarianceBasedLikelihoodEstimator(method=method, **options)
    return estimator.fit(y=np.asarray(y)[:, None], v=np.asarray(v)[:, None], X=X)


def test_1_reml_with_as_many_coefficients_as_studies_has_no_arbitrary_tau2():
    assert alone([2.0], [4.0], np.ones((1, 1)), small_sample_correction="wald").params_["tau2"].item() > 1
    assert fit_model([2.0], [4.0], measure="GEN", method="REML").tau2 is None
    with pytest.raises(FitError, match="2 studies cannot carry 2 coefficients"):
        meta_regression(made(Y[:2], V[:2], x=[0, 1]), "x", "REML")


def test_2_the_q_profile_interval_is_relative_to_the_effects():
    y, v = np.array([0.1, 0.9, -0.4, 0.7]) * 1e-6, np.array([0.04, 0.02, 0.09, 0.01]) * 1e-12
    theirs = pymare_stats.q_profile(y[:, None], v[:, None], np.ones((4, 1)))["ci_u"]
    _, upper = q_profile(y, v, np.ones((4, 1)), 95)
    w = 1 / (v + upper)
    q = (w * (y - (w @ y) / w.sum()) ** 2).sum()
    assert q == pytest.approx(stats.chi2.ppf(0.025, 3), rel=1e-10)
    assert abs(np.ravel(theirs)[0] / upper - 1) > 1e-3


def test_3_the_method_asked_for_is_the_one_that_is_fitted():
    # The variances of a Dataset are overlooked: REML and ML cannot be asked for, DL can.
    data = Dataset(y=Y, v=V, X=ONES, add_intercept=False)
    for method in ("REML", "ML"):
        with pytest.raises(ValueError, match="one of `v` or `n` must be passed"):
            pymare_meta_regression(data=data, method=method)
    assert pymare_meta_regression(data=data, method="DL").tau2 > 0
    levels = [fit_model(Y, V, measure="GEN", level=level) for level in (80, 99)]
    assert levels[0].ci_upper - levels[0].ci_lower < levels[1].ci_upper - levels[1].ci_lower
    ml, reml = (fit_model(Y, V, measure="GEN", method=m) for m in ("ML", "REML"))
    assert ml.method == "ML" and ml.tau2 < reml.tau2


@pytest.mark.parametrize("bad", [0.0, -0.01, np.inf, np.nan])
def test_4_variances_that_are_none_are_refused(bad):
    v = np.array([*V[:4], bad])
    for call in (
        lambda: fit_model(Y, v, measure="GEN", method="DL"),
        lambda: meta_regression(made(Y, v), (), "DL"),
    ):
        with pytest.raises(FitError):
            call()


def test_4_a_negative_variance_passes_pymare():
    fitted = DerSimonianLaird().fit(y=Y[:, None], v=np.array([*V[:4], -0.5])[:, None], X=ONES)
    assert np.isfinite(fitted.params_["fe_params"]).all()


def test_4_collinear_moderators_are_refused():
    a = np.arange(5.0)
    with pytest.raises(FitError, match="collinear"):
        meta_regression(made(Y, V, a=a, b=2 * a + 1), ("a", "b"))
    with pytest.raises(FitError, match="collinear"):
        ESTIMATORS["REML"]().fit(Y[:, None], V[:, None], np.column_stack([np.ones(5), a, 2 * a + 1]))


def test_5_the_correction_is_chosen_and_has_its_floor():
    default = alone(Y, V, ONES).params_
    assert default["dof"] is not None  # Knapp-Hartung without being asked
    alike = np.array([0.1, 0.11, 0.1, 0.09, 0.1])
    z, adhoc = (fit_model(alike, V, measure="GEN", test=test) for test in ("z", "adhoc"))
    assert adhoc.se == pytest.approx(z.se) and adhoc.df == 4
    assert np.sqrt(alone(alike, V, ONES).params_["inv_cov"].item()) < z.se / 2


def test_6_the_statistic_is_estimate_over_standard_error():
    estimator = alone(Y, V, ONES, small_sample_correction="knapp-hartung")
    found = fit_model(Y, V, measure="GEN", test="knha")
    assert found.statistic == found.estimate / found.se
    estimator.dataset_ = None
    deviate = stats.norm.isf(found.p_value / 2)
    assert abs(found.statistic) > 1.05 * deviate  # what PyMARE calls z


def test_7_i2_comes_from_tau2():
    # metafor 3.8-1: rma(yi, vi, method = "REML") prints I^2 from tau^2 and the typical variance.
    found = fit_model(Y, V, measure="GEN", method="SJ")
    w = 1 / V
    typical = 4 / (w.sum() - (w**2).sum() / w.sum())
    assert found.i2 == pytest.approx(100 * found.tau2 / (found.tau2 + typical))
    assert found.i2_q == pytest.approx(100 * (found.q - 4) / found.q)
    assert abs(found.i2 - found.i2_q) > 1


def test_8_nothing_here_draws_from_the_global_random_state():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    fit_model(Y, V, measure="GEN")
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


# The ninth, its slow import, is held by test_deferred.py.
