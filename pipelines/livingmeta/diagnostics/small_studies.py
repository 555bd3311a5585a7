"""Whether small studies differ from large ones: regressions through the effects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import t_quantile, t_tail
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators import FitError
from livingmeta.estimators.counts import cells_of

Array = NDArray[np.float64]

RESOLUTION = 1e-12  # what is smaller than this part of its size is rounding
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


def weighted_line(x: Array, y: Array, weights: Array, level: float = 95.0) -> Slope:
    """Return the weighted least-squares line of y on x with a residual variance of its own.

    Parameters
    ----------
    x, y, weights : ndarray of shape (k,)
        Predictor, effects and weights. A point of weight 0 is left out and does not count.
    level : float
        Level of the intercept's interval, percent.

    Raises
    ------
    FitError
        With fewer than 3 points, or a predictor that does not vary.
    """
    x, y, weights = _weighing(x, y, weights)
    root, df = np.sqrt(weights), len(y) - 2
    orthogonal, triangular = np.linalg.qr(np.column_stack([root, root * x]))
    beta = np.linalg.solve(triangular, orthogonal.T @ (y * root))
    residual = (y - beta[0] - beta[1] * x) * root
    inverse = np.linalg.inv(triangular)
    se = np.sqrt((inverse**2).sum(axis=1) * (residual @ residual) / df)
    half = t_quantile(0.5 + level / 200, df) * se[0]
    t = beta[1] / se[1] if se[1] > 0 else np.copysign(np.inf, beta[1])
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


def tested_line(x: Array, y: Array, weights: Array, level: float = 95.0) -> Slope:
    """Return the weighted line of effects whose slope is to be tested.

    Raises
    ------
    FitError
        As `weighted_line`, and when the effects lie on a line exactly: then the residual that
        the slope would be tested against is rounding, and so would be the p-value.
    """
    line = weighted_line(x, y, weights, level)
    root = np.sqrt(weights / weights.max())
    residual = (y - line.intercept - line.slope * x) * root
    if np.linalg.norm(residual) <= RESOLUTION * np.linalg.norm(y * root):
        raise FitError("the effects lie on a line exactly: nothing is left to test it against")
    return line


def _weighing(x: Array, y: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Return the points that carry weight, weights near 1, or say why they have no slope."""
    if not all(np.isfinite(values).all() for values in (x, y, weights)) or (weights < 0).any():
        raise FitError("effects, predictor and weights must be finite numbers, and no weight negative")
    some = weights > 0
    if some.sum() < 3:
        raise FitError("a line with a residual variance needs at least 3 points")
    x, y, weights = x[some], y[some], weights[some] / weights.max()
    mean = weights @ x / weights.sum()
    if weights @ (x - mean) ** 2 <= RESOLUTION**2 * (weights @ x**2):
        raise FitError("the predictor is the same in every study: there is no slope to test")
    return x, y, weights


def peese(effects: EffectSizes) -> Slope | None:
    """Return the effect expected in a study without sampling error (Stanley and Doucouliagos 2014).

    It is the intercept of effects on their variances, weighted by inverse variance; None where
    all variances are the same or there are fewer than three effects.
    """
    try:
        return weighted_line(effects.vi, effects.yi, 1 / effects.vi, effects.level)
    except FitError:
        return None


def peters(effects: EffectSizes) -> Slope | None:
    """Return the asymmetry test of Peters et al. (2006) with its original weights.

    Effects on 1 / N, weighted by 1 / (1 / events + 1 / non-events) of the whole table; None where
    there is no slope to test.
    """
    events, rest = event_totals(effects)
    try:
        return tested_line(1 / (events + rest), effects.yi, information(events, rest), effects.level)
    except FitError:
        return None


def event_totals(effects: EffectSizes) -> tuple[Array, Array]:
    """Return events and non-events of the whole table of each study, of shape (k,)."""
    a, b, c, d = cells_of(effects)
    return a + c, b + d


def information(events: Array, rest: Array) -> Array:
    """Return 1 / (1 / events + 1 / non-events), the weights of Peters et al. (2006); 0 without either."""
    return events * rest / (events + rest)
