"""The words and numbers of a forest plot, placed: header, rows and footer."""

from collections.abc import Sequence

from livingmeta import formats
from livingmeta.charts.geometry import INDENT, LABEL_RISE, LINE_HEIGHT, Page, effect_heading
from livingmeta.charts.layout import COMMON, HEADING, NOTE, RANDOM, SUBTOTAL, TOTALS, Row
from livingmeta.charts.marks import Align, Text, small
from livingmeta.charts.scene import Scene
from livingmeta.charts.textwidth import shortened
from livingmeta.charts.theme import ACCENT, ACCENT_2, INK, MUTED, TEXT_SIZE

PARTICIPANTS, WEIGHT = "% of participants", "% of RE weight"


def forest_texts(scene: Scene) -> list[Text]:
    """Return every text of a forest plot."""
    texts = header_texts(scene)
    place = _narrow_row if scene.page.narrow else _wide_row
    for row, y in zip(scene.forest.rows, scene.centres, strict=True):
        texts += place(row, scene.page, y, row_color(row, scene.is_conflict))
    texts += _bar_numbers(scene)
    texts += [small(0, y, line) for y, line in scene.footer]
    return [text for text in texts if text.text]


def header_texts(scene: Scene) -> list[Text]:
    """Return the header: directions, and the headings of the columns in a wide plot."""
    texts = _column(scene, scene.below, scene.null - 6, "right")
    texts += _column(scene, scene.above, scene.null + 6)
    return texts if scene.page.narrow else texts + _headings(scene)


def _headings(scene: Scene) -> list[Text]:
    forest, page = scene.forest, scene.page
    texts = _column(scene, ["Study"], 0)
    for heading, edge in zip(forest.columns, page.cells, strict=True):
        texts += _column(scene, list(filter(None, (heading, forest.unit))), edge, "right")
    texts += _column(scene, effect_heading(forest), page.effect)
    if page.weight is not None:
        texts += _column(scene, ["Weight"], page.weight, "right")
    if page.bars is not None:
        texts += _column(scene, [PARTICIPANTS, ""], page.bars[0], color=ACCENT)
        texts += _column(scene, [WEIGHT], page.bars[0], color=ACCENT_2)
    return texts


def _column(
    scene: Scene, said: Sequence[str], x: float, align: Align = "left", color: str = MUTED
) -> list[Text]:
    first = scene.header_lines - len(said)
    top = scene.offset
    return [
        small(x, top + (first + i + 0.5) * LINE_HEIGHT, line, align, color) for i, line in enumerate(said)
    ]


def row_color(row: Row, is_conflict: bool) -> str:
    """Return the colour of a row's numbers and diamond."""
    if row.kind == SUBTOTAL:
        return ACCENT
    if row.kind == COMMON:
        return ACCENT if is_conflict else MUTED
    if row.kind == RANDOM:
        return ACCENT_2 if is_conflict else ACCENT
    return MUTED if row.kind == NOTE else INK


def _wide_row(row: Row, page: Page, y: float, color: str) -> list[Text]:
    bold = row.kind in TOTALS
    x = row.indent * INDENT
    room = page.left - x if row.kind in (HEADING, NOTE) else page.label - x
    texts = [_label(row, x, y, room + 0.5)]
    for cell, edge in zip(row.cells, page.cells, strict=False):
        texts.append(Text(edge, y, cell, "right", bold=bold, color=INK if bold else MUTED))
    texts.append(Text(page.effect, y, row.text, bold=bold, color=color))
    if page.weight is not None and row.weight is not None:
        texts.append(Text(page.weight, y, formats.percent(row.weight, 1), "right", color=MUTED))
    return texts


def _narrow_row(row: Row, page: Page, y: float, color: str) -> list[Text]:
    has_interval = row.estimate is not None
    at = y - LABEL_RISE if has_interval else y
    texts = [_label(row, 0, at, page.label if has_interval else page.width)]
    texts.append(Text(page.effect, at, row.text, "right", bold=row.kind in TOTALS, color=color))
    texts.append(small(0, y + LINE_HEIGHT, row.note))
    if page.weight is not None and row.weight is not None and row.kind not in TOTALS:
        texts.append(small(page.weight, at, formats.percent(row.weight), "right"))
    return texts


def _label(row: Row, x: float, y: float, room: float) -> Text:
    bold = row.kind in (HEADING, *TOTALS)
    label = shortened(row.label, TEXT_SIZE, room, bold)
    return Text(x, y, label, bold=bold, color=MUTED if row.kind == NOTE else INK)


def _bar_numbers(scene: Scene) -> list[Text]:
    """Return the numbers behind the paired bars of the subtotals."""
    if scene.page.bars is None:
        return []
    start, end = scene.page.bars
    texts = []
    for row, y in scene.placed(SUBTOTAL):
        for value, dy, color in ((row.participants, -5, ACCENT), (row.weight, 5, ACCENT_2)):
            x = start + (value or 0) / 100 * (end - start) + 5
            texts.append(Text(x, y + dy, formats.percent(value), "left", 11, False, color))
    return texts
