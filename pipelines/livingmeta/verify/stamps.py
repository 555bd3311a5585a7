"""Stamps in a text: where they stand, which number they name, and what stands before them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from livingmeta.effect_sizes.measures import MEASURES
from livingmeta.numbers import Number, stamp_text

STAMP = re.compile(
    r"\[(?P<release>[^\[\]/\s]{1,100})/(?P<question>[^\[\]/\s]{1,200})/"
    r"(?P<field>[^\[\]/#\s]{1,100})#(?P<hash>[^\[\]\s]{0,100})\]"
)
FORM = "[release/question/field#hash]"  # what explains stamps is none
REACH = 120  # characters before a stamp in which its number is looked for
# LaTeX and Markdown write some characters otherwise; each becomes what it prints.
ESCAPES = (
    (re.compile(r"\\textminus\s*(?:\{\})?|\$-\$|&minus;"), "−"),
    (re.compile(r"\\textendash\s*(?:\{\})?|&ndash;|(?<!-)--(?!-)"), "–"),
    (re.compile(r"\\[,;:! ]|(?<!\\)~|&nbsp;|&#160;|\\thinspace\s*(?:\{\})?"), " "),
    (re.compile(r"\{\[\}|\\lbrack\s*(?:\{\})?|\\\["), "["),
    (re.compile(r"\{\]\}|\\rbrack\s*(?:\{\})?|\\\]"), "]"),
    (re.compile(r"\\([_#%&()$*.])"), r"\1"),
)
RANGE = r"\s*(?:[-‐‑‒–—−]|\bto\b)\s*"
MINUS = r"\s*[-‐‑‒–−]\s*"
GAP = r"[\s\u200b\u2060]*"
AFTER = r"[\s\u200b\u2060*_`,;:]*"  # emphasis and commas may stand between a number and its stamp
# What a printed number can end with: only then does a number stand before the stamp.
CLAIM = re.compile(r"[\d)%]\W{0,3}$")
LAST_NUMBER = re.compile(
    r"(?:\b[A-Za-z]{1,10} {1,2}=? ?)?[−\-]?\d[\d.,]*\s*%?(?:\s*[(\[][^()\[\]]{0,80}[)\]])?\W{0,3}$"
)
SYMBOLS = {measure.label for measure in MEASURES.values()} | {"RD"}


@dataclass(frozen=True)
class Stamp:
    """One stamp and the text right before it.

    `line` counts from 1 in the text that it stands in.
    """

    release: str
    question: str
    field: str
    hash: str
    before: str
    line: int

    @property
    def text(self) -> str:
        """Return the stamp as it is printed."""
        return stamp_text(self.question, self.field, self.hash, self.release)

    @property
    def claim(self) -> str:
        """Return the number that stands before it, nothing where none does."""
        if not CLAIM.search(self.before):
            return ""
        found = LAST_NUMBER.search(self.before)
        return " ".join((found.group() if found else self.before[-40:]).split())


def unescaped(text: str) -> str:
    """Return a text with what LaTeX and Markdown escape as it is printed; lines stay where they are."""
    for pattern, printed in ESCAPES:
        text = pattern.sub(printed, text)
    return text


def stamps(text: str) -> Iterator[Stamp]:
    """Yield the stamps of a text in their order."""
    plain = unescaped(text)
    line, counted, end = 1, 0, 0
    for found in STAMP.finditer(plain):
        line += plain.count("\n", counted, found.start())
        counted = found.start()
        if found.group() == FORM:
            continue
        before = plain[max(end, counted - REACH) : counted]
        end = found.end()
        yield Stamp(**found.groupdict(), before=before.rstrip(), line=line)


@lru_cache(maxsize=1000)
def _pattern(text: str) -> re.Pattern[str]:
    """Return what a number's text may look like: signs and blanks vary, digits do not."""
    parts = []
    for word in re.findall(r"\s+|−|–|.", text):
        if word == "−":
            parts.append(MINUS)
        elif word == "–":
            parts.append(RANGE)
        elif word.isspace():
            parts.append(GAP)
        else:
            parts.append(GAP + re.escape(word) if word in "(),%" else re.escape(word))
        if word in "(,":
            parts.append(GAP)
    return re.compile(rf"(?<![\d.,−–-]){''.join(parts)}{AFTER}$")


def agrees(stamp: Stamp, number: Number) -> bool:
    """Return whether the text before a stamp is the number's; its symbol may be missing."""
    if _pattern(number.text).search(stamp.before):
        return True
    symbol, _, rest = number.text.partition(" ")
    if not rest or symbol not in SYMBOLS:
        return False
    found = _pattern(rest).search(stamp.before)
    if found is None:
        return False
    last = re.search(r"(\S+)\s*=?\s*$", stamp.before[: found.start()])
    return last is None or last.group(1) == symbol or last.group(1) not in SYMBOLS
