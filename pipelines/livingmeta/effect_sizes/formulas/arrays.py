"""Input of every formula: float64 arrays, because products of counts overflow 32-bit integers."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Pair = tuple[Array, Array]


def floats(*values: ArrayLike) -> list[Array]:
    """Return values as float64 arrays."""
    return [np.asarray(value, dtype=float) for value in values]


def weighted_mean(values: Array, weights: Array) -> Array:
    """Return the mean of values of shape (k,), weighted, over those that are numbers."""
    known = np.isfinite(values) & np.isfinite(weights)
    return np.sum(np.where(known, values * weights, 0.0)) / np.sum(np.where(known, weights, 0.0))


def choice(kinds: dict[str, Array], vtype: str) -> Array:
    """Return the variances called `vtype`.

    Raises
    ------
    ValueError
        When the measure has none of that name.
    """
    if vtype not in kinds:
        raise ValueError(f"vtype {vtype!r}: must be one of {', '.join(kinds)} for this measure")
    return kinds[vtype]
