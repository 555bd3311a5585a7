"""Newton's method for many equations at once, kept between brackets."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Chosen = NDArray[np.int_]

MOST_STEPS = 200
RELATIVE_STEP = 1e-10  # what remains after a Newton step this short is its square
OF_THE_UNIT = 1e-17


def safeguarded_newton(
    score: Callable[[Array, Chosen], tuple[Array, Array]],
    start: Array,
    lower: Array,
    upper: Array,
    unit: Array,
    negligible: float = OF_THE_UNIT,
) -> Array:
    """Return where each falling score passes zero, or `lower` where it is not positive there.

    Parameters
    ----------
    score : callable
        Takes values and the numbers of the equations they belong to; returns score and slope.
    start, lower, upper : ndarray of shape (n,)
        First guess and bracket of each.
    unit : ndarray of shape (n,)
        What counts as one.
    negligible : float
        Steps this short, in that unit, end the search.

    Raises
    ------
    ArithmeticError
        When an equation is not solved; bisection alone would have solved any that has a root.
    """
    found, lower, upper = start.copy(), lower.copy(), upper.copy()
    left = np.arange(len(start))
    at_lower = score(lower, left)[0]
    left = left[at_lower > 0]
    found[at_lower <= 0] = lower[at_lower <= 0]
    for _ in range(MOST_STEPS):
        if not len(left):
            return found
        at = found[left]
        value, slope = score(at, left)
        lower[left] = np.where(value > 0, at, lower[left])
        upper[left] = np.where(value > 0, upper[left], at)
        following = _step(at, value, slope, lower[left], upper[left])
        found[left] = following
        moved = np.abs(following - at)
        left = left[
            ~((moved <= RELATIVE_STEP * np.abs(at)) | (moved <= negligible * unit[left]) | (value == 0))
        ]
    raise ArithmeticError(f"{len(left)} equations for tau2 are not solved after {MOST_STEPS} steps")


def _step(at: Array, value: Array, slope: Array, lower: Array, upper: Array) -> Array:
    """Return Newton's step where it falls and stays inside, the middle elsewhere."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        proposed = at - value / slope
    usable = (slope < 0) & (proposed >= lower) & (proposed <= upper)
    return np.where(value == 0, at, np.where(usable, proposed, (lower + upper) / 2))
