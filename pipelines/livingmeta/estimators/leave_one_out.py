"""Leaving out each study in turn, at a cost that hardly grows faster than the number of studies.

EE and DL: sums without one study. ML and REML: in s = log(tau2 + least variance) the sums that a score is
made of are analytic (their poles lie at imaginary part pi), so that their values at a few dozen Chebyshev
points give them everywhere to machine precision; each study's root is then sought on its interpolant.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livingmeta.estimators.batch import ManyFits, fit_many, highest_tau2
from livingmeta.estimators.fit import check_known
from livingmeta.estimators.newton import safeguarded_newton
from livingmeta.estimators.tau2 import FitError, validate

Array = NDArray[np.float64]

FEW = 60  # up to here every subset is fitted as it stands
INTERPOLATION_DIGITS = 40.0  # natural logarithm of the accuracy asked of an interpolant
SPARE_POINTS = 8
MOST_CANCELLATION = 1e4
FAST = ("EE", "DL", "ML", "REML")


def leave_one_out(yi: ArrayLike, vi: ArrayLike, method: str = "REML", test: str = "z") -> ManyFits:
    """Return the fits without each study in turn.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effects and sampling variances, k >= 2.
    method, test : str
        As in `fit_many`.

    Returns
    -------
    ManyFits
        Row i leaves out study i.

    Raises
    ------
    FitError
        When a number cannot be pooled or there is one study only.
    """
    check_known(method, test)
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    validate(y, v)
    if len(y) < 2:
        raise FitError("one study: nothing is left when it is left out")
    unit, centre = float(np.sqrt(np.median(v))), float(np.median(y))
    scaled = (y - centre) / unit, v / unit**2
    if len(y) <= FEW or test != "z" or method not in FAST or _cancels(*scaled):
        return fit_many(y, v, method, mask=~np.eye(len(y), dtype=bool), test=test)
    return _rescaled(_fitted(*scaled, method), unit, centre)


def _cancels(y: Array, v: Array) -> bool:
    """Return whether sums of squares about the median lose digits: a study far off with nearly all weight."""
    _, _, _, q = _closed(y, 1 / v)
    return bool((_without(y**2 / v) > MOST_CANCELLATION * q).any())


def _rescaled(fits: ManyFits, unit: float, centre: float) -> ManyFits:
    return ManyFits(
        k=fits.k,
        estimate=centre + unit * fits.estimate,
        se=unit * fits.se,
        tau2=unit**2 * fits.tau2,
        q=fits.q,
        i2=fits.i2,
    )


def _fitted(y: Array, v: Array, method: str) -> ManyFits:
    k = len(y) - 1
    w = 1 / v
    total, squares, mean, q = _closed(y, w)
    typical = k - 1
    trace = total - squares / total
    excess = np.maximum(0.0, q - (k - 1))
    if method == "EE":
        i2 = np.divide(excess, q, out=np.zeros_like(q), where=excess > 0)
        return ManyFits(np.full(k + 1, float(k)), mean, 1 / np.sqrt(total), np.zeros(k + 1), q, 100 * i2)
    tau2 = excess / trace if method == "DL" else _likely_tau2(y, v, restricted=method == "REML")
    estimate, se = _at(tau2, y, v)
    i2 = 100 * tau2 / (tau2 + typical / trace)
    return ManyFits(np.full(k + 1, float(k)), estimate, se, tau2, q, i2)


def _without(values: Array) -> Array:
    """Return sums over the last axis without each entry, added up and never subtracted."""
    ahead = np.cumsum(values, axis=-1)
    behind = np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]
    found = np.zeros_like(values)
    found[..., 1:] += ahead[..., :-1]
    found[..., :-1] += behind[..., 1:]
    return found


def _closed(y: Array, w: Array) -> tuple[Array, Array, Array, Array]:
    """Return sum of w, of w^2, weighted mean and Q without each study, for weights (..., k)."""
    total, first = _without(w), _without(w * y)
    mean = first / total
    q = _without(w * y**2) - first * mean
    return total, _without(w**2), mean, np.maximum(q, 0.0)


def _at(tau2: Array, y: Array, v: Array) -> tuple[Array, Array]:
    """Return estimates and standard errors at each study's own tau2."""
    estimate, se = np.empty_like(tau2), np.empty_like(tau2)
    for rows in np.array_split(np.arange(len(y)), max(1, len(y) // 100)):
        w = 1 / (v + tau2[rows, None])
        w[np.arange(len(rows)), rows] = 0.0
        total = w.sum(axis=1)
        estimate[rows], se[rows] = (w @ y) / total, 1 / np.sqrt(total)
    return estimate, se


def _likely_tau2(y: Array, v: Array, restricted: bool) -> Array:
    """Return the tau2 that maximises the likelihood without each study, of shape (k,)."""
    least, most = float(v.min()), float(v.max())
    spread = float(((y - y.mean()) ** 2).sum()) / (len(y) - 2)
    length = float(np.log1p(highest_tau2(np.array(spread), np.array(least), np.array(most)) / least))
    points = _chebyshev(length)
    tau2 = least * np.expm1(points)
    heights, first, second = _tables(tau2, y, v, least, restricted)
    best = heights.argmax(axis=0)
    lower, upper = points[np.maximum(best - 1, 0)], points[np.minimum(best + 1, len(points) - 1)]

    def score(s: Array, chosen: NDArray[np.int_]) -> tuple[Array, Array]:
        return _interpolated(s, points, first[:, chosen], second[:, chosen])

    found = safeguarded_newton(score, points[best], lower, upper, np.ones(len(y)))
    return np.asarray(least * np.expm1(found))


def _chebyshev(length: float) -> Array:
    """Return as many Chebyshev points of [0, length] as poles at imaginary part pi demand."""
    half = max(length, 1e-6) / 2
    growth = np.arcsinh(np.pi / half)
    n = int(np.ceil(INTERPOLATION_DIGITS / growth)) + SPARE_POINTS
    return np.asarray(half * (1 - np.cos(np.pi * np.arange(n + 1) / n)))


def _tables(tau2: Array, y: Array, v: Array, least: float, restricted: bool) -> tuple[Array, Array, Array]:
    """Return log-likelihood, score and slope in s without each study, each (points, k).

    The score is multiplied by x = tau2 + least, which keeps its size alike at all points: with
    dt/ds = x it is the derivative in s, and x^2 U' + x U that of it.
    """
    x = (tau2 + least)[:, None]
    v = v[None, :] + tau2[:, None]
    w = x / v
    total, squares, mean, q = _closed(y, w)
    w2 = w * w
    # Sums of w^2 r^2 and their like, with r = y - mean of those that are left.
    a1, a2 = _without(w2 * y), _without(w2 * y**2)
    b0, b1, b2 = _without(w2 * w), _without(w2 * w * y), _without(w2 * w * y**2)
    once, cross = a2 - 2 * mean * a1 + mean**2 * squares, a1 - mean * squares
    twice = b2 - 2 * mean * b1 + mean**2 * b0
    first = once / x - total
    slope = squares - 2 * (twice - cross**2 / total) / x
    height = -_without(np.log(v)) - q / x
    if restricted:
        height -= np.log(total / x)
        first += squares / total
        slope += (squares / total) ** 2 - 2 * b0 / total
    return height, first, slope + first


def _interpolated(s: Array, points: Array, first: Array, second: Array) -> tuple[Array, Array]:
    """Return both tables at each column's own s, by the barycentric formula."""
    signs = np.where(np.arange(len(points)) % 2 == 0, 1.0, -1.0)
    signs[[0, -1]] /= 2
    distance = s[None, :] - points[:, None]
    exact = distance == 0
    distance[exact] = 1.0
    weights = signs[:, None] / distance
    hit = exact.any(axis=0)
    weights[:, hit] = exact[:, hit]
    total = weights.sum(axis=0)
    return (weights * first).sum(axis=0) / total, (weights * second).sum(axis=0) / total
