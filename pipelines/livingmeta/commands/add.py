"""The verb `add`: a study with its reports, results and the decision to include it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livingmeta.commands.options import DATA, checkout, epilog, printable
from livingmeta.commands.previewing import (
    Way,
    carry_out,
    editing_options,
    is_terminal,
    refuse_unasked,
    refusing,
)

if TYPE_CHECKING:
    from livingmeta.curation import Given
    from livingmeta.curation.proposals import Question

FLAGS = {"studies": "study", "reports": "report", "effects": "effect", "groups": "group"}

NOTHING = "-"  # typed where what is proposed is not so


@click.command(
    epilog=epilog(
        "livingmeta add --template dialysis-all-cause-death > new.yml",
        "livingmeta add --from new.yml",
        "livingmeta add --from new.yml --record pubmed-2030-01-15-0007 --dry-run",
        "livingmeta add --effects-file dialysis-all-cause-death --record RECORD_ID",
        "livingmeta add --effects-file NAME --effect study_id=example2030 --effect estimate=1.4 ... --yes",
    )
)
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML or CSV file with the rows; flags say more or otherwise.",
)
@click.option("--effects-file", default="", metavar="NAME", help="File of data/effects for the results.")
@click.option("--new-file", is_flag=True, help="The effects file is made, for a new outcome.")
@click.option("--study", multiple=True, metavar="COLUMN=VALUE", help="A cell of studies.csv (repeatable).")
@click.option("--report", multiple=True, metavar="COLUMN=VALUE", help="A cell of reports.csv (repeatable).")
@click.option(
    "--effect",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="A cell of the effects file (repeatable); metafor's names will do.",
)
@click.option("--group", multiple=True, metavar="COLUMN=VALUE", help="A cell of groups.csv (repeatable).")
@click.option(
    "--screening",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="A cell of the decision in screening.csv (repeatable).",
)
@click.option("--record", default="", metavar="RECORD_ID", help="Record of screening.csv that it comes from.")
@click.option("--template", metavar="NAME", help="Print a file to fill in for results in an effects file.")
@DATA
@editing_options
def add(data: Path | None, yes: bool, dry_run: bool, form: str, **said: Any) -> None:
    """Add a study, its reports, its results and the decision to include it, in one edit.

    A study that is there already may get further reports and results. What follows from what
    is given is filled in: names of rows, the label, what the screened record says. On a terminal
    the rest is asked for. The effect on every estimate is shown before anything is written.
    """
    from livingmeta.curation import added
    from livingmeta.release import today

    project, way = checkout(data), Way(yes, dry_run, form)
    with refusing():
        if said["template"]:
            return _template(project.data, said["template"])
        given, day = _given(project.data, said), today()
        if asked := is_terminal():
            given = _prompted(project.data, given, said, day)
        else:
            _refuse_missing(project.data, given, way, day, said["new_file"])
    try:
        carry_out(
            project.data, lambda folder: added(folder, given, day, said["new_file"]), way, "livingmeta build"
        )
    except SystemExit as done:
        if asked and done.code:
            _keep(given)
        raise


def _keep(given: "Given") -> None:
    """Print what was typed, so that nobody has to type it again."""
    from livingmeta.curation.templates import given_text

    click.echo("what was given, to be put right and read by `livingmeta add --from FILE.yml`:", err=True)
    click.echo(printable(given_text(given)), err=True, nl=False)


def _template(data: Path, name: str) -> None:
    from livingmeta.curation.templates import template

    click.echo(printable(template(data, name.removeprefix("effects/").removesuffix(".csv"))), nl=False)


def _given(data: Path, said: dict[str, Any]) -> "Given":
    from livingmeta.curation import given_by_file, given_by_flags
    from livingmeta.schema import load_schema

    schema = load_schema(data)
    flags = {part: said[flag] for part, flag in (*FLAGS.items(), ("screening", "screening"))}
    by_flags = given_by_flags(schema, flags, said["effects_file"], said["record"])
    return by_flags.over(given_by_file(said["file"], schema)) if said["file"] else by_flags


def _refuse_missing(data: Path, given: "Given", way: Way, day: str, new_file: bool) -> None:
    """Leave with 2 and name everything that was not given, the wish to write included."""
    from livingmeta.curation import MissingError, added

    try:
        added(data, given, day, new_file)
        refuse_unasked(way, [])
    except MissingError as error:
        refuse_unasked(way, list(error.problems))


def _prompted(data: Path, given: "Given", said: dict[str, Any], day: str) -> "Given":
    """Return what was given with what is still needed asked for, column by column."""
    from livingmeta.curation.completing import tables_for
    from livingmeta.curation.proposals import next_question

    if not said["file"]:
        given = _parts(data, given)
    if any(len(rows) > 1 for rows in given.rows.values()):
        return given
    tables = tables_for(data, given.effects_file)
    answered: set[tuple[str, str]] = set()
    click.echo(f"Enter takes what is proposed, or leaves a cell blank; {NOTHING} leaves it blank.")
    click.echo("Ctrl-C ends: nothing is written, and what was typed is printed to go on with.")
    while question := next_question(tables, given, answered, day):
        answered.add(question.place)
        try:
            value = _answer(question)
        except click.Abort:
            _keep(given)
            raise
        if value:
            (row,) = given.of(question.part)
            given = given.with_rows(question.part, [{**row, question.field.name: value}])
    return given


def _parts(data: Path, given: "Given") -> "Given":
    """Return what was given with the parts that a new result has, asked for where not clear."""
    from dataclasses import replace

    if not given.effects_file:
        known = ", ".join(sorted(path.stem for path in (data / "effects").glob("*.csv")))
        click.echo(f"files of data/effects: {known}")
        given = replace(given, effects_file=click.prompt("Effects file"))
    named = any(row.get("study_id") for rows in given.rows.values() for row in rows)
    is_new = bool(given.of("studies")) or (
        not named and click.confirm("Is the study a new one?", default=True)
    )
    for part in ("studies", "reports", "effects", "screening") if is_new else ("effects",):
        if not given.of(part):
            given = given.with_rows(part, [{}])
    return given


def _answer(question: "Question") -> str:
    """Ask for one column until the answer can stand in it."""
    from livingmeta.curation.proposals import cell_fault

    field = question.field
    click.echo(f"\n{question.part}: {field.description}{f' In {field.unit}.' if field.unit else ''}")
    if field.enum:
        click.echo(f"  one of: {', '.join(field.enum)}")
    if question.because:
        click.echo(f"  proposed: {question.proposal} ({question.because}); {NOTHING} for nothing")
    while True:
        value = str(click.prompt(f"  {field.name}", default=question.proposal, show_default=False)).strip()
        value = "" if value == NOTHING else value
        fault = cell_fault(field, value)
        if not fault:
            return value
        click.echo(f"  {value or '(blank)'}: {fault}")
