"""The curated tables: CSV text with its line numbers, and typed frames made from it."""

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from livingmeta.questions import Filter
from livingmeta.schema import SCHEMA_FILE, Field, Schema, TableSchema, load_schema
from livingmeta.units import events_from_percent, invert_ratio, n_from_r_and_p

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class DataError(ValueError):
    """A file or a cell that cannot be read; `str` is `file:line:column: value: rule`."""

    def __init__(self, file: str, line: int, column: str, value: str, rule: str):
        self.file, self.line, self.column, self.value, self.rule = file, line, column, value, rule
        super().__init__(f"{file}:{line}:{column}: {value}: {rule}")


@dataclass(frozen=True)
class TextTable:
    """A CSV file as text.

    Parameters
    ----------
    path : Path
        The file.
    columns : tuple of str
        Header, stripped of surrounding blanks.
    rows : tuple of tuple of str
        Cells, one tuple per row, each as long as `columns`.
    lines : tuple of int
        Line of the file on which each row starts; the header is line 1.
    ragged : tuple of (int, int)
        Line and number of cells of each row that is shorter or longer than the header.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    ragged: tuple[tuple[int, int], ...] = ()

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the line of each row and its cells by column."""
        for line, row in zip(self.lines, self.rows, strict=True):
            yield line, dict(zip(self.columns, row, strict=True))


def read_text_table(path: Path, file: str | None = None) -> TextTable:
    """Return a CSV file as text, with the line number of every row.

    A byte order mark, any line ending, quoted line breaks and blank lines are fine.

    Raises
    ------
    DataError
        When the file is missing, empty, not UTF-8, or a quote is never closed.
    """
    name = file or str(path)
    text = _decoded(path, name)
    records = list(_records(text, name))
    if not records:
        raise DataError(name, 1, "", "(empty)", "file must have a header line")
    columns = records[0][1]
    body = records[1:]
    width = len(columns)
    rows = tuple(tuple((*row, *[""] * (width - len(row)))[:width]) for _, row in body)
    ragged = tuple((line, len(row)) for line, row in body if len(row) != width)
    return TextTable(path, columns, rows, tuple(line for line, _ in body), ragged)


def _decoded(path: Path, name: str) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(name, 1, "", "(missing)", "file must exist") from None
    except OSError as error:
        raise DataError(name, 1, "", "(unreadable)", f"file must be readable: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        rule = "text must be UTF-8; save the file with that encoding"
        raise DataError(name, line, "", f"byte 0x{raw[error.start]:02x}", rule) from None


def _records(text: str, name: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    # strict: an unclosed quote would otherwise swallow the rest of the file without a word.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for row in reader:
            cells = tuple(cell.strip() for cell in row)
            if any(cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(name, start, "", "(row)", f"not valid CSV: {error}") from None


def number(text: str) -> float | None:
    """Return the number that a cell holds, None when it is blank or no plain decimal number."""
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None


def is_whole(text: str) -> bool:
    """Return whether a cell holds a whole number."""
    return _WHOLE.fullmatch(text) is not None


def decimals(text: str) -> int:
    """Return how many decimals a printed number shows."""
    return len(text.partition(".")[2]) if "e" not in text.lower() else 0


def typed(table: TextTable, schema: TableSchema, file: str = "") -> tuple[pd.DataFrame, list[DataError]]:
    """Return a table as a typed frame, and its cells that are not of their type.

    Numbers are float64 with NaN where blank, everything else is object with None where
    blank. Declared columns that the file lacks are added as missing; `line` and `file` say
    where each row stands.
    """
    errors: list[DataError] = []
    by_name = dict(zip(table.columns, zip(*table.rows, strict=True), strict=True)) if table.rows else {}
    blank = ("",) * len(table.rows)
    cells = {f: _cells(by_name.get(f.name, blank), f, table.lines, file, errors) for f in schema.fields}
    numbers = {f.name: values for f, values in cells.items() if f.is_numeric}
    others = {f.name: values for f, values in cells.items() if not f.is_numeric}
    blocks = (_block(numbers, len(table.rows), float), _block(others, len(table.rows), object))
    frame = pd.concat(blocks, axis="columns")[[f.name for f in schema.fields]]
    return frame.assign(line=np.array(table.lines, dtype=int), file=_same(file, len(table.rows))), errors


def _block(columns: Mapping[str, list[Any]], n: int, kind: type) -> pd.DataFrame:
    """Return columns of one type as one block, which is ten times faster than one by one."""
    block: np.ndarray = np.empty((n, len(columns)), dtype=kind)
    for at, values in enumerate(columns.values()):
        block[:, at] = values
    return pd.DataFrame(block, columns=list(columns), dtype=kind)


def _same(text: str, n: int) -> pd.Series:
    return pd.Series([text] * n, dtype=object)


def _cells(
    cells: tuple[str, ...], column: Field, lines: tuple[int, ...], file: str, errors: list[DataError]
) -> list[Any]:
    convert = _CONVERTERS.get(column.type, lambda text: text)
    values = []
    for cell, line in zip(cells, lines, strict=True):
        value = convert(cell) if cell else None
        if cell and value is None:
            errors.append(DataError(file, line, column.name, cell, TYPE_RULES[column.type]))
        values.append(value)
    return values


TYPE_RULES = {
    "integer": "must be a whole number",
    "year": "must be a year",
    "number": "must be a number",
    "boolean": "must be true or false",
    "date": "must be a date, YYYY-MM-DD",
}
_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "integer": lambda text: float(text) if is_whole(text) else None,
    "year": lambda text: float(text) if is_whole(text) else None,
    "number": number,
    "boolean": lambda text: _BOOLEANS.get(text.lower()),
}


@dataclass(frozen=True)
class Studies:
    """All curated tables; `effects` holds one frame per file, keyed by the file's name.

    Every frame has all declared columns plus `line` and `file`.
    """

    studies: pd.DataFrame
    reports: pd.DataFrame
    groups: pd.DataFrame
    instruments: pd.DataFrame
    risk_of_bias: pd.DataFrame
    certainty: pd.DataFrame
    saved_searches: pd.DataFrame
    searches: pd.DataFrame
    screening: pd.DataFrame
    published: pd.DataFrame
    ongoing: pd.DataFrame
    corrections: pd.DataFrame
    effects: Mapping[str, pd.DataFrame] = field(default_factory=dict)


TABLES = tuple(f.name for f in fields(Studies) if f.name != "effects")


def load_studies(data_dir: Path) -> Studies:
    """Return all curated tables of a data folder, typed by its schema.

    Raises
    ------
    DataError
        At the first file or cell that cannot be read; `check` lists them all.
    SchemaError
        When the schema cannot be read.
    """
    schema = _schema(data_dir, _state(data_dir / SCHEMA_FILE))
    tables = {name: _table(data_dir, schema, name) for name in TABLES}
    return Studies(**tables, effects=EffectTables(data_dir, schema.effects))


def _table(data_dir: Path, schema: Schema, name: str) -> pd.DataFrame:
    """Return a table, without rows or columns where the schema of its time had none of this name."""
    declared = schema.tables.get(name)
    return pd.DataFrame() if declared is None else _frame(data_dir, declared.path, declared)


class EffectTables(Mapping[str, pd.DataFrame]):
    """The effect tables of a data folder by file name, each read when it is first asked for.

    A page needs one of them, and there may be hundreds.
    """

    def __init__(self, data_dir: Path, schema: TableSchema):
        self._data_dir, self._schema = data_dir, schema
        self._names = tuple(path.name for path in sorted((data_dir / "effects").glob("*.csv")))

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._names:
            raise KeyError(name)
        return _frame(self._data_dir, f"effects/{name}", self._schema)

    def ids(self, name: str, column: str) -> tuple[str, ...]:
        """Return the ids in a column of one table, which need no typed frame."""
        table = read_text_table(self._data_dir / "effects" / name)
        return tuple(dict.fromkeys(row[column] for _, row in table.records() if row.get(column)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def study_ids(effects: Mapping[str, pd.DataFrame], name: str) -> tuple[str, ...]:
    """Return the ids of the studies with rows in a table of effects, each once."""
    return ids_of(effects, name, "study_id")


def ids_of(effects: Mapping[str, pd.DataFrame], name: str, column: str) -> tuple[str, ...]:
    """Return the ids in a column of a table of effects, each once."""
    if isinstance(effects, EffectTables):
        return effects.ids(name, column)
    return tuple(effects[name][column].dropna().unique())


State = tuple[int, int]


def _state(path: Path) -> State:
    """Return what tells whether a file is still the one that was read: its time and its size."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        return 0, -1
    return seen.st_mtime_ns, seen.st_size


@lru_cache(maxsize=8)
def _schema(data_dir: Path, _seen: State) -> Schema:
    return load_schema(data_dir)


def _frame(data_dir: Path, path: str, schema: TableSchema) -> pd.DataFrame:
    return _read(data_dir, path, schema, _state(data_dir / path)).copy(deep=False)


@lru_cache(maxsize=64)
def _read(data_dir: Path, path: str, schema: TableSchema, _seen: State) -> pd.DataFrame:
    file = f"{data_dir.name}/{path}"
    frame, errors = typed(read_text_table(data_dir / path, file), schema, file)
    if errors:
        raise errors[0]
    return frame


def select(rows: pd.DataFrame, where: Filter | None = None, exclude: Filter | None = None) -> pd.DataFrame:
    """Return the rows where every column of `where` holds one of its values, without `exclude`.

    A row is left out by `exclude` only when it matches every column of it.
    """
    kept = rows[matches(rows, where or {})]
    return kept[~matches(kept, exclude)] if exclude else kept


def matches(rows: pd.DataFrame, where: Filter) -> np.ndarray:
    """Return a bool array of shape (n,): rows whose columns hold the values of a filter."""
    found = np.ones(len(rows), dtype=bool)
    for column, wanted in where.items():
        values = wanted if isinstance(wanted, list | tuple) else [wanted]
        found &= rows[column].isin(values).to_numpy(bool)
    return found


def with_derived(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose `derivation` has been carried out; the other cells stay as reported."""
    derived = rows.copy()
    for index, name in rows["derivation"].items():
        if name in _DERIVE and rows.loc[index, list(DERIVED_FROM[name])].notna().all():
            for column, value in _DERIVE[name](rows.loc[index]).items():
                derived.loc[index, column] = value
    return derived


def _n(row: pd.Series) -> dict[str, float]:
    return {"n_analysed": n_from_r_and_p(row["r"], row["p_value"])}


def _events(row: pd.Series) -> dict[str, float]:
    return {
        f"events_{arm}": events_from_percent(row[f"percent_{arm}"], row[f"n_{arm}"])
        for arm in ("treatment", "control")
        if np.isnan(row[f"events_{arm}"])
    }


def _inverted(row: pd.Series) -> dict[str, float]:
    names = ("estimate", "ci_lower", "ci_upper")
    return dict(zip(names, invert_ratio(*(row[name] for name in names)), strict=True))


_DERIVE: dict[str, Callable[[pd.Series], dict[str, float]]] = {
    "n_from_r_and_p": _n,
    "events_from_percent": _events,
    "invert_ratio": _inverted,
}
DERIVED_FROM = {
    "n_from_r_and_p": ("r", "p_value"),
    "events_from_percent": ("percent_treatment", "n_treatment", "percent_control", "n_control"),
    "invert_ratio": ("estimate", "ci_lower", "ci_upper"),
}
