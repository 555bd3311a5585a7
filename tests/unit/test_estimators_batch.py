"""Do many fits at once, among them all subsets, equal one fit after the other?"""

import numpy as np
import pytest

from livingmeta.diagnostics.gosh import gosh
from livingmeta.estimators import ESTIMATORS, TESTS, FitError, fit_many, fit_model
from moderated import made

NUMBERS = ("estimate", "se", "tau2", "q", "i2")
every_method = pytest.mark.parametrize("method", ESTIMATORS)


def simulated(*shape, tau2=0.05, seed=1):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.4, shape) * 10 ** rng.uniform(-2, 2, (*shape[:-1], 1))
    return 0.3 + rng.normal(size=shape) * np.sqrt(v * (1 + 4 * tau2)), v


def assert_same(many, i, one):
    for name in NUMBERS:
        theirs = getattr(one, name)
        assert getattr(many, name)[i] == pytest.approx(theirs, rel=1e-9, abs=1e-13 * max(1, one.se**2)), name


@every_method
@pytest.mark.parametrize("k", [2, 3, 12])
@pytest.mark.parametrize("tau2", [0.0, 0.3, 50.0])
def test_many_fits_equal_single_fits(method, k, tau2):
    y, v = simulated(25, k, tau2=tau2)
    for test in TESTS:
        many = fit_many(y, v, method, test=test)
        for i in range(25):
            assert_same(many, i, fit_model(y[i], v[i], measure="GEN", method=method, test=test))


@every_method
def test_a_mask_selects_studies_and_ignores_what_is_missing_elsewhere(method):
    y, v = simulated(8)
    y[7], v[3] = np.nan, -1.0
    mask = np.array([[1, 1, 1, 0, 1, 0, 1, 0], [0, 0, 0, 0, 0, 1, 0, 0], [0] * 8], bool)
    many = fit_many(y, v, method, mask=mask)
    assert_same(many, 0, fit_model(y[mask[0]], v[mask[0]], measure="GEN", method=method, test="z"))
    assert (many.estimate[1], many.se[1] ** 2) == pytest.approx((y[5], v[5]))
    assert (many.tau2[1], many.q[1], many.i2[1]) == (0, 0, 0)
    assert many.k.tolist() == [5, 1, 0]
    assert all(np.isnan(getattr(many, name)[2]) for name in NUMBERS)


def test_what_cannot_be_pooled_is_refused():
    y, v = simulated(3, 4)
    for bad in (np.nan, np.inf, 0.0, -1.0):
        spoiled = v.copy()
        spoiled[1, 2] = bad
        with pytest.raises(FitError):
            fit_many(y, spoiled)
    with pytest.raises(FitError, match="do not fit each other"):
        fit_many(y, v, mask=np.ones((2, 4), bool))
    with pytest.raises(FitError, match="must be one of"):
        fit_many(y, v, "XX")


@pytest.mark.parametrize("method", ["ML", "REML", "PM"])
def test_all_of_many_difficult_sets_converge(method):
    rng = np.random.default_rng(5)
    v = 10 ** rng.uniform(-6, 3, (3000, 6))
    y = rng.standard_cauchy((3000, 6))
    many = fit_many(y, v, method)
    assert np.isfinite(many.tau2).all() and (many.tau2 >= 0).all()
    for i in range(0, 3000, 100):
        assert many.tau2[i] == pytest.approx(
            fit_model(y[i], v[i], measure="GEN", method=method).tau2, rel=1e-8, abs=1e-12
        )


def test_every_subset_has_its_fit_by_a_mask_and_among_all_subsets():
    y, v = simulated(6)
    masks = np.array([[b >> i & 1 for i in range(6)] for b in range(1, 64)], bool)
    ee, dl = (fit_many(y, v, method, mask=masks) for method in ("EE", "DL"))
    for b, inside in enumerate(masks):
        one = fit_model(y[inside], v[inside], measure="GEN", method="EE", test="z")
        assert (ee.k[b], ee.estimate[b], ee.se[b]) == pytest.approx(
            (inside.sum(), one.estimate, one.se), rel=1e-12
        )
        if one.k > 1:
            assert (ee.q[b], ee.i2[b]) == pytest.approx((one.q, one.i2), rel=1e-10, abs=1e-10)
            theirs = fit_model(y[inside], v[inside], measure="GEN", method="DL", test="z").tau2
            assert dl.tau2[b] == pytest.approx(theirs, rel=1e-10, abs=1e-14)
    subsets = gosh(made(y, v))
    assert (subsets.size == ee.k).all()
    assert subsets.estimate == pytest.approx(ee.estimate, rel=1e-12)
    assert subsets.q == pytest.approx(ee.q, rel=1e-10, abs=1e-10)
    assert subsets.i2 == pytest.approx(ee.i2, rel=1e-10, abs=1e-10)
