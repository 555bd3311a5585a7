"""Frozen releases as they lie in `data/releases/`, and which of them today's inputs are.

A release is never edited: its manifest holds the SHA-256 of each of its files and of every
input it was made from. A build calls itself by a version only when its inputs are that
version's; otherwise it is unreleased. Only the standard library is imported.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from livingmeta import repository
from livingmeta.inputs import hashes_below, todays_inputs, unlike
from livingmeta.paths import Project

UNRELEASED = "unreleased"
MANIFEST = "manifest.json"
LAYOUT = 1  # of a release's folder; a reader of many years knows by it what to expect
KINDS = {
    "new-search": "new search",
    "correction": "correction",
    "curation": "curation",
    "method": "method",
}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MAPPINGS = ("inputs", "files", "exports", "packages")
VERSION = re.compile(r"(\d{4})\.(0[1-9]|1[0-2])\.(0|[1-9]\d*)", re.ASCII)


class ReleaseError(ValueError):
    """A release that cannot be read, is not what its manifest says, or does not exist."""


@dataclass(frozen=True, eq=False)
class Release:
    """One frozen version.

    Parameters
    ----------
    folder : Path
        Where it lies: `data/` (the curated tables), `results/` (records and effect sizes),
        `estimates.json`, `counts.json`, `changes.json` and the manifest.
    version, kind, reason, date : str
        CalVer; a key of KINDS; why, in words; the day it was cut, YYYY-MM-DD.
    source_commit : str
        Full hash of the commit it was computed from, the one before its own.
    previous : str or None
        The version before.
    inputs, files, exports : mapping of str to str
        SHA-256 of everything it was made from, of its own files, and of its exports, by name.
    packages : mapping of str to str
        Versions of what computed it.
    """

    folder: Path
    version: str
    kind: str
    reason: str
    date: str
    source_commit: str
    previous: str | None
    python: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    layout: int = LAYOUT

    @property
    def data(self) -> Path:
        """Return the folder of the curated tables as they were."""
        return self.folder / "data"

    @property
    def results(self) -> Path:
        """Return the folder of the records and effect sizes."""
        return self.folder / "results"

    @property
    def identity(self) -> "Identity":
        """Return what a build of its inputs calls itself."""
        short = self.source_commit[: repository.SHORT]
        return Identity(self.version, short, self.date, self.version)

    @cached_property
    def records(self) -> dict[str, dict[str, Any]]:
        """Return the records of all questions, by id."""
        return {path.stem: _read_json(path) for path in sorted(self.results.glob("*.json"))}

    @cached_property
    def estimates(self) -> dict[str, dict[str, Any]]:
        """Return what the trajectory shows of each question, by id: a small part of its record."""
        return dict(_read_json(self.folder / "estimates.json"))

    @cached_property
    def counts(self) -> dict[str, Any]:
        """Return how much evidence there was: rows of each table and decisions."""
        return dict(_read_json(self.folder / "counts.json"))

    @cached_property
    def changes(self) -> dict[str, Any]:
        """Return what changed since the version before, as `livingmeta diff --format json` says it."""
        return dict(_read_json(self.folder / "changes.json"))


def version_key(version: str) -> tuple[int, int, int]:
    """Return what versions are ordered by.

    Raises
    ------
    ReleaseError
        When it is not of the form YYYY.MM.PATCH.
    """
    found = VERSION.fullmatch(version)
    if found is None:
        raise ReleaseError(f"{version!r} is no version: it must read YYYY.MM.PATCH, such as 2026.11.0")
    year, month, patch = map(int, found.groups())
    return year, month, patch


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{path}: cannot be read: {error}") from None


def folders(project: Project) -> list[Path]:
    """Return the folders of all releases, oldest first; what is half written has no manifest."""
    root = project.root / "data" / "releases"
    found = [path.parent for path in root.glob(f"*/{MANIFEST}") if VERSION.fullmatch(path.parent.name)]
    return sorted(found, key=lambda path: version_key(path.name))


def read_release(folder: Path) -> Release:
    """Return the release in a folder.

    Raises
    ------
    ReleaseError
        When its manifest is missing, or is not one that this software knows.
    """
    raw = _read_json(folder / MANIFEST)
    if not isinstance(raw, dict) or raw.get("layout") != LAYOUT:
        raise ReleaseError(f"{folder / MANIFEST}: not a manifest of layout {LAYOUT}")
    wrong = _wrong_values(raw, folder)
    if wrong:
        raise ReleaseError(f"{folder / MANIFEST}: {'; '.join(wrong)}")
    try:
        return Release(folder=folder, **raw)
    except TypeError as error:
        raise ReleaseError(f"{folder / MANIFEST}: {error}") from None


def _wrong_values(raw: Mapping[str, Any], folder: Path) -> list[str]:
    """Return what no release could have written: values of another form than theirs."""
    forms = {"version": VERSION, "source_commit": _COMMIT, "date": _DAY}
    wrong = [
        f"{key}: {raw.get(key)!r}: must be {form.pattern}"
        for key, form in forms.items()
        if not isinstance(raw.get(key), str) or not form.fullmatch(raw[key])
    ]
    wrong += [f"{key}: must be text" for key in ("reason", "python") if not isinstance(raw.get(key), str)]
    wrong += [f"{key}: must map names to text" for key in _MAPPINGS if not _is_mapping(raw.get(key, {}))]
    if raw.get("kind") not in KINDS:
        wrong.append(f"kind: {raw.get('kind')!r}: must be one of {', '.join(KINDS)}")
    previous = raw.get("previous")
    if previous is not None and not (isinstance(previous, str) and VERSION.fullmatch(previous)):
        wrong.append(f"previous: {previous!r}: must be a version or null")
    if VERSION.fullmatch(folder.name) and raw.get("version") != folder.name:
        wrong.append(f"version: {raw.get('version')!r}: must be the name of the folder, {folder.name}")
    return wrong


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def releases(project: Project) -> tuple[Release, ...]:
    """Return all releases, oldest first."""
    return tuple(read_release(folder) for folder in folders(project))


def find_release(project: Project, version: str) -> Release:
    """Return one release.

    Raises
    ------
    ReleaseError
        When there is none of that version; the message names those there are.
    """
    version_key(version)
    known = {folder.name: folder for folder in folders(project)}
    if version not in known:
        raise ReleaseError(f"there is no release {version}; there are: {', '.join(known) or 'none yet'}")
    return read_release(known[version])


def damage(release: Release) -> list[str]:
    """Return what is no longer as the manifest says: files changed, missing, or too many."""
    there = hashes_below(release.folder)
    there.pop(MANIFEST, None)
    return unlike(release.files, there, "not of this release")


@dataclass(frozen=True)
class Identity:
    """What a build of today's inputs may call itself.

    `version` is the newest release's when all inputs are its own, else "unreleased"; `commit`
    is that release's source commit or the checkout's, `date` the day of either.
    """

    version: str = UNRELEASED
    commit: str = ""
    date: str = ""
    newest: str = ""

    @property
    def is_release(self) -> bool:
        """Return whether this is a released version."""
        return self.version != UNRELEASED

    @property
    def text(self) -> str:
        """Return version, or the commit in its place, in words."""
        if self.is_release:
            return f"version {self.version}"
        return f"{UNRELEASED}, commit {self.commit}" if self.commit else UNRELEASED


def identity(project: Project) -> Identity:
    """Return what a build of this checkout's inputs is."""
    found = folders(project)
    newest = read_release(found[-1]) if found else None
    if newest is not None and project.data_dir is None and todays_inputs(project) == newest.inputs:
        return newest.identity
    commit, date = repository.commit(project), repository.commit_date(project)
    return Identity(UNRELEASED, commit, date, newest.version if newest else "")
