"""Small-study regressions, the test between subgroups, and the analysis of a single table."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import chi2_tail, f_tail, normal_quantile, t_quantile, t_tail
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators.counts import cells_of
from livingmeta.estimators.tau2 import ESTIMATORS

Array = NDArray[np.float64]

MIN_STUDIES_FOR_ASYMMETRY = 10  # Cochrane Handbook: fewer than ten studies cannot show asymmetry


@dataclass(frozen=True)
class Slope:
    """A weighted linear regression through the effects: intercept and slope with their t-tests."""

    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    statistic: float
    df: int
    p_value: float
    intercept_ci_lower: float
    intercept_ci_upper: float


@dataclass(frozen=True)
class Regression:
    """The omnibus test of group indicators in a random-effects meta-regression."""

    statistic: float
    df: int
    df_residual: float | None
    p_value: float
    tau2: float
    method: str
    test: str


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


def weighted_line(x: Array, y: Array, weights: Array, level: float = 95.0) -> Slope:
    """Return the weighted least-squares line of y on x with a residual variance of its own.

    Parameters
    ----------
    x, y, weights : ndarray of shape (k,)
        Predictor, effects and weights.
    level : float
        Level of the intercept's interval, percent.
    """
    X = np.column_stack([np.ones_like(x), x])
    root = np.sqrt(weights)
    orthogonal, triangular = np.linalg.qr(X * root[:, None])
    beta = np.linalg.solve(triangular, orthogonal.T @ (y * root))
    df = len(y) - 2
    residual = (y - X @ beta) * root
    inverse = np.linalg.inv(triangular)
    se = np.sqrt(np.diag(inverse @ inverse.T) * (residual @ residual) / df)
    half = t_quantile(0.5 + level / 200, df) * se[0]
    t = beta[1] / se[1]
    return Slope(
        intercept=float(beta[0]),
        intercept_se=float(se[0]),
        slope=float(beta[1]),
        slope_se=float(se[1]),
        statistic=float(t),
        df=df,
        p_value=float(2 * t_tail(abs(t), df)),
        intercept_ci_lower=float(beta[0] - half),
        intercept_ci_upper=float(beta[0] + half),
    )


def peese(effects: EffectSizes) -> Slope:
    """Return the effect expected in a study without sampling error (Stanley and Doucouliagos 2014).

    It is the intercept of effects on their variances, weighted by inverse variance.
    """
    return weighted_line(effects.vi, effects.yi, 1 / effects.vi, effects.level)


def peters(effects: EffectSizes) -> Slope:
    """Return the asymmetry test of Peters et al. (2006) with its original weights.

    Effects on 1 / N, weighted by 1 / (1 / events + 1 / non-events) of the whole table.
    """
    a, b, c, d = cells_of(effects)
    events, rest = a + c, b + d
    with np.errstate(divide="ignore"):
        weights = 1 / (1 / events + 1 / rest)
    return weighted_line(1 / (events + rest), effects.yi, weights, effects.level)


def between_groups(effects: EffectSizes, labels: Array, method: str, test: str) -> Regression:
    """Return the test that groups share one effect, with one tau2 common to all of them.

    Parameters
    ----------
    labels : ndarray of shape (k,)
        The group of each effect.
    method, test : str
        Estimator of tau2, and z (chi-squared) or Knapp-Hartung (F).
    """
    groups = list(dict.fromkeys(labels))
    indicators = [np.asarray(labels) == group for group in groups[1:]]
    X = np.column_stack([np.ones(effects.k), *indicators]).astype(float)
    scale = float(np.sqrt(np.median(effects.vi)))
    y, v = effects.yi[:, None] / scale, effects.vi[:, None] / scale**2
    params = ESTIMATORS[method](test).fit(y, v, X).params_
    beta, cov = params["fe_params"][1:, 0], params["inv_cov"][1:, 1:, 0]
    m = len(beta)
    wald = float(beta @ np.linalg.solve(cov, beta))
    df_residual = None if params["dof"] is None else float(effects.k - X.shape[1])
    p = chi2_tail(wald, m) if df_residual is None else f_tail(wald / m, m, df_residual)
    statistic = wald if df_residual is None else wald / m
    tau2 = float(np.ravel(params["tau2"])[0]) * scale**2
    return Regression(statistic, m, df_residual, float(p), tau2, method, test)


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
