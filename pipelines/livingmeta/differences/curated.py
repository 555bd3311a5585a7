"""Curated tables of two states compared row by row and cell by cell, as text.

Each side is read by its own schema, so that a release of years ago is compared as it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livingmeta.schema import Field, Schema, TableSchema, load_schema
from livingmeta.studies import TextTable, number, read_text_table
from livingmeta.vocabulary import AWAITING, DUPLICATE, PENDING

Cells = Mapping[str, str]
EFFECTS = "effects"
NO_REASON = "reason not recorded"
LISTED_APART = ("studies", "reports", EFFECTS)


@dataclass(frozen=True)
class Keyed:
    """A curated table of one side.

    Parameters
    ----------
    columns : tuple of str
        What its schema declares, and what its files have beyond that.
    rows : mapping of str to mapping
        Cells by column, by key; a key of several columns is joined by `; `.
    files : mapping of str to str
        File of each row, by key.
    fields : mapping of str to Field
        Declared columns.
    """

    columns: tuple[str, ...] = ()
    rows: Mapping[str, Cells] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)


Tables = Mapping[str, Keyed]
NOTHING = Keyed()


def read_tables(data: Path | None) -> Tables:
    """Return all curated tables of a data folder by name, all effects as one; nothing for no folder."""
    if data is None:
        return {}
    schema = load_schema(data)
    tables = {
        name: _keyed(table, [(table.path, read_text_table(data / table.path))])
        for name, table in schema.tables.items()
        if (data / table.path).exists()
    }
    return {**tables, EFFECTS: _keyed(schema.effects, _effects_files(data, schema))}


def _effects_files(data: Path, schema: Schema) -> list[tuple[str, TextTable]]:
    paths = sorted((data / "effects").glob("*.csv"))
    return [(f"effects/{path.name}", read_text_table(path)) for path in paths]


def _keyed(schema: TableSchema, files: Iterable[tuple[str, TextTable]]) -> Keyed:
    rows: dict[str, Cells] = {}
    places: dict[str, str] = {}
    columns = list(schema.columns)
    for name, table in files:
        columns += table.columns
        for _, row in table.records():
            key = _free(rows, "; ".join(row.get(column, "") for column in schema.primary_key))
            rows[key], places[key] = row, name
    fields = {one.name: one for one in schema.fields}
    return Keyed(tuple(dict.fromkeys(columns)), rows, places, fields)


def _free(rows: Mapping[str, Cells], key: str) -> str:
    """Return a key that no row has yet: of rows with one key, none is lost."""
    count = 2
    free = key
    while free in rows:
        free, count = f"{key} #{count}", count + 1
    return free


def evidence(old: Tables, new: Tables) -> dict[str, Any]:
    """Return what was added, dropped and changed in the curated tables."""
    names = list(dict.fromkeys((*new, *old)))
    others = [name for name in names if name not in LISTED_APART]
    return {
        "studies": _listed(old, new, "studies", _study),
        "reports": _listed(old, new, "reports", _report),
        "effects": {**_listed(old, new, EFFECTS, _effect), "moved": _moved_files(old, new)},
        "rows": [row for name in others if (row := _rows(name, old, new))],
        "cells": _cells(names, old, new),
        "columns": [row for name in names if name in old and name in new for row in _columns(name, old, new)],
        "tables": {
            "added": [name for name in new if name not in old] if old else [],
            "dropped": [name for name in old if name not in new],
        },
    }


def _listed(old: Tables, new: Tables, name: str, describe: Any) -> dict[str, Any]:
    before, after = old.get(name, NOTHING), new.get(name, NOTHING)
    return {
        "added": [describe(key, after, new) for key in after.rows if key not in before.rows],
        "dropped": [describe(key, before, old) for key in before.rows if key not in after.rows],
    }


def _study(key: str, table: Keyed, _tables: Tables) -> dict[str, str]:
    return {"id": key, "label": table.rows[key].get("label", "")}


def _report(key: str, table: Keyed, _tables: Tables) -> dict[str, str]:
    row = table.rows[key]
    return {"id": key, "study_id": row.get("study_id", ""), "title": row.get("title", "")}


def _effect(key: str, table: Keyed, tables: Tables) -> dict[str, str]:
    study = table.rows[key].get("study_id", "")
    label = tables.get("studies", NOTHING).rows.get(study, {}).get("label", "")
    return {"id": key, "study_id": study, "label": label, "file": table.files[key]}


def _moved_files(old: Tables, new: Tables) -> list[dict[str, Any]]:
    """Return from which file to which other one rows of effects went; they are neither new nor dropped."""
    before, after = old.get(EFFECTS, NOTHING).files, new.get(EFFECTS, NOTHING).files
    counts: dict[tuple[str, str], int] = {}
    for key, file in after.items():
        if before.get(key, file) != file:
            counts[before[key], file] = counts.get((before[key], file), 0) + 1
    return [{"old": a, "new": b, "rows": n} for (a, b), n in sorted(counts.items())]


def _rows(name: str, old: Tables, new: Tables) -> dict[str, Any] | None:
    before, after = old.get(name, NOTHING).rows, new.get(name, NOTHING).rows
    added = [key for key in after if key not in before]
    dropped = [key for key in before if key not in after]
    return {"table": name, "added": added, "dropped": dropped} if added or dropped else None


def _columns(name: str, old: Tables, new: Tables) -> Iterator[dict[str, Any]]:
    """Yield columns that one side does not know, each once, with how many rows fill it."""
    before, after = old[name], new[name]
    for table, other, change in ((after, before, "added"), (before, after, "dropped")):
        for column in table.columns:
            if column not in other.columns:
                filled = sum(bool(row.get(column)) for row in table.rows.values())
                yield {"table": name, "column": column, "change": change, "filled": filled}


def _cells(names: Iterable[str], old: Tables, new: Tables) -> list[dict[str, str]]:
    known = _corrections(new)
    return [
        {**cell, **_reason(cell, place, known, new[name].fields.get(cell["column"]))}
        for name in names
        if name in old and name in new
        for cell, place in _changed(name, old[name], new[name])
    ]


def _changed(name: str, old: Keyed, new: Keyed) -> Iterator[tuple[dict[str, str], str]]:
    """Yield each changed cell of rows and columns that both sides have, and where it lay before."""
    shared = [column for column in new.columns if column in old.columns]
    for key in (key for key, row in new.rows.items() if old.rows.get(key, row) != row):
        before, after = old.rows[key], new.rows[key]
        for column in shared:
            a, b = before.get(column, ""), after.get(column, "")
            if not _same(a, b, new.fields.get(column)):
                cell = {"table": _named(name, key, new), "key": key, "column": column, "old": a, "new": b}
                yield cell, _named(name, key, old)


def _named(name: str, key: str, table: Keyed) -> str:
    """Return a table as corrections.csv names it: of effects, the file."""
    return table.files[key].removesuffix(".csv") if name == EFFECTS else name


def _same(a: str, b: str, column: Field | None) -> bool:
    """Return whether two cells say the same; 1 and 1.0 do where the column holds numbers."""
    if a == b or column is None or not column.is_numeric:
        return a == b
    x, y = number(a), number(b)
    return x is not None and x == y


Place = tuple[str, str, str]


def _corrections(tables: Tables) -> dict[Place, list[Cells]]:
    """Return the recorded corrections of each cell, oldest first."""
    found: dict[Place, list[Cells]] = {}
    for row in tables.get("corrections", NOTHING).rows.values():
        place = (row.get("table", "").removesuffix(".csv"), row.get("key", ""), row.get("column", ""))
        found.setdefault(place, []).append(row)
    return {place: sorted(rows, key=lambda row: row.get("date", "")) for place, rows in found.items()}


def _reason(
    cell: Cells, place: str, known: Mapping[Place, list[Cells]], column: Field | None
) -> dict[str, str]:
    """Return date, reason and source of a change, from one correction or a chain of several."""
    rows = [row for table in dict.fromkeys((cell["table"], place)) for row in known.get(_at(cell, table), ())]
    steps = _steps(rows, cell["old"], cell["new"], column)
    if not steps:
        return {"date": "", "reason": NO_REASON, "source": ""}
    said = {name: [row.get(name, "") for row in steps] for name in ("reason", "source")}
    return {
        "date": steps[-1].get("date", ""),
        **{name: "; then ".join(dict.fromkeys(filter(None, values))) for name, values in said.items()},
    }


def _at(cell: Cells, table: str) -> Place:
    return table, cell["key"], cell["column"]


def _steps(rows: list[Cells], old: str, new: str, column: Field | None) -> list[Cells]:
    """Return the corrections that lead from one value to another, nothing when they do not."""

    def is_value(text: str, value: str) -> bool:
        return _same(text, value, column)

    exact = [row for row in rows if is_value(row.get("old", ""), old) and is_value(row.get("new", ""), new)]
    if exact:
        return exact[-1:]
    steps: list[Cells] = []
    value = old
    for row in rows:
        if is_value(row.get("old", ""), value):
            steps.append(row)
            value = row.get("new", "")
    return steps if is_value(value, new) else []


def screening(old: Tables, new: Tables) -> dict[str, Any]:
    """Return the records that were decided since, those whose full text is awaited, and how many wait.

    Duplicates that were sorted out when an export was taken in are no decisions of anybody.
    """
    before, after = old.get("screening", NOTHING).rows, new.get("screening", NOTHING).rows
    decided = [
        _decision(key, row, before.get(key))
        for key, row in after.items()
        if row.get("decision") not in ((before[key].get("decision") if key in before else None), PENDING)
        and not (row.get("decision") == DUPLICATE and not row.get("decided_on"))
    ]
    waiting = [key for key, row in after.items() if row.get("decision") == AWAITING]
    earlier = [key for key, row in before.items() if row.get("decision") == AWAITING]
    return {
        "decided": decided,
        "awaiting": {
            "old": len(earlier),
            "new": len(waiting),
            "records": [{"id": key, "title": after[key].get("title", "")} for key in waiting],
        },
        "pending": {"old": _pending(before), "new": _pending(after)},
    }


def _pending(rows: Mapping[str, Cells]) -> int:
    return sum(row.get("decision") == PENDING for row in rows.values())


def _decision(key: str, row: Cells, before: Cells | None) -> dict[str, Any]:
    names = ("title", "study_id", "decision", "reason", "decided_on")
    said = {name: row.get(name, "") for name in names}
    return {"id": key, "before": None if before is None else before.get("decision", ""), **said}
