"""Do many fits at once, all subsets and every leave-one-out equal one fit after the other?"""

import itertools

import numpy as np
import pytest

from livingmeta.estimators import (
    ESTIMATORS,
    TESTS,
    FitError,
    fit_many,
    fit_model,
    leave_one_out,
    subset_fits,
)

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
    with pytest.raises(FitError, match="too many subsets"):
        subset_fits(np.ones(21), np.ones(21))
    with pytest.raises(FitError, match="nothing is left"):
        leave_one_out([1.0], [1.0])


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


def test_every_subset_has_its_equal_effects_fit():
    y, v = simulated(6)
    found = subset_fits(y, v)
    assert len(found.k) == 63
    for b in range(1, 64):
        inside = np.array([b >> i & 1 for i in range(6)], bool)
        one = fit_model(y[inside], v[inside], measure="GEN", method="EE", test="z")
        assert (found.k[b - 1], found.estimate[b - 1], found.se[b - 1]) == pytest.approx(
            (inside.sum(), one.estimate, one.se), rel=1e-12
        )
        if one.k > 1:
            dl = fit_model(y[inside], v[inside], measure="GEN", method="DL", test="z")
            assert (found.q[b - 1], found.i2[b - 1]) == pytest.approx((one.q, one.i2), rel=1e-10, abs=1e-10)
            assert found.tau2[b - 1] == pytest.approx(dl.tau2, rel=1e-10, abs=1e-14)


@every_method
@pytest.mark.parametrize(("k", "tau2"), [(2, 0.3), (5, 0.3), (70, 0.0), (70, 0.3), (70, 30.0)])
def test_leave_one_out_equals_refitting(method, k, tau2):
    y, v = simulated(k, tau2=tau2)
    found = leave_one_out(y, v, method)
    for i in range(0, k, max(1, k // 10)):
        rest = np.arange(k) != i
        if k > 2:
            assert_same(found, i, fit_model(y[rest], v[rest], measure="GEN", method=method, test="z"))
        else:
            assert found.estimate[i] == pytest.approx(y[1 - i])


@pytest.mark.parametrize("method", ["EE", "DL", "ML", "REML"])
@pytest.mark.parametrize("kind", ["wide", "one heavy", "outlier", "identical"])
def test_leave_one_out_of_awkward_data_equals_refitting(method, kind):
    rng = np.random.default_rng(2)
    v = 10 ** rng.uniform(-6, 2, 100) if kind == "wide" else rng.uniform(0.01, 0.3, 100)
    y = 50 + rng.normal(size=100) * np.sqrt(v + 0.05)
    if kind == "one heavy":
        v[3] = 1e-9
    if kind == "outlier":
        y[3] = 1000.0
    if kind == "identical":
        y[:] = 0.3
    found = leave_one_out(y, v, method)
    refitted = fit_many(y, v, method, mask=~np.eye(100, dtype=bool))
    for name, i in itertools.product(NUMBERS, range(100)):
        assert getattr(found, name)[i] == pytest.approx(getattr(refitted, name)[i], rel=1e-9, abs=1e-12)
