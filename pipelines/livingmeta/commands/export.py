"""The verb `export`: files for a manuscript, of today or of a release."""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from livingmeta.commands.options import checkout, epilog, fail
from livingmeta.export.registry import FORMATS, ExportError, files

if TYPE_CHECKING:
    from livingmeta.paths import Project
    from livingmeta.snapshots import Snapshot

ALL = "all"
DIFFERS = "differs from what was exported with the release; the tag's own software makes the same bytes"


@click.command(
    epilog=epilog(
        "livingmeta export --format tex --to manuscript",
        "livingmeta export --format csv --format json --to tables --release 2026.11.0",
        "livingmeta export --format all --to everything",
    )
)
@click.option(
    "--format",
    "names",
    multiple=True,
    required=True,
    type=click.Choice([*FORMATS, ALL]),
    help="What to write (repeatable).",
)
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files, made where it is missing; files of the same names are replaced.",
)
@click.option(
    "--release",
    default="now",
    show_default=True,
    metavar="VERSION",
    help="A release; also a folder, a git revision, or now.",
)
def export(names: tuple[str, ...], folder: Path, release: str) -> None:
    """Write numbers, tables, references and data as files for a manuscript; print their names."""
    project = checkout()
    found = _snapshot(release, project)
    wanted = list(FORMATS) if ALL in names else list(dict.fromkeys(names))
    try:
        made = {name: files(name, found) for name in wanted}
        named = together(made)
    except ExportError as error:
        fail(f"{error}; nothing was written")
    for warning in [*_uncommitted(found, project), *_moved(made, found)]:
        click.echo(f"warning: {warning}", err=True)
    _write(named, folder)


def _snapshot(release: str, project: "Project") -> "Snapshot":
    from livingmeta.releases import folders
    from livingmeta.snapshots import SnapshotError, snapshot

    try:
        return snapshot(release, project)
    except SnapshotError as error:
        known = ", ".join(path.name for path in folders(project)) or "none yet"
        hint = "" if known in str(error) else f"\nthere are these releases: {known}"
        fail(f"{error}{hint}")


def together(made: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    """Return the files of several formats as one set.

    Raises
    ------
    ExportError
        When two formats give different files one name, or a name leads out of the folder.
    """
    named: dict[str, bytes] = {}
    for name, entries in made.items():
        for path, data in entries.items():
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                raise ExportError(f"{name}: {path}: a name must stay inside the folder")
            if named.setdefault(path, data) != data:
                raise ExportError(f"{name}: {path}: another format makes a file of this name")
    return named


def _uncommitted(found: "Snapshot", project: "Project") -> list[str]:
    """Return a warning when what is exported is not what its commit holds."""
    from livingmeta import repository

    if found.name != "now" or found.identity.is_release:
        return []
    try:
        changed = repository.changed_files(project)
    except repository.RepositoryError:
        return ["this is no git repository: the export names no commit"]
    return [f"{len(changed)} files differ from the commit that the export names"] if changed else []


def _moved(made: Mapping[str, Mapping[str, bytes]], found: "Snapshot") -> list[str]:
    """Return a warning for each file that is not as it was exported with the release."""
    frozen = found.release.exports if found.release is not None else {}
    now = {f"{name}/{path}": data for name, entries in made.items() for path, data in entries.items()}
    return [
        f"{name} {DIFFERS}"
        for name, data in now.items()
        if name in frozen and hashlib.sha256(data).hexdigest() != frozen[name]
    ]


def _write(named: Mapping[str, bytes], folder: Path) -> None:
    from livingmeta.files import write_bytes_atomically

    for path, data in sorted(named.items()):
        try:
            write_bytes_atomically(folder / path, data)
        except OSError as error:
            fail(f"{folder / path}: cannot be written: {error.strerror}")
        click.echo(folder / path)
