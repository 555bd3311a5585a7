"""Cells of one row corrected, each with its row in `corrections.csv`."""

from collections.abc import Mapping
from pathlib import Path

from livingmeta.check.header_rules import did_you_mean
from livingmeta.curation.drafts import Draft, RequestError
from livingmeta.curation.ledger import LEDGER, Because, Change, is_same, with_corrections
from livingmeta.schema import Schema, load_schema
from livingmeta.table_files import EFFECTS, Table, files_of, read_table, table_names


def corrected(
    data: Path, table: str, key: str, cells: Mapping[str, str], because: Because, blank: bool = False
) -> Draft:
    """Return the edit that changes cells of one row and says why.

    Parameters
    ----------
    data : Path
        The data folder.
    table : str
        As in `corrections.csv`, "studies" or "effects/NAME"; the name of an effects file alone will do.
    key : str
        Of the row; several columns are joined by "; ".
    cells : mapping of str to str
        New values by column.
    because : Because
        Reason, source and day.
    blank : bool
        Whether a value may be taken away.

    Raises
    ------
    RequestError
        With everything that stands in the way.
    """
    schema = load_schema(data)
    problems = _unsaid(because)
    try:
        found = table_called(data, schema, table)
    except RequestError as error:
        raise RequestError([*problems, *error.problems]) from None
    wanted = {column: value.strip() for column, value in cells.items()}
    problems += _row_problems(found, key) + _cell_problems(found, key, wanted, blank)
    if problems:
        raise RequestError(problems)
    changes = [Change(found.name, key, column, value) for column, value in wanted.items()]
    tables = with_corrections(data, schema, changes, because)
    return Draft(f"correct {found.name}: {key}: {', '.join(wanted)}", files_of(tables.values()))


def table_called(data: Path, schema: Schema, name: str) -> Table:
    """Return the table that a name means; an effects file may be named without its folder.

    Raises
    ------
    RequestError
        When there is none.
    """
    stem, names = name.removesuffix(".csv"), table_names(data, schema)
    for candidate in (stem, f"{EFFECTS}{stem}"):
        if candidate in names:
            return read_table(data, candidate, schema)
    shown = did_you_mean(stem, names) or did_you_mean(f"{EFFECTS}{stem}", names)
    raise RequestError([f"{name}: must be a table; there are {', '.join(names)}{shown}"])


def _unsaid(because: Because) -> list[str]:
    return [
        f"--{name}: must say {words}"
        for name, words in (("reason", "why it is changed"), ("source", "what the new value rests on"))
        if not getattr(because, name).strip()
    ]


def _row_problems(table: Table, key: str) -> list[str]:
    if table.name == LEDGER:
        return ["corrections: is the record of what was corrected; correct the cell itself once more"]
    if table.find(key) is not None:
        return []
    return [f"{table.path}: {key}: must be a key of the table{did_you_mean(key, map(table.key, table.rows))}"]


def _cell_problems(table: Table, key: str, cells: Mapping[str, str], blank: bool) -> list[str]:
    row, problems = table.find(key), []
    if not cells:
        problems.append(f"{table.path}: {key}: a column and its new value must be given")
    for column, value in cells.items():
        where = f"{table.path}: {key}: {column}"
        if column in table.schema.primary_key:
            problems.append(f"{where}: {_rename(column)}")
        elif column not in {*table.columns, *table.schema.columns}:
            hint = did_you_mean(column, {*table.columns, *table.schema.columns})
            problems.append(f"{where}: must be a column of the table{hint}")
        elif row is not None and is_same(row, column, value):
            problems.append(f"{where}: holds {value or 'nothing'} already")
        elif not value and not blank:
            problems.append(f"{where}: the new value is empty; --blank takes a value away")
    return problems


def _rename(column: str) -> str:
    return (
        f"{column} names the row wherever it is spoken of and is not corrected: give the row its new name "
        "by hand in every table that has it, and run `livingmeta check`"
    )
