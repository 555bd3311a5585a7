"""What files are held against: the frozen releases, their exports made anew, and today's numbers."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from livingmeta.export.registry import FORMATS, files
from livingmeta.numbers import Number, number, record_hash
from livingmeta.paths import Project
from livingmeta.releases import UNRELEASED, VERSION, Release, ReleaseError, find_release, releases
from livingmeta.snapshots import NOW, Snapshot, SnapshotError, of_release, snapshot
from livingmeta.verify.comparison import rows
from livingmeta.verify.macros import FILE
from livingmeta.verify.pictures import site_pictures
from livingmeta.verify.reading import Content

# A version is only one where it is called so: packages have versions of the same form.
CALLED = re.compile(rf"(?i)\b(?:release|version|edition)\b[^\w\n]{{0,12}}v?({VERSION.pattern})(?!\w|\.\d)")
IN_STAMP = re.compile(rf"\[({VERSION.pattern})/")
COMMIT = re.compile(r"(?i)\bcommit\b\W{0,12}([0-9a-f]{7,40})\b")
NOT_RELEASED = re.compile(rf"(?i)(?:\b(?:release|version|edition)\b[^\w\n]{{0,12}}|\[){UNRELEASED}\b")


@dataclass(frozen=True)
class Reference:
    """A file as a release has it.

    `frozen` tells whether these bytes are the release's own, by its manifest; else they are what
    today's software makes of it.
    """

    release: str
    name: str
    content: Content
    frozen: bool


@dataclass(eq=False)
class Evidence:
    """The releases of a checkout, read once and only when they are asked for."""

    project: Project
    _snapshots: dict[str, Snapshot] = field(default_factory=dict)
    _made: dict[tuple[str, str], Mapping[str, bytes]] = field(default_factory=dict)
    _hashes: dict[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        """Return all releases, oldest first."""
        return releases(self.project)

    @cached_property
    def digests(self) -> dict[str, dict[str, str]]:
        """Return the name of each file of each release by version, oldest first, by SHA-256."""
        found: dict[str, dict[str, str]] = {}
        for release in self.releases:
            for name, digest in [*release.files.items(), *release.exports.items()]:
                found.setdefault(digest, {})[release.version] = name
        return found

    def snapshot(self, version: str) -> Snapshot:
        """Return a release as it was frozen.

        Raises
        ------
        ReleaseError
            When there is none of that version, or it is not as its manifest says.
        """
        if version not in self._snapshots:
            self._snapshots[version] = of_release(find_release(self.project, version))
        return self._snapshots[version]

    def hash_of(self, version: str, question: str) -> str:
        """Return the hash of a frozen record; a manuscript may ask for it a thousand times."""
        if (version, question) not in self._hashes:
            self._hashes[version, question] = record_hash(self.snapshot(version).records[question])
        return self._hashes[version, question]

    @cached_property
    def now(self) -> Snapshot | None:
        """Return today's state, None when it cannot be worked out."""
        try:
            return snapshot(NOW, self.project)
        except (SnapshotError, ValueError, OSError):
            return None

    def known(self) -> str:
        """Return the versions there are, in words."""
        return ", ".join(release.version for release in self.releases) or "none yet"

    def holding(self, question: str, digest: str) -> str:
        """Return the version whose record of a question has this hash, nothing when none has."""
        for release in reversed(self.releases):
            record = release.records.get(question)
            if record is not None and record_hash(record) == digest:
                return release.version
        return ""

    def references(self, version: str, content: Content) -> Iterator[Reference]:
        """Yield the files of a release that a file may be a copy of: those of its name, else of its kind.

        Raises
        ------
        ReleaseError
            See `snapshot`.
        VerifyError
            When it may be a chart that today's software cannot draw.
        """
        pictures = list(self._pictures(version, content))
        yield from pictures
        if pictures:
            return
        frozen = self.snapshot(version).release
        assert frozen is not None
        listed = {name: PurePosixPath(name).name for name in (*frozen.files, *frozen.exports)}
        named = [name for name, base in listed.items() if base == content.base]
        alike = [
            name for name, base in listed.items() if PurePosixPath(base).suffix.lower() == content.suffix
        ]
        found = False
        # Nothing but its name tells which picture a picture should be.
        for name in named or (alike if content.kind != "bytes" else ()):
            for one in self._reference(frozen, name, content):
                found = True
                yield one
        if not found:
            yield from self._unlisted(frozen, content)

    def _reference(self, release: Release, name: str, content: Content) -> Iterator[Reference]:
        if content.kind == "bytes":  # its hash, which is not the release's, says all there is to say
            yield Reference(release.version, name, Content(PurePosixPath(name).name, b"\0"), True)
            return
        if name in release.files:
            raw: bytes | None = (release.folder / name).read_bytes()
        else:
            kind, _, path = name.partition("/")
            raw = self._export(release.version, kind).get(path)
        if raw is not None:
            digest = release.files.get(name) or release.exports.get(name)
            same = hashlib.sha256(raw).hexdigest() == digest
            yield Reference(release.version, name, Content(PurePosixPath(name).name, raw), same)

    def _pictures(self, version: str, content: Content) -> Iterator[Reference]:
        for name, raw in site_pictures(self.snapshot(version), content):
            yield Reference(version, name, Content(PurePosixPath(name).name, raw), False)

    def _unlisted(self, release: Release, content: Content) -> Iterator[Reference]:
        """Yield files in formats that a release did not know yet, made by today's software."""
        known = {name.partition("/")[0] for name in release.exports}
        for kind in (kind for kind in FORMATS if kind not in known):
            for path, raw in self._export(release.version, kind).items():
                base = PurePosixPath(path).name
                if base == content.base or PurePosixPath(base).suffix.lower() == content.suffix:
                    yield Reference(release.version, f"{kind}/{path}", Content(base, raw), False)

    def _export(self, version: str, kind: str) -> Mapping[str, bytes]:
        if (version, kind) not in self._made:
            try:
                made = files(kind, self.snapshot(version)) if kind in FORMATS else {}
            except ReleaseError:
                raise
            except Exception:  # whatever stops a format today, it leaves nothing to compare with
                made = {}
            self._made[version, kind] = made
        return self._made[version, kind]

    def macro_file(self, version: str) -> str:
        """Return the file of LaTeX macros of a release, nothing where it cannot be made."""
        return self._export(version, "tex").get(FILE, b"").decode()

    def today(self, question: str, name: str) -> Number | None:
        """Return today's number of that name, None when there is none."""
        record = self.now.records.get(question) if self.now is not None else None
        return number(record, name) if record is not None else None


def named_releases(content: Content) -> list[str]:
    """Return the versions that a file calls its own, the most often named first."""
    found = [match.group(1) for pattern in (CALLED, IN_STAMP) for match in pattern.finditer(content.text)]
    found += [value for value in _column(content) if VERSION.fullmatch(value)]
    return sorted(set(found), key=lambda version: (-found.count(version), version))


def _column(content: Content) -> list[str]:
    """Return what stands in a column called release of a CSV file."""
    table = rows(content) if content.kind == "csv" else None
    if not table or "release" not in table[0]:
        return []
    place = table[0].index("release")
    return [row[place] for row in table[1:] if len(row) > place]


def commit_named(content: Content) -> str:
    """Return the commit that a file names, nothing when it names none."""
    found = COMMIT.search(content.text)
    return found.group(1) if found else ""


def is_unreleased(content: Content) -> bool:
    """Return whether a file says that it was made from unreleased data."""
    return bool(NOT_RELEASED.search(content.text)) or UNRELEASED in _column(content)


def record_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the records anywhere in a value as JSON has it."""
    if isinstance(value, dict):
        if {"id", "release", "hash", "display"} <= value.keys():
            yield value
        else:
            for item in value.values():
                yield from record_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from record_in(item)
