"""How sure one can be of a question's answer: the finding, its absolute effect, and who judged what.

Nobody's judgement is made up here: a domain holds what a person has entered, else "not assessed" with
what a printed rule suggests from the data.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from livingmeta.absolute import FORMULA_TEXTS, FORMULAS, Baseline, risk_with
from livingmeta.analysis import Analysis
from livingmeta.diagnostics import OneTable
from livingmeta.effect_sizes import EffectSizes
from livingmeta.instruments import (
    BODY,
    INTERVENTION,
    NOT_ASSESSED,
    OVERALL,
    RANDOMISED,
    TOOL_RULE,
    Appraised,
    Judgement,
    kind_of,
    status,
)
from livingmeta.questions import BaselineRisk
from livingmeta.suggestions import Suggestion, leading_effects, suggestions
from livingmeta.verdicts import Verdict, verdict

OBSERVATIONAL = ("association", "correlation")
ASSOCIATION = "this is an association: it gives no number of people whom a treatment would spare or harm"


@dataclass(frozen=True)
class AbsoluteEffect:
    """Risks without and with the treatment and their difference, all as proportions.

    Where there is none, `reason` says why and the rest is None.
    """

    baseline_risk: float | None = None
    baseline_events: float | None = None
    baseline_n: float | None = None
    baseline_source: str | None = None
    risk: float | None = None
    difference: float | None = None
    difference_ci_lower: float | None = None
    difference_ci_upper: float | None = None
    formula: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class DomainView:
    """One domain of the certainty: what a person judged, or else what a rule suggests."""

    name: str
    title: str
    judgement: Judgement
    suggestion: Suggestion | None


@dataclass(frozen=True)
class Finding:
    """One row of a summary of findings: the leading number with all that stands behind it."""

    said: Verdict
    effects: EffectSizes
    results: int
    studies: int
    participants: int | None
    kinds: tuple[str, ...]
    absolute: AbsoluteEffect
    certainty: Judgement
    domains: tuple[DomainView, ...]


def finding(analysis: Analysis) -> Finding:
    """Return the finding of a question, by the number that its page leads with."""
    said = verdict(analysis)
    effects = leading_effects(analysis, said)
    total = effects.frame["n_total"].sum(skipna=False) if effects.k else None
    people = None if total is None or total != total else int(total)
    side_by_side = said.fit is None
    return Finding(
        said=said,
        effects=effects,
        results=effects.k,
        studies=(analysis.n_studies if side_by_side else effects.k)
        or int(analysis.rows["study_id"].nunique()),
        participants=analysis.participants if side_by_side else people,
        kinds=_kinds(effects.frame if effects.k else analysis.rows),
        absolute=absolute(analysis),
        certainty=analysis.appraisal.rating(OVERALL),
        domains=domains(analysis),
    )


def _kinds(frame: Any) -> tuple[str, ...]:
    return tuple(sorted({kind_of(row) for row in frame.to_dict("records")} - {""}))


def domains(analysis: Analysis) -> tuple[DomainView, ...]:
    """Return the domains of the certainty; a person's entry takes the place of a suggestion."""
    appraisal = analysis.appraisal
    body = next((one for one in appraisal.instruments if one.applies_to == BODY), None)
    suggested = {one.domain: one for one in suggestions(analysis)}
    views = []
    for one in body.domains if body else ():
        made = appraisal.rating(one.name)
        views.append(DomainView(one.name, one.title, made, None if made.is_made else suggested.get(one.name)))
    return tuple(view for view in views if view.name != OVERALL)


def absolute(analysis: Analysis) -> AbsoluteEffect:
    """Return the absolute effect at the question's baseline risk, or why there is none.

    One trial with counts is shown by its own risk difference. Elsewhere the baseline is the one that
    the question states or, where every pooled result is a randomised comparison with counts, the risk
    in their control groups.
    """
    if analysis.question.verdict in OBSERVATIONAL:
        return AbsoluteEffect(reason=ASSOCIATION)
    said = verdict(analysis)
    if said.fit is None:
        return AbsoluteEffect(reason="nothing is pooled")
    table, stated = analysis.one_table, analysis.question.baseline_risk
    if table is not None and (table.has_zero or stated is None):
        return _of_one_table(analysis, table)
    code = analysis.effects.measure.code
    if code not in FORMULAS:
        return AbsoluteEffect(reason=f"no risk follows from the measure ({analysis.effects.measure.name})")
    effects = leading_effects(analysis, said)
    baseline = _stated(stated) if stated is not None else _control_groups(effects)
    if baseline is None:
        return AbsoluteEffect(
            reason="no baseline risk is stated, and not every result is a randomised comparison with counts"
        )
    if not 0 < baseline.risk < 1:
        return AbsoluteEffect(reason="a risk of 0 or 1 without the treatment is no basis for one with it")
    ends = (said.fit.estimate, said.fit.ci_lower, said.fit.ci_upper)
    risk, lower, upper = (risk_with(code, float(effects.measure.to_display(x)), baseline.risk) for x in ends)
    p = baseline.risk
    return _effect(baseline, risk, (risk - p, lower - p, upper - p), FORMULA_TEXTS[code])


def _stated(stated: float | BaselineRisk) -> Baseline:
    if isinstance(stated, BaselineRisk):
        return Baseline(stated.events / stated.n, stated.source, stated.events, stated.n)
    return Baseline(float(stated), "stated by the question, without a source")


def _control_groups(effects: EffectSizes) -> Baseline | None:
    if not effects.has_counts or _kinds(effects.frame) != (RANDOMISED,):
        return None
    events, n = (float(effects.frame[name].sum()) for name in ("events_control", "n_control"))
    return Baseline(events / n, "control groups of these trials", events, n)


def _of_one_table(analysis: Analysis, table: OneTable) -> AbsoluteEffect:
    row = analysis.effects.frame.iloc[0]
    kind = kind_of(row.to_dict())
    who = {RANDOMISED: "control group of this trial", INTERVENTION: "comparison group of this study"}
    if kind not in who:
        return AbsoluteEffect(reason=ASSOCIATION)
    events, n = float(row["events_control"]), float(row["n_control"])
    ends = (table.difference, table.difference_ci_lower, table.difference_ci_upper)
    how = f"difference of the two risks, {table.difference_method} interval"
    return _effect(Baseline(table.risk_control, who[kind], events, n), table.risk_treatment, ends, how)


def _effect(
    baseline: Baseline, risk: float, difference: tuple[float, float, float], formula: str
) -> AbsoluteEffect:
    """Return the effect; `difference` is the estimate with its limits, in any order."""
    estimate, *limits = difference
    return AbsoluteEffect(
        baseline_risk=baseline.risk,
        baseline_events=baseline.events,
        baseline_n=baseline.n,
        baseline_source=baseline.source,
        risk=risk,
        difference=estimate,
        difference_ci_lower=min(limits),
        difference_ci_upper=max(limits),
        formula=formula,
    )


def risk_of_bias_status(analysis: Analysis) -> str:
    """Return how far the risk of bias of the question's results has been assessed, in words."""
    appraisal = analysis.appraisal
    return status(len(appraisal.assessed), len(appraisal.effects))


def judgement_records(analysis: Analysis) -> dict[str, Any]:
    """Return the parts of a question's record that say how sure one can be."""
    appraisal = analysis.appraisal
    views = domains(analysis)
    rated = [view for view in views if view.judgement.is_made]
    overall = appraisal.rating(OVERALL)
    return {
        "risk_of_bias": {
            "status": risk_of_bias_status(analysis),
            "assessed": len(appraisal.assessed),
            "of": len(appraisal.effects),
            "rule": TOOL_RULE,
            "effects": [_appraised_record(one) for one in appraisal.effects],
        },
        "certainty": {
            "status": "assessed" if overall.is_made else "assessed in part" if rated else NOT_ASSESSED,
            "overall": overall.judgement,
            "domains": [{**asdict(view.judgement), "title": view.title} for view in views],
        },
        "suggestions": [_suggestion_record(one, analysis) for one in suggestions(analysis)],
        "absolute": asdict(absolute(analysis)),
    }


def _appraised_record(one: Appraised) -> dict[str, Any]:
    made: Mapping[str, str] = {item.domain: item.judgement for item in one.judgements if item.is_made}
    return {
        "effect_id": one.effect_id,
        "study": one.study,
        "tool": one.tool,
        "overall": one.overall,
        "domains": dict(made),
    }


def _suggestion_record(one: Suggestion, analysis: Analysis) -> dict[str, Any]:
    judged = analysis.appraisal.rating(one.domain).is_made
    return {**asdict(one), "seen": dict(one.seen), "overruled": judged}
