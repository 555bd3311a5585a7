"""LaTeX in titles and names becomes plain characters."""

import re
from functools import cache

from bibtexparser import Library
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.model import Entry, Field

LETTER = r"(?:\{\\?[A-Za-z]\}|\\?[A-Za-z])"
SIGN, MARK = rf"['`\"^~=.]\s*{LETTER}", r"[uvHtcdbrk]\s*\{\\?[A-Za-z]\}"
ACCENT = rf"\\(?:{SIGN}|{MARK}|(?:ss|ae|AE|oe|OE|aa|AA|[oOlLij])(?:\{{\}}|\b\s?))"
# What most names and titles have, taken letter by letter; the whole is parsed only for the rest.
ACCENTED = re.compile(rf"\{{{ACCENT}\}}|{ACCENT}")
ESCAPED = re.compile(r"\\([%&_#{}$])")
MEANT = re.compile(r"\\[A-Za-z]|(?<!\\)\$[^$]*\$")


@cache
def _decoder() -> LatexDecodingMiddleware:
    return LatexDecodingMiddleware(keep_math_mode=False)


def _decode(value: str) -> str:
    """Return a text decoded; as it is where the decoder fails."""
    block = _decoder().transform_entry(Entry("article", "", [Field("value", value)]), Library([]))
    return str(block["value"]) if isinstance(block, Entry) else value


@cache
def _letter(accented: str) -> str:
    return _decode(accented)


def plain(value: str) -> str:
    """Return text with accents, braces and formulas of LaTeX as plain characters.

    A per cent sign, an ampersand or a lone dollar that was not escaped is taken as meant.
    """
    if "\\" in value:
        value = ACCENTED.sub(lambda accented: _letter(accented[0]), value)
    if MEANT.search(value):
        value = _formulas(value)
    value = ESCAPED.sub(lambda escaped: escaped[1] if escaped[1] not in "{}" else "", value)
    return " ".join(re.sub(r"[{}]", "", value).replace("~", " ").replace("\\ ", " ").split())


def _formulas(value: str) -> str:
    """Return text with commands and formulas decoded by a parser."""
    safe = re.sub(r"(?<!\\)([%&])", r"\\\1", value)
    if len(re.findall(r"(?<!\\)\$", safe)) % 2:
        safe = re.sub(r"(?<!\\)\$", r"\\$", safe)
    safe = re.sub(r"(?<!\\)\$([^$]*)\$", lambda formula: "$" + re.sub(r"[\^_]", "", formula[1]) + "$", safe)
    return _decode(re.sub(r"\\text(?:super|sub)script\s*", "", safe))
