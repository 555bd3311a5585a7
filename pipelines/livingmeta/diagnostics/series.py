"""Fits of many subsets of one set of studies, all at once: without each study, or up to each.

A model of a subset needs sums over its studies at a tau2 of its own. Those sums are smooth
functions of tau2: they are taken at a few dozen Chebyshev points, for all subsets together, and
interpolated in between, to rounding. Sums "without" are sums before plus sums after, so that a
study with nearly all the weight costs no digits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import chi2_tail, t_quantile, t_tail
from livingmeta.estimators import Fit

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOMENTS = ("EE", "DL", "HE", "HS")
TOGETHER = (*MOMENTS, "SJ", "REML", "ML", "PM", "EB")
FEWEST = 5
MOST_STEPS = 100
MOST_CANCELLATION = 1e5  # squared distance from the centre over spread: five digits are lost


@dataclass(frozen=True)
class Sums:
    """Sums over the studies of each subset, of w^a y^b, with w = 1 / (v + tau2); of shape (..., k)."""

    w: Array
    wy: Array
    wyy: Array
    ww: Array
    wwy: Array
    wwyy: Array

    @property
    def mean(self) -> Array:
        """Return the weighted mean of each subset."""
        return self.wy / self.w

    @property
    def residual(self) -> Array:
        """Return the weighted sum of squares around that mean."""
        return np.maximum(0.0, self.wyy - self.wy * self.mean)

    @property
    def residual_squared(self) -> Array:
        """Return the same with squared weights."""
        return self.wwyy - 2 * self.mean * self.wwy + self.mean**2 * self.ww


def without(terms: Array) -> Array:
    """Return sums over all but one along the last axis, of the same shape, without subtraction."""
    result = np.zeros_like(terms)
    result[..., 1:] = np.cumsum(terms[..., :-1], axis=-1)
    result[..., :-1] += np.cumsum(terms[..., :0:-1], axis=-1)[..., ::-1]
    return result


def up_to(terms: Array) -> Array:
    """Return sums over all up to each along the last axis, of the same shape."""
    result: Array = np.cumsum(terms, axis=-1)
    return result


@dataclass(frozen=True)
class Series:
    """Effects (centred), variances and how their subsets are summed.

    `summed` is `without` or `up_to`; `sizes` are the numbers of studies in the subsets.
    """

    y: Array
    v: Array
    summed: Callable[[Array], Array]
    sizes: Array


def sums_at(series: Series, tau2: Array, unit: Array) -> Sums:
    """Return the sums at each tau2, weights in units of 1 / `unit`; both of shape (n, 1)."""
    y, w = series.y, unit / (series.v + tau2)
    return Sums(*(series.summed(term) for term in (w, w * y, w * y**2, w**2, w**2 * y, w**2 * y**2)))


def score(method: str, sums: Sums, unit: Array, sizes: Array) -> Array:
    """Return a decreasing function of tau2 whose root is the estimate for each subset."""
    if method == "REML":
        return sums.residual_squared / unit - sums.w + sums.ww / sums.w
    if method == "ML":
        return sums.residual_squared / unit - sums.w
    return sums.residual / unit - (sizes - 1)


def refits(
    y: Array, v: Array, measure: str, method: str, test: str, level: float, cumulative: bool = False
) -> list[Fit | None]:
    """Return the fit without each study, or up to each; None where it should be made by itself.

    Parameters
    ----------
    y, v : ndarray of shape (k,)
        Finite effects and positive variances, k at least FEWEST.
    measure, test : str
        Codes.
    method : str
        One of TOGETHER.
    level : float
        Confidence level in percent.
    cumulative : bool
        Up to each study instead of without it.
    """
    scale = float(np.sqrt(np.median(v)))
    y, v, k = y / scale, v / scale**2, len(y)
    centre = float((y / v).sum() / (1 / v).sum())
    sizes = np.arange(1.0, k + 1) if cumulative else np.full(k, k - 1.0)
    with np.errstate(all="ignore"):
        series = Series(y - centre, v, up_to if cumulative else without, sizes)
        columns, sound = _columns(series, method, test, level)
        columns = _in_units(columns, scale, centre)
        columns["statistic"] = columns["estimate"] / columns["se"]
        columns["p_value"] = 2 * t_tail(np.abs(columns["statistic"]), None if test == "z" else sizes - 1)
    sound = sound & np.isfinite(np.array(list(columns.values()))).all(axis=0) & (sizes > 1)
    shared = {"measure": measure, "method": method, "test": test, "level": level}
    values = np.array(list(columns.values())).T.tolist()
    return [
        _fit(shared, dict(zip(columns, row, strict=True)), int(size)) if ok else None
        for row, size, ok in zip(values, sizes, sound.tolist(), strict=True)
    ]


def _fit(shared: dict[str, Any], numbers: dict[str, Any], size: int) -> Fit:
    df = None if shared["test"] == "z" else size - 1.0
    return Fit(**shared, **numbers, k=size, df=df, q_df=size - 1)


def _in_units(columns: dict[str, Array], scale: float, centre: float) -> dict[str, Array]:
    placed = {name: (columns[name] + centre) * scale for name in ("estimate", "ci_lower", "ci_upper")}
    return {**columns, **placed, "se": columns["se"] * scale, "tau2": columns["tau2"] * scale**2}


def _columns(series: Series, method: str, test: str, level: float) -> tuple[dict[str, Array], Mask]:
    """Return the numbers of each fit of centred, scaled effects, and which can be relied on."""
    df, smallest = series.sizes - 1, float(series.v.min())
    at_zero = _first(sums_at(series, np.zeros((1, 1)), np.full((1, 1), smallest)))
    q, typical = at_zero.residual / smallest, df * smallest / (at_zero.w - at_zero.ww / at_zero.w)
    tau2, own, sound = _solved(series, method, _moment(series, method, at_zero))
    factor = np.ones(len(df)) if test == "z" else own.residual / (smallest + tau2) / df
    factor = np.maximum(1.0, factor) if test == "adhoc" else factor
    se = np.sqrt(factor * (smallest + tau2) / own.w)
    half = t_quantile(0.5 + level / 200, None if test == "z" else df) * se
    i2_q = np.where(q > 0, np.maximum(0.0, 100 * (q - df) / q), 0.0)
    equal = method == "EE"
    columns = {
        "estimate": own.mean,
        "se": se,
        "ci_lower": own.mean - half,
        "ci_upper": own.mean + half,
        "tau2": tau2,
        "i2": i2_q if equal else 100 * tau2 / (typical + tau2),
        "h2": q / df if equal else tau2 / typical + 1,
        "i2_q": i2_q,
        "h2_q": q / df,
        "q": q,
        "q_p": chi2_tail(q, df),
    }
    for sums in (at_zero, own):
        sound = sound & (sums.wy * sums.mean <= MOST_CANCELLATION * sums.residual)
    return columns, sound & (se > 0)


def _moment(series: Series, method: str, at_zero: Sums) -> Array:
    """Return tau2 of each subset where it has a closed form; for SJ the value that it starts from."""
    n, y = series.sizes, series.y - series.y.mean()
    around_mean = series.summed(y**2) - series.summed(y) ** 2 / n
    if method == "SJ":
        return np.maximum(0.0, around_mean / n)
    smallest = float(series.v.min())
    q, w, ww = at_zero.residual / smallest, at_zero.w / smallest, at_zero.ww / smallest**2
    closed = {
        "HE": lambda: around_mean / (n - 1) - series.summed(series.v) / n,
        "HS": lambda: (q - n) / w,
        "DL": lambda: (q - (n - 1)) / (w - ww / w),
    }
    values = closed[method]() if method in closed else np.zeros(len(n))
    return np.where(n > 1, np.maximum(0.0, values), 0.0)


def _first(sums: Sums) -> Sums:
    return Sums(sums.w[0], sums.wy[0], sums.wyy[0], sums.ww[0], sums.wwy[0], sums.wwyy[0])


def _solved(series: Series, method: str, moment: Array) -> tuple[Array, Sums, Mask]:
    """Return tau2 of each subset, the sums there, and where the root was the only one."""
    smallest, sound = float(series.v.min()), np.ones(len(series.y), dtype=bool)
    at = np.log1p(moment / smallest)
    x = _points(smallest, _upper(series, method, moment))
    tau2 = smallest * np.expm1(x)[:, None]
    table = sums_at(series, tau2, smallest + tau2)
    if method == "SJ":
        spread = interpolated(x, table.residual, at) / (smallest + moment)
        at = np.log1p(moment * np.where(series.sizes > 1, spread / (series.sizes - 1), 0.0) / smallest)
    elif method not in MOMENTS:
        at, sound = _roots(x, score(method, table, smallest + tau2, series.sizes))
    names = ("w", "wy", "wyy", "ww", "wwy", "wwyy")
    own = Sums(*interpolated(x, np.stack([getattr(table, name) for name in names]), at))
    return smallest * np.expm1(at), own, sound


def _upper(series: Series, method: str, moment: Array) -> float:
    """Return a tau2 that no estimate exceeds."""
    if method in MOMENTS:
        return float(moment.max())
    # Sidik and Jonkman's estimate is at most k / (k - 1) times the value that it starts from.
    upper = max(float(np.ptp(series.y)) ** 2, float(series.v.max()), 2 * float(moment.max()))
    for _ in range(MOST_STEPS if method != "SJ" else 0):
        at = np.full((1, 1), upper)
        unit = float(series.v.min()) + at
        values = score(method, sums_at(series, at, unit), unit, series.sizes)
        if (values[:, series.sizes > 1] < 0).all():
            break
        upper *= 2
    return upper


def _points(smallest: float, most: float) -> Array:
    """Return Chebyshev points of log(1 + tau2 / smallest v) from 0 to `most`, ascending.

    In that variable the nearest singularity lies pi off the real axis, whatever the variances:
    so many points bring the error of interpolation below rounding.
    """
    length = float(np.log1p(most / smallest))
    if length == 0:
        return np.zeros(1)
    aspect = 2 * np.pi / length
    number = int(np.ceil(38 / np.arcsinh(aspect))) + 4
    return length * (1 - np.cos(np.pi * np.arange(number + 1) / number)) / 2


def interpolated(x: Array, values: Array, at: Array) -> Array:
    """Return values (..., n, k) at Chebyshev points x (n,), each column at its own point of `at` (k,).

    Barycentric formula of the second kind (Berrut and Trefethen 2004).
    """
    if len(x) == 1:
        return values[..., 0, :]
    signs = np.where(np.arange(len(x)) % 2, -1.0, 1.0)
    signs[[0, -1]] /= 2
    distance = at - x[:, None]
    hit = distance == 0
    weights = signs[:, None] / np.where(hit, 1.0, distance)
    weights = np.where(hit.any(axis=0), hit, weights)
    result: Array = np.einsum("...nk,nk->...k", values, weights) / weights.sum(axis=0)
    return result


def _roots(x: Array, values: Array) -> tuple[Array, Mask]:
    """Return where each column falls through 0 (0 when never above), and whether it does so once."""
    positive = values > 0
    changes = (positive[:-1] != positive[1:]).sum(axis=0)
    rooted = positive[0] & (changes == 1)
    sound = rooted | (changes == 0)
    lower = np.maximum(0, positive.sum(axis=0) - 1)
    column = np.arange(values.shape[1])
    upper = np.minimum(lower + 1, len(x) - 1)
    ends = (x[lower], x[upper], values[lower, column], values[upper, column])
    at = np.zeros(values.shape[1])
    at[rooted] = _bracketed(x, values[:, rooted], *(end[rooted] for end in ends))
    return at, sound


def _bracketed(x: Array, values: Array, a: Array, b: Array, at_a: Array, at_b: Array) -> Array:
    """Return the root of each column between a and b by the Illinois method."""
    side = np.zeros(len(a))
    for _ in range(MOST_STEPS):
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = (a * at_b - b * at_a) / (at_b - at_a)
        middle = np.where((middle >= a) & (middle <= b), middle, (a + b) / 2)
        value = interpolated(x, values, middle)
        above = value > 0
        moved = np.where(above, middle - a, b - middle)
        at_b = np.where(above & (side > 0), at_b / 2, np.where(above, at_b, value))
        at_a = np.where(~above & (side < 0), at_a / 2, np.where(above, value, at_a))
        a, b = np.where(above, middle, a), np.where(above, b, middle)
        side = np.where(above, 1.0, -1.0)
        if (np.minimum(moved, b - a) <= 1e-15 * b).all() or (value == 0).all():
            break
    result: Array = middle
    return result
