"""The sentence on top of a page: composed from the numbers by rules, never typed.

Where the common-effect and the random-effects results conflict and small studies differ
from large ones, the sentence says so and the random-effects mean is not read as the effect.
Observational results are associations; a correlation favours nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from livingmeta import formats
from livingmeta.absolute import PEOPLE, difference_in_words
from livingmeta.analysis import Analysis, Group, Subgroups
from livingmeta.diagnostics import OneTable
from livingmeta.effect_sizes import Measure
from livingmeta.estimators import Fit
from livingmeta.phrases import nothing_usable, of_known, several, shown, span

LEVEL_OF_CONFLICT = 0.05
# GRADE guidelines 6 (Guyatt et al. 2011): a rough guide to an appreciable benefit or harm.
APPRECIABLE_RATIOS = (0.75, 1.25)
CHANCE = {"OR": "odds", "PETO": "odds", "RR": "risk", "HR": "hazard", "SHR": "hazard", "IRR": "rate"}


@dataclass(frozen=True)
class Verdict:
    """What the evidence says today.

    Parameters
    ----------
    status : {"pooled", "conflict", "one", "shown"}
        What kind of answer it is.
    headline, sentence, note : str
        A short claim, the sentence that carries its numbers, and what to bear in mind.
    answer : str
        The claim in a few words, for a list of questions.
    fit : Fit or None
        The fit whose numbers the sentence leads with.
    difference : OneTable or None
        The table whose risk difference leads instead, where a zero cell makes a ratio unstable.
    """

    status: str
    headline: str
    sentence: str
    note: str
    answer: str
    fit: Fit | None
    difference: OneTable | None = None


def excludes_null(fit: Fit) -> int:
    """Return -1 or 1 for an interval wholly below or above no effect, else 0."""
    return (fit.ci_lower > 0) - (fit.ci_upper < 0)


def by_size(analysis: Analysis) -> Subgroups | None:
    """Return the division of the trials by size, when the question declares one."""
    thresholds = {rule.name for rule in analysis.question.subgroups if rule.at_least is not None}
    return next((item for item in analysis.subgroups if item.name in thresholds), None)


def models_disagree(fit: Fit, common: Fit) -> bool:
    """Return whether the common-effect and the random-effects interval lead to different answers."""
    return excludes_null(fit) != excludes_null(common)


def sizes_disagree(split: Subgroups | None) -> bool:
    """Return whether small and large studies differ beyond chance."""
    return bool(split and split.between and split.between.p_value < LEVEL_OF_CONFLICT)


def verdict(analysis: Analysis) -> Verdict:
    """Return the verdict on a question, from its analysis alone."""
    if analysis.fit is None:
        return _not_pooled(analysis)
    if analysis.fit.k == 1:
        return _single(analysis)
    return RULES[analysis.question.verdict](analysis)


def _chance(analysis: Analysis) -> str:
    code = analysis.effects.measure.code
    return f"{CHANCE.get(code, analysis.effects.measure.name)} of {analysis.question.outcome_event}"


def _treatment(analysis: Analysis) -> str:
    return analysis.question.arms.get("treatment", "the intervention").lower()


def _control(analysis: Analysis) -> str:
    return analysis.question.arms.get("control", "control").lower()


def _difference(fit: Fit, analysis: Analysis) -> str:
    """Return what an interval says of a treatment: lower, higher, or no difference shown."""
    chance, treatment = _chance(analysis), _treatment(analysis)
    side = excludes_null(fit)
    if side:
        verb = "were" if chance.startswith("odds") else "was"
        return f"the {chance} {verb} {'lower' if side < 0 else 'higher'} with {treatment}"
    return f"no difference in the {chance} between {treatment} and {_control(analysis)} was shown"


def _conflict_aware(analysis: Analysis) -> Verdict:
    fit, common = analysis.fit, analysis.common
    assert fit is not None and common is not None
    split = by_size(analysis)
    large = _large(split).fit if split else None
    disagree = models_disagree(fit, common) or (large is not None and models_disagree(fit, large))
    if split and large and disagree and sizes_disagree(split):
        return _size_conflict(analysis, split, fit)
    if models_disagree(fit, common):
        return _model_conflict(analysis, fit, common)
    return _effect(analysis, fit, sizes_disagree(split))


def _large(split: Subgroups) -> Group:
    return split.groups[0]


def _size_conflict(analysis: Analysis, split: Subgroups, fit: Fit) -> Verdict:
    large, small = _large(split), split.groups[-1]
    assert large.fit is not None
    measure = analysis.effects.measure
    side = excludes_null(large.fit)
    finding = {0: "no difference", -1: "a lower risk", 1: "a higher risk"}[side]
    sentence = (
        f"In the {several(large.fit.k)} with {large.label[0].lower()}{large.label[1:]}, taken together, "
        f"{_difference(large.fit, analysis)} ({shown(large.fit, measure)}){_spread_within(large.fit)}. "
        f"{_small_says(analysis, small, side)}"
    )
    return Verdict(
        status="conflict",
        headline=f"Large trials show {finding}; small trials disagree.",
        sentence=sentence,
        note=_weight_note(analysis, small, fit),
        answer=f"Large trials: {finding}. Small trials disagree.",
        fit=large.fit,
    )


def _spread_within(fit: Fit) -> str:
    """Return that the large trials differ among themselves, when they do beyond chance."""
    if fit.q_p is None or fit.q_p >= LEVEL_OF_CONFLICT:
        return ""
    return f", although they differ among themselves (Q test {formats.p_value(fit.q_p)})"


def _small_says(analysis: Analysis, small: Group, large_side: int) -> str:
    if small.fit is None:
        return "The smaller trials cannot be summarised by themselves."
    side = excludes_null(small.fit)
    with_treatment = f"{_chance(analysis)} with {_treatment(analysis)}"
    claim = {
        0: "show no difference",
        -1: f"suggest lower {with_treatment}",
        1: f"suggest higher {with_treatment}",
    }[side]
    confirmed = ", which the large ones did not confirm" if side and side != large_side else ""
    number = formats.words(small.fit.k)
    return f"{number[0].upper()}{number[1:]} smaller trials {claim}{confirmed}."


def _weight_note(analysis: Analysis, small: Group, fit: Fit) -> str:
    measure = analysis.effects.measure
    weight = fit.weights[list(small.rows)].sum()
    total = analysis.participants
    share = (
        f"{formats.percent(100 * small.participants / total)} of the participants "
        if total and small.participants
        else "the small trials "
    )
    return (
        f"The random-effects mean ({measure.label} {formats.ratio(float(measure.to_display(fit.estimate)))}) "
        f"gives {share}{formats.percent(weight)} of the weight. It is shown below and is not an estimate "
        "of what the treatment does."
    )


def _model_conflict(analysis: Analysis, fit: Fit, common: Fit) -> Verdict:
    measure = analysis.effects.measure
    sentence = (
        f"Under a common effect {_difference(common, analysis)} ({shown(common, measure)}); under random "
        f"effects {_difference(fit, analysis)} ({shown(fit, measure)})."
    )
    return Verdict(
        status="conflict",
        headline="The answer depends on the model.",
        sentence=sentence,
        note="Neither mean is read as the effect of the treatment while the two disagree.",
        answer="The answer depends on the model.",
        fit=common,
    )


def _effect(analysis: Analysis, fit: Fit, size_matters: bool) -> Verdict:
    measure = analysis.effects.measure
    size = " Small and large trials differ, which the mean hides." if size_matters else ""
    short = undecided(analysis, fit)
    claim = _untold(analysis) if short else _difference(fit, analysis)
    short = (
        short
        or {0: "No difference shown", -1: "Lower with treatment", 1: "Higher with treatment"}[
            excludes_null(fit)
        ]
    )
    return Verdict(
        status="pooled",
        headline=f"{short}.",
        sentence=f"In {of_known(fit.k, analysis.question)}, {claim} ({shown(fit, measure)}).{size}",
        note=_prediction_note(fit, measure),
        answer=f"{short}.",
        fit=fit,
    )


def undecided(analysis: Analysis, fit: Fit) -> str:
    """Return why an interval with no effect in it tells nothing, in a few words; nothing where it does.

    It is too imprecise where the interval of the random-effects model reaches an appreciable benefit and an
    appreciable harm; else there may be too few of the studies that are known to exist.
    """
    if excludes_null(fit):
        return ""
    lower, upper = (float(analysis.effects.measure.to_display(x)) for x in (fit.ci_lower, fit.ci_upper))
    wide = lower <= APPRECIABLE_RATIOS[0] and upper >= APPRECIABLE_RATIOS[1]
    if analysis.effects.measure.is_ratio and wide:
        return "Too imprecise to tell"
    known = analysis.question.known_studies
    return "Too few of the known trials to tell" if known and fit.k < known.n / 2 else ""


def _untold(analysis: Analysis) -> str:
    return (
        f"the {_chance(analysis)} may be lower or higher with {_treatment(analysis)} "
        f"than with {_control(analysis)}"
    )


def _prediction_note(fit: Fit, measure: Measure, what: str = "effect") -> str:
    if fit.pi_lower is None or fit.pi_upper is None or fit.k < 5:
        return ""
    lower, upper = (formats.ratio(float(measure.to_display(x))) for x in (fit.pi_lower, fit.pi_upper))
    both = fit.pi_lower < 0 < fit.pi_upper
    tail = ", so it could point either way" if both else ""
    return f"The {what} in a new study like these is expected between {lower} and {upper}{tail}."


def _association(analysis: Analysis) -> Verdict:
    fit = analysis.fit
    assert fit is not None
    measure = analysis.effects.measure
    exposure = analysis.question.intervention
    side = excludes_null(fit)
    claim = {
        1: "Higher risk at low magnesium",
        -1: "Lower risk at low magnesium",
        0: "No clear association with low magnesium",
    }[side]
    linked = {
        1: "was associated with a higher risk of",
        -1: "was associated with a lower risk of",
        0: "was not clearly associated with the risk of",
    }[side]
    cohorts = of_known(fit.k, analysis.question, "cohort")
    sentence = (
        f"In {cohorts}{_patients(analysis)}, {_exposure(exposure)} {linked} "
        f"{analysis.question.outcome_event} ({shown(fit, measure)}). "
        "This is an association, not an effect of treatment."
    )
    note = _prediction_note(fit, measure, "association")
    claim = f"{claim}{_lost_after_albumin(analysis) if side else ''}."
    return Verdict("pooled", claim, sentence, note, claim, fit)


def _lost_after_albumin(analysis: Analysis) -> str:
    """Return in how many cohorts of the mean the association was reported lost after albumin."""
    frame = analysis.effects.frame
    lost = int(frame["null_after_albumin"].eq("yes").sum()) if "null_after_albumin" in frame else 0
    of = several(len(frame), "cohort")
    return f"; lost after albumin or laboratory values in {formats.words(lost)} of {of}" if lost else ""


def _patients(analysis: Analysis) -> str:
    people = analysis.participants
    return f" with {formats.count(people)} patients" if people else ""


def _exposure(text: str) -> str:
    return text[0].lower() + text[1:].rstrip(".")


def _correlation(analysis: Analysis) -> Verdict:
    fit = analysis.fit
    assert fit is not None
    measure = analysis.effects.measure
    claim = {-1: "Inverse correlation", 1: "Positive correlation", 0: "No clear correlation"}[
        excludes_null(fit)
    ]
    verb = {-1: "were inversely", 1: "were positively", 0: "were not clearly"}[excludes_null(fit)]
    studies = of_known(fit.k, analysis.question, "study")
    sentence = (
        f"In {studies}{_patients(analysis)}, {_exposure(analysis.question.intervention)} and "
        f"{analysis.question.outcome_noun} {verb} correlated ({shown(fit, measure)}). "
        "A correlation says nothing of cause."
    )
    note = _prediction_note(fit, measure, "correlation")
    return Verdict("pooled", f"{claim}.", sentence, note, f"{claim}.", fit)


def _single(analysis: Analysis) -> Verdict:
    fit = analysis.fit
    assert fit is not None
    measure, table = analysis.effects.measure, analysis.one_table
    if table is None:
        sentence = f"One study reports {shown(fit, measure)}. Nothing was pooled."
        return Verdict("one", "One study.", sentence, "", "One study.", fit)
    row = analysis.effects.frame.iloc[0]
    claim = _single_claim(analysis, fit)
    sentence = (
        f"{_lone(analysis)} counted {analysis.question.outcome_noun}: {_fraction(row, 'treatment')} with "
        f"{_treatment(analysis)}, {_fraction(row, 'control')} with {_control(analysis)}; "
        f"{_per_thousand(table)} "
        f"(exact {formats.p_value(table.p_exact)}; {shown(fit, measure)})."
    )
    lead = table if table.has_zero else None
    return Verdict("one", claim, sentence, _single_note(table.has_zero, measure), claim, fit, lead)


def _lone(analysis: Analysis) -> str:
    known = analysis.question.known_studies
    rest = ", the others not curated," if known and known.n > 1 else ""
    return f"{of_known(1, analysis.question).capitalize()}{rest}"


def _fraction(row: pd.Series, arm: str) -> str:
    return f"{formats.count(row[f'events_{arm}'])} of {formats.count(row[f'n_{arm}'])}"


def _single_claim(analysis: Analysis, fit: Fit) -> str:
    table = analysis.one_table
    assert table is not None
    clear = table.p_exact < 0.05
    side = "More" if table.difference > 0 else "Fewer"
    noun = analysis.question.outcome_noun
    return (
        f"{side} {noun} with {_treatment(analysis)} in {of_known(1, analysis.question)}."
        if clear
        else f"{of_known(1, analysis.question).capitalize()}, too small to tell."
    )


def _single_note(has_zero: bool, measure: Measure) -> str:
    zero = (
        f" An arm had no event: the {measure.name} needs a correction and is unstable, so the difference "
        "in risk and the exact p-value lead."
        if has_zero
        else ""
    )
    return f"One trial is shown by itself; nothing was pooled.{zero}"


def _per_thousand(table: OneTable) -> str:
    limits = (table.difference_ci_lower, table.difference_ci_upper)
    difference, interval = difference_in_words(table.difference, *limits)
    return f"{difference} per {PEOPLE:,} (95% CI {interval}, {table.difference_method})"


def _not_pooled(analysis: Analysis) -> Verdict:
    studies = analysis.rows["study_id"].nunique()
    verb = "is" if studies == 1 else "are"
    reason = f"{analysis.reason[0].upper()}{analysis.reason[1:].rstrip('.')}"
    sentence = f"{several(studies, 'study').capitalize()} {verb} shown below; no mean is given. {reason}."
    reach = span(analysis)
    return Verdict(
        status="shown",
        headline="Shown, not pooled.",
        sentence=f"{sentence} {reach}".strip(),
        note="",
        answer=reach or nothing_usable(studies),
        fit=None,
    )


RULES: dict[str, Callable[[Analysis], Verdict]] = {
    "conflict_aware": _conflict_aware,
    "association": _association,
    "correlation": _correlation,
    "single_trial": _conflict_aware,
    "not_pooled": _not_pooled,
}
