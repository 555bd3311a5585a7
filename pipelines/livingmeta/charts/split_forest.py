"""The split forest: large and small trials apart, each pooled in both ways, weight beside participants."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import altair as alt
import numpy as np
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.analysis import Analysis, Group
from livingmeta.charts.evidence import Table, not_declared
from livingmeta.charts.forest import forest_layers
from livingmeta.charts.forest_text import forest_texts
from livingmeta.charts.geometry import LINE_HEIGHT, bottom_of, page_of, row_centres
from livingmeta.charts.layout import (
    COMMON,
    HEADING,
    NAMES,
    RANDOM,
    SUBTOTAL,
    Columns,
    Forest,
    Row,
    forest_layout,
    is_split,
    ordered,
    raw_columns,
    share_note,
    study_rows,
    summed,
    total_row,
    with_shares,
)
from livingmeta.charts.marks import Layer, Record, Text, layer, layered, pixels, small, text_layers
from livingmeta.charts.scene import AXIS_HEIGHT, HEADER_GAP, Scene, axis_of, direction_lines, footer_lines
from livingmeta.charts.statements import effect_text, statements
from livingmeta.charts.theme import ACCENT, ACCENT_2
from livingmeta.estimators import Fit, FitError, pool

NAME = "split_forest"
LEAST = 3  # studies that a random-effects mean of a stratum needs
PAPER = "var(--lm-paper, #ffffff)"
MOSAIC_ROW = {False: 26.0, True: 40.0}


@dataclass(frozen=True)
class Stratum:
    """One stratum with both of its pooled estimates, and its shares in percent."""

    group: Group
    common: Fit | None
    random: Fit | None
    participants: float
    common_weight: float
    random_weight: float


def why_no_split(analysis: Analysis) -> str:
    """Return why a question has no split forest, or an empty text when it has one."""
    if said := not_declared(analysis, NAME):
        return said
    if analysis.fit is None or not is_split(analysis):
        return "No split forest: the first subgroups of the question are not a threshold on the trials' size."
    return ""


def strata_of(analysis: Analysis) -> list[Stratum]:
    """Return the strata in their order, large trials first, pooled by the common and the random model."""
    assert analysis.common is not None and analysis.fit is not None and analysis.participants
    question, sizes = analysis.question, analysis.effects.frame["n_total"].to_numpy(float)
    strata = []
    for group in (one for one in analysis.subgroups[0].groups if one.rows):
        rows, choice = list(group.rows), question.common_effect
        strata.append(
            Stratum(
                group,
                _fit(analysis, rows, choice.method, choice.test),
                _fit(analysis, rows, question.method, question.test) if len(rows) >= LEAST else None,
                100 * float(sizes[rows].sum()) / analysis.participants,
                float(analysis.common.weights[rows].sum()),
                float(analysis.fit.weights[rows].sum()),
            )
        )
    return strata


def _fit(analysis: Analysis, rows: list[int], method: str, test: str) -> Fit | None:
    keep = np.isin(np.arange(analysis.effects.k), rows)
    part = analysis.effects.subset(keep)
    try:
        return pool(part, method, test, analysis.question.level, analysis.question.pi_df)
    except FitError:
        return None


def split_layout(analysis: Analysis) -> Forest:
    """Return the rows of the split forest from top to bottom."""
    columns, plain = raw_columns(analysis), forest_layout(analysis)
    studies = study_rows(analysis, columns, True)
    rows: list[Row] = []
    for stratum in strata_of(analysis):
        members = [studies[i] for i in stratum.group.rows]
        rows.append(Row(HEADING, stratum.group.label, note=share_note(members)))
        rows += [studies[i] for i in ordered(analysis, stratum.group.rows, True)]
        rows += _summaries(analysis, stratum, members, columns)
    totals = [row for row in plain.rows if row.kind in (COMMON, RANDOM)]
    rows.append(Row(HEADING, f"All {formats.words(analysis.effects.k)} studies"))
    return replace(plain, rows=(*rows, *totals))


def _summaries(analysis: Analysis, stratum: Stratum, members: list[Row], columns: Columns) -> list[Row]:
    """Return both pooled estimates of a stratum, of equal standing."""
    cells = columns.totals(analysis.effects.frame.iloc[list(stratum.group.rows)])
    weights = summed(row.weight for row in members), summed(row.participants for row in members)
    rows = []
    for kind, fit in ((SUBTOTAL, stratum.common), (RANDOM, stratum.random)):
        if fit is not None and fit.k > 1:
            row = total_row(analysis, kind, NAMES.get(fit.method, fit.method), fit, 1)
            row = replace(row, pi_lower=None, pi_upper=None)
            shares = weights if kind == SUBTOTAL else (None, None)
            rows.append(with_shares(row, cells, *shares))
            cells = tuple("" for _ in cells)
    return rows


def scene_of(analysis: Analysis, narrow: bool) -> Scene:
    """Return the split forest with everything placed, below the bars that compare the strata."""
    forest = split_layout(analysis)
    page = page_of(forest, narrow)
    axis = axis_of(forest, page.right - page.left)
    below, above = direction_lines(analysis, axis, page)
    header_lines = max(len(below), len(above), 0 if narrow else 2)
    offset = 24.0 + 3 * MOSAIC_ROW[narrow] + 14.0
    top = offset + header_lines * LINE_HEIGHT + HEADER_GAP
    centres = row_centres(forest, page, top)
    bottom = bottom_of(centres, narrow)
    said = tuple(one for one in statements(analysis) if one.startswith("Difference between"))
    footer, end = footer_lines(said, page, bottom + AXIS_HEIGHT)
    return Scene(
        forest,
        page,
        axis,
        below,
        above,
        header_lines,
        tuple(centres),
        top,
        bottom,
        footer,
        float(round(end + 4)),
        True,
        offset,
    )


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def split_forest(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return the split forest of one question.

    Parameters
    ----------
    analysis : Analysis
        Pooled, with first subgroups by a threshold on the size.
    narrow : bool
        The variant for a phone: labels above their intervals, no bars per trial.
    """
    scene = scene_of(analysis, narrow)
    size = (scene.page.width, scene.height)
    records = mosaic_records(analysis, narrow)
    layers = [*forest_layers(scene), *_mosaic(records, size)]
    texts = [*forest_texts(scene), *_mosaic_texts(analysis, records, narrow)]
    return layered([*layers, *text_layers(texts, *size)], size, 0, description(analysis))


def mosaic_records(analysis: Analysis, narrow: bool) -> list[Record]:
    """Return the bars that compare the strata: a record per share and stratum, in percent of 100."""
    strata = strata_of(analysis)
    start, end = (0.0, 344.0) if narrow else (176.0, 900.0)
    assert analysis.common is not None and analysis.fit is not None
    shares = (
        ("Participants", [one.participants for one in strata]),
        (f"Weight, {_short(analysis.common.method)}", [one.common_weight for one in strata]),
        (f"Weight, {_short(analysis.fit.method)}", [one.random_weight for one in strata]),
    )
    records = []
    for row, (name, values) in enumerate(shares):
        x, y = start, 34.0 + (row + (0.4 if narrow else 0)) * MOSAIC_ROW[narrow]
        for position, (one, value) in enumerate(zip(strata, values, strict=True)):
            x2 = x + value / 100 * (end - start)
            told = {"share": name, "stratum": one.group.label, "percent": value}
            shown = {"color": ACCENT if position == 0 else ACCENT_2, "opacity": 1.0 if position == 0 else 0.3}
            records.append({"x": round(x, 2), "x2": round(x2, 2), "y": y - 8, "y2": y + 8, **told, **shown})
            x = x2
    return records


def _short(method: str) -> str:
    return NAMES.get(method, method).rpartition(", ")[2]


def _mosaic(records: Sequence[Record], size: tuple[float, float]) -> list[Layer]:
    x, y = pixels(alt.X, "x", size[0]), pixels(alt.Y, "y", size[1])
    color, opacity = alt.Color("color:N", scale=None), alt.FillOpacity("opacity:Q", scale=None)
    ends = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q"), "stroke": alt.Stroke("color:N", scale=None)}
    style = {"strokeWidth": 1}
    return [layer(records, "rect", style=style, x=x, y=y, color=color, fillOpacity=opacity, **ends)]


def _mosaic_texts(analysis: Analysis, records: Sequence[Record], narrow: bool) -> list[Text]:
    texts = []
    names = [one.group.label for one in strata_of(analysis)]
    first, last = names[0], names[-1]
    for one in records:
        y = (one["y"] + one["y2"]) / 2
        said = formats.percent(one["percent"])
        if one["stratum"] == first:
            place = Text(0, y - 17, one["share"], size=12) if narrow else Text(0, y, one["share"])
            texts += [place, Text(one["x"] + 6, y, said, bold=True, color=PAPER)]
        elif one["stratum"] == last:
            texts.append(_last_text(one, y, said, narrow))
    ends = (records[0]["x"], records[-1]["x2"])
    texts.append(small(ends[0], 10, f"■ {first}", color=ACCENT))
    texts.append(small(ends[1], 10, f"□ {last}", "right", ACCENT_2))
    return texts


def _last_text(one: Record, y: float, said: str, narrow: bool) -> Text:
    """Return the share of the last stratum: inside its bar where it fits, else beside or above it."""
    if one["x2"] - one["x"] > 44:
        return Text(one["x2"] - 6, y, said, "right", bold=True, color=ACCENT_2)
    if narrow:
        return Text(one["x2"], y - 17, said, "right", bold=True, color=ACCENT_2)
    return Text(one["x2"] + 8, y, said, bold=True, color=ACCENT_2)


def description(analysis: Analysis) -> str:
    """Return the split forest in one sentence, for readers who cannot see it."""
    measure, said = analysis.effects.measure, []
    for one in strata_of(analysis):
        fits = [fit for fit in (one.common, one.random) if fit is not None]
        texts = [
            f"{fit.method} {effect_text(measure, fit.estimate, fit.ci_lower, fit.ci_upper)}" for fit in fits
        ]
        said.append(f"{one.group.label}: {measure.label} {', '.join(texts)}")
    return f"Split forest: {analysis.question.title}. {'. '.join(said)}."


def caption(analysis: Analysis) -> str:
    """Return how to read the split forest."""
    return (
        "Above, what each stratum holds of all participants and of the weight in either model. Below, each "
        "stratum with both summaries, which have equal standing: filled diamonds are the common-effect "
        "estimate, outlined ones the random-effects estimate. The bars beside the trials compare a trial's "
        "share of the participants with its share of the random-effects weight."
    )


def split_table(analysis: Analysis) -> Table:
    """Return both summaries of each stratum, and its shares, as rows of text."""
    measure = analysis.effects.measure
    headings = (
        "Stratum",
        "Trials",
        "Participants",
        "Weight, common",
        "Weight, random",
        "Model",
        "Estimate (CI)",
    )
    rows = []
    for one in strata_of(analysis):
        shares = (formats.percent(x, 1) for x in (one.participants, one.common_weight, one.random_weight))
        start = (one.group.label, str(len(one.group.rows)), *shares)
        for fit in (one.common, one.random):
            if fit is not None:
                shown = effect_text(measure, fit.estimate, fit.ci_lower, fit.ci_upper)
                rows.append((*start, NAMES.get(fit.method, fit.method), shown))
    return headings, rows
