"""What every export says of itself: version, commit, date, one hash over all records, stamps."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from livingmeta import AUTHOR, TITLE
from livingmeta.numbers import HASH_DIGITS, Number, numbers, record_hash, signed, stamp_text
from livingmeta.paths import Project
from livingmeta.questions import Question
from livingmeta.results import to_json
from livingmeta.schema import Schema, load_schema
from livingmeta.snapshots import Snapshot, now

NOT_RECORDED = "not recorded"
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Citable:
    """One citable number together with the record it comes from and its stamp."""

    record: Record
    number: Number
    stamp: str


@dataclass(frozen=True, eq=False)
class Built(Snapshot):
    """The state that a build has just worked out: records and effect sizes lie in a folder."""

    results: Path = Path()
    known: Sequence[Question] = ()

    @cached_property
    def questions(self) -> dict[str, Question]:
        """Return the questions of the build by id, in the order of the book."""
        return {question.id: question for question in self.known}

    @cached_property
    def texts(self) -> dict[str, str]:
        """Return the records as JSON, by question id, sorted; an older build's may name another version."""
        paths = {name: self.results / f"{name}.json" for name in sorted(self.questions)}
        return {name: self._own(path.read_text(encoding="utf-8")) for name, path in paths.items()}

    def _own(self, text: str) -> str:
        record = json.loads(text)
        return text if record.get("release") == self.version else to_json(signed(record, self.version))

    @cached_property
    def records(self) -> Mapping[str, dict[str, Any]]:
        """Return the records as the build wrote them, by question id."""
        return {name: json.loads(text) for name, text in self.texts.items()}


def built(project: Project, questions: Sequence[Question]) -> Built:
    """Return the state of a checkout after a build of these questions, without working it out again."""
    today = now(project)
    return Built(today.name, today.data, today.identity, results=project.records, known=questions)


def results_folder(snapshot: Snapshot) -> Path | None:
    """Return where records and effect sizes of a snapshot lie as files, None where they do not."""
    if snapshot.release is not None:
        return snapshot.release.results
    return snapshot.results if isinstance(snapshot, Built) else None


@lru_cache(maxsize=2)
def hashes(snapshot: Snapshot) -> Mapping[str, str]:
    """Return the hash of each record, by question id, sorted."""
    if isinstance(snapshot, Built):  # the build has just worked them out
        return {name: record["hash"] for name, record in snapshot.records.items()}
    return {name: record_hash(record) for name, record in sorted(snapshot.records.items())}


@lru_cache(maxsize=2)
def record_texts(snapshot: Snapshot) -> Mapping[str, str]:
    """Return each record as JSON, in full double precision, by question id, sorted."""
    if isinstance(snapshot, Built):
        return snapshot.texts
    return {name: to_json(record) for name, record in sorted(snapshot.records.items())}


@lru_cache(maxsize=2)
def schema_of(snapshot: Snapshot) -> Schema:
    """Return the schema of the curated tables of a snapshot."""
    return load_schema(snapshot.data)


def whole_hash(snapshot: Snapshot) -> str:
    """Return one hash over all records: SHA-256 over lines of question id, blank and hash."""
    lines = "".join(f"{name} {digest}\n" for name, digest in hashes(snapshot).items())
    return hashlib.sha256(lines.encode()).hexdigest()[:HASH_DIGITS]


@lru_cache(maxsize=2)
def citables(snapshot: Snapshot) -> tuple[Citable, ...]:
    """Return every citable number of a snapshot, questions sorted by id."""
    return tuple(
        Citable(record, number, stamp_text(name, number.field, hashes(snapshot)[name], snapshot.version))
        for name, record in sorted(snapshot.records.items())
        for number in numbers(record)
    )


def facts(snapshot: Snapshot) -> dict[str, str]:
    """Return release, date, commit and hash of a snapshot, under the keys of every export."""
    who = snapshot.identity
    return {
        "release": who.version,
        "date": who.date or NOT_RECORDED,
        "commit": who.commit or NOT_RECORDED,
        "hash": whole_hash(snapshot),
    }


def statement(snapshot: Snapshot) -> list[str]:
    """Return lines that say what an export belongs to and how it is verified."""
    return [
        f"{TITLE} ({AUTHOR})",
        *(f"{key}: {value}" for key, value in facts(snapshot).items()),
        "verify this file: livingmeta verify FILE; one number: livingmeta verify 'STAMP'",
        "licence of data and text: CC BY 4.0; cite the version and the stamps",
    ]
