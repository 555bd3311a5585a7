"""A study with its reports, results and the decision to include it, as one edit."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from livingmeta.check.header_rules import did_you_mean
from livingmeta.curation.completing import Tables, completed, missing, tables_for
from livingmeta.curation.drafts import Draft, MissingError, RequestError
from livingmeta.curation.given import PARTS, Given
from livingmeta.schema import Schema
from livingmeta.table_files import EFFECTS, Cells, Table, TableError, files_of
from livingmeta.vocabulary import NAME_FORM


def added(data: Path, given: Given, day: str, new_file: bool = False) -> Draft:
    """Return the edit that puts in what was given, completed by what follows from it.

    Parameters
    ----------
    data : Path
        The data folder.
    given : Given
        Rows by part; a study that is there already may get further reports and results.
    day : str
        Today, for the decision and for results that do not say when they were read.
    new_file : bool
        Whether the effects file may be one that is yet to be made.

    Raises
    ------
    MissingError
        When something needed was not given; every flag is named.
    RequestError
        With everything else that stands in the way.
    """
    if given.effects_file and not re.fullmatch(NAME_FORM, given.effects_file):
        raise RequestError([f"--effects-file: {given.effects_file}: must be words joined by hyphens"])
    tables = tables_for(data, given.effects_file)
    if given.effects_file and tables.effects is None and not new_file:
        raise RequestError([_no_file(data, given.effects_file)])
    full = completed(tables, given, day)
    wanted = missing(tables, full)
    if wanted:
        raise MissingError(wanted)
    texts = files_of(_tables(tables, full))
    return Draft(f"add {_named(full)}", texts, tuple(_seen_before(tables, full)))


def _no_file(data: Path, name: str) -> str:
    there = sorted(path.stem for path in (data / EFFECTS).glob("*.csv"))
    hint = did_you_mean(name, there)
    made = "--new-file makes one for a new outcome"
    return f"--effects-file: {name}: must be a file of data/effects{hint} ({made})"


def _tables(tables: Tables, given: Given) -> list[Table]:
    changed, problems = [], []
    for part in PARTS:
        rows = given.of(part)
        if not rows:
            continue
        try:
            table = tables.of(part) or empty_effects(tables.schema, given.effects_file)
            changed.append(_decided(table, rows) if part == "screening" else table.with_rows(rows))
        except TableError as error:
            problems.append(str(error))
    if problems:
        raise RequestError(problems)
    return changed


def empty_effects(schema: Schema, name: str) -> Table:
    """Return an effects file without rows, with the columns that every one carries."""
    needed = {*schema.base_columns, *schema.effects.needed}
    columns = tuple(column for column in schema.effects.columns if column in needed)
    return Table(f"{EFFECTS}{name}", f"{EFFECTS}{name}.csv", schema.effects, columns)


def _decided(table: Table, rows: Iterable[Cells]) -> Table:
    """Return the table of records with decisions: on records that are there, or with their own rows."""
    for row in rows:
        key = table.key(row)
        if table.find(key) is None:
            table = table.with_rows([row])
            continue
        for column, value in row.items():
            table = table.with_cell(key, column, value)
    return table


def _named(given: Given) -> str:
    keys = [row["study_id"] for row in given.of("studies")]
    keys += [row["report_id"] for row in given.of("reports")] if not keys else []
    keys += [row["effect_id"] for row in given.of("effects")] if not keys else []
    return ", ".join(keys)


def _seen_before(tables: Tables, given: Given) -> Iterator[str]:
    """Yield reports whose identifier another report has already."""
    for row in given.of("reports"):
        for name in ("doi", "pmid"):
            value = row.get(name, "").lower()
            same = [other for other in tables.reports.rows if value and other.get(name, "").lower() == value]
            for other in same:
                study = other.get("study_id") or "a data set"
                yield f"{name.upper()} {value} is also that of {other['report_id']}, a report of {study}."
