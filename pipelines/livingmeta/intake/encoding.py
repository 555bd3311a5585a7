"""Bytes of an export become text, whatever wrote them; nothing is lost on the way."""

import codecs
import re

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLE = 4096
DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")
# Everything below the space except tab, line feed and carriage return, and the deletion character.
CONTROLS = dict.fromkeys([*(set(range(32)) - {9, 10, 13}), 127, 0xFEFF])


def decode(data: bytes) -> str:
    """Return the text of a file with line feeds only, without byte order mark and control characters."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return _tidy(data[len(mark) :].decode(name, errors="replace"))
    wide = _wide(data[:SAMPLE])
    if wide:
        return _tidy(data.decode(wide, errors="replace"))
    try:
        return _tidy(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _tidy(_declared(data) or _by_line(data))


def is_binary(data: bytes) -> bool:
    """Return whether data are no text: many control characters, and not those of a wider encoding."""
    sample = data[:SAMPLE]
    if _wide(sample) or any(data.startswith(mark) for mark, _ in MARKS):
        return False
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\v\x1a\x1b\x1c\x1d\x1e\x1f" for byte in sample)
    return odd > 0.1 * len(sample)


def _wide(sample: bytes) -> str:
    """Return which UTF-16 a text without a mark is in, from where its zeros are; empty if it is not."""
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    half = max(len(sample) // 2, 1)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else ""


def _declared(data: bytes) -> str:
    """Return the text in the encoding that an XML file declares, if it is known and true."""
    found = DECLARED.match(data)
    if found is None:
        return ""
    try:
        return data.decode(found[1].decode("ascii"))
    except (LookupError, UnicodeError):
        return ""


def _by_line(data: bytes) -> str:
    """Return text line by line, so that a line in another encoding does not spoil the others."""
    return "\n".join(_line(line) for line in data.split(b"\n"))


def _line(line: bytes) -> str:
    for name in ("utf-8", "cp1252"):
        try:
            return line.decode(name)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(CONTROLS)
