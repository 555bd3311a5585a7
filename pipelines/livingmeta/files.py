"""Files replaced as a whole: a reader finds the old bytes or the new ones, never half of them."""

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Write a text file as UTF-8 with LF line endings, in one step."""
    write_bytes_atomically(path, text.encode("utf-8"))


def write_bytes_atomically(path: Path, data: bytes) -> None:
    """Write a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Process numbers are not unique where several machines share the folder.
    partial = path.with_name(f".{path.name}.{os.uname().nodename}-{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_if_changed(path: Path, text: str) -> None:
    """Write a text file unless it holds that text already, so that its time stays what it was."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text)


def replace(source: Path, target: Path) -> None:
    """Put a file or folder in the place of another; every exchange of a build goes through here."""
    os.replace(source, target)
