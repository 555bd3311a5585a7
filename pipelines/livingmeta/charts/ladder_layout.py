"""The magnesium ladder with everything placed: panels, scales and cohorts without cut-offs, in pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from livingmeta.charts.categories import NONE, Category, Cohort, cohorts_of
from livingmeta.charts.evidence import Evidence
from livingmeta.charts.textwidth import wrap
from livingmeta.charts.theme import SMALL_SIZE, TEXT_SIZE

LINE_HEIGHT, STEP_HEIGHT, LEAST_PANEL = 16.0, 18.0, 60.0
STRIP_ROOM = 12.0  # pixels below a plot for its strip of categories without a height
BESIDE_NOTE = 222.0  # from the note of a cohort without cut-offs to what it stated
BESIDE_AXIS = 0.14  # mmol/L on either side of the outermost bound, for what is open


@dataclass(frozen=True)
class Frame:
    """The width of the picture, where its plot lies, and where the numbers of a panel begin."""

    narrow: bool
    width: float
    left: float
    right: float
    numbers: float


WIDE, NARROW = Frame(False, 960.0, 236.0, 690.0, 712.0), Frame(True, 344.0, 30.0, 338.0, 0.0)


@dataclass(frozen=True)
class Panel:
    """One cohort, placed: its top, the span of its plot, and the middles of its lines of numbers.

    `strip` is the middle of the strip below the plot, for categories that have no height.
    """

    cohort: Cohort
    top: float
    plot: tuple[float, float]
    lines: tuple[float, ...]

    @property
    def strip(self) -> float:
        """Return where the strip of categories without a height stands, in pixels."""
        return self.plot[1] + STRIP_ROOM / 2 + 1


@dataclass(frozen=True)
class Ladder:
    """Everything placed: panels, headings, cohorts without cut-offs, the scales, the heights."""

    frame: Frame
    panels: tuple[Panel, ...]
    headings: tuple[tuple[float, str], ...]
    unplaced: tuple[tuple[float, Cohort], ...]
    span: tuple[float, float]
    ratios: tuple[float, float]
    head: float
    bottom: float
    height: float

    def x(self, mmol: float) -> float:
        """Return where a concentration stands, in pixels."""
        share = (mmol - self.span[0]) / (self.span[1] - self.span[0])
        return round(self.frame.left + share * (self.frame.right - self.frame.left), 2)

    def y(self, ratio: float, panel: Panel) -> float:
        """Return where a ratio stands in a panel, in pixels."""
        low, high = (math.log(x) for x in self.ratios)
        share = (math.log(min(max(ratio, self.ratios[0]), self.ratios[1])) - low) / (high - low)
        return round(panel.plot[1] - share * (panel.plot[1] - panel.plot[0]), 2)

    def edges(self, one: Category) -> tuple[float, float]:
        """Return from where to where a category runs, in pixels."""
        low = self.span[0] if one.lower is None else one.lower
        high = self.span[1] if one.upper is None else one.upper
        return self.x(low), self.x(high)


def ladder_of(evidence: Sequence[Evidence], narrow: bool) -> Ladder:
    """Return the ladder of some questions with everything placed."""
    frame = NARROW if narrow else WIDE
    panels: list[Panel] = []
    headings: list[tuple[float, str]] = []
    head = 3 * LINE_HEIGHT + 10.0 if narrow else LINE_HEIGHT + 14.0
    y = head + (8.0 if narrow else 46.0)
    for one in evidence:
        if len(evidence) > 1:
            headings.append((y + 6, one.question.title))
            y += 32
        for cohort in (each for each in cohorts_of(one) if each.categories):
            panel, y = _panel(cohort, y, frame)
            panels.append(panel)
    bottom = y - 6
    rest = [each for one in evidence for each in cohorts_of(one) if not each.categories]
    unplaced, end = _without_place(rest, bottom + 76, frame)
    if rest:
        headings.append((bottom + 76, "No cut-offs in print, so no place on the axis"))
    bounds = [x for panel in panels for one in panel.cohort.categories for x in (one.lower, one.upper)]
    found = [x for x in bounds if x is not None]
    span = (min(found) - BESIDE_AXIS, max(found) + BESIDE_AXIS)
    ratios = _ratio_span([one for panel in panels for one in panel.cohort.categories])
    return Ladder(frame, tuple(panels), tuple(headings), tuple(unplaced), span, ratios, head, bottom, end)


def _without_place(
    rest: Sequence[Cohort], top: float, frame: Frame
) -> tuple[list[tuple[float, Cohort]], float]:
    """Return the cohorts without cut-offs with their middles, and where the picture ends."""
    places, y = [], top + 24
    for cohort in sorted(rest, key=lambda one: (-(one.patients or 0), one.label)):
        places.append((y, cohort))
        label, stated = unplaced_lines(cohort, frame)
        more = label + stated - 2 if frame.narrow else max(label, stated) - 1
        y += (54 if frame.narrow else 22) + more * LINE_HEIGHT
    return places, y if rest else top - 16


def label_lines(cohort: Cohort, frame: Frame) -> list[str]:
    """Return the name of a cohort beside its panel, broken where it is long."""
    return wrap(cohort.label, TEXT_SIZE, frame.width if frame.narrow else frame.left - 36, True)


def unplaced_lines(cohort: Cohort, frame: Frame) -> tuple[int, int]:
    """Return how many lines the name and the statement of a cohort without cut-offs take."""
    label, stated = unplaced_words(cohort, frame)
    return len(label), len(stated)


def unplaced_words(cohort: Cohort, frame: Frame) -> tuple[list[str], list[str]]:
    """Return the name and the statement of a cohort without cut-offs, broken where they are long."""
    if frame.narrow:
        return wrap(cohort.label, TEXT_SIZE, frame.width), wrap(cohort.stated, SMALL_SIZE, frame.width)
    room = frame.width - frame.left - BESIDE_NOTE
    return wrap(cohort.label, TEXT_SIZE, frame.left - 6), wrap(cohort.stated, SMALL_SIZE, room)


def _panel(cohort: Cohort, top: float, frame: Frame) -> tuple[Panel, float]:
    n = len(cohort.categories)
    extra = STRIP_ROOM if any(one.kind == NONE for one in cohort.categories) else 0.0
    if frame.narrow:
        start = top + (1 + len(label_lines(cohort, frame))) * LINE_HEIGHT + 4
        plot = (start, start + LEAST_PANEL)
        rows = tuple(plot[1] + extra + 18 + i * STEP_HEIGHT for i in range(n))
        return Panel(cohort, top, plot, rows), rows[-1] + 24
    said = len(label_lines(cohort, frame)) + 1 + bool(cohort.model)
    height = max(LEAST_PANEL, n * STEP_HEIGHT, said * LINE_HEIGHT - 4)
    middle = top + height / 2
    rows = tuple(middle + (i - (n - 1) / 2) * STEP_HEIGHT for i in range(n))
    return Panel(cohort, top, (top, top + height), rows), top + height + extra + 16


def _ratio_span(categories: Sequence[Category]) -> tuple[float, float]:
    """Return the limits of the scale of ratios: all estimates, and intervals as far as they fit."""
    values = [one.estimate for one in categories if one.estimate is not None]
    return min([*values, 0.6]) * 0.88, max([*values, 1.8]) * 1.14
