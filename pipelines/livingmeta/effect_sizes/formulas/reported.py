"""Estimates as reports print them: with an interval of any level, or with a p-value."""

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.distributions import normal_quantile
from livingmeta.effect_sizes.formulas.arrays import Pair, floats


def from_interval(estimate: ArrayLike, lower: ArrayLike, upper: ArrayLike, level: ArrayLike = 95.0) -> Pair:
    """Return an estimate and its variance from a Wald interval of any level (percent)."""
    estimate, lower, upper, level = floats(estimate, lower, upper, level)
    # The tail, not 1 - tail: levels near 100 keep their digits.
    quantile = -normal_quantile((100 - level) / 200)
    return estimate, ((upper - lower) / (2 * quantile)) ** 2


def from_p_value(estimate: ArrayLike, p_value: ArrayLike) -> Pair:
    """Return an estimate and its variance from a two-sided Wald p-value.

    An estimate of zero carries no information on its variance: its variance is NaN.
    """
    estimate, p_value = floats(estimate, p_value)
    quantile = -normal_quantile(p_value / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (estimate / quantile) ** 2
    return estimate, np.where((estimate == 0) | (quantile == 0), np.nan, variance)
