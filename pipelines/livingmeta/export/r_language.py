"""Values and texts in the language R, in ASCII and with all their digits."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

WIDTH = 100


def vector(values: Sequence[Any] | pd.Series) -> str:
    """Return values as a vector in R, over several lines where it is long."""
    lines = [""]
    items = [text(value) if isinstance(value, str) else number(value) for value in values]
    for i, item in enumerate(items):
        piece = item + (", " if i + 1 < len(items) else "")
        if lines[-1] and len(lines[-1]) + len(piece) > WIDTH - 10:
            lines.append("")
        lines[-1] += piece
    return "c(" + "\n    ".join(line.rstrip() for line in lines) + ")"


def named(values: Mapping[str, float]) -> str:
    """Return a vector in R whose elements have names."""
    return "c(" + ",\n          ".join(f"{name} = {number(value)}" for name, value in values.items()) + ")"


def number(value: float) -> str:
    """Return a number in R with all its digits."""
    value = float(value)
    if value != value:
        return "NA"
    if value in (float("inf"), float("-inf")):
        return "Inf" if value > 0 else "-Inf"
    return repr(value).removesuffix(".0")


def text(value: str) -> str:
    """Return a text in R, in ASCII: what is not is written by its code."""
    plain = json.dumps(value.replace("\0", ""), ensure_ascii=False)
    return re.sub(r"[^\x20-\x7e]", lambda found: f"\\U{ord(found[0]):08x}", plain)


def comment(value: str) -> str:
    """Return one line of comment in ASCII, whatever the text holds."""
    line = " ".join(value.split())
    return f"# {line}".encode("ascii", "backslashreplace").decode("ascii")
