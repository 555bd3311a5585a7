"""The interval of tau2 that belongs to Cochran's Q, at any scale of the effects."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pymare.stats import q_gen
from scipy.optimize import brentq

from livingmeta.distributions import chi2_quantile

Array = NDArray[np.float64]

RELATIVE_TOLERANCE = 1e-14
MAX_DOUBLINGS = 1100  # from the smallest to the largest number there is


def q_profile(y: Array, v: Array, X: Array, level: float) -> tuple[float, float]:
    """Return the Q-profile interval of tau2 (Viechtbauer 2007, equation 8).

    Parameters
    ----------
    y, v : ndarray of shape (k,)
        Effects and sampling variances.
    X : ndarray of shape (k, p)
        Design matrix.
    level : float
        Confidence level in percent.

    Returns
    -------
    lower, upper : float
        Both are 0 when the effects differ less than chance lets expect even at tau2 = 0.
    """

    def q(tau2: float) -> float:
        return float(np.ravel(q_gen(y[:, None], v[:, None], X, tau2))[0])

    df, tail = len(y) - X.shape[1], (1 - level / 100) / 2
    scale = float(np.median(v))
    return root(q, chi2_quantile(1 - tail, df), scale), root(q, chi2_quantile(tail, df), scale)


def root(q: Callable[[float], float], critical: float, scale: float) -> float:
    """Return where a decreasing Q(tau2) meets a critical value; 0 when it lies below it from the start."""
    if q(0.0) <= critical:
        return 0.0
    upper = scale
    for _ in range(MAX_DOUBLINGS):
        if q(upper) <= critical:
            found = brentq(lambda t: q(t) - critical, 0.0, upper, xtol=1e-300, rtol=RELATIVE_TOLERANCE)
            return float(found)
        upper *= 2
    raise ArithmeticError("no tau2 is large enough for the Q-profile interval")
