"""The verb `diff`: what differs between two states of the evidence."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livingmeta.commands.options import checkout, epilog, fail, printable

if TYPE_CHECKING:
    from livingmeta.snapshots import Snapshot


@click.command(
    epilog=epilog(
        "livingmeta diff 2026.11.0 now",
        "livingmeta diff main now --format json",
        "livingmeta diff HEAD~1 HEAD --format html --to changes.html",
        "livingmeta diff main now --format markdown --images pictures",
    )
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "html", "markdown"]),
)
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write (default: the standard output).",
)
@click.option(
    "--images",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for forest plots of the moved questions, before and after, as SVG and PNG.",
)
def diff(old: str, new: str, form: str, to: Path | None, images: Path | None) -> None:
    """Show what differs between two states of the evidence: studies, cells, methods, estimates.

    OLD and NEW are each a release (2026.11.0), a folder (a checkout, its data or a release), a
    git revision, or `now`.
    """
    from livingmeta.files import write_atomically

    sides = _sides(old, new)
    changes = _changes(*sides)
    shown = _shown(changes, form)
    if images is not None:
        _draw(*sides, changes, images)
    if to is None:
        click.echo(printable(shown), nl=False)
    else:
        write_atomically(to, shown)
        click.echo(f"{to}")


def _sides(old: str, new: str) -> tuple["Snapshot", "Snapshot"]:
    from livingmeta.analysis import DoubleCountError
    from livingmeta.effect_sizes import MeasureError
    from livingmeta.estimators import FitError
    from livingmeta.kept_records import KeptRecords
    from livingmeta.snapshots import SnapshotError, snapshot

    project = checkout()
    kept = KeptRecords(project.kept_records)
    try:
        return snapshot(old, project, kept), snapshot(new, project, kept)
    except (SnapshotError, DoubleCountError, MeasureError, FitError) as error:
        fail(error)


def _changes(old: "Snapshot", new: "Snapshot") -> dict[str, Any]:
    from livingmeta.differences import compare
    from livingmeta.schema import SchemaError
    from livingmeta.studies import DataError

    try:
        return compare(old, new).as_dict()
    except (SchemaError, DataError) as error:
        fail(error)


def _draw(old: "Snapshot", new: "Snapshot", changes: dict[str, Any], folder: Path) -> None:
    """Write the pictures of the moved questions; say on the error stream what was and was not drawn."""
    from livingmeta.export.moved import lines_of, pictures
    from livingmeta.files import write_bytes_atomically

    made = pictures(old, new, changes["results"])
    for line in lines_of(made):
        click.echo(line, err=True)
    try:
        for name, data in made.files.items():
            write_bytes_atomically(folder / name, data)
            click.echo(f"{folder / name}", err=True)
    except OSError as error:
        fail(error)


def _shown(changes: dict[str, Any], form: str) -> str:
    if form == "json":
        from livingmeta.results import to_json

        return to_json(changes)
    if form == "html":
        from livingmeta.tables.changes_page import page

        style = checkout().book / "_static" / "livingmeta.css"
        return page(changes, style.read_text(encoding="utf-8"))
    from livingmeta.differences import as_markdown, as_text

    return as_markdown(changes) if form == "markdown" else as_text(changes)
