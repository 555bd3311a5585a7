"""What is kept of exports beside the tables and not published: abstracts, and what could not be read."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from livingmeta.edits import EditError
from livingmeta.files import write_if_changed
from livingmeta.intake.record import Broken, Record

FOLDER = ".intake"


def kept_folder(data: Path) -> Path:
    """Return the folder beside a data folder that git ignores."""
    return data.resolve().parent / FOLDER


def broken_file(data: Path, search_id: str) -> Path:
    """Return where the records of an export that could not be read are kept."""
    return kept_folder(data) / f"{_plain(search_id)}.broken.txt"


def abstracts_file(data: Path, search_id: str) -> Path:
    """Return where the abstracts of an export are kept."""
    return kept_folder(data) / f"{_plain(search_id)}.json"


def _plain(search_id: str) -> str:
    """Return the name of a search as a file can have it, in whatever way somebody has typed it."""
    return re.sub(r"[^\w.-]", "_", search_id)


def keep(data: Path, search_id: str, records: Mapping[str, Record], broken: Sequence[Broken]) -> None:
    """Write the abstracts of an export by record, and the text of what could not be read of it.

    Raises
    ------
    EditError
        When they cannot be written; nothing else has been by then.
    """
    abstracts = {name: {"abstract": one.abstract} for name, one in records.items() if one.abstract}
    try:
        if abstracts:
            text = json.dumps(abstracts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            write_if_changed(abstracts_file(data, search_id), text)
        if broken:
            parts = [one.text.strip("\r\n") for one in broken]
            write_if_changed(broken_file(data, search_id), "\n\n".join(parts) + "\n")
    except OSError as error:
        where = error.filename or kept_folder(data)
        raise EditError(
            f"{where}: {error.strerror or error}: the tables are as they were; make the folder writable, "
            "or make room on the disk, and run the same again"
        ) from None


def abstract_of(data: Path, search_id: str, record_id: str) -> str:
    """Return the abstract of a record, empty where this checkout does not have it."""
    path = abstracts_file(data, search_id)
    try:
        return str(_abstracts(path, path.stat().st_mtime_ns)[record_id]["abstract"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


@lru_cache(maxsize=8)
def _abstracts(path: Path, _changed: int) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return kept
