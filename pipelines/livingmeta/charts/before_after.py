"""A question before and after a change: two forest plots above one axis."""

from collections.abc import Iterator
from dataclasses import replace

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta.analysis import Analysis
from livingmeta.charts.forest import forest_layers
from livingmeta.charts.forest_text import forest_texts
from livingmeta.charts.geometry import LINE_HEIGHT, MAX_LABEL, Page, bottom_of, page_of, row_centres
from livingmeta.charts.layout import HEADING, NOTE, STUDY, Forest, Row, forest_layout
from livingmeta.charts.marks import layered, text_layers
from livingmeta.charts.scene import AXIS_HEIGHT, HEADER_GAP, Scene, axis_of, direction_lines
from livingmeta.charts.textwidth import text_width
from livingmeta.charts.theme import TEXT_SIZE

NEW = "new: "


def why_no_before_after(old: Analysis, new: Analysis) -> str:
    """Return why two states of a question cannot be drawn on one axis, empty when they can."""
    if not old.effects.k or not new.effects.k:
        return "one side has no effect size to draw"
    if old.effects.measure.code != new.effects.measure.code:
        return f"the measure was {old.effects.measure.code} and is {new.effects.measure.code}"
    return ""


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def before_after(old: Analysis, new: Analysis, names: tuple[str, str]) -> alt.LayerChart:
    """Return both states of a question as one picture, the old one above the new one.

    Parameters
    ----------
    old, new : Analysis
        Both with effects on one measure.
    names : tuple of str
        What the two states are called.
    """
    scene = _scene(old, new, names)
    size = scene.page.width, scene.height
    layers = [*forest_layers(scene), *text_layers(forest_texts(scene), *size)]
    return layered(layers, size, 0, description(new, names))


def description(analysis: Analysis, names: tuple[str, str]) -> str:
    """Return the picture in one sentence, for readers who cannot see it."""
    return f"Forest plots of {names[0]} and, below, {names[1]}: {analysis.question.title}."


def both(old: Analysis, new: Analysis, names: tuple[str, str]) -> Forest:
    """Return the rows of both states under a heading each; columns of raw data are left out."""
    before, after = forest_layout(old), forest_layout(new)
    known = {row.label for row in before.rows if row.kind == STUDY}
    rows = [
        Row(HEADING, f"Before: {names[0]}"),
        *_rows(before, known),
        Row(HEADING, f"After: {names[1]}"),
        *_rows(after, known),
    ]
    weights = before.has_weights or after.has_weights
    return replace(after, columns=(), unit="", rows=tuple(rows), is_split=False, has_weights=weights)


def _rows(forest: Forest, known: set[str]) -> Iterator[Row]:
    for row in forest.rows:
        if row.kind == NOTE:
            continue
        is_new = row.kind == STUDY and row.label not in known
        label = f"{NEW}{row.label}" if is_new else row.label
        yield replace(row, label=label, cells=(), note="", indent=row.indent + 1)


def _scene(old: Analysis, new: Analysis, names: tuple[str, str]) -> Scene:
    forest = both(old, new, names)
    page = _with_room(page_of(forest, False), forest)
    axis = axis_of(forest, page.right - page.left)
    below, above = direction_lines(new, axis, page)
    header_lines = max(len(below), len(above), 2)
    top = header_lines * LINE_HEIGHT + HEADER_GAP
    centres = row_centres(forest, page, top)
    bottom = bottom_of(centres, False)
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
        footer=(),
        height=float(round(bottom + AXIS_HEIGHT + 4)),
        is_conflict=new.question.verdict == "conflict_aware",
    )


def _with_room(page: Page, forest: Forest) -> Page:
    """Return the page with its plot far enough to the right for the headings."""
    widths = [text_width(row.label, TEXT_SIZE, True) + 1 for row in forest.rows if row.kind == HEADING]
    more = max(0.0, min(MAX_LABEL, max(widths)) - page.left)
    return replace(page, left=page.left + more, label=page.label + more)
