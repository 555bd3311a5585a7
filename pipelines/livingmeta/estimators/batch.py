"""Many data sets pooled at once: simulations, subsets by a mask and the grid of a multiverse.

The same estimates as one fit after the other gives, in one pass of NumPy over arrays of shape
(k, n_sets). Every root is bracketed: a data set that is difficult costs steps, never its answer.

Sets differ in studies, effects and variances, and have a mean only: that makes all of it plain sums.
`diagnostics.many_fits` is for sets that share their variances and have a design matrix each; the
subsets without one study or up to one are those of `diagnostics.series`, at a cost linear in k.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livingmeta.estimators.fit import check_known
from livingmeta.estimators.newton import safeguarded_newton
from livingmeta.estimators.tau2 import FitError, validate

Array = NDArray[np.float64]

CELLS_AT_ONCE = 2**16  # keeps a block in the cache
GRID = 16  # cells of the search for the highest mode of a likelihood


@dataclass(frozen=True)
class ManyFits:
    """One row per data set, each an array of shape (n_sets,).

    `i2` is tau2-based, Q-based for the equal-effects model, in percent. With one study tau2, q and
    i2 are 0; without any, everything is NaN.
    """

    k: Array
    estimate: Array
    se: Array
    tau2: Array
    q: Array
    i2: Array


@dataclass(frozen=True)
class _Block:
    """Data sets side by side: arrays of shape (k, n); `m` is 1 where a study belongs to a set."""

    y: Array
    v: Array
    m: Array

    @property
    def k(self) -> Array:
        return np.asarray(self.m.sum(axis=0))

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.int_]) -> "_Block":
        return _Block(self.y[:, chosen], self.v[:, chosen], self.m[:, chosen])

    def weights(self, tau2: Array) -> Array:
        return np.asarray(self.m / (self.v + tau2))


def fit_many(
    y: ArrayLike, v: ArrayLike, method: str = "REML", mask: ArrayLike | None = None, test: str = "z"
) -> ManyFits:
    """Return the pooled estimates of many data sets, by the same definitions as `fit_model`.

    Parameters
    ----------
    y, v : array_like of shape (n_sets, k) or (k,)
        Effects and sampling variances, a row per data set; one row serves all sets of a mask.
    method : str
        One of ESTIMATORS.
    mask : array_like of bool, shape (n_sets, k), optional
        Which studies belong to which set; what is masked out may be NaN.
    test : {"z", "knha", "adhoc"}
        What `se` means.

    Raises
    ------
    FitError
        When an effect that belongs to a set is not finite or its variance is not positive.
    """
    check_known(method, test)
    effects, variances, inside = _checked(y, v, mask)
    n, k = inside.shape
    step = max(1, CELLS_AT_ONCE // max(k, 1))
    blocks = [
        _fitted(
            _Block(effects[i : i + step].T, variances[i : i + step].T, inside[i : i + step].T), method, test
        )
        for i in range(0, n, step)
    ]
    return _joined(blocks)


def _checked(y: ArrayLike, v: ArrayLike, mask: ArrayLike | None) -> tuple[Array, Array, Array]:
    effects, variances = (np.atleast_2d(np.asarray(x, dtype=float)) for x in (y, v))
    inside = np.ones((1, effects.shape[1]), bool) if mask is None else np.atleast_2d(np.asarray(mask, bool))
    try:
        effects, variances, inside = np.broadcast_arrays(effects, variances, inside)
    except ValueError as error:
        raise FitError(f"effects, variances and mask do not fit each other: {error}") from error
    if inside.any():
        validate(effects[inside], variances[inside])
    # Outside a set numbers must only be harmless.
    return np.where(inside, effects, 0.0), np.where(inside, variances, 1.0), inside.astype(float)


def _joined(blocks: list[ManyFits]) -> ManyFits:
    names = [f.name for f in fields(ManyFits)]
    if not blocks:
        return ManyFits(**{name: np.empty(0) for name in names})
    return ManyFits(**{name: np.concatenate([getattr(block, name) for block in blocks]) for name in names})


def _fitted(block: _Block, method: str, test: str) -> ManyFits:
    """Return the fits of one block, computed around each set's mean in units of its typical variance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        w = block.weights(np.zeros(block.y.shape[1]))
        total = w.sum(axis=0)
        unit, centre = np.sqrt(block.k / total), (w * block.y).sum(axis=0) / total
        scaled = _Block(block.m * (block.y - centre) / unit, block.v / unit**2, block.m)
        tau2 = np.zeros(len(unit))
        several = block.k > 1
        tau2[several] = TAU2[method](scaled.only(several))
        found = _pooled(scaled, tau2, method, test)
    return ManyFits(
        k=block.k,
        estimate=centre + unit * found.estimate,
        se=unit * found.se,
        tau2=np.where(block.k > 0, unit**2 * tau2, np.nan),
        q=found.q,
        i2=found.i2,
    )


def _pooled(block: _Block, tau2: Array, method: str, test: str) -> ManyFits:
    k, w0, w = block.k, block.weights(np.zeros_like(tau2)), block.weights(tau2)
    total0, total = w0.sum(axis=0), w.sum(axis=0)
    estimate = (w * block.y).sum(axis=0) / total
    df = np.where(k > 1, k - 1, 1)
    q = (w0 * (block.y - (w0 * block.y).sum(axis=0) / total0) ** 2).sum(axis=0)
    typical = df / (total0 - (w0**2).sum(axis=0) / total0)
    i2 = np.maximum(0.0, 1 - df / q) if method == "EE" else tau2 / (tau2 + typical)
    variance = 1 / total
    if test != "z":
        spread = (w * (block.y - estimate) ** 2).sum(axis=0) / df
        floored = np.maximum(spread, 1.0) if test == "adhoc" else spread
        variance = variance * np.where(k > 1, floored, 1.0)
    none = np.where(k > 0, 0.0, np.nan)
    return ManyFits(
        k=k,
        estimate=estimate,
        se=np.sqrt(variance),
        tau2=tau2,
        q=np.where(k > 1, q, none),
        i2=np.where(k > 1, 100 * i2, none),
    )


def _equal_effects(block: _Block) -> Array:
    return np.zeros(block.y.shape[1])


def _rss(block: _Block, w: Array) -> Array:
    mean = (w * block.y).sum(axis=0) / w.sum(axis=0)
    return np.asarray((w * (block.y - mean) ** 2).sum(axis=0))


def _dersimonian_laird(block: _Block) -> Array:
    w = block.weights(np.zeros(block.y.shape[1]))
    total = w.sum(axis=0)
    excess = _rss(block, w) - (block.k - 1)
    return np.asarray(np.maximum(0.0, excess / (total - (w**2).sum(axis=0) / total)))


def _hedges(block: _Block) -> Array:
    variance = _rss(block, block.m) / (block.k - 1)
    return np.asarray(np.maximum(0.0, variance - (block.m * block.v).sum(axis=0) / block.k))


def _hunter_schmidt(block: _Block) -> Array:
    w = block.weights(np.zeros(block.y.shape[1]))
    return np.asarray(np.maximum(0.0, (_rss(block, w) - block.k) / w.sum(axis=0)))


def _sidik_jonkman(block: _Block) -> Array:
    crude = _rss(block, block.m) / block.k
    found = crude * _rss(block, block.weights(crude)) / (block.k - 1)
    highest = np.where(block.m > 0, block.y, -np.inf).max(axis=0)
    lowest = np.where(block.m > 0, block.y, np.inf).min(axis=0)
    return np.where(highest > lowest, found, 0.0)


def _paule_mandel(block: _Block) -> Array:
    """Return where the generalised Q, which falls and is convex in tau2, meets its df."""
    least = np.where(block.m > 0, block.v, np.inf).min(axis=0)
    df = block.k - 1
    upper = np.maximum(0.0, _rss(block, block.m) / df - least)

    def excess(tau2: Array, chosen: NDArray[np.int_]) -> tuple[Array, Array]:
        some = block.only(chosen)
        w = some.weights(tau2)
        residual = some.y - (w * some.y).sum(axis=0) / w.sum(axis=0)
        return (w * residual**2).sum(axis=0) - df[chosen], -((w * residual) ** 2).sum(axis=0)

    zero = np.zeros_like(upper)
    return safeguarded_newton(excess, zero, zero, upper, least)


def _likelihood(restricted: bool) -> Callable[[_Block], Array]:
    """Return the estimator that maximises the likelihood, restricted or not."""

    def estimated(block: _Block) -> Array:
        least = np.where(block.m > 0, block.v, np.inf).min(axis=0)
        start, lower, upper = _highest_cell(block, least, restricted)

        def score(tau2: Array, chosen: NDArray[np.int_]) -> tuple[Array, Array]:
            return _score(block.only(chosen) if len(chosen) < len(least) else block, tau2, restricted)

        return safeguarded_newton(score, start, lower, upper, least)

    return estimated


def _score(block: _Block, tau2: Array, restricted: bool) -> tuple[Array, Array]:
    """Return twice the first and second derivative of the log-likelihood."""
    w = block.weights(tau2)
    w2 = w * w
    s1, s2 = w.sum(axis=0), w2.sum(axis=0)
    weighted = w * (block.y - (w * block.y).sum(axis=0) / s1)
    squares = weighted * weighted
    cross = (w * weighted).sum(axis=0)
    first = squares.sum(axis=0) - s1
    second = s2 - 2 * ((w * squares).sum(axis=0) - cross**2 / s1)
    if restricted:
        first += s2 / s1
        second += (s2 / s1) ** 2 - 2 * (w2 * w).sum(axis=0) / s1
    return first, second


def highest_tau2(spread: Array, least: Array, most: Array) -> Array:
    """Return a tau2 beyond which no likelihood rises.

    With all variances between `least` and `most`, y'PPy <= SS / (t + least)^2 and
    trace(P) >= (k - 1) / (t + most): the score is negative once `spread` = SS / (k - 1) has
    spread (t + most) < (t + least)^2.
    """
    return np.asarray((spread + np.sqrt(spread**2 + 4 * spread * (most - least))) / 2)


def _highest_cell(block: _Block, least: Array, restricted: bool) -> tuple[Array, Array, Array]:
    """Return start, lower and upper end of the part of a grid that holds the highest mode."""
    most = np.where(block.m > 0, block.v, 0.0).max(axis=0)
    ratio = (1 + highest_tau2(_rss(block, block.m) / (block.k - 1), least, most) / least) ** (1 / GRID)
    tau2 = np.array([least * (ratio**j - 1) for j in range(GRID + 1)])
    heights = np.array([_log_likelihood(block, t, restricted) for t in tau2])
    best, sets = heights.argmax(axis=0), np.arange(len(least))
    below, above = np.maximum(best - 1, 0), np.minimum(best + 1, GRID)
    middle = np.clip(best, 1, GRID - 1)
    left, centre, right = (heights[middle + j, sets] for j in (-1, 0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = best + np.clip(middle - best + (left - right) / (2 * (left - 2 * centre + right)), -1, 1)
    start = least * (ratio ** np.where(np.isfinite(vertex), vertex, best) - 1)
    lower, upper = tau2[below, sets], tau2[above, sets]
    return np.clip(start, lower, upper), lower, upper


def _log_likelihood(block: _Block, tau2: Array, restricted: bool) -> Array:
    """Return twice the profile log-likelihood, without its constant."""
    w = block.weights(tau2)
    total = w.sum(axis=0)
    y = block.y
    mean = (w * y).sum(axis=0) / total
    value = -(block.m * np.log(block.v + tau2)).sum(axis=0) - (w * (y - mean) ** 2).sum(axis=0)
    return np.asarray(value - np.log(total) if restricted else value)


TAU2: dict[str, Callable[[_Block], Array]] = {
    "EE": _equal_effects,
    "DL": _dersimonian_laird,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "SJ": _sidik_jonkman,
    "ML": _likelihood(restricted=False),
    "REML": _likelihood(restricted=True),
    "EB": _paule_mandel,
    "PM": _paule_mandel,
}
