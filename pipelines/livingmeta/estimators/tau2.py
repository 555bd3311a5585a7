"""Estimators of the between-study variance, in PyMARE's own style.

PyMARE is the model core: its moment and likelihood estimators, its weighted least
squares, its Knapp-Hartung covariance. A new estimator differs in `_tau2` alone.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymare.estimators import DerSimonianLaird, Hedges
from pymare.estimators.estimators import BaseEstimator, VarianceBasedLikelihoodEstimator
from pymare.stats import knapp_hartung_cov_and_dof, q_gen, weighted_least_squares
from scipy.optimize import brentq

from livingmeta.estimators.errors import FitError
from livingmeta.estimators.projection import Projection, orthonormal
from livingmeta.estimators.q_profile import root

Array = NDArray[np.float64]

CORRECTIONS = {"z": "wald", "knha": "knapp-hartung", "adhoc": "knapp-hartung-conservative"}
TAU2_RELATIVE_TOLERANCE = 1e-14
MAX_DOUBLINGS = 200


def validate(y: Array, v: Array) -> None:
    """Refuse effects that are not finite and variances that are not positive.

    Raises
    ------
    FitError
        With the rule that is broken.
    """
    if len(y) == 0:
        raise FitError("no usable row: there is nothing to pool")
    if len(y) != len(v):
        raise FitError(f"{len(y)} effects have {len(v)} sampling variances")
    if not (np.isfinite(y).all() and np.isfinite(v).all()):
        raise FitError("effects and sampling variances must be finite numbers")
    if (v <= 0).any():
        raise FitError("sampling variances must be > 0")


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
        """Fit to effects of shape (k, 1), variances (k, 1) and a design matrix (k, p).

        The design is made orthonormal first, so that moderators far from zero, such as years, cost
        no digits. Without a residual degree of freedom tau2 is 0 and the test is Wald's.

        Raises
        ------
        FitError
            When a value is not finite, a variance not positive, or the design collinear.
        """
        self.dataset_ = None
        y, v, X = (np.asarray(values, dtype=float) for values in (y, v, X))
        validate(y, v)
        Q, R = _design(X)
        spare = len(y) > X.shape[1]
        tau2 = self._tau2(y, v, Q) if spare else 0.0
        beta, cov = weighted_least_squares(y, v, Q, tau2=tau2, return_cov=True)
        dof = None
        if self.test != "z" and spare:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                cov, dof = knapp_hartung_cov_and_dof(
                    y, v, Q, beta, cov, tau2=tau2, conservative=self.test == "adhoc"
                )
        beta, cov = _of_the_design(beta, cov, R)
        self.params_: dict[str, Any] = {
            "fe_params": beta,
            "tau2": np.atleast_2d(tau2),
            "inv_cov": cov,
            "dof": dof,
        }
        return self


def _design(X: Array) -> tuple[Array, Array | None]:
    """Return an orthonormal design; a column of ones stays, so that nothing is rounded twice."""
    if not np.isfinite(X).all():
        raise FitError("moderators must be finite numbers")
    if X.shape[1] == 1 and (X == 1).all():
        return X, None
    return orthonormal(X)


def _of_the_design(beta: Array, cov: Array, R: Array | None) -> tuple[Array, Array]:
    """Return coefficients and covariance of X from those of its orthonormal form."""
    if R is None:
        return beta, cov
    inverse = np.linalg.inv(R)
    return inverse @ beta, (inverse @ cov[:, :, 0] @ inverse.T)[:, :, None]


class EqualEffects(Tau2Estimator):
    """Equal-effects model: tau2 is zero by assumption."""

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        return 0.0


class DerSimonianLairdEstimator(Tau2Estimator):
    """Moment estimator of DerSimonian and Laird (1986), from PyMARE."""

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        fitted = DerSimonianLaird(small_sample_correction="wald").fit(y=y, v=v, X=X)
        return max(0.0, _first(fitted.params_["tau2"]))


class HedgesEstimator(Tau2Estimator):
    """Unweighted moment estimator of Hedges (1983), also Hedges and Olkin's, from PyMARE."""

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        fitted = Hedges(small_sample_correction="wald").fit(y=y, v=v, X=X)
        return max(0.0, _first(fitted.params_["tau2"]))


class HunterSchmidt(Tau2Estimator):
    """Moment estimator of Hunter and Schmidt: Cochran's Q beyond k, per unit of weight."""

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        w = 1 / v[:, 0]
        return max(0.0, (Projection(w, X).rss(y[:, 0]) - len(y)) / float(w.sum()))


class SidikJonkman(Tau2Estimator):
    """Sidik and Jonkman's (2005) estimator, started from the crude variance of the effects.

    It is positive unless all effects are the same.
    """

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        if np.ptp(y) == 0:
            return 0.0
        crude = float(np.var(y))
        rss = Projection(1 / (v[:, 0] + crude), X).rss(y[:, 0])
        return crude * rss / (len(y) - X.shape[1])


class PauleMandel(Tau2Estimator):
    """Paule and Mandel's (1982) estimator: where the generalised Q equals its degrees of freedom."""

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        return root(lambda tau2: _first(q_gen(y, v, X, tau2)), len(y) - X.shape[1], float(np.median(v)))


class EmpiricalBayes(PauleMandel):
    """Empirical Bayes (Morris 1983); its estimating equation has Paule and Mandel's solution."""


class MaximumLikelihood(Tau2Estimator):
    """ML: PyMARE's answer, polished by a bracketed root of the score.

    PyMARE's search stops at a relative error near 5e-6 in tau2; the root is then found to
    machine precision, between brackets, so that it cannot run away.
    """

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        return _polished("ML", ml_score, y, v, X)


class RestrictedMaximumLikelihood(Tau2Estimator):
    """REML: PyMARE's answer, polished like that of ML."""

    def _tau2(self, y: Array, v: Array, X: Array) -> float:
        return _polished("REML", reml_score, y, v, X)


Score = Callable[[float, Array, Array, Array], float]


def _polished(method: str, score: Score, y: Array, v: Array, X: Array) -> float:
    search = VarianceBasedLikelihoodEstimator(method=method, small_sample_correction="wald")
    start = _first(search.fit(y=y, v=v, X=X).params_["tau2"])
    return polished_root(lambda tau2: score(tau2, y, v, X), start, float(np.mean(v)))


def _first(values: Array) -> float:
    return float(np.ravel(values)[0])


def ml_score(tau2: float, y: Array, v: Array, X: Array) -> float:
    """Return twice the derivative of the profile log-likelihood at `tau2`: y'PPy - sum(w)."""
    w = 1.0 / (v[:, 0] + tau2)
    weighted_residual = Projection(w, X).applied(y[:, 0])
    return float(weighted_residual @ weighted_residual - w.sum())


def reml_score(tau2: float, y: Array, v: Array, X: Array) -> float:
    """Return twice the derivative of the restricted log-likelihood at `tau2`.

    With P = W - W X (X'WX)^-1 X'W it is y'PPy - trace(P) (Harville 1977).
    """
    projection = Projection(1.0 / (v[:, 0] + tau2), X)
    weighted_residual = projection.applied(y[:, 0])
    return float(weighted_residual @ weighted_residual - projection.trace())


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
    found = brentq(score, lower, upper, xtol=1e-300, rtol=TAU2_RELATIVE_TOLERANCE, maxiter=500)
    return float(found)


ESTIMATORS: dict[str, type[Tau2Estimator]] = {
    "EE": EqualEffects,
    "DL": DerSimonianLairdEstimator,
    "HE": HedgesEstimator,
    "HS": HunterSchmidt,
    "SJ": SidikJonkman,
    "ML": MaximumLikelihood,
    "REML": RestrictedMaximumLikelihood,
    "EB": EmpiricalBayes,
    "PM": PauleMandel,
}
