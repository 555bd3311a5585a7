"""Stamps in a text: where they stand, which number they name, and what stands before them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from livingmeta.numbers import stamp_text
from livingmeta.releases import UNRELEASED
from livingmeta.verify.claims import INVISIBLE

NOTHING = rf"[\s{INVISIBLE}]"  # what may stand anywhere in a stamp that was broken over lines
RELEASE = rf"(?:20\d\d\.\d\d?\.\d+|{UNRELEASED})"
BRACKETS = re.compile(r"\[([^\[\]]{1,600})\]")
SHAPE = re.compile(
    r"(?P<release>[^/\s]{1,100})/(?P<question>[^/\s]{1,200})/(?P<field>[^/#\s]{1,100})#(?P<hash>[^\s]{0,100})"
)
BARE = re.compile(rf"(?<![\w/.-]){RELEASE}/[\w-]{{1,200}}/\w{{1,100}}#[0-9a-f]{{8}}(?!\w)")
# What was meant to be a stamp: a bracket with a release and more than that, or the end of a stamp.
MEANT = re.compile(
    rf"\[{NOTHING}*(?:20\d\d{NOTHING}*\.{NOTHING}*\d\d?{NOTHING}*\.{NOTHING}*\d|{UNRELEASED}\b)"
    r"[^\[\]]{0,300}?(?:[/#⁄∕／＃]|[0-9a-f]{8})[^\[\]\n]{0,100}\]?"
    rf"|(?<!\[)#{NOTHING}*[0-9a-fA-F]{{8}}{NOTHING}*\]"
)
FORM = "[release/question/field#hash]"  # what explains stamps is none
LONGEST = 160  # characters that are quoted
REACH = 200  # characters before a stamp in which its number is looked for
# LaTeX, Markdown and HTML write some characters otherwise; each becomes what it prints.
ESCAPES = (
    (re.compile(r"\\textminus\s*(?:\{\})?|\$-\$|\\ensuremath\s*\{\s*-\s*\}|&minus;|&#8722;"), "−"),
    (re.compile(r"\\textendash\s*(?:\{\})?|&ndash;|(?<!-)--(?!-)"), "–"),
    (re.compile(r"\\,|\\thinspace\s*(?:\{\})?|&thinsp;"), "\u2009"),
    (re.compile(r"\\[;:! ]|(?<!\\)~|&nbsp;|&#160;"), " "),
    (re.compile(r"(?<=[A-Za-z])\\-|&shy;|&#173;|<wbr\s*/?>|\\(?:allow|line)break\b\s*(?:\{\})?"), "\u00ad"),
    (re.compile(r"\\slash\b\s*(?:\{\})?"), "/"),
    (re.compile(r"\\textunderscore\s*(?:\{\})?"), "_"),
    (re.compile(r"\{\[\}|\\lbrack\s*(?:\{\})?|\\\["), "["),
    (re.compile(r"\{\]\}|\\rbrack\s*(?:\{\})?|\\\]"), "]"),
    (re.compile(r"\\([_#%&()$*.-])"), r"\1"),
)


@dataclass(frozen=True)
class Stamp:
    """One stamp and the text right before it.

    `line` counts from 1 in the text that it stands in; `broken` tells whether the stamp was broken over
    lines, so that hyphens in it may be those of the break.
    """

    release: str
    question: str
    field: str
    hash: str
    before: str
    line: int
    broken: bool = False

    @property
    def text(self) -> str:
        """Return the stamp as it is printed."""
        return stamp_text(self.question, self.field, self.hash, self.release)


@dataclass(frozen=True)
class _Place:
    """Where a stamp stands in a text, and its parts."""

    start: int
    end: int
    parts: dict[str, str]
    broken: bool


def unescaped(text: str) -> str:
    """Return a text with what LaTeX, Markdown and HTML escape as it is printed; lines stay where they are."""
    for pattern, printed in ESCAPES:
        text = pattern.sub(printed, text)
    return text


def stamps(text: str) -> Iterator[Stamp]:
    """Yield the stamps of a text in their order."""
    plain = unescaped(text)
    line, counted, end = 1, 0, 0
    for place in _places(plain):
        line += plain.count("\n", counted, place.start)
        counted = place.start
        before = _before(plain, end, place.start)
        end = place.end
        yield Stamp(**place.parts, before=before, line=line, broken=place.broken)


def unreadable(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of what looks like a stamp and cannot be read as one."""
    plain = unescaped(text)
    rest = _without(_places(plain), plain).replace(FORM, "")
    line, counted = 1, 0
    for found in MEANT.finditer(rest):
        line += rest.count("\n", counted, found.start())
        counted = found.start()
        start = found.start() if found.group().startswith("[") else _opening(rest, found.start())
        yield line, " ".join(rest[start : found.end()][:LONGEST].split())


def _opening(text: str, end: int) -> int:
    """Return where the bracket opens that a stamp seems to end in, or a little before it."""
    first = max(0, end - LONGEST // 2)
    return max(first, text.rfind("[", first, end))


def _without(places: list[_Place], plain: str) -> str:
    """Return a text with blanks where stamps were read; lines stay where they are."""
    parts, end = [], 0
    for place in places:
        gone = re.sub(r"[^\n]", "\0", plain[place.start : place.end])
        parts += [plain[end : place.start], gone]
        end = place.end
    return "".join([*parts, plain[end:]])


def _before(plain: str, end: int, start: int) -> str:
    """Return the text before a stamp, back to the one before it; no word is cut in two."""
    first = max(end, start - REACH)
    before = plain[first:start]
    if first > end and not plain[first - 1].isspace():
        before = re.sub(r"^\S+", "", before)
    return before.rstrip()


def _places(plain: str) -> list[_Place]:
    """Return where stamps stand: in brackets, and bare outside of them."""
    found = [place for match in BRACKETS.finditer(plain) if (place := _bracketed(match)) is not None]
    for match in BARE.finditer(_without(found, plain)):
        parts = SHAPE.fullmatch(match.group())
        assert parts is not None
        found.append(_Place(match.start(), match.end(), parts.groupdict(), False))
    return sorted(found, key=lambda place: place.start)


def _bracketed(match: re.Match[str]) -> _Place | None:
    inside = match.group(1)
    compact = re.sub(rf"[{{}}]|{NOTHING}", "", inside)
    parts = SHAPE.fullmatch(compact)
    if parts is None or match.group() == FORM:
        return None
    broken = compact != inside
    read = {name: _joined(name, part) if broken else part for name, part in parts.groupdict().items()}
    if broken and not re.fullmatch(RELEASE, read["release"]):
        return None
    return _Place(match.start(), match.end(), read, broken)


def _joined(name: str, part: str) -> str:
    """Return a part of a broken stamp; only names of questions have hyphens of their own."""
    return re.sub("[‐‑]", "-", part) if name == "question" else re.sub("[-‐‑]", "", part)
