"""How sure one can be, in words and tables: summary of findings, suggestions and rules, risk of bias."""

from livingmeta import formats
from livingmeta.absolute import PEOPLE, difference_in_words
from livingmeta.analysis import Analysis
from livingmeta.instruments import (
    EXPOSURE,
    INTERVENTION,
    NOT_ASSESSED,
    RANDOMISED,
    TOOL_RULE,
    Appraised,
    Judgement,
    status,
)
from livingmeta.judgements import AbsoluteEffect, DomainView, Finding, finding
from livingmeta.paths import Project
from livingmeta.suggestions import NONE, NOTHING, SERIOUS, SOME, Suggestion
from livingmeta.tables.html import Column, Markup, table, text
from livingmeta.tables.question import estimate_text, figure, relation

METHODS = "../../methods.html#how-sure-one-can-be"
RULES = "../../methods.html#the-rules-in-full"
SHORT_RULES = {
    "inconsistency": "I² from 50% or 75%, with the prediction interval against no effect.",
    "imprecision": "the interval against no effect and an appreciable effect; people studied against needed.",
    "publication_bias": "large against small studies, a test of asymmetry, results without a number.",
}
KINDS = {
    RANDOMISED: "randomised comparisons",
    INTERVENTION: "comparisons without randomisation",
    EXPOSURE: "observational",
}
PILLS = {NONE: "lm-pill-pooled", SOME: "lm-pill-some", SERIOUS: "lm-pill-conflict", NOTHING: "lm-pill-one"}
RELATIVE = {
    "correlation": "Pooled correlation (CI)",
    "association": "Relative association (CI)",
    "effect": "Relative effect (CI)",
}
DOMAIN_COLUMNS = (Column("Domain"), Column("Judged by people"), Column("Suggested from the data"))
TOOL_COLUMNS = (
    Column("Instrument"),
    Column("Results", numeric=True),
    Column("Risk of bias"),
)


def judgements_section(analysis: Analysis, project: Project) -> Markup:
    """Return the section on how sure one can be of the answer."""
    found = finding(analysis)
    parts = (summary_of_findings(analysis, found), certainty(found), risk_of_bias(analysis, project))
    return Markup("".join(parts))


def finding_columns(analysis: Analysis) -> tuple[Column, ...]:
    """Return the columns of the summary of findings; an association is not called an effect."""
    return (
        Column("Outcome"),
        Column("Studies and people"),
        Column(RELATIVE[relation(analysis)]),
        Column(f"Without, per {PEOPLE:,}"),
        Column(f"Difference, per {PEOPLE:,} (CI)"),
        Column("Certainty (GRADE)"),
    )


def summary_of_findings(analysis: Analysis, found: Finding) -> Markup:
    """Return the summary of findings: the leading number per outcome, with its footnotes."""
    notes = _notes(found)
    letters = ", ".join(_letter(i) for i in range(len(notes)))
    marks = f" <sup>{letters}</sup>" if letters else ""
    row = (
        analysis.question.outcome,
        _size(found),
        _relative(analysis, found),
        _without(found.absolute),
        _difference(found.absolute),
        Markup(f"{text(found.certainty.judgement)}{marks}"),
    )
    listed = "".join(f"<li>{text(note)}</li>" for note in notes)
    below = f'<ol class="lm-notes" type="a">{listed}</ol>' if notes else ""
    made = table(finding_columns(analysis), [row])
    return Markup(f'<h3 id="summary-of-findings">Summary of findings</h3>{made}{below}')


def _letter(i: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[i]


def _size(found: Finding) -> str:
    studies = f"{formats.count(found.studies)} {'study' if found.studies == 1 else 'studies'}"
    people = (
        "people not added up" if found.participants is None else f"{formats.count(found.participants)} people"
    )
    results = f"{formats.count(found.results)} results" if found.results > found.studies else ""
    kinds = formats.listing([KINDS[kind] for kind in found.kinds])
    return "; ".join(filter(None, (studies, results, people, kinds)))


def _relative(analysis: Analysis, found: Finding) -> str:
    if found.said.fit is None:
        return "not pooled: see the studies as reported"
    measure = analysis.effects.measure
    of = found.said.fit.k
    which = f"; {of} of {analysis.effects.k} studies" if of < analysis.effects.k else ""
    return f"{measure.label} {estimate_text(found.said.fit, measure)}{which}"


def _without(effect: AbsoluteEffect) -> str:
    if effect.baseline_risk is None:
        return formats.MISSING
    shown = formats.count(PEOPLE * effect.baseline_risk)
    if effect.baseline_events is None or effect.baseline_n is None:
        return f"{shown}: {effect.baseline_source}"
    counted = f"{formats.count(effect.baseline_events)} of {formats.count(effect.baseline_n)}"
    return f"{shown}: {effect.baseline_source}, {counted}"


def _difference(effect: AbsoluteEffect) -> str:
    if effect.difference is None:
        return f"none: {effect.reason}"
    assert effect.difference_ci_lower is not None and effect.difference_ci_upper is not None
    limits = (effect.difference_ci_lower, effect.difference_ci_upper)
    difference, interval = difference_in_words(effect.difference, *limits)
    return f"{difference} ({interval})"


def _notes(found: Finding) -> list[str]:
    """Return the footnotes of the certainty: who judged what, what rules suggest, how risks were made."""
    made = found.certainty
    notes = [_who(made)] if made.is_made else []
    for view in found.domains:
        if view.judgement.is_made:
            notes.append(f"{view.title}: {view.judgement.judgement}. {_who(view.judgement)}")
        elif view.suggestion is not None and view.suggestion.level in (SOME, SERIOUS):
            level = f"{view.suggestion.level} by the rule below, which is no rating"
            notes.append(f"{view.title}: {level}. {view.suggestion.text}")
    if found.absolute.formula:
        notes.append(f"Risk with treatment: {found.absolute.formula}; p is the risk without.")
    return notes


def _who(made: Judgement) -> str:
    reason = f"{made.reason.rstrip('.')}. " if made.reason else ""
    day = f", {made.assessed_on}" if made.assessed_on else ""
    return f"{reason}Judged by {made.assessor}{day}."


def certainty(found: Finding) -> Markup:
    """Return the domains of the certainty with what people judged and what rules suggest."""
    if not found.domains:
        return Markup('<p class="lm-absent">No instrument for the certainty is recorded.</p>')
    rows = [(view.title, _judged(view), _suggested(view)) for view in found.domains]
    intro = (
        "GRADE rates a body of evidence by people, not by numbers. Where nobody has judged a domain, a rule "
        "may suggest a concern from the data; it is no rating and gives way to a person’s entry. "
    )
    said = f'<p>{text(intro)}<a href="{METHODS}">How this works</a></p>'
    return Markup(f"<h3>Certainty of the evidence</h3>{said}{table(DOMAIN_COLUMNS, rows)}")


def _judged(view: DomainView) -> str:
    made = view.judgement
    return f"{made.judgement}. {_who(made)}" if made.is_made else NOT_ASSESSED


def _suggested(view: DomainView) -> Markup:
    if view.suggestion is None:
        return Markup(text(formats.MISSING if view.judgement.is_made else "no rule looks at this domain"))
    return suggestion_cell(view.suggestion)


def suggestion_cell(one: Suggestion) -> Markup:
    """Return the level of a suggestion, what its rule saw, and the rule in short with a link to all of it."""
    rule = f'<small>Rule: {text(SHORT_RULES[one.domain])} <a href="{RULES}">In full</a></small>'
    pill = f'<span class="lm-pill {PILLS[one.level]}">{text(one.level)}</span>'
    return Markup(f"{pill}<br>{text(one.text)}<br>{rule}")


def risk_of_bias(analysis: Analysis, project: Project) -> Markup:
    """Return the pictures of the risk of bias, or a small table that says what was not assessed."""
    pictures = ""
    if analysis.appraisal.started:
        pictures = figure("traffic-light", analysis, project) + figure(
            "risk-of-bias-summary", analysis, project
        )
    said = f'<p>{text(TOOL_RULE)} <a href="{METHODS}">How this works</a></p>'
    return Markup(f'<h3 id="risk-of-bias">Risk of bias</h3>{said}{pictures}{_tools(analysis)}')


def _tools(analysis: Analysis) -> str:
    appraisal = analysis.appraisal
    groups: dict[str, list[Appraised]] = {}
    for one in appraisal.effects:
        groups.setdefault(one.tool, []).append(one)
    rows, notes = [], []
    for tool, effects in sorted(groups.items(), key=lambda item: (not item[0], item[0])):
        instrument = appraisal.instrument(tool)
        made = status(sum(one.overall != NOT_ASSESSED for one in effects), len(effects))
        name = f"{tool} ({instrument.version})" if instrument else "none that is recorded here"
        rows.append((name, len(effects), made))
        if instrument:
            domains = "; ".join(f"{one.name} {one.title.lower()}" for one in instrument.domains[:-1])
            notes.append(f'<p class="lm-notes">{text(f"{tool}: {domains}.")}</p>')
    return table(TOOL_COLUMNS, rows) + "".join(notes)
