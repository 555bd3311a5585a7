"""Benefit and harm per 1,000: what happened in either arm of a trial, and the difference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.axes import Axis, effect_axis
from livingmeta.charts.evidence import Evidence, Table, cohort_name, evidence_of, known, not_declared, titled
from livingmeta.charts.marks import Layer, Record, Text, layer, layered, lines, pixels, small, text_layers
from livingmeta.charts.textwidth import NO_BREAK, shortened, text_width, wrap
from livingmeta.charts.theme import ACCENT, ACCENT_2, INK, LINE, MUTED
from livingmeta.diagnostics import OneTable, one_table
from livingmeta.selection import rows_for

NAME = "benefit_harm"
PEOPLE, ICONS, ACROSS = 1000, 100, 20  # an icon is ten people
CELL, LINE_HEIGHT = 8.0, 16.0
ARMS = ("control", "treatment")
COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")


@dataclass(frozen=True)
class Outcome:
    """One outcome of one trial: counts by arm, and what follows from them per 1,000."""

    trial: str
    name: str
    when: str
    about: str
    events: dict[str, float]
    n: dict[str, float]
    labels: dict[str, str]
    table: OneTable
    is_bad: bool

    def per_1000(self, arm: str) -> float:
        """Return the people with the event of 1,000 in an arm."""
        return PEOPLE * (self.table.risk_control if arm == "control" else self.table.risk_treatment)

    @property
    def difference(self) -> tuple[float, float, float]:
        """Return how many more of 1,000 have the event with the treatment, with its interval."""
        one = self.table
        return (
            PEOPLE * one.difference,
            PEOPLE * one.difference_ci_lower,
            PEOPLE * one.difference_ci_upper,
        )

    @property
    def text(self) -> str:
        """Return the difference in words: `343 more (208 to 479 more)`."""
        value, low, high = self.difference
        if low < 0 < high:
            return f"{_more(value)} ({_more(low)} to {_more(high)})"
        ends = sorted((abs(low), abs(high)))
        side = "more" if value > 0 else "fewer"
        return f"{_more(value)} ({formats.count(ends[0])} to {formats.count(ends[1])} {side})"


def _more(value: float) -> str:
    return f"{formats.count(abs(value))} {'more' if value >= 0 else 'fewer'}"


@dataclass(frozen=True)
class Frame:
    """The width of the picture, where the arms and the differences are drawn."""

    narrow: bool
    width: float
    arms: tuple[float, float]
    left: float
    right: float


WIDE = Frame(False, 960.0, (178.0, 362.0), 556.0, 944.0)
NARROW = Frame(True, 344.0, (0.0, 180.0), 14.0, 330.0)


def outcomes_of(evidence: Evidence) -> list[Outcome]:
    """Return the outcomes of a question's main rows that have counts in both arms."""
    rows = rows_for(evidence.rows, evidence.question)
    arms = evidence.question.arms
    found = []
    for _, row in rows[rows[list(COUNTS)].notna().all(axis=1)].iterrows():
        values = [float(row[name]) for name in COUNTS]
        when = f"within {row['time_value']:g} {row['time_unit']}" if known(row["time_value"]) else ""
        found.append(
            Outcome(
                trial=cohort_name(row),
                name=evidence.question.outcome_noun,
                when=when,
                about=evidence.question.title,
                events={"treatment": values[0], "control": values[2]},
                n={"treatment": values[1], "control": values[3]},
                labels={arm: arms.get(arm, arm.capitalize()) for arm in ARMS},
                table=one_table(values[0], values[1], values[2], values[3], evidence.question.level),
                is_bad=row["outcome_valence"] != "good",
            )
        )
    return found


def why_no_benefit_harm(analysis: Analysis) -> str:
    """Return why a question has no picture per 1,000, or an empty text when it has one."""
    if said := not_declared(analysis, NAME):
        return said
    n = len(outcomes_of(evidence_of(analysis)))
    if n == 1:
        return ""
    many = (
        "more than one trial has counts, and their arms must not be added up" if n else "no trial has counts"
    )
    return f"No picture per 1,000: {many}."


def benefit_harm(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return benefit and harm per 1,000 of one question."""
    return benefit_harm_chart([evidence_of(analysis)], narrow)


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def benefit_harm_chart(evidence: Sequence[Evidence], narrow: bool = False) -> alt.LayerChart:
    """Return benefit and harm per 1,000, the outcomes of one trial below each other.

    Parameters
    ----------
    evidence : sequence of Evidence
        Questions with one trial each that has counts in both arms.
    narrow : bool
        The variant for a phone: differences below the arms.
    """
    outcomes = sorted_by_trial(evidence)
    frame = NARROW if narrow else WIDE
    axis = _axis(outcomes, frame)
    key, y = _key(frame)
    texts, icons, bars, points, rules, spans = list(key[1]), list(key[0]), [], [], [], []
    trial = ""
    for one in outcomes:
        if one.trial != trial:
            texts += _heading(one, y, frame)
            y, trial = y + (44 if narrow else 26), one.trial
        rules.append({"x": 0, "x2": frame.width, "y": y, "y2": y})
        top = y + (48 if narrow else 30)
        icons += icon_records(one, top, frame)
        at = top + (ICONS / ACROSS) * CELL + 38 if narrow else top + 2.5 * CELL
        bars.append(_interval(one, axis, at, frame))
        points.append(_point(one, axis, at, frame))
        spans.append((at - 12, at + 12))
        texts += _row_texts(one, y, at, frame)
        y = at + (22 if narrow else 2.5 * CELL + 16)
    bottom, height = y, y + 48
    size = (frame.width, height)
    layers = [
        _null(axis, spans, bottom, height, frame),
        lines(rules, *size, color=LINE, strokeWidth=0.6, opacity=0.7),
        *_icons(icons, size),
        lines(bars, *size, color=INK, strokeWidth=1.6),
        _points(points, size),
    ]
    texts += _directions(axis, bottom, frame)
    layers += text_layers([text for text in texts if text.text], *size)
    return layered([one for one in layers if one.records], size, 0, description(evidence))


def sorted_by_trial(evidence: Sequence[Evidence]) -> list[Outcome]:
    """Return the outcomes of all questions, those of one trial together, as the questions come."""
    outcomes = [one for some in evidence for one in outcomes_of(some)]
    trials = list(dict.fromkeys(one.trial for one in outcomes))
    return sorted(outcomes, key=lambda one: trials.index(one.trial))


def description(evidence: Sequence[Evidence]) -> str:
    """Return the picture in one sentence, for readers who cannot see it."""
    said = "; ".join(f"{one.name}: {one.text} per 1,000" for one in sorted_by_trial(evidence))
    return f"Benefit and harm, {titled(evidence)}: {said}."


def caption(analysis: Analysis) -> str:
    """Return how to read the picture."""
    return CAPTION


CAPTION = (
    "Each icon stands for ten of 1,000 people, as the arms of the trial had them. Filled circles had the "
    "event in either arm; filled squares had it beyond the number in the other arm. The point is the "
    "difference in risk per 1,000 with its confidence interval (Wald, or Newcombe if an arm has no event). "
    "It holds for people and a time like the trial's; one trial is no certainty."
)


def _axis(outcomes: Sequence[Outcome], frame: Frame) -> Axis:
    values = [one.difference for one in outcomes]
    return effect_axis(
        [value for value, _, _ in values],
        [low for _, low, _ in values],
        [high for _, _, high in values],
        [],
        null=0.0,
        log=False,
        width=(frame.right - frame.left) * 0.7,
        bounds=(-float(PEOPLE), float(PEOPLE)),
    )


def icon_records(one: Outcome, top: float, frame: Frame) -> list[Record]:
    """Return a hundred icons per arm: without the event, with it, and with it beyond the other arm."""
    counts = {arm: math.floor(one.per_1000(arm) / PEOPLE * ICONS + 0.5) for arm in ARMS}
    shared, records = min(counts.values()), []
    for arm, left in zip(ARMS, frame.arms, strict=True):
        for i in range(ICONS):
            kind = "shared" if i < shared else "extra" if i < counts[arm] else "none"
            x, y = left + (i % ACROSS + 0.5) * CELL, top + (i // ACROSS + 0.5) * CELL
            records.append({"x": x, "y": y, "kind": kind, "arm": arm, "bad": one.is_bad})
    return records


def _icons(records: Sequence[Record], size: tuple[float, float]) -> list[Layer]:
    x, y = pixels(alt.X, "x", size[0]), pixels(alt.Y, "y", size[1])
    styles = {
        "none": {
            "shape": "circle",
            "filled": False,
            "color": MUTED,
            "size": 14,
            "strokeWidth": 0.7,
            "opacity": 0.6,
        },
        "shared": {"shape": "circle", "filled": True, "color": INK, "size": 32, "opacity": 0.75},
    }
    layers = [
        layer([one for one in records if one["kind"] == kind], "point", style=style, x=x, y=y)
        for kind, style in styles.items()
    ]
    for is_bad, color in ((True, ACCENT_2), (False, ACCENT)):
        some = [one for one in records if one["kind"] == "extra" and one["bad"] == is_bad]
        style = {"shape": "square", "filled": True, "color": color, "size": 46, "opacity": 1}
        layers.append(layer(some, "point", style=style, x=x, y=y))
    return layers


def _at(value: float, axis: Axis, frame: Frame) -> float:
    share = min(max(axis.share(value), 0.0), 1.0)
    return round(frame.left + share * (frame.right - frame.left), 2)


def _interval(one: Outcome, axis: Axis, y: float, frame: Frame) -> Record:
    _, low, high = one.difference
    return {"x": _at(low, axis, frame), "x2": _at(high, axis, frame), "y": y, "y2": y}


def _point(one: Outcome, axis: Axis, y: float, frame: Frame) -> Record:
    value = one.difference[0]
    told = {"outcome": one.name, "trial": one.trial, "text": one.text, "value": value}
    arms = {arm: f"{formats.count(one.events[arm])}/{formats.count(one.n[arm])}" for arm in ARMS}
    return {"x": _at(value, axis, frame), "y": y, "color": _color(one), **told, **arms}


def _color(one: Outcome) -> str:
    _, low, high = one.difference
    if low <= 0 <= high:
        return INK
    return ACCENT_2 if (low > 0) == one.is_bad else ACCENT


def _points(records: Sequence[Record], size: tuple[float, float]) -> Layer:
    x, y = pixels(alt.X, "x", size[0]), pixels(alt.Y, "y", size[1])
    titles = {"trial": "Trial", "outcome": "Outcome", "treatment": "Treatment", "control": "Control"}
    tooltip = [alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()]
    tooltip.append(alt.Tooltip("text:N", title="Per 1,000"))
    style = {"shape": "square", "filled": True, "size": 90, "opacity": 1}
    color = alt.Color("color:N", scale=None)
    return layer(records, "point", style=style, x=x, y=y, color=color, tooltip=tooltip)


def _null(
    axis: Axis, spans: Sequence[tuple[float, float]], bottom: float, height: float, frame: Frame
) -> Layer:
    """Return the line of no difference, which carries the axis."""
    scale = alt.Scale(
        type="linear",
        domain=[axis.lower, axis.upper],
        range=[frame.left, frame.right],
        nice=False,
        zero=False,
    )
    shown = alt.Axis(
        values=list(axis.ticks),
        format="d",
        offset=bottom - height,
        title=None,
        labelOverlap=False,
        labelFlush=False,
    )
    records = [{"x": 0.0, "y": top, "y2": end} for top, end in spans]
    x, y = alt.X("x:Q", scale=scale, axis=shown), pixels(alt.Y, "y", height)
    return layer(records, "rule", style={"color": LINE}, x=x, y=y, y2=alt.Y2("y2:Q"))


def _key(frame: Frame) -> tuple[tuple[list[Record], list[Text]], float]:
    """Return the icons and words that explain them, and where they end."""
    said = (
        ("shared", "10 of 1,000 with the event"),
        ("extra", "10 of 1,000 more than in the other arm"),
        ("none", "10 of 1,000 without"),
    )
    places = (
        [(0.0, 9.0), (0.0, 27.0), (0.0, 45.0)] if frame.narrow else [(0.0, 9.0), (196.0, 9.0), (460.0, 9.0)]
    )
    icons: list[Record] = []
    texts: list[Text] = []
    for (kind, words), (x, y) in zip(said, places, strict=True):
        icons.append({"x": x + 6, "y": y, "kind": kind, "arm": "", "bad": True})
        texts.append(small(x + 17, y, words))
    return (icons, texts), 70.0 if frame.narrow else 34.0


def _heading(one: Outcome, y: float, frame: Frame) -> list[Text]:
    sizes = " and ".join(f"{formats.count(one.n[arm])} {one.labels[arm].lower()}" for arm in reversed(ARMS))
    if frame.narrow:
        return [Text(0, y + 6, one.trial, bold=True), small(0, y + 24, sizes)]
    beside = max(frame.arms[0], text_width(one.trial, 13, True) + 16)
    return [Text(0, y + 8, one.trial, bold=True), small(beside, y + 8, f"Arms: {sizes}")]


def _row_texts(one: Outcome, top: float, at: float, frame: Frame) -> list[Text]:
    name = one.name[0].upper() + one.name[1:]
    texts = []
    if frame.narrow:
        texts.append(Text(0, top + 13, shortened(name, 13, frame.width - 110, True), bold=True))
        texts.append(small(frame.width, top + 13, one.when, "right"))
        texts.append(Text(0, at - 20, f"{one.text} per 1,000", bold=True, color=_color(one)))
    else:
        lines_of = wrap(name, 13, frame.arms[0] - 16, True)
        texts += [Text(0, top + 30 + i * LINE_HEIGHT, line, bold=True) for i, line in enumerate(lines_of)]
        texts.append(small(0, top + 30 + len(lines_of) * LINE_HEIGHT, one.when))
        texts.append(Text(frame.left, at - 22, f"{one.text} per 1,000", bold=True, color=_color(one)))
    for arm, x in zip(ARMS, frame.arms, strict=True):
        said = f"{one.labels[arm]}: {formats.count(one.per_1000(arm))}"
        counts = f"({formats.count(one.events[arm])}/{formats.count(one.n[arm])})"
        texts.append(small(x, top + (37 if frame.narrow else 20), f"{said} {counts}", color=INK))
    return texts


def _directions(axis: Axis, bottom: float, frame: Frame) -> list[Text]:
    at, y = _at(0.0, axis, frame), bottom + 36
    return [
        small(at - 6, y, f"←{NO_BREAK}fewer", "right"),
        small(at + 6, y, f"more per 1,000 with treatment{NO_BREAK}→"),
    ]


def _counted(one: Outcome, arm: str) -> str:
    return f"{formats.count(one.events[arm])}/{formats.count(one.n[arm])}"


def benefit_harm_table(evidence: Sequence[Evidence]) -> Table:
    """Return the outcomes as rows of text."""
    headings = (
        "Trial",
        "Outcome",
        "Treatment, of 1,000",
        "Control, of 1,000",
        "Difference per 1,000",
        "Exact p",
    )
    rows = [
        (
            one.trial,
            f"{one.name} {one.when}".strip(),
            *(f"{formats.count(one.per_1000(arm))} ({_counted(one, arm)})" for arm in reversed(ARMS)),
            one.text,
            formats.p_value(one.table.p_exact),
        )
        for one in sorted_by_trial(evidence)
    ]
    return headings, rows
