"""Mantel-Haenszel and Peto: pooled estimates straight from the cells of 2x2 tables.

Cells are pooled without correction; 0.5 is added only for each table's own effect in Q.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import chi2_tail, normal_quantile, normal_tail
from livingmeta.effect_sizes import EffectSizes
from livingmeta.effect_sizes.formulas import peto_odds_ratio
from livingmeta.estimators.fit import Fit, FitError

Array = NDArray[np.float64]
Pooled = tuple[float, float, Array]


def cells_of(effects: EffectSizes) -> tuple[Array, Array, Array, Array]:
    """Return events and non-events of both arms, float64, each of shape (k,)."""
    frame = effects.frame
    a, c = frame["events_treatment"].to_numpy(float), frame["events_control"].to_numpy(float)
    return a, frame["n_treatment"].to_numpy(float) - a, c, frame["n_control"].to_numpy(float) - c


def mantel_haenszel_or(a: Array, b: Array, c: Array, d: Array) -> Pooled:
    """Return the log odds ratio, its se (Robins, Breslow and Greenland 1986) and weights."""
    n = a + b + c + d
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    R, S = r.sum(), s.sum()
    variance = (p * r).sum() / (2 * R**2) + (p * s + q * r).sum() / (2 * R * S) + (q * s).sum() / (2 * S**2)
    return float(np.log(R / S)), float(np.sqrt(variance)), s


def mantel_haenszel_rr(a: Array, b: Array, c: Array, d: Array) -> Pooled:
    """Return the log risk ratio, its se (Greenland and Robins 1985) and weights."""
    n1, n2 = a + b, c + d
    n = n1 + n2
    R, S = (a * n2 / n).sum(), (c * n1 / n).sum()
    variance = ((n1 * n2 * (a + c) - a * c * n) / n**2).sum() / (R * S)
    return float(np.log(R / S)), float(np.sqrt(variance)), c * n1 / n


def mantel_haenszel_rd(a: Array, b: Array, c: Array, d: Array) -> Pooled:
    """Return the risk difference, its se (Sato, Greenland and Robins 1989) and weights."""
    n1, n2 = a + b, c + d
    n = n1 + n2
    weights = n1 * n2 / n
    estimate = float((a * n2 / n - c * n1 / n).sum() / weights.sum())
    p = (c * (n1 / n) ** 2 - a * (n2 / n) ** 2 + (n1 / n) * (n2 / n) * (n2 - n1) / 2).sum()
    q = (a * (n2 - c) / n + c * (n1 - a) / n).sum() / 2
    return estimate, float(np.sqrt((estimate * p + q) / weights.sum() ** 2)), weights


def peto(a: Array, b: Array, c: Array, d: Array) -> Pooled:
    """Return Peto's log odds ratio, its se and the hypergeometric variances (Yusuf 1985)."""
    n1, n2, events, n = a + b, c + d, a + c, a + b + c + d
    variances = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    total = variances.sum()
    return float((a - n1 * events / n).sum() / total), float(np.sqrt(1 / total)), variances


COUNT_METHODS: dict[str, dict[str, Callable[[Array, Array, Array, Array], Pooled]]] = {
    "MH": {"OR": mantel_haenszel_or, "RR": mantel_haenszel_rr, "RD": mantel_haenszel_rd},
    "PETO": {"OR": peto, "PETO": peto},
}


def fit_counts(effects: EffectSizes, method: str, level: float = 95.0) -> Fit:
    """Return a Mantel-Haenszel or Peto fit of 2x2 tables (z interval).

    Raises
    ------
    FitError
        When a row is not a 2x2 table, the measure has no such form, or no event was seen.
    """
    code = effects.measure.code
    if code not in COUNT_METHODS[method]:
        raise FitError(f"method {method} has no {code}; it has {', '.join(COUNT_METHODS[method])}")
    if not effects.has_counts:
        raise FitError(f"method {method} needs events and n of both arms in every row")
    cells = cells_of(effects)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, se, weights = COUNT_METHODS[method][code](*cells)
    if not (np.isfinite(estimate) and np.isfinite(se) and se > 0):
        raise FitError(f"method {method} is undefined for these tables (an arm without any event)")
    return _as_fit(effects, method, level, estimate, se, 100 * weights / weights.sum())


def _as_fit(
    effects: EffectSizes, method: str, level: float, estimate: float, se: float, weights: Array
) -> Fit:
    half = float(normal_quantile(0.5 + level / 200)) * se
    q, df = _q(effects, method, estimate)
    defined = df > 0
    return Fit(
        measure=effects.measure.code,
        method=method,
        test="z",
        k=effects.k,
        estimate=estimate,
        se=se,
        statistic=estimate / se,
        p_value=float(2 * normal_tail(abs(estimate) / se)),
        ci_lower=estimate - half,
        ci_upper=estimate + half,
        level=level,
        i2=max(0.0, 100 * (q - df) / q) if defined and q > 0 else None,
        h2=q / df if defined else None,
        i2_q=max(0.0, 100 * (q - df) / q) if defined and q > 0 else None,
        h2_q=q / df if defined else None,
        q=q if defined else None,
        q_df=df if defined else None,
        q_p=float(chi2_tail(q, df)) if defined else None,
        weights=weights,
    )


def _q(effects: EffectSizes, method: str, estimate: float) -> tuple[float, int]:
    yi, vi = effects.yi, effects.vi
    if method == "PETO":
        with np.errstate(divide="ignore", invalid="ignore"):
            yi, vi = peto_odds_ratio(*cells_of(effects))
    terms = (yi - estimate) ** 2 / vi
    informative = np.isfinite(terms)
    return float(terms[informative].sum()), int(informative.sum()) - 1
