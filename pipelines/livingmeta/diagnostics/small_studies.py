"""Whether small studies differ from large ones: regressions through the effects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import t_quantile, t_tail
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators.counts import cells_of

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
