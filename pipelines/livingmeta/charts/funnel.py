"""The contour-enhanced funnel plot: effects against their standard errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.axes import Axis, effect_axis
from livingmeta.charts.layout import study_label, study_source
from livingmeta.charts.marks import (
    Layer,
    Record,
    as_given,
    layer,
    layered,
    lines,
    pixels,
    scale_kind,
    small,
    text_layers,
)
from livingmeta.charts.statements import effect_text, natural
from livingmeta.charts.theme import ACCENT, ACCENT_2, INK, LINE, MUTED
from livingmeta.diagnostics import MIN_STUDIES_FOR_ASYMMETRY
from livingmeta.distributions import normal_quantile
from livingmeta.effect_sizes.measures import FISHER_Z, Measure


@dataclass(frozen=True)
class Frame:
    """The plot and the room around it, in pixels; the legend stands in the room below."""

    width: float
    height: float
    left: float
    right: float
    below: float
    columns: tuple[float, ...]


WIDE = Frame(640, 360, 58, 14, 98, (0, 132, 274, 416))
NARROW = Frame(290, 300, 46, 8, 138, (0, 140))
TOP = 10.0
BANDS = (
    ("p ≥ 0.10", 1.0, 0.10, 0.0),
    ("0.05 ≤ p < 0.10", 0.10, 0.05, 0.42),
    ("0.01 ≤ p < 0.05", 0.05, 0.01, 0.24),
    ("p < 0.01", 0.01, 0.0, 0.09),
)
STEPS = 60  # points along a contour where it is curved
RANDOM_LINE, COMMON_LINE = "random effects", "common effect"
DASHES = {RANDOM_LINE: [1, 0], COMMON_LINE: [6, 4]}


def why_no_funnel(analysis: Analysis) -> str:
    """Return why a question has no funnel plot, or an empty text when it has one."""
    if analysis.fit is None:
        return "No funnel plot: nothing is pooled, so studies have no estimate to scatter around."
    if analysis.fit.k >= MIN_STUDIES_FOR_ASYMMETRY:
        return ""
    return (
        f"No funnel plot. Fewer than {MIN_STUDIES_FOR_ASYMMETRY} studies (k = {analysis.fit.k}): "
        "it could not tell asymmetry from chance."
    )


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def funnel(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return the contour-enhanced funnel plot of one question.

    Contours are centred on no effect, so that a study's place shows its own p-value.

    Parameters
    ----------
    analysis : Analysis
        A pooled question with at least ten studies.
    narrow : bool
        The variant for a phone.
    """
    frame = NARROW if narrow else WIDE
    axis = funnel_axis(analysis, frame.width)
    deepest = 1.04 * float(analysis.effects.frame["sei"].max())
    scale = _scale(axis, frame)
    depth = alt.Scale(domain=[0, deepest], range=[0, frame.height], nice=False)
    shown = alt.Axis(title="Standard error", tickCount=5, format="~r", titlePadding=8)
    with_axis = (
        alt.X("x:Q", scale=scale, axis=_bottom(analysis, axis)),
        alt.Y("se:Q", scale=depth, axis=shown),
    )
    x, y = alt.X("x:Q", scale=scale, axis=None), alt.Y("se:Q", scale=depth, axis=None)
    layers = [_contours(analysis, axis, deepest, *with_axis), _null(axis, deepest, x, y)]
    layers += [*_lines(analysis, deepest, x, y), _points(analysis, x, y), *_legend(frame)]
    padding = {"left": frame.left, "right": frame.right, "top": TOP, "bottom": frame.below}
    return layered(layers, (frame.width, frame.height), padding, description(analysis), ("x", "y"))


def description(analysis: Analysis) -> str:
    """Return the funnel plot in one sentence."""
    k = formats.words(analysis.effects.k)
    name = analysis.effects.measure.name
    return f"Funnel plot of {k} studies: {name} against standard error. {analysis.question.title}."


def funnel_axis(analysis: Analysis, width: float) -> Axis:
    """Return the effect axis: all estimates, and room for the contours."""
    measure = analysis.effects.measure
    yi = [float(value) for value in measure.to_display(analysis.effects.yi)]
    reach = 1.96 * float(analysis.effects.frame["sei"].quantile(0.9))
    contour = [float(value) for value in measure.to_display(np.array([-reach, reach]))]
    return effect_axis(
        yi,
        yi,
        yi,
        contour,
        null=measure.null,
        log=measure.is_ratio,
        width=width,
        bounds=(-1.0, 1.0) if measure.scale == FISHER_Z else (-float("inf"), float("inf")),
    )


def _scale(axis: Axis, frame: Frame) -> alt.Scale:
    limits, span = [axis.lower, axis.upper], [0, frame.width]
    return alt.Scale(type=scale_kind(axis.log), domain=limits, range=span, nice=False)


def _bottom(analysis: Analysis, axis: Axis) -> alt.Axis:
    name = analysis.effects.measure.name
    title = name[0].upper() + name[1:] + (", log scale" if axis.log else "")
    return alt.Axis(values=list(axis.ticks), format="~r", title=title, labelOverlap=False)


def contour_records(analysis: Analysis, axis: Axis, deepest: float) -> list[Record]:
    """Return both sides of every band of p-values, from the top of the funnel down."""
    measure, records = analysis.effects.measure, []
    for name, p_inner, p_outer, opacity in BANDS:
        inner, outer = (float(-normal_quantile(p / 2)) if p > 0 else np.inf for p in (p_inner, p_outer))
        for side in (-1, 1):
            for se in depths(measure, [side * inner, side * outer], axis, deepest):
                ends = [_edge(measure, side * z * se if se else 0.0, axis) for z in (inner, outer)]
                if np.isinf(outer):
                    ends[1] = axis.lower if side < 0 else axis.upper
                record = {"side": f"{name} {side}", "opacity": opacity, "se": se}
                records.append({**record, "x": ends[0], "x2": ends[1]})
    return records


def depths(measure: Measure, edges: Sequence[float], axis: Axis, deepest: float) -> list[float]:
    """Return the standard errors at which a band needs a point, from the top down.

    An edge is straight until it meets the end of the axis, but for correlations, where it is curved.

    Parameters
    ----------
    edges : sequence of float
        The z-values of the edges of the band, negative on the left.
    deepest : float
        Standard error at the bottom of the funnel.
    """
    curve = np.linspace(0, deepest, STEPS + 1) if measure.scale == FISHER_Z else ()
    with np.errstate(divide="ignore"):  # a correlation of one is infinitely far
        ends = [float(measure.to_analysis(x)) for x in (axis.lower, axis.upper)]
    bends = [end / z for end in ends for z in edges if z and np.isfinite(z)]
    return sorted({0.0, deepest, *map(float, curve), *(se for se in bends if 0 < se < deepest)})


def _edge(measure: Measure, value: float, axis: Axis) -> float:
    if not np.isfinite(value):
        return axis.lower if value < 0 else axis.upper
    return min(max(float(measure.to_display(value)), axis.lower), axis.upper)


def _contours(analysis: Analysis, axis: Axis, deepest: float, x: alt.X, y: alt.Y) -> Layer:
    style = {"orient": "horizontal", "fill": ACCENT, "strokeWidth": 0, "clip": True}
    channels = {"x": x, "x2": alt.X2("x2:Q"), "y": y, "detail": alt.Detail("side:N")}
    shade = as_given(alt.FillOpacity, "opacity")
    records = contour_records(analysis, axis, deepest)
    return layer(records, "area", style=style, **channels, fillOpacity=shade)


def _null(axis: Axis, deepest: float, x: alt.X, y: alt.Y) -> Layer:
    record = [{"x": axis.null, "se": 0, "end": deepest}]
    return layer(record, "rule", style={"color": LINE}, x=x, y=y, y2=alt.Y2("end:Q"))


def line_records(analysis: Analysis, deepest: float) -> list[Record]:
    """Return the vertical lines at the pooled estimates."""
    measure, records = analysis.effects.measure, []
    for name, fit in ((RANDOM_LINE, analysis.fit), (COMMON_LINE, analysis.common)):
        if fit is not None:
            text = effect_text(measure, fit.estimate, fit.ci_lower, fit.ci_upper)
            (at,) = natural(measure, fit.estimate)
            records.append({"line": name, "x": at, "se": 0, "end": deepest, "text": text})
    return records


def _lines(analysis: Analysis, deepest: float, x: alt.X, y: alt.Y) -> list[Layer]:
    tooltip = [alt.Tooltip("line:N", title="Pooled"), alt.Tooltip("text:N", title="Estimate")]
    layers = []
    for record in line_records(analysis, deepest):
        style = {"color": ACCENT_2, "strokeWidth": 1.8, "strokeDash": DASHES[record["line"]]}
        layers.append(layer([record], "rule", style=style, x=x, y=y, y2=alt.Y2("end:Q"), tooltip=tooltip))
    return layers


def _legend(frame: Frame) -> list[Layer]:
    """Return the legend: what the bands and the lines mean, row by row below the axis."""
    x, y = pixels(alt.X, "x", frame.width), pixels(alt.Y, "y", frame.height)
    top, step, per_row = frame.height + 52.0, 20.0, len(frame.columns)
    texts = [small(0, top, "p-value of a study by itself:")]
    swatches, layers = [], []
    for i, (name, _, _, opacity) in enumerate(BANDS):
        at = {"x": frame.columns[i % per_row] + 7, "y": top + step * (1 + i // per_row)}
        swatches.append({**at, "opacity": opacity})
        texts.append(small(at["x"] + 13, at["y"], name))
    row = top + step * (1 + -(-len(BANDS) // per_row))
    start = 0.0
    for name, dash in DASHES.items():
        stroke = [{"x": start, "x2": start + 26, "y": row, "y2": row}]
        layers.append(
            lines(stroke, frame.width, frame.height, color=ACCENT_2, strokeWidth=1.8, strokeDash=dash)
        )
        texts.append(small(start + 32, row, name))
        start = frame.columns[1] + 8
    style = {"fill": ACCENT, "stroke": LINE, "size": 150, "strokeWidth": 1, "opacity": 1}
    shade = as_given(alt.FillOpacity, "opacity")
    boxes = layer(swatches, "square", style=style, x=x, y=y, fillOpacity=shade)
    return [boxes, *layers, *text_layers(texts, frame.width, frame.height)]


def point_records(analysis: Analysis) -> list[Record]:
    """Return one point per study, in the order of the effects."""
    effects, records = analysis.effects, []
    weights = analysis.fit.weights if analysis.fit is not None else np.full(effects.k, np.nan)
    for (_, study), weight in zip(effects.frame.iterrows(), weights, strict=True):
        values = (study["yi"], study["ci_lower"], study["ci_upper"])
        records.append(
            {
                "label": study_label(study),
                "x": float(effects.measure.to_display(study["yi"])),
                "se": float(study["sei"]),
                "text": effect_text(effects.measure, *values),
                "se_text": formats.number(study["sei"], 3),
                "weight": formats.percent(weight, 1),
                "source": study_source(study),
            }
        )
    return records


def _points(analysis: Analysis, x: alt.X, y: alt.Y) -> Layer:
    titles = {
        "label": "Study",
        "text": f"{analysis.effects.measure.label} ({formats.percent(analysis.effects.level)} CI)",
        "se_text": "Standard error",
        "weight": "Weight",
        "source": "Source",
    }
    tooltip = [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]
    style = {"color": INK, "size": 52, "opacity": 0.9, "stroke": MUTED, "strokeWidth": 0.5}
    return layer(point_records(analysis), "circle", style=style, x=x, y=y, tooltip=tooltip)
