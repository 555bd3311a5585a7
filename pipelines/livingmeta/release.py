"""Cutting a release: one folder put in place in one step, then the changelog and the citation file.

Wherever a run ends, the next one with the same request finishes what is missing: the folder is
there as a whole or not at all, and the two files are worked out from the commit and not from
what lies there. Of two runs at once the second is refused.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from livingmeta import changelog, citation_file, repository
from livingmeta.files import replace, write_atomically
from livingmeta.freezing import FreezeError, freeze, packages, this_python
from livingmeta.inputs import RELEASES, todays_inputs
from livingmeta.paths import Project
from livingmeta.release_conditions import Request, Standing, problems
from livingmeta.releases import Release, ReleaseError, read_release


class RefusedError(ValueError):
    """A release that was not made; `problems` says why, one line each."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def today() -> str:
    """Return the day of a release cut now, YYYY-MM-DD in UTC; SOURCE_DATE_EPOCH sets another.

    Raises
    ------
    RefusedError
        When the variable holds no number of seconds.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = datetime.now(UTC) if given is None else datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError):
        raise RefusedError([f"SOURCE_DATE_EPOCH must be seconds since 1970, not {given!r}"]) from None
    return moment.date().isoformat()


def cut(project: Project, request: Request) -> Release:
    """Freeze a version and write the changelog and the citation file, or finish doing so.

    Parameters
    ----------
    project : Project
        The checkout, with its own tables.
    request : Request
        What is asked for.

    Raises
    ------
    RefusedError
        With everything that stands in the way.
    OSError
        When a folder cannot be written.
    """
    with _alone(project.build / "release.lock", f"release {request.version}, process {os.getpid()}"):
        _sweep(project)
        standing = Standing(project, request)
        found = problems(standing)
        if found:
            raise RefusedError(found)
        texts = standing.texts
        made = standing.begun or _put_in_place(standing)
        for name, text in texts.items():
            if (project.root / name).read_bytes() != text.encode():
                write_atomically(project.root / name, text)
        return made


@contextmanager
def _alone(lock: Path, who: str) -> Iterator[None]:
    """Keep other runs out; the lock ends with the process that holds it, however that ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another run"
            raise RefusedError([f"{holder}, is at work: wait until it has ended"]) from None
        file.seek(0)
        file.truncate()
        file.write(who)
        file.flush()
        yield


def _sweep(project: Project) -> None:
    """Remove what runs that were killed have left half written."""
    for path in (project.root / RELEASES).glob(".*.partial"):
        shutil.rmtree(path)
    for name in (changelog.FILE, citation_file.FILE):
        for path in project.root.glob(f".{name}.*.partial"):
            path.unlink()


def _put_in_place(standing: Standing) -> Release:
    project, request = standing.project, standing.request
    partial = standing.folder.with_name(f".{request.version}.{os.getpid()}.partial")
    try:
        freeze(project, _planned(standing, partial), standing.previous)
        if todays_inputs(project) != standing.inputs or repository.resolved(project, "HEAD") != standing.head:
            raise FreezeError("the checkout changed while it was being frozen: begin again")
        replace(partial, standing.folder)
    except (FreezeError, ReleaseError) as error:
        raise RefusedError([str(error)]) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return read_release(standing.folder)


def _planned(standing: Standing, folder: Path) -> Release:
    request, previous = standing.request, standing.previous
    return Release(
        folder=folder,
        version=request.version,
        kind=request.kind,
        reason=request.reason,
        date=standing.date,
        source_commit=standing.head,
        previous=None if previous is None else previous.version,
        python=this_python(),
        inputs=standing.inputs,
        packages=packages(standing.project),
    )


def commands(project: Project, version: str, here: Path) -> list[str]:
    """Return what publishes a release: commands for the shell, to be run in the folder `here`."""
    names = [os.path.relpath(project.root / name, here) for name in own_paths(version)]
    return [
        f"git add {' '.join(names)}",
        f'git commit -m "Release {version}"',
        f'git tag -a v{version} -m "Release {version}"',
    ]


def own_paths(version: str) -> tuple[str, ...]:
    """Return the files and the folder that a release writes, from the root of the checkout."""
    return changelog.FILE, citation_file.FILE, f"{RELEASES}{version}"
