"""A PDF in a fixed order: the same objects always give the same bytes.

The drawing engine writes the objects of a file, and the entries of a dictionary, in an order
of chance. Here they are read, numbered anew in the order in which they are reached from the
catalogue, and written with sorted dictionaries and with words on what the file shows. Read is
the plain kind of file that the engine writes: one table of offsets, no object streams.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HEADER = b"%PDF-1.7\n%\x80\x81\x82\x83\n"
_TOKEN = re.compile(
    rb"\s*(<<|>>|\[|\]|/[^\s<>\[\]()/%]*|\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]*>|\d+\s+\d+\s+R\b|[^\s<>\[\]()/%]+)",
    re.DOTALL,
)
_REFERENCE = re.compile(rb"(\d+)\s+\d+\s+R")
_TABLE = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_SECTION = re.compile(rb"xref\s+0 (\d+)\s*\n")
_ENTRY = 20  # bytes of one line of the table of offsets


class PdfError(ValueError):
    """A file that is not written as the drawing engine has written files so far."""


@dataclass(frozen=True)
class Reference:
    """A pointer to an object of the file."""

    number: int


@dataclass(frozen=True)
class Object:
    """A value, and the bytes of its stream where it has one."""

    value: Any
    stream: bytes | None = None


def ordered(raw: bytes, words: Mapping[str, str]) -> bytes:
    """Return a PDF with its objects in a fixed order and its document information replaced.

    Parameters
    ----------
    raw : bytes
        As the drawing engine wrote it.
    words : mapping of str to str
        The document information: Title, Author, Subject.

    Raises
    ------
    PdfError
        When it is written in another way than expected.
    """
    objects, trailer = _read(raw)
    root = trailer.get(b"/Root")
    if not isinstance(root, Reference):
        raise PdfError("PDF: the trailer names no catalogue")
    order = list(_reached(root, objects))
    numbers = {old: new for new, old in enumerate(order, 1)}
    info = b" ".join(f"/{key} ".encode() + _text(value) for key, value in words.items())
    bodies = [_written(objects[old], numbers) for old in order] + [b"<< " + info + b" >>"]
    return _file(bodies, numbers[root.number])


def _read(raw: bytes) -> tuple[dict[int, Object], dict[bytes, Any]]:
    end = _TABLE.search(raw)
    section = _SECTION.match(raw, int(end[1])) if end else None
    if section is None:
        raise PdfError("PDF: no plain table of offsets at its end")
    count, at = int(section[1]), section.end()
    lines = [raw[at + i * _ENTRY : at + (i + 1) * _ENTRY] for i in range(count)]
    used = {number: int(line[:10]) for number, line in enumerate(lines) if line[17:18] == b"n"}
    trailer, _ = _value(raw, raw.index(b"trailer", at) + len(b"trailer"))
    return {number: _object(raw, number, offset) for number, offset in used.items()}, trailer


def _object(raw: bytes, number: int, offset: int) -> Object:
    head = f"{number} 0 obj".encode()
    if not raw.startswith(head, offset):
        raise PdfError(f"PDF: object {number} is not where the table of offsets says")
    value, at = _value(raw, offset + len(head))
    opening = re.compile(rb"\s*stream\r?\n").match(raw, at)
    if opening is None:
        return Object(value)
    length = int(value[b"/Length"])
    return Object(value, raw[opening.end() : opening.end() + length])


def _token(raw: bytes, at: int) -> tuple[bytes, int]:
    found = _TOKEN.match(raw, at)
    if found is None:
        raise PdfError(f"PDF: byte {at} cannot be read")
    return found[1], found.end()


def _value(raw: bytes, at: int) -> tuple[Any, int]:
    token, at = _token(raw, at)
    if token == b"<<":
        items, at = _until(raw, at, b">>")
        return dict(zip(items[::2], items[1::2], strict=True)), at
    if token == b"[":
        return _until(raw, at, b"]")
    reference = _REFERENCE.fullmatch(token)
    return (Reference(int(reference[1])) if reference else token), at


def _until(raw: bytes, at: int, closing: bytes) -> tuple[list[Any], int]:
    items: list[Any] = []
    while True:
        token, after = _token(raw, at)
        if token == closing:
            return items, after
        value, at = _value(raw, at)
        items.append(value)


def _reached(start: Reference, objects: Mapping[int, Object]) -> Iterator[int]:
    """Yield the numbers of all objects in the order in which they are reached, each once."""
    seen: set[int] = set()
    waiting: list[Any] = [start]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Reference):
            if value.number not in seen:
                seen.add(value.number)
                yield value.number
                waiting.append(objects[value.number].value)
        elif isinstance(value, dict):
            waiting += [value[key] for key in sorted(value, reverse=True)]
        elif isinstance(value, list):
            waiting += reversed(value)


def _written(one: Object, numbers: Mapping[int, int]) -> bytes:
    value = _plain(one.value, numbers)
    return value if one.stream is None else value + b"\nstream\n" + one.stream + b"\nendstream"


def _plain(value: Any, numbers: Mapping[int, int]) -> bytes:
    if isinstance(value, Reference):
        return f"{numbers[value.number]} 0 R".encode()
    if isinstance(value, dict):
        inside = (key + b" " + _plain(value[key], numbers) for key in sorted(value))
        return b"<< " + b" ".join(inside) + b" >>"
    if isinstance(value, list):
        return b"[" + b" ".join(_plain(item, numbers) for item in value) + b"]"
    return bytes(value)


def _file(bodies: list[bytes], root: int) -> bytes:
    """Return a file of numbered objects; the last of them is the document information."""
    made, offsets = bytearray(HEADER), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(made))
        made += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(made)
    lines = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    made += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{lines}".encode()
    made += f"trailer\n<< /Size {len(bodies) + 1} /Root {root} 0 R /Info {len(bodies)} 0 R >>\n".encode()
    return bytes(made + f"startxref\n{table}\n%%EOF\n".encode())


def _text(text: str) -> bytes:
    return b"<" + ("\ufeff" + text).encode("utf-16-be").hex().encode() + b">"
