"""What must hold before a version is frozen: everything that does not is said at once.

A release whose folder stands, but whose changelog or citation file was not written any more, is
begun: the same request finishes it, and its own files do not count as changes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from livingmeta import changelog, citation_file, repository
from livingmeta.check import check
from livingmeta.inputs import CODE, RELEASES, files_of, sha256, todays_inputs
from livingmeta.paths import ROOT, Project
from livingmeta.releases import KINDS, VERSION, Release, ReleaseError, releases, version_key
from livingmeta.repository import RepositoryError
from livingmeta.schema import SchemaError, load_schema
from livingmeta.studies import DataError, read_text_table

NEEDS_A_ROW = {"new-search": "searches", "correction": "corrections"}
AT_ONCE = 500  # names on one command line


@dataclass(frozen=True)
class Request:
    """A release as it is asked for.

    Parameters
    ----------
    version : str
        CalVer, YYYY.MM.PATCH.
    kind, reason : str
        A key of KINDS; why, in a sentence that readers see.
    date : str
        Today, YYYY-MM-DD in UTC.
    """

    version: str
    kind: str
    reason: str
    date: str


@dataclass(frozen=True)
class Standing:
    """A checkout as a request for a release finds it; every fact is looked up once."""

    project: Project
    request: Request

    @property
    def folder(self) -> Path:
        """Return where the release lies, or will."""
        return self.project.root / RELEASES / self.request.version

    @cached_property
    def head(self) -> str:
        """Return the full hash of the checkout's commit; nothing where there is none of its own."""
        try:
            top = repository.git(self.project, "rev-parse", "--show-toplevel").decode().strip()
            return repository.resolved(self.project, "HEAD") if _same(top, self.project.root) else ""
        except RepositoryError:
            return ""

    @cached_property
    def inputs(self) -> dict[str, str]:
        """Return the SHA-256 of everything that the release is made from, by name."""
        return todays_inputs(self.project)

    @cached_property
    def known(self) -> tuple[Release, ...]:
        """Return all releases, none where one of them cannot be read: the check says which."""
        try:
            return releases(self.project)
        except ReleaseError:
            return ()

    @property
    def previous(self) -> Release | None:
        """Return the newest release but the one asked for."""
        others = [one for one in self.known if one.version != self.request.version]
        return others[-1] if others else None

    @property
    def namesake(self) -> Release | None:
        """Return the release that has the version asked for already."""
        return next((one for one in self.known if one.version == self.request.version), None)

    @property
    def begun(self) -> Release | None:
        """Return the release that this very request has put in place before."""
        return self.namesake if self.namesake is not None and not self.unlike(self.namesake) else None

    def unlike(self, other: Release) -> list[str]:
        """Return in what a release differs from the one asked for."""
        told = {"kind": self.request.kind, "reason": self.request.reason, "source_commit": self.head}
        different = [name.replace("_", " ") for name, value in told.items() if getattr(other, name) != value]
        return different + (["inputs"] if other.inputs != self.inputs else [])

    @property
    def date(self) -> str:
        """Return the day of the release: the one it was begun on, else today."""
        return self.request.date if self.begun is None else self.begun.date

    @cached_property
    def texts(self) -> dict[str, str]:
        """Return what the changelog and the citation file will hold, by name.

        Raises
        ------
        ChangelogError, CitationError
            When one of them cannot take the release.
        """
        said = self.request
        return {
            changelog.FILE: changelog.with_release(
                self._committed(changelog.FILE), said.version, self.date, KINDS[said.kind], said.reason
            ),
            citation_file.FILE: citation_file.with_release(
                self._committed(citation_file.FILE), said.version, self.date
            ),
        }

    def _committed(self, name: str) -> str:
        try:
            return repository.git(self.project, "show", f"HEAD:{name}").decode()
        except (RepositoryError, UnicodeDecodeError):
            return ""


def _same(one: str, other: Path) -> bool:
    return Path(one).resolve() == other.resolve()


def problems(standing: Standing) -> list[str]:
    """Return everything that stands in the way of a release, each with what to do."""
    return [problem for rule in RULES for problem in rule(standing)]


def _version(standing: Standing) -> Iterator[str]:
    asked, newest = standing.request.version, standing.previous
    month = standing.request.date[:7].replace("-", ".")
    if not VERSION.fullmatch(asked):
        yield f"{asked!r} is no version: it must read YYYY.MM.PATCH, such as {month}.0"
        return
    if newest is not None and version_key(asked) <= version_key(newest.version):
        yield f"{asked} must be newer than the newest release, {newest.version}: take a later version"
    if version_key(asked)[:2] > version_key(f"{month}.0")[:2]:
        yield f"{asked} lies in the future: today's versions are {month}.PATCH (UTC)"


def _exists(standing: Standing) -> Iterator[str]:
    there, name = standing.namesake, f"{RELEASES}{standing.request.version}"
    if there is not None and standing.begun is None:
        yield (
            f"release {there.version} exists and is never edited (it has another "
            f"{', '.join(standing.unlike(there))}): take a later version; only if it was never committed, "
            f"remove {name} and run: git checkout -- {changelog.FILE} {citation_file.FILE}"
        )
    elif there is None and VERSION.fullmatch(standing.request.version) and standing.folder.exists():
        yield f"{name} exists, but cannot be read as a release: bring it back or remove it"


def _checked(standing: Standing) -> Iterator[str]:
    faults = check(standing.project.data).faults
    if faults:
        yield f"livingmeta check finds {len(faults)} faults: put them right"
        yield from map(str, faults)


def _committed(standing: Standing) -> Iterator[str]:
    project, version = standing.project, standing.request.version
    if not standing.head:
        yield f"{project.root} must be a git repository with a commit: a release names what it was made from"
        return
    if _is_commit(project, f"refs/tags/v{version}"):
        yield f"the tag v{version} exists: take a later version, or remove the tag if it was never published"
    changed = [name for name in repository.changed_files(project) if not _own(name, standing)]
    if changed:
        yield f"{len(changed)} files differ from the commit: commit them, or take them out"
        yield from changed
    else:
        yield from _other_bytes(standing)


def _is_commit(project: Project, name: str) -> bool:
    try:
        return bool(repository.resolved(project, name))
    except RepositoryError:
        return False


def _own(name: str, standing: Standing) -> bool:
    """Return whether a changed file is what an unfinished run of this request has left."""
    if standing.begun is None:
        return False
    if name.startswith(f"{RELEASES}{standing.request.version}/"):
        return True
    try:
        pending = standing.texts.get(name)
        return pending is not None and (standing.project.root / name).read_bytes() == pending.encode()
    except (OSError, changelog.ChangelogError, citation_file.CitationError):
        return False


def _other_bytes(standing: Standing) -> Iterator[str]:
    """Yield inputs that a fresh checkout would not have as they are: ignored files, other line endings."""
    project, names = standing.project, sorted(standing.inputs)
    listed = repository.git(project, "ls-tree", "-r", "-z", "HEAD").decode().split("\0")
    held = {name: entry.split()[2] for entry, _, name in (line.partition("\t") for line in listed) if name}
    wrong = []
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        hashes = repository.git(project, "hash-object", "--no-filters", "--", *some).decode().split()
        wrong += [name for name, own in zip(some, hashes, strict=True) if held.get(name) != own]
    if wrong:
        yield (
            f"{len(wrong)} files count as inputs, but a fresh checkout would not hold these bytes "
            "(ignored by git, or other line endings): remove them or check them out again"
        )
        yield from wrong


def _new_row(standing: Standing) -> Iterator[str]:
    table = NEEDS_A_ROW.get(standing.request.kind)
    if table is None:
        return
    try:
        declared = load_schema(standing.project.data).tables[table]
        keys = declared.primary_key
        before = _keys(standing.previous.data / declared.path, keys) if standing.previous else set()
        new = _keys(standing.project.data / declared.path, keys) - before
    except (SchemaError, KeyError, DataError):
        return  # the check speaks of it
    if not new:
        yield (
            f"kind {standing.request.kind} needs a row in data/{declared.path} that the release before "
            "did not have: add it, or choose the kind that fits"
        )


def _keys(path: Path, columns: tuple[str, ...]) -> set[tuple[str, ...]]:
    if not path.exists():
        return set()
    return {tuple(row.get(name, "") for name in columns) for _, row in read_text_table(path).records()}


def _anything_new(standing: Standing) -> Iterator[str]:
    before = standing.previous
    if before is not None and before.inputs == standing.inputs:
        yield f"nothing has changed since release {before.version}: there is nothing to release"


def _texts(standing: Standing) -> Iterator[str]:
    try:
        if standing.head:
            standing.texts  # noqa: B018 - whether they can be made
    except (changelog.ChangelogError, citation_file.CitationError) as error:
        yield str(error)


def _software(standing: Standing) -> Iterator[str]:
    """Yield whether other code runs than the checkout's own, which the manifest would name."""
    own = _code(standing.project)
    if own and own != _code(Project(ROOT)):
        yield (
            f"the software that runs lies in {ROOT} and differs from that of {standing.project.root}: "
            "run the checkout's own .venv/bin/livingmeta"
        )


def _code(project: Project) -> dict[str, str]:
    paths = files_of(project, (CODE[0],))
    return {path.relative_to(project.root).as_posix(): sha256(path) for path in paths}


RULES: tuple[Callable[[Standing], Iterator[str]], ...] = (
    *(_version, _exists, _committed, _software, _new_row, _anything_new, _texts, _checked),
)
