"""How likely a new study's effect is to be large enough to matter."""

from typing import Any

import numpy as np

from livingmeta.distributions import normal_tail, t_tail
from livingmeta.effect_sizes import Measure
from livingmeta.estimators.fit import Fit, FitError

DIRECTIONS = ("below", "above")


def new_study(
    fit: Fit, measure: Measure, minimal_important_difference: float, direction: str | None = None
) -> dict[str, Any]:
    """Return the probability that the true effect of a new study exceeds a stated threshold.

    Parameters
    ----------
    fit : Fit
        A random-effects fit with its prediction interval.
    measure : Measure
        Gives the scale of the threshold.
    minimal_important_difference : float
        Smallest effect that matters, on the natural scale of the measure (an odds ratio, not
        its logarithm).
    direction : {"below", "above"}, optional
        Which side of the threshold matters; that away from no effect when left out.

    Returns
    -------
    dict
        `minimal_important_difference direction`, `probability` beyond the threshold,
        `probability_any` beyond no effect in the same direction, `probability_average` that the
        average effect is beyond the threshold, `pi_df`, and a `reason` where there is none.

    Raises
    ------
    FitError
        When the threshold has no place on the measure's scale, or is no effect at all and no
        direction is given.

    Notes
    -----
    The predictive distribution is that of the prediction interval: t with `pi_df` degrees of
    freedom around the estimate with standard deviation sqrt(tau2 + se^2) (Higgins, Thompson and
    Spiegelhalter 2009). The probabilities read it as the belief about the next study's true
    effect, sampling error of that study left aside.
    """
    threshold = _on_analysis_scale(measure, minimal_important_difference)
    null = float(measure.to_analysis(measure.null))
    side = _side(direction, threshold, null)
    stated = {"minimal_important_difference": float(minimal_important_difference), "direction": side}
    reason = _reason(fit)
    if reason:
        empty = dict.fromkeys(("probability", "probability_any", "probability_average", "pi_df"))
        return {**stated, **empty, "reason": reason}
    assert fit.tau2 is not None
    spread = float(np.hypot(np.sqrt(fit.tau2), fit.se))
    return {
        **stated,
        "probability": _beyond(threshold, fit.estimate, spread, fit.pi_df, side),
        "probability_any": _beyond(null, fit.estimate, spread, fit.pi_df, side),
        "probability_average": _beyond(threshold, fit.estimate, fit.se, fit.df, side),
        "pi_df": fit.pi_df,
        "reason": None,
    }


def _on_analysis_scale(measure: Measure, value: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        threshold = float(measure.to_analysis(value))
    if not np.isfinite(threshold):
        raise FitError(f"minimal important difference {value:g}: no value of the {measure.name}")
    return threshold


def _side(direction: str | None, threshold: float, null: float) -> str:
    if direction is None and threshold == null:
        raise FitError("a minimal important difference of no effect needs a direction, below or above")
    side = direction or ("below" if threshold < null else "above")
    if side not in DIRECTIONS:
        raise FitError(f"direction {side!r}: must be below or above")
    return side


def _reason(fit: Fit) -> str:
    if fit.pi_lower is None or fit.tau2 is None:
        if fit.k < 3:
            return f"{fit.k} studies: a prediction needs at least three"
        return f"method {fit.method} has no tau2, so it says nothing about another study"
    return ""


def _beyond(threshold: float, estimate: float, spread: float, df: float | None, side: str) -> float:
    distance = estimate - threshold if side == "below" else threshold - estimate
    if spread == 0:
        return 0.5 if distance == 0 else float(distance < 0)
    return float(normal_tail(distance / spread) if df is None else t_tail(distance / spread, df))
