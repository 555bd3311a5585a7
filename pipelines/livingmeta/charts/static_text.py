"""A still picture drawn with less work than a live one, and the same to look at.

The drawing engine measures every text, which takes most of its time, and text at pixels needs
no measuring: it is written here, from the very layers that write it in the live picture. What
a mark says when pointed at is left out, because nothing in a still picture can say it.
"""

import html
import math
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

Spec = dict[str, Any]

ANCHORS = {"left": "start", "center": "middle", "right": "end"}
_MARK = {"type", "align", "fontSize", "fontWeight", "tooltip"}
_CHANNELS = {"x", "y", "text", "color"}


def for_a_still(spec: Spec) -> tuple[Spec, list[Spec]]:
    """Return what the engine has to draw of a specification, and the layers of placed text on top of it."""
    layers = spec.get("layer", [])
    count = sum(1 for _ in takewhile(lambda one: is_placed_text(one, spec), reversed(layers)))
    if count in (0, len(layers)):
        return spec, []
    rest, texts = layers[:-count], layers[-count:]
    used = {one.get("data", {}).get("name") for one in rest}
    datasets = {name: rows for name, rows in spec["datasets"].items() if name in used}
    return {**spec, "layer": [_silent(one) for one in rest], "datasets": datasets}, texts


def _silent(layer: Spec) -> Spec:
    encoding = {name: given for name, given in layer.get("encoding", {}).items() if name != "tooltip"}
    return {**layer, "encoding": encoding}


def is_placed_text(layer: Spec, spec: Spec) -> bool:
    """Return whether a layer is nothing but text whose x and y are pixels."""
    mark, encoding = layer.get("mark", {}), layer.get("encoding", {})
    return (
        isinstance(mark, dict)
        and mark.get("type") == "text"
        and mark.keys() <= _MARK
        and encoding.keys() == _CHANNELS
        and encoding["color"].get("scale", "") is None
        and all(_is_pixels(encoding[channel]) for channel in ("x", "y"))
        and layer.get("data", {}).get("name") in spec.get("datasets", {})
        and spec.get("config", {}).get("text", {}).get("baseline") == "middle"
    )


def _is_pixels(channel: Spec) -> bool:
    scale = channel.get("scale") or {}
    is_linear = scale.get("type", "linear") == "linear" and scale.get("nice") is False
    return is_linear and "domain" in scale and scale["domain"] == scale.get("range")


def text_elements(layers: list[Spec], spec: Spec) -> str:
    """Return text layers as SVG, to be put at the end of the picture of the same specification."""
    if not layers:
        return ""
    padding = spec.get("padding", 0)
    left, top = (padding.get(side, 0) if isinstance(padding, dict) else padding for side in ("left", "top"))
    font = html.escape(spec["config"]["font"])
    groups = "".join(_group(layer, spec) for layer in layers)
    return f'<g transform="translate({_number(left)},{_number(top)})" font-family="{font}">{groups}</g>'


def _group(layer: Spec, spec: Spec) -> str:
    mark = layer["mark"]
    size = mark.get("fontSize", spec["config"]["text"]["fontSize"])
    anchor = ANCHORS[mark.get("align", "center")]
    weight = mark.get("fontWeight", "normal")
    style = f'text-anchor="{anchor}" font-size="{_number(size)}px" font-weight="{weight}"'
    return f"<g {style}>{''.join(_elements(layer, spec, size))}</g>"


def _elements(layer: Spec, spec: Spec, size: float) -> Iterator[str]:
    fields = {channel: given["field"] for channel, given in layer["encoding"].items()}
    sinks = math.floor(0.3 * size + 0.5)  # from the middle to the baseline, as Vega has it
    for row in spec["datasets"][layer["data"]["name"]]:
        x, y, text, color = (row[fields[channel]] for channel in ("x", "y", "text", "color"))
        said, at = html.escape(str(text), quote=False), f"{_number(x)},{_number(y + sinks)}"
        # Placed as Vega places it: a browser smooths letters at `x` and `y` in another way.
        yield f'<text transform="translate({at})" fill="{html.escape(color)}">{said}</text>'


def _number(value: float) -> str:
    return f"{round(value, 2):g}"
