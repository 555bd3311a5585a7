"""Estimators of the between-study variance, in PyMARE's own style.

PyMARE is the model core: its moment and likelihood estimators, its weighted least
squares, its Knapp-Hartung covariance. A new estimator differs in `_tau2` alone.
"""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pymare.estimators import DerSimonianLaird
from pymare.estimators.estimators import BaseEstimator, VarianceBasedLikelihoodEstimator
from pymare.stats import knapp_hartung_cov_and_dof, weighted_least_squares
from scipy.optimize import brentq

Array = NDArray[np.float64]

CORRECTIONS = {"z": "wald", "knha": "knapp-hartung", "adhoc": "knapp-hartung-conservative"}
TAU2_RELATIVE_TOLERANCE = 1e-14
MAX_DOUBLINGS = 200


class Tau2Estimator(BaseEstimator):
    """Weighted least squares at a tau2 that a subclass estimates.

    Parameters
    ----------
    test : {"z", "knha", "adhoc"}
        Wald, Knapp-Hartung, or Knapp-Hartung never narrower than Wald.
    """

    def __init__(self, test: str = "adhoc"):
        self.test = test

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        raise NotImplementedError

    def fit(self, y: Array, v: Array, X: Array) -> "Tau2Estimator":
        """Fit to effects of shape (k, 1), variances (k, 1) and a design matrix (k, p)."""
        self.dataset_ = None
        tau2 = self._tau2(y, v, X) if len(y) > X.shape[1] else 0.0
        beta, cov = weighted_least_squares(y, v, X, tau2=tau2, return_cov=True)
        dof = None
        if self.test != "z" and len(y) > X.shape[1]:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                cov, dof = knapp_hartung_cov_and_dof(
                    y, v, X, beta, cov, tau2=tau2, conservative=self.test == "adhoc"
                )
        self.params_ = {"fe_params": beta, "tau2": np.atleast_2d(tau2), "inv_cov": cov, "dof": dof}
        return self


class EqualEffects(Tau2Estimator):
    """Equal-effects model: tau2 is zero by assumption."""

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        return 0.0


class DerSimonianLairdEstimator(Tau2Estimator):
    """Moment estimator of DerSimonian and Laird (1986), from PyMARE."""

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        fitted = DerSimonianLaird(small_sample_correction="wald").fit(y=y, v=v, X=X)
        return max(0.0, float(np.ravel(fitted.params_["tau2"])[0]))


class RestrictedMaximumLikelihood(Tau2Estimator):
    """REML: PyMARE's answer, polished by a bracketed root of the score.

    PyMARE's search stops at a relative error near 5e-6 in tau2; the root is then found to
    machine precision, between brackets, so that it cannot run away.
    """

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        fitted = VarianceBasedLikelihoodEstimator(method="REML", small_sample_correction="wald").fit(
            y=y, v=v, X=X
        )
        start = float(np.ravel(fitted.params_["tau2"])[0])
        return polished_root(lambda tau2: reml_score(tau2, y, v, X), start, float(np.mean(v)))


def reml_score(tau2: float, y: Array, v: Array, X: Array) -> float:
    """Return twice the derivative of the restricted log-likelihood at `tau2`.

    With P = W - W X (X'WX)^-1 X'W it is y'PPy - trace(P) (Harville 1977).
    """
    w = 1.0 / (v[:, 0] + tau2)
    beta, cov = weighted_least_squares(y, v, X, tau2=tau2, return_cov=True)
    weighted_residual = w * (y - X @ beta)[:, 0]
    trace = w.sum() - np.einsum("kp,pq,kq,k->", X, cov[:, :, 0], X, w**2)
    return float(weighted_residual @ weighted_residual - trace)


def polished_root(score: Callable[[float], float], start: float, scale: float) -> float:
    """Return the root of a decreasing score next to `start`, or 0 at the boundary.

    Parameters
    ----------
    score : callable
        Derivative of the log-likelihood as a function of tau2.
    start : float
        Approximate maximum.
    scale : float
        Typical sampling variance, which sizes the first bracket.
    """
    if start <= 1e-8 * scale and score(0.0) <= 0:
        return 0.0
    width = 1e-4 * max(start, 1e-8 * scale)
    lower, upper = start, start
    for _ in range(MAX_DOUBLINGS):
        lower, upper = max(0.0, start - width), start + width
        if score(lower) >= 0 >= score(upper):
            break
        if lower == 0.0 and score(0.0) < 0 and score(upper) < 0:
            return 0.0
        width *= 2
    else:
        raise ArithmeticError("no bracket around the likelihood estimate of tau2 was found")
    if score(lower) == 0:
        return lower
    root = brentq(score, lower, upper, xtol=1e-300, rtol=TAU2_RELATIVE_TOLERANCE, maxiter=500)
    return float(root)


ESTIMATORS: dict[str, type[Tau2Estimator]] = {
    "EE": EqualEffects,
    "DL": DerSimonianLairdEstimator,
    "REML": RestrictedMaximumLikelihood,
}
