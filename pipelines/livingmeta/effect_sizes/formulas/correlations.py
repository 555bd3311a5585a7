"""Correlations `r` of two things measured in `n` participants, each of shape (k,)."""

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.effect_sizes.formulas.arrays import Pair, choice, floats, weighted_mean


def fisher_z(r: ArrayLike, n: ArrayLike) -> Pair:
    """Return Fisher's z of correlations and 1 / (n - 3) (Fisher 1921) of shape (k,)."""
    r, n = floats(r, n)
    return np.arctanh(r), 1 / (n - 3)


def correlation(r: ArrayLike, n: ArrayLike, vtype: str = "LS") -> Pair:
    """Return raw correlations and their large-sample variances (1 - r^2)^2 / (n - 1).

    Parameters
    ----------
    r, n : array_like of shape (k,)
        Correlations and participants.
    vtype : {"LS", "AV"}
        With the row's own correlation, or with the mean of all rows.
    """
    r, n = floats(r, n)
    mean = weighted_mean(r, n)
    return r, choice({"LS": (1 - r**2) ** 2 / (n - 1), "AV": (1 - mean**2) ** 2 / (n - 1)}, vtype)
