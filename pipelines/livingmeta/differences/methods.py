"""Question files, packages and inputs of two states compared."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from livingmeta.questions import PARTS, SINGLE, Question
from livingmeta.releases import Release
from livingmeta.schema import SCHEMA_FILE
from livingmeta.snapshots import Snapshot

Raw = Mapping[str, Any]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Keys that move a number or the rule of the verdict; all others are words, order and upkeep.
CHOICES = (
    *("effects", "filter", "measure", "method", "test", "level", "pi_df", "accept_measures", "pooled"),
    *("common_effect", "minimal_important_difference", "baseline_risk", "subgroups", "moderators"),
    *("sensitivity", "multiverse", "verdict"),
)
WORDS = ("difference", "title", "labels")  # inside a choice
GROUPS = (
    ("code", ("pipelines/",)),
    ("lock file", ("requirements",)),
    ("book text", ("book/", "_config.yml", "_toc.yml")),
    ("schema of the data", (f"data/{SCHEMA_FILE}",)),
)


def read_questions(data: Path | None) -> dict[str, Raw]:
    """Return the question files of a data folder by id, in the order of the book, as written.

    They are not read as questions of today: a file of years ago may have keys that are no more.
    """
    if data is None:
        return {}
    read = {
        path.stem: yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_LOADER) or {}
        for path in sorted((data / "questions").glob("*.yml"))
    }
    return dict(sorted(read.items(), key=lambda item: _place(*item)))


def _place(name: str, raw: Raw) -> tuple[int, int, str]:
    part = raw.get("part")
    return PARTS.index(part) if part in PARTS else len(PARTS), raw.get("order") or 0, name


def methods(
    old: Snapshot | None, new: Snapshot, before: Mapping[str, Raw], after: Mapping[str, Raw]
) -> dict[str, Any]:
    """Return what changed in how the results are made."""
    releases = (old.release if old else None, new.release)
    return {
        "questions": [row for name in after if name in before for row in _keys(name, before, after)],
        "questions_added": [_named(name, after) for name in after if name not in before],
        "questions_dropped": [_named(name, before) for name in before if name not in after],
        "packages": _packages(*releases),
        "inputs": _inputs(*releases),
        "note": _note(old, new),
    }


def _named(name: str, questions: Mapping[str, Raw]) -> dict[str, str]:
    return {"id": name, "title": str(questions[name].get("title", ""))}


def _keys(name: str, before: Mapping[str, Raw], after: Mapping[str, Raw]) -> Iterator[dict[str, Any]]:
    for path, item, old, new in changed_keys(_filled(before[name]), _filled(after[name])):
        yield {"question": name, "key": path, "item": item, "old": old, "new": new, "kind": _kind(path)}


def _kind(path: str) -> str:
    top, last = path.partition(".")[0].partition("[")[0], path.rpartition(".")[2]
    return "method" if top in CHOICES and last not in WORDS else "text"


@cache
def _defaults(kind: type) -> Raw:
    return {
        one.name: _plain(one.default) for one in fields(kind) if one.default is not MISSING
    }  # default factories make what is empty, and nothing is what is empty


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return list(value) if isinstance(value, tuple) else value


def _filled(raw: Raw) -> Raw:
    """Return a question file with what its silence means, so that spelling a default out is no change."""
    filled = {**_defaults(Question), **raw}
    for name, kind in SINGLE.items():
        if isinstance(filled.get(name), Mapping):
            filled[name] = {**_defaults(kind), **filled[name]}
    return filled


Change = tuple[str, str, Any, Any]


def changed_keys(old: Any, new: Any, path: str = "", item: str = "") -> Iterator[Change]:
    """Yield path, name of the item around it, old and new value of every key whose value changed.

    Items of a list are matched by their name, so that one more in the middle is one change; their
    position in the path is that of the new file, or of the old one for those that are gone.
    """
    if old == new or (_empty(old) and _empty(new)):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*new, *old)):
            below = f"{path}.{key}" if path else str(key)
            yield from changed_keys(old.get(key), new.get(key), below, item)
    elif _has_items(old) or _has_items(new):
        yield from _changed_items(_by_name(old), _by_name(new), path)
    else:
        yield path, item, old, new


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | Mapping) and not value)


def _has_items(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _by_name(items: Any) -> dict[str, tuple[int, Any]]:
    listed = items if isinstance(items, list) else []
    return {
        str(one.get("name", at) if isinstance(one, Mapping) else at): (at, one)
        for at, one in enumerate(listed)
    }


def _changed_items(
    old: Mapping[str, tuple[int, Any]], new: Mapping[str, tuple[int, Any]], path: str
) -> Iterator[Change]:
    for name, (at, one) in new.items():
        yield from changed_keys(old[name][1] if name in old else None, one, f"{path}[{at}]", name)
    for name, (at, one) in old.items():
        if name not in new:
            yield f"{path}[{at}]", name, one, None


def _packages(old: Release | None, new: Release | None) -> list[dict[str, Any]]:
    if old is None or new is None:
        return []
    before, after = ({"Python": one.python, **one.packages} for one in (old, new))
    names = sorted({*before, *after}, key=str.lower)
    return [
        {"package": name, "old": before.get(name), "new": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]


def _inputs(old: Release | None, new: Release | None) -> list[dict[str, Any]]:
    """Return which files other than curated tables differ between two releases, by group."""
    if old is None or new is None:
        return []
    found = [_group(name, starts, old.inputs, new.inputs) for name, starts in GROUPS]
    return [group for group in found if group["added"] or group["dropped"] or group["changed"]]


def _group(
    name: str, starts: tuple[str, ...], old: Mapping[str, str], new: Mapping[str, str]
) -> dict[str, Any]:
    before, after = ({k: v for k, v in side.items() if k.startswith(starts)} for side in (old, new))
    return {
        "group": name,
        "added": sorted(after.keys() - before.keys()),
        "dropped": sorted(before.keys() - after.keys()),
        "changed": sorted(key for key in after.keys() & before.keys() if after[key] != before[key]),
    }


def _note(old: Snapshot | None, new: Snapshot) -> str:
    """Return whose results are frozen ones, and whose were worked out by the software of today."""
    if old is None:
        return "There is no earlier version to compare with: everything is new."
    frozen = [side.release is not None for side in (old, new)]
    if all(frozen):
        return "The results of both sides are as they were frozen with their releases."
    if not any(frozen):
        return "The results of both sides were worked out by today's code."
    kept, made = (old, new) if frozen[0] else (new, old)
    return (
        f"The results of {kept.name} are as they were frozen; those of {made.name} were worked out "
        "by today's code. Packages and code are compared between releases only."
    )
