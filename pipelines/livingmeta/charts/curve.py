"""The specification curve: every defensible analysis by its estimate, with its choices below."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.axes import Axis, effect_axis
from livingmeta.charts.marks import (
    Layer,
    Record,
    Text,
    as_given,
    layer,
    layered,
    pixels,
    scale_kind,
    small,
    text_layers,
)
from livingmeta.charts.statements import effect_text
from livingmeta.charts.textwidth import shortened
from livingmeta.charts.theme import ACCENT, ACCENT_2, LINE, MUTED, SMALL_SIZE
from livingmeta.effect_sizes import measure_of
from livingmeta.effect_sizes.measures import FISHER_Z
from livingmeta.multiverse import Multiverse, Specification, multiverse

CURVE_HEIGHT = 220.0
ROW, GAP = 17.0, 10.0  # a row of choices, and what parts two choices
TITLES = {
    "measure": "Measure",
    "method": "Model",
    "test": "Interval",
    "zero": "Cells with a zero",
    "rows": "Rows",
}
WORDS = {
    "EE": "equal effects",
    "MH": "Mantel-Haenszel",
    "PETO": "Peto",
    "z": "normal (Wald)",
    "knha": "Knapp-Hartung",
    "adhoc": "ad hoc Knapp-Hartung",
    "only0": "0.5 to tables with a zero",
    "if0all": "0.5 to all if one has a zero",
    "all": "0.5 to all tables",
    "none": "nothing added",
}


@dataclass(frozen=True)
class Frame:
    """The width of the picture and where the columns of analyses begin, in pixels."""

    width: float
    left: float


WIDE, NARROW = Frame(960.0, 250.0), Frame(344.0, 132.0)


def why_no_curve(analysis: Analysis) -> str:
    """Return why a question has no specification curve, or an empty text when it has one."""
    found = multiverse(analysis)
    if found is None:
        return "No specification curve: the question declares no other defensible analyses."
    return "" if len(found.specifications) > 1 else "No specification curve: there is only one analysis."


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def specification_curve(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return all specifications of a question by their estimates.

    Parameters
    ----------
    analysis : Analysis
        A pooled question that declares a multiverse.
    narrow : bool
        The variant for a phone.
    """
    found, frame = multiverse(analysis), NARROW if narrow else WIDE
    assert found is not None
    axis = _axis(analysis, found)
    rows, height = _rows(found)
    records = _records(analysis, found, axis, frame)
    layers = [_null(axis, frame, found), *_curve(records, axis, frame)]
    layers += [*_dots(found, rows, frame, height), *text_layers(_labels(rows, frame), frame.width, height)]
    padding = {"left": 0, "right": 6, "top": 10, "bottom": 6}
    return layered(layers, (frame.width, height), padding, description(analysis), ("x", "y"))


def description(analysis: Analysis) -> str:
    """Return the curve in one sentence, for readers who cannot see it."""
    found = multiverse(analysis)
    n = len(found.specifications) if found else 0
    return f"Specification curve of {n} analyses: {analysis.question.title}."


def _axis(analysis: Analysis, found: Multiverse) -> Axis:
    measure = analysis.effects.measure
    estimates, lowers, uppers = (
        [float(measure.to_display(getattr(one, name))) for one in found.specifications]
        for name in ("estimate", "ci_lower", "ci_upper")
    )
    return effect_axis(
        estimates,
        lowers,
        uppers,
        [],
        null=measure.null,
        log=measure.is_ratio,
        width=CURVE_HEIGHT,
        bounds=(-1.0, 1.0) if measure.scale == FISHER_Z else (-float("inf"), float("inf")),
    )


def _rows(found: Multiverse) -> tuple[list[tuple[str, str, float]], float]:
    """Return (choice, option, middle) of every row below the curve, and where they end."""
    rows, y = [], CURVE_HEIGHT + 26.0
    for choice in found.varied:
        y += ROW + GAP
        for option in found.options(choice):
            rows.append((choice, option, y))
            y += ROW
    return rows, y


def _x(position: int, found: Multiverse, frame: Frame) -> float:
    step = (frame.width - frame.left) / len(found.specifications)
    return round(frame.left + (position + 0.5) * step, 2)


def _records(analysis: Analysis, found: Multiverse, axis: Axis, frame: Frame) -> list[Record]:
    measure, records = analysis.effects.measure, []
    for i, one in enumerate(found.specifications):
        estimate, lower, upper = (
            float(measure.to_display(x)) for x in (one.estimate, one.ci_lower, one.ci_upper)
        )
        seen = axis.clip(lower, upper)
        records.append(
            {
                "x": _x(i, found, frame),
                "y": estimate,
                "lower": seen.lower,
                "upper": seen.upper,
                "color": ACCENT_2 if one.is_main else ACCENT,
                "text": effect_text(measure, one.estimate, one.ci_lower, one.ci_upper),
                "choices": _said(one),
                "k": formats.count(one.k),
            }
        )
    return records


def _said(one: Specification) -> str:
    return ", ".join(word(getattr(one, choice)) for choice in TITLES)


def word(option: str) -> str:
    """Return an option in words."""
    return WORDS.get(option, option)


def _effect(axis: Axis, shown: alt.Axis | None = None) -> alt.Y:
    scale = alt.Scale(
        type=scale_kind(axis.log), domain=[axis.lower, axis.upper], range=[CURVE_HEIGHT, 0], nice=False
    )
    return alt.Y("y:Q", scale=scale, axis=shown)


def _null(axis: Axis, frame: Frame, found: Multiverse) -> Layer:
    name = " or ".join(measure_of(code).name for code in found.options("measure"))
    title = name[0].upper() + name[1:] + (", log scale" if axis.log else "")
    shown = alt.Axis(
        values=list(axis.ticks), format="~r", title=title, offset=-frame.left + 8, labelOverlap=False
    )
    record = [{"x": frame.left, "x2": frame.width, "y": axis.null}]
    x = pixels(alt.X, "x", frame.width)
    return layer(record, "rule", style={"color": LINE}, x=x, x2=alt.X2("x2:Q"), y=_effect(axis, shown))


def _curve(records: Sequence[Record], axis: Axis, frame: Frame) -> list[Layer]:
    x, color = pixels(alt.X, "x", frame.width), as_given(alt.Color, "color", "N")
    titles = {"text": "Estimate", "choices": "Analysis", "k": "Studies"}
    tooltip = [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]
    spans = [{**record, "y": record["lower"]} for record in records]
    thin = {"strokeWidth": 1.2, "opacity": 0.55}
    layers = [layer(spans, "rule", style=thin, x=x, y=_effect(axis), y2=alt.Y2("upper:Q"), color=color)]
    sizes = (22, 90) if frame is WIDE else (12, 60)
    for size, some in zip(sizes, (ACCENT, ACCENT_2), strict=True):  # the main analysis lies on top
        points = [record for record in records if record["color"] == some]
        style = {"size": size, "opacity": 1}
        layers.append(
            layer(points, "circle", style=style, x=x, y=_effect(axis), color=color, tooltip=tooltip)
        )
    return layers


def _dots(
    found: Multiverse, rows: Sequence[tuple[str, str, float]], frame: Frame, height: float
) -> list[Layer]:
    places = {(choice, option): y for choice, option, y in rows}
    records = [
        {
            "x": _x(i, found, frame),
            "y": places[choice, getattr(one, choice)],
            "color": ACCENT_2 if one.is_main else MUTED,
        }
        for i, one in enumerate(found.specifications)
        for choice in found.varied
    ]
    x, y, color = (
        pixels(alt.X, "x", frame.width),
        pixels(alt.Y, "y", height),
        as_given(alt.Color, "color", "N"),
    )
    style = {"size": 10 if frame is WIDE else 5, "opacity": 1}
    return [layer(records, "square", style=style, x=x, y=y, color=color)]


def _labels(rows: Sequence[tuple[str, str, float]], frame: Frame) -> list[Text]:
    texts, last = [], ""
    for choice, option, y in rows:
        if choice != last:
            texts.append(Text(0, y - ROW, TITLES[choice], size=SMALL_SIZE, bold=True, color=MUTED))
            last = choice
        texts.append(small(10, y, shortened(word(option), SMALL_SIZE, frame.left - 18)))
    return texts
