"""The verb `diff`: what differs between two states of the evidence."""

import sys
from pathlib import Path
from typing import Any

import click

from livingmeta.commands.options import checkout, epilog, printable


@click.command(
    epilog=epilog(
        "livingmeta diff 2026.11.0 now",
        "livingmeta diff main now --format json",
        "livingmeta diff HEAD~1 HEAD --format html --to changes.html",
    )
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--format", "form", default="text", show_default=True, type=click.Choice(["text", "json", "html"])
)
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write (default: the standard output).",
)
def diff(old: str, new: str, form: str, to: Path | None) -> None:
    """Show what differs between two states of the evidence: studies, cells, methods, estimates.

    OLD and NEW are each a release (2026.11.0), a folder (a checkout, its data or a release), a
    git revision, or `now`.
    """
    from livingmeta.files import write_atomically

    shown = _shown(_changes(old, new), form)
    if to is None:
        click.echo(printable(shown), nl=False)
    else:
        write_atomically(to, shown)
        click.echo(f"{to}")


def _changes(old: str, new: str) -> dict[str, Any]:
    from livingmeta.differences import compare
    from livingmeta.effect_sizes import MeasureError
    from livingmeta.estimators import FitError
    from livingmeta.schema import SchemaError
    from livingmeta.snapshots import SnapshotError, snapshot
    from livingmeta.studies import DataError

    project = checkout()
    try:
        return compare(snapshot(old, project), snapshot(new, project)).as_dict()
    except (SnapshotError, SchemaError, DataError, MeasureError, FitError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


def _shown(changes: dict[str, Any], form: str) -> str:
    if form == "json":
        from livingmeta.results import to_json

        return to_json(changes)
    if form == "html":
        from livingmeta.tables.changes_page import page

        style = checkout().book / "_static" / "livingmeta.css"
        return page(changes, style.read_text(encoding="utf-8"))
    from livingmeta.differences import as_text

    return as_text(changes)
