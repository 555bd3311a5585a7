"""Tests of 2x2 tables taken as strata: of any association, and whether the odds ratio is one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import chi2_tail

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StrataTests:
    """Chi-squared statistics with their p-values; None where they are undefined."""

    cmh: float | None
    cmh_p: float | None
    breslow_day: float | None = None
    breslow_day_p: float | None = None
    tarone: float | None = None
    tarone_p: float | None = None
    df: int | None = None


def association_of_tables(
    a: Array, b: Array, c: Array, d: Array, log_odds_ratio: float, continuity: float = 0.5
) -> StrataTests:
    """Return the Cochran-Mantel-Haenszel test and those of Breslow and Day and of Tarone (1985).

    Parameters
    ----------
    a, b, c, d : ndarray of shape (k,)
        Events and non-events of the treatment, then of the control, without correction.
    log_odds_ratio : float
        The common log odds ratio that heterogeneity is tested against.
    continuity : float
        Correction of the Cochran-Mantel-Haenszel statistic; 0 for none.
    """
    a, b, c, d = (np.asarray(x, dtype=float) for x in (a, b, c, d))
    n1, n2, events, n = a + b, c + d, a + c, a + b + c + d
    variance = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    cmh = _continuity_corrected((a - n1 * events / n).sum(), variance.sum(), continuity)
    informative = (events > 0) & (events < n)
    x = [values[informative] for values in (a, n1, n2, events)]
    expected, spread = _fitted_tables(x[1], x[2], x[3], float(np.exp(log_odds_ratio)))
    df = int(informative.sum()) - 1
    if df < 1:
        return StrataTests(*cmh)
    breslow_day = float(((x[0] - expected) ** 2 / spread).sum())
    tarone = breslow_day - float((x[0] - expected).sum() ** 2 / spread.sum())
    return StrataTests(
        *cmh, breslow_day, float(chi2_tail(breslow_day, df)), tarone, float(chi2_tail(tarone, df)), df
    )


def association_of_rates(x1: Array, t1: Array, x2: Array, t2: Array, continuity: float = 0.5) -> StrataTests:
    """Return the Mantel-Haenszel test of events in person-time, `continuity` as for tables."""
    events, time = x1 + x2, t1 + t2
    excess, variance = (x1 - events * t1 / time).sum(), (events * t1 * t2 / time**2).sum()
    return StrataTests(*_continuity_corrected(excess, variance, continuity))


def _continuity_corrected(
    excess: float, variance: float, continuity: float
) -> tuple[float | None, float | None]:
    if not variance > 0:
        return None, None
    statistic = max(0.0, abs(float(excess)) - continuity) ** 2 / float(variance)
    return statistic, float(chi2_tail(statistic, 1))


def _fitted_tables(n1: Array, n2: Array, events: Array, odds_ratio: float) -> tuple[Array, Array]:
    """Return expected events of the treatment at a common odds ratio and their asymptotic variance."""
    # (1 - r) A^2 + (n2 - e + r (n1 + e)) A - r n1 e = 0, by the form of the root that does not cancel.
    square, linear = 1 - odds_ratio, n2 - events + odds_ratio * (n1 + events)
    constant = -odds_ratio * n1 * events
    expected = -2 * constant / (linear + np.sqrt(linear**2 - 4 * square * constant))
    cells = (expected, n1 - expected, events - expected, n2 - events + expected)
    return expected, 1 / np.sum([1 / cell for cell in cells], axis=0)
