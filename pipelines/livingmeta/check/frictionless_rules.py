"""Rules that the schema states, held by Frictionless and reported in the house's form."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from livingmeta.check.findings import Finding
from livingmeta.check.header_rules import did_you_mean
from livingmeta.check.sources import Curated, Row, Source, schema_file
from livingmeta.schema import Field, TableSchema
from livingmeta.studies import TYPE_RULES

_MANY = 100_000
# Frictionless copies each field many times: what only people read is left out.
_RULING = ("name", "type", "format", "constraints", "trueValues", "falseValues", "bareNumber")


@dataclass(frozen=True)
class Inline:
    """One table as our own reader read it; `rows` know the file and line they came from."""

    schema: TableSchema
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def resource(self, tables: Sequence[str]) -> dict[str, Any]:
        """Return the Frictionless resource; keys that point to tables not at hand are left out."""
        described = self.schema.resource(self.columns, tables=tables)
        fields = [{key: f[key] for key in _RULING if key in f} for f in described["schema"]["fields"]]
        cells = [[row.text(column) for column in self.columns] for row in self.rows]
        schema = {**described["schema"], "fields": fields}
        return {"name": self.schema.name, "data": [list(self.columns), *cells], "schema": schema}


def frictionless_findings(curated: Curated) -> Iterator[Finding]:
    """Yield every violation of types, constraints, primary and foreign keys.

    The files of effects are one table here: their keys are unique among all of them, and
    Frictionless needs its time per table rather than per row.
    """
    from frictionless import Package, system

    inlines = {inline.schema.name: inline for inline in _inlines(curated)}
    resources = [inline.resource(list(inlines)) for inline in inlines.values()]
    with system.use_context(trusted=True):
        package = Package.from_descriptor({"name": "data", "resources": resources})
        report = package.validate(limit_errors=_MANY)
    for task in report.tasks:
        for error in task.errors:
            yield from _translated(error.to_descriptor(), inlines[task.name], curated)
    for error in report.errors:
        yield Finding(schema_file(curated.data_dir), 1, "", error.type, error.message)


def _inlines(curated: Curated) -> Iterator[Inline]:
    for source in curated.tables.values():
        yield from _inline(source.schema, [source])
    yield from _inline(curated.schema.effects, list(curated.effects.values()))


def _inline(schema: TableSchema, sources: Sequence[Source]) -> Iterator[Inline]:
    usable = [source for source in sources if source.has_unique_columns]
    telling = _telling(schema, usable)
    columns = tuple(name for name in schema.columns if name in telling)
    if columns:
        yield Inline(schema, columns, tuple(row for source in usable for row in source.rows()))


def _telling(schema: TableSchema, sources: Sequence[Source]) -> set[str]:
    """Return the columns that a rule can speak of: a column without any value breaks few of them."""
    present = {name for source in sources for name in source.text.columns}
    filled = {name for source in sources for row in source.rows() for name, cell in row.cells.items() if cell}
    return present & (filled | set(schema.needed))


def _translated(error: dict[str, Any], inline: Inline, curated: Curated) -> Iterator[Finding]:
    if "rowNumber" not in error:
        rule = f"{error['type']}: {error['message']}"
        yield Finding(schema_file(curated.data_dir), 1, error.get("fieldName", ""), inline.schema.name, rule)
        return
    row = inline.rows[error["rowNumber"] - 2]
    for column, value, rule in _cells(error, row, inline, curated):
        # A file without the column has been told so once, not for each row.
        if set(column.split(", ")) <= row.cells.keys():
            yield Finding(row.source.file, row.line, column, value, rule)


def _cells(
    error: dict[str, Any], row: Row, inline: Inline, curated: Curated
) -> Iterator[tuple[str, str, str]]:
    kind = error["type"]
    if kind == "primary-key":
        yield _primary_key(error, row, inline)
    elif kind == "foreign-key":
        yield _foreign_key(error, curated)
    elif kind == "unique-error":
        yield error["fieldName"], error["cell"], _same_as(error["note"], row, inline)
    elif field := inline.schema.field(error.get("fieldName", "")):
        yield field.name, error["cell"], _rule(error, field)
    else:
        yield inline.columns[0], row.text(inline.columns[0]), error["note"] or error["type"]


def _rule(error: dict[str, Any], field: Field) -> str:
    if error["type"] == "type-error":
        return TYPE_RULES.get(field.type, f"must be of type {field.type}")
    found = re.search(r'constraint "(\w+)"', error["note"])
    unit = f" ({field.unit})" if field.unit else ""
    rules = {
        "required": "must not be blank",
        "enum": f"must be one of {', '.join(field.enum)}{did_you_mean(error['cell'], field.enum)}",
        "minimum": f"must be >= {field.minimum}{unit}",
        "maximum": f"must be <= {field.maximum}{unit}",
        "pattern": f"must match {field.pattern}",
    }
    return rules.get(found.group(1) if found else "", error["note"])


def _same_as(note: str, row: Row, inline: Inline) -> str:
    found = re.search(r"row at position (\d+)", note)
    if found is None:
        return "must be unique"
    first = inline.rows[int(found.group(1)) - 2]
    place = f"line {first.line}" if first.source is row.source else f"{first.source.file}:{first.line}"
    return f"must be unique: the same as in {place}"


def _primary_key(error: dict[str, Any], row: Row, inline: Inline) -> tuple[str, str, str]:
    key = inline.schema.primary_key
    value = ", ".join(row.text(name) for name in key)
    blank = not value.strip(", ")
    rule = "must not be blank" if blank else _same_as(error["note"], row, inline)
    return ", ".join(key), "" if blank else value, rule


def _foreign_key(error: dict[str, Any], curated: Curated) -> tuple[str, str, str]:
    table, reference = error["referenceName"], error["referenceFieldNames"]
    value = ", ".join(error["fieldCells"])
    hint = did_you_mean(value, curated.values(table, reference[0]))
    path = curated.schema.tables[table].path if table in curated.schema.tables else "effects/"
    return ", ".join(error["fieldNames"]), value, f"must be a {', '.join(reference)} of {path}{hint}"
