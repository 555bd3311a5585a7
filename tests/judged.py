"""Made-up judgements on made-up studies, by the instruments of the project's own table."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from livingmeta.analysis import Analysis, analyse
from livingmeta.instruments import Instrument, instruments_of
from livingmeta.paths import ROOT
from made_up import QUESTION, Row, frame, schema, studies


@lru_cache
def instrument_rows() -> tuple[Row, ...]:
    with (ROOT / "data" / "instruments.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def instruments() -> tuple[Instrument, ...]:
    return instruments_of(frame(instrument_rows(), schema().tables["instruments"]))


def trial(rows: Iterable[Row], **changes: Any) -> list[Row]:
    """Return rows as those of parallel randomised trials."""
    return [{"contrast_type": "arms", "allocation": "parallel", **row, **changes} for row in rows]


def overall(effect: int, judgement: str, tool: str = "RoB 2", **more: Any) -> Row:
    """Return an overall judgement on one of the made-up effects, by its number."""
    return judged(effect, "overall", judgement, tool, **more)


def judged(effect: int, domain: str, judgement: str, tool: str = "RoB 2", **more: Any) -> Row:
    base = {"effect_id": f"effect-{effect}", "tool": tool, "domain": domain, "judgement": judgement}
    return {**base, "assessor": "A", **more}


def rated(domain: str, judgement: str, **more: Any) -> Row:
    base = {"question_id": QUESTION.id, "domain": domain, "judgement": judgement, "reason": "made up"}
    return {**base, "assessor": "A", **more}


def analysed_with(
    rows: Iterable[Row],
    risk_of_bias: Iterable[Row] = (),
    certainty: Iterable[Row] = (),
    design: str = "randomised",
    **changes: Any,
) -> Analysis:
    """Return the analysis of a made-up question whose effects and certainty people have judged."""
    made = studies(rows)
    tables = {"instruments": instrument_rows(), "risk_of_bias": risk_of_bias, "certainty": certainty}
    own = {name: frame(some, schema().tables[name]) for name, some in tables.items()}
    designs = made.studies.assign(design_type=design)
    return analyse(replace(QUESTION, **changes), replace(made, studies=designs, **own))
