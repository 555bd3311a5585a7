"""What each study does to the pooled estimate: leave-one-out, influence, Baujat's plot."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.absent import Absent, unusable
from livingmeta.diagnostics.series import FEWEST, TOGETHER, refits
from livingmeta.distributions import chi2_quantile
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators import COUNT_METHODS, ESTIMATORS, TESTS, Fit, FitError, pool

Array = NDArray[np.float64]

ENTRY = (
    "k",
    "estimate",
    "se",
    "statistic",
    "p_value",
    "ci_lower",
    "ci_upper",
    "tau2",
    "i2",
    "h2",
    "q",
    "q_p",
)


def entry(study: str, fit: Fit | FitError) -> dict[str, Any]:
    """Return one row of a series of fits; its numbers are None where a fit failed, with the reason."""
    if isinstance(fit, FitError):
        return {"study": study, **dict.fromkeys(ENTRY), "reason": str(fit)}
    return {"study": study, **numbers_of(fit, ENTRY)}


def numbers_of(fit: Fit, names: Sequence[str]) -> dict[str, Any]:
    """Return fields of a fit as plain numbers."""
    values = {name: getattr(fit, name) for name in names}
    return {name: value if value is None or name == "k" else float(value) for name, value in values.items()}


def pooled_or_reason(effects: EffectSizes, method: str, test: str, level: float) -> Fit | FitError:
    """Return the fit of a subset of effects, or the error that says why there is none."""
    try:
        return pool(effects, method, test, level)
    except FitError as error:
        return error


def leave_one_out(
    effects: EffectSizes, method: str = "REML", test: str = "adhoc", level: float = 95.0
) -> list[dict[str, Any]] | Absent:
    """Return the pooled estimate without each study in turn.

    Parameters
    ----------
    effects : EffectSizes
        k effects on the analysis scale.
    method, test : str
        Estimator and test of every refit.
    level : float
        Confidence level in percent.

    Returns
    -------
    list of dict
        One entry per study, in the order of the rows: `study` is the one left out.
    """
    if effects.k < 2:
        return Absent("leave-one-out needs at least 2 studies")
    wrong = unusable(effects)
    if wrong:
        return wrong
    fits = _without_each(effects, method, test, level)
    return [entry(study, fit) for study, fit in zip(_names(effects), fits, strict=True)]


def influence(
    effects: EffectSizes, method: str = "REML", test: str = "adhoc", level: float = 95.0
) -> list[dict[str, Any]] | Absent:
    """Return how much each study moves the model (Viechtbauer and Cheung 2010).

    Externally standardised residual, DFFITS, Cook's distance, covariance ratio, tau2 and Q
    without the study, hat value, weight (percent) and DFBETAS. Under Knapp-Hartung every
    variance carries the scale factor of the model it comes from.
    """
    if method in COUNT_METHODS:
        return Absent(f"method {method} has no weights of the inverse-variance kind")
    if effects.k < 3:
        return Absent("influence needs at least 3 studies")
    full = pooled_or_reason(effects, method, test, level)
    if isinstance(full, FitError):
        return Absent(str(full))
    if full.se == 0:
        return Absent("the pooled estimate has standard error 0: nothing can be standardised by it")
    fits = _without_each(effects, method, test, level)
    names = _names(effects)
    return [_influence_of(i, names[i], effects, full, fit) for i, fit in enumerate(fits)]


def _names(effects: EffectSizes) -> list[str]:
    return [str(name) for name in effects.frame["study"]]


def _without_each(effects: EffectSizes, method: str, test: str, level: float) -> list[Fit | FitError]:
    positions = np.arange(effects.k)
    return [
        fit or pooled_or_reason(effects.subset(positions != i), method, test, level)
        for i, fit in enumerate(together(effects, method, test, level))
    ]


def together(
    effects: EffectSizes, method: str, test: str, level: float, cumulative: bool = False
) -> list[Fit | None]:
    """Return the fits without each study, or up to each, None for those to be made one by one."""
    if method in TOGETHER and method in ESTIMATORS and test in TESTS and effects.k >= FEWEST:
        code = effects.measure.code
        return refits(effects.yi, effects.vi, code, method, test, level, cumulative)
    return [None] * effects.k


INFLUENCE = ("rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "q_del", "hat", "weight", "dfbetas")


def _influence_of(
    i: int, study: str, effects: EffectSizes, full: Fit, without: Fit | FitError
) -> dict[str, Any]:
    if isinstance(without, FitError):
        return {"study": study, **dict.fromkeys(INFLUENCE), "influential": None, "reason": str(without)}
    y, v = effects.yi, effects.vi
    tau2 = without.tau2 or 0.0
    w = 1 / (v + tau2)
    # The Knapp-Hartung factor of the fit without the study; 1 for a z test.
    factor = without.se**2 * (w.sum() - w[i]) if full.test != "z" else 1.0
    hat, shift = float(full.weights[i]) / 100, full.estimate - without.estimate
    values = {
        "rstudent": _ratio(y[i] - without.estimate, np.sqrt(factor * (v[i] + tau2) + without.se**2)),
        "dffits": _ratio(shift, np.sqrt(factor * hat * (v[i] + tau2))),
        "cook_d": (shift / full.se) ** 2,
        "cov_r": (without.se / full.se) ** 2,
        **{"tau2_del": without.tau2, "q_del": without.q},
        "hat": hat,
        "weight": 100 * hat,
        "dfbetas": _ratio(shift, np.sqrt(factor / w.sum())),
    }
    return {"study": study, **values, "influential": _stands_out(values, effects.k)}


def _ratio(numerator: float, denominator: float) -> float | None:
    return float(numerator / denominator) if denominator > 0 else None


def _stands_out(values: dict[str, Any], k: int) -> bool:
    """Return whether a study passes one of the cut-offs that metafor marks studies by."""
    return bool(
        abs(values["dffits"] or 0.0) > 3 / np.sqrt(k - 1)
        or values["cook_d"] > chi2_quantile(0.5, 1)
        or values["hat"] > 3 / k
        or abs(values["dfbetas"] or 0.0) > 1
    )


def baujat(
    effects: EffectSizes, method: str = "EE", test: str = "z", level: float = 95.0
) -> list[dict[str, Any]] | Absent:
    """Return what each study adds to heterogeneity and how far it moves the estimate (Baujat et al. 2002).

    The squared Pearson residual (under equal effects its term of Q), and the squared shift of
    the estimate in units of its variance without the study.
    """
    if method in COUNT_METHODS:
        return Absent(f"method {method} has no weights of the inverse-variance kind")
    if effects.k < 2:
        return Absent("the plot of Baujat needs at least 2 studies")
    full = pooled_or_reason(effects, method, test, level)
    if isinstance(full, FitError):
        return Absent(str(full))
    residual = (effects.yi - full.estimate) ** 2 / (effects.vi + (full.tau2 or 0.0))
    fits = _without_each(effects, method, test, level)
    return [
        {"study": study, "q_contribution": float(own), "influence": _moved(full, fit)}
        for study, own, fit in zip(_names(effects), residual, fits, strict=True)
    ]


def _moved(full: Fit, without: Fit | FitError) -> float | None:
    if isinstance(without, FitError):
        return None
    shift = _ratio(full.estimate - without.estimate, without.se)
    return None if shift is None else shift**2
