"""Risk of bias drawn: a sign for every study and domain, and the share of each judgement by domain.

Every judgement has a shape and a sign as well as a colour. What nobody has judged is an empty ring.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
from altair.utils.schemapi import debug_mode

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.marks import (
    Layer,
    Record,
    Text,
    as_given,
    layer,
    layered,
    lines,
    pixels,
    small,
    text_layers,
)
from livingmeta.charts.textwidth import shortened, wrap
from livingmeta.charts.theme import ACCENT, ACCENT_2, LINE, MUTED, SMALL_SIZE
from livingmeta.instruments import DISAGREE, NOT_ASSESSED, OVERALL, Appraised, Instrument, Judgement

AMBER = "var(--lm-amber, #855600)"
DARK = "var(--lm-worst, #7a1f3d)"
ON_COLOUR = "var(--lm-paper, #ffffff)"
ROW, BAR, HEAD, LINE_HEIGHT, GAP = 26.0, 18.0, 24.0, 16.0, 12.0
AREA = 300.0  # square pixels of a sign


@dataclass(frozen=True)
class Sign:
    """How one kind of judgement is drawn: a shape, a character on it, a colour."""

    shape: str
    text: str
    color: str


# By the place of a judgement from the best one on.
SIGNS = (
    Sign("circle", "+", ACCENT),
    Sign("square", "–", AMBER),
    Sign("triangle-up", "×", ACCENT_2),
    Sign("diamond", "!", DARK),
)
WITHOUT_INFORMATION = Sign("circle", "?", MUTED)
DIFFERING = Sign("square", "≠", MUTED)
EMPTY = Sign("circle", "", MUTED)


@dataclass(frozen=True)
class Frame:
    """The width of the picture and of its left column, in pixels."""

    width: float
    left: float


WIDE, NARROW = Frame(760.0, 336.0), Frame(344.0, 130.0)


def why_no_traffic_light(analysis: Analysis) -> str:
    """Return why there is no picture of the risk of bias, or an empty text when there is one."""
    return "" if analysis.appraisal.started else "Risk of bias: not assessed."


def sign_of(instrument: Instrument, one: Judgement) -> Sign:
    """Return how a judgement is drawn."""
    if not one.is_made:
        return EMPTY
    if one.judgement == DISAGREE:
        return DIFFERING
    rank = instrument.rank(one.domain, one.judgement)
    return WITHOUT_INFORMATION if rank is None else SIGNS[min(rank, len(SIGNS) - 1)]


def panels(analysis: Analysis) -> list[tuple[Instrument, list[Appraised]]]:
    """Return the effects of each instrument in use, in the order of the instruments."""
    appraisal = analysis.appraisal
    found = [(one, [e for e in appraisal.effects if e.tool == one.tool]) for one in appraisal.instruments]
    return [(instrument, effects) for instrument, effects in found if effects]


def domain_label(name: str) -> str:
    """Return how the heading of a column names a domain."""
    return "Overall" if name == OVERALL else name


def _columns(instrument: Instrument, frame: Frame) -> list[float]:
    step = min(52.0, (frame.width - frame.left) / len(instrument.domains))
    return [frame.left + step * (i + 0.5) for i in range(len(instrument.domains))]


# Altair would check every part as it is made; a test checks the whole instead.
@debug_mode(False)
def traffic_light(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return a sign for every result and domain, one block for each instrument.

    Parameters
    ----------
    analysis : Analysis
        With at least one judgement on the risk of bias.
    narrow : bool
        The variant for a phone.
    """
    frame = NARROW if narrow else WIDE
    signs: list[Record] = []
    texts: list[Text] = []
    rules: list[Record] = []
    y = 0.0
    for instrument, effects in panels(analysis):
        y = _heading(instrument, frame, y, texts)
        at = _columns(instrument, frame)
        for effect in effects:
            rules.append({"x": 0, "x2": frame.width, "y": y, "y2": y})
            texts.append(
                Text(0, y + ROW / 2, shortened(effect.study, SMALL_SIZE, frame.left - 8), size=SMALL_SIZE)
            )
            for x, one in zip(at, effect.judgements, strict=True):
                signs.append(_record(x, y + ROW / 2, instrument, one, effect.study))
            y += ROW
        y = _legend(instrument, frame, y + GAP, signs, texts)
    return _drawn(signs, texts, rules, (frame.width, y), description(analysis))


def _heading(instrument: Instrument, frame: Frame, y: float, texts: list[Text]) -> float:
    texts.append(Text(0, y + HEAD / 2, instrument.tool, bold=True))
    for x, domain in zip(_columns(instrument, frame), instrument.domains, strict=True):
        name = domain_label(domain.name)
        texts.append(
            small(x, y + HEAD / 2, "All" if frame is NARROW and domain.name == OVERALL else name, "center")
        )
    return y + HEAD


def _record(x: float, y: float, instrument: Instrument, one: Judgement, study: str) -> Record:
    sign, domain = sign_of(instrument, one), instrument.domain(one.domain)
    title = domain.title if domain else one.domain
    return {
        "x": x,
        "y": y,
        "shape": sign.shape,
        "sign": sign.text,
        "color": sign.color,
        "filled": sign is not EMPTY,
        "study": study,
        "domain": title,
        "judgement": one.judgement,
    }


def _legend(instrument: Instrument, frame: Frame, y: float, signs: list[Record], texts: list[Text]) -> float:
    """Write what signs and domains mean below their block; return where the next one begins."""
    shown = dict.fromkeys(word for domain in instrument.domains for word in domain.judgements)
    for word in (*shown, NOT_ASSESSED):
        domain = next((d for d in instrument.domains if word in d.judgements), instrument.domains[0])
        signs.append(_record(9, y + 9, instrument, Judgement(domain.name, word), "Legend"))
        for line in wrap(word, SMALL_SIZE, frame.width - 26):
            texts.append(small(24, y + 9, line))
            y += LINE_HEIGHT
        y += 6
    for domain in instrument.domains:
        if domain.name != OVERALL:
            for line in wrap(f"{domain.name}: {domain.title}", SMALL_SIZE, frame.width):
                texts.append(small(0, y + LINE_HEIGHT / 2, line))
                y += LINE_HEIGHT
    return y + GAP


def _drawn(
    signs: Sequence[Record],
    texts: Sequence[Text],
    rules: Sequence[Record],
    size: tuple[float, float],
    said: str,
) -> alt.LayerChart:
    width, height = size
    x, y = pixels(alt.X, "x", width), pixels(alt.Y, "y", height)
    tooltip = [alt.Tooltip(f"{name}:N", title=name.capitalize()) for name in ("study", "domain", "judgement")]
    color, shape = as_given(alt.Color, "color", "N"), as_given(alt.Shape, "shape", "N")
    layers: list[Layer] = [lines(rules, width, height, color=LINE, strokeWidth=0.6)]
    for filled in (True, False):
        some = [record for record in signs if record["filled"] is filled]
        style = {"filled": filled, "opacity": 1, "size": AREA if filled else AREA * 0.6, "strokeWidth": 1.5}
        if some:
            layers.append(
                layer(some, "point", style=style, x=x, y=y, shape=shape, color=color, tooltip=tooltip)
            )
    marks = [_on(record) for record in signs if record["sign"]]
    layers += text_layers([*texts, *marks], width, height)
    return layered(layers, size, 0, said, ("x", "y"))


def _on(record: Record) -> Text:
    drop = 2.0 if record["shape"] == "triangle-up" else 0.0
    return Text(record["x"], record["y"] + drop, record["sign"], "center", SMALL_SIZE, True, ON_COLOUR)


@debug_mode(False)
def risk_of_bias_summary(analysis: Analysis, narrow: bool = False) -> alt.LayerChart:
    """Return, for each domain, how many results have which judgement, as bars of equal length.

    Parameters
    ----------
    analysis : Analysis
        With at least one judgement on the risk of bias.
    narrow : bool
        The variant for a phone.
    """
    frame = NARROW if narrow else WIDE
    bars: list[Record] = []
    texts: list[Text] = []
    y = 0.0
    for instrument, effects in panels(analysis):
        texts.append(Text(0, y + HEAD / 2, instrument.tool, bold=True))
        y += HEAD
        for i, domain in enumerate(instrument.domains):
            name = (
                domain_label(domain.name)
                if narrow or domain.name == OVERALL
                else f"{domain.name}: {domain.title}"
            )
            label = shortened(name, SMALL_SIZE, frame.left - 8)
            texts.append(Text(0, y + ROW / 2, label, size=SMALL_SIZE, bold=domain.name == OVERALL))
            bars += _bar(instrument, [effect.judgements[i] for effect in effects], frame, y + ROW / 2)
            y += ROW
        y += GAP
    for bar in bars:
        middle = (bar["x"] + bar["x2"]) / 2
        color = MUTED if bar["is_empty"] else ON_COLOUR
        texts.append(Text(middle, bar["y"], bar["label"], "center", SMALL_SIZE, not bar["is_empty"], color))
    width = frame.width
    x, at = pixels(alt.X, "x", width), pixels(alt.Y, "y", y)
    tooltip = [
        alt.Tooltip(f"{name}:N", title=name.capitalize()) for name in ("domain", "judgement", "results")
    ]
    color, opacity = as_given(alt.Color, "color", "N"), as_given(alt.Opacity, "opacity")
    drawn = layer(
        bars,
        "rule",
        style={"strokeWidth": BAR},
        x=x,
        x2=alt.X2("x2:Q"),
        y=at,
        color=color,
        opacity=opacity,
        tooltip=tooltip,
    )
    return layered([drawn, *text_layers(texts, width, y)], (width, y), 0, description(analysis), ("x", "y"))


def _bar(instrument: Instrument, judged: Sequence[Judgement], frame: Frame, y: float) -> list[Record]:
    """Return the parts of one bar, from the best judgement to those that nobody made."""
    order = {sign: i for i, sign in enumerate((*SIGNS, WITHOUT_INFORMATION, DIFFERING, EMPTY))}
    kinds = sorted({(order[sign_of(instrument, one)], one.judgement) for one in judged})
    start, records = frame.left, []
    for _, word in kinds:
        some = [one for one in judged if one.judgement == word]
        sign, share = sign_of(instrument, some[0]), len(some) / len(judged)
        end = start + share * (frame.width - frame.left)
        count = formats.count(len(some))
        records.append(
            {
                "x": start,
                "x2": end - 1,
                "y": y,
                "color": sign.color,
                "opacity": 0.15 if sign is EMPTY else 1.0,
                "is_empty": sign is EMPTY,
                "label": f"{sign.text} {count}".strip(),
                "domain": instrument.domain(some[0].domain).title,  # type: ignore[union-attr]
                "judgement": word,
                "results": count,
            }
        )
        start = end
    return records


def description(analysis: Analysis) -> str:
    """Return the pictures in one sentence, for readers who cannot see them."""
    appraisal = analysis.appraisal
    judged, of, low = (len(some) for some in (appraisal.assessed, appraisal.effects, appraisal.low_risk))
    return (
        f"Risk of bias: {analysis.question.title}. {formats.count(judged)} of {formats.count(of)} results "
        f"have an overall judgement, {formats.count(low)} of them the best one."
    )


def traffic_light_caption(analysis: Analysis) -> str:
    """Return how to read the traffic light."""
    return "One row per result, one column per domain; shape, sign and colour all say the judgement."


def summary_caption(analysis: Analysis) -> str:
    """Return how to read the summary."""
    return (
        "Each bar holds all results; the numbers count them, whatever their weight. "
        "The signs are those of the figure above; a pale part was judged by nobody."
    )
