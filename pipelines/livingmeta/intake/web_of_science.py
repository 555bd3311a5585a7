"""The tagged plain text of Web of Science (.ciw), split here and parsed by rispy."""

import re
from collections.abc import Iterator

import rispy
from rispy.config import WOK_LIST_TYPE_TAGS

from livingmeta.intake.found import Found, Piece, broken, numbered, page_range, read_piece, reading
from livingmeta.intake.record import Broken, Reading, Record

NAME = "Web of Science plain text"
TAG = re.compile(r"^[A-Z][A-Z0-9](?: |$)")
START = re.compile(r"^PT [A-Z](?:\s|$)")
PACKING = re.compile(r"^(?:FN|VR|EF)(?: |$)")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TAGS = {a + b: a + b for a in LETTERS for b in LETTERS + "0123456789"}
PARSER = rispy.WokParser(mapping=TAGS, list_tags=WOK_LIST_TYPE_TAGS)


def is_web_of_science(line: str) -> bool:
    """Return whether a line begins a record or the file."""
    return bool(START.match(line) or re.match(r"^FN (?:Clarivate|ISI|Thomson)", line))


def read(text: str) -> Reading:
    """Return the records of a file of Web of Science."""
    return reading(NAME, map(_read, numbered(_parts(text.split("\n")))))


def _parts(lines: list[str]) -> Iterator[tuple[int, str]]:
    begun, inside = 0, False
    for i, line in enumerate(lines):
        starts, packing = bool(START.match(line)), not inside and bool(PACKING.match(line))
        if starts or packing:
            yield begun + 1, "\n".join(lines[begun:i])
            begun, inside = i + packing, starts
        elif inside and line.rstrip() == "ER":
            yield begun + 1, "\n".join(lines[begun : i + 1])
            begun, inside = i + 1, False
    yield begun + 1, "\n".join(lines[begun:])


def _read(piece: Piece) -> Record | Broken:
    lines = [
        line if TAG.match(line) or not line.strip() else f"   {line.strip()}"
        for line in piece.text.split("\n")
    ]
    lines = [line for line in lines if line.strip() and line.strip() not in ("ER", "EF")]
    if not START.match(lines[0] if lines else ""):
        return broken(piece, "text that belongs to no record")
    body = [line for line in lines[1:] if len(line) > 3]
    while body and not TAG.match(body[0]):
        body.pop(0)
    fields = PARSER.parse("\n".join([lines[0], *body, "ER"]))[0]
    return read_piece(
        _found({tag: value if isinstance(value, list) else [value] for tag, value in fields.items()}), piece
    )


def _found(fields: dict[str, list[str]]) -> Found:
    def of(*tags: str) -> tuple[str, ...]:
        return tuple(value for tag in tags for value in fields.get(tag, []) if value.strip())

    def one(*tags: str) -> str:
        return next(iter(of(*tags)), "")

    return Found(
        titles=of("TI"),
        authors=(*(of("AF") or of("AU")), *of("CA")),
        years=of("PY", "EY", "EA", "PD"),
        journals=of("SO", "JI", "J9"),
        volume=one("VL"),
        issue=one("IS"),
        pages=page_range(one("BP"), one("EP")) or one("AR"),
        dois=of("DI", "D2"),
        pmids=of("PM"),
        texts=of("UT", "FX"),
        abstract=one("AB"),
        languages=of("LA"),
        kinds=tuple(kind.strip() for value in of("DT") for kind in value.split(";")),
    )
