"""What is done with zeros in tables before a formula sees them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livingmeta.effect_sizes.formulas.arrays import Array, floats

RULES = ("only0", "all", "if0all", "none")


def corrected(cells: Sequence[ArrayLike], add: float, to: str) -> tuple[tuple[Array, ...], NDArray[np.bool_]]:
    """Return counts with `add` added where the rule asks for it, and where that was.

    Parameters
    ----------
    cells : sequence of array_like of shape (k,)
        The counts of each table that receive the addition together.
    add : float
        Number added to each of them.
    to : {"only0", "all", "if0all", "none"}
        Tables that receive it: those with a zero, all, all as soon as one has a zero, none.

    Returns
    -------
    cells : tuple of arrays of shape (k,)
    changed : bool array of shape (k,)
    """
    counts = np.stack(np.broadcast_arrays(*floats(*cells)))
    has_zero = (counts == 0).any(axis=0)
    chosen = {
        "only0": has_zero,
        "all": np.ones_like(has_zero),
        "if0all": np.full_like(has_zero, has_zero.any()),
        "none": np.zeros_like(has_zero),
    }[to]
    return tuple(counts + add * chosen), chosen & np.bool_(add > 0)


def zero_cells(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, add: float = 0.5, to: str = "only0"
) -> tuple[Array, Array, Array, Array]:
    """Return the four cells of 2x2 tables with `add` added where the rule asks for it.

    Parameters
    ----------
    a, b, c, d : array_like of shape (k,)
        Events and non-events under treatment, events and non-events under control.
    add : float
        Number added to every cell of a table.
    to : {"only0", "all", "if0all", "none"}
        Tables that receive it: see `corrected`.
    """
    first, second, third, fourth = corrected((a, b, c, d), add, to)[0]
    return first, second, third, fourth
