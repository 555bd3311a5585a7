"""Made-up studies and questions for tests: rows go through the real schema, nothing touches `data/`."""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from livingmeta.analysis import Analysis, analyse
from livingmeta.paths import ROOT
from livingmeta.questions import Question, SubgroupRule
from livingmeta.schema import Schema, TableSchema, load_schema
from livingmeta.studies import TABLES, Studies, TextTable, typed

FILE = "made-up.csv"
Row = dict[str, Any]
Cells = tuple[float, float, float, float]

QUESTION = Question(
    id="made-up",
    part="heart",
    title="A made-up question",
    question="Does it work?",
    population="People",
    intervention="Magnesium",
    comparator="Placebo",
    outcome="Death",
    outcome_noun="deaths",
    outcome_event="death",
    designs="Randomised trials",
    eligibility=("Anyone.",),
    text="Nothing.",
    effects=FILE,
    measure="OR",
    verdict="conflict_aware",
    living={"status": "made up"},
    direction={"below": "fewer with magnesium", "above": "more with magnesium"},
    arms={"treatment": "Magnesium", "control": "Placebo"},
)
BY_SIZE = SubgroupRule(
    "size",
    "Trial size",
    "n_total",
    at_least=1000,
    labels=("Fewer than 1,000 patients", "1,000 patients or more"),
    method="EE",
    test="z",
)


@lru_cache
def schema() -> Schema:
    return load_schema(ROOT / "data")


def frame(rows: Iterable[Row], table: TableSchema):
    rows = list(rows)
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    cells = tuple(tuple("" if row.get(name) is None else str(row[name]) for name in columns) for row in rows)
    text = TextTable(Path(FILE), columns, cells, tuple(range(2, len(rows) + 2)))
    made, errors = typed(text, table, FILE)
    assert not errors, errors
    return made


def studies(rows: Iterable[Row]) -> Studies:
    """Return studies that hold only these effect rows, each of its own study unless it says otherwise."""
    rows = [{"study_id": f"study{i}", "effect_id": f"effect-{i}", **row} for i, row in enumerate(rows)]
    ids = list(dict.fromkeys(row["study_id"] for row in rows))
    own = [{"study_id": name, "label": name.capitalize()} for name in ids]
    tables = {name: frame(own if name == "studies" else (), schema().tables[name]) for name in TABLES}
    common = {"pool_role": "primary", "result_status": "numeric", "outcome_id": "death"}
    return Studies(**tables, effects={FILE: frame([common | row for row in rows], schema().effects)})


def analysed(rows: Iterable[Row], **changes: Any) -> Analysis:
    """Return the analysis of a made-up question with these rows."""
    return analyse(replace(QUESTION, **changes), studies(rows))


def tables(*cells: Cells) -> list[Row]:
    """Return one row per 2x2 table: events and n under treatment, events and n under control."""
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    return [dict(zip(names, map(int, row), strict=True)) for row in cells]


def ratios(*values: tuple[float, float, float], reported: str = "HR", n: int = 500) -> list[Row]:
    """Return one row per printed ratio with its limits."""
    return [
        {"estimate": e, "ci_lower": low, "ci_upper": high, "ci_level": 95}
        | {"measure_reported": reported, "n_analysed": n}
        for e, low, high in values
    ]


def correlations(*values: float, n: int = 100) -> list[Row]:
    """Return one row per correlation."""
    return [{"r": r, "n_analysed": n, "measure_reported": "r_unspecified"} for r in values]


def trials_by_size(large_odds_ratio: float, small_odds_ratio: float, n: int = 100_000) -> list[Row]:
    """Return three large trials (n per arm) and twelve small ones with odds ratios near those asked for."""
    large = [_table(large_odds_ratio * shift, n, 0.10) for shift in (0.98, 1.0, 1.02)]
    small = [_table(small_odds_ratio * shift, 100, 0.30) for shift in (0.9, 0.95, 1.0, 1.05, 1.1, 1.0) * 2]
    return tables(*large, *small)


def _table(odds_ratio: float, n: int, risk: float) -> Cells:
    odds = odds_ratio * risk / (1 - risk)
    return round(n * odds / (1 + odds)), n, round(n * risk), n
