"""Curated tables as files: rows put in, cells changed, and the one form in which a table is written.

The form is that of RFC 4180 with line feeds: cells in quotes only where they must be, columns as
they are, rows as they are, new ones among the last rows in the order of their keys. So a change
shows as its own lines, and two branches that add rows seldom touch the same place.
"""

import csv
import io
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from livingmeta.schema import Schema, TableSchema, load_schema
from livingmeta.studies import read_text_table

EFFECTS = "effects/"
Cells = Mapping[str, str]


class TableError(ValueError):
    """A change that a table cannot take, or a file that would lose something if written anew."""


@dataclass(frozen=True)
class Table:
    """A curated table as text.

    Parameters
    ----------
    name : str
        As corrections name it: "studies", or "effects/ami-early-death".
    path : str
        Its file, from the data folder.
    schema : TableSchema
        What it may hold.
    columns : tuple of str
        Of the file, in file order.
    rows : tuple of mapping of str to str
        Cells by column, in file order.
    """

    name: str
    path: str
    schema: TableSchema
    columns: tuple[str, ...]
    rows: tuple[Cells, ...] = ()

    def key(self, row: Cells) -> str:
        """Return the key of a row; several columns are joined by `; `, as corrections have it."""
        return "; ".join(row.get(name, "") for name in self.schema.primary_key)

    def find(self, key: str) -> Cells | None:
        """Return the row with a key, None where there is none."""
        return next((row for row in self.rows if self.key(row) == key), None)

    def with_rows(self, rows: Iterable[Cells]) -> "Table":
        """Return the table with further rows, and with the declared columns that they need.

        Raises
        ------
        TableError
            When a key is there already, or a column is not declared; all of them at once.
        """
        new = [{name: value for name, value in row.items() if value} for row in rows]
        table = self.with_columns(name for row in new for name in row)
        _refuse_known(self, new)
        kept, keys = list(self.rows), [self.key(row) for row in self.rows]
        start = _sorted_from(keys)
        for row in sorted(new, key=table.key):
            at = bisect(keys, table.key(row), start)
            kept.insert(at, row)
            keys.insert(at, table.key(row))
        return replace(table, rows=tuple(kept))

    def with_cell(self, key: str, column: str, value: str) -> "Table":
        """Return the table with one cell changed.

        Raises
        ------
        TableError
            When there is no such row or column.
        """
        if self.find(key) is None:
            raise TableError(f"{self.path}: {key}: must be a key of the table")
        rows = tuple({**row, column: value} if self.key(row) == key else row for row in self.rows)
        return replace(self.with_columns([column]), rows=rows)

    def with_columns(self, names: Iterable[str]) -> "Table":
        """Return the table with further columns, each before the next declared one that is there.

        Raises
        ------
        TableError
            When one is not declared.
        """
        wanted, declared = set(names), self.schema.columns
        unknown = sorted(wanted - {*self.columns, *declared})
        if unknown:
            raise TableError(
                f"{self.path}: {', '.join(unknown)}: must be columns of the schema ({', '.join(declared)})"
            )
        columns = list(self.columns)
        for name in (one for one in declared if one in wanted and one not in self.columns):
            later = declared[declared.index(name) :]
            columns.insert(next((columns.index(one) for one in later if one in columns), len(columns)), name)
        return replace(self, columns=tuple(columns))

    def without(self, keys: Iterable[str]) -> "Table":
        """Return the table without the rows of some keys."""
        gone = set(keys)
        return replace(self, rows=tuple(row for row in self.rows if self.key(row) not in gone))

    @property
    def text(self) -> str:
        """Return the file's text in the one form in which tables are written."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([row.get(name, "") for name in self.columns] for row in self.rows)
        return out.getvalue()


def read_table(data: Path, name: str, schema: Schema | None = None) -> Table:
    """Return a curated table of a data folder.

    Parameters
    ----------
    name : str
        "studies", or "effects/ami-early-death"; ".csv" may follow.

    Raises
    ------
    TableError
        When there is no such table, or a row has more or fewer cells than the header.
    DataError
        When the file cannot be read.
    """
    declared = schema or load_schema(data)
    stem = name.removesuffix(".csv")
    described = declared.effects if stem.startswith(EFFECTS) else declared.tables.get(stem)
    path = f"{stem}.csv" if stem.startswith(EFFECTS) else described.path if described else ""
    if described is None or not (data / path).exists():
        raise TableError(f"{name}: must be a table; there are {', '.join(table_names(data, declared))}")
    read = read_text_table(data / path, f"{data.name}/{path}")
    if read.ragged:
        said = "; ".join(f"line {line} has {n} cells" for line, n in read.ragged)
        raise TableError(f"{data.name}/{path}: {said}, the header {len(read.columns)}: mend that first")
    return Table(stem, path, described, read.columns, tuple(row for _, row in read.records()))


def table_names(data: Path, schema: Schema) -> list[str]:
    """Return the names of all tables of a data folder, effects last."""
    effects = sorted(f"{EFFECTS}{path.stem}" for path in (data / "effects").glob("*.csv"))
    return [*schema.tables, *effects]


def files_of(tables: Iterable[Table]) -> dict[str, str]:
    """Return the text of tables by path, as an edit takes it."""
    return {table.path: table.text for table in tables}


def _sorted_from(keys: Sequence[str]) -> int:
    """Return where the last run of rows in the order of their keys begins."""
    start = max(len(keys) - 1, 0)
    while start > 0 and keys[start - 1] <= keys[start]:
        start -= 1
    return start


def _refuse_known(table: Table, rows: Sequence[Cells]) -> None:
    counts = Counter(table.key(row) for row in (*table.rows, *rows))
    twice = sorted({key for key in map(table.key, rows) if counts[key] > 1})
    if twice:
        raise TableError(f"{table.path}: {', '.join(twice)}: must be a key that no other row has")
