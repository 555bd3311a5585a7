"""Instruments of judgement as data, which one belongs to a row, and what people judged with it.

Domains and allowed judgements are rows of `instruments.csv`; judgements are rows of `risk_of_bias.csv`
and `certainty.csv`. Nothing here judges: what nobody has entered is "not assessed".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from livingmeta.schema import listed
from livingmeta.studies import Studies

NOT_ASSESSED = "not assessed"
DISAGREE = "assessors disagree"
CONSENSUS = "consensus"
OVERALL = "overall"
NO_INFORMATION = "No information"
RANDOMISED, INTERVENTION, EXPOSURE, BODY = "randomised", "intervention", "exposure", "body of evidence"
TOOL_RULE = (
    "RoB 2 for the arms of a randomised trial, ROBINS-I for an intervention that was not randomised, "
    "ROBINS-E for an exposure such as a level of magnesium, whatever the design of the study. "
    "Predictions and genetic instruments have none here."
)
_COMPARES_EXPOSURES = ("category", "per_unit", "correlation")
_NOT_RANDOMISED = ("before_after", "observational")


@dataclass(frozen=True)
class Domain:
    """One domain of an instrument, with the judgements that it allows, the best one first."""

    name: str
    title: str
    judgements: tuple[str, ...]


@dataclass(frozen=True)
class Instrument:
    """An instrument: its domains in order, `overall` last, and what it judges."""

    tool: str
    version: str
    applies_to: str
    domains: tuple[Domain, ...]

    def domain(self, name: str) -> Domain | None:
        """Return the domain called `name`, None when the instrument has none."""
        return next((one for one in self.domains if one.name == name), None)

    def rank(self, name: str, judgement: str) -> int | None:
        """Return how far a judgement is from the best one of its domain; None where it has no place."""
        domain = self.domain(name)
        if domain is None or judgement not in domain.judgements or judgement == NO_INFORMATION:
            return None
        return domain.judgements.index(judgement)


@dataclass(frozen=True)
class Judgement:
    """What people said of one domain: "not assessed" where nobody did."""

    domain: str
    judgement: str = NOT_ASSESSED
    reason: str = ""
    assessor: str = ""
    assessed_on: str = ""

    @property
    def is_made(self) -> bool:
        """Return whether anybody has judged."""
        return self.judgement != NOT_ASSESSED


@dataclass(frozen=True)
class Appraised:
    """One effect with its instrument and a judgement on each domain; `tool` is blank where none fits."""

    effect_id: str
    study: str
    tool: str
    judgements: tuple[Judgement, ...]

    @property
    def overall(self) -> str:
        """Return the overall judgement, "not assessed" where nobody made one."""
        return next((one.judgement for one in self.judgements if one.domain == OVERALL), NOT_ASSESSED)

    @property
    def is_assessed(self) -> bool:
        """Return whether anybody has judged any domain."""
        return any(one.is_made for one in self.judgements)


@dataclass(frozen=True)
class Appraisal:
    """All judgements on a question: the risk of bias of each effect, and the certainty of the evidence."""

    instruments: tuple[Instrument, ...] = ()
    effects: tuple[Appraised, ...] = ()
    certainty: tuple[Judgement, ...] = ()

    def instrument(self, tool: str) -> Instrument | None:
        """Return the instrument called `tool`, None when there is none."""
        return next((one for one in self.instruments if one.tool == tool), None)

    @property
    def assessed(self) -> tuple[Appraised, ...]:
        """Return the effects that have an overall judgement."""
        return tuple(one for one in self.effects if one.overall != NOT_ASSESSED)

    @property
    def started(self) -> bool:
        """Return whether anybody has judged any domain of any effect."""
        return any(one.is_assessed for one in self.effects)

    @property
    def low_risk(self) -> tuple[str, ...]:
        """Return the ids of the effects whose overall judgement is the best of their instrument."""
        return tuple(one.effect_id for one in self.effects if self._is_low(one))

    def _is_low(self, one: Appraised) -> bool:
        instrument = self.instrument(one.tool)
        return instrument is not None and instrument.rank(OVERALL, one.overall) == 0

    def rating(self, domain: str) -> Judgement:
        """Return the judgement on one domain of the certainty."""
        return next((one for one in self.certainty if one.domain == domain), Judgement(domain))

    @property
    def rated(self) -> tuple[Judgement, ...]:
        """Return the domains of the certainty that somebody has judged."""
        return tuple(one for one in self.certainty if one.is_made)


def instruments_of(table: pd.DataFrame) -> tuple[Instrument, ...]:
    """Return the instruments of a typed `instruments` table, in its order; none for an empty one."""
    if table.empty:
        return ()
    return tuple(_instrument(str(tool), rows) for tool, rows in table.groupby("tool", sort=False))


def _instrument(tool: str, rows: pd.DataFrame) -> Instrument:
    ordered = rows.sort_values("order", kind="stable").to_dict("records")
    domains = tuple(Domain(row["domain"], row["domain_title"], allowed(row["judgements"])) for row in ordered)
    return Instrument(tool, ordered[0]["version"], ordered[0]["applies_to"], domains)


def allowed(cell: Any) -> tuple[str, ...]:
    """Return the judgements of a cell that separates them by semicolons."""
    return listed(str(cell or ""))


def kind_of(row: Mapping[str, Any]) -> str:
    """Return what kind of instrument a row of effects needs, blank where none here fits or nobody can tell.

    The contrast decides: randomised arms, arms without randomisation, or an exposure; a trial's own
    exposure (an achieved level) was not randomised.
    """
    contrast, design = row.get("contrast_type"), row.get("design_type")
    if design == "mendelian_randomisation" or contrast not in ("arms", *_COMPARES_EXPOSURES):
        return ""
    if contrast != "arms":
        return EXPOSURE
    if design == "unclear":
        return ""
    is_randomised = design == "randomised" and row.get("allocation") not in _NOT_RANDOMISED
    return RANDOMISED if is_randomised else INTERVENTION


def tools_for(row: Mapping[str, Any], instruments: Sequence[Instrument]) -> tuple[str, ...]:
    """Return the instruments that fit a row, the one that leads first."""
    kind = kind_of(row)
    return tuple(one.tool for one in instruments if kind and one.applies_to == kind)


def appraise(rows: pd.DataFrame, studies: Studies, question_id: str) -> Appraisal:
    """Return what people judged of these rows and of this question.

    Parameters
    ----------
    rows : DataFrame
        Rows of effects with `effect_id`, `study`, `contrast_type`, `allocation` and `design_type`.
    studies : Studies
        All curated tables.
    question_id : str
        Question whose certainty is asked for.
    """
    instruments = instruments_of(studies.instruments)
    judged = _by(studies.risk_of_bias, "effect_id")
    effects = tuple(_appraised(row, judged, instruments) for row in rows.to_dict("records"))
    body = next((one for one in instruments if one.applies_to == BODY), None)
    made = _by(studies.certainty, "question_id").get(question_id, [])
    certainty = tuple(_agreed(one.name, made, "reason") for one in body.domains) if body else ()
    return Appraisal(instruments, effects, certainty)


Rows = list[dict[Any, Any]]


def _by(table: pd.DataFrame, column: str) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in table.to_dict("records") if len(table) else ():
        found.setdefault(row[column], []).append(row)
    return found


def _appraised(
    row: Mapping[Any, Any], judged: Mapping[str, Rows], instruments: Sequence[Instrument]
) -> Appraised:
    effect_id = row["effect_id"]
    made = judged.get(effect_id, [])
    used = [entry["tool"] for entry in made]
    fitting = tools_for(row, instruments)
    tool = next((name for name in (*used, *fitting)), "")
    instrument = next((one for one in instruments if one.tool == tool), None)
    own = [entry for entry in made if entry["tool"] == tool]
    names = [one.name for one in instrument.domains] if instrument else []
    judgements = tuple(_agreed(name, own, "support") for name in names)
    return Appraised(effect_id, row["study"], tool, judgements)


def _agreed(domain: str, made: Rows, reason: str) -> Judgement:
    """Return the judgement on a domain: the consensus, else what all assessors said alike."""
    own = [row for row in made if row["domain"] == domain]
    final = [row for row in own if row["assessor"] == CONSENSUS] or own
    if not final:
        return Judgement(domain)
    said = {row["judgement"] for row in final}
    people = ", ".join(sorted({str(row["assessor"]) for row in final}))
    why = "; ".join(dict.fromkeys(str(row[reason]) for row in final if row[reason]))
    days = sorted(str(row["assessed_on"]) for row in final if row["assessed_on"])
    return Judgement(
        domain, said.pop() if len(said) == 1 else DISAGREE, why, people, days[-1] if days else ""
    )


def status(made: int, of: int) -> str:
    """Return how far judging has come, in words: "not assessed", "3 of 5 assessed" or "assessed"."""
    if not made:
        return NOT_ASSESSED
    return "assessed" if made == of else f"{made} of {of} assessed"
