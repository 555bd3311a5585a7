"""Where the columns and rows of a forest plot stand, in pixels, wide or narrow."""

from dataclasses import dataclass

from livingmeta import formats
from livingmeta.charts.layout import COMMON, HEADING, RANDOM, STUDY, TOTALS, Forest, Row
from livingmeta.charts.textwidth import text_width
from livingmeta.charts.theme import SMALL_SIZE, TEXT_SIZE

WIDE, NARROW = 960.0, 344.0
COLUMN_GAP, PLOT_GAP = 18.0, 22.0
INDENT = 12.0
MAX_LABEL = 230.0
EDGE = 14.0  # half a tick label, at either end of a narrow plot
LINE_HEIGHT = 16.0
LABEL_RISE = 17.0  # of a label above its interval in a narrow plot
BARS = 92.0
BARS_NUMBER = 40.0  # room for a percentage behind the longest bar


@dataclass(frozen=True)
class Page:
    """Horizontal positions: the plot between `left` and `right`, the columns around it.

    `cells` and `weight` are right edges, `effect` is the edge of the effect column (left edge
    in a wide plot, right edge in a narrow one), `bars` the span of the paired bars.
    """

    narrow: bool
    width: float
    left: float
    right: float
    label: float
    cells: tuple[float, ...]
    effect: float
    weight: float | None
    bars: tuple[float, float] | None


def page_of(forest: Forest, narrow: bool) -> Page:
    """Return where the columns of a forest plot stand."""
    return _narrow(forest) if narrow else _wide(forest)


def _wide(forest: Forest) -> Page:
    label = min(MAX_LABEL, max([_label_width(row) for row in forest.rows if row.kind != HEADING] or [60]))
    edge, cells = label, []
    for i, heading in enumerate(forest.columns):
        widths = [text_width(row.cells[i], TEXT_SIZE, row.kind in TOTALS) for row in forest.rows if row.cells]
        edge += COLUMN_GAP + max([*widths, text_width(heading, SMALL_SIZE), _unit_width(forest)])
        cells.append(edge)
    right_end, weight, bars = WIDE, None, None
    if forest.is_split:
        bars = (WIDE - BARS - BARS_NUMBER, WIDE - BARS_NUMBER)
        right_end = bars[0] - COLUMN_GAP
    elif forest.has_weights:
        weight = WIDE
        right_end = WIDE - text_width("Weight", SMALL_SIZE) - COLUMN_GAP
    effect = right_end - _effect_width(forest)
    return Page(False, WIDE, edge + PLOT_GAP, effect - PLOT_GAP, label, tuple(cells), effect, weight, bars)


def _narrow(forest: Forest) -> Page:
    weight = None if forest.is_split or not forest.has_weights else NARROW
    effect = NARROW if weight is None else NARROW - text_width("100%", SMALL_SIZE) - 8
    label = effect - _effect_width(forest) - 6
    return Page(True, NARROW, EDGE, NARROW - EDGE, label, (), effect, weight, None)


def _effect_width(forest: Forest) -> float:
    widths = [text_width(row.text, TEXT_SIZE, row.kind in TOTALS) for row in forest.rows]
    return max([*widths, 90.0])


def _label_width(row: Row) -> float:
    return row.indent * INDENT + text_width(row.label, TEXT_SIZE, row.kind in TOTALS)


def _unit_width(forest: Forest) -> float:
    return text_width(forest.unit, SMALL_SIZE)


def effect_heading(forest: Forest) -> list[str]:
    """Return the lines above the effects: the measure and the level of the intervals."""
    name = forest.measure.name
    named = forest.measure.label if len(name) > 16 else name[0].upper() + name[1:]
    return [named, f"({formats.percent(forest.level)} CI)"]


def row_centres(forest: Forest, page: Page, top: float) -> list[float]:
    """Return the middle of each row's interval, in pixels, the first row starting at `top`.

    In a narrow plot the label stands `LABEL_RISE` above it.
    """
    centres, edge, before = [], top, ""
    for row in forest.rows:
        edge += _space_before(row.kind, before)
        height = _row_height(row, page.narrow)
        has_label_above = page.narrow and row.estimate is not None
        centres.append(edge + (height - 11 if has_label_above else 11))
        edge, before = edge + height, row.kind
    return centres


def _space_before(kind: str, before: str) -> float:
    if kind == HEADING and before:
        return 10.0
    if kind in (COMMON, RANDOM) and before == STUDY:
        return 8.0
    return 0.0


def _row_height(row: Row, narrow: bool) -> float:
    if not narrow:
        return 22.0
    if row.note:
        return 22.0 + LINE_HEIGHT
    return 38.0 if row.estimate is not None else 22.0


def null_segments(forest: Forest, page: Page, centres: list[float], top: float) -> list[tuple[float, float]]:
    """Return from where to where the null line runs.

    In a narrow plot it is broken, because words stand between the intervals.
    """
    bottom = bottom_of(centres, page.narrow)
    if not page.narrow:
        return [(top - 4, bottom)]
    drawn = [y for row, y in zip(forest.rows, centres, strict=True) if row.estimate is not None]
    return [(y - 9, min(y + 10, bottom)) for y in drawn]


def bottom_of(centres: list[float], narrow: bool) -> float:
    """Return where the rows end."""
    return (centres[-1] if centres else 0.0) + (12.0 if narrow else 13.0)
