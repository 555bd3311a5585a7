"""The forest plot: every study, the pooled estimates and what stands behind them."""

from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.axes import Axis
from livingmeta.charts.forest_text import forest_texts, row_color
from livingmeta.charts.geometry import null_segments
from livingmeta.charts.layout import COMMON, STUDY, SUBTOTAL, TOTALS, Forest, Row
from livingmeta.charts.marks import (
    Layer,
    Record,
    as_given,
    layer,
    layered,
    lines,
    pixels,
    scale_kind,
    text_layers,
)
from livingmeta.charts.scene import Scene, scene_of
from livingmeta.charts.statements import difference_text, effect_text, zero_table
from livingmeta.charts.theme import ACCENT, ACCENT_2, INK, LINE

LARGEST_SQUARE = 324.0  # square pixels: 18 px, inside a row of 22
SMALLEST_SQUARE = 16.0
DIAMOND_HALF = {False: 7.0, True: 6.0}


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def forest(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return the forest plot of one question.

    Parameters
    ----------
    analysis : Analysis
        With at least one effect.
    narrow : bool
        The variant for a phone: labels above their intervals, no columns of raw data.
    """
    scene = scene_of(analysis, narrow)
    size = scene.page.width, scene.height
    layers = [*forest_layers(scene), *text_layers(forest_texts(scene), *size)]
    return layered(layers, size, 0, description(analysis))


def forest_layers(scene: Scene) -> list[Layer]:
    """Return everything of a forest plot but its texts."""
    width = scene.page.width
    rule = [{"x": 0, "x2": width, "y": scene.top - 4, "y2": scene.top - 4}]
    layers = [_null_line(scene), *_predictions(scene), *_intervals(scene), *_diamonds(scene), *_bars(scene)]
    return [*layers, lines(rule, width, scene.height, color=LINE, strokeWidth=0.8)]


def description(analysis: Analysis) -> str:
    """Return the forest plot in one sentence, for readers who cannot see it."""
    k, studies, measure = analysis.effects.k, analysis.n_studies, analysis.effects.measure
    results = f"{formats.words(k)} results of " if k > studies else ""
    of = f"{results}{formats.words(studies)} {'study' if studies == 1 else 'studies'}"
    said = f"Forest plot of {of}: {analysis.question.title}."
    if analysis.fit is None:
        return f"{said} Nothing is pooled."
    table = zero_table(analysis)
    if table is not None:
        said += f" Risk difference: {difference_text(table, analysis.effects.level)}."
    fits = [fit for fit in (analysis.common, analysis.fit) if fit is not None and k > 1]
    for fit in fits:
        text = effect_text(measure, fit.estimate, fit.ci_lower, fit.ci_upper)
        said += f" {fit.method}: {measure.label} {text}."
    return said


def effect_channel(scene: Scene, shown: alt.Axis | None = None) -> alt.X:
    """Return the horizontal position of an effect, drawn between the edges of the plot."""
    limits, span = [scene.axis.lower, scene.axis.upper], [scene.page.left, scene.page.right]
    scale = alt.Scale(type=scale_kind(scene.axis.log), domain=limits, range=span, nice=False)
    return alt.X("x:Q", scale=scale, axis=shown)


def _channels(scene: Scene) -> tuple[alt.X, Any]:
    return effect_channel(scene), pixels(alt.Y, "y", scene.height)


def _null_line(scene: Scene) -> Layer:
    """Return the null line, which carries the axis of the whole plot."""
    name = scene.forest.measure.name
    title = name[0].upper() + name[1:] + (", log scale" if scene.axis.log else "")
    shown = alt.Axis(
        values=list(scene.axis.ticks),
        format="~r",
        offset=scene.bottom - scene.height,
        title=title,
        labelOverlap=False,
        labelFlush=False,
    )
    segments = null_segments(scene.forest, scene.page, list(scene.centres), scene.top)
    records = [{"x": scene.axis.null, "y": start, "y2": end} for start, end in segments]
    x, y = effect_channel(scene, shown), pixels(alt.Y, "y", scene.height)
    return layer(records, "rule", style={"color": LINE}, x=x, y=y, y2=alt.Y2("y2:Q"))


def tooltip_fields(layout: Forest) -> list[alt.Tooltip]:
    """Return what a mark says when pointed at."""
    unit = f", {layout.unit}" if layout.unit else ""
    raw = [alt.Tooltip(f"cell{i}:N", title=f"{name}{unit}") for i, name in enumerate(layout.columns)]
    weight = [alt.Tooltip("weight:N", title="Weight")] if layout.has_weights else []
    interval = f"{layout.measure.label} ({formats.percent(layout.level)} CI)"
    named = [alt.Tooltip("label:N", title="Study"), *raw, alt.Tooltip("text:N", title=interval)]
    return [*named, *weight, alt.Tooltip("source:N", title="Source")]


def _told(row: Row) -> Record:
    cells = {f"cell{i}": cell for i, cell in enumerate(row.cells)}
    weight = formats.percent(row.weight, 1)
    return {"label": row.label, "text": row.text, "weight": weight, "source": row.source, **cells}


def interval_records(scene: Scene) -> tuple[list[Record], list[Record], list[Record]]:
    """Return the lines, the arrows where lines go on, and the squares of the studies."""
    bars, arrows, squares = [], [], []
    studies = scene.placed(STUDY)
    largest = max([row.size or 0.0 for row, _ in studies] or [0.0])
    for row, at in studies:
        if row.estimate is None or row.lower is None or row.upper is None:
            continue
        part, told = scene.axis.clip(row.lower, row.upper), _told(row)
        bars.append({"x": part.lower, "x2": part.upper, "y": at, **told})
        squares.append({"x": row.estimate, "y": at, "area": square_area(row.size, largest), **told})
        if part.beyond_left:
            arrows.append({"x": part.lower, "y": at, "shape": "triangle-left"})
        if part.beyond_right:
            arrows.append({"x": part.upper, "y": at, "shape": "triangle-right"})
    return bars, arrows, squares


def square_area(size: float | None, largest: float) -> float:
    """Return the area of a square in pixels: proportional to weight, never too small to see."""
    if size is None or largest <= 0:
        return LARGEST_SQUARE / 4
    return round(max(SMALLEST_SQUARE, LARGEST_SQUARE * size / largest), 2)


def _intervals(scene: Scene) -> list[Layer]:
    bars, arrows, squares = interval_records(scene)
    tooltip = tooltip_fields(scene.forest)
    x, y = _channels(scene)
    line, square = {"color": INK, "strokeWidth": 1.4}, {"color": INK, "opacity": 1}
    size = as_given(alt.Size, "area")
    layers = [layer(bars, "rule", style=line, x=x, y=y, x2=alt.X2("x2:Q"), tooltip=tooltip)]
    layers.append(layer(squares, "square", style=square, x=x, y=y, size=size, tooltip=tooltip))
    if arrows:
        head = {"filled": True, "color": INK, "opacity": 1, "size": 44}
        layers.append(layer(arrows, "point", style=head, x=x, y=y, shape=as_given(alt.Shape, "shape", "N")))
    return layers


def _predictions(scene: Scene) -> list[Layer]:
    """Return the pale bars behind the diamonds."""
    records = []
    for row, at in scene.placed(*TOTALS):
        if row.pi_lower is not None and row.pi_upper is not None:
            part = scene.axis.clip(row.pi_lower, row.pi_upper)
            color = row_color(row, scene.is_conflict)
            records.append({"x": part.lower, "x2": part.upper, "y": at, "color": color})
    if not records:
        return []
    x, y = _channels(scene)
    style, color = {"opacity": 0.32, "strokeWidth": 7}, as_given(alt.Color, "color", "N")
    return [layer(records, "rule", style=style, x=x, y=y, x2=alt.X2("x2:Q"), color=color)]


def _diamonds(scene: Scene) -> list[Layer]:
    x, y = _channels(scene)
    order, tooltip = alt.Order("order:Q"), alt.Tooltip("label:N", title="Pooled")
    layers = []
    for row, at in scene.placed(*TOTALS):
        color = row_color(row, scene.is_conflict)
        corners = diamond(row, at, scene.axis, DIAMOND_HALF[scene.page.narrow])
        style = {
            "filled": True,
            "interpolate": "linear-closed",
            "fill": color,
            "fillOpacity": 0.0 if _is_hollow(row, scene.is_conflict) else 1.0,
            "stroke": color,
            "strokeWidth": 1.6,
        }
        layers.append(layer(corners, "line", style=style, x=x, y=y, order=order, tooltip=tooltip))
    return layers


def _is_hollow(row: Row, is_conflict: bool) -> bool:
    """Return whether the diamond is an outline: the estimate that does not lead the page."""
    return row.kind != SUBTOTAL and (row.kind == COMMON) != is_conflict


def diamond(row: Row, at: float, axis: Axis, half: float) -> list[Record]:
    """Return the corners of a diamond, from its left point clockwise."""
    if row.estimate is None or row.lower is None or row.upper is None:
        return []
    part = axis.clip(row.lower, row.upper)
    corners = ((part.lower, at), (row.estimate, at - half), (part.upper, at), (row.estimate, at + half))
    said = f"{row.label}: {row.text}"
    return [{"order": i, "x": cx, "y": cy, "label": said} for i, (cx, cy) in enumerate(corners)]


def _bars(scene: Scene) -> list[Layer]:
    """Return the paired bars: share of participants above share of weight."""
    if scene.page.bars is None:
        return []
    records = []
    for row, at in scene.placed(STUDY, SUBTOTAL):
        for value, dy, color in ((row.participants, -4, ACCENT), (row.weight, 4, ACCENT_2)):
            records.append({"zero": 0, "percent": value, "y": at + dy, "color": color})
    scale = alt.Scale(domain=[0, 100], range=list(scene.page.bars), nice=False)
    x, y = alt.X("zero:Q", scale=scale, axis=None), pixels(alt.Y, "y", scene.height)
    color = as_given(alt.Color, "color", "N")
    style = {"strokeWidth": 6}
    return [layer(records, "rule", style=style, x=x, x2=alt.X2("percent:Q"), y=y, color=color)]
