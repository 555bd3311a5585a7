"""A forest plot with everything placed: rows, columns, axis, header and footer in pixels."""

from dataclasses import dataclass

from livingmeta.analysis import Analysis
from livingmeta.charts.axes import Axis, effect_axis
from livingmeta.charts.geometry import LINE_HEIGHT, Page, bottom_of, page_of, row_centres
from livingmeta.charts.layout import STUDY, TOTALS, Forest, Row, forest_layout
from livingmeta.charts.statements import statements
from livingmeta.charts.textwidth import NO_BREAK, wrap
from livingmeta.charts.theme import SMALL_SIZE
from livingmeta.effect_sizes.measures import FISHER_Z

AXIS_HEIGHT = 46.0
HEADER_GAP = 8.0  # between the header and the rows
Lines = tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """Where everything stands.

    `centres` holds the middle of each row's interval; the rows lie between `top` and `bottom`;
    `footer` holds the lines below the axis with their middles; `offset` is where the header begins.
    """

    forest: Forest
    page: Page
    axis: Axis
    below: Lines
    above: Lines
    header_lines: int
    centres: tuple[float, ...]
    top: float
    bottom: float
    footer: tuple[tuple[float, str], ...]
    height: float
    is_conflict: bool
    offset: float = 0.0

    @property
    def null(self) -> float:
        """Return where the null line stands, in pixels."""
        return self.page.left + self.axis.share(self.axis.null) * (self.page.right - self.page.left)

    def placed(self, *kinds: str) -> list[tuple[Row, float]]:
        """Return the rows of some kinds, each with its middle."""
        return [pair for pair in zip(self.forest.rows, self.centres, strict=True) if pair[0].kind in kinds]


def scene_of(analysis: Analysis, narrow: bool) -> Scene:
    """Return the forest plot of one question with everything placed."""
    forest = forest_layout(analysis)
    page = page_of(forest, narrow)
    axis = axis_of(forest, page.right - page.left)
    below, above = direction_lines(analysis, axis, page)
    header_lines = max(len(below), len(above), 0 if narrow else 2)
    top = header_lines * LINE_HEIGHT + HEADER_GAP
    centres = row_centres(forest, page, top)
    bottom = bottom_of(centres, narrow)
    footer, end = footer_lines(statements(analysis), page, bottom + AXIS_HEIGHT)
    return Scene(
        forest=forest,
        page=page,
        axis=axis,
        below=below,
        above=above,
        header_lines=header_lines,
        centres=tuple(centres),
        top=top,
        bottom=bottom,
        footer=footer,
        height=float(round(end + 4)),
        is_conflict=analysis.question.verdict == "conflict_aware",
    )


def axis_of(forest: Forest, width: float) -> Axis:
    """Return the effect axis of a forest plot that is `width` pixels wide."""
    studies = [row for row in forest.rows if row.kind == STUDY]
    totals = [row for row in forest.rows if row.kind in TOTALS]
    pooled = [v for row in totals for v in (row.lower, row.upper, row.pi_lower, row.pi_upper)]
    measure = forest.measure
    return effect_axis(
        _known([row.estimate for row in studies]),
        _known([row.lower for row in studies]),
        _known([row.upper for row in studies]),
        _known(pooled),
        null=measure.null,
        log=measure.is_ratio,
        width=width,
        bounds=(-1.0, 1.0) if measure.scale == FISHER_Z else (-float("inf"), float("inf")),
    )


def _known(values: list[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def direction_lines(analysis: Analysis, axis: Axis, page: Page) -> tuple[Lines, Lines]:
    """Return the labels of both sides of the null line, wrapped to the room they have."""
    direction, span = analysis.question.direction, page.right - page.left
    spill = 0.0 if page.narrow else 12.0
    left = axis.share(axis.null) * span - 6 + spill
    right = span - axis.share(axis.null) * span - 6 + spill
    below, above = direction.get("below", ""), direction.get("above", "")
    before = wrap(f"←{NO_BREAK}{below}", SMALL_SIZE, left) if below else []
    after = wrap(f"{above}{NO_BREAK}→", SMALL_SIZE, right) if above else []
    return tuple(before), tuple(after)


def footer_lines(
    said: tuple[str, ...], page: Page, top: float
) -> tuple[tuple[tuple[float, str], ...], float]:
    """Return the lines below the axis with their middles, and where they end."""
    placed, y = [], top
    for sentence in said:
        for line in wrap(sentence, SMALL_SIZE, page.width):
            placed.append((y + LINE_HEIGHT / 2, line))
            y += LINE_HEIGHT
        y += 5 if page.narrow else 2
    return tuple(placed), y
