"""The files under check: text, schema and place of every table and row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from livingmeta.check.findings import FAULT, Finding
from livingmeta.schema import SCHEMA_FILE, Schema, TableSchema, load_schema
from livingmeta.studies import DataError, TextTable, number, read_text_table

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Source:
    """One CSV file, its declared schema, and the name findings give it."""

    file: str
    schema: TableSchema
    text: TextTable

    def rows(self) -> Iterator["Row"]:
        """Yield every row."""
        for line, cells in self.text.records():
            yield Row(self, line, cells)

    @property
    def has_unique_columns(self) -> bool:
        """Return whether no column name stands twice in the header."""
        return len(set(self.text.columns)) == len(self.text.columns)


@dataclass(frozen=True)
class Row:
    """One row: cells as text or number, and findings that know their place."""

    source: Source
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return the text of a cell, empty when blank or when there is no such column."""
        return self.cells.get(column, "")

    def number(self, column: str) -> float | None:
        """Return the number of a cell, None when blank or no number."""
        return number(self.text(column))

    def finding(self, column: str, rule: str, level: str = FAULT) -> Finding:
        """Return a finding about a cell of this row."""
        return Finding(self.source.file, self.line, column, self.text(column), rule, level)

    def printed(self, column: str, rule: str, level: str = FAULT) -> Finding:
        """Return a finding about print; a row whose `print_flag` explains it is only warned of."""
        flag = self.text("print_flag")
        if not flag:
            return self.finding(column, rule, level)
        return self.finding(column, f"{rule}; as printed ({flag})").as_warning()


@dataclass(frozen=True)
class Curated:
    """All tables at hand, by table name and, for effects, by file name."""

    data_dir: Path
    schema: Schema
    tables: Mapping[str, Source]
    effects: Mapping[str, Source]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return all tables, effects last."""
        return (*self.tables.values(), *self.effects.values())

    def file(self, path: str) -> str:
        """Return how findings name a path of the data folder."""
        return f"{self.data_dir.name}/{path}"

    def values(self, table: str, column: str) -> set[str]:
        """Return the non-blank values of a column of a table."""
        source = self.tables.get(table)
        return {row.text(column) for row in source.rows()} - {""} if source else set()


def read_curated(data_dir: Path) -> tuple[Curated, list[Finding]]:
    """Return all tables that can be read, and a finding for each that cannot."""
    schema = load_schema(data_dir)
    findings: list[Finding] = []
    tables = {name: _source(data_dir, table.path, table, findings) for name, table in schema.tables.items()}
    paths = sorted((data_dir / "effects").glob("*.csv"))
    effects = {p.name: _source(data_dir, f"effects/{p.name}", schema.effects, findings) for p in paths}
    return Curated(data_dir, schema, _readable(tables), _readable(effects)), findings


def _source(data_dir: Path, path: str, schema: TableSchema, findings: list[Finding]) -> Source | None:
    file = f"{data_dir.name}/{path}"
    try:
        return Source(file, schema, read_text_table(data_dir / path, file))
    except DataError as error:
        findings.append(Finding(error.file, error.line, error.column, error.value, error.rule))
        return None


def _readable(sources: Mapping[str, Source | None]) -> dict[str, Source]:
    return {name: source for name, source in sources.items() if source is not None}


def schema_file(data_dir: Path) -> str:
    """Return how findings name the schema file."""
    return f"{data_dir.name}/{SCHEMA_FILE}"


YamlPath = tuple[str | int, ...]


def yaml_lines(text: str) -> dict[YamlPath, int]:
    """Return the line on which each key and item of a YAML text starts."""
    lines: dict[YamlPath, int] = {}
    root = yaml.compose(text, Loader=_LOADER)
    if root is not None:
        _walk(root, (), lines)
    return lines


def _walk(node: Any, at: YamlPath, lines: dict[YamlPath, int]) -> None:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*at, key.value)] = key.start_mark.line + 1
            _walk(value, (*at, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            _walk(item, (*at, position), lines)


def line_of(lines: Mapping[YamlPath, int], *path: str | int) -> int:
    """Return the line of a path, or of the nearest thing around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
