"""Corrections: cells changed, and the row of `corrections.csv` that says why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livingmeta.curation.drafts import RequestError
from livingmeta.schema import Schema
from livingmeta.table_files import Cells, Table, read_table

LEDGER = "corrections"


@dataclass(frozen=True)
class Change:
    """One cell and what it shall hold."""

    table: str
    key: str
    column: str
    new: str


@dataclass(frozen=True)
class Because:
    """Why cells are changed, what that rests on, and the day."""

    reason: str
    source: str
    day: str


def with_corrections(
    data: Path, schema: Schema, changes: Iterable[Change], because: Because
) -> dict[str, Table]:
    """Return the tables with cells changed, and with the ledger, by name.

    A cell corrected twice on one day has one row: the old value of the first time, the new one of
    the last, and both reasons; back at the old value it has none.

    Raises
    ------
    RequestError
        When a later correction of a cell is on record than the day given.
    """
    tables: dict[str, Table] = {LEDGER: read_table(data, LEDGER, schema)}
    for change in changes:
        table = tables.get(change.table) or read_table(data, change.table, schema)
        old = (table.find(change.key) or {}).get(change.column, "")
        tables[change.table] = table.with_cell(change.key, change.column, change.new)
        tables[LEDGER] = _noted(tables[LEDGER], change, old, because)
    return tables


def _noted(ledger: Table, change: Change, old: str, because: Because) -> Table:
    cell = {"table": change.table, "key": change.key, "column": change.column}
    _refuse_later(ledger, cell, because.day)
    row = {**cell, "old": old, "new": change.new, "date": because.day}
    row |= {"reason": because.reason, "source": because.source}
    before = ledger.find(ledger.key(row))
    if before is None:
        return ledger.with_rows([row])
    key = ledger.key(row)
    if before["old"] == change.new:
        return ledger.without([key])
    merged = {"new": change.new, **{name: _joined(before[name], row[name]) for name in ("reason", "source")}}
    for column, value in merged.items():
        ledger = ledger.with_cell(key, column, value)
    return ledger


def _refuse_later(ledger: Table, cell: Mapping[str, str], day: str) -> None:
    later = [
        row["date"]
        for row in ledger.rows
        if all(row.get(name) == value for name, value in cell.items()) and row["date"] > day
    ]
    if later:
        where = f"{cell['table']}: {cell['key']}: {cell['column']}"
        raise RequestError([f"{where}: was corrected on {max(later)}, which is after today, {day}"])


def _joined(first: str, second: str) -> str:
    parts = [part for part in (first, second) if part]
    return first if second in first.split("; ") else "; ".join(parts)


def is_same(row: Cells, column: str, value: str) -> bool:
    """Return whether a cell holds a value already."""
    return row.get(column, "") == value
