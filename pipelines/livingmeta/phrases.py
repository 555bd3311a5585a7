"""Counts, estimates and results shown side by side, in the words of a sentence."""

import pandas as pd

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.effect_sizes import Measure
from livingmeta.estimators import Fit
from livingmeta.questions import Question

# A result without a usable number; one that is absent was not reported at all.
UNUSABLE = ("partial", "p_only", "direction_only", "null_no_number")


def shown(fit: Fit, measure: Measure) -> str:
    """Return an estimate with its interval in words: `OR 1.02, 95% CI 0.96 to 1.07`."""
    value, lower, upper = (float(measure.to_display(x)) for x in (fit.estimate, fit.ci_lower, fit.ci_upper))
    return f"{measure.label} {spelled(value, lower, upper, fit.level)}"


def spelled(estimate: float, lower: float, upper: float, level: float) -> str:
    """Return an estimate with its interval, all with the same decimals: `1.02, 95% CI 0.96 to 1.07`."""
    show = formats.alike(estimate, lower, upper)
    return f"{show(estimate)}, {level:g}% CI {show(lower)} to {show(upper)}"


def several(k: int, noun: str = "trial") -> str:
    """Return a number of things: `one trial`, `three studies`."""
    return f"{formats.words(k)} {noun if k == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Return the plural of a noun: `trials`, `studies`."""
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def of_known(k: int, question: Question, noun: str = "trial") -> str:
    """Return a number of studies, of at least how many that are known: `three of at least twelve trials`."""
    known = question.known_studies
    if known is None or known.n <= k:
        return several(k, noun)
    if k == 1:
        return f"one {noun} of at least {formats.words(known.n)}"
    return f"{formats.words(k)} of at least {several(known.n, noun)}"


def span(analysis: Analysis) -> str:
    """Return from where to where results shown side by side reach, and how many have no usable number."""
    effects = analysis.effects
    if effects.k == 0:
        return ""
    found = effects.measure.to_display(effects.yi)
    low, high = float(found.min()), float(found.max())
    results = several(effects.k, "usable result").capitalize()
    if effects.k == 1:
        reach = f": {_alone(analysis)}"
    else:
        show = formats.alike(low, high)
        one = show(low) == show(high)
        reach = f"{':' if one else ','} {effects.measure.label} " + (
            show(low) if one else f"from {show(low)} to {show(high)}"
        )
    return f"{results}{reach}{_unusable(analysis)}."


def _alone(analysis: Analysis) -> str:
    """Return the one usable result with its interval, and what a higher value means."""
    effects, (row,) = analysis.effects, analysis.effects.frame.to_dict("records")
    value, lower, upper = (float(effects.measure.to_display(row[x])) for x in ("yi", "ci_lower", "ci_upper"))
    above = analysis.question.direction.get("above")
    meaning = f" (above {effects.measure.null:g}: {above})" if above else ""
    return f"{effects.measure.label} {spelled(value, lower, upper, effects.level)}{meaning}"


def _unusable(analysis: Analysis) -> str:
    """Return how many other studies report the same outcome without a usable number, in words."""
    rows = unusable(analysis)
    n = int(rows["study_id"].nunique())
    if n == 0:
        return ""
    null = int(rows.loc[rows["direction_reported"].eq("none"), "study_id"].nunique())
    of_them = f"{formats.words(null)} of them null" if null < n else "null" if n == 1 else "all null"
    none = f", {of_them}" if null else ""
    return f"; {formats.words(n)} more {'study' if n == 1 else 'studies'} without a usable number{none}"


def unusable(analysis: Analysis) -> pd.DataFrame:
    """Return the rows of the same outcomes, of studies not yet shown, without a usable number."""
    rows, used = analysis.rows, analysis.effects.frame
    same = rows["outcome_id"].isin(used["outcome_id"]) & ~rows["study_id"].isin(used["study_id"])
    left_out = rows["line"].isin([item.line for item in analysis.effects.excluded])
    return rows[same & (rows["result_status"].isin(UNUSABLE) | left_out)]


def nothing_usable(studies: int) -> str:
    """Return the answer of a question without any result on a common scale."""
    if studies == 1:
        return "One study, without a usable number."
    return "Studies report different things; nothing to pool yet."
