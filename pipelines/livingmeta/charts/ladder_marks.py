"""Marks of the magnesium ladder for what has no printed ratio with an interval: outlines and strips."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from livingmeta.charts.marks import Layer, Record, layer, lines, pixels
from livingmeta.charts.theme import MUTED

STRIP = 7.0  # pixels from the upper to the lower edge of a strip
HATCH = 6.0  # pixels from one stroke of a strip to the next
Size = tuple[float, float]


def hollow(records: Sequence[Record], size: Size, tooltip: Sequence[alt.Tooltip] = ()) -> Layer:
    """Return steps as outlines.

    Parameters
    ----------
    records : sequence of dict
        Steps with `x`, `x2`, `y` and `color`; open to a side where `lower_mmol` or `upper_mmol` is None.
    size : tuple of float
        Width and height of the picture in pixels.
    tooltip : sequence of Tooltip
        What a step says when pointed at.
    """
    boxes = [_box(one, 3.0) for one in records]
    return _outlines(boxes, size, tooltip, {"strokeWidth": 1.4})


def strips(records: Sequence[Record], size: Size, tooltip: Sequence[alt.Tooltip] = ()) -> list[Layer]:
    """Return steps that have no height as hatched strips; the parameters are those of `hollow`."""
    boxes = [_box(one, STRIP / 2) for one in records]
    strokes = [stroke for box in boxes for stroke in hatching(box)]
    return [
        lines(strokes, *size, color=MUTED, strokeWidth=0.9, opacity=0.8),
        _outlines(boxes, size, tooltip, {"strokeWidth": 0.7, "strokeOpacity": 0.7}),
    ]


def hatching(box: Record) -> list[Record]:
    """Return the slanting strokes that fill a box, from its left edge to its right one."""
    deep, found = box["y2"] - box["y"], []
    x = box["x"]
    while x + deep <= box["x2"]:
        found.append({"x": round(x, 2), "y": box["y2"], "x2": round(x + deep, 2), "y2": box["y"]})
        x += HATCH
    return found


def _outlines(boxes: Sequence[Record], size: Size, tooltip: Sequence[alt.Tooltip], style: Record) -> Layer:
    x, y = pixels(alt.X, "x", size[0]), pixels(alt.Y, "y", size[1])
    ends: dict[str, Any] = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q")}
    if tooltip:
        ends["tooltip"] = list(tooltip)
    drawn = {"filled": False, "opacity": 1, **style}
    return layer(boxes, "rect", style=drawn, x=x, y=y, stroke=alt.Stroke("color:N", scale=None), **ends)


def _box(one: Record, half: float) -> Record:
    """Return a step as a box, with room for the arrow where it is open."""
    x = one["x"] + (8 if one.get("lower_mmol", 0) is None else 0)
    x2 = one["x2"] - (8 if one.get("upper_mmol", 0) is None else 0)
    return {**one, "x": x, "x2": x2, "y": one["y"] - half, "y2": one["y"] + half}
