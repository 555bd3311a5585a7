"""A single 2x2 table: risks, their difference with an interval, an exact p-value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import normal_quantile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OneTable:
    """One 2x2 table by itself.

    Risks and their difference are proportions; the interval of the difference is Wald's, or
    Newcombe's where a cell is zero, and `p_exact` is Fisher's two-sided p-value.
    """

    risk_treatment: float
    risk_control: float
    difference: float
    difference_ci_lower: float
    difference_ci_upper: float
    difference_method: str
    p_exact: float
    has_zero: bool


def wilson(events: float, n: float, level: float = 95.0) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion."""
    z = normal_quantile(0.5 + level / 200)
    p = events / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def newcombe(
    events_1: float, n_1: float, events_2: float, n_2: float, level: float = 95.0
) -> tuple[float, float]:
    """Return the hybrid score interval of a risk difference (Newcombe 1998, method 10).

    It needs no correction for a zero cell.
    """
    p1, p2 = events_1 / n_1, events_2 / n_2
    (l1, u1), (l2, u2) = wilson(events_1, n_1, level), wilson(events_2, n_2, level)
    return p1 - p2 - float(np.hypot(p1 - l1, u2 - p2)), p1 - p2 + float(np.hypot(u1 - p1, p2 - l2))


def one_table(events_1: float, n_1: float, events_2: float, n_2: float, level: float = 95.0) -> OneTable:
    """Return risks, their difference with an interval, and Fisher's exact p-value."""
    table = np.array([[events_1, n_1 - events_1], [events_2, n_2 - events_2]])
    p1, p2 = events_1 / n_1, events_2 / n_2
    has_zero = bool((table == 0).any())
    half = normal_quantile(0.5 + level / 200) * np.sqrt(p1 * (1 - p1) / n_1 + p2 * (1 - p2) / n_2)
    wald = (p1 - p2 - float(half), p1 - p2 + float(half))
    lower, upper = newcombe(events_1, n_1, events_2, n_2, level) if has_zero else wald
    return OneTable(
        risk_treatment=p1,
        risk_control=p2,
        difference=p1 - p2,
        difference_ci_lower=lower,
        difference_ci_upper=upper,
        difference_method="Newcombe" if has_zero else "Wald",
        p_exact=_fisher_p(table),
        has_zero=has_zero,
    )


def _fisher_p(table: Array) -> float:
    from scipy.stats import fisher_exact  # slow to load, and few questions are one table

    return float(fisher_exact(table.astype(int)).pvalue)
