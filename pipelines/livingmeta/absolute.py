"""Absolute effects: how many people more or fewer, of so many, at a stated risk without the treatment.

The formulas are those of the Cochrane Handbook (5.1, sections 12.5.4.2 and 12.5.4.3; chapters 14 and
15 of later versions) and, for hazards, of GRADE guidelines 27 (Skoetz et al. 2020). All risks are
proportions and all effects on their natural scale.
"""

from collections.abc import Callable
from dataclasses import dataclass

from livingmeta import formats

PEOPLE = 1000


class AbsoluteError(ValueError):
    """A risk or an effect from which no absolute effect follows."""


@dataclass(frozen=True)
class Baseline:
    """A risk without the treatment, and where it comes from.

    `risk` is a proportion; `events` of `n` are the people behind it, None where only a risk is stated.
    """

    risk: float
    source: str
    events: float | None = None
    n: float | None = None


def risk_from_odds_ratio(odds_ratio: float, baseline: float) -> float:
    """Return the risk that an odds ratio makes of a baseline risk: OR p / (1 - p + OR p)."""
    return odds_ratio * baseline / (1 - baseline + odds_ratio * baseline)


def risk_from_risk_ratio(risk_ratio: float, baseline: float) -> float:
    """Return the risk that a risk ratio makes of a baseline risk, RR p, and no more than 1."""
    return min(1.0, risk_ratio * baseline)


def risk_from_hazard_ratio(hazard_ratio: float, baseline: float) -> float:
    """Return the risk that a hazard ratio makes of a baseline risk: 1 - (1 - p)^HR.

    The baseline is the risk at one time, and hazards are taken to be proportional until then.
    """
    return 1 - (1 - baseline) ** hazard_ratio


def risk_from_difference(difference: float, baseline: float) -> float:
    """Return the risk that a risk difference makes of a baseline risk, p + RD, between 0 and 1."""
    return min(1.0, max(0.0, baseline + difference))


FORMULAS: dict[str, Callable[[float, float], float]] = {
    "OR": risk_from_odds_ratio,
    "PETO": risk_from_odds_ratio,
    "RR": risk_from_risk_ratio,
    "HR": risk_from_hazard_ratio,
    "SHR": risk_from_hazard_ratio,
    "RD": risk_from_difference,
}
FORMULA_TEXTS = {
    "OR": "OR × p / (1 − p + OR × p)",
    "PETO": "OR × p / (1 − p + OR × p)",
    "RR": "RR × p, at most 1",
    "HR": "1 − (1 − p)^HR, at the time of the baseline and with proportional hazards",
    "SHR": "1 − (1 − p)^SHR, at the time of the baseline and with proportional hazards",
    "RD": "p + RD, between 0 and 1",
}


def risk_with(measure: str, effect: float, baseline: float) -> float:
    """Return the risk under treatment.

    Parameters
    ----------
    measure : str
        A key of FORMULAS.
    effect : float
        On the natural scale: the ratio itself, not its logarithm.
    baseline : float
        Risk without the treatment, 0 to 1.

    Raises
    ------
    AbsoluteError
        For another measure, a risk outside 0 to 1, or a ratio that is not positive.
    """
    if measure not in FORMULAS:
        raise AbsoluteError(f"{measure}: must be one of {', '.join(FORMULAS)} to give a risk")
    if not 0 <= baseline <= 1:
        raise AbsoluteError(f"baseline risk {baseline:g}: must be a proportion, 0 to 1")
    if measure != "RD" and not effect > 0:
        raise AbsoluteError(f"{measure} {effect:g}: a ratio must be above 0")
    return FORMULAS[measure](effect, baseline)


def more_or_fewer(difference: float, digits: int = 0) -> str:
    """Return a difference of risks as people of a thousand: `12 fewer`, `3 more`, `0 more or fewer`."""
    people = PEOPLE * abs(difference)
    if round(people, digits) == 0:
        return "0 more or fewer"
    shown = formats.count(people) if digits == 0 else formats.number(people, digits)
    return f"{shown} {'more' if difference > 0 else 'fewer'}"


def difference_in_words(estimate: float, lower: float, upper: float) -> tuple[str, str]:
    """Return a difference of risks and its interval as people of a thousand, in the same words everywhere.

    The lower limit comes first: `118 fewer` with `250 fewer to 14 more`. A limit that is not zero gets a
    decimal where it would be rounded to zero.
    """
    digits = 0 if all(end == 0 or PEOPLE * abs(end) >= 0.5 for end in (lower, upper)) else 1
    low, high = sorted((lower, upper))
    return more_or_fewer(estimate, digits), f"{more_or_fewer(low, digits)} to {more_or_fewer(high, digits)}"
