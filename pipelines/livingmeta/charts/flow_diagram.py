"""Flow diagrams as SVG written by hand: boxes whose text is wrapped and whose counts link to records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from livingmeta.charts.textwidth import wrap
from livingmeta.charts.theme import ACCENT, FONT, INK, LINE, MUTED, SMALL_SIZE, SOFT, TEXT_SIZE
from livingmeta.flow import Box, Flow, Stage, counted

PAD, LEADING, GAP = 10.0, 17.0, 26.0
WIDE = (340.0, 300.0, 60.0)  # width of a box in the middle, of one beside it, and the room between
NARROW = (326.0, 286.0, 0.0)
HEAD = 9.0


@dataclass(frozen=True)
class _Line:
    """One line of a box: its text, and how it is written."""

    text: str
    bold: bool = False
    muted: bool = False


@dataclass(frozen=True)
class _Placed:
    """A box with its lines and where it stands, px."""

    box: Box
    lines: tuple[_Line, ...]
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        """Return the height that its lines need, px."""
        return 2 * PAD + LEADING * len(self.lines) - 3


def flow_svg(flow: Flow, narrow: bool = False) -> str:
    """Return a flow diagram as SVG that follows the theme of its page.

    Parameters
    ----------
    flow : Flow
        Boxes with counts; those that leave stand beside the others, on a phone below them.
    narrow : bool
        For a phone, 326 px.
    """
    place = _placed_narrow if narrow else _placed_wide
    middle, beside = place(flow)
    placed = [*middle, *(one for one in beside if one)]
    width = max(one.x + one.width for one in placed) + 1
    height = max(one.y + one.height for one in placed) + 1
    arrows = _narrow_arrows(middle, beside) if narrow else _wide_arrows(middle, beside)
    return _svg(flow.title, width, height, arrows + "".join(_drawn(one) for one in placed))


def _svg(title: str, width: float, height: float, inside: str) -> str:
    name = escape(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lm-svg lm-flow" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="group" aria-label="{name}" font-family="{FONT}" '
        f'style="width:100%;max-width:{width:g}px;height:auto"><title>{name}</title>{inside}</svg>'
    )


def _placed_wide(flow: Flow) -> tuple[list[_Placed], list[_Placed | None]]:
    wide, side, room = WIDE
    middle: list[_Placed] = []
    beside: list[_Placed | None] = []
    y = 1.0
    for box, leaving in flow.steps:
        middle.append(_Placed(box, _lines(box, wide), 1.0, y, wide))
        at = 1.0 + wide + room
        beside.append(_Placed(leaving, _lines(leaving, side), at, y, side) if leaving else None)
        y += max(one.height for one in (middle[-1], beside[-1]) if one) + GAP
    return middle, beside


def _placed_narrow(flow: Flow) -> tuple[list[_Placed], list[_Placed | None]]:
    wide, side, _ = NARROW
    middle: list[_Placed] = []
    beside: list[_Placed | None] = []
    y = 1.0
    for box, leaving in flow.steps:
        middle.append(_Placed(box, _lines(box, wide), 1.0, y, wide))
        y += middle[-1].height + GAP / 2
        indent = 1.0 + wide - side
        beside.append(_Placed(leaving, _lines(leaving, side), indent, y, side) if leaving else None)
        if leaving:
            y += beside[-1].height + GAP / 2  # type: ignore[union-attr]
        y += GAP / 2
    return middle, beside


def _lines(box: Box, width: float) -> tuple[_Line, ...]:
    room = width - 2 * PAD
    title = [_Line(text, bold=True) for text in wrap(box.title, TEXT_SIZE, room, bold=True)]
    parts = [
        _Line(text, muted=True)
        for name, count in box.parts
        for text in wrap(f"{name}: {counted(count)}", SMALL_SIZE, room)
    ]
    return (*title, _Line(counted(box.count)), *parts)


def _drawn(one: _Placed) -> str:
    frame = (
        f'<rect x="{one.x:g}" y="{one.y:g}" width="{one.width:g}" height="{one.height:g}" rx="6" '
        f'fill="{SOFT}" stroke="{LINE}"/>'
    )
    texts = "".join(
        _text(line, one.x + PAD, one.y + PAD + 10 + LEADING * i, link=bool(one.box.page))
        for i, line in enumerate(one.lines)
    )
    if not one.box.page:
        return f"<g>{frame}{texts}</g>"
    said = escape(f"{one.box.title}: {counted(one.box.count)}")
    return f'<a href="{escape(one.box.page)}" aria-label="{said}">{frame}{texts}</a>'


def _text(line: _Line, x: float, y: float, link: bool) -> str:
    size = SMALL_SIZE if line.muted else TEXT_SIZE
    fill = MUTED if line.muted else ACCENT if link and not line.bold else INK
    weight = ' font-weight="600"' if line.bold else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{weight}>{escape(line.text)}</text>'


def _wide_arrows(middle: Sequence[_Placed], beside: Sequence[_Placed | None]) -> str:
    down = [
        _down(above.x + above.width / 2, above.y + above.height, below.y) for above, below in pairwise(middle)
    ]
    out = [
        _right(one.x + one.width, leaving.x, one.y + min(one.height, leaving.height) / 2)
        for one, leaving in zip(middle, beside, strict=True)
        if leaving
    ]
    return "".join(down + out)


def _narrow_arrows(middle: Sequence[_Placed], beside: Sequence[_Placed | None]) -> str:
    down = [_down(12.0, above.y + above.height, below.y) for above, below in pairwise(middle)]
    out = [_right(12.0, leaving.x, leaving.y + leaving.height / 2) for leaving in beside if leaving]
    return "".join(down + out)


def _down(x: float, start: float, end: float) -> str:
    return _line(
        f"M{x:g} {start:g}V{end - 2:g}", f"M{x - 4:g} {end - HEAD:g}L{x:g} {end:g}L{x + 4:g} {end - HEAD:g}Z"
    )


def _right(start: float, end: float, y: float) -> str:
    return _line(
        f"M{start:g} {y:g}H{end - 2:g}", f"M{end - HEAD:g} {y - 4:g}L{end:g} {y:g}L{end - HEAD:g} {y + 4:g}Z"
    )


def _line(shaft: str, head: str) -> str:
    return f'<path d="{shaft}" stroke="{MUTED}" fill="none"/><path d="{head}" fill="{MUTED}"/>'


def versions_flow(stages: Sequence[Stage], title: str, named: Callable[[str], str]) -> Flow:
    """Return the flow over the versions of a living review, one step for each version.

    Parameters
    ----------
    stages : sequence of Stage
        Oldest first.
    title : str
        Of the diagram.
    named : callable
        From the kind of a release to what readers call it.
    """
    return Flow(title, tuple((_held(stage, i), _added(stage, named)) for i, stage in enumerate(stages)))


def _held(stage: Stage, position: int) -> Box:
    first = "Version " if stage.kind else ""
    parts = (("reports", stage.reports), ("results extracted", stage.effects))
    on = f" of {stage.date}" if stage.date else ""
    page = f"changes/{stage.version}.html" if stage.kind else "whats-new.html"
    return Box(f"version-{position}", f"{first}{stage.version}{on}: studies", stage.studies, page, parts)


def _added(stage: Stage, named: Callable[[str], str]) -> Box:
    kind = named(stage.kind) if stage.kind else "not released"
    before = stage.before
    screened, studies = stage.screened, stage.studies
    new_studies = studies - before.studies if before else studies
    new_records: int | None = screened
    if before is not None:
        known = screened is not None and before.screened is not None
        new_records = (screened or 0) - (before.screened or 0) if known else None
    title = f"{'Studies to begin with' if before is None else 'Studies added since then'} ({kind})"
    parts = (
        ("records with a decision", new_records),
        ("results extracted", stage.effects - (before.effects if before else 0)),
    )
    return Box(f"added-{stage.version}", title, new_studies, "search.html#looks", parts)


def summary(flow: Flow) -> str:
    """Return a flow diagram in words, for those who cannot see it."""
    boxes = [box for step in flow.steps for box in step if box is not None]
    return " ".join(f"{box.title}: {counted(box.count)}." for box in boxes)
