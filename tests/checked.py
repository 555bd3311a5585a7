"""The check of a data folder, made once for folders of the same content: a check reads nothing else.

A check takes about a second, and tests of verbs that look before they write ask for it again and
again of the same tables. `check` stands for that of the library; `check_once` lets the verbs use it.
"""

import hashlib
from collections.abc import Collection
from pathlib import Path

import pytest

from livingmeta import check as checks
from livingmeta import impact
from livingmeta.intake import taking

_KNOWN: dict[tuple[str, str, tuple[str, ...]], checks.Report] = {}


def check(data: Path, sound: Collection[str] = ()) -> checks.Report:
    """Return what the check says of a folder; its name stands in the findings."""
    data = Path(data).resolve()
    known = (data.name, _content(data), tuple(sorted(sound)))
    if known not in _KNOWN:
        _KNOWN[known] = checks.check(data, sound)
    return _KNOWN[known]


def check_once(patch: pytest.MonkeyPatch) -> None:
    """Let edits and intake look up the check of a content that was checked before."""
    for module in (impact, taking):
        patch.setattr(module, "check", check)


def _content(data: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(path for path in data.rglob("*") if path.is_file()):
        for part in (path.relative_to(data).as_posix().encode(), path.read_bytes()):
            content.update(b"%d:" % len(part) + part)
    return content.hexdigest()
