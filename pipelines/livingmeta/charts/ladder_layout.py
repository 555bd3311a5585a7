"""The magnesium ladder with everything placed: panels, scales and cohorts without cut-offs, in pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from livingmeta.charts.categories import Category, Cohort, cohorts_of
from livingmeta.charts.evidence import Evidence

LINE_HEIGHT, STEP_HEIGHT, LEAST_PANEL = 16.0, 18.0, 60.0
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
    """One cohort, placed: its top, the span of its plot, and the middles of its lines of numbers."""

    cohort: Cohort
    top: float
    plot: tuple[float, float]
    lines: tuple[float, ...]


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
    head = 2 * LINE_HEIGHT + 10.0 if narrow else LINE_HEIGHT + 14.0
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
        y += 54 if frame.narrow else 22
    return places, y if rest else top - 16


def _panel(cohort: Cohort, top: float, frame: Frame) -> tuple[Panel, float]:
    n = len(cohort.categories)
    if frame.narrow:
        start = top + 2 * LINE_HEIGHT + 4
        plot = (start, start + LEAST_PANEL)
        rows = tuple(plot[1] + 18 + i * STEP_HEIGHT for i in range(n))
        return Panel(cohort, top, plot, rows), rows[-1] + 24
    height = max(LEAST_PANEL, n * STEP_HEIGHT)
    middle = top + height / 2
    rows = tuple(middle + (i - (n - 1) / 2) * STEP_HEIGHT for i in range(n))
    return Panel(cohort, top, (top, top + height), rows), top + height + 16


def _ratio_span(categories: Sequence[Category]) -> tuple[float, float]:
    """Return the limits of the scale of ratios: all estimates, and intervals as far as they fit."""
    values = [one.estimate for one in categories if one.estimate is not None]
    return min([*values, 0.6]) * 0.88, max([*values, 1.8]) * 1.14
