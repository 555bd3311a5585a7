"""What git knows of this checkout: its commit, the date of it, and whether anything is uncommitted."""

import io
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from livingmeta.paths import Project

SHORT = 10


class RepositoryError(RuntimeError):
    """Git is missing, this is no repository, or a revision does not exist."""


def git(project: Project, *arguments: str) -> bytes:
    """Return what a git command prints.

    Raises
    ------
    RepositoryError
        With git's own words.
    """
    command = ["git", "-C", str(project.root), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout
    except OSError as error:
        raise RepositoryError(f"git cannot be run: {error}") from None
    except subprocess.CalledProcessError as error:
        raise RepositoryError(error.stderr.decode(errors="replace").strip()) from None


def _asked(project: Project, *arguments: str) -> str:
    try:
        return git(project, *arguments).decode().strip()
    except RepositoryError:
        return ""


def commit(project: Project) -> str:
    """Return the short hash of the checkout's commit, nothing outside a repository."""
    return _asked(project, "rev-parse", f"--short={SHORT}", "HEAD")


def commit_date(project: Project, revision: str = "HEAD") -> str:
    """Return the day of a commit, YYYY-MM-DD in UTC; nothing outside a repository."""
    seconds = _asked(project, "show", "-s", "--format=%ct", revision)
    return datetime.fromtimestamp(int(seconds), UTC).date().isoformat() if seconds else ""


def changed_files(project: Project) -> list[str]:
    """Return the files that differ from the commit or are not in it, as git names them."""
    listed = git(project, "status", "--porcelain", "--untracked-files=all").decode()
    return [line[3:] for line in listed.splitlines()]


def resolved(project: Project, revision: str) -> str:
    """Return the full hash of the commit that a name stands for.

    Raises
    ------
    RepositoryError
        When there is no such commit.
    """
    asked = ("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    return git(project, *asked).decode().strip()


def unpack(project: Project, revision: str, target: Path, without: tuple[str, ...] = ()) -> None:
    """Put the files of a commit into `target`, except those below the folders `without`."""
    with tarfile.open(fileobj=io.BytesIO(git(project, "archive", revision))) as archive:
        wanted = [member for member in archive if member.name.split("/")[0] not in without]
        # Python 3.11 has filters of archives from 3.11.4 on.
        known: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(target, members=wanted, **known)
