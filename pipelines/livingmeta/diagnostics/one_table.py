"""A single 2x2 table: risks, their difference with an interval, an exact p-value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import normal_quantile
from livingmeta.estimators.fit import FitError

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
    """Return Wilson's score interval of a proportion (Wilson 1927).

    Raises
    ------
    FitError
        When n is not positive or events do not lie between 0 and n.
    """
    _check(events, n)
    z = normal_quantile(0.5 + level / 200)
    p = events / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # At the ends the limit is known; rounding must not leave 0.9999999999999999 there.
    lower = 0.0 if events == 0 else max(0.0, centre - half)
    return float(lower), 1.0 if events == n else float(min(1.0, centre + half))


def _check(events: float, n: float) -> None:
    if not (np.isfinite(events) and np.isfinite(n)):
        raise FitError("events and n of an arm must be finite numbers")
    if n <= 0:
        raise FitError(f"n {n:g}: an arm without participants has no risk")
    if not 0 <= events <= n:
        raise FitError(f"events {events:g} of {n:g}: must lie between 0 and n")


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
    """Return risks, their difference with an interval, and Fisher's exact p-value.

    Raises
    ------
    FitError
        When an arm has no participants, or counts are negative, fractional or above n.
    """
    for events, n in ((events_1, n_1), (events_2, n_2)):
        _check(events, n)
        if events != round(events) or n != round(n):
            raise FitError(f"{events:g} of {n:g}: an exact test needs whole numbers")
    table = np.array([[events_1, n_1 - events_1], [events_2, n_2 - events_2]], dtype=float)
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
    """Return the probability, given both margins, of a table no likelier than this one.

    Probabilities are built from ratios of neighbours around the mode, which keeps them exact
    to rounding at any size; those within 1e-7 of the observed one count as equal, as in R.
    """
    (a, b), (c, d) = table
    n1, n2, events = a + b, c + d, a + c
    x = np.arange(max(0.0, events - n2), min(n1, events) + 1)
    ratio = (n1 - x[:-1]) * (events - x[:-1]) / ((x[:-1] + 1) * (n2 - events + x[:-1] + 1))
    mode = int(np.searchsorted(-ratio, -1.0))
    above, below = np.cumprod(ratio[mode:]), np.cumprod(1 / ratio[:mode][::-1])[::-1]
    p = np.concatenate([below, [1.0], above])
    observed = p[int(a - x[0])]
    return float(min(1.0, p[p <= observed * (1 + 1e-7)].sum() / p.sum()))
