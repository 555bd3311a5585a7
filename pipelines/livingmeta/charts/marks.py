"""Small altair building blocks: text and strokes at pixels, marks on the effect axis."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import altair as alt
import numpy as np

from livingmeta.charts.theme import CONFIG, INK, MUTED, SMALL_SIZE, TEXT_SIZE

Record = dict[str, Any]
Align = Literal["left", "right", "center"]


@dataclass(frozen=True)
class Text:
    """One line of text; `x` and `y` are pixels, `y` its middle."""

    x: float
    y: float
    text: str
    align: Align = "left"
    size: float = TEXT_SIZE
    bold: bool = False
    color: str = INK


@dataclass(frozen=True)
class Layer:
    """One kind of mark, the records it is drawn from, and what their fields say."""

    records: Sequence[Record]
    mark: alt.MarkDef
    channels: dict[str, Any]


class Rows(alt.InlineDataset):
    """Records inside a specification that altair passes on without a look at every value."""

    def to_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Return the records themselves."""
        return self._args[0]


class Unit(alt.UnitSpec):
    """A layer that is never changed: its copies share its parts, because copying them is slow."""

    def copy(self, deep: bool | Iterable[Any] = True, ignore: list[str] | None = None) -> "Unit":
        """Return a shallow copy."""
        return super().copy(deep=False, ignore=ignore)


def layer(records: Sequence[Record], kind: Any, *, style: Record | None = None, **channels: Any) -> Layer:
    """Return one layer of a chart.

    Parameters
    ----------
    records : sequence of dict
        What is drawn; fields that no channel names are for tooltips only.
    kind : str
        Type of the mark, such as "rule".
    style : dict, optional
        Properties that all marks of the layer share.
    **channels
        Channels of the encoding by their names, such as `x` and `y`.
    """
    return Layer(records, alt.MarkDef(type=kind, **(style or {})), channels)


def small(x: float, y: float, text: str, align: Align = "left", color: str = MUTED) -> Text:
    """Return a line of small, muted text."""
    return Text(x, y, text, align, SMALL_SIZE, False, color)


def scale_kind(log: bool) -> Literal["log", "linear"]:
    """Return the type of an effect scale."""
    return "log" if log else "linear"


def as_given(channel: type, field: str, kind: str = "Q") -> Any:
    """Return a channel whose values are drawn as they are: colours, areas, opacities."""
    return channel(f"{field}:{kind}", scale=None)


def pixels(channel: type, field: str, length: float) -> Any:
    """Return a position channel whose values are pixels of a view `length` long."""
    scale = alt.Scale(domain=[0, length], range=[0, length], nice=False, zero=False)
    return channel(f"{field}:Q", scale=scale, axis=None)


def text_layers(texts: Sequence[Text], width: float, height: float) -> list[Layer]:
    """Return layers that write all texts, one layer per way of writing."""

    def style(text: Text) -> tuple[Align, float, bool]:
        return text.align, text.size, text.bold

    x, y = pixels(alt.X, "x", width), pixels(alt.Y, "y", height)
    said, color = alt.Text("text:N"), as_given(alt.Color, "color", "N")
    layers = []
    for (align, size, bold), members in groupby(sorted(texts, key=style), key=style):
        records = [{"x": t.x, "y": t.y, "text": t.text, "color": t.color} for t in members]
        weight = "bold" if bold else "normal"
        written = {"align": align, "fontSize": size, "fontWeight": weight, "tooltip": None}
        layers.append(layer(records, "text", style=written, x=x, y=y, text=said, color=color))
    return layers


def lines(records: Sequence[Record], width: float, height: float, **style: Any) -> Layer:
    """Return straight lines from (x, y) to (x2, y2), in pixels."""
    x, y = pixels(alt.X, "x", width), pixels(alt.Y, "y", height)
    return layer(records, "rule", style=style, x=x, y=y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))


def layered(
    layers: Sequence[Layer],
    size: tuple[float, float],
    padding: Any,
    description: str,
    separate: Sequence[str] = ("x",),
) -> alt.LayerChart:
    """Return layers as one chart of a fixed size in pixels.

    Nothing is resized to fit, so that every renderer draws the same picture. All is said in
    one call and records stand beside the layers by name, because altair copies a chart with
    every call and hashes what stands inside a layer.

    Parameters
    ----------
    layers : sequence of Layer
        Each has complete scales of its own.
    size : tuple of float
        Width and height of the view.
    padding : float or dict
        Room around the view.
    description : str
        Name of the picture for readers who cannot see it.
    separate : sequence of str
        Position channels whose scales differ between layers.
    """
    scales: dict[str, Any] = dict.fromkeys(separate, "independent")
    named = {f"records-{i}": one for i, one in enumerate(layers)}
    return alt.LayerChart(
        layer=[_unit(name, one) for name, one in named.items()],
        datasets=alt.Datasets(**{name: Rows(_plain(one.records)) for name, one in named.items()}),
        width=size[0],
        height=size[1],
        padding=padding,
        description=description,
        autosize=alt.AutoSizeParams(type="none"),
        resolve=alt.Resolve(scale=alt.ScaleResolveMap(**scales)),
        config=CONFIG,
    )


def _unit(name: str, one: Layer) -> Unit:
    encoding = alt.Encoding(**one.channels)
    return Unit(data=alt.NamedData(name=name), mark=one.mark, encoding=encoding)


def _plain(records: Sequence[Record]) -> list[Record]:
    return [{field: _json(value) for field, value in record.items()} for record in records]


def _json(value: Any) -> Any:
    """Return a value as JSON can hold it: no numpy types, nothing for what is not finite."""
    known = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(known, float) and not math.isfinite(known) else known
