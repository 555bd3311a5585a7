"""The matrix of missing results: outcome by study, what was reported with and without a number.

Shapes say the status, so that nothing rests on colour; the larger a mark, the more patients.
With many outcomes each is a line of marks, one per study, beside a bar of its patients.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.evidence import Evidence, Table, evidence_of, not_declared, titled
from livingmeta.charts.marks import Layer, Record, Text, layer, layered, lines, pixels, small, text_layers
from livingmeta.charts.statuses import (
    ABSENT,
    MEANINGS,
    NULL,
    NUMERIC,
    PARTIAL,
    STATED,
    Cell,
    cells_of,
    outcomes_of,
    share_of,
    share_text,
    studies_of,
)
from livingmeta.charts.textwidth import shortened, wrap
from livingmeta.charts.theme import ACCENT, ACCENT_2, LINE, SMALL_SIZE, TEXT_SIZE

NAME = "missing_results"
AREAS = (40.0, 84.0, 150.0, 250.0)  # square pixels per step of size
COLORS = {NUMERIC: ACCENT, PARTIAL: ACCENT, STATED: ACCENT_2, NULL: ACCENT_2, ABSENT: ACCENT_2}
OPACITIES = {NUMERIC: 1.0, PARTIAL: 0.55, STATED: 0.5, NULL: 0.22, ABSENT: 0.0}
SHAPES = {
    NUMERIC: "circle",
    PARTIAL: "circle",
    STATED: "triangle-up",
    NULL: "circle",
    ABSENT: "M-.7,-.7L.7,.7M-.7,.7L.7,-.7",
}
ROW, LINE_HEIGHT, MARK, NAME_HEIGHT = 24.0, 15.0, 18.0, 16.0
FEW = 4  # marks that fit beside the name of their outcome on a phone


@dataclass(frozen=True)
class Frame:
    """The width of the picture, where marks begin, and how many columns of outcomes fit."""

    narrow: bool
    width: float
    left: float
    column: float
    most: int


WIDE, NARROW = Frame(False, 960.0, 250.0, 76.0, 9), Frame(True, 344.0, 150.0, 38.0, 5)


@dataclass(frozen=True)
class Block:
    """A heading and the cells below it."""

    heading: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Scene:
    """Everything placed: marks, bars of patients, rules, texts, and the size of the picture."""

    frame: Frame
    marks: tuple[Record, ...]
    bars: tuple[Record, ...]
    rules: tuple[Record, ...]
    texts: tuple[Text, ...]
    height: float


def why_no_matrix(analysis: Analysis) -> str:
    """Return why a question has no matrix of missing results, or an empty text when it has one."""
    if said := not_declared(analysis, NAME):
        return said
    return "" if len(analysis.rows) else "No matrix of missing results: the question has no rows."


def missing_results(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return the matrix of one question: all rows of its table."""
    evidence = evidence_of(analysis)
    block = Block("", tuple(cells_of(evidence.rows)))
    return matrix_chart([block], narrow, description([block], titled([evidence])))


def blocks_of(evidence: Sequence[Evidence]) -> list[Block]:
    """Return one block per question, each table of effects once."""
    seen: dict[str, Block] = {}
    for one in evidence:
        if one.question.effects not in seen and len(one.rows):
            seen[one.question.effects] = Block(one.question.title, tuple(cells_of(one.rows)))
    return list(seen.values())


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def matrix_chart(blocks: Sequence[Block], narrow: bool, said: str) -> alt.LayerChart:
    """Return the matrix of some blocks.

    Parameters
    ----------
    blocks : sequence of Block
        One is drawn with a row per study where its outcomes fit as columns; else lines of marks.
    narrow : bool
        The variant for a phone.
    said : str
        The picture in one sentence.
    """
    frame = NARROW if narrow else WIDE
    is_matrix = len(blocks) == 1 and len(outcomes_of(blocks[0].cells)) <= frame.most
    scene = matrix_of(blocks[0], frame) if is_matrix else strips_of(blocks, frame)
    size = (frame.width, scene.height)
    layers = [
        lines(scene.rules, *size, color=LINE, strokeWidth=0.6, opacity=0.7),
        _bars(scene),
        *_marks(scene),
    ]
    layers += text_layers([text for text in scene.texts if text.text], *size)
    return layered([one for one in layers if one.records], size, 0, said)


def description(blocks: Sequence[Block], subject: str) -> str:
    """Return the matrix in one sentence, for readers who cannot see it."""
    cells = [one for block in blocks for one in block.cells]
    share, outcomes = share_of(cells), len(outcomes_of(cells))
    return (
        f"Missing results, {subject}: {share.studies} {'result' if share.studies == 1 else 'results'} "
        f"of {outcomes} {'outcome' if outcomes == 1 else 'outcomes'}, "
        f"{share.with_number} of them reported with a number."
    )


def caption(analysis: Analysis) -> str:
    """Return how to read the matrix."""
    return CAPTION


CAPTION = (
    "One mark per study and outcome, its best-reported result; an empty cell means that no result of the "
    "study on this outcome is known here. The larger the mark, the more patients: fewer than 100, from 100, "
    "from 1,000, from 10,000. Results without a number vanish from every pool. Percentages are of the "
    "patients in the studies that say how many they are; people counted for several "
    "outcomes are counted each time."
)


def _mark(cell: Cell, x: float, y: float) -> Record:
    return {
        "x": x,
        "y": y,
        "status": cell.status,
        "area": AREAS[cell.size],
        "study": cell.study,
        "outcome": cell.outcome,
        "said": MEANINGS[cell.status],
        "patients": formats.count(cell.patients) if cell.patients is not None else "not recorded",
    }


def _marks(scene: Scene) -> list[Layer]:
    """Return one layer per status, because each has its own shape and filling."""
    x, y = pixels(alt.X, "x", scene.frame.width), pixels(alt.Y, "y", scene.height)
    titles = {"study": "Study", "outcome": "Outcome", "said": "Result", "patients": "Patients"}
    tooltip = [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]
    layers = []
    for status, color in COLORS.items():
        records = [one for one in scene.marks if one["status"] == status]
        style = {
            "shape": SHAPES[status],
            "filled": status == NUMERIC,
            "opacity": 1,
            "color": color,
            "strokeWidth": 1.7,
        }
        size = alt.Size("area:Q", scale=None)
        layers.append(layer(records, "point", style=style, x=x, y=y, size=size, tooltip=tooltip))
        if status == PARTIAL:
            dots = [{**one, "area": one["area"] * 0.22} for one in records]
            layers.append(layer(dots, "point", style={**style, "filled": True}, x=x, y=y, size=size))
    return layers


def _bars(scene: Scene) -> Layer:
    x, y = pixels(alt.X, "x", scene.frame.width), pixels(alt.Y, "y", scene.height)
    style = {"strokeWidth": 1}
    color, opacity = alt.Color("color:N", scale=None), alt.FillOpacity("opacity:Q", scale=None)
    ends = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q")}
    stroke = alt.Stroke("color:N", scale=None)
    return layer(
        scene.bars, "rect", style=style, x=x, y=y, color=color, stroke=stroke, fillOpacity=opacity, **ends
    )


def bar_records(cells: Sequence[Cell], start: float, end: float, y: float, half: float = 5.0) -> list[Record]:
    """Return one bar of all patients, cut by status; what has no number is paler and paler."""
    records, x = [], start
    for status, percent in enumerate(share_of(cells).percents):
        if percent > 0:
            x2 = x + percent / 100 * (end - start)
            shown = {
                "color": COLORS[status],
                "opacity": OPACITIES[status],
                "percent": percent,
                "status": status,
            }
            records.append({"x": round(x, 2), "x2": round(x2, 2), "y": y - half, "y2": y + half, **shown})
            x = x2
    return records


def _key(frame: Frame) -> tuple[list[Record], list[Text], float]:
    """Return the marks and words that explain the shapes, and where they end."""
    marks, texts = [], []
    columns, step = (1, 0.0) if frame.narrow else (5, 192.0)
    for i, (status, said) in enumerate(MEANINGS.items()):
        x, y = (i % columns) * step, 9 + (i // columns) * 18.0
        marks.append(_mark(Cell("", "", status, 500, 1), x + 8, y))
        texts.append(small(x + 20, y, said))
    return marks, texts, 9 + ((len(MEANINGS) - 1) // columns) * 18.0 + 20


def matrix_of(block: Block, frame: Frame) -> Scene:
    """Return a matrix of studies by outcomes with everything placed."""
    marks, texts, y = _key(frame)
    cells, outcomes = block.cells, outcomes_of(block.cells)
    left = frame.width - len(outcomes) * frame.column if frame.narrow else frame.left
    columns = {name: left + (i + 0.5) * frame.column for i, name in enumerate(outcomes)}
    heads, deep = _column_heads(columns, frame, y)
    texts += heads
    y += deep + 6
    right = left + len(outcomes) * frame.column
    rules: list[Record] = []
    for study, patients in studies_of(cells):
        rules.append({"x": 0, "x2": right, "y": y, "y2": y})
        size = "n ?" if patients is None else formats.count(patients)
        named = wrap(study, TEXT_SIZE, left - 62)
        texts += [Text(0, y + ROW / 2 + LINE_HEIGHT * i, line) for i, line in enumerate(named)]
        texts.append(small(left - 8, y + ROW / 2, size, "right"))
        marks += [_mark(one, columns[one.outcome], y + ROW / 2) for one in cells if one.study == study]
        y += ROW + LINE_HEIGHT * (len(named) - 1)
    rules.append({"x": 0, "x2": right, "y": y, "y2": y})
    bars: list[Record] = []
    said = "with a number" if frame.narrow else "Patients behind a number"
    texts.append(small(0, y + 14, said))
    for name, x in columns.items():
        share = share_of(one for one in cells if one.outcome == name)
        texts.append(
            small(x, y + 14, formats.percent(share.percents[0]) if share.percents else "?", "center", ACCENT)
        )
    y += 34
    if len(outcomes) == 1 and not frame.narrow:  # one column leaves room for what it says of patients
        bars += _beside(cells, outcomes[0], texts, (right + 40, frame.width), y)
    return Scene(frame, tuple(marks), tuple(bars), tuple(rules), tuple(texts), y)


def _beside(
    cells: Sequence[Cell], outcome: str, texts: list[Text], span: tuple[float, float], bottom: float
) -> list[Record]:
    """Return the patients of one outcome as bars, one per status, beside its column."""
    share, records = share_of(cells), []
    y = 66.0
    texts.append(small(span[0], y, f"Patients by what was reported, {formats.count(share.total)} in all"))
    for status, percent in enumerate(share.percents):
        n = sum(one.status == status for one in cells)
        y += 34
        named = f"{n} {'study' if n == 1 else 'studies'}, {formats.count(share.patients[status])} patients"
        said = f"{MEANINGS[status]}: {named} ({formats.percent(percent, 1)})"
        texts.append(Text(span[0], y, said, size=SMALL_SIZE))
        end = span[0] + percent / 100 * (span[1] - span[0])
        shown = {"color": COLORS[status], "opacity": OPACITIES[status], "percent": percent, "status": status}
        if percent > 0:
            bar = {"x": span[0], "x2": round(max(end, span[0] + 1), 2), "y": y + 9, "y2": y + 17}
            records.append({**bar, **shown})
    return records if y + 17 < bottom else []


def _column_heads(columns: dict[str, float], frame: Frame, top: float) -> tuple[list[Text], float]:
    """Return the outcomes above their columns, on a phone as letters with a list of what they mean."""
    if not frame.narrow:
        wrapped = {name: wrap(name, SMALL_SIZE, frame.column - 6) for name in columns}
        most = max(map(len, wrapped.values()))
        texts = [
            small(x, top + (most - len(wrapped[name]) + i + 0.5) * LINE_HEIGHT, line, "center")
            for name, x in columns.items()
            for i, line in enumerate(wrapped[name])
        ]
        return texts, most * LINE_HEIGHT
    letters = {name: chr(ord("A") + i) for i, name in enumerate(columns)}
    said = [
        (f"{letters[name]}  {line}" if i == 0 else line, 0.0 if i == 0 else 15.0)
        for name in columns
        for i, line in enumerate(wrap(name, SMALL_SIZE, 310))
    ]
    texts = [small(x, top + (i + 0.5) * LINE_HEIGHT, line) for i, (line, x) in enumerate(said)]
    deep = (len(said) + 1.3) * LINE_HEIGHT
    texts += [
        Text(x, top + deep - 7, letters[name], "center", SMALL_SIZE, True) for name, x in columns.items()
    ]
    return texts, deep


def strips_of(blocks: Sequence[Block], frame: Frame) -> Scene:
    """Return a line of marks per outcome, with a bar of its patients, everything placed."""
    marks, texts, y = _key(frame)
    bars: list[Record] = []
    rules: list[Record] = []
    for block in blocks:
        if block.heading:
            texts.append(Text(0, y + 14, shortened(block.heading, 13, frame.width, True), bold=True))
            y += 30
        for outcome in outcomes_of(block.cells):
            some = [one for one in block.cells if one.outcome == outcome]
            some.sort(key=lambda one: (one.status, -(one.patients or 0), one.study))
            rules.append({"x": 0, "x2": frame.width, "y": y, "y2": y})
            y = _strip(outcome, some, frame, y, marks, bars, texts)
        y += 8
    return Scene(frame, tuple(marks), tuple(bars), tuple(rules), tuple(texts), y + 4)


def _strip(
    outcome: str,
    some: Sequence[Cell],
    frame: Frame,
    top: float,
    marks: list[Record],
    bars: list[Record],
    texts: list[Text],
) -> float:
    """Place the line of one outcome; return where it ends."""
    said = share_text(share_of(some))
    if frame.narrow:
        per_line = int(frame.width // MARK)
        is_short = len(some) <= FEW
        room = frame.width - (len(some) * MARK + 8 if is_short else 0)
        named = wrap(outcome, TEXT_SIZE, room)
        texts += [Text(0, top + 13 + NAME_HEIGHT * i, line) for i, line in enumerate(named)]
        more = NAME_HEIGHT * (len(named) - 1)
        texts.append(small(0, top + 30 + more, said))
        bars += bar_records(some, 0, frame.width, top + 45 + more, 4.0)
        first, start = (top + 13, room + 8 + MARK / 2) if is_short else (top + 64 + more, MARK / 2)
    else:
        per_line = 17
        named = wrap(outcome, TEXT_SIZE, frame.left - 10)
        texts += [Text(0, top + 13 + NAME_HEIGHT * i, line) for i, line in enumerate(named)]
        more = NAME_HEIGHT * (len(named) - 1)
        bars += bar_records(some, 570, 720, top + 13)
        texts.append(small(732, top + 13, said))
        first, start = top + 13, frame.left + MARK / 2
    for i, one in enumerate(some):
        marks.append(_mark(one, start + (i % per_line) * MARK, first + (i // per_line) * (MARK + 2)))
    end = first + ((len(some) - 1) // per_line) * (MARK + 2) + 13
    return max(end, top + 56 + more) if frame.narrow else max(end, top + 26 + more)


def matrix_table(blocks: Sequence[Block]) -> Table:
    """Return every cell of the matrix as a row of text."""
    headings = ("Outcome", "Study", "Result", "Patients")
    rows: list[tuple[str, ...]] = [
        (
            one.outcome,
            one.study,
            MEANINGS[one.status],
            formats.count(one.patients) if one.patients is not None else "not recorded",
        )
        for block in blocks
        for outcome in outcomes_of(block.cells)
        for one in sorted(block.cells, key=lambda cell: (cell.status, -(cell.patients or 0), cell.study))
        if one.outcome == outcome
    ]
    return headings, rows


def table_of(analysis: Analysis) -> Table:
    """Return the matrix of one question as rows of text."""
    return matrix_table([Block("", tuple(cells_of(analysis.rows)))])
