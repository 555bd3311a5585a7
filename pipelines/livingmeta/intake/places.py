# ruff: noqa: SIM905
"""Where a record is published, as it is compared: journal in any abbreviation, volume, pages."""

import re
from dataclasses import dataclass
from functools import lru_cache

from livingmeta.intake.folding import has_cjk, latin, without_markup
from livingmeta.intake.record import Record

SKIPPED = frozenset("the of and in for de la le et der die und on an del to section".split())
_CITATION = re.compile(r"^(?P<journal>.+?)[\s.,]+(?P<year>(?:19|20)\d\d)\b[^;:]*(?:[;:,]\s*(?P<place>.*))?$")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_PLACE = re.compile(
    r"^\s*(?P<volume>[A-Za-z]*\d+[A-Za-z]?)?\s*(?:\((?P<issue>[^)]*)\)|\s(?P<suppl>[Ss]uppl\S*\s*\d*))?"
    r"\s*(?::\s*(?P<pages>\S[^;]*))?"
)
# Journals whose short name is no abbreviation of the long one, both as words.
ALSO_CALLED = (
    ("jama", "journal american medical association"), ("bmj", "british medical journal"),
    ("nejm", "new england journal medicine"), ("pnas", "proceedings national academy sciences"),
    ("ndt", "nephrology dialysis transplantation"), ("ajkd", "american journal kidney diseases"),
    ("jasn", "journal american society nephrology"),
    ("cjasn", "clinical journal american society nephrology"),
    ("bmj", "bmj clinical research ed"), ("jacc", "journal american college cardiology"),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Journal as words, volume as digits, first and last page; empty where not given."""

    journal: tuple[str, ...] = ()
    volume: str = ""
    issue: str = ""
    first: str = ""
    last: str = ""
    cjk: bool = False


def place_of(record: Record) -> Place:
    """Return where a record is published; a whole citation in the journal's field is taken apart."""
    journal, volume, issue, pages = record.journal, record.volume, record.issue, record.pages
    found = None if volume or pages else _CITATION.match(journal)
    if found and found["place"]:
        journal = found["journal"]
        rest = _PLACE.match(found["place"])
        if rest:
            volume, pages = rest["volume"] or "", rest["pages"] or ""
            issue = rest["issue"] or rest["suppl"] or ""
    elif not volume and not pages and _YEAR.search(journal):
        # "Author 2015": a label and no journal.
        journal = ""
    elif volume and not pages:
        rest = _PLACE.match(volume)
        if rest and rest["pages"]:
            volume, issue, pages = rest["volume"] or "", rest["issue"] or issue, rest["pages"]
    first, last = pages_of(pages)
    number = re.search(r"\d+", volume)
    return Place(
        journal_words(journal), number.group() if number else "", issue, first, last, has_cjk(journal)
    )


def pages_of(pages: str) -> tuple[str, str]:
    """Return first and last page; "1047-55" ends at 1055."""
    parts = re.findall(r"[A-Za-z]{0,6}\.?\d+(?:\.[A-Za-z]\d+)?", pages.replace(" ", ""))
    if not parts:
        return "", ""
    first = parts[0].lower().lstrip("p").replace(".", "") or parts[0]
    last = parts[1].lower() if len(parts) > 1 else first
    if first.isdigit() and last.isdigit() and len(last) < len(first):
        last = first[: len(first) - len(last)] + last
    return first.lstrip("0"), last.lstrip("0")


def year_in_citation(record: Record) -> int | None:
    """Return the year of a record, from a citation in the journal's field where it has none itself."""
    if record.year is not None:
        return record.year
    found = None if record.volume or record.pages else _YEAR.search(record.journal)
    return int(found.group()) if found else None


@lru_cache(maxsize=16384)
def journal_words(journal: str) -> tuple[str, ...]:
    """Return the words of a journal's name as they are compared."""
    text = latin(without_markup(journal)).replace("&", " ")
    text = re.sub(r"\((?!suppl).*?\)", " ", text)
    text = re.split(r"\s[=/]\s|:|;|\bofficial\b|\bthe official\b", text)[0]
    words = tuple(word for word in re.findall(r"[^\W_]+", text) if word not in SKIPPED)
    joined = " ".join(words)
    for short, long in ALSO_CALLED:
        if joined == short:
            return tuple(long.split())
    return tuple(word.replace("ae", "e").replace("oe", "e") for word in words)


@lru_cache(maxsize=65536)
def same_journal(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Return whether one name may be an abbreviation of the other."""
    if a == b or "".join(a) == "".join(b):
        return True
    if len(a) == len(b):
        return all(_abbreviates(x, y) for x, y in zip(a, b, strict=True))
    short, long = sorted((a, b), key=len)
    if len(short) == 1 and short[0] == "".join(word[0] for word in long):
        return True
    words = iter(long)
    return (
        len(short) > 2
        and len(long) == len(short) + 1
        and all(any(_abbreviates(x, y) for y in words) for x in short)
        and _abbreviates(short[-1], long[-1])
    )


def _abbreviates(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    if long.startswith(short):
        return True
    # "Natl", "Dtsch": first letter, and the others in their order, in a short one up to the last.
    letters = iter(long)
    ends = short[-1] == long[-1] or len(short) > 4
    return len(short) > 2 and short[0] == long[0] and ends and all(c in letters for c in short)


def compare_journals(a: Place, b: Place) -> str:
    """Return "same", "differ" or "missing"."""
    if not a.journal or not b.journal or a.cjk != b.cjk:
        return "missing"
    return "same" if same_journal(a.journal, b.journal) else "differ"


def compare_places(a: Place, b: Place) -> str:
    """Return whether volume and pages are the "same", "differ", or leave it open ("unknown")."""
    volumes, pages = bool(a.volume and b.volume), bool(a.first and b.first)
    if pages and _number(a.first) == _number(b.first) and (not volumes or a.volume == b.volume):
        return "same" if volumes or len(a.first) > 2 else "unknown"
    if pages and volumes and a.first == b.first:
        return "same" if a.last == b.last and len(a.first) > 2 and a.last != a.first else "differ"
    if volumes and a.volume != b.volume:
        return "differ"
    if pages and a.first.isdigit() == b.first.isdigit():
        return "unknown" if volumes and _overlap(a, b) else "differ"
    return "unknown"


def _number(page: str) -> str:
    """Return a page or the number of an article, with or without the letter for electronic."""
    return page[1:].lstrip("0") if page[:1] == "e" and page[1:].isdigit() else page


def _overlap(a: Place, b: Place) -> bool:
    if not all(page.isdigit() for page in (a.first, a.last, b.first, b.last)):
        return False
    return int(a.first) <= int(b.last) and int(b.first) <= int(a.last)
