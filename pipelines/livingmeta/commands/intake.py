"""The verb `intake`: from the export of a search to records that await a decision."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from livingmeta.commands.options import DATA, checkout, epilog, fail, printable
from livingmeta.vocabulary import EXPORT, NAME_FORM, SYSTEMATIC


def _name(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if value and not re.fullmatch(NAME_FORM, value):
        raise click.BadParameter("must be lower-case letters, digits and hyphens, such as pubmed-2026")
    return value


@click.command(
    epilog=epilog(
        "livingmeta intake pubmed.nbib --searched-on 2026-11-20",
        "livingmeta intake *.ris --name embase --question low-magnesium-fracture --dry-run",
    )
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--name", default="", callback=_name, help="First part of the name of the search.")
@click.option(
    "--source", default="", help="Where was looked, such as PubMed (default: the format of the file)."
)
@click.option(
    "--searched-on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Day of the search; without it the day stays blank.",
)
@click.option(
    "--kind",
    default=EXPORT,
    show_default=True,
    type=click.Choice([EXPORT, SYSTEMATIC, "exploratory"]),
    help="What is known of the search.",
)
@click.option("--query", default="", help="Search terms, as they were typed.")
@click.option(
    "--question", "question_ids", multiple=True, metavar="ID", help="Question it concerns (repeatable)."
)
@click.option("--dry-run", is_flag=True, help="Show what would happen, and write nothing.")
@DATA
def intake(
    files: tuple[Path, ...], data: Path | None, searched_on: datetime | None, dry_run: bool, **stated: Any
) -> None:
    """Take in exports of a search: PubMed (.nbib, XML), RIS, BibTeX, CSV and others.

    Each file becomes a row of searches.csv, each of its records a row of screening.csv. Records
    that repeat others are marked; what may be a second report, an erratum or a retraction is
    linked and awaits its decision. The same file adds nothing a second time.
    """
    from livingmeta.edits import EditError
    from livingmeta.intake.summary import alarm_lines, broken_lines, summary
    from livingmeta.intake.taking import IntakeError, SearchDetails, take_in
    from livingmeta.schema import SchemaError
    from livingmeta.studies import DataError
    from livingmeta.table_files import TableError

    project = checkout(data)
    day = f"{searched_on:%Y-%m-%d}" if searched_on else ""
    try:
        read = [(str(path), path.read_bytes()) for path in files]
        taken = take_in(project.data, read, SearchDetails(searched_on=day, **stated), dry_run)
    except (IntakeError, EditError, TableError, SchemaError, DataError, OSError) as error:
        fail(f"nothing was taken in\n{error}")
    where = ("--data", str(data)) if data else ()
    for line in (*alarm_lines(taken, where), *broken_lines(taken, project.data)):
        click.echo(printable(line), err=True)
    click.echo(printable(summary(taken)))
