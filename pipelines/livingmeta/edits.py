"""Several curated files changed together: all of them or none, by one run at a time.

What an edit shall write is first put beside the tables, in one folder with a list of hashes;
its renaming is the moment from which the edit counts. A run that is killed before leaves the
tables as they were; one that is killed after is finished by the next command that reads or
writes them. A cell that somebody changed by hand in between is never overwritten.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from livingmeta.files import replace, write_bytes_atomically

BEGUN = ".edit.partial"
LIST = "edit.json"
SECONDS = 20.0  # how long a second run waits for the first one
BEATS_PER_SECOND = 20
COPIED = ("*.csv", "*.yaml", "effects/*.csv", "questions/*.yml")
Texts = Mapping[str, str | None]


class EditError(ValueError):
    """An edit that cannot be made now; the tables are as they were, and the message says what to do."""


@contextmanager
def editing(data: Path) -> Iterator[None]:
    """Keep other runs from changing the tables of a data folder, and finish what one has begun.

    Raises
    ------
    EditError
        When another run does not end, or what it left cannot be finished.
    """
    with _alone(data):
        _finish(data)
        yield


def put(data: Path, texts: Texts) -> None:
    """Write the files of an edit; to be called within `editing`.

    Parameters
    ----------
    data : Path
        The data folder.
    texts : mapping of str to str or None
        New text of each file by its path from the data folder; None takes a file away.

    Raises
    ------
    EditError
        When the folder or the disk cannot take them.
    """
    changed = {path: text for path, text in texts.items() if _bytes(text) != _there(data / path)}
    try:
        if len(changed) == 1 and None not in changed.values():
            ((path, text),) = changed.items()
            write_bytes_atomically(data / path, _bytes(text) or b"")
        elif changed:
            _begin(data, changed)
            _finish(data)
    except OSError as error:
        raise EditError(_refused(data, error)) from None


def finish(data: Path) -> bool:
    """Finish an edit that a killed run has begun, and return whether there was one.

    Raises
    ------
    EditError
        When it cannot be finished.
    """
    if not (data / BEGUN).exists():
        return False
    with _alone(data):
        return _finish(data)


@contextmanager
def overlay(data: Path, texts: Texts) -> Iterator[Path]:
    """Return a data folder as it would be after an edit, for as long as it is looked at.

    Raises
    ------
    EditError
        When there is no room for a copy.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="livingmeta-") as folder:
            copy = Path(folder) / data.name
            _copy(data, copy)
            for path, text in texts.items():
                _set(copy / path, _bytes(text))
            yield copy
    except OSError as error:
        raise EditError(f"no copy of the tables can be made to look at: {error.strerror or error}") from None


def _copy(data: Path, copy: Path) -> None:
    for pattern in COPIED:
        for path in data.glob(pattern):
            target = copy / path.relative_to(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _set(path: Path, text: bytes | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the folder's own lock, which ends with this process, however that ends."""
    try:
        folder = os.open(data, os.O_RDONLY)
    except OSError as error:
        raise EditError(f"{data}: cannot be opened: {error.strerror}") from None
    try:
        _wait(folder, data)
        yield
    finally:
        os.close(folder)


def _wait(folder: int, data: Path) -> None:
    for _ in range(int(SECONDS * BEATS_PER_SECOND)):
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(1 / BEATS_PER_SECOND)
        except OSError as error:
            raise EditError(f"{data}: cannot be locked: {error.strerror}; copy it to a local disk") from None
    raise EditError(f"{data}: another run is changing the tables: run this again when it has ended")


def _begin(data: Path, texts: Texts) -> None:
    """Put the new files beside the tables; renaming their folder is what makes the edit count."""
    partial = data / f".edit.{os.getpid()}.partial"
    try:
        steps = {}
        for at, (path, text) in enumerate(sorted(texts.items())):
            new = _bytes(text)
            steps[path] = {"file": str(at), "old": _hash(_there(data / path)), "new": _hash(new)}
            _set(partial / str(at), new)
        _set(partial / LIST, json.dumps(steps, indent=1).encode())
        replace(partial, data / BEGUN)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _finish(data: Path) -> bool:
    folder = data / BEGUN
    try:
        _sweep(data)
        if not folder.exists():
            return False
        steps = _steps(folder)
        _refuse_touched(data, steps)
        _refuse_incomplete(data, folder, steps)
        for path, step in steps.items():
            _step(folder, data / path, step)
        (folder / LIST).unlink(missing_ok=True)
        shutil.rmtree(folder)
    except OSError as error:
        what = "an edit has begun and is not finished" if folder.exists() else "the tables are as they were"
        raise EditError(
            f"{error.filename or data}: {error.strerror or error}: {what}; make the folder writable, "
            "and the next command finishes it or clears up what is left"
        ) from None
    return bool(steps)


def _steps(folder: Path) -> dict[str, dict[str, str | None]]:
    """Return what is to be done; an edit whose list is gone was finished but for clearing up."""
    try:
        read: dict[str, dict[str, str | None]] = json.loads((folder / LIST).read_text(encoding="utf-8"))
        if not (isinstance(read, dict) and all(map(_is_step, read.values()))):
            raise ValueError("it is not a list of files with their hashes")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        what = f"{folder / LIST}: cannot be read: {error}"
        raise EditError(f"{what}; remove the folder to drop that edit") from None
    outside = [path for path, step in read.items() if not _is_within(path, str(step["file"]))]
    if outside:
        what = f"{folder / LIST}: {', '.join(outside)}: must be files of the data folder"
        raise EditError(f"{what}; nothing was touched; remove the folder to drop that edit")
    return read


def _is_within(path: str, file: str) -> bool:
    """Return whether a step takes a file of the edit to the data folder; a list can come from anywhere."""
    target = Path(path)
    return file.isdecimal() and not target.is_absolute() and ".." not in target.parts


def _is_step(step: object) -> bool:
    return isinstance(step, dict) and {"file", "old", "new"} <= step.keys()


def _refuse_incomplete(data: Path, folder: Path, steps: Mapping[str, Mapping[str, str | None]]) -> None:
    """Refuse an edit whose new files are not those that it was begun with."""
    lost = [
        path
        for path, step in steps.items()
        if step["new"] not in (None, _hash(_there(data / path)), _hash(_there(folder / str(step["file"]))))
    ]
    if lost:
        raise EditError(
            f"an edit was interrupted, and what it should write into {', '.join(lost)} is lost: "
            f"remove {folder} to drop what is left of that edit, look at `git diff`, and make the edit again"
        )


def _refuse_touched(data: Path, steps: Mapping[str, Mapping[str, str | None]]) -> None:
    touched = [
        path for path, step in steps.items() if _hash(_there(data / path)) not in (step["old"], step["new"])
    ]
    if touched:
        raise EditError(
            f"an edit was interrupted, and {', '.join(touched)} changed since: put the changed files aside, "
            f"or remove {data / BEGUN} to drop what is left of that edit; then look at `git diff`"
        )


def _step(folder: Path, target: Path, step: Mapping[str, str | None]) -> None:
    if _hash(_there(target)) == step["new"]:
        return
    if step["new"] is None:
        target.unlink()
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace(folder / str(step["file"]), target)


def _sweep(data: Path) -> None:
    """Remove what killed runs have left half written; whoever holds the lock is alone."""
    for path in [*data.glob(".*.partial"), *data.glob("*/.*.partial")]:
        if path.name != BEGUN and path.parent.name != "releases":
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _refused(data: Path, error: OSError) -> str:
    where = error.filename or data
    return (
        f"{where}: {error.strerror or error}: the tables are as they were; make the folder writable, "
        "or make room on the disk, and run the same again"
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _hash(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
