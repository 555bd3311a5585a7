"""Thousands of regressions at once: test statistics of data sets that share their variances.

Each data set has a design matrix of its own, as a permutation of moderators needs it.
`estimators.batch` is for means without moderators, of sets that differ in their studies too.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.estimators.tau2 import ESTIMATORS

Array = NDArray[np.float64]

STEPS = 300
CONVERGED = 1e-12


@dataclass(frozen=True)
class Data:
    """Data sets side by side.

    `Y` has shape (n or 1, k), `v` (k,), `X` (n or 1, k, p).
    """

    Y: Array
    v: Array
    X: Array

    @property
    def n(self) -> int:
        """Return the number of data sets."""
        return max(len(self.Y), len(self.X))

    @property
    def df(self) -> int:
        """Return the residual degrees of freedom of each."""
        return self.X.shape[1] - self.X.shape[2]

    def only(self, chosen: NDArray[np.intp]) -> "Data":
        """Return the chosen data sets."""
        Y = self.Y[chosen] if len(self.Y) > 1 else self.Y
        return Data(Y, self.v, self.X[chosen] if len(self.X) > 1 else self.X)


@dataclass(frozen=True)
class Solved:
    """Weighted least squares of every data set: weights, coefficients, covariances, residuals."""

    w: Array
    beta: Array
    cov: Array
    residual: Array


def solve(data: Data, tau2: Array) -> Solved:
    """Return weighted least squares at a tau2 of shape (n,) for each data set."""
    w = 1 / (data.v + tau2[:, None])
    XtW = np.swapaxes(data.X, 1, 2) * w[:, None, :]
    cov: Array = np.asarray(np.linalg.inv(XtW @ data.X), dtype=float)
    beta = (cov @ (XtW @ data.Y[:, :, None]))[:, :, 0]
    residual = data.Y - (data.X @ beta[:, :, None])[:, :, 0]
    return Solved(w, beta, cov, residual)


def statistics(data: Data, back: Array, method: str, test: str, has_intercept: bool) -> Array:
    """Return test statistics of shape (n, p + 1): one per coefficient, then the omnibus one.

    Parameters
    ----------
    data : Data
        Effects scaled to variances near 1; orthogonal design.
    back : ndarray of shape (p, p)
        See `moderators.orthogonal`.

    Notes
    -----
    A coefficient without variance has an infinite statistic, or 0 where it is 0 itself.
    """
    fits = solve(data, tau2_of(data, method))
    factor = _factor(data, fits, test)
    beta = fits.beta @ back.T
    se = np.sqrt(np.einsum("ip,npq,iq->ni", back, fits.cov, back) * factor[:, None])
    slopes = slice(1 if has_intercept and back.shape[0] > 1 else 0, None)
    gamma, cov = fits.beta[:, slopes], fits.cov[:, slopes, slopes]
    wald = np.einsum("np,np->n", gamma, np.linalg.solve(cov, gamma[:, :, None])[:, :, 0])
    shared = gamma.shape[1] if test != "z" else 1
    return np.column_stack([_ratio(beta, se), _ratio(wald / shared, factor)])


def _factor(data: Data, fits: Solved, test: str) -> Array:
    if test == "z":
        return np.ones(len(fits.w))
    q = (fits.w * fits.residual**2).sum(axis=1) / data.df
    size = (fits.w * data.Y**2).sum(axis=1)
    q = np.where(q <= 1e-24 * (1 + size), 0.0, q)  # rounding, not spread
    return np.maximum(q, 1.0) if test == "adhoc" else q


def _ratio(a: Array, b: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a == 0, 0.0, a / b)


def tau2_of(data: Data, method: str) -> Array:
    """Return tau2 of shape (n,): together where the method allows it, else one by one."""
    if method == "EE":
        return np.zeros(data.n)
    if method == "DL":
        return _moment(data)
    if method in STEP:
        return _likelihood(data, method)
    return _one_by_one(data, method, np.arange(data.n))


def _one_by_one(data: Data, method: str, chosen: NDArray[np.intp]) -> Array:
    estimator = ESTIMATORS[method]("z")
    part = data.only(chosen)
    Y = np.broadcast_to(part.Y, (len(chosen), part.Y.shape[1]))
    X = np.broadcast_to(part.X, (len(chosen), *part.X.shape[1:]))
    v = data.v[:, None]
    return np.array([float(estimator._tau2(y[:, None], v, x)) for y, x in zip(Y, X, strict=True)])


def _moment(data: Data) -> Array:
    """Return DerSimonian and Laird's tau2 in its general form, (Q - df) / trace(P)."""
    zero = np.zeros(data.n)
    fits = solve(data, zero)
    q = (fits.w * fits.residual**2).sum(axis=1)
    return np.maximum(0.0, (q - data.df) / _trace(data, fits))


def _squares(data: Data, weights: Array) -> Array:
    return (np.swapaxes(data.X, 1, 2) * weights[:, None, :]) @ data.X


def _trace(data: Data, fits: Solved) -> Array:
    return fits.w.sum(axis=1) - np.einsum("npq,nqp->n", fits.cov, _squares(data, fits.w**2))


Step = Callable[[Data, Solved], tuple[Array, Array]]


def _reml(data: Data, fits: Solved) -> tuple[Array, Array]:
    """Return twice the restricted score and twice the Fisher information (Harville 1977)."""
    w = fits.w
    A = fits.cov @ _squares(data, w**2)
    trace = w.sum(axis=1) - np.einsum("npp->n", A)
    cubes = np.einsum("npq,nqp->n", fits.cov, _squares(data, w**3))
    information = (w**2).sum(axis=1) - 2 * cubes + np.einsum("npq,nqp->n", A, A)
    return ((w * fits.residual) ** 2).sum(axis=1) - trace, information


def _ml(_data: Data, fits: Solved) -> tuple[Array, Array]:
    """Return twice the score and twice the Fisher information of the full likelihood."""
    return ((fits.w * fits.residual) ** 2).sum(axis=1) - fits.w.sum(axis=1), (fits.w**2).sum(axis=1)


def _paule_mandel(data: Data, fits: Solved) -> tuple[Array, Array]:
    """Return Q(tau2) - df and minus its slope."""
    return (fits.w * fits.residual**2).sum(axis=1) - data.df, ((fits.w * fits.residual) ** 2).sum(axis=1)


STEP: dict[str, Step] = {"REML": _reml, "ML": _ml, "PM": _paule_mandel, "EB": _paule_mandel}


LIKELIHOOD = ("REML", "ML")


def _likelier(data: Data, method: str, tau2: Array) -> NDArray[np.bool_]:
    """Return where tau2 is at least as likely as 0: now and then there are two maxima."""
    return _log_likelihood(data, method, tau2) >= _log_likelihood(data, method, np.zeros(data.n))


def _log_likelihood(data: Data, method: str, tau2: Array) -> Array:
    fits = solve(data, tau2)
    twice = np.log(fits.w).sum(axis=1) - (fits.w * fits.residual**2).sum(axis=1)
    return twice + np.linalg.slogdet(fits.cov)[1] if method == "REML" else twice


def _likelihood(data: Data, method: str) -> Array:
    """Return the roots of the scores by bracketed steps; what does not settle is done one by one."""
    tau2 = _moment(data)
    lower, upper = np.zeros(data.n), np.full(data.n, np.inf)
    open_ = np.arange(data.n)
    tiny = CONVERGED * float(np.median(data.v))
    for _ in range(STEPS):
        part, now = data.only(open_), tau2[open_]
        score, slope = STEP[method](part, solve(part, now))
        lower[open_] = np.where(score > 0, now, lower[open_])
        upper[open_] = np.where(score < 0, now, upper[open_])
        with np.errstate(divide="ignore", invalid="ignore"):
            following = now + score / slope
        low, high = lower[open_], upper[open_]
        middle = np.where(np.isfinite(high), (low + high) / 2, 2 * now + tiny)
        outside = ~((following > low) & (following < high)) & ~((following <= 0) & (low == 0))
        following = np.maximum(0.0, np.where(outside, middle, following))
        tau2[open_] = following
        at_zero = (now == 0) & (score <= 0)
        tau2[open_[at_zero]] = 0.0
        settled = at_zero | (np.abs(following - now) <= CONVERGED * now + tiny * 1e-3)
        open_ = open_[~settled]
        if len(open_) == 0:
            break
    tau2[open_] = _one_by_one(data, method, open_)
    return np.where(_likelier(data, method, tau2), tau2, 0.0) if method in LIKELIHOOD else tau2
