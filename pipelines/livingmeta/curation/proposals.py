"""What a curator is asked for, one column after the other, with what may be proposed for it."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from livingmeta.curation.completing import Tables, completed
from livingmeta.curation.given import PARTS, Given
from livingmeta.schema import Field, TableSchema
from livingmeta.studies import TYPE_RULES, is_whole, number
from livingmeta.table_files import Cells

# What other cells follow from is asked first.
FIRST = ("first_author", "year", "outcome_id", "report_type", "source_extent")
NAMES = ("study_id", "report_id", "effect_id", "record_id")
# Remarks and people, which are never what they are in other rows.
OWN = ("notes", "trust_note", "print_flag", "pool_reason", "reason", "extracted_by", "verified_by", "seed")
_WIDELY = 0.5  # a column that this share of the rows fills is asked for
_FEWEST = 3  # rows that agree before their value is proposed

Place = tuple[str, str]


@dataclass(frozen=True)
class Question:
    """One column that is asked for, and what is proposed for it, with the reason."""

    part: str
    field: Field
    proposal: str = ""
    because: str = ""

    @property
    def place(self) -> Place:
        """Return part and column."""
        return self.part, self.field.name


def next_question(tables: Tables, given: Given, answered: Collection[Place], day: str) -> Question | None:
    """Return the next column to ask for, None when everything was asked.

    Parameters
    ----------
    tables : Tables
        The tables as they are.
    given : Given
        What was said so far, one row a part.
    answered : collection of (str, str)
        Parts and columns that were asked for, also where the answer was nothing.
    day : str
        Today.
    """
    full = completed(tables, given, day)
    for part in PARTS:
        rows = given.of(part)
        if not rows:
            continue
        declared = tables.schema.effects if part == "effects" else tables.schema.tables[part]
        others = found.rows if (found := tables.of(part)) else ()
        for field in _ordered(declared, others):
            if field.name not in rows[0] and (part, field.name) not in answered:
                return _question(part, field, full.of(part)[0], others)
    return None


def wanted_fields(declared: TableSchema, others: Iterable[Cells], also: Collection[str] = ()) -> list[Field]:
    """Return the columns that a new row needs, and those that most rows of the table fill."""
    rows = list(others)
    filled = {f.name: sum(1 for row in rows if row.get(f.name)) for f in declared.fields}
    return [
        f for f in declared.fields if f.required or f.name in also or filled[f.name] > _WIDELY * len(rows)
    ]


def _ordered(declared: TableSchema, others: Iterable[Cells]) -> list[Field]:
    asked = wanted_fields(declared, others)
    rank = {name: at for at, name in enumerate((*FIRST, *NAMES))}
    return sorted(asked, key=lambda f: rank.get(f.name, len(rank)))


def _question(part: str, field: Field, row: Cells, others: Iterable[Cells]) -> Question:
    if row.get(field.name):
        return Question(part, field, row[field.name], "follows from what was said")
    rows = [other for other in others if any(other.values())]
    values = {other.get(field.name, "") for other in rows}
    agree = part == "effects" and len(rows) >= _FEWEST and len(values) == 1 and field.name not in OWN
    if agree and (value := values.pop()):
        return Question(part, field, value, f"as in all {len(rows)} rows of the table")
    return Question(part, field)


def cell_fault(field: Field, text: str) -> str:
    """Return why a column cannot hold a text, empty where it can; `check` knows more rules."""
    if not text:
        return "must not be empty" if field.required else ""
    if field.enum and text not in field.enum:
        return f"must be one of {', '.join(field.enum)}"
    if field.is_numeric and (number(text) is None if field.type == "number" else not is_whole(text)):
        return TYPE_RULES[field.type]
    if field.type == "date" and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return TYPE_RULES["date"]
    if field.pattern and not re.search(field.pattern, text):
        return f"must have the form {field.pattern}"
    return ""
