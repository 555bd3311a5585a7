"""Effect sizes as pure functions: arrays in, `(yi, vi)` out.

Ratios are on the log scale and correlations on Fisher's z scale. Cells are float64
throughout, because products of counts overflow 32-bit integers. A zero cell must be
dealt with by the caller (see `zero_cells`).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from livingmeta.distributions import normal_quantile

Array = NDArray[np.float64]
Pair = tuple[Array, Array]


def _floats(*values: ArrayLike) -> list[Array]:
    return [np.asarray(value, dtype=float) for value in values]


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
    to : {"only0", "all", "none"}
        Tables that receive it: those with a zero cell, all, or none.
    """
    cells = np.stack(_floats(a, b, c, d))
    has_zero = (cells == 0).any(axis=0)
    chosen = {"only0": has_zero, "all": np.ones_like(has_zero), "none": np.zeros_like(has_zero)}[to]
    corrected = cells + add * chosen
    return corrected[0], corrected[1], corrected[2], corrected[3]


def odds_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return log odds ratios and their variances (Woolf 1955) of shape (k,)."""
    a, b, c, d = _floats(a, b, c, d)
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def risk_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return log risk ratios and their delta-method variances of shape (k,)."""
    a, b, c, d = _floats(a, b, c, d)
    n1, n2 = a + b, c + d
    return np.log((a / n1) / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2


def risk_difference(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return risk differences and their variances (unpooled) of shape (k,)."""
    a, b, c, d = _floats(a, b, c, d)
    n1, n2 = a + b, c + d
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def peto_odds_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return Peto's log odds ratios, (O - E) / V, and 1 / V (Yusuf et al. 1985) of shape (k,)."""
    a, b, c, d = _floats(a, b, c, d)
    n1, n2, events, total = a + b, c + d, a + c, a + b + c + d
    variance = n1 * n2 * events * (total - events) / (total**2 * (total - 1))
    return (a - n1 * events / total) / variance, 1 / variance


def mean_difference(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Pair:
    """Return mean differences and their variances (unequal variances allowed) of shape (k,)."""
    m1, sd1, n1, m2, sd2, n2 = _floats(m1, sd1, n1, m2, sd2, n2)
    return m1 - m2, sd1**2 / n1 + sd2**2 / n2


def standardised_mean_difference(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Pair:
    """Return Hedges' g with the exact small-sample factor, and its large-sample variance.

    The factor is the ratio of gamma functions of Hedges (1981), not its approximation
    1 - 3 / (4 m - 1); the variance is 1/n1 + 1/n2 + g^2 / (2 (n1 + n2)).
    """
    m1, sd1, n1, m2, sd2, n2 = _floats(m1, sd1, n1, m2, sd2, n2)
    df = n1 + n2 - 2
    pooled = np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df)
    factor = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    g = factor * (m1 - m2) / pooled
    return g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


def fisher_z(r: ArrayLike, n: ArrayLike) -> Pair:
    """Return Fisher's z of correlations and 1 / (n - 3) (Fisher 1921) of shape (k,)."""
    r, n = _floats(r, n)
    return np.arctanh(r), 1 / (n - 3)


def correlation(r: ArrayLike, n: ArrayLike) -> Pair:
    """Return raw correlations and their large-sample variances (1 - r^2)^2 / (n - 1)."""
    r, n = _floats(r, n)
    return r, (1 - r**2) ** 2 / (n - 1)


def from_interval(estimate: ArrayLike, lower: ArrayLike, upper: ArrayLike, level: ArrayLike = 95.0) -> Pair:
    """Return an estimate and its variance from a Wald interval of any level (percent)."""
    estimate, lower, upper, level = _floats(estimate, lower, upper, level)
    quantile = normal_quantile(0.5 + level / 200)
    return estimate, ((upper - lower) / (2 * quantile)) ** 2


def from_p_value(estimate: ArrayLike, p_value: ArrayLike) -> Pair:
    """Return an estimate and its variance from a two-sided Wald p-value.

    An estimate of zero carries no information on its variance: its variance is NaN.
    """
    estimate, p_value = _floats(estimate, p_value)
    quantile = -normal_quantile(p_value / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (estimate / quantile) ** 2
    return estimate, np.where((estimate == 0) | (quantile == 0), np.nan, variance)
