"""Trim and fill: how many studies a symmetric funnel would lack, and the estimate with them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.absent import Absent, unusable
from livingmeta.diagnostics.asymmetry import meta_line
from livingmeta.diagnostics.influence import numbers_of
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators import ESTIMATORS, FitError, fit_model

Array = NDArray[np.float64]

MOST_ITERATIONS = 100
ROUNDING = 1e-13  # a study this close to the centre, in units of the effects, lies on it
KEYS = ("estimate", "se", "statistic", "p_value", "ci_lower", "ci_upper", "tau2", "i2", "h2", "q", "q_p")


def trim_and_fill(
    effects: EffectSizes,
    method: str = "REML",
    test: str = "adhoc",
    level: float = 95.0,
    estimator: str = "L0",
    side: str | None = None,
) -> dict[str, Any] | Absent:
    """Return the estimate after trim and fill (Duval and Tweedie 2000).

    Parameters
    ----------
    effects : EffectSizes
        k effects on the analysis scale.
    method, test : str
        Model of trimming, filling and, without `side`, of choosing the side.
    level : float
        Confidence level in percent.
    estimator : {"L0", "R0"}
        Estimator of the number of studies that are missing.
    side : {"left", "right"}, optional
        Where studies are missing; by default where the slope on the standard error points from.

    Returns
    -------
    dict
        `side`, `k0` and its standard error, the numbers of the model with filled studies, and
        `filled`: a list of {mirrors yi vi}, where `mirrors` names the study reflected.
    """
    if effects.k < 3:
        return Absent("trim and fill needs at least 3 studies")
    if method not in ESTIMATORS:
        return Absent(f"trim and fill has no method {method}")
    if estimator not in ("L0", "R0") or side not in (None, "left", "right"):
        return Absent("trim and fill knows the estimators L0 and R0 and the sides left and right")
    wrong = unusable(effects)
    if wrong:
        return wrong
    try:
        return _filled(effects, method, test, level, estimator, side or missing_side(effects, method))
    except FitError as error:
        return Absent(str(error))


def missing_side(effects: EffectSizes, method: str) -> str:
    """Return the side of the funnel where small studies are missing: right where the slope is negative."""
    if np.ptp(effects.vi) == 0:
        raise FitError("all variances are equal: the side where studies are missing has to be named")
    (_, slope), *_ = meta_line(np.sqrt(effects.vi), effects.yi, effects.vi, method, "z")
    return "right" if slope < 0 else "left"


def _filled(
    effects: EffectSizes, method: str, test: str, level: float, estimator: str, side: str
) -> dict[str, Any]:
    sign, code = (-1.0 if side == "right" else 1.0), effects.measure.code
    order = np.argsort(sign * effects.yi, kind="stable")
    y, v = sign * effects.yi[order], effects.vi[order]
    k0, se_k0, centre = _trimmed(y, v, method, estimator)
    extreme = order[len(y) - k0 :]
    mirrored, mirrored_v = sign * (2 * centre - y[len(y) - k0 :]), v[len(y) - k0 :]
    fit = fit_model(
        np.concatenate([effects.yi, mirrored]),
        np.concatenate([effects.vi, mirrored_v]),
        measure=code,
        method=method,
        test=test,
        level=level,
    )
    names = effects.frame["study"].tolist()
    filled = [
        {"mirrors": str(names[i]), "yi": float(a), "vi": float(b)}
        for i, a, b in zip(extreme.tolist(), mirrored, mirrored_v, strict=True)
    ]
    how = {"estimator": estimator, "side": side, "k0": k0, "k0_se": se_k0, "k0_p": _p_of(estimator, k0)}
    return {**how, "k": fit.k, **numbers_of(fit, KEYS), "filled": filled}


def _trimmed(y: Array, v: Array, method: str, estimator: str) -> tuple[int, float | None, float]:
    """Return the number of studies to fill in, its standard error and the trimmed centre.

    `y` ascends; the most extreme k0 on the right are trimmed until k0 stays the same.
    """
    k, k0 = len(y), 0
    for _ in range(MOST_ITERATIONS):
        if k0 >= k:
            raise FitError("trim and fill would trim every study")
        centre = fit_model(y[: k - k0], v[: k - k0], measure="GEN", method=method, test="z").estimate
        deviation = np.where(np.abs(y - centre) > ROUNDING * np.abs(y).max(), y - centre, 0.0)
        before = k0
        k0, se = COUNTED[estimator](_signed_ranks(deviation))
        if k0 == before:
            return k0, se, centre
    raise FitError(f"trim and fill found no stable number of studies in {MOST_ITERATIONS} rounds")


def _signed_ranks(deviation: Array) -> Array:
    """Return ranks of the distances with their signs; rank 0 at the centre itself."""
    order = np.argsort(np.abs(deviation), kind="stable")
    ranks = np.empty(len(deviation))
    ranks[order] = np.arange(1, len(deviation) + 1)
    return np.sign(deviation) * ranks


def _l0(ranks: Array) -> tuple[int, float | None]:
    k, positive = len(ranks), float(ranks[ranks > 0].sum())
    k0 = (4 * positive - k * (k + 1)) / (2 * k - 1)
    variance = (
        k * (k + 1) * (2 * k + 1)
        + 10 * k0**3
        + 27 * k0**2
        + 17 * k0
        - 18 * k * k0**2
        - 18 * k * k0
        + 6 * k**2 * k0
    ) / 24
    se = float(4 * np.sqrt(variance) / (2 * k - 1)) if variance >= 0 else None
    return max(0, round(k0)), se


def _r0(ranks: Array) -> tuple[int, float | None]:
    negative = -ranks[ranks < 0]
    if len(negative) == 0:
        raise FitError("no study lies on the other side of the centre: R0 is undefined")
    k0 = max(0, round(len(ranks) - float(negative.max()) - 1))
    return k0, float(np.sqrt(2 * k0 + 2))


COUNTED = {"L0": _l0, "R0": _r0}


def _p_of(estimator: str, k0: int) -> float | None:
    """Return how likely more than k0 extreme studies in a row on one side are when none is missing."""
    return 0.5 ** (k0 + 1) if estimator == "R0" else None
