"""What the data suggest on the certainty of the evidence, each by a rule that is printed beside it.

A suggestion is no rating: it looks at numbers only, never lowers or raises a certainty, and gives way
to what a person has entered. Each rule is one function from an analysis to a Suggestion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.diagnostics import MIN_STUDIES_FOR_ASYMMETRY
from livingmeta.diagnostics.absent import Absent
from livingmeta.diagnostics.asymmetry import egger
from livingmeta.distributions import normal_quantile
from livingmeta.effect_sizes import EffectSizes, Measure
from livingmeta.selection import IN_WORDS, NULL, unprinted
from livingmeta.verdicts import APPRECIABLE_RATIOS, Verdict, by_size, excludes_null, sizes_disagree, verdict

NONE, SOME, SERIOUS = "no concern suggested", "some concern suggested", "serious concern suggested"
NOTHING = "no suggestion"

# Where the Cochrane Handbook lets "substantial" and "considerable" heterogeneity begin.
SUBSTANTIAL_I2, CONSIDERABLE_I2 = 50.0, 75.0
MIN_STUDIES_FOR_PREDICTION = 5
# GRADE guidelines 6: the size of one adequately powered trial; the reduction is one of those named there.
FALSE_POSITIVE, POWER, REDUCTION = 0.05, 0.80, 0.25
ASYMMETRY_P = 0.10  # a convention of this book

INCONSISTENCY_RULE = (
    f"Serious where I² is {CONSIDERABLE_I2:g}% or more and the prediction interval includes no effect, or is "
    f"not shown because there are fewer than {MIN_STUDIES_FOR_PREDICTION} studies. Some where I² is "
    f"{SUBSTANTIAL_I2:g}% or more, or where the prediction interval includes no effect although the "
    "confidence interval does not. Otherwise none. The two values of I² are where the Cochrane Handbook lets "
    "substantial and considerable heterogeneity begin; the rest is a convention of this book."
)
IMPRECISION_RULE = (
    "Serious where the confidence interval includes no effect and reaches beyond an appreciable effect on "
    "both sides. Some where it includes no effect and reaches beyond on one side, or where fewer people were "
    "studied than one trial would need. Otherwise none. Appreciable is the smallest difference that matters "
    f"of this question or, for a ratio, below {APPRECIABLE_RATIOS[0]:g} or above {APPRECIABLE_RATIOS[1]:g} "
    "(GRADE guidelines 6, a rough guide); without either, an interval that includes no effect is some "
    f"concern. Needed is what two equal arms need to show {100 * REDUCTION:g}% fewer events than in the "
    f"control groups with {100 * POWER:g}% power at a two-sided {100 * FALSE_POSITIVE:g}%; it is worked out "
    "only where every study gives counts. The levels are a convention of this book."
)
SMALL_STUDIES_RULE = (
    "Three signs: large and small studies differ beyond chance (p < 0.05); a test of asymmetry has "
    f"p < {ASYMMETRY_P:g} (from {MIN_STUDIES_FOR_ASYMMETRY} studies; Peters for odds ratios from counts, "
    "else Egger); studies are known whose result is not printed as a number. Serious where the first holds "
    "or both others do, some where one of them does. No concern only where a test was possible and nothing "
    "was found. A convention of this book; asymmetry has other causes than missing studies."
)


@dataclass(frozen=True)
class Suggestion:
    """What one rule makes of the numbers.

    Parameters
    ----------
    domain : str
        Domain of GRADE, as `instruments.csv` names it.
    level : str
        NONE, SOME, SERIOUS, or NOTHING where the rule cannot be applied.
    text : str
        What the rule saw, in words.
    rule : str
        The rule itself, in words.
    seen : mapping
        The numbers that it saw; ratios and correlations on their natural scale.
    """

    domain: str
    level: str
    text: str
    rule: str
    seen: Mapping[str, float | int | str | None] = field(default_factory=dict)


def suggestions(analysis: Analysis) -> tuple[Suggestion, ...]:
    """Return what every rule suggests on a question."""
    return tuple(rule(analysis) for rule in SUGGESTIONS.values())


def leading_effects(analysis: Analysis, said: Verdict | None = None) -> EffectSizes:
    """Return the effects behind the number that the page leads with: all, or those of one subgroup."""
    fit = (said or verdict(analysis)).fit
    for division in analysis.subgroups:
        for group in division.groups:
            if fit is not None and group.fit is fit:
                keep = np.zeros(analysis.effects.k, dtype=bool)
                keep[list(group.rows)] = True
                return analysis.effects.subset(keep)
    return analysis.effects


def inconsistency(analysis: Analysis) -> Suggestion:
    """Return what the spread between studies suggests, from the random-effects model of all of them."""
    fit, measure = analysis.fit, analysis.effects.measure
    if fit is None or fit.k < 2 or fit.i2 is None:
        return _none(
            "inconsistency", "Nothing is pooled, so there is no spread to judge.", INCONSISTENCY_RULE
        )
    lower, upper = (fit.pi_lower, fit.pi_upper) if fit.k >= MIN_STUDIES_FOR_PREDICTION else (None, None)
    includes_null = lower is not None and upper is not None and lower <= 0 <= upper
    if fit.i2 >= CONSIDERABLE_I2 and (includes_null or lower is None):
        level = SERIOUS
    elif fit.i2 >= SUBSTANTIAL_I2 or (includes_null and excludes_null(fit)):
        level = SOME
    else:
        level = NONE
    lower, upper = (None if x is None else _natural(measure, x) for x in (lower, upper))
    shown = "not shown" if lower is None else formats.interval(lower, upper)
    which = f"All {fit.k} studies: " if verdict(analysis).fit is not fit else ""
    text = (
        f"{which}I² {formats.percent(fit.i2)}, τ² {formats.number(fit.tau2, 3)}, prediction interval {shown}."
    )
    seen = {"k": fit.k, "i2": fit.i2, "tau2": fit.tau2, "pi_lower": lower, "pi_upper": upper}
    return Suggestion("inconsistency", level, text, INCONSISTENCY_RULE, seen)


def imprecision(analysis: Analysis) -> Suggestion:
    """Return what the interval of the leading estimate and the number of people suggest."""
    said = verdict(analysis)
    if said.fit is None:
        return _none("imprecision", "Nothing is pooled, so there is no interval to judge.", IMPRECISION_RULE)
    measure, effects = analysis.effects.measure, leading_effects(analysis, said)
    limits = appreciable(measure, analysis.question.minimal_important_difference)
    needed, people = information_size(effects), _people(effects)
    short = needed is not None and people is not None and people < needed
    lower, upper = (_natural(measure, x) for x in (said.fit.ci_lower, said.fit.ci_upper))
    seen = {"ci_lower": lower, "ci_upper": upper, "appreciable_below": None, "appreciable_above": None}
    if limits is not None:
        seen.update(appreciable_below=limits[0], appreciable_above=limits[1])
    seen.update(participants=people, participants_needed=needed)
    level = _imprecise(excludes_null(said.fit) != 0, lower, upper, limits, short)
    which = f"{said.fit.k} of {analysis.effects.k} studies" if said.fit.k < analysis.effects.k else ""
    about = _about(excludes_null(said.fit) == 0, lower, upper, limits)
    shown = f"{measure.label} {formats.interval(lower, upper)}{f' ({which})' if which else ''}"
    text = f"{shown} {about}. {_size(needed, people)}"
    return Suggestion("imprecision", level, text, IMPRECISION_RULE, seen)


def _imprecise(
    excludes: bool, lower: float, upper: float, limits: tuple[float, float] | None, short: bool
) -> str:
    beyond = 0 if excludes or limits is None else (lower < limits[0]) + (upper > limits[1])
    unknown = limits is None and not excludes
    return SERIOUS if beyond == 2 else SOME if beyond or short or unknown else NONE


def _about(includes: bool, lower: float, upper: float, limits: tuple[float, float] | None) -> str:
    if not includes:
        return "lies on one side of no effect"
    if limits is None:
        return "includes no effect; no appreciable effect is stated"
    sides = [f"below {formats.ratio(limits[0])}"] if lower < limits[0] else []
    sides += [f"above {formats.ratio(limits[1])}"] if upper > limits[1] else []
    reach = f"reaches {formats.listing(sides)}" if sides else "no appreciable effect on either side"
    return f"includes no effect and {reach}"


def _size(needed: float | None, people: float | None) -> str:
    if needed is None or people is None:
        return "The number of people needed cannot be worked out from what is reported."
    return f"{formats.count(people)} people, {formats.count(needed)} needed."


def appreciable(measure: Measure, important: float | None) -> tuple[float, float] | None:
    """Return where an effect begins to matter on both sides of none, on the natural scale.

    Parameters
    ----------
    measure : Measure
        Its null lies between the two.
    important : float or None
        Smallest difference that matters, as the question states it; a ratio counts in both directions.
    """
    if important is None or important == measure.null:
        return APPRECIABLE_RATIOS if measure.is_ratio else None
    if measure.is_ratio:
        return min(important, 1 / important), max(important, 1 / important)
    return -abs(important), abs(important)


def information_size(effects: EffectSizes) -> float | None:
    """Return how many people two equal arms need in all; None where counts or a usable risk are missing.

    The formula is that for two proportions, (z_a + z_b)^2 (p (1 - p) + q (1 - q)) / (p - q)^2 in each arm.
    """
    if not effects.has_counts:
        return None
    frame = effects.frame
    p = float(frame["events_control"].sum() / frame["n_control"].sum())
    q = (1 - REDUCTION) * p
    if not 0 < p < 1:
        return None
    z = float(normal_quantile(1 - FALSE_POSITIVE / 2) + normal_quantile(POWER))
    return float(2 * np.ceil(z**2 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2))


def _people(effects: EffectSizes) -> float | None:
    total = effects.frame["n_total"].to_numpy(float)
    return float(total.sum()) if len(total) and np.isfinite(total).all() else None


def small_studies(analysis: Analysis) -> Suggestion:
    """Return what small studies, asymmetry and results known without a number suggest."""
    differ = sizes_disagree(by_size(analysis))
    test, p = asymmetry(analysis)
    lost = unprinted(analysis.rows)
    missing = int(lost.loc[lost["result_status"].isin((NULL, *IN_WORDS)), "study_id"].nunique())
    asymmetric = p is not None and p < ASYMMETRY_P
    signs = asymmetric + (missing > 0)
    level = SERIOUS if differ or signs == 2 else SOME if signs else NONE if p is not None else NOTHING
    seen = {"asymmetry_test": test or None, "asymmetry_p": p, "sizes_differ": str(differ).lower()}
    seen["studies_without_number"] = missing
    text = " ".join(filter(None, (_sizes(analysis, differ), _asymmetry(test, p), _missing(missing))))
    return Suggestion("publication_bias", level, text, SMALL_STUDIES_RULE, seen)


def asymmetry(analysis: Analysis) -> tuple[str, float | None]:
    """Return the name and the p-value of the test of asymmetry; none with fewer than ten studies."""
    if analysis.fit is None or analysis.effects.k < MIN_STUDIES_FOR_ASYMMETRY:
        return "", None
    if analysis.peters is not None:
        return "Peters", analysis.peters.p_value
    found = egger(analysis.effects)
    return ("", None) if isinstance(found, Absent) else ("Egger", float(found["p_value"]))


def _sizes(analysis: Analysis, differ: bool) -> str:
    if by_size(analysis) is None:
        return ""
    return f"Large and small studies {'differ' if differ else 'do not differ'} beyond chance."


def _asymmetry(test: str, p: float | None) -> str:
    if p is None:
        return f"No test of asymmetry: it needs {MIN_STUDIES_FOR_ASYMMETRY} pooled studies of varied size."
    return f"{test}: {formats.p_value(p)}."


def _missing(n: int) -> str:
    if not n:
        return "No study is known whose result is not printed as a number."
    have = "study has a result" if n == 1 else "studies have results"
    return f"{formats.words(n).capitalize()} {have} without a number."


def _none(domain: str, text: str, rule: str) -> Suggestion:
    return Suggestion(domain, NOTHING, text, rule)


def _natural(measure: Measure, value: float | None) -> float:
    return float(measure.to_display(value))


Rule = Callable[[Analysis], Suggestion]
SUGGESTIONS: dict[str, Rule] = {
    "inconsistency": inconsistency,
    "imprecision": imprecision,
    "publication_bias": small_studies,
}
