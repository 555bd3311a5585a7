"""Two groups with events over person-time.

`x1, t1` are events and person-time under treatment, `x2, t2` those under control, each of
shape (k,); both times are in the same unit.
"""

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.effect_sizes.formulas.arrays import Pair, floats


def rate_ratio(x1: ArrayLike, t1: ArrayLike, x2: ArrayLike, t2: ArrayLike) -> Pair:
    """Return log incidence rate ratios and their variances 1/x1 + 1/x2 of shape (k,)."""
    x1, t1, x2, t2 = floats(x1, t1, x2, t2)
    return np.log(x1 / t1) - np.log(x2 / t2), 1 / x1 + 1 / x2


def rate_difference(x1: ArrayLike, t1: ArrayLike, x2: ArrayLike, t2: ArrayLike) -> Pair:
    """Return incidence rate differences, per unit of time, and their Poisson variances."""
    x1, t1, x2, t2 = floats(x1, t1, x2, t2)
    return x1 / t1 - x2 / t2, x1 / t1 / t1 + x2 / t2 / t2


def root_rate_difference(x1: ArrayLike, t1: ArrayLike, x2: ArrayLike, t2: ArrayLike) -> Pair:
    """Return differences of square root rates and their variances 1/(4 t1) + 1/(4 t2)."""
    x1, t1, x2, t2 = floats(x1, t1, x2, t2)
    return np.sqrt(x1 / t1) - np.sqrt(x2 / t2), 1 / (4 * t1) + 1 / (4 * t2)
