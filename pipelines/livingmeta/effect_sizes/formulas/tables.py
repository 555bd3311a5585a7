"""Two groups with counts of participants: 2x2 tables.

`a, b` are events and non-events under treatment, `c, d` those under control, each of shape
(k,). Ratios are on the log scale. A zero cell is dealt with by the caller (`zero_cells`).
"""

import numpy as np
from numpy.typing import ArrayLike

from livingmeta.effect_sizes.formulas.arrays import Pair, choice, floats, weighted_mean


def odds_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return log odds ratios and their variances (Woolf 1955) of shape (k,)."""
    a, b, c, d = floats(a, b, c, d)
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def risk_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return log risk ratios and their delta-method variances of shape (k,)."""
    a, b, c, d = floats(a, b, c, d)
    n1, n2 = a + b, c + d
    # b / (a n1) is 1 / a - 1 / n1 without the loss of digits where nearly everybody had the event.
    return np.log((a / n1) / (c / n2)), b / (a * n1) + d / (c * n2)


def risk_difference(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, vtype: str = "LS") -> Pair:
    """Return risk differences and their variances (each arm its own) of shape (k,).

    Parameters
    ----------
    a, b, c, d : array_like of shape (k,)
        Cells.
    vtype : {"LS", "UB", "AV"}
        Large-sample variances; unbiased ones; those of the mean risk of each arm.
    """
    a, b, c, d = floats(a, b, c, d)
    n1, n2 = a + b, c + d
    p1, p2 = a / n1, c / n2
    mean1, mean2 = weighted_mean(p1, n1), weighted_mean(p2, n2)
    kinds = {
        "LS": p1 * (b / n1) / n1 + p2 * (d / n2) / n2,
        "UB": p1 * (b / n1) / (n1 - 1) + p2 * (d / n2) / (n2 - 1),
        "AV": mean1 * (1 - mean1) / n1 + mean2 * (1 - mean2) / n2,
    }
    return p1 - p2, choice(kinds, vtype)


def arcsine_difference(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return differences of arcsine square root risks and variances (Ruecker et al. 2009)."""
    a, b, c, d = floats(a, b, c, d)
    n1, n2 = a + b, c + d
    return np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2)), 1 / (4 * n1) + 1 / (4 * n2)


def peto_odds_ratio(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return Peto's log odds ratios, (O - E) / V, and 1 / V (Yusuf et al. 1985) of shape (k,)."""
    a, b, c, d = floats(a, b, c, d)
    n1, n2, events, total = a + b, c + d, a + c, a + b + c + d
    variance = n1 * n2 * events * (total - events) / (total**2 * (total - 1))
    # O - E is (a d - b c) / n: the same without the loss of digits.
    return (a * d - b * c) / total / variance, 1 / variance


def phi_coefficient(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return phi coefficients and their large-sample variances (Bishop, Fienberg and Holland 1975)."""
    a, b, c, d = floats(a, b, c, d)
    n = a + b + c + d
    rows, columns = (a + b) * (c + d), (a + c) * (b + d)
    phi = (a * d - b * c) / np.sqrt(rows) / np.sqrt(columns)
    row_gap, column_gap = a + b - c - d, a + c - b - d
    skew = (row_gap / np.sqrt(rows)) * (column_gap / np.sqrt(columns))
    spread = row_gap**2 / rows + column_gap**2 / columns
    return phi, (1 - phi**2 + phi * (1 + phi**2 / 2) * skew - 0.75 * phi**2 * spread) / n


def yule_q(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> Pair:
    """Return Yule's Q, (OR - 1) / (OR + 1), and its variance (Yule 1912) of shape (k,)."""
    a, b, c, d = floats(a, b, c, d)
    log_odds_ratio, variance = odds_ratio(a, b, c, d)
    q = np.tanh(log_odds_ratio / 2)
    # 1 - Q^2 as 4 OR / (OR + 1)^2: Q rounds to 1 long before that is 0.
    rest = 1 / np.cosh(log_odds_ratio / 2) ** 2
    return q, rest**2 * variance / 4
