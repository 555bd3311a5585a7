"""An edit before it is made, why it cannot be, and the writing of it."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from livingmeta.edits import COPIED, Texts, editing, put


@dataclass(frozen=True)
class Draft:
    """An edit as it would be made of the tables as they are.

    Parameters
    ----------
    what : str
        What it does, in a few words.
    texts : mapping of str to str or None
        New text of each file by its path from the data folder.
    notes : tuple of str
        What whoever asked for it should know, a sentence each.
    """

    what: str
    texts: Texts
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files that it touches, sorted."""
        return tuple(sorted(self.texts))


Build = Callable[[Path], Draft]


class RequestError(ValueError):
    """An edit that cannot be made; `problems` says everything that stands in the way."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class MissingError(RequestError):
    """An edit of which something needed was not said; `problems` names each flag."""


class ChangedError(ValueError):
    """Tables that somebody else changed since they were looked at; nothing was written."""


def state(data: Path) -> str:
    """Return a hash of every curated file of a data folder."""
    found = hashlib.sha256()
    for path in sorted({path for pattern in COPIED for path in data.glob(pattern)}):
        content = path.read_bytes()
        found.update(f"{path.relative_to(data).as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()


def write(data: Path, build: Build, seen: str) -> Draft:
    """Build an edit anew and write it, alone, and only if the tables are those that were seen.

    Parameters
    ----------
    data : Path
        The data folder.
    build : callable
        Returns the edit from the data folder.
    seen : str
        The `state` of the folder when the effect of the edit was looked at.

    Raises
    ------
    ChangedError
        When the tables are others by now.
    EditError
        When the folder or the disk cannot take the edit, or another run does not end.
    """
    with editing(data):
        if state(data) != seen:
            raise ChangedError("the tables were changed by somebody else in the meantime")
        draft = build(data)
        put(data, draft.texts)
        return draft
