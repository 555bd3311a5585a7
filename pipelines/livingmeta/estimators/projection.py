"""Traces and residuals of weighted least squares, without any k x k matrix.

With weights w and a design X, P = W - W X (X'WX)^-1 X'W. Every moment or likelihood estimator of
tau2 is made of y'P..., tr(P) and tr(PP).
"""

import numpy as np
from numpy.typing import NDArray

from livingmeta.estimators.errors import FitError

Array = NDArray[np.float64]

LEAST_INDEPENDENT = 1e-10  # part of a column that the columns before it leave over


def orthonormal(X: Array) -> tuple[Array, Array]:
    """Return Q and R with X = Q R and orthonormal columns of Q.

    Raises
    ------
    FitError
        When a column is a combination of those before it, or there are more columns than rows.
    """
    k, p = X.shape
    if p > k:
        raise FitError(f"{k} studies cannot determine {p} coefficients")
    Q, R = np.linalg.qr(X)
    lengths = np.linalg.norm(X, axis=0)
    if (np.abs(np.diag(R)) <= LEAST_INDEPENDENT * lengths).any():
        raise FitError("the columns of the design are collinear: leave one out")
    return Q, R


class Projection:
    """P at given weights, as what it does to vectors and diagonals.

    Parameters
    ----------
    w : ndarray of shape (k,)
        Weights.
    X : ndarray of shape (k, p)
        Design matrix of full rank.
    """

    def __init__(self, w: Array, X: Array):
        self.w, self.X = w, X
        self.inverse = np.linalg.inv(X.T @ (w[:, None] * X))

    def applied(self, y: Array) -> Array:
        """Return Py: weighted residuals, of shape (k,)."""
        beta = self.inverse @ (self.X.T @ (self.w * y))
        return np.asarray(self.w * (y - self.X @ beta))

    def rss(self, y: Array) -> float:
        """Return y'Py, the weighted residual sum of squares."""
        residual = self.applied(y)
        return float((residual**2 / self.w).sum())

    def trace(self, d: Array | float = 1.0) -> float:
        """Return tr(PD) of a diagonal D."""
        return float((self.w * d).sum() - np.trace(self._inner(self.w**2 * d)))

    def trace_twice(self, d: Array | float = 1.0, e: Array | float = 1.0) -> float:
        """Return tr(PDPE) of diagonals D and E."""
        w = self.w
        crossed = np.trace(self._inner(w**2 * d) @ self._inner(w**2 * e))
        return float((w**2 * d * e).sum() - 2 * np.trace(self._inner(w**3 * d * e)) + crossed)

    def _inner(self, weights: Array) -> Array:
        return np.asarray(self.inverse @ (self.X.T @ (weights[:, None] * self.X)))
