"""How sure one can be, in words and tables: summary of findings, suggestions and rules, risk of bias."""

from livingmeta import formats
from livingmeta.absolute import PEOPLE
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
from livingmeta.tables.html import Column, Markup, definitions, table, text
from livingmeta.tables.question import estimate_text, figure

METHODS = "../../methods.html#how-sure-one-can-be"
KINDS = {
    RANDOMISED: "randomised comparisons",
    INTERVENTION: "comparisons without randomisation",
    EXPOSURE: "observational",
}
PILLS = {NONE: "lm-pill-pooled", SOME: "lm-pill-some", SERIOUS: "lm-pill-conflict", NOTHING: "lm-pill-one"}
FINDING_COLUMNS = (
    Column("Outcome"),
    Column("Studies and people"),
    Column("Relative effect (CI)"),
    Column(f"Without, per {PEOPLE:,}"),
    Column(f"Difference, per {PEOPLE:,} (CI)"),
    Column("Certainty (GRADE)"),
)
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
    return Markup(
        f'<h3 id="summary-of-findings">Summary of findings</h3>{table(FINDING_COLUMNS, [row])}{below}'
    )


def _letter(i: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[i]


def _size(found: Finding) -> str:
    studies = f"{formats.count(found.studies)} {'study' if found.studies == 1 else 'studies'}"
    people = (
        "people not recorded" if found.participants is None else f"{formats.count(found.participants)} people"
    )
    kinds = formats.listing([KINDS[kind] for kind in found.kinds])
    return "; ".join(filter(None, (studies, people, kinds)))


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
    ends = (effect.difference_ci_lower, effect.difference_ci_upper)
    limits = " to ".join(more_or_fewer(end) for end in ends if end is not None)
    return f"{more_or_fewer(effect.difference)} ({limits})"


def more_or_fewer(difference: float) -> str:
    """Return a difference of risks as people of a thousand: `12 fewer`, `3 more`, `0 more or fewer`."""
    people = formats.count(PEOPLE * abs(difference))
    if people == "0":
        return "0 more or fewer"
    return f"{people} {'more' if difference > 0 else 'fewer'}"


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
    """Return the domains of the certainty with what people judged, what rules suggest, and the rules."""
    if not found.domains:
        return Markup('<p class="lm-absent">No instrument for the certainty is recorded.</p>')
    rows = [(view.title, _judged(view), _suggested(view)) for view in found.domains]
    rules = [(view.title, view.suggestion.rule) for view in found.domains if view.suggestion]
    intro = (
        "GRADE rates a body of evidence by people, not by numbers. Where nobody has judged a domain, a rule "
        "may suggest a concern from the data; it is no rating and gives way to a person’s entry. "
    )
    said = f'<p>{text(intro)}<a href="{METHODS}">How this works</a></p>'
    shown = f"<p>The rules:</p>{definitions(rules, 'lm-pico lm-rules')}" if rules else ""
    return Markup(f"<h3>Certainty of the evidence</h3>{said}{table(DOMAIN_COLUMNS, rows)}{shown}")


def _judged(view: DomainView) -> str:
    made = view.judgement
    return f"{made.judgement}. {_who(made)}" if made.is_made else NOT_ASSESSED


def _suggested(view: DomainView) -> Markup:
    if view.suggestion is None:
        return Markup(text(formats.MISSING if view.judgement.is_made else "no rule looks at this domain"))
    return suggestion_cell(view.suggestion)


def suggestion_cell(one: Suggestion) -> Markup:
    """Return the level of a suggestion and what its rule saw."""
    return Markup(f'<span class="lm-pill {PILLS[one.level]}">{text(one.level)}</span><br>{text(one.text)}')


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
