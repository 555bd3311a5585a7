"""Are quantiles and tails those of `scipy.stats`, to the last bit?"""

import numpy as np
import pytest
from scipy import stats

from livingmeta.distributions import (
    chi2_quantile,
    chi2_tail,
    f_tail,
    normal_quantile,
    normal_tail,
    t_quantile,
    t_tail,
)

RNG = np.random.default_rng(20)
P, X, Q = RNG.uniform(0, 1, 500), RNG.normal(0, 4, 500), RNG.gamma(3, 5, 500)
DF = RNG.choice([1.0, 2.0, 7.5, 40.0, 2000.0], 500)

PAIRS = {
    "normal quantile": (normal_quantile(P), stats.norm.ppf(P)),
    "normal tail": (normal_tail(X), stats.norm.sf(X)),
    "t quantile": (t_quantile(P, DF), stats.t.ppf(P, DF)),
    "t tail": (t_tail(X, DF), stats.t.sf(X, DF)),
    "t quantile without df": (t_quantile(P, None), stats.norm.ppf(P)),
    "t tail without df": (t_tail(X, None), stats.norm.sf(X)),
    "chi-squared quantile": (chi2_quantile(P, DF), stats.chi2.ppf(P, DF)),
    "chi-squared tail": (chi2_tail(Q, DF), stats.chi2.sf(Q, DF)),
    "F tail": (f_tail(Q, 3, DF), stats.f.sf(Q, 3, DF)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_distribution_is_scipys(name):
    ours, scipys = PAIRS[name]
    assert np.array_equal(ours, scipys)
