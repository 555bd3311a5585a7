"""The estimate of a question over its versions with everything placed, before anything is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from livingmeta.charts.axes import Axis, effect_axis
from livingmeta.charts.statements import MIN_STUDIES_FOR_PREDICTION
from livingmeta.charts.textwidth import NO_BREAK, wrap
from livingmeta.charts.theme import ACCENT, ACCENT_2, SMALL_SIZE
from livingmeta.effect_sizes.measures import MEASURES, Measure
from livingmeta.history import History, Step

LINE_HEIGHT, AXIS_HEIGHT, HEADER_GAP = 17.0, 44.0, 12.0
APART = 8.0  # pixels from the middle of a row, where it has two estimates
Direction = Mapping[str, str]
Shown = Mapping[str, float | None]


@dataclass(frozen=True)
class Frame:
    """The width of a picture, where its plot lies, the height of a row, and where columns begin."""

    narrow: bool
    width: float
    left: float
    right: float
    row: float
    kind: float
    date: float
    studies: float


WIDE = Frame(False, 960.0, 366.0, 800.0, 34.0, 92.0, 206.0, 340.0)
NARROW = Frame(True, 344.0, 14.0, 330.0, 60.0, 82.0, 0.0, 0.0)


@dataclass(frozen=True)
class Mark:
    """One estimate with its intervals, on the natural scale, and where it is drawn."""

    step: Step
    y: float
    estimate: float
    lower: float | None
    upper: float | None
    pi_lower: float | None
    pi_upper: float | None
    color: str


@dataclass(frozen=True)
class Course:
    """Everything placed: the steps drawn with their middles, their marks, the axis and the heights."""

    steps: tuple[tuple[Step, float], ...]
    marks: tuple[Mark, ...]
    axis: Axis
    measure: Measure
    frame: Frame
    header: tuple[tuple[str, ...], tuple[str, ...]]
    top: float
    bottom: float

    @property
    def null(self) -> float:
        """Return where the null line stands, in pixels."""
        return self.frame.left + self.axis.share(self.axis.null) * (self.frame.right - self.frame.left)

    @property
    def height(self) -> float:
        """Return the height of the whole picture in pixels."""
        return self.bottom + AXIS_HEIGHT


def drawn_steps(past: History) -> tuple[Step, ...]:
    """Return the steps that can share one axis: with an estimate on the newest one's measure."""
    known = [step for step in past.steps if step.lead["estimate"] is not None]
    return tuple(step for step in known if step.lead_symbol == known[-1].lead_symbol)


def has_two(step: Step) -> bool:
    """Return whether a row shows the main model too: only where it can share the axis."""
    return step.leads_otherwise and step.lead_symbol == step.symbol and step.display["estimate"] is not None


def is_predicted(step: Step) -> bool:
    """Return whether the prediction interval of a step is shown."""
    enough = step.summary["k"] >= MIN_STUDIES_FOR_PREDICTION and step.display.get("pi_lower") is not None
    return enough and (has_two(step) or not step.leads_otherwise)


def course_of(past: History, direction: Direction, frame: Frame) -> Course:
    """Return the steps of a question that share an axis, placed from the top down.

    Parameters
    ----------
    past : History
        With at least one step to draw.
    direction : mapping
        What lies `below` and `above` no effect, in words.
    frame : Frame
        WIDE or NARROW.
    """
    steps = drawn_steps(past)
    measure = _measure(steps[-1])
    axis = _axis(steps, measure, frame)
    header = _directions(direction, axis, frame)
    rows = max(len(header[0]), len(header[1]), 0 if frame.narrow else 1)
    top = rows * LINE_HEIGHT + HEADER_GAP
    placed, y = [], top
    for step in steps:
        height = frame.row + (2 * APART if has_two(step) else 0.0)
        rise = 10.0 if frame.narrow else 0.0  # the label stands above
        placed.append((step, y + height / 2 + rise))
        y += height
    marks = tuple(mark for step, at in placed for mark in _marks(step, at))
    return Course(tuple(placed), marks, axis, measure, frame, header, top, y + 6)


def _measure(step: Step) -> Measure:
    code = step.summary["measure"] if step.lead_symbol == step.symbol else step.lead_symbol
    return MEASURES[str(code)]


NO_INTERVAL: Shown = {}


def _marks(step: Step, y: float) -> list[Mark]:
    two = has_two(step)
    predicted = step.display if is_predicted(step) else NO_INTERVAL
    if not two:
        return [_mark(step, step.lead, predicted, y, ACCENT)]
    lead = _mark(step, step.lead, NO_INTERVAL, y - APART, ACCENT)
    return [lead, _mark(step, step.display, predicted, y + APART, ACCENT_2)]


def _mark(step: Step, shown: Shown, predicted: Shown, y: float, color: str) -> Mark:
    estimate = shown["estimate"]
    assert estimate is not None
    lower, upper = shown["ci_lower"], shown["ci_upper"]
    return Mark(step, y, estimate, lower, upper, predicted.get("pi_lower"), predicted.get("pi_upper"), color)


def _axis(steps: Sequence[Step], measure: Measure, frame: Frame) -> Axis:
    marks = [mark for step in steps for mark in _marks(step, 0.0)]
    ends = [x for m in marks for x in (m.lower, m.upper) if x is not None]
    return effect_axis(
        [mark.estimate for mark in marks],
        [x for m in marks if (x := m.lower if m.pi_lower is None else m.pi_lower) is not None],
        [x for m in marks if (x := m.upper if m.pi_upper is None else m.pi_upper) is not None],
        ends,
        null=measure.null,
        log=measure.is_ratio,
        width=frame.right - frame.left,
        bounds=measure.bounds or (-float("inf"), float("inf")),
    )


def _directions(direction: Direction, axis: Axis, frame: Frame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    span = frame.right - frame.left
    left = axis.share(axis.null) * span - 6
    below, above = direction.get("below", ""), direction.get("above", "")
    before = wrap(f"←{NO_BREAK}{below}", SMALL_SIZE, left) if below else []
    after = wrap(f"{above}{NO_BREAK}→", SMALL_SIZE, span - left - 12) if above else []
    return tuple(before), tuple(after)
