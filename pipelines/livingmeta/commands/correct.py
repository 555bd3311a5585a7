"""The verb `correct`: cells of one row changed, with the reason."""

import re
from pathlib import Path
from typing import Any

import click

from livingmeta.commands.options import DATA, checkout, epilog
from livingmeta.commands.previewing import (
    Way,
    carry_out,
    editing_options,
    is_terminal,
    refuse_unasked,
    refusing,
)

_NUMBER = re.compile(r"-\.?\d.*")


@click.command(
    # A value may be a negative number, which is no option.
    context_settings={"ignore_unknown_options": True},
    epilog=epilog(
        "livingmeta correct studies example2030 n_total 641 --reason 'a misprint' --source 'table 1'",
        "livingmeta correct reports example2030-a doi --blank --reason 'not its own' --source doi.org",
        "livingmeta correct effects/NAME ID --set ci_lower=1.1 --set ci_upper=1.9 --reason ... --source ...",
    ),
)
@click.argument("table", required=False)
@click.argument("key", required=False)
@click.argument("column", required=False)
@click.argument("new", required=False)
@click.option("--set", "cells", multiple=True, metavar="COLUMN=VALUE", help="A cell (repeatable).")
@click.option("--blank", is_flag=True, help="Take a value away: what is not known stays empty.")
@click.option("--reason", metavar="TEXT", help="Why it is changed; readers see it.")
@click.option("--source", metavar="TEXT", help="What the new value rests on.")
@DATA
@editing_options
def correct(data: Path | None, yes: bool, dry_run: bool, form: str, **said: Any) -> None:
    """Change the cell of TABLE in the row KEY and COLUMN to NEW, and record why.

    TABLE is studies, reports, effects/NAME ..., KEY the key of the row. The effect on every
    estimate is shown first. A cell corrected twice on one day has one row in corrections.csv.
    """
    from livingmeta.curation import corrected
    from livingmeta.curation.ledger import Because
    from livingmeta.release import today

    way = Way(yes, dry_run, form)
    _refuse_options(said)
    cells = _cells(said)
    refuse_unasked(way, _missing(said, cells))
    project = checkout(data)
    said, cells = _asked(project.data, said, cells)
    because = Because(" ".join(said["reason"].split()), " ".join(said["source"].split()), today())
    carry_out(
        project.data,
        lambda folder: corrected(folder, said["table"], said["key"], cells, because, said["blank"]),
        way,
        "livingmeta build",
    )


def _refuse_options(said: dict[str, Any]) -> None:
    """Refuse what looks like an option and is none; only numbers may begin with a minus sign."""
    for name in ("table", "key", "column", "new"):
        text = said[name] or ""
        if text.startswith("-") and not (name == "new" and _NUMBER.fullmatch(text)):
            raise click.UsageError(
                f"No such option: {text} (a value like it is given as --set COLUMN={text})"
            )


def _cells(said: dict[str, Any]) -> dict[str, str]:
    from livingmeta.curation.given import pairs

    problems: list[str] = []
    cells = pairs(said["cells"], "--set", problems)
    if said["column"] and (said["new"] is not None or said["blank"]):
        cells = {said["column"]: said["new"] or "", **cells}
    if problems:
        raise click.UsageError("; ".join(problems))
    return cells


def _missing(said: dict[str, Any], cells: dict[str, str]) -> list[str]:
    missing = [name.upper() for name in ("table", "key") if not said[name]]
    if not cells:
        missing.append("NEW (or --blank)" if said["column"] else "COLUMN and NEW, or --set COLUMN=VALUE")
    return missing + [f"--{name}" for name in ("reason", "source") if said[name] is None]


def _asked(data: Path, said: dict[str, Any], cells: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what was said with what is missing asked for, on a terminal."""
    if not is_terminal():
        return said, cells
    said = dict(said)
    for name, words in (("table", "Table"), ("key", "Key of the row")):
        said[name] = said[name] or click.prompt(words)
    if not cells:
        column = said["column"] or click.prompt("Column")
        row = _row(data, said["table"], said["key"])
        click.echo(f"{column} holds {row.get(column) or 'nothing'}")
        cells = {column: click.prompt("New value", default="" if said["blank"] else None)}
    for name, words in (("reason", "Why it is changed"), ("source", "What the new value rests on")):
        said[name] = said[name] if said[name] is not None else click.prompt(words)
    return said, cells


def _row(data: Path, table: str, key: str) -> Any:
    from livingmeta.curation.correcting import table_called
    from livingmeta.schema import load_schema

    with refusing():
        return table_called(data, load_schema(data), table).find(key) or {}
