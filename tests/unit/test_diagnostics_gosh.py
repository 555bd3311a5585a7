"""Are the estimates of all subsets those of fitting each subset?"""

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from livingmeta.diagnostics.absent import Absent
from livingmeta.diagnostics.gosh import gosh
from livingmeta.effect_sizes import effect_sizes
from livingmeta.estimators import pool


def generic(yi, vi):
    return effect_sizes(pd.DataFrame({"yi": yi, "vi": vi, "study": "s", "line": 2}), "GEN")


def some(k, seed=1):
    random = np.random.default_rng(seed)
    return generic(random.normal(0.2, 0.7, k), random.uniform(0.02, 0.5, k))


def test_every_subset_is_the_equal_effects_fit_of_its_bits():
    effects = some(6)
    found = gosh(effects)
    assert len(found.estimate) == 63 and not found.sampled
    for i in range(63):
        keep = np.array([(i + 1) >> bit & 1 for bit in range(6)], dtype=bool)
        fit = pool(effects.subset(keep), "EE", "z")
        expected = (fit.estimate, keep.sum(), fit.q or 0.0, fit.i2 or 0.0)
        ours = (found.estimate[i], found.size[i], found.q[i], found.i2[i])
        assert ours == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_more_studies_than_are_held_at_a_time_give_the_same_sums():
    effects = some(17, seed=3)
    found, w = gosh(effects), 1 / effects.vi
    assert len(found.estimate) == 2**17 - 1
    for i in np.random.default_rng(1).integers(0, 2**17 - 1, 200):
        keep = np.array([(i + 1) >> bit & 1 for bit in range(17)], dtype=bool)
        mean = w[keep] @ effects.yi[keep] / w[keep].sum()
        q = w[keep] @ (effects.yi[keep] - mean) ** 2
        assert (found.estimate[i], found.q[i]) == pytest.approx((mean, q), rel=1e-11, abs=1e-13)


def test_large_effects_that_hardly_differ_keep_their_q():
    random = np.random.default_rng(4)
    deviation = random.normal(0, 1e-6, 8)
    near, far = gosh(generic(deviation, [1e-12] * 8)), gosh(generic(50 + deviation, [1e-12] * 8))
    assert far.q == pytest.approx(near.q, rel=1e-6)


def test_identical_effects_have_neither_spread_nor_heterogeneity():
    found = gosh(generic([0.5] * 10, np.linspace(0.1, 1, 10)))
    assert np.ptp(found.estimate) < 1e-14 and (found.i2 == 0).all()


def test_beyond_a_million_subsets_they_are_sampled_with_a_stated_seed():
    effects = some(40)
    first, again, other = gosh(effects, most=4096), gosh(effects, most=4096), gosh(effects, most=4096, seed=2)
    assert first.sampled and first.seed is not None
    assert np.array_equal(first.estimate, again.estimate)
    assert not np.array_equal(first.estimate, other.estimate)
    assert first.size.mean() == pytest.approx(20, abs=0.3)
    assert first.summary()["estimate_mean"] == pytest.approx(pool(effects, "EE", "z").estimate, abs=0.02)


def test_a_sample_agrees_with_all_subsets():
    effects = some(12)
    every, drawn = gosh(effects), gosh(effects, most=2000)
    assert drawn.estimate.mean() == pytest.approx(every.estimate.mean(), abs=0.02)
    known = set(np.round(every.estimate, 10))
    assert set(np.round(drawn.estimate, 10)) <= known


def test_the_summary_counts_subsets_by_size_and_is_plain_json():
    summary = gosh(some(7)).summary()
    assert [row["subsets"] for row in summary["by_size"]] == [
        len(list(itertools.combinations(range(7), r))) for r in range(1, 8)
    ]
    assert json.loads(json.dumps(summary, allow_nan=False))["subsets"] == 127


def test_one_study_has_no_subsets():
    assert isinstance(gosh(generic([0.1], [0.2])), Absent)
