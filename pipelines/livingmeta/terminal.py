"""An analysis as text: a forest plot in characters, the result in words, every choice named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from livingmeta import formats
from livingmeta.effect_sizes import EffectSizes, Measure
from livingmeta.estimators import COUNT_METHODS, Fit

NARROWEST = 24  # columns of the plot
WIDEST = 60
LONGEST_LABEL = 26
REACH = 1.6  # how far intervals may widen the axis beyond the estimates
METHODS = {"MH": "Mantel-Haenszel", "PETO": "Peto", "EE": "equal effects"}
TESTS = {
    "z": "normal distribution (Wald)",
    "knha": "Knapp-Hartung",
    "adhoc": "Knapp-Hartung, never narrower than the normal distribution",
}


SCALES = {
    "log": "logarithms",
    "logit": "log odds",
    "identity": "as measured",
    "fisher_z": "Fisher's z",
    "arcsine": "arcsines",
    "freeman_tukey": "double arcsines",
}


@dataclass(frozen=True)
class Signs:
    """Characters of the plot."""

    line: str
    ends: str
    arrows: str
    study: str
    small: str
    pooled: str
    bar: str
    expected: str
    null: str


FULL = Signs("─", "├┤", "◂▸", "■", "▪", "◆", "━", "┄", "┊")
PLAIN = Signs("-", "||", "<>", "#", "+", "O", "=", ".", ":")


@dataclass(frozen=True)
class Axis:
    """The scale of the plot: `lower` to `upper` on the analysis scale over `width` characters."""

    lower: float
    upper: float
    width: int

    def at(self, value: float) -> int:
        """Return the character of a value, kept inside."""
        share = (value - self.lower) / (self.upper - self.lower)
        return int(np.clip(round(share * (self.width - 1)), 0, self.width - 1))

    def holds(self, value: float) -> bool:
        """Return whether a value lies on the axis."""
        return self.lower <= value <= self.upper


def forest(effects: EffectSizes, fit: Fit, width: int = 100, plain: bool = False) -> list[str]:
    """Return a forest plot in characters, one line a study, as wide as the terminal.

    Parameters
    ----------
    width : int
        Characters of a line.
    plain : bool
        Only characters of ASCII.
    """
    signs, measure = PLAIN if plain else FULL, effects.measure
    labels = [_cut(str(study)) for study in effects.frame["study"]]
    label_width = max(len(label) for label in [*labels, "Prediction interval"])
    texts = [_said(measure, *row) for row in _intervals(effects)]
    text_width = max(len(text) for text in [*texts, _said(measure, fit.estimate, fit.ci_lower, fit.ci_upper)])
    room = width - label_width - text_width - 12
    axis = _axis(effects, fit, int(np.clip(room, NARROWEST, WIDEST)))
    null = _null(measure)
    rows = [
        f"{label:<{label_width}} {_study(axis, row, weight, null, signs)} {text:>{text_width}} {weight:6.1f}%"
        for label, row, text, weight in zip(labels, _intervals(effects), texts, fit.weights, strict=True)
    ]
    title = f"{measure.label} ({formats.percent(fit.level)} CI)"
    return [
        f"{'':<{label_width}} {'':{axis.width}} {title:>{text_width}}  weight",
        *rows,
        *_totals(axis, effects, fit, signs, label_width, text_width),
        *_scale(axis, measure, label_width),
    ]


def _null(measure: Measure) -> float | None:
    """Return where no effect is, on the analysis scale; one group has no such place."""
    return None if measure.is_proportion else 0.0


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def _intervals(effects: EffectSizes) -> list[tuple[float, float, float]]:
    frame = effects.frame[["yi", "ci_lower", "ci_upper"]].to_numpy(float)
    return [(float(y), float(low), float(high)) for y, low, high in frame]


def _said(measure: Measure, *values: float) -> str:
    return formats.with_interval(*(float(measure.to_display(value)) for value in values))


def _axis(effects: EffectSizes, fit: Fit, width: int) -> Axis:
    null = _null(effects.measure)
    inner = [*effects.yi, fit.ci_lower, fit.ci_upper, *([] if null is None else [null])]
    low, high = float(min(inner)), float(max(inner))
    reach = REACH * ((high - low) or 1.0)
    ends = np.array(_intervals(effects))
    middle = (low + high) / 2
    lower, upper = max(float(ends[:, 1].min()), middle - reach), min(float(ends[:, 2].max()), middle + reach)
    return Axis(min(low, lower), max(high, upper), width)


def _blank(axis: Axis, null: float | None, signs: Signs) -> list[str]:
    line = [" "] * axis.width
    if null is not None and axis.holds(null):
        line[axis.at(null)] = signs.null
    return line


def _study(
    axis: Axis, row: tuple[float, float, float], weight: float, null: float | None, signs: Signs
) -> str:
    estimate, lower, upper = row
    line = _blank(axis, null, signs)
    start, end = axis.at(lower), axis.at(upper)
    line[start : end + 1] = signs.line * (end + 1 - start)
    line[start] = signs.ends[0] if axis.holds(lower) else signs.arrows[0]
    line[end] = signs.ends[1] if axis.holds(upper) else signs.arrows[1]
    line[axis.at(estimate)] = signs.study if weight >= 5 else signs.small
    return "".join(line)


def _totals(
    axis: Axis, effects: EffectSizes, fit: Fit, signs: Signs, label_width: int, text_width: int
) -> list[str]:
    if fit.k == 1:
        return []
    measure = effects.measure
    pooled = _blank(axis, _null(measure), signs)
    start, end = axis.at(fit.ci_lower), axis.at(fit.ci_upper)
    pooled[start : end + 1] = signs.bar * (end + 1 - start)
    pooled[axis.at(fit.estimate)] = signs.pooled
    said = _said(measure, fit.estimate, fit.ci_lower, fit.ci_upper)
    lines = [f"{'Pooled':<{label_width}} {''.join(pooled)} {said:>{text_width}}"]
    if fit.pi_lower is None or fit.pi_upper is None:
        return lines
    expected = _blank(axis, _null(measure), signs)
    start, end = axis.at(fit.pi_lower), axis.at(fit.pi_upper)
    expected[start : end + 1] = signs.expected * (end + 1 - start)
    ends = formats.interval(*(float(measure.to_display(x)) for x in (fit.pi_lower, fit.pi_upper)))
    return [*lines, f"{'Prediction interval':<{label_width}} {''.join(expected)} {ends:>{text_width}}"]


def _scale(axis: Axis, measure: Measure, label_width: int) -> list[str]:
    values = [axis.lower, axis.upper]
    null = _null(measure)
    if null is not None and axis.lower < null < axis.upper:
        values.insert(1, null)
    line, taken = [" "] * axis.width, -2
    for value in values:
        text = formats.number(float(measure.to_display(value)), 2)
        start = int(np.clip(axis.at(value) - len(text) // 2, 0, axis.width - len(text)))
        if start > taken + 1:
            line[start : start + len(text)] = text
            taken = start + len(text)
    return [f"{'':<{label_width}} {''.join(line).rstrip()}"]


def summary(effects: EffectSizes, fit: Fit) -> list[str]:
    """Return the result in a few lines."""
    measure = effects.measure
    said = _said(measure, fit.estimate, fit.ci_lower, fit.ci_upper)
    lines = [
        f"{'pooled' if fit.k > 1 else 'this study'}: {measure.label} {said}, {formats.p_value(fit.p_value)}"
    ]
    if fit.pi_lower is not None and fit.pi_upper is not None:
        ends = (float(measure.to_display(x)) for x in (fit.pi_lower, fit.pi_upper))
        lines.append(f"{fit.level:g}% prediction interval {formats.interval(*ends)}")
    if fit.q is not None:
        tau2 = f"tau2 = {formats.number(fit.tau2, 4)}, " if fit.tau2 is not None else ""
        spread = f"I2 = {formats.percent(fit.i2)}, Q = {formats.number(fit.q)} on {fit.q_df} df"
        lines.append(f"{tau2}{spread}, {formats.p_value(fit.q_p)}")
    return lines


def choices(effects: EffectSizes, fit: Fit) -> list[str]:
    """Return every choice that moves a number, in words."""
    sources = effects.frame["derived_from"].value_counts()
    counted = ", ".join(f"{name} ({n})" for name, n in sources.items())
    lines = [f"effects: {effects.measure.name}, from {counted}"]
    if fit.k > 1:
        name = METHODS.get(fit.method, f"random effects, tau2 by {fit.method}")
        lines += [f"model: {name}", f"interval: {fit.level:g}%, {TESTS.get(fit.test, fit.test)}"]
    if fit.pi_lower is not None:
        df = "the normal distribution" if fit.pi_df is None else f"t with {fit.pi_df:g} df"
        lines.append(f"prediction interval: {df}")
    if fit.method in COUNT_METHODS:
        lines.append("weights: those of the pooled estimate, from the cells as they are")
    return lines


def parts(found: Mapping[str, Any], measure: Measure) -> list[str]:
    """Return the further parts of an analysis, one paragraph each."""
    lines: list[str] = []
    for name, part in found.items():
        if name == "absent":
            continue
        lines += ["", f"{name.replace('_', ' ')} ({SCALES.get(measure.scale, measure.scale)})"]
        if isinstance(part, list):
            lines += _table(part) if part else [f"  none: {found['absent'].get(name, '')}"]
        else:
            lines += [f"  none: {part['reason']}"] if name in found["absent"] else _pairs(part, "  ")
    return lines


def _pairs(part: Mapping[str, Any], indent: str) -> list[str]:
    lines = []
    for key, value in part.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{key}:", *_pairs(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            lines += [f"{indent}{key}:", *_table(value, indent + "  ")]
        elif value not in (None, "", []):
            lines.append(f"{indent}{key} {_cell(value)}")
    return lines


def _table(rows: Sequence[Mapping[str, Any]], indent: str = "  ") -> list[str]:
    keys = [key for key in rows[0] if any(_is_plain(row.get(key)) for row in rows)]
    cells = [keys, *([_cell(row.get(key)) for key in keys] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(keys))]
    padded = (zip(line, widths, strict=True) for line in cells)
    return [indent + "  ".join(f"{text:>{width}}" for text, width in line) for line in padded]


def _is_plain(value: Any) -> bool:
    return value is not None and not isinstance(value, list | dict)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
