"""What several verbs share: the option --data, the checkout they work on, examples in their help."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from livingmeta.edits import EditError, finish
from livingmeta.paths import Project

DATA = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the curated tables."
)


def epilog(*examples: str) -> str:
    """Return examples as the end of a verb's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)


def checkout(data: Path | None = None) -> Project:
    """Return the checkout around the working directory, with other tables where they are named.

    An edit of the tables that was interrupted is finished first.
    """
    found = Project.find()
    project = Project(found.root, data.resolve() if data else None)
    try:
        if finish(project.data):
            click.echo("an edit that had been interrupted is now finished", err=True)
    except EditError as error:
        fail(error)
    return project


def refuse_wrong_day() -> None:
    """Leave with 1 where SOURCE_DATE_EPOCH holds no day; numerical packages would fail on it unsaid."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return
    try:
        datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError):
        fail(f"SOURCE_DATE_EPOCH must be seconds since 1970, not {given!r}")


def fail(said: object) -> NoReturn:
    """Say what went wrong, and leave with 1."""
    click.echo(printable(f"error: {said}"), err=True)
    sys.exit(1)


def printable(text: str) -> str:
    """Return text with question marks where the terminal has no such sign."""
    encoding = getattr(sys.stdout, "encoding", "") or "ascii"
    return text.encode(encoding, "replace").decode(encoding)
