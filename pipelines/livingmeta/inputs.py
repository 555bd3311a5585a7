"""What results and pages are made from: which files, and their hashes.

Only the standard library is imported, so that a build with nothing to do costs nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from livingmeta.paths import Project

CODE = (
    *("pipelines/livingmeta/**/*.py", "pipelines/livingmeta/schemas/*.json"),
    *("pipelines/notebooks/*.ipynb", "pipelines/fonts/*", "requirements.lock"),
)
BOOK = ("_config.yml", "_toc.yml", "book/**/*")
DATA = ("data/**/*",)
SITE = (*BOOK, *DATA, "CHANGELOG.md", "CITATION.cff", "LICENSE-DATA")
GENERATED = ("book/questions/", "book/_generated/", "book/changes/")
RELEASES = "data/releases/"


def digest(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of several byte strings, each with its length, as hex."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def files_of(project: Project, patterns: Iterable[str]) -> list[Path]:
    """Return the files that match patterns under the root, sorted, without generated ones."""
    found = {path for pattern in patterns for path in project.root.glob(pattern) if path.is_file()}
    return sorted(path for path in found if _is_source(path.relative_to(project.root).as_posix()))


def _is_source(name: str) -> bool:
    return not name.startswith(GENERATED) and "__pycache__" not in name and not is_partial(name)


def is_partial(name: str) -> bool:
    """Return whether a file is half written, or lies in a folder that is."""
    return any(part.endswith(".partial") for part in name.split("/"))


def named(project: Project, paths: Iterable[Path]) -> Iterable[bytes]:
    """Yield name and bytes of each file."""
    for path in paths:
        yield path.relative_to(project.root).as_posix().encode()
        yield path.read_bytes()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hashes_below(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by name, sorted."""
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: sha256(names[name]) for name in sorted(names)}


def unlike(wanted: Mapping[str, str], there: Mapping[str, str], extra: str) -> list[str]:
    """Return how files differ from what they should be: changed, missing, or too many.

    Parameters
    ----------
    wanted, there : mapping of str to str
        SHA-256 by name.
    extra : str
        What is said of a file that should not be there.
    """
    missing = [f"{name}: missing" for name in wanted if name not in there]
    more = [f"{name}: {extra}" for name in there if name not in wanted]
    changed = [f"{name}: changed" for name in wanted if there.get(name, wanted[name]) != wanted[name]]
    return sorted(missing + more + changed)


def todays_inputs(project: Project) -> dict[str, str]:
    """Return the SHA-256 of everything that decides a number or a page, by name.

    Frozen releases are not among them: they are what came out of earlier inputs.
    """
    paths = files_of(project, (*CODE, *BOOK, *DATA))
    names = {path.relative_to(project.root).as_posix(): path for path in paths}
    return {name: sha256(path) for name, path in names.items() if not name.startswith(RELEASES)}
