"""A question, and the book, seen another way: each display with its caption and the same as a table."""

from collections.abc import Callable, Sequence
from typing import Any

from livingmeta.analysis import Analysis
from livingmeta.charts import (
    CHARTS,
    Evidence,
    benefit_harm,
    evidence_from,
    figure_html,
    magnesium_ladder,
    missing_results,
)
from livingmeta.charts.categories import cohorts_of
from livingmeta.charts.evidence import Table
from livingmeta.paths import Project
from livingmeta.questions import PARTS, Question
from livingmeta.studies import Studies
from livingmeta.tables.html import Column, Markup, table, text
from livingmeta.tables.question import figure

Draw = Callable[[bool], Any]


def displays_section(analysis: Analysis, project: Project) -> Markup:
    """Return the displays that a question declares, each with its numbers as a table."""
    parts = []
    for name in analysis.question.displays:
        chart = CHARTS[name]
        parts.append(f"<h3>{text(chart.title)}</h3>{figure(name, analysis, project)}")
        if chart.table is not None and not chart.absence(analysis):
            parts.append(folded(chart.table(analysis), f"{chart.title}: {analysis.question.title}"))
    return Markup("".join(parts))


def folded(shown: Table, title: str) -> str:
    """Return what a picture shows as a table that opens on demand, named by the title of the picture."""
    headings, rows = shown
    made = table([Column(heading) for heading in headings], rows)
    made = Markup(made.replace("<table ", f'<table aria-label="{text(title)}" ', 1))
    return f'<details class="lm-details"><summary>The picture as a table</summary>{made}</details>'


def book_displays(studies: Studies, questions: Sequence[Question], project: Project) -> Markup:
    """Return the displays of the whole book: results missing per part, magnesium ladder, benefit and harm."""
    evidence = [evidence_from(question, studies) for question in questions]
    parts = [_missing(evidence, project), _ladder(evidence, project), _benefit_harm(evidence, project)]
    return Markup("\n\n".join(part for part in parts if part))


def _missing(evidence: Sequence[Evidence], project: Project) -> str:
    parts = []
    for part in PARTS:
        blocks = missing_results.blocks_of([one for one in evidence if one.question.part == part])
        if not blocks:
            continue
        said = missing_results.description(blocks, f"{part} part of the book")

        def draw(narrow: bool, blocks: Any = blocks, said: str = said) -> Any:
            return missing_results.matrix_chart(blocks, narrow, said)

        name = f"missing_results-{part}"
        shown = missing_results.matrix_table(blocks)
        title = f"Missing results, {part} part of the book"
        made = _figure(name, missing_results.CAPTION, draw, (shown, title), project)
        parts.append(f"### {part.capitalize()}\n\n{made}")
    return "\n\n".join(["## Results that are missing", *parts])


def _ladder(evidence: Sequence[Evidence], project: Project) -> str:
    some = [one for one in evidence if magnesium_ladder.NAME in one.question.displays]
    some = [one for one in some if any(cohort.categories for cohort in cohorts_of(one))]
    if not some:
        return ""

    def draw(narrow: bool) -> Any:
        return magnesium_ladder.ladder_chart(some, narrow)

    shown = magnesium_ladder.ladder_table(some)
    made = _figure(
        magnesium_ladder.NAME, magnesium_ladder.CAPTION, draw, (shown, "Magnesium ladder"), project
    )
    return f"## Magnesium ladder\n\n{made}"


def _benefit_harm(evidence: Sequence[Evidence], project: Project) -> str:
    some = [one for one in evidence if benefit_harm.NAME in one.question.displays]
    some = [one for one in some if len(benefit_harm.outcomes_of(one)) == 1]
    if not some:
        return ""

    def draw(narrow: bool) -> Any:
        return benefit_harm.benefit_harm_chart(some, narrow)

    shown = benefit_harm.benefit_harm_table(some)
    made = _figure(
        benefit_harm.NAME, benefit_harm.CAPTION, draw, (shown, "Benefit and harm per 1,000"), project
    )
    return f"## Benefit and harm per 1,000\n\n{made}"


def _figure(name: str, caption: str, draw: Draw, named: tuple[Table, str], project: Project) -> str:
    """Return a picture and, folded below it, the table that it is named with."""
    wide, narrow = (draw(flag).to_dict(validate=False) for flag in (False, True))
    return figure_html(f"figure-{name}", caption, wide, narrow, (), project.svg_cache) + folded(*named)
