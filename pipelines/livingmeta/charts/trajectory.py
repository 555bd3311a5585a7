"""The estimate of a question over its releases, a row per release, the oldest on top."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.charts.course import (
    APART,
    HEADER_GAP,
    LINE_HEIGHT,
    NARROW,
    WIDE,
    Course,
    Direction,
    Mark,
    course_of,
    drawn_steps,
    has_two,
    is_predicted,
)
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
from livingmeta.charts.marks import lines as strokes
from livingmeta.charts.render import figure_html
from livingmeta.charts.theme import ACCENT, INK, LINE
from livingmeta.history import History, Step, interval_text

PAPER = "var(--lm-paper, #ffffff)"


def why_no_trajectory(past: History) -> str:
    """Return why there is no figure of the estimate over versions, or an empty text when there is one."""
    if not any(step.is_release for step in past.steps):
        return "No version with this question has been released yet: its history begins with the first."
    if len(past.steps) < 2:
        return "There is one version so far: a figure follows with the second."
    if len(drawn_steps(past)) < 2:
        return "No figure: fewer than two versions have an estimate on the same scale."
    return ""


def trajectory_html(
    past: History,
    direction: Direction | None = None,
    links: Sequence[tuple[str, str]] = (),
    cache_dir: Path | None = None,
) -> str:
    """Return the figure of a question's estimate over versions.

    Parameters
    ----------
    past : History
        With a figure to draw: see `why_no_trajectory`.
    direction : mapping, optional
        What lies `below` and `above` no effect, in words.
    links : sequence of (text, address)
        Shown at the end of the caption.
    cache_dir : Path, optional
        Where drawn pictures are kept.
    """
    wide, narrow = (
        trajectory(past, direction, narrow=flag).to_dict(validate=False) for flag in (False, True)
    )
    return figure_html("trajectory", caption(past), wide, narrow, links, cache_dir)


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def trajectory(past: History, direction: Direction | None = None, narrow: bool = False) -> alt.LayerChart:
    """Return a question's estimate over versions.

    Parameters
    ----------
    past : History
        With at least two steps that can share an axis.
    direction : mapping, optional
        What lies `below` and `above` no effect, in words.
    narrow : bool
        The variant for a phone: labels above their intervals.
    """
    course = course_of(past, direction or {}, NARROW if narrow else WIDE)
    width, height = course.frame.width, course.height
    rule = [{"x": 0, "x2": width, "y": course.top - 4, "y2": course.top - 4}]
    layers = [_null_line(course), *_path(course), *_intervals(course), *_points(course)]
    layers.append(strokes(rule, width, height, color=LINE, strokeWidth=0.8))
    layers += text_layers(_texts(course), width, height)
    return layered(layers, (width, height), 0, description(past))


def description(past: History) -> str:
    """Return the figure in one sentence, for readers who cannot see it."""
    steps = drawn_steps(past)
    said = "; ".join(f"{step.version}: {step.lead_symbol} {interval_text(step.lead)}" for step in steps)
    return f"Estimate over {formats.words(len(steps))} versions, {past.title}. {said}."


def caption(past: History) -> str:
    """Return how to read the figure."""
    steps = drawn_steps(past)
    level = formats.percent(steps[-1].summary["level"])
    parts = [
        f"Each row is one version, the oldest on top. The thick line is the {level} confidence interval."
    ]
    if any(is_predicted(step) for step in steps):
        parts.append(f"The thin line is the {level} prediction interval.")
    parts.append("A filled mark is a version with a new search for this question, a hollow one any other.")
    if any(has_two(step) for step in steps):
        parts.append(
            "Where a row has two estimates, the page leads with the upper; the lower is the main model's."
        )
    left_out = len(past.steps) - len(steps)
    if left_out:
        parts.append(
            f"{formats.words(left_out).capitalize()} of the versions in the table "
            f"{'has' if left_out == 1 else 'have'} no estimate on this scale."
        )
    return " ".join(parts)


def _channels(course: Course, shown: alt.Axis | None = None) -> tuple[alt.X, Any]:
    limits, span = [course.axis.lower, course.axis.upper], [course.frame.left, course.frame.right]
    scale = alt.Scale(type=scale_kind(course.axis.log), domain=limits, range=span, nice=False)
    return alt.X("x:Q", scale=scale, axis=shown), pixels(alt.Y, "y", course.height)


def _null_line(course: Course) -> Layer:
    """Return the null line, which carries the axis of the whole plot."""
    name = course.measure.name
    shown = alt.Axis(
        values=list(course.axis.ticks),
        format="~r",
        offset=course.bottom - course.height,
        title=name[0].upper() + name[1:] + (", log scale" if course.axis.log else ""),
        labelOverlap=False,
        labelFlush=False,
    )
    records = [{"x": course.axis.null, "y": start, "y2": end} for start, end in _null_segments(course)]
    x, y = _channels(course, shown)
    return layer(records, "rule", style={"color": LINE}, x=x, y=y, y2=alt.Y2("y2:Q"))


def _null_segments(course: Course) -> list[tuple[float, float]]:
    if not course.frame.narrow:
        return [(course.top - 4, course.bottom)]
    half = 12.0
    return [(y - half - APART * has_two(s), y + half + APART * has_two(s)) for s, y in course.steps]


def _path(course: Course) -> list[Layer]:
    """Return the thin line from one leading estimate to the next."""
    leading = [mark for mark in course.marks if mark.color == ACCENT]
    axis = course.axis
    records = []
    for before, after in pairwise(leading):
        share = [axis.share(mark.estimate) for mark in (before, after)]
        x, x2 = (course.frame.left + s * (course.frame.right - course.frame.left) for s in share)
        records.append({"x": x, "x2": x2, "y": before.y, "y2": after.y})
    style = {"color": ACCENT, "opacity": 0.35, "strokeWidth": 1.2}
    return [strokes(records, course.frame.width, course.height, **style)] if not course.frame.narrow else []


def _told(mark: Mark) -> Record:
    shown = {"estimate": mark.estimate, "ci_lower": mark.lower, "ci_upper": mark.upper}
    said = f"{mark.step.lead_symbol} {interval_text(shown)}"
    return {"version": mark.step.version, "kind": mark.step.kind_text, "said": said}


def _tooltip() -> list[alt.Tooltip]:
    named = (("version", "Version"), ("kind", "Kind"), ("said", "Estimate (CI)"))
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in named]


def _intervals(course: Course) -> list[Layer]:
    thin: list[Record] = []
    thick: list[Record] = []
    arrows: list[Record] = []
    for mark in course.marks:
        for records, lower, upper in ((thin, mark.pi_lower, mark.pi_upper), (thick, mark.lower, mark.upper)):
            if lower is None or upper is None:
                continue
            part = course.axis.clip(lower, upper)
            ends = {"x": part.lower, "x2": part.upper, "y": mark.y, "color": mark.color}
            records.append({**ends, **_told(mark)})
            sides = ((part.beyond_left, part.lower, "left"), (part.beyond_right, part.upper, "right"))
            arrows += [
                {"x": x, "y": mark.y, "shape": f"triangle-{side}", "color": mark.color}
                for beyond, x, side in sides
                if beyond
            ]
    x, y = _channels(course)
    color = as_given(alt.Color, "color", "N")
    drawn = ((thin, {"strokeWidth": 1.4}), (thick, {"strokeWidth": 5, "strokeCap": "butt"}))
    layers = [
        layer(records, "rule", style=style, x=x, y=y, x2=alt.X2("x2:Q"), color=color, tooltip=_tooltip())
        for records, style in drawn
        if records
    ]
    if arrows:
        head = {"filled": True, "opacity": 1, "size": 44}
        shape = as_given(alt.Shape, "shape", "N")
        layers.append(layer(arrows, "point", style=head, x=x, y=y, shape=shape, color=color))
    return layers


def _points(course: Course) -> list[Layer]:
    """Return the estimates: filled where the version had a new search, else hollow."""
    records = [
        {"x": mark.estimate, "y": mark.y, "color": mark.color, **_told(mark)}
        | {"fill": mark.color if mark.step.is_look else PAPER}
        for mark in course.marks
    ]
    x, y = _channels(course)
    fill, stroke = as_given(alt.Fill, "fill", "N"), as_given(alt.Stroke, "color", "N")
    style = {"shape": "circle", "size": 95, "strokeWidth": 2.2, "opacity": 1}
    return [layer(records, "point", style=style, x=x, y=y, fill=fill, stroke=stroke, tooltip=_tooltip())]


def _texts(course: Course) -> list[Text]:
    write = _narrow_row if course.frame.narrow else _wide_row
    rows = [text for step, y in course.steps for text in write(course, step, y)]
    return [*_header(course), *rows]


def _header(course: Course) -> list[Text]:
    base = course.top - HEADER_GAP
    before, after = course.header
    texts = [small(course.null - 6, _line(base, len(before), i), t, "right") for i, t in enumerate(before)]
    texts += [small(course.null + 6, _line(base, len(after), i), t) for i, t in enumerate(after)]
    if not course.frame.narrow:
        y, frame = base - LINE_HEIGHT / 2, course.frame
        level = formats.percent(course.steps[-1][0].summary["level"])
        texts += [small(0, y, "Version"), small(frame.kind, y, "Kind"), small(frame.date, y, "Date")]
        texts.append(small(frame.studies, y, "Studies", "right"))
        texts.append(small(frame.width, y, f"{course.measure.label} ({level} CI)", "right"))
    return texts


def _line(base: float, n: int, i: int) -> float:
    return base - (n - i) * LINE_HEIGHT + LINE_HEIGHT / 2


def _wide_row(course: Course, step: Step, y: float) -> list[Text]:
    frame = course.frame
    texts = [Text(0, y, step.version, bold=step.is_release), small(frame.kind, y, step.kind_text)]
    texts.append(small(frame.date, y, step.date if step.is_release else ""))
    texts.append(Text(frame.studies, y, formats.count(step.summary["k"]), "right"))
    return [*texts, *_estimates(course, step)]


def _estimates(course: Course, step: Step) -> list[Text]:
    own = [mark for mark in course.marks if mark.step is step]
    width, two = course.frame.width, len(own) > 1
    rise = 22.0 if course.frame.narrow else 0.0
    return [
        Text(
            width - (course.frame.narrow and 2),
            mark.y - rise,
            interval_text({"estimate": mark.estimate, "ci_lower": mark.lower, "ci_upper": mark.upper}),
            "right",
            color=mark.color if two else INK,
        )
        for mark in own[: 1 if course.frame.narrow else 2]
    ]


def _narrow_row(course: Course, step: Step, y: float) -> list[Text]:
    label = y - 22.0 - APART * has_two(step)
    texts = [Text(0, label, step.version, bold=step.is_release)]
    texts.append(small(course.frame.kind, label, step.kind_text))
    return [*texts, *_estimates(course, step)]
