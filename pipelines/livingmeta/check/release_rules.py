"""Rules for frozen releases: each is as its manifest says, and follows the one before."""

from collections.abc import Iterator
from pathlib import Path

from livingmeta.check.findings import Finding
from livingmeta.releases import MANIFEST, VERSION, Release, ReleaseError, damage, read_release, version_key

FOLDER = "releases"


def release_findings(data_dir: Path) -> Iterator[Finding]:
    """Yield what is wrong with the releases in a data folder.

    Parameters
    ----------
    data_dir : Path
        Folder of the curated tables; without releases nothing is wrong.
    """
    previous: str | None = None
    for folder in _folders(data_dir):
        name = f"{data_dir.name}/{FOLDER}/{folder.name}"
        if not VERSION.fullmatch(folder.name):
            yield Finding(name, 1, "", folder.name, "must be a release, YYYY.MM.PATCH: take it out")
            continue
        try:
            release = read_release(folder)
        except ReleaseError as error:
            yield Finding(f"{name}/{MANIFEST}", 1, "", _without_place(error), _restore(name))
            continue
        yield from _as_frozen(release, name)
        yield from _in_order(release, previous, name)
        previous = release.version


def _folders(data_dir: Path) -> list[Path]:
    """Return everything that is to be a release, oldest first; what is half written is hidden."""
    found = [path for path in (data_dir / FOLDER).glob("*") if not path.name.startswith(".")]
    return sorted(found, key=lambda path: (_key(path.name), path.name))


def _key(name: str) -> tuple[int, int, int]:
    return version_key(name) if VERSION.fullmatch(name) else (0, 0, 0)


def _without_place(error: ReleaseError) -> str:
    return str(error).partition(f"{MANIFEST}: ")[2] or str(error)


def _restore(name: str) -> str:
    return f"a release is never edited: bring it back with git checkout -- {name}"


def _as_frozen(release: Release, name: str) -> Iterator[Finding]:
    for harm in damage(release):
        file, _, what = harm.rpartition(": ")
        rule = f"take it out: {_restore(name)}" if what == "not of this release" else _restore(name)
        yield Finding(f"{name}/{file}", 1, "", what, rule)


def _in_order(release: Release, previous: str | None, name: str) -> Iterator[Finding]:
    manifest = f"{name}/{MANIFEST}"
    if release.previous != previous:
        rule = f"must be the release before, {previous or 'none'}: bring that back with git checkout"
        yield Finding(manifest, 1, "previous", release.previous or "none", rule)
