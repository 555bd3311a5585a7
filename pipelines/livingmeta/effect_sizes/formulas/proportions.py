"""Single groups: `x` events and `m` non-events, each of shape (k,).

A zero is dealt with by the caller (`zero_cells.corrected`).
"""

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.effect_sizes.formulas.arrays import Array, Pair, choice, floats, weighted_mean


def proportion(x: ArrayLike, m: ArrayLike, vtype: str = "LS") -> Pair:
    """Return proportions and their variances p (1 - p) / n of shape (k,).

    Parameters
    ----------
    x, m : array_like of shape (k,)
        Events and non-events.
    vtype : {"LS", "UB", "AV"}
        Divided by n; by n - 1; that of the mean proportion of all rows.
    """
    x, m = floats(x, m)
    n = x + m
    p = x / n
    mean = weighted_mean(p, n)
    kinds = {"LS": p * (m / n) / n, "UB": p * (m / n) / (n - 1), "AV": mean * (1 - mean) / n}
    return p, choice(kinds, vtype)


def log_proportion(x: ArrayLike, m: ArrayLike) -> Pair:
    """Return log proportions and their variances 1/x - 1/n of shape (k,)."""
    x, m = floats(x, m)
    return np.log(x / (x + m)), m / (x * (x + m))


def logit_proportion(x: ArrayLike, m: ArrayLike) -> Pair:
    """Return log odds and their variances 1/x + 1/m of shape (k,)."""
    x, m = floats(x, m)
    return np.log(x / m), 1 / x + 1 / m


def arcsine_proportion(x: ArrayLike, m: ArrayLike) -> Pair:
    """Return arcsine square root proportions and their variances 1/(4 n) of shape (k,)."""
    x, m = floats(x, m)
    return np.arcsin(np.sqrt(x / (x + m))), 1 / (4 * (x + m))


def freeman_tukey(x: ArrayLike, m: ArrayLike) -> Pair:
    """Return double arcsine proportions (Freeman and Tukey 1950) and 1/(4 n + 2) of shape (k,).

    The mean of two arcsines, as metafor has it, not their sum.
    """
    x, m = floats(x, m)
    n = x + m
    first, second = np.arcsin(np.sqrt(x / (n + 1))), np.arcsin(np.sqrt((x + 1) / (n + 1)))
    return (first + second) / 2, 1 / (4 * n + 2)


def from_arcsine(y: ArrayLike) -> Array:
    """Return the proportions of arcsine square roots; beyond 0 and pi/2 they are 0 and 1."""
    (y,) = floats(y)
    return np.sin(np.clip(y, 0.0, np.pi / 2)) ** 2


def from_freeman_tukey(y: ArrayLike, n: ArrayLike) -> Array:
    """Return the proportions of double arcsines by the inversion of Miller (1978).

    Parameters
    ----------
    y : array_like of shape (k,)
        Double arcsines, as `freeman_tukey` gives them.
    n : array_like of shape (k,) or float
        Participants of each, or the harmonic mean of those of the pooled studies.

    Returns
    -------
    array of shape (k,)
        Below the double arcsine of no event 0, above that of n events 1.
    """
    y, n = floats(y, n)
    lowest, highest = freeman_tukey(0.0, n)[0], freeman_tukey(n, 0.0)[0]
    inside = np.clip(y, lowest, highest)
    sine = np.sin(2 * inside)
    root = sine + (sine - 1 / sine) / n
    found = (1 - np.sign(np.cos(2 * inside)) * np.sqrt(np.maximum(1 - root**2, 0.0))) / 2
    return np.where(y <= lowest, 0.0, np.where(y >= highest, 1.0, np.where(np.isnan(y), np.nan, found)))


def harmonic_mean(n: ArrayLike) -> float:
    """Return the harmonic mean of the numbers of participants that are known, NaN without any."""
    (n,) = floats(n)
    known = n[np.isfinite(n) & (n > 0)]
    return float(len(known) / np.sum(1 / known)) if len(known) else float("nan")
