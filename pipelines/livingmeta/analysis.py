"""One question analysed: the main model, its neighbours, subgroups and sensitivity."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from livingmeta.diagnostics import (
    MIN_STUDIES_FOR_ASYMMETRY,
    OneTable,
    Regression,
    Slope,
    between_groups,
    one_table,
    peese,
    peters,
)
from livingmeta.diagnostics.absent import Absent
from livingmeta.diagnostics.trim_and_fill import trim_and_fill
from livingmeta.effect_sizes import EffectSizes, Measure, effect_sizes, with_field_names
from livingmeta.effect_sizes.measures import COUNTS
from livingmeta.estimators import COUNT_METHODS, Fit, FitError, pool
from livingmeta.instruments import NOT_ASSESSED, Appraisal, appraise, status
from livingmeta.questions import Question, SubgroupRule, Variant
from livingmeta.selection import all_rows, doubled, labels_of, rows_for
from livingmeta.studies import Studies
from livingmeta.vocabulary import CONCERN, RETRACTED


@dataclass(frozen=True)
class Group:
    """One subgroup: its rows within the main effects, its own estimate, and its participants."""

    label: str
    rows: tuple[int, ...]
    fit: Fit | None
    participants: int | None
    reason: str = ""


@dataclass(frozen=True)
class Subgroups:
    """A division of the main effects with the test between the groups."""

    name: str
    title: str
    groups: tuple[Group, ...]
    method: str
    between: Regression | None


@dataclass(frozen=True)
class Sensitivity:
    """One other way to analyse the question, and what differs."""

    name: str
    difference: str
    effects: EffectSizes
    fit: Fit | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything computed for one question, at full precision.

    `rows` are all rows of the question, pooled or not, and `groups` the groups that they
    have of their own; `effects` exactly those of the main fit. `fit` is None where nothing is
    pooled, and `reason` then says why. `appraisal` holds what people judged of the effects of the
    main fit, of all rows where there is none; `marked` are the reports behind the rows that were
    retracted, or of which an expression of concern speaks.
    """

    question: Question
    rows: pd.DataFrame
    effects: EffectSizes
    fit: Fit | None
    common: Fit | None
    reason: str
    subgroups: tuple[Subgroups, ...]
    sensitivity: tuple[Sensitivity, ...]
    one_table: OneTable | None
    peese: Slope | None
    peters: Slope | None
    trim_and_fill: Mapping[str, Any] | None
    absent: dict[str, str]
    appraisal: Appraisal = field(default_factory=Appraisal)
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    marked: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def n_studies(self) -> int:
        """Return the number of studies behind the main effects, each once where nothing is pooled."""
        return self.effects.k if self.question.pooled else int(self.effects.frame["study_id"].nunique())

    @property
    def participants(self) -> int | None:
        """Return the number of participants behind the main effects, None when one is unknown."""
        totals = self.effects.frame["n_total"]
        if not self.question.pooled:
            people = [self.effects.frame[name] for name in ("study_id", "cohort_id")]
            totals = totals.groupby(people, dropna=False).max()
        return int(totals.sum()) if len(totals) and np.isfinite(totals).all() else None


class DoubleCountError(ValueError):
    """A study that would enter one fit more than once."""


BETWEEN_TEST = "knha"
WITH_UNIT = ("MD",)
MARKED = (RETRACTED, CONCERN)
LOW_RISK = "Only studies at low risk of bias"


def analyse(question: Question, studies: Studies) -> Analysis:
    """Return the analysis of a question.

    One study is shown by itself; two are shown side by side and not pooled; a question that
    says `pooled: false` is shown with its reason.

    Raises
    ------
    DoubleCountError
        When a study and cohort would enter one fit twice.
    """
    rows = all_rows(studies, question)
    main_rows = rows_for(rows, question)
    effects = effects_of(question, main_rows, None)
    if question.pooled:
        _refuse_doubles(question, main_rows)
    reason = _why_not_pooled(question, effects)
    fit = None if reason else _pool(effects, question.method, question.test, question)
    common = None if fit is None or effects.k < 2 else _common(question, effects)
    appraisal = appraise(effects.frame if effects.k else rows, studies, question.id)
    return Analysis(
        question=question,
        rows=rows,
        effects=effects,
        fit=fit,
        common=common,
        reason=reason,
        subgroups=_subgroups(question, effects) if common else (),
        sensitivity=_sensitivity(question, rows, effects, appraisal) if fit else (),
        one_table=_one_table(effects) if effects.k == 1 and effects.has_counts else None,
        peese=peese(effects) if fit and effects.k >= MIN_STUDIES_FOR_ASYMMETRY else None,
        peters=_peters(effects) if fit else None,
        trim_and_fill=_trimmed_and_filled(question, effects) if fit else None,
        absent=_absent(effects, fit),
        appraisal=appraisal,
        groups=studies.groups[studies.groups["effect_id"].isin(rows["effect_id"])],
        marked=_marked(studies.reports, rows),
    )


def _marked(reports: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the reports of the rows or of their studies that were retracted or are in doubt."""
    if "retraction_status" not in reports:
        return reports.iloc[:0]
    behind = reports["report_id"].isin(rows["report_id"]) | reports["study_id"].isin(rows["study_id"])
    return reports[behind & reports["retraction_status"].isin(MARKED)]


def effects_of(question: Question, rows: pd.DataFrame, variant: Variant | None) -> EffectSizes:
    """Return the effect sizes of rows by the question's (or the variant's) measure."""
    measure = (variant and variant.measure) or question.measure
    if measure is None:
        return effect_sizes(rows.iloc[:0], "GEN", level=question.level)
    accepted = question.accept_measures if measure == question.measure else ()
    sizes = effect_sizes(
        with_field_names(rows), measure, accepted, level=question.level, step=question.step_mmol_per_l
    )
    with_unit = _with_unit(sizes.measure, sizes.frame)
    return replace(sizes, measure=with_unit, frame=_with_subgroup_columns(question, sizes.frame))


def _with_unit(measure: Measure, frame: pd.DataFrame) -> Measure:
    """Return the measure with the unit of its numbers, where they have one and the same."""
    units = set(frame["outcome_unit"].dropna()) if measure.code in WITH_UNIT else set()
    if len(units) != 1 or frame["outcome_unit"].isna().any():
        return measure
    (unit,) = units
    return replace(measure, name=f"{measure.name}, {unit}", symbol=f"{measure.label} ({unit})")


def _refuse_doubles(question: Question, rows: pd.DataFrame) -> None:
    twice = doubled(rows)
    if len(twice):
        named = ", ".join(f"{row.study} (line {row.line})" for row in twice.itertuples())
        raise DoubleCountError(f"{question.id}: counted twice in one fit: {named}")


def _with_subgroup_columns(question: Question, frame: pd.DataFrame) -> pd.DataFrame:
    columns = {
        f"group_{rule.name}": labels_of(frame, rule.column, rule.at_least, rule.labels)
        for rule in question.subgroups
    }
    return frame.assign(**columns)


def _why_not_pooled(question: Question, effects: EffectSizes) -> str:
    if not question.pooled:
        return question.reason
    if effects.k == 0:
        return "no row has a usable effect size"
    if effects.k == 2:
        return "two studies are shown side by side: a mean of two says less than the two themselves"
    return ""


def _pool(effects: EffectSizes, method: str, test: str, question: Question) -> Fit:
    return pool(effects, method, test, question.level, question.pi_df)


def _common(question: Question, effects: EffectSizes) -> Fit:
    return _pool(effects, question.common_effect.method, question.common_effect.test, question)


def _subgroups(question: Question, effects: EffectSizes) -> tuple[Subgroups, ...]:
    return tuple(_divided(question, rule, effects) for rule in question.subgroups)


def _divided(question: Question, rule: SubgroupRule, effects: EffectSizes) -> Subgroups:
    labels = effects.frame[f"group_{rule.name}"].to_numpy(object)
    order = list(reversed(rule.labels)) if rule.at_least is not None else sorted(set(labels))
    method, test = rule.method or question.method, rule.test or question.test
    groups = tuple(_group(question, effects, labels == label, label, method, test) for label in order)
    several = len(set(labels)) > 1
    between = between_groups(effects, labels, question.method, BETWEEN_TEST) if several else None
    return Subgroups(rule.name, rule.title, groups, method, between)


def _group(
    question: Question, effects: EffectSizes, keep: np.ndarray, label: str, method: str, test: str
) -> Group:
    part = effects.subset(keep)
    totals = part.frame["n_total"].to_numpy(float)
    known = len(totals) > 0 and bool(np.isfinite(totals).all())
    reason = "two studies are not pooled" if part.k == 2 else "no study" if part.k == 0 else ""
    return Group(
        label=label,
        rows=tuple(int(i) for i in np.flatnonzero(keep)),
        fit=None if reason else _pool(part, method, test, question),
        participants=int(totals.sum()) if known else None,
        reason=reason,
    )


def _sensitivity(
    question: Question, rows: pd.DataFrame, effects: EffectSizes, appraisal: Appraisal
) -> tuple[Sensitivity, ...]:
    declared = {(item.method, item.test) for item in question.sensitivity if not _other_rows(item)}
    main = {(None, question.test), (question.method, question.test)}
    standard = [v for v in _standard_variants(question) if (v.method, v.test) not in declared | main]
    standard = standard if effects.k > 1 else []
    low_risk = (_low_risk(question, effects, appraisal),) if effects.k > 1 else ()
    variants = (*standard, *question.sensitivity)
    return (*(_variant(question, rows, effects, variant) for variant in variants), *low_risk)


def _low_risk(question: Question, effects: EffectSizes, appraisal: Appraisal) -> Sensitivity:
    """Return the main model on the effects that people judged to be at low risk of bias overall."""
    kept = effects.subset(effects.frame["effect_id"].isin(appraisal.low_risk).to_numpy(bool))
    made = status(len(appraisal.assessed), effects.k)
    if made == NOT_ASSESSED:
        return Sensitivity(LOW_RISK, "leaves out all others", kept, None, NOT_ASSESSED)
    difference = f"leaves out all others; risk of bias: {made}"
    if kept.k == 0:
        return Sensitivity(LOW_RISK, difference, kept, None, "no study was judged to be at low risk")
    return _fitted(question, kept, Variant(LOW_RISK, difference))


def _other_rows(variant: Variant) -> bool:
    return any((variant.filter, variant.exclude, variant.assume_null, variant.measure))


def _standard_variants(question: Question) -> tuple[Variant, ...]:
    common = question.common_effect
    return (
        Variant("Common effect", f"{common.method} instead of {question.method}", **asdict(common)),
        Variant("Wald interval", "z instead of the adjusted interval", test="z"),
        Variant("Plain Knapp-Hartung", "may be narrower than z", test="knha"),
    )


def _other_effects(question: Question, rows: pd.DataFrame, variant: Variant) -> EffectSizes:
    chosen = rows_for(rows, question, variant)
    _refuse_doubles(question, chosen)
    return effects_of(question, chosen, variant)


def _variant(question: Question, rows: pd.DataFrame, main: EffectSizes, variant: Variant) -> Sensitivity:
    effects = main if not _other_rows(variant) else _other_effects(question, rows, variant)
    if effects.k == 0:
        return Sensitivity(variant.name, variant.difference, effects, None, "no usable row")
    return _fitted(question, effects, variant)


def _fitted(question: Question, effects: EffectSizes, variant: Variant) -> Sensitivity:
    # Two tables can be added up; two effects give no estimate of how much effects differ.
    if effects.k == 2 and variant.method not in COUNT_METHODS:
        return Sensitivity(variant.name, variant.difference, effects, None, "two studies are not pooled")
    try:
        fit = _pool(effects, variant.method or question.method, variant.test or question.test, question)
    except FitError as error:
        return Sensitivity(variant.name, variant.difference, effects, None, str(error))
    return Sensitivity(variant.name, variant.difference, effects, fit)


def _one_table(effects: EffectSizes) -> OneTable:
    row = effects.frame.iloc[0]
    events_1, n_1, events_2, n_2 = (float(row[name]) for name in COUNTS)
    return one_table(events_1, n_1, events_2, n_2, effects.level)


def _peters(effects: EffectSizes) -> Slope | None:
    enough = effects.k >= MIN_STUDIES_FOR_ASYMMETRY
    return peters(effects) if enough and effects.has_counts and effects.measure.code == "OR" else None


def _trimmed_and_filled(question: Question, effects: EffectSizes) -> Mapping[str, Any] | None:
    """Return the estimate with the studies that trim and fill adds, with a z interval."""
    if effects.k < MIN_STUDIES_FOR_ASYMMETRY:
        return None
    found = trim_and_fill(effects, question.method, "z", question.level)
    return None if isinstance(found, Absent) else found


def _absent(effects: EffectSizes, fit: Fit | None) -> dict[str, str]:
    """Return, for each display that is not shown, why."""
    absent = {}
    if effects.k == 0:
        absent["forest"] = (
            "No forest plot: the results differ in measure, contrast and outcome, and one axis would suggest "
            "that they can be compared. The table below shows each as it was reported."
        )
    if fit is None or effects.k < MIN_STUDIES_FOR_ASYMMETRY:
        absent["funnel"] = (
            f"No funnel plot and no asymmetry test: they need at least {MIN_STUDIES_FOR_ASYMMETRY} "
            f"pooled studies, and this question has {effects.k if fit else 0}."
        )
    if fit is None or effects.k < 2:
        absent["heterogeneity"] = (
            "Heterogeneity is a property of several pooled studies; there are none here."
        )
    return absent
