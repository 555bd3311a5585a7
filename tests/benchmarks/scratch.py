"""One built scratch project for all tests of a session, put back as it was before each use."""

import atexit
import hashlib
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from benchmarks.builder import builder
from benchmarks.generate import scratch_project
from livingmeta.paths import Project

QUESTIONS = 4


@lru_cache
def _snapshot() -> tuple[Path, Path]:
    """Return where the project is used, and where it is kept as it was first built."""
    folder = Path(tempfile.mkdtemp(prefix="livingmeta-scratch-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    project = scratch_project(folder / "project", QUESTIONS)
    outcome = builder().build(project.root)
    assert outcome.ok, outcome
    shutil.copytree(project.root, folder / "kept")
    return project.root, folder / "kept"


def built_scratch() -> Project:
    """Return the built scratch project; it lies at one path, which Sphinx's memory depends on."""
    root, kept = _snapshot()
    shutil.rmtree(root)
    shutil.copytree(kept, root)
    return Project(root)


def without_built(project: Project) -> None:
    """Remove everything that is built, but not the drawn charts."""
    for path in project.build.iterdir():
        if path == project.svg_cache:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for folder in (project.pages, project.fragments):
        shutil.rmtree(folder)


def site_of(project: Project) -> dict[str, str]:
    """Return the hash of every file of the built site, by name."""
    files = (path for path in sorted(project.html.rglob("*")) if path.is_file())
    return {
        path.relative_to(project.html).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the names of files that are not the same in two sites."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
