"""The page on reporting: flows drawn from the tables, and the checklist filled from the project."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from livingmeta import formats
from livingmeta.charts.flow_diagram import flow_svg, summary, versions_flow
from livingmeta.checklist import MET, NOT_APPLICABLE, NOT_MET, PARTLY, UNKNOWN, Topic
from livingmeta.flow import Flow, Stage
from livingmeta.releases import KINDS
from livingmeta.tables.html import Column, Markup, chips, table, text

STATES = (MET, PARTLY, NOT_MET, UNKNOWN, NOT_APPLICABLE)
MARKS = {MET: "●", PARTLY: "◐", NOT_MET: "○", UNKNOWN: "?", NOT_APPLICABLE: "–"}
VERSIONS = "What each version added: versions of an exploratory look"
COLUMNS = (
    Column("Item", css="lm-nowrap"),
    Column("Topic"),
    Column("What is asked for"),
    Column("State", css="lm-nowrap"),
    Column("Where, and what is missing"),
)


def flow_figure(flow: Flow, name: str, caption: str) -> Markup:
    """Return a flow diagram for a screen and for a phone, with its counts in words for a screen reader."""
    drawn = "".join(
        f'<div class="lm-{kind}">{flow_svg(flow, narrow=kind == "narrow")}</div>'
        for kind in ("wide", "narrow")
    )
    said = f'<p class="lm-sr">{text(summary(flow))}</p>'
    return Markup(
        f'<figure class="lm-figure" id="{name}">'
        f'<p class="lm-figure-title">{text(flow.title)}</p>{drawn}{said}'
        f'<figcaption class="lm-caption">{text(caption)}</figcaption></figure>'
    )


def flow_section(flow: Flow) -> Markup:
    """Return the flow of records with what it is and is not."""
    return flow_figure(
        flow,
        "flow",
        "Boxes after PRISMA 2020, counted from the tables; a box with a coloured count leads to its records. "
        "What nobody counted is not recorded, and is not worked out from other boxes.",
    )


def versions_section(stages: Sequence[Stage], systematic: bool) -> Markup:
    """Return the flow over versions."""
    title = "What each version added, after PRISMA-LSR" if systematic else VERSIONS
    flow = versions_flow(stages, title, lambda kind: KINDS.get(kind, kind))
    return flow_figure(
        flow,
        "flow-versions",
        "After the flow of PRISMA-LSR: what each version held, and what it added to the one before. "
        "A version of the kind curation sorts known records and adds no new look.",
    )


def checklist_section(topics: Sequence[Topic]) -> Markup:
    """Return the checklist with how many topics are met."""
    counts = Counter(one.state for one in topics)
    items = [f"{formats.count(counts[state])} {state}" for state in STATES if counts[state]]
    rows = [(one.item, one.topic, one.asked, _state(one.state), one.where) for one in topics]
    return Markup(chips(items) + table(COLUMNS, rows))


def _state(state: str) -> Markup:
    css = state.replace(" ", "-")
    mark: Any = MARKS.get(state, "")
    return Markup(
        f'<span class="lm-state lm-state-{css}"><span aria-hidden="true">{mark}</span> {state}</span>'
    )
