"""Are permutation p-values those of metafor's exact test, and sampled ones repeatable?"""

from itertools import permutations, product

import numpy as np
import pytest

from livingmeta.diagnostics.many_fits import STEP, Data, tau2_of
from livingmeta.diagnostics.meta_regression import meta_regression
from livingmeta.diagnostics.permutation import permutation
from livingmeta.estimators import ESTIMATORS, FitError, pool
from moderated import bcg, made, random


def test_bcg_sign_flips_are_metafors():
    # metafor 3.8-1: permutest(rma(yi, vi), exact = TRUE), measure RR: 12 of 8192
    found = permutation(bcg(), "REML", "z")
    assert (found["p_value"], found["n_permutations"], found["exact"]) == (12 / 8192, 8192, True)


@pytest.mark.parametrize("test", ["z", "knha"])
def test_bcg_allocation_is_metafors(test):
    # metafor 3.8-1: permutest(rma(yi, vi, mods = ~ alloc, data = dat[c(1,2,4,5,7,9,11),],
    # test = ...), exact = TRUE)
    keep = np.isin(np.arange(13) + 1, (1, 2, 4, 5, 7, 9, 11))
    found = permutation(bcg().subset(keep), "REML", test, "alloc")
    expected = {"z": 0.11904761904761904, "knha": 0.071428571428571425}[test]
    p = [c["p_value"] for c in found["coefficients"]]
    assert p == pytest.approx([0.88095238095238093, expected, 0.90476190476190477], rel=1e-12)
    assert (found["p_value"], found["n_permutations"]) == (pytest.approx(1 / 7), 42)


def test_bcg_latitude_is_metafors():
    keep = np.isin(np.arange(13) + 1, (1, 2, 4, 5, 7, 9))
    found = permutation(bcg().subset(keep), "DL", "z", "ablat")
    p = [c["p_value"] for c in found["coefficients"]]
    assert p == pytest.approx([0.96944444444444444, 0.15555555555555556], rel=1e-12)


@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
@pytest.mark.parametrize("method", list(ESTIMATORS))
def test_all_at_once_is_one_by_one(method, test):
    y, v, _ = random(6)
    every = [pool(made(y * signs, v), method, test).statistic for signs in product((1, -1), repeat=6)]
    observed = pool(made(y, v), method, test).statistic
    found = permutation(made(y, v), method, test)
    assert found["coefficients"][0]["statistic"] == pytest.approx(observed, rel=1e-8)
    assert found["p_value"] == np.mean(np.abs(every) >= abs(observed) - 1e-7)


def test_moderators_are_dealt_out_in_every_way():
    y, v, x = random(5)
    every = [meta_regression(made(y, v, x=x[list(i)]), "x", "DL", "z")["qm"] for i in permutations(range(5))]
    found = permutation(made(y, v, x=x), "DL", "z", "x")
    assert found["p_value"] == np.mean(np.array(every) >= every[0] - 1e-7)


@pytest.mark.parametrize("method", sorted(set(STEP) & set(ESTIMATORS)))
def test_tau2_of_many_data_sets_is_that_of_each(method):
    source = np.random.default_rng(7)
    v = np.exp(source.normal(0, 1, 7))
    Y = source.normal(0, np.sqrt(v + 0.5), (200, 7))
    each = [ESTIMATORS[method]("z")._tau2(y[:, None], v[:, None], np.ones((7, 1))) for y in Y]
    together = tau2_of(Data(Y, v, np.ones((1, 7, 1))), method)
    assert together == pytest.approx(np.array(each, dtype=float), rel=1e-9, abs=1e-10)


def test_a_sample_states_its_seed_and_repeats_itself():
    y, v, _ = random(12)
    one, two = (permutation(made(y, v), limit=100, samples=999, seed=5) for _ in range(2))
    assert one == two and (one["exact"], one["seed"], one["n_permutations"]) == (False, 5, 1000)
    exact = permutation(made(y, v))["p_value"]
    assert one["p_value"] == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / 999))
    assert one["p_value"] >= 1 / 1000


def test_identical_effects_are_as_extreme_as_signs_allow():
    found = permutation(made(np.full(5, 0.3), np.full(5, 0.1)), "DL", "knha")
    assert found["p_value"] == 2 / 32


def test_one_study_is_refused():
    with pytest.raises(FitError, match="at least two"):
        permutation(made([0.1], [0.2]))
