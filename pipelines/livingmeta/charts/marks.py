"""Small altair building blocks: text and strokes at pixels, marks on the effect axis."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal, cast

import altair as alt
import pandas as pd

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


def small(x: float, y: float, text: str, align: Align = "left", color: str = MUTED) -> Text:
    """Return a line of small, muted text."""
    return Text(x, y, text, align, SMALL_SIZE, False, color)


def inline(records: Iterable[Record]) -> pd.DataFrame:
    """Return records as data that will stand inside the specification.

    A frame, because altair copies lists of records again and again but never a frame.
    """
    return pd.DataFrame(list(records))


def scale_kind(log: bool) -> Literal["log", "linear"]:
    """Return the type of an effect scale."""
    return "log" if log else "linear"


def pixels(channel: type, field: str, length: float) -> Any:
    """Return a position channel whose values are pixels of a view `length` long."""
    scale = alt.Scale(domain=[0, length], range=[0, length], nice=False, zero=False)
    return channel(f"{field}:Q", scale=scale, axis=None)


def text_layers(texts: Sequence[Text], width: float, height: float) -> list[alt.Chart]:
    """Return layers that write all texts, one layer per way of writing."""

    def style(text: Text) -> tuple[Align, float, bool]:
        return text.align, text.size, text.bold

    layers = []
    for (align, size, bold), members in groupby(sorted(texts, key=style), key=style):
        layers.append(
            alt.Chart(inline(asdict(text) for text in members))
            .mark_text(align=align, fontSize=size, fontWeight="bold" if bold else "normal", tooltip=None)
            .encode(
                x=pixels(alt.X, "x", width),
                y=pixels(alt.Y, "y", height),
                text="text:N",
                color=alt.Color("color:N", scale=None),
            )
        )
    return layers


def lines(records: Sequence[Record], width: float, height: float, **style: Any) -> alt.Chart:
    """Return straight lines from (x, y) to (x2, y2), in pixels."""
    return (
        alt.Chart(inline(records))
        .mark_rule(**style)
        .encode(
            x=pixels(alt.X, "x", width), y=pixels(alt.Y, "y", height), x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q")
        )
    )


def layered(
    layers: Sequence[alt.Chart],
    size: tuple[float, float],
    padding: Any,
    description: str,
    separate: Sequence[str] = ("x",),
) -> alt.LayerChart:
    """Return layers as one chart of a fixed size in pixels.

    Nothing is resized to fit, so that every renderer draws the same picture. All is said in
    one call and without nested layers, because altair copies a chart with every call.

    Parameters
    ----------
    layers : sequence of Chart
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
    chart = alt.layer(
        *layers,
        width=size[0],
        height=size[1],
        padding=padding,
        description=description,
        autosize=alt.AutoSizeParams(type="none"),
        resolve=alt.Resolve(scale=alt.ScaleResolveMap(**scales)),
        config=CONFIG,
    )
    return cast(alt.LayerChart, chart)
