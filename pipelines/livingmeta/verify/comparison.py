"""How a file differs from the one it should be: by line, by path, by row and column, by member."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice, zip_longest
from typing import Any

from livingmeta.verify.reading import Content, VerifyError

MOST = 20  # differences that are listed of one file
BEFORE, AFTER = 30, 60  # characters shown around the first that differs
MOST_ALIGNED = 2000  # lines on either side that are aligned with each other
ABSENT = object()


def differences(given: Content, expected: Content) -> list[str]:
    """Return what differs, at most MOST entries and one that says that there are more.

    Each entry names the place, what the file says and what the release says.
    """
    if given.raw == expected.raw:
        return []
    found = list(islice(_differences(given, expected), MOST + 1))
    return [*found[:MOST], "and more"] if len(found) > MOST else found


def _differences(given: Content, expected: Content) -> Iterator[str]:
    if given.kind != expected.kind:
        yield f"it is {given.kind}, and the release's file is {expected.kind}"
    elif given.kind == "bytes":
        yield "its bytes differ from those of the release's file"
    elif given.kind == "zip":
        yield from _by_member(given, expected)
    elif given.kind == "json":
        yield from _by_path(given, expected)
    elif given.kind == "csv":
        yield from _by_cell(given, expected)
    else:
        yield from _by_line(given.text.split("\n"), expected.text.split("\n"))


def said(where: str, given: object, expected: object) -> str:
    """Return one difference in words."""
    if isinstance(given, str) and isinstance(expected, str):
        given, expected = excerpts(given, expected)
    file = "the file lacks it" if given is ABSENT else f"the file says {_shown(given)}"
    release = "the release does not have it" if expected is ABSENT else f"the release says {_shown(expected)}"
    return f"{where}: {file}, {release}"


def _shown(value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = "".join(c if c.isprintable() else "?" for c in shown)
    return shown if len(shown) <= 2 * (BEFORE + AFTER) else f"{shown[: BEFORE + AFTER]} ..."


def excerpts(given: str, expected: str) -> tuple[str, str]:
    """Return two texts around the first character in which they differ."""
    if max(len(given), len(expected)) <= BEFORE + AFTER:
        return given, expected
    pairs = zip_longest(given, expected)
    first = next((i for i, (a, b) in enumerate(pairs) if a != b), 0)
    start = max(0, first - BEFORE)
    return (_cut(given, start), _cut(expected, start))


def _cut(text: str, start: int) -> str:
    end = start + BEFORE + AFTER
    return f"{'... ' if start else ''}{text[start:end]}{' ...' if end < len(text) else ''}"


def _by_line(given: Sequence[str], expected: Sequence[str]) -> Iterator[str]:
    first = 0
    while first < min(len(given), len(expected)) and given[first] == expected[first]:
        first += 1
    last = 0
    shorter = min(len(given), len(expected)) - first
    while last < shorter and given[-1 - last] == expected[-1 - last]:
        last += 1
    mine, theirs = given[first : len(given) - last], expected[first : len(expected) - last]
    if max(len(mine), len(theirs)) > MOST_ALIGNED:
        yield from _pairwise(mine, theirs, first)
        return
    for kind, a, b, c, d in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from _pairwise(mine[a:b], theirs[c:d], first + a)


def _pairwise(given: Sequence[str], expected: Sequence[str], first: int) -> Iterator[str]:
    for i, (a, b) in enumerate(zip_longest(given, expected, fillvalue=ABSENT), first + 1):
        if a != b:
            yield said(f"line {i}", a, b)


def parsed(content: Content) -> Any:
    """Return the value of a JSON file.

    Raises
    ------
    VerifyError
        When it is none.
    """
    try:
        return json.loads(content.normal)
    except (ValueError, RecursionError) as error:
        raise VerifyError(f"{content.name}: not a JSON file: {error}") from None


def _by_path(given: Content, expected: Content) -> Iterator[str]:
    try:
        mine, theirs = parsed(given), parsed(expected)
    except VerifyError as error:
        yield str(error)
        return
    yield from paths(mine, theirs)


def paths(given: Any, expected: Any, where: str = "") -> Iterator[str]:
    """Yield what differs between two values as JSON has them, each by its path."""
    if isinstance(given, dict) and isinstance(expected, dict):
        for key in [*expected, *(key for key in given if key not in expected)]:
            yield from paths(given.get(key, ABSENT), expected.get(key, ABSENT), f"{where}/{key}")
    elif isinstance(given, list) and isinstance(expected, list):
        for i, (a, b) in enumerate(zip_longest(given, expected, fillvalue=ABSENT)):
            yield from paths(a, b, f"{where}/{i}")
    elif type(given) is not type(expected) or given != expected:
        yield said(where or "/", given, expected)


def rows(content: Content) -> list[list[str]] | None:
    """Return the rows of a CSV file, None where it cannot be read as one."""
    try:
        return list(csv.reader(io.StringIO(content.text, newline="")))
    except csv.Error:
        return None


def _by_cell(given: Content, expected: Content) -> Iterator[str]:
    mine, theirs = rows(given), rows(expected)
    if not mine or not theirs or mine[0] != theirs[0] or len(mine) != len(theirs):
        yield from _by_line(given.text.split("\n"), expected.text.split("\n"))
        return
    header = mine[0]
    for i, (a, b) in enumerate(zip(mine, theirs, strict=True), 1):
        for j, (x, y) in enumerate(zip_longest(a, b, fillvalue=ABSENT)):
            if x != y:
                yield said(f"row {i}, column {header[j] if j < len(header) else j + 1}", x, y)


def _by_member(given: Content, expected: Content) -> Iterator[str]:
    mine, theirs = given.members, expected.members
    for name in sorted({*mine, *theirs}):
        if name not in mine or name not in theirs:
            yield f"{name}: {'the file lacks it' if name not in mine else 'the release does not have it'}"
            continue
        pair = Content(name, mine[name]), Content(name, theirs[name])
        try:
            found = differences(*pair)
        except VerifyError as error:
            found = [str(error)]
        yield from (f"{name}: {one}" for one in found)
        if not found and mine[name] != theirs[name]:
            yield f"{name}: its bytes differ from those of the release's file"


TOKENS = re.compile(r"[\s<>,;{}\"]+")


def likeness(given: Content, expected: Content) -> float:
    """Return which share of what two files consist of is in both, 0 to 1."""
    if given.kind != expected.kind or given.kind == "bytes":
        return 0.0
    if given.kind == "zip":
        mine, theirs = set(given.members), set(expected.members)
    else:
        mine, theirs = (set(TOKENS.split(one.text)) for one in (given, expected))
    return len(mine & theirs) / max(1, len(mine | theirs))


NUMERAL = re.compile(r"-?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?")


def numerals(content: Content) -> list[str] | None:
    """Return the numbers of a text in their order, None of what is no text."""
    return None if content.kind in ("bytes", "zip") else NUMERAL.findall(content.text.replace("−", "-"))
