"""The adjustment ladder: per cohort from the crude ratio to the one with albumin, step by step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.axes import Axis, effect_axis
from livingmeta.charts.evidence import Table, evidence_of, not_declared
from livingmeta.charts.marks import Layer, Record, Text, layer, layered, lines, pixels, small, text_layers
from livingmeta.charts.rungs import ALBUMIN, ALBUMIN_OR_MORE, Climb, Rung, climbs_of
from livingmeta.charts.textwidth import NO_BREAK, text_width, wrap
from livingmeta.charts.theme import ACCENT, INK, LINE, MUTED, SMALL_SIZE, TEXT_SIZE

NAME = "adjustment_ladder"
RUNG, LINE_HEIGHT, NAME_HEIGHT = 22.0, 16.0, 12.0
POINT = 74.0


@dataclass(frozen=True)
class Frame:
    """The width of the picture, where its plot lies, where models are named and results begin."""

    narrow: bool
    width: float
    left: float
    right: float
    model: float
    result: float


WIDE, NARROW = Frame(False, 960.0, 352.0, 730.0, 246.0, 752.0), Frame(True, 344.0, 12.0, 332.0, 0.0, 344.0)


@dataclass(frozen=True)
class Step:
    """One rung, placed: the middle of its mark."""

    rung: Rung
    y: float


@dataclass(frozen=True)
class Cohort:
    """One cohort, placed: its top and its steps."""

    climb: Climb
    top: float
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Scene:
    """Everything placed: cohorts on the axis, those without a place, axis and heights."""

    frame: Frame
    cohorts: tuple[Cohort, ...]
    unplaced: tuple[tuple[float, Climb], ...]
    axis: Axis
    direction: tuple[str, str]
    bottom: float
    height: float

    def x(self, ratio: float) -> float:
        """Return where a ratio stands, in pixels."""
        share = min(max(self.axis.share(ratio), 0.0), 1.0)
        return round(self.frame.left + share * (self.frame.right - self.frame.left), 2)


def why_no_ladder(analysis: Analysis) -> str:
    """Return why a question has no adjustment ladder, or an empty text when it has one."""
    if said := not_declared(analysis, NAME):
        return said
    if any(one.has_place for one in climbs_of(evidence_of(analysis))):
        return ""
    return "No adjustment ladder: no cohort of this question prints a ratio, or states that there was none."


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def adjustment_ladder(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return the adjustment ladder of one question.

    Parameters
    ----------
    analysis : Analysis
        With at least one cohort that has a place on the axis.
    narrow : bool
        The variant for a phone: words above the marks.
    """
    scene = scene_of(analysis, narrow)
    size = (scene.frame.width, scene.height)
    layers = [*_guides(scene), *_links(scene), *_intervals(scene), *_points(scene)]
    layers += text_layers([text for text in _texts(scene) if text.text], *size)
    return layered([one for one in layers if one.records], size, 0, description(analysis))


def description(analysis: Analysis) -> str:
    """Return the ladder in one sentence, for readers who cannot see it."""
    climbs = climbs_of(evidence_of(analysis))
    lost = sum(any(rung.is_hollow for rung in one.rungs) for one in climbs)
    return (
        f"Adjustment ladder of {formats.words(len(climbs))} cohorts: {analysis.question.title}. "
        f"{formats.words(lost).capitalize()} stated without a number that there was no association."
    )


def caption(analysis: Analysis) -> str:
    """Return how to read the ladder."""
    return (
        "Each cohort from its crude ratio downwards to the model with albumin, or with laboratory values "
        "that may include it, as far as printed; lines join the models of one cohort. Filled points are "
        "printed ratios with their intervals. Hollow points with dashed lines are results that were stated "
        "as no association, without a number: they are drawn at 1, where their words put them, and enter no "
        "pooled estimate. All ratios are of low against higher magnesium; those that were printed the other "
        "way round are inverted."
    )


def scene_of(analysis: Analysis, narrow: bool) -> Scene:
    """Return the adjustment ladder of a question with everything placed."""
    frame = NARROW if narrow else WIDE
    climbs = climbs_of(evidence_of(analysis))
    cohorts, y = [], 46.0 if narrow else 30.0
    for climb in (one for one in climbs if one.has_place):
        cohort, y = _cohort(climb, y, frame)
        cohorts.append(cohort)
    bottom = y - 4
    rest, end = [], bottom + 64
    for climb in (one for one in climbs if not one.has_place):
        rest.append((end + 24, climb))
        label, said = _unplaced_words(climb, frame)
        more = len(label) + len(said) - 2 if narrow else max(len(label), len(said)) - 1
        end += (38 if narrow else 22) + more * LINE_HEIGHT
    direction = analysis.question.direction
    sides = (direction.get("below", ""), direction.get("above", ""))
    height = end + 34 if rest else bottom + 50
    return Scene(frame, tuple(cohorts), tuple(rest), _axis(climbs, frame), sides, bottom, height)


def _cohort(climb: Climb, top: float, frame: Frame) -> tuple[Cohort, float]:
    label, notes = _cohort_words(climb, frame)
    if frame.narrow:
        first, gap = top + (len(label) + len(notes)) * LINE_HEIGHT + 32, 42.0
    else:
        first, gap = top + 11, RUNG
    steps = tuple(Step(rung, first + i * gap) for i, rung in enumerate(climb.rungs))
    least = 0 if frame.narrow else (len(label) + len(notes)) * LINE_HEIGHT + 4
    return Cohort(climb, top, steps), max(steps[-1].y + 11, top + least) + 14


def _axis(climbs: Sequence[Climb], frame: Frame) -> Axis:
    rungs = [rung for one in climbs for rung in one.rungs if rung.estimate is not None]
    return effect_axis(
        [rung.estimate for rung in rungs if rung.estimate is not None],
        [rung.ci_lower for rung in rungs if rung.ci_lower is not None],
        [rung.ci_upper for rung in rungs if rung.ci_upper is not None],
        [],
        null=1.0,
        log=True,
        width=frame.right - frame.left,
        bounds=(0.05, math.inf),
    )


def point_records(scene: Scene) -> list[Record]:
    """Return one record per rung that has a place on the axis."""
    return [
        {
            "x": scene.x(step.rung.place),
            "y": step.y,
            "ratio": step.rung.place,
            "is_hollow": step.rung.is_hollow,
            "study": cohort.climb.label,
            "model": step.rung.name,
            "text": step.rung.text,
            "adjusted": step.rung.adjusted_for or "not recorded",
        }
        for cohort in scene.cohorts
        for step in cohort.steps
        if step.rung.place is not None
    ]


def _points(scene: Scene) -> list[Layer]:
    records = point_records(scene)
    x, y = pixels(alt.X, "x", scene.frame.width), pixels(alt.Y, "y", scene.height)
    titles = {"study": "Cohort", "model": "Model", "text": "Ratio", "adjusted": "Adjusted for"}
    tooltip = [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]
    style = {"size": POINT, "opacity": 1, "shape": "circle", "filled": True, "color": ACCENT}
    filled = layer(
        [one for one in records if not one["is_hollow"]], "point", style=style, x=x, y=y, tooltip=tooltip
    )
    ring = {**style, "filled": False, "color": MUTED, "strokeWidth": 1.8}
    hollow = layer(
        [one for one in records if one["is_hollow"]], "point", style=ring, x=x, y=y, tooltip=tooltip
    )
    return [filled, hollow]


def _intervals(scene: Scene) -> list[Layer]:
    bars, heads = [], []
    for cohort in scene.cohorts:
        for step in cohort.steps:
            low, high = step.rung.ci_lower, step.rung.ci_upper
            if low is None or high is None:
                continue
            bars.append({"x": scene.x(low), "x2": scene.x(high), "y": step.y, "y2": step.y})
            seen = scene.axis.clip(low, high)
            if seen.beyond_left:
                heads.append({"x": scene.x(low), "y": step.y, "shape": "triangle-left"})
            if seen.beyond_right:
                heads.append({"x": scene.x(high), "y": step.y, "shape": "triangle-right"})
    x, y = pixels(alt.X, "x", scene.frame.width), pixels(alt.Y, "y", scene.height)
    style = {"filled": True, "color": INK, "opacity": 1, "size": 44}
    arrows = layer(heads, "point", style=style, x=x, y=y, shape=alt.Shape("shape:N", scale=None))
    return [lines(bars, scene.frame.width, scene.height, color=INK, strokeWidth=1.4), arrows]


def _links(scene: Scene) -> list[Layer]:
    """Return the lines that join the models of a cohort, dashed towards a result without a number."""
    solid: list[Record] = []
    dashed: list[Record] = []
    for cohort in scene.cohorts:
        placed = [step for step in cohort.steps if step.rung.place is not None]
        for a, b in pairwise(placed):
            ends = {"x": scene.x(a.rung.place), "y": a.y, "x2": scene.x(b.rung.place), "y2": b.y}  # type: ignore[arg-type]
            kind = dashed if a.rung.is_hollow or b.rung.is_hollow else solid
            kind += _around_words(_short(ends), b.y) if scene.frame.narrow else [_short(ends)]
    size = (scene.frame.width, scene.height)
    return [
        lines(solid, *size, color=ACCENT, strokeWidth=2),
        lines(dashed, *size, color=MUTED, strokeWidth=1.6, strokeDash=[4, 3]),
    ]


def _around_words(ends: Record, y: float) -> list[Record]:
    """Return a line in two parts, above and below the words over a mark at `y`."""
    spans = ((ends["y"], min(y - 26, ends["y2"])), (max(y - 9, ends["y"]), ends["y2"]))
    slope = (ends["x2"] - ends["x"]) / ((ends["y2"] - ends["y"]) or 1.0)

    def at(place: float) -> float:
        return round(ends["x"] + (place - ends["y"]) * slope, 2)

    return [{"x": at(a), "y": a, "x2": at(b), "y2": b} for a, b in spans if b > a]


def _short(ends: Record, gap: float = 6.0) -> Record:
    """Return a line that ends before the marks it joins."""
    dx, dy = ends["x2"] - ends["x"], ends["y2"] - ends["y"]
    length = math.hypot(dx, dy)
    if length <= 2 * gap:
        return ends
    ux, uy = dx / length * gap, dy / length * gap
    cut = {"x": ends["x"] + ux, "y": ends["y"] + uy, "x2": ends["x2"] - ux, "y2": ends["y2"] - uy}
    return {name: round(value, 2) for name, value in cut.items()}


def _guides(scene: Scene) -> list[Layer]:
    """Return the line of no association, which carries the axis, and the rules above the cohorts."""
    frame = scene.frame
    scale = alt.Scale(
        type="log", domain=[scene.axis.lower, scene.axis.upper], range=[frame.left, frame.right], nice=False
    )
    shown = alt.Axis(
        values=list(scene.axis.ticks),
        format="~g",
        offset=scene.bottom - scene.height,
        title="Ratio, low against higher magnesium, log scale",
        labelOverlap=False,
        labelFlush=False,
    )
    spans = [(24.0, scene.bottom)]
    if frame.narrow:
        spans = [(step.y - 10, step.y + 10) for cohort in scene.cohorts for step in cohort.steps]
    nulls = [{"x": 1.0, "y": top, "y2": end} for top, end in spans]
    y = pixels(alt.Y, "y", scene.height)
    null = layer(
        nulls, "rule", style={"color": LINE}, x=alt.X("x:Q", scale=scale, axis=shown), y=y, y2=alt.Y2("y2:Q")
    )
    rules = [
        {"x": 0, "x2": frame.width, "y": cohort.top - 8, "y2": cohort.top - 8} for cohort in scene.cohorts
    ]
    return [null, lines(rules, frame.width, scene.height, color=LINE, strokeWidth=0.6, opacity=0.6)]


def _texts(scene: Scene) -> list[Text]:
    frame, (below, above) = scene.frame, scene.direction
    at = scene.x(1.0)
    texts = [
        small(at - 6, 10, f"←{NO_BREAK}{below}" if below else "", "right"),
        small(at + 6, 26 if frame.narrow else 10, f"{above}{NO_BREAK}→" if above else ""),
    ]
    if frame.narrow and below:
        room = text_width(below, SMALL_SIZE) + 24
        texts[0] = small(max(at - 6, room), 10, f"←{NO_BREAK}{below}", "right")
    if not frame.narrow:
        texts += [
            small(0, 10, "Cohort"),
            small(frame.model, 10, "Model"),
            small(frame.result, 10, "Ratio (CI)"),
        ]
    for cohort in scene.cohorts:
        texts += _cohort_texts(scene, cohort)
    if scene.unplaced:
        y = scene.unplaced[0][0] - 24
        texts.append(Text(0, y, "No place on the axis: neither a ratio nor a stated null", bold=True))
    if scene.unplaced and frame.narrow:
        texts[-1] = Text(0, texts[-1].y, "Neither a ratio nor a stated null", bold=True)
    for y, climb in scene.unplaced:
        label, said = _unplaced_words(climb, frame)
        x, sinks = (0.0, LINE_HEIGHT * len(label)) if frame.narrow else (frame.model, 0.0)
        texts += [Text(0, y + LINE_HEIGHT * i, line) for i, line in enumerate(label)]
        texts += [small(x, y + sinks + LINE_HEIGHT * i, line) for i, line in enumerate(said)]
    return texts


def _unplaced_words(climb: Climb, frame: Frame) -> tuple[list[str], list[str]]:
    """Return the name and the statement of a cohort without a place, broken where they are long."""
    said = "; ".join(f"{rung.name.lower()}: {rung.text}" for rung in climb.rungs)
    x = 0.0 if frame.narrow else frame.model
    label = wrap(climb.label, TEXT_SIZE, frame.width if frame.narrow else x - 6)
    return label, wrap(f"{climb.note} · {said}", SMALL_SIZE, frame.width - x)


def _cohort_words(climb: Climb, frame: Frame) -> tuple[list[str], list[str]]:
    """Return the name and the notes of a cohort beside its marks, broken where they are long."""
    room = frame.width if frame.narrow else frame.model - 10
    notes = [climb.note] if frame.narrow else _two_lines(climb.note)
    label = wrap(climb.label, TEXT_SIZE, room, True)
    return label, [line for note in notes for line in wrap(note, SMALL_SIZE, room)]


def _cohort_texts(scene: Scene, cohort: Cohort) -> list[Text]:
    frame, climb = scene.frame, cohort.climb
    y = cohort.top + 11
    label, notes = _cohort_words(climb, frame)
    texts = [Text(0, y + LINE_HEIGHT * i, line, bold=True) for i, line in enumerate(label)]
    y += LINE_HEIGHT * len(label)
    texts += [small(0, y + LINE_HEIGHT * i, line) for i, line in enumerate(notes)]
    for step in cohort.steps:
        texts += _rung_texts(step, frame)
    return texts


def _rung_texts(step: Step, frame: Frame) -> list[Text]:
    """Return the model and the result of a rung; a long name of a model takes two lines beside its mark."""
    rung, y = step.rung, step.y - (17.0 if frame.narrow else 0.0)
    bold, color = rung.level == ALBUMIN, MUTED if rung.estimate is None else INK
    room = frame.width if frame.narrow else frame.left - frame.model
    names = wrap(rung.name, SMALL_SIZE, room, bold)
    first = y - NAME_HEIGHT / 2 * (len(names) - 1)
    texts = [
        Text(frame.model, first + NAME_HEIGHT * i, line, size=SMALL_SIZE, bold=bold, color=MUTED)
        for i, line in enumerate(names)
    ]
    if frame.narrow:
        said = rung.text.removeprefix("association ") if rung.name == ALBUMIN_OR_MORE else rung.text
        return [*texts, Text(frame.result, y, said, "right", color=color)]
    return [*texts, Text(frame.result, y, rung.text, color=color)]


def _two_lines(note: str) -> list[str]:
    parts = note.split(" · ")
    return [" · ".join(parts[:2]), *parts[2:]]


def ladder_table(analysis: Analysis) -> Table:
    """Return every rung as a row of text."""
    headings = ("Cohort", "Model", "Adjusted for", "Ratio (CI), low against higher", "About")
    rows: list[tuple[str, ...]] = [
        (one.label, rung.name, rung.adjusted_for or "not recorded", rung.text, one.note)
        for one in climbs_of(evidence_of(analysis))
        for rung in one.rungs
    ]
    return headings, rows
