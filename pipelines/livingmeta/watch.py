"""Builds again whenever a file changes, from a process that has everything loaded already."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from livingmeta import book_writer, drawing, manifest, pages, site
from livingmeta.inputs import CODE, SITE, files_of
from livingmeta.paths import Project
from livingmeta.workers import Forked, Limits, Task

POLL_SECONDS = 0.2
LIMITS = Limits(seconds=3600, memory_mb=16384)
Say = Callable[[str], None]


def watch(project: Project, jobs: int, say: Say, builds: int | None = None) -> None:
    """Build now and after every change, until interrupted.

    When the code itself changes the process starts anew, because what it has loaded is old.

    Parameters
    ----------
    jobs : int
        Notebooks at a time.
    say : callable
        Told what each build did and how long it took.
    builds : int, optional
        How many builds to make before returning; default: for ever.
    """
    code = manifest.code_hash(project)
    with drawing.servers(1):
        pages.preload(project)
        book_writer.load()
        seen: object = None
        while builds is None or builds > 0:
            now = _state(project)
            if now == seen:
                time.sleep(POLL_SECONDS)
                continue
            if manifest.code_hash(project) != code:
                os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
            seen = now
            _build(project, jobs, say)
            builds = None if builds is None else builds - 1


def _state(project: Project) -> tuple[tuple[str, int, int], ...]:
    """Return name, time and size of every file that a build reads."""
    files = files_of(project, (*CODE, *SITE))
    seen = ((str(path), path.stat()) for path in files if path.exists())
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in seen)


def _build(project: Project, jobs: int, say: Say) -> None:
    if manifest.is_current(project):
        say("nothing changed")
        return
    started = time.monotonic()
    problems = project.build / "problems.txt"
    problems.unlink(missing_ok=True)
    failure = Forked(Task("build", lambda: _built(project, jobs, problems)), LIMITS).wait()
    said = problems.read_text(encoding="utf-8") if problems.exists() else failure
    took = f"{time.monotonic() - started:.1f} s"
    say(f"{said}\nnothing was published: the site is as it was" if said else f"built in {took}")


def _built(project: Project, jobs: int, problems: Path) -> None:
    try:
        site.build(project, jobs=jobs)
    except site.BuildError as error:
        problems.write_text(str(error), encoding="utf-8")
