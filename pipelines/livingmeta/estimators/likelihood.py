"""How sure tau2 is, and how likely the model: standard errors, log-likelihoods and criteria."""

import numpy as np
from numpy.typing import NDArray

from livingmeta.estimators.projection import Projection

Array = NDArray[np.float64]


def se_tau2(method: str, y: Array, v: Array, X: Array, tau2: float) -> float | None:
    """Return the standard error of tau2, None for the equal-effects model and without spare df.

    Parameters
    ----------
    y, v : ndarray of shape (k,)
        Effects and sampling variances.
    X : ndarray of shape (k, p)
        Design matrix.

    Notes
    -----
    ML and REML: the expected information. DL, HE, HS, SJ: the variance of a quadratic form y'Py of
    normal effects, 2 tr(P S P S) with S = diag(v + tau2). EB and PM: metafor's form, so that they agree.
    """
    k, p = X.shape
    w = 1 / (v + tau2)
    if method == "EE" or k <= p:
        return None
    if method == "ML":
        return float(np.sqrt(2 / (w**2).sum()))
    if method == "REML":
        return float(np.sqrt(2 / Projection(w, X).trace_twice()))
    if method in ("EB", "PM"):
        return float(np.sqrt(2 / (k - p)) * k / w.sum())
    projection, factor = _quadratic_form(method, y, v, X)
    return float(factor * np.sqrt(2 * projection.trace_twice(v + tau2, v + tau2)))


def _quadratic_form(method: str, y: Array, v: Array, X: Array) -> tuple[Projection, float]:
    """Return P and c of the moment estimator c (y'Py - constant)."""
    spare = len(y) - X.shape[1]
    if method == "HE":
        return Projection(np.ones_like(v), X), 1 / spare
    if method == "SJ":
        crude = float(np.var(y))
        return Projection(1 / (v + crude), X), crude / spare
    projection = Projection(1 / v, X)
    return projection, 1 / (projection.trace() if method == "DL" else float((1 / v).sum()))


def likelihood(
    method: str, y: Array, v: Array, X: Array, tau2: float, scale: float
) -> dict[str, float | None]:
    """Return log_likelihood, aic, bic and aicc; None for estimators that maximise no likelihood.

    Parameters
    ----------
    y, v : ndarray of shape (k,)
        Effects divided by `scale`, variances by its square.
    X : ndarray of shape (k, p)
        Design matrix.

    Notes
    -----
    REML: the likelihood of k - p error contrasts with log|X'X| / 2 added, which makes it the same for
    every coding of a factor. Its criteria count k - p observations.
    """
    if method not in ("EE", "ML", "REML"):
        return dict.fromkeys(("log_likelihood", "aic", "bic", "aicc"))
    k, p = X.shape
    n = k - p if method == "REML" else k
    value = _log_density(y, v, X, tau2, method == "REML", n) - n * np.log(scale)
    return {"log_likelihood": float(value), **_criteria(float(value), n, p + (method != "EE"))}


def _log_density(y: Array, v: Array, X: Array, tau2: float, restricted: bool, n: int) -> float:
    w = 1 / (v + tau2)
    value = -0.5 * (n * np.log(2 * np.pi) - np.log(w).sum() + Projection(w, X).rss(y))
    if restricted:
        both = (np.linalg.slogdet(X.T @ X)[1], np.linalg.slogdet(X.T @ (w[:, None] * X))[1])
        value += 0.5 * (both[0] - both[1])
    return float(value)


def _criteria(value: float, n: int, parameters: int) -> dict[str, float | None]:
    enough = max(n, parameters + 2)
    return {
        "aic": 2 * parameters - 2 * value,
        "bic": float(parameters * np.log(n)) - 2 * value if n > 0 else None,
        "aicc": 2 * parameters * enough / (enough - parameters - 1) - 2 * value,
    }
