"""The site of all versions: each release in a folder that never changes again, the newest, and today's.

A folder that is published to holds

    v<version>/         one release as it was built, frozen
    v<version>.sha256   its files and their SHA-256, as `sha256sum` writes and checks them
    latest/             a copy of the newest release
    dev/                what is not released
    versions.json       all of these, worked out anew from what each folder says of itself
    index.html          leads to latest/, before the first release to dev/

and whatever else its owner keeps there, which is left alone. Everything is put together beside
its place and exchanged; a run that was killed is finished or undone by the next one.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from livingmeta.api import VERSION_FILE
from livingmeta.files import replace, write_atomically, write_if_changed
from livingmeta.inputs import hashes_below, unlike
from livingmeta.paths import Project
from livingmeta.releases import UNRELEASED, VERSION, version_key
from livingmeta.site import REDIRECT

LATEST, DEV = "latest", "dev"
INDEX, LIST, FEED, PLAIN = "index.html", "versions.json", "feed.xml", ".nojekyll"
LOCK = ".publish.lock"
MADE = (LATEST, DEV, INDEX, LIST, FEED, PLAIN)
NOT_HERE = ("data", "book", "pipelines", "tests", "_build/html")
SHOWN = 5  # differences that are listed of one folder
EXTRA = "was not there"
FROZEN = re.compile(rf"v({VERSION.pattern})", re.ASCII)
PARTIAL = re.compile(
    rf"\.(?P<name>v{VERSION.pattern}(\.sha256)?|{'|'.join(map(re.escape, MADE))})\.(?:[\w.-]+-)?\d+\.partial",
    re.ASCII,
)
Sums = Mapping[str, str]


class PublishError(RuntimeError):
    """What cannot be published, and why; every published byte is as it was."""


@dataclass(frozen=True)
class Published:
    """What one run has done.

    Parameters
    ----------
    version : str
        Version of the build, or "unreleased".
    folder : Path
        Where it lies now.
    is_new : bool
        Whether it was put there by this run; else the same bytes were there already.
    newest : str
        Version of `latest/`; empty before the first release.
    """

    version: str
    folder: Path
    is_new: bool
    newest: str


def publish(
    project: Project,
    site: Path,
    build: Callable[[], None],
    expected: str = "",
    say: Callable[[str], None] = lambda text: None,
) -> Published:
    """Put the built site among the published versions.

    Parameters
    ----------
    site : Path
        Folder that is published to; made when it is not there.
    build : callable
        Brings the built site up to date; called once it is this run's turn.
    expected : str
        The only version, or "unreleased", that may be published; empty for any.
    say : callable
        Told why nothing happens while another run is at work.

    Raises
    ------
    PublishError
        When the folder cannot be published to, a frozen version is not what it was, or the
        build is not what was expected.
    """
    site = site.resolve()
    _check_place(project, site)
    with _alone(site, say):
        _repair(site)
        _check_ours(site)
        records = frozen(site)
        build()
        built = read_version(project.html)
        _check_expected(built["version"], expected)
        _check_records(project.html, built["version"])
        is_new = _put(project.html, site, built["version"], records)
        newest = _follow(site)
    return Published(built["version"], site / folder_of(built["version"]), is_new, newest)


def folder_of(version: str) -> str:
    """Return the name of the folder that a version lies in."""
    return DEV if version == UNRELEASED else f"v{version}"


def read_version(folder: Path) -> dict[str, Any]:
    """Return what a built or published site says of itself.

    Raises
    ------
    PublishError
        When it says nothing, or nothing that can be read.
    """
    path = folder / VERSION_FILE
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if said["version"] != UNRELEASED:
            version_key(said["version"])
        return said
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublishError(f"{path}: does not say which version this is: {error}") from None


def frozen(site: Path) -> dict[str, Sums]:
    """Return the files of every frozen version as they were recorded, oldest version first.

    Raises
    ------
    PublishError
        When any of them is not as it was recorded; the message names all.
    """
    versions = _versions(site)
    faults = [fault for version in versions for fault in _faults(site, version)]
    if faults:
        raise PublishError(
            "a published version never changes, but these have:\n"
            + "\n".join(faults)
            + "\nput them back as they were, from the history of the branch that hosts the site or a copy"
        )
    return {version: _read_record(site, version) for version in versions}


def _versions(site: Path) -> list[str]:
    """Return the versions that have a folder or a record, oldest first."""
    names = {path.name.removesuffix(".sha256") for path in site.glob("v*")}
    return sorted((name[1:] for name in names if FROZEN.fullmatch(name)), key=version_key)


def _faults(site: Path, version: str) -> list[str]:
    folder, record = site / f"v{version}", _record(site, version)
    if not record.exists():
        return [f"{folder}: there is no {record.name} that says what it held"]
    if not folder.is_dir():
        return [f"{folder}: missing, though {record.name} records it"]
    found = unlike(_read_record(site, version), hashes_below(folder), EXTRA)
    more = [f"{folder}: and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return [f"{folder}/{fault}" for fault in found[:SHOWN]] + more


def _record(site: Path, version: str) -> Path:
    return site / f"v{version}.sha256"


def _read_record(site: Path, version: str) -> Sums:
    try:
        lines = _record(site, version).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PublishError(f"{_record(site, version)}: cannot be read: {error}") from None
    return {name: hashed for hashed, _, name in (line.partition("  ") for line in lines)}


def _put(html: Path, site: Path, version: str, records: Mapping[str, Sums]) -> bool:
    """Put the built site in its folder; return whether it was not there yet."""
    sums, folder = hashes_below(html), site / folder_of(version)
    if version in records:
        _check_same(folder, records[version], sums)
        return False
    if version == UNRELEASED and folder.is_dir() and hashes_below(folder) == sums:
        return False
    partial = _copied(html, folder, sums)
    if version != UNRELEASED:
        # Before the folder: then there is no moment at which a version is there unrecorded.
        write_atomically(_record(site, version), "".join(f"{sums[name]}  {name}\n" for name in sums))
    _exchange(partial, folder)
    return True


def _check_same(folder: Path, recorded: Sums, built: Sums) -> None:
    found = unlike(recorded, built, EXTRA)
    if found:
        listed = "\n".join([*found[:SHOWN], *(["..."] if len(found) > SHOWN else [])])
        raise PublishError(
            f"{folder} is published and never changes, but this build has other bytes:\n{listed}\n"
            "a changed site is a new version: make a release, then publish that"
        )


def _copied(source: Path, target: Path, sums: Sums) -> Path:
    """Return a copy beside the place that it is meant for."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        shutil.copytree(source, partial)
        if hashes_below(partial) != sums:
            raise PublishError(f"{source} changed while it was copied; publish again once no build runs")
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return partial


def _exchange(fresh: Path, target: Path) -> None:
    """Put a folder in the place of another, which is kept until then."""
    old = _old(target)
    if target.exists():
        replace(target, old)
    replace(fresh, target)
    shutil.rmtree(old, ignore_errors=True)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _follow(site: Path) -> str:
    """Make everything that follows from the frozen versions and dev; return the newest version."""
    versions = _versions(site)
    newest = versions[-1] if versions else ""
    latest = site / LATEST
    recorded = _read_record(site, newest) if newest else {}
    if newest and not (latest.is_dir() and hashes_below(latest) == recorded):
        _exchange(_copied(site / f"v{newest}", latest, recorded), latest)
    front = LATEST if newest else DEV
    write_if_changed(site / LIST, json.dumps(listing(site, versions), ensure_ascii=False, indent=1) + "\n")
    write_if_changed(site / INDEX, REDIRECT.replace("book/index.html", f"{front}/index.html"))
    write_if_changed(site / PLAIN, "")
    if (latest / FEED).exists():
        write_if_changed(site / FEED, (latest / FEED).read_text(encoding="utf-8"))
    return newest


def listing(site: Path, versions: Sequence[str]) -> dict[str, Any]:
    """Return what `versions.json` says: all versions, newest first, and what is not released.

    Scripts of frozen pages read it for ever: keys may be added, none may go or change its meaning.
    """
    newest_first = sorted(versions, key=version_key, reverse=True)
    entries = []
    for version in newest_first:
        said = read_version(site / f"v{version}")
        if said["version"] != version:
            raise PublishError(f"{site / f'v{version}'}: says that it is {said['version']}")
        about = {key: said.get(key) for key in ("kind", "date", "reason", "commit")}
        is_latest = version == newest_first[0]
        entries.append(
            {"version": version, "folder": f"v{version}", **about, "is_latest": is_latest}
            | {"pages": said.get("pages", [])}
        )
    return {"versions": entries, "dev": _dev(site)}


def _dev(site: Path) -> dict[str, Any] | None:
    if not (site / DEV).is_dir():
        return None
    said = read_version(site / DEV)
    about = {key: said.get(key) for key in ("date", "commit", "pages")}
    return {"version": said["version"], "folder": DEV, **about}


def _check_expected(version: str, expected: str) -> None:
    if expected and version != expected:
        raise PublishError(
            f"the build of this checkout is {version}, not {expected}: it calls itself by a version "
            "only when every input is as that release's manifest says"
        )


def _check_records(html: Path, version: str) -> None:
    """Refuse a build whose records belong to another version than it says of itself."""
    found = {}
    for path in sorted((html / "api" / "v1" / "questions").glob("*.json")):
        found[path.name] = json.loads(path.read_text(encoding="utf-8")).get("release")
    strange = [f"{name}: {release}" for name, release in found.items() if release != version]
    if strange:
        raise PublishError(f"the build says that it is {version}, its records do not: {'; '.join(strange)}")


def _check_place(project: Project, site: Path) -> None:
    """Refuse a folder in which the project itself would be overwritten, or that cannot be written."""
    ours = [project.root / name for name in NOT_HERE]
    if site == project.root or ".git" in site.parts or any(site.is_relative_to(folder) for folder in ours):
        raise PublishError(f"{site}: is part of the checkout; name a folder that holds published sites")
    try:
        site.mkdir(parents=True, exist_ok=True)
        with (site / LOCK).open("a"):
            pass
    except OSError as error:
        raise PublishError(f"{site}: cannot be written: {error.strerror}") from None


def _check_ours(site: Path) -> None:
    """Refuse to replace what this command has not put there."""
    strange = [name for name in (LATEST, DEV) if (site / name).exists()]
    strange = [name for name in strange if not (site / name / VERSION_FILE).is_file()]
    index = site / INDEX
    if index.exists() and not (site / LIST).exists() and not _is_redirect(index):
        strange.append(INDEX)
    if strange:
        raise PublishError(f"{site}: {', '.join(strange)} is not of a published site; move it away first")


def _is_redirect(index: Path) -> bool:
    texts = [REDIRECT.replace("book/index.html", f"{name}/index.html") for name in (LATEST, DEV)]
    return index.read_text(encoding="utf-8", errors="replace") in texts


@contextmanager
def _alone(site: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other run works on the folder, and keep others waiting."""
    path = site / LOCK
    lock = _locked(path, say)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.close()


def _locked(path: Path, say: Callable[[str], None]) -> TextIO:
    while True:
        file = path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another run publishes to {path.parent}: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        # The run before removes its lock: one that nobody can find any more locks nothing.
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()


def _repair(site: Path) -> None:
    """Finish or undo what a run that was killed left behind."""
    for name in (LATEST, DEV):
        old = _old(site / name)
        if old.exists() and not (site / name).exists():
            replace(old, site / name)
        shutil.rmtree(old, ignore_errors=True)
    for partial in sorted(site.glob(".*.partial")):
        found = PARTIAL.fullmatch(partial.name)
        if found and not _finish(partial, site / found["name"]):
            shutil.rmtree(partial) if partial.is_dir() else partial.unlink()


def _finish(partial: Path, target: Path) -> bool:
    """Put a version in its place that was recorded and then not exchanged any more."""
    named = FROZEN.fullmatch(target.name)
    if named is None or target.exists() or not _record(target.parent, named[1]).exists():
        return False
    if hashes_below(partial) != _read_record(target.parent, named[1]):
        return False
    replace(partial, target)
    return True
