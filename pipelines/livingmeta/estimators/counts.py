"""Mantel-Haenszel and Peto: pooled estimates straight from counts.

Cells are pooled without correction unless one is asked for; 0.5 is added only for each table's own
effect in Q.
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


def person_time_of(effects: EffectSizes) -> tuple[Array, Array, Array, Array]:
    """Return events and person-time of both arms, float64, each of shape (k,).

    Raises
    ------
    FitError
        When a row has none.
    """
    names = ("events_treatment", "time_treatment", "events_control", "time_control")
    columns = [effects.frame[name].to_numpy(float) for name in names if name in effects.frame]
    if len(columns) < len(names) or not np.isfinite(columns).all():
        raise FitError("events and person-time of both arms are needed in every row")
    return columns[0], columns[1], columns[2], columns[3]


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


def mantel_haenszel_irr(x1: Array, t1: Array, x2: Array, t2: Array) -> Pooled:
    """Return the log rate ratio, its se (Greenland and Robins 1985) and weights."""
    t = t1 + t2
    R, S = (x1 * t2 / t).sum(), (x2 * t1 / t).sum()
    variance = ((x1 + x2) * t1 * t2 / t**2).sum() / (R * S)
    return float(np.log(R / S)), float(np.sqrt(variance)), x2 * t1 / t


def mantel_haenszel_ird(x1: Array, t1: Array, x2: Array, t2: Array) -> Pooled:
    """Return the rate difference, its se (Greenland and Robins 1985) and weights."""
    t = t1 + t2
    weights = t1 * t2 / t
    total = weights.sum()
    variance = (x1 * (t2 / t) ** 2 + x2 * (t1 / t) ** 2).sum() / total**2
    return float(((x1 * t2 - x2 * t1) / t).sum() / total), float(np.sqrt(variance)), weights


def peto(a: Array, b: Array, c: Array, d: Array) -> Pooled:
    """Return Peto's log odds ratio, its se and the hypergeometric variances (Yusuf 1985)."""
    n1, n2, events, n = a + b, c + d, a + c, a + b + c + d
    variances = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    total = variances.sum()
    return float((a - n1 * events / n).sum() / total), float(np.sqrt(1 / total)), variances


COUNT_FORMULAS: dict[str, dict[str, Callable[[Array, Array, Array, Array], Pooled]]] = {
    "MH": {
        "OR": mantel_haenszel_or,
        "RR": mantel_haenszel_rr,
        "RD": mantel_haenszel_rd,
        "IRR": mantel_haenszel_irr,
        "IRD": mantel_haenszel_ird,
    },
    "PETO": {"OR": peto, "PETO": peto},
}


RATES = ("IRR", "IRD")


def fit_counts(effects: EffectSizes, method: str, level: float = 95.0, add: float = 0.0) -> Fit:
    """Return a Mantel-Haenszel or Peto fit of 2x2 tables or of events in person-time (z interval).

    Parameters
    ----------
    add : float
        What is added to each cell of a 2x2 table with a zero before pooling; 0 is the method itself.

    Raises
    ------
    FitError
        When a row has no such counts, the measure has no such form, or no event was seen.
    """
    code = effects.measure.code
    if code not in COUNT_FORMULAS[method]:
        raise FitError(f"method {method} has no {code}; it has {', '.join(COUNT_FORMULAS[method])}")
    counts = person_time_of(effects) if code in RATES else corrected(*tables_of(effects, method), add)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, se, weights = COUNT_FORMULAS[method][code](*counts)
    if not (np.isfinite(estimate) and np.isfinite(se) and se > 0):
        raise FitError(f"method {method} is undefined for these tables (an arm without any event)")
    return _as_fit(effects, method, level, estimate, se, 100 * weights / weights.sum())


def tables_of(effects: EffectSizes, method: str) -> tuple[Array, Array, Array, Array]:
    """Return the cells of rows that are all 2x2 tables, or refuse them."""
    if not effects.has_counts:
        raise FitError(f"method {method} needs events and n of both arms in every row")
    return cells_of(effects)


def corrected(a: Array, b: Array, c: Array, d: Array, add: float) -> tuple[Array, Array, Array, Array]:
    """Return the cells with `add` in all four of each table that has a zero."""
    extra = np.where((a == 0) | (b == 0) | (c == 0) | (d == 0), add, 0.0)
    return a + extra, b + extra, c + extra, d + extra


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
