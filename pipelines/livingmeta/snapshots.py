"""The state of all evidence and results at one point: a release, a folder, a revision, or now."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from livingmeta import repository
from livingmeta.analysis import Analysis, analyse
from livingmeta.files import replace as put
from livingmeta.kept_records import KeptRecords
from livingmeta.numbers import signed
from livingmeta.paths import Project
from livingmeta.questions import Question, QuestionError, load_questions
from livingmeta.releases import (
    MANIFEST,
    UNRELEASED,
    VERSION,
    Identity,
    Release,
    ReleaseError,
    damage,
    find_release,
    identity,
    read_release,
)
from livingmeta.results import question_record, to_json
from livingmeta.schema import SCHEMA_FILE, SchemaError
from livingmeta.studies import DataError, Studies, load_studies

NOW = "now"


class SnapshotError(ValueError):
    """A name that stands for no state of the evidence, or a state that cannot be read."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Curated tables with the records that follow from them.

    Parameters
    ----------
    name : str
        As it was asked for: a version, a path, a revision, or "now".
    data : Path
        Folder of the curated tables.
    identity : Identity
        Version, commit and date.
    release : Release or None
        The release that it is.
    kept : KeptRecords or None
        Where records are looked for before anything is analysed; None for nowhere.
    """

    name: str
    data: Path
    identity: Identity
    release: Release | None = None
    kept: KeptRecords | None = None

    @cached_property
    def questions(self) -> dict[str, Question]:
        """Return the questions by id, in the order of the book."""
        return {question.id: question for question in load_questions(self.data / "questions")}

    @cached_property
    def studies(self) -> Studies:
        """Return the curated tables, typed."""
        return load_studies(self.data)

    @cached_property
    def analyses(self) -> dict[str, Analysis]:
        """Return every question analysed by today's code, by id."""
        return {name: analyse(question, self.studies) for name, question in self.questions.items()}

    @cached_property
    def records(self) -> Mapping[str, dict[str, Any]]:
        """Return the records by question id: a release's own as frozen, else worked out by today's code."""
        if self.release is not None:
            return self.release.records
        if self.kept is not None:
            texts = self.kept.texts(self.data, self.questions, self.studies)
            return {name: signed(json.loads(text), self.version) for name, text in texts.items()}
        return {
            name: signed(plain(question_record(analysis)), self.version)
            for name, analysis in self.analyses.items()
        }

    @property
    def version(self) -> str:
        """Return the version, "unreleased" where there is none."""
        return self.identity.version


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as it reads back from its file."""
    read: dict[str, Any] = json.loads(to_json(record))
    return read


def snapshot(name: str, project: Project, kept: KeptRecords | None = None) -> Snapshot:
    """Return the state that a name stands for.

    Parameters
    ----------
    name : str
        "now", a version, a folder (a checkout, a data folder, or a release), or a git revision.
    kept : KeptRecords, optional
        Given to both sides of a comparison, so that what they share is analysed once.

    Raises
    ------
    SnapshotError
        When the name stands for nothing, or what it stands for cannot be read.
    """
    try:
        found = replace(_found(name, project), kept=kept)
        found.records  # noqa: B018 - what cannot be read is said here and not later
        return found
    except (ReleaseError, SchemaError, DataError, QuestionError, repository.RepositoryError) as error:
        raise SnapshotError(f"{name}: {error}") from None


def _found(name: str, project: Project) -> Snapshot:
    if name == NOW:
        return now(project)
    if VERSION.fullmatch(name):
        return of_release(find_release(project, name))
    folder = Path(name)
    return _of_folder(folder.resolve(), name) if folder.is_dir() else _of_revision(name, project)


def now(project: Project) -> Snapshot:
    """Return the state of the checkout, whether it was built or not."""
    return Snapshot(NOW, project.data, identity(project))


def of_release(release: Release) -> Snapshot:
    """Return a frozen state.

    Raises
    ------
    ReleaseError
        When a file of it is not as its manifest says.
    """
    harmed = damage(release)
    if harmed:
        raise ReleaseError(f"release {release.version} is not as it was frozen: {'; '.join(harmed)}")
    return Snapshot(release.version, release.data, release.identity, release)


def _of_folder(folder: Path, name: str) -> Snapshot:
    if (folder / MANIFEST).exists():
        return of_release(read_release(folder))
    if (folder / "data" / SCHEMA_FILE).exists():
        return Snapshot(name, folder / "data", identity(Project(folder)))
    if (folder / SCHEMA_FILE).exists():
        return Snapshot(name, folder, Identity())
    raise SnapshotError(f"{name}: neither a checkout, nor a data folder with {SCHEMA_FILE}, nor a release")


def _of_revision(name: str, project: Project) -> Snapshot:
    """Return the state of a commit; the commit of a release is that release, with its frozen results."""
    commit = repository.resolved(project, name)
    checkout = Project(_unpacked(project, commit))
    known = identity(checkout)
    if known.is_release:
        return replace(of_release(find_release(checkout, known.version)), name=name)
    short, date = commit[: repository.SHORT], repository.commit_date(project, commit)
    return Snapshot(name, checkout.data, Identity(UNRELEASED, short, date, known.newest))


def _unpacked(project: Project, commit: str) -> Path:
    """Return the folder of a commit's files, unpacked once and kept."""
    target = project.build / "revisions" / commit
    if not target.exists():
        partial = target.with_name(f".{commit}.{os.getpid()}.partial")
        repository.unpack(project, commit, partial, without=("tests",))
        try:
            put(partial, target)
        except OSError:  # another process was quicker
            shutil.rmtree(partial)
    return target
