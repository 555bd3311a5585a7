"""The verb `retractions`: reports and records held against a dated list of retractions."""

import shlex
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from livingmeta.commands.options import DATA, checkout, epilog, fail, printable
from livingmeta.vocabulary import NOT_RETRACTED, RETRACTED

if TYPE_CHECKING:
    from livingmeta.retractions import Cell, Checked, Hit

REASON = "named otherwise in a list of retractions"


@click.command(
    epilog=epilog(
        "livingmeta retractions retraction_watch.csv --as-of 2026-11-20",
        "livingmeta retractions retraction_watch.csv --as-of 2026-11-20 --source 'Retraction Watch' --write",
        "livingmeta retractions notices.csv --as-of 2026-11-20 --source 'notices of one publisher'",
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--as-of", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day of the list."
)
@click.option("--source", metavar="TEXT", help="Which list it is (default: the name of the file).")
@click.option(
    "--complete",
    is_flag=True,
    help="A plain list is meant to hold every notice up to that day: reports that it does not name are "
    "marked as not retracted. That of Retraction Watch is always taken so.",
)
@click.option("--write", "writing", is_flag=True, help="Write status, day and list into data/reports.csv.")
@DATA
def retractions(
    file: Path, as_of: datetime, source: str | None, complete: bool, writing: bool, data: Path | None
) -> None:
    """Hold all reports and screening records against a list of retractions, by DOI and PubMed number.

    FILE is the CSV of Retraction Watch as Crossref publishes it, or a CSV with the columns doi, pmid,
    nature and date, which marks only the reports that it names, unless --complete is said. Nothing is
    fetched. The cells of reports.csv that follow are listed, and written with
    --write; withdrawing a study is a step of its own.
    Exit codes: 0 checked, 1 the list or the tables cannot be read, 2 wrong usage.
    """
    from livingmeta.curation import RequestError
    from livingmeta.curation.ledger import Because
    from livingmeta.edits import EditError, editing, put
    from livingmeta.release import RefusedError, today
    from livingmeta.retractions import ListError, check, edit, entries, is_whole, outcome, read_list
    from livingmeta.schema import SchemaError
    from livingmeta.studies import DataError
    from livingmeta.table_files import TableError

    day, tables = as_of.date().isoformat(), checkout(data).data
    named = " ".join((source or file.name).split())
    try:
        if day > today():
            raise click.UsageError(f"--as-of {day} lies after today")
        notices, complete = read_list(file), complete or is_whole(file)
        with editing(tables) if writing else nullcontext():
            found = check(notices, entries(tables))
            cells = outcome(found, day, named, complete)
            if writing:
                put(tables, edit(tables, cells, Because(REASON, f"{named} of {day}", today())))
    except (
        *(ListError, DataError, TableError, EditError),
        *(RefusedError, SchemaError, RequestError),
    ) as error:
        fail(error)
    where = ("--data", str(data)) if data else ()
    told = _lines(found, complete, f"{named} of {day}", where)
    for line in (f"list: {named} of {day}", *told, *_cells(cells, writing)):
        click.echo(printable(line))


def _lines(found: "Checked", complete: bool, source: str, where: tuple[str, ...]) -> Iterator[str]:
    yield f"notices in the list: {found.notices}"
    if not complete:
        yield "reports that it does not name are left as they are; --complete says that it holds every notice"
    for hit in found.hits:
        yield from _hit(hit, source, where)
    for table in ("reports", "screening"):
        searched, without = (
            sum(entry.table == table for entry in part) for part in (found.searched, found.without)
        )
        hits = len({hit.entry.key for hit in found.hits if hit.entry.table == table})
        yield (
            f"{table}: {searched} searched for, {hits} found in the list; "
            f"{without} without DOI and PubMed number could not be searched for"
        )


def _hit(hit: "Hit", source: str, where: tuple[str, ...]) -> Iterator[str]:
    entry = hit.entry
    belongs = f" of {entry.study_id}" if entry.study_id else ""
    yield f"{entry.table} {entry.key}{belongs}: {entry.title or 'title not recorded'}"
    for notice in hit.notices:
        yield f"  {'it is the notice: ' if hit.is_notice else ''}{notice.said} (line {notice.line})"
    yield f"  to do: {_to_do(hit, source, where)}"


def _to_do(hit: "Hit", source: str, where: tuple[str, ...]) -> str:
    study = hit.entry.study_id
    if hit.is_notice:
        return "look whether the paper that the notice is about is among the studies"
    if not hit.is_clear:
        return "read the notice, the list does not say what kind it is; the report is left as it is marked"
    if not study and hit.status == RETRACTED:
        return "exclude the record for this reason when it is screened"
    if hit.status == NOT_RETRACTED:
        return "read the notice; nothing has to be withdrawn"
    if not study:
        return "read the notice, and judge the record by it when it is screened"
    return f"read the notice, then: {_command(hit, source, where)}"


def _command(hit: "Hit", source: str, where: tuple[str, ...]) -> str:
    """Return the command that withdraws what a hit is about, as it can be typed."""
    wanted = "retraction" if hit.status == RETRACTED else hit.status
    last = [one for one in hit.notices if one.nature == wanted][-1]
    name = hit.entry.key if hit.entry.table == "reports" else hit.entry.study_id
    notice = ("--notice", last.notice_doi) if last.notice_doi and last.notice_doi != last.doi else ()
    kind = ("--kind", hit.status) if hit.status != RETRACTED else ()
    because = ("--reason", last.reason or last.nature, "--source", source)
    return shlex.join(["livingmeta", "withdraw", name, *kind, *because, *notice, *where])


def _cells(cells: "tuple[Cell, ...]", written: bool) -> Iterator[str]:
    from livingmeta.formats import counted
    from livingmeta.retractions import is_correction

    what = "written" if written else "none is written; --write does it"
    yield f"{len(cells)} cells of reports.csv follow from this: {what}"
    plain = {c.key for c in cells if (c.column, c.new) == ("retraction_status", NOT_RETRACTED)}
    alone = {c.key for c in cells if c.column == "retraction_status"} - plain
    for cell in (c for c in cells if c.key in alone):
        yield f"  {cell.table} {cell.key} {cell.column}: {cell.old or '(blank)'} -> {cell.new}"
    if plain:
        yield f"  {len(plain)} reports: retraction_status -> {NOT_RETRACTED}, with day and list"
    if again := {c.key for c in cells} - plain - alone:
        yield f"  {len(again)} reports: their status stays; day and list of the check"
    if written and (n := sum(map(is_correction, cells))):
        rows = "its row is" if n == 1 else "their rows are"
        yield f"{counted(n, 'changed mark')}: {rows} in corrections.csv"
