"""The magnesium ladder: every category of every cohort on one axis of mmol/L, its ratio as a step.

Each cohort has a panel. Across, the panel shows where a category lies; upwards, its ratio
against the cohort's reference, on one scale for all panels, so that a J is seen as a J.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta import formats, units
from livingmeta.analysis import Analysis
from livingmeta.charts.categories import BARE, NONE, NULL, NUMBER, REFERENCE, Category, Cohort, cohorts_of
from livingmeta.charts.evidence import Evidence, Table, evidence_of, not_declared, titled
from livingmeta.charts.ladder_layout import (
    BESIDE_NOTE,
    LINE_HEIGHT,
    Frame,
    Ladder,
    Panel,
    label_lines,
    ladder_of,
    unplaced_words,
)
from livingmeta.charts.ladder_marks import hollow, strips
from livingmeta.charts.marks import Layer, Record, Text, layer, layered, lines, pixels, small, text_layers
from livingmeta.charts.textwidth import shortened
from livingmeta.charts.theme import ACCENT, ACCENT_2, INK, LINE, MUTED

NAME = "magnesium_ladder"
RATIO_TICKS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
BESIDE = 84.0  # from the bounds to the ratio in the column of numbers
MG_TICKS = tuple(x / 10 for x in range(8, 44, 4))
KEY = (
    (NUMBER, "ratio with its interval"),
    (REFERENCE, "reference of the cohort"),
    (BARE, "ratio without an interval"),
    (NULL, "no association, no number"),
    (NONE, "no number, so no height"),
)


def why_no_ladder(analysis: Analysis) -> str:
    """Return why a question has no magnesium ladder, or an empty text when it has one."""
    if said := not_declared(analysis, NAME):
        return said
    if any(one.categories for one in cohorts_of(evidence_of(analysis))):
        return ""
    return "No magnesium ladder: no cohort of this question prints cut-offs of magnesium with a known unit."


def magnesium_ladder(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return the magnesium ladder of one question."""
    return ladder_chart([evidence_of(analysis)], narrow)


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def ladder_chart(evidence: Sequence[Evidence], narrow: bool = False) -> alt.LayerChart:
    """Return the magnesium ladder of some questions.

    Parameters
    ----------
    evidence : sequence of Evidence
        With at least one cohort whose cut-offs are in print.
    narrow : bool
        The variant for a phone: names above the panels, numbers below them.
    """
    placed = ladder_of(evidence, narrow)
    size = (placed.frame.width, placed.height)
    layers = [
        *_grid(placed),
        *_guides(placed),
        *_bands(placed),
        *_course(placed),
        *_steps(placed),
        *_key(placed),
    ]
    layers += text_layers([text for text in _texts(placed) if text.text], *size)
    return layered([one for one in layers if one.records], size, 0, description(evidence))


def description(evidence: Sequence[Evidence]) -> str:
    """Return the ladder in one sentence, for readers who cannot see it."""
    cohorts = [one for some in evidence for one in cohorts_of(some)]
    shown = [one for one in cohorts if one.categories]
    steps = sum(len(one.categories) for one in shown)
    said = f"Magnesium ladder, {titled(evidence)}: {steps} categories of {len(shown)} cohorts in mmol/L"
    rest = len(cohorts) - len(shown)
    return f"{said}; {formats.words(rest)} more without cut-offs in print." if rest else f"{said}."


def caption(analysis: Analysis) -> str:
    """Return how to read the ladder."""
    return CAPTION


CAPTION = (
    "Each panel is one cohort. A step covers its category of serum magnesium, in mmol/L (1 mmol/L = 2 mEq/L "
    "= 2.431 mg/dL), and stands as high as its ratio against the cohort's own reference; the pale box is the "
    "confidence interval. Arrows mark categories that are open to that side. One scale for all panels, "
    "logarithmic upwards; boxes that reach beyond a panel are cut at its edge. A grey outline is a result "
    "that was stated as no association without a number: it stands at 1, where its words put it. Hatched "
    "strips below a panel are categories with a p-value or a direction only, or without a result: "
    "they have no height, and say nothing of it. Cohorts with different references cannot be compared step "
    "by step."
)


def _told(one: Category, cohort: Cohort) -> Record:
    return {
        "study": cohort.label,
        "category": one.printed or one.bounds,
        "mmol": f"{one.bounds} mmol/L",
        "text": one.text,
        "lower_mmol": one.lower,
        "upper_mmol": one.upper,
        "ratio": one.estimate,
    }


def _color(one: Category) -> str:
    if one.kind == REFERENCE:
        return INK
    if one.estimate is None:
        return MUTED
    return ACCENT_2 if one.estimate > 1 else ACCENT


def step_records(placed: Ladder) -> list[Record]:
    """Return one record per category: its span, its height, its kind and what it says."""
    records = []
    for panel in placed.panels:
        for one in panel.cohort.categories:
            x, x2 = placed.edges(one)
            y = panel.strip if one.kind == NONE else placed.y(one.estimate or 1.0, panel)
            told = _told(one, panel.cohort)
            records.append({"x": x + 1, "x2": x2 - 1, "y": y, "kind": one.kind, "color": _color(one), **told})
    return records


def _channels(placed: Ladder) -> tuple[Any, Any]:
    return pixels(alt.X, "x", placed.frame.width), pixels(alt.Y, "y", placed.height)


def _tooltip() -> list[alt.Tooltip]:
    fields = {"study": "Study", "category": "Category", "mmol": "In mmol/L", "text": "Ratio"}
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in fields.items()]


def _steps(placed: Ladder) -> list[Layer]:
    x, y = _channels(placed)
    records = step_records(placed)
    color = alt.Color("color:N", scale=None)
    common = {"x": x, "y": y, "x2": alt.X2("x2:Q"), "color": color, "tooltip": _tooltip()}
    solid = [one for one in records if one["kind"] in (NUMBER, REFERENCE)]
    layers = [layer(solid, "rule", style={"strokeWidth": 4}, **common)]
    size = (placed.frame.width, placed.height)
    layers.append(hollow([one for one in records if one["kind"] in (BARE, NULL)], size, _tooltip()))
    layers += strips([one for one in records if one["kind"] == NONE], size, _tooltip())
    heads = list(_arrow_heads(placed, records))
    style = {"filled": True, "opacity": 1, "size": 84}
    shape = alt.Shape("shape:N", scale=None)
    layers.append(layer(heads, "point", style=style, x=x, y=y, shape=shape, color=color))
    return layers


def _arrow_heads(placed: Ladder, records: Sequence[Record]) -> list[Record]:
    heads = []
    for one in records:
        if one["lower_mmol"] is None:
            heads.append({"x": placed.frame.left + 3, "y": one["y"], "shape": "triangle-left"})
        if one["upper_mmol"] is None:
            heads.append({"x": placed.frame.right - 3, "y": one["y"], "shape": "triangle-right"})
        for head in heads:
            head.setdefault("color", one["color"])
    return heads


def _bands(placed: Ladder) -> list[Layer]:
    """Return the confidence intervals as pale boxes behind the steps."""
    records = []
    for panel in placed.panels:
        for one in panel.cohort.categories:
            if one.kind == NUMBER and one.ci_lower is not None and one.ci_upper is not None:
                x, x2 = placed.edges(one)
                top, bottom = (placed.y(v, panel) for v in (one.ci_upper, one.ci_lower))
                records.append({"x": x + 1, "x2": x2 - 1, "y": top, "y2": bottom, "color": _color(one)})
    x, y = _channels(placed)
    color = alt.Color("color:N", scale=None)
    ends = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q")}
    return [layer(records, "rect", style={"opacity": 0.2}, x=x, y=y, color=color, **ends)]


def _course(placed: Ladder) -> list[Layer]:
    """Return thin lines from the middle of one step to the middle of the next: the J, where there is one."""
    records = []
    for panel in placed.panels:
        shown = [one for one in panel.cohort.categories if one.kind not in (NONE, NULL)]
        if len(shown) < 3:
            continue
        middles = [(sum(placed.edges(one)) / 2, placed.y(one.estimate or 1.0, panel)) for one in shown]
        records += [{"x": a[0], "y": a[1], "x2": b[0], "y2": b[1]} for a, b in pairwise(middles)]
    return [lines(records, placed.frame.width, placed.height, color=MUTED, strokeWidth=1, strokeDash=[2, 2])]


def _guides(placed: Ladder) -> list[Layer]:
    """Return the line of no difference and the ticks of each panel, and a rule above each."""
    frame, nulls, ticks, rules = placed.frame, [], [], []
    for panel in placed.panels:
        at = placed.y(1.0, panel)
        nulls.append({"x": frame.left, "x2": frame.right, "y": at, "y2": at})
        rules.append({"x": 0, "x2": frame.width, "y": panel.top - 8, "y2": panel.top - 8})
        for value in _ticks(placed):
            y = placed.y(value, panel)
            ticks.append({"x": frame.left - 4, "x2": frame.left, "y": y, "y2": y})
        ticks.append({"x": frame.left, "x2": frame.left, "y": panel.plot[0], "y2": panel.plot[1]})
    size = (frame.width, placed.height)
    return [
        lines(rules, *size, color=LINE, strokeWidth=0.6, opacity=0.6),
        lines(nulls, *size, color=LINE, strokeWidth=1),
        lines(ticks, *size, color=LINE, strokeWidth=1),
    ]


def _ticks(placed: Ladder) -> list[float]:
    return [x for x in RATIO_TICKS if placed.ratios[0] <= x <= placed.ratios[1]]


def _grid(placed: Ladder) -> list[Layer]:
    """Return faint lines at every tenth of a mmol/L through all panels, and the axis below them."""
    frame = placed.frame
    top = placed.panels[0].plot[0] - 4
    xs = [placed.x(value) for value in _tenths(placed)]
    faint = [
        {"x": x, "x2": x, "y": one.plot[0] - 4, "y2": one.plot[1] + 4} for x in xs for one in placed.panels
    ]
    ends = [top - 4, placed.bottom] if not frame.narrow else [placed.bottom]
    rules = [{"x": frame.left, "x2": frame.right, "y": y, "y2": y} for y in ends]
    size = (frame.width, placed.height)
    return [
        lines(faint, *size, color=LINE, strokeWidth=0.6, opacity=0.7),
        lines(rules, *size, color=LINE, strokeWidth=1),
    ]


def _tenths(placed: Ladder) -> list[float]:
    low, high = math.ceil(placed.span[0] * 10), math.floor(placed.span[1] * 10)
    return [x / 10 for x in range(low, high + 1)]


def _key(placed: Ladder) -> list[Layer]:
    """Return the marks of the key; its words are among the texts."""
    solid: list[Record] = []
    outlined: list[Record] = []
    hatched: list[Record] = []
    for (kind, _), (left, at) in zip(KEY, _key_places(placed), strict=True):
        one = {"x": left, "x2": left + 20, "y": at, "color": INK if kind == REFERENCE else ACCENT_2}
        one["color"] = MUTED if kind in (NONE, NULL) else one["color"]
        (hatched if kind == NONE else outlined if kind in (BARE, NULL) else solid).append(one)
    x, y = _channels(placed)
    color = alt.Color("color:N", scale=None)
    bold = layer(solid, "rule", style={"strokeWidth": 4}, x=x, y=y, x2=alt.X2("x2:Q"), color=color)
    size = (placed.frame.width, placed.height)
    return [bold, hollow(outlined, size), *strips(hatched, size)]


def _key_places(placed: Ladder) -> list[tuple[float, float]]:
    if placed.frame.narrow:
        return [(0.0, 8.0), (160.0, 8.0), (0.0, 26.0), (160.0, 26.0), (0.0, 44.0)]
    return [(x, 8.0) for x in (0.0, 178.0, 366.0, 566.0, 780.0)]


def _texts(placed: Ladder) -> list[Text]:
    frame = placed.frame
    texts = [small(x + 26, y, said) for (_, said), (x, y) in zip(KEY, _key_places(placed), strict=True)]
    texts += [Text(0, y, shortened(said, 13, frame.width, True), bold=True) for y, said in placed.headings]
    for panel in placed.panels:
        texts += _panel_texts(placed, panel)
    for y, cohort in placed.unplaced:
        texts += _unplaced_texts(frame, cohort, y)
    return texts + _axis_texts(placed)


def _unplaced_texts(frame: Frame, cohort: Cohort, y: float) -> list[Text]:
    label, stated = unplaced_words(cohort, frame)
    if frame.narrow:
        at = y + LINE_HEIGHT * len(label)
        texts = [Text(0, y + LINE_HEIGHT * i, line) for i, line in enumerate(label)]
        texts.append(small(0, at, cohort.note))
        return texts + [small(0, at + LINE_HEIGHT * (i + 1), line) for i, line in enumerate(stated)]
    x = frame.left + BESIDE_NOTE
    return [
        *(Text(0, y + LINE_HEIGHT * i, line) for i, line in enumerate(label)),
        small(frame.left, y, cohort.note),
        *(small(x, y + LINE_HEIGHT * i, line) for i, line in enumerate(stated)),
    ]


def _panel_texts(placed: Ladder, panel: Panel) -> list[Text]:
    frame, cohort = placed.frame, panel.cohort
    texts = [
        Text(frame.left - 7, placed.y(x, panel), f"{x:g}", "right", 11, False, MUTED) for x in _ticks(placed)
    ]
    label = label_lines(cohort, frame)
    below = (17 if cohort.model else 9) + LINE_HEIGHT / 2 * (len(label) - 1)
    y = panel.top + 8 if frame.narrow else sum(panel.plot) / 2 - below
    texts += [Text(0, y + LINE_HEIGHT * i, line, bold=True) for i, line in enumerate(label)]
    y += LINE_HEIGHT * (len(label) - 1)
    apart = " · " if cohort.model else ""
    notes = [cohort.note + apart + cohort.model] if frame.narrow else [cohort.note, cohort.model]
    texts += [small(0, y + LINE_HEIGHT * (i + 1), line) for i, line in enumerate(notes)]
    for one, at in zip(cohort.categories, panel.lines, strict=True):
        texts.append(small(frame.numbers, at, one.bounds))
        is_number = one.kind in (NUMBER, BARE)
        said = shortened(one.text, 13, frame.width - frame.numbers - BESIDE)
        texts.append(Text(frame.numbers + BESIDE, at, said, color=_color(one) if is_number else MUTED))
    return texts


def _axis_texts(placed: Ladder) -> list[Text]:
    """Return the axis in mmol/L and in mg/dL, below the panels and in a wide ladder above them too."""
    frame = placed.frame
    if frame.narrow:
        texts = _ticks_at(placed, placed.bottom + 11, placed.bottom + 28)
        return [
            *texts,
            small(frame.width, placed.bottom + 45, "upper mmol/L, lower mg/dL magnesium", "right"),
        ]
    return [
        *_ticks_at(placed, placed.head + 24, placed.head + 8),
        *_ticks_at(placed, placed.bottom + 11, placed.bottom + 28),
        *(small(frame.numbers, placed.head + y, said) for y, said in ((8, "mg/dL"), (24, "mmol/L"))),
        small(frame.numbers + BESIDE, placed.head + 24, "Ratio (CI)"),
        *(small(frame.numbers, placed.bottom + y, said) for y, said in ((11, "mmol/L"), (28, "mg/dL"))),
    ]


def _ticks_at(placed: Ladder, mmol_at: float, mg_at: float) -> list[Text]:
    texts = [small(placed.x(x), mmol_at, f"{x:.1f}", "center", INK) for x in _tenths(placed)]
    inside = [x for x in MG_TICKS if placed.span[0] < units.to_mmol_per_l(x, "mg/dL") < placed.span[1]]
    at = [(placed.x(units.to_mmol_per_l(x, "mg/dL")), f"{x:.1f}") for x in inside]
    return texts + [small(x, mg_at, said, "center") for x, said in at]


def ladder_table(evidence: Sequence[Evidence]) -> Table:
    """Return every category of the ladder as a row of text."""
    headings = ("Cohort", "Category as printed", "mmol/L", "Ratio (CI)", "Model and patients")
    rows: list[tuple[str, ...]] = []
    for some in evidence:
        for cohort in cohorts_of(some):
            for one in cohort.categories:
                rows.append(
                    (
                        cohort.label,
                        one.printed,
                        one.bounds,
                        one.text,
                        f"{cohort.model}, {cohort.note}".strip(", "),
                    )
                )
            if not cohort.categories:
                rows.append((cohort.label, cohort.stated, "not printed", formats.MISSING, cohort.note))
    return headings, rows
