"""What speaks for and against two records being one report, field by field."""

from dataclasses import dataclass

from livingmeta import formats
from livingmeta.intake.keys import Key
from livingmeta.intake.names import compare_authors
from livingmeta.intake.places import compare_journals, compare_places
from livingmeta.intake.record import (
    ABSTRACT,
    COMMENT,
    CONCERN,
    ERRATUM,
    PREPRINT,
    PROTOCOL,
    REGISTRY_ENTRY,
    RETRACTION,
)
from livingmeta.intake.resemblance import Resemblance, compare_titles

NOTICES = frozenset({ERRATUM, RETRACTION, CONCERN})
# A record of one of these kinds is never the same report as one of another kind.
APART = NOTICES | {PREPRINT, REGISTRY_ENTRY}
# These are so where nothing but the text decides: a database may not know them.
SOMETIMES_APART = frozenset({PROTOCOL, ABSTRACT, COMMENT})
ENOUGH_WORDS = 5


@dataclass(frozen=True)
class Evidence:
    """What two records agree on and what they do not.

    Parameters
    ----------
    title : Resemblance
        Of the titles without what says only the kind.
    authors : str
        "same", "first", "some", "differ" or "missing".
    years : int or None
        Distance of the years; None where one is missing.
    journal, place : str
        "same", "differ" or "missing"; volume and pages "same", "differ" or "unknown".
    same, other : tuple of str
        Names of the identifiers that are equal, and of those that both have and that differ.
    """

    title: Resemblance
    authors: str
    years: int | None
    journal: str
    place: str
    same: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def near(self) -> bool:
        """Return whether the years are not more than one apart, or not known."""
        return self.years is None or self.years <= 1

    @property
    def one_place(self) -> bool:
        """Return whether journal, volume and pages are the same, as far as given."""
        return self.place == "same" and self.journal != "differ"


def evidence_of(a: Key, b: Key) -> Evidence:
    """Return what speaks for and against two records being one report."""
    identifiers = [(name, getattr(a, field), getattr(b, field)) for name, field in
                   (("DOI", "doi"), ("PMID", "pmid"), ("PMCID", "pmcid"))]  # fmt: skip
    return Evidence(
        compare_titles(a.titles, b.titles),
        compare_authors(a.authors, b.authors)[0],
        None if a.year is None or b.year is None else abs(a.year - b.year),
        compare_journals(a.place, b.place),
        compare_places(a.place, b.place),
        tuple(name for name, x, y in identifiers if x and x == y),
        tuple(name for name, x, y in identifiers if x and y and x != y and not _cut_off(name, x, y)),
    )


def _cut_off(name: str, x: str, y: str) -> bool:
    """Return whether one DOI is the beginning of the other, cut off at a joint."""
    short, long = sorted((x, y), key=len)
    return name == "DOI" and len(short) > 12 and long.startswith(short) and not long[len(short)].isalnum()


def long_enough(a: Key, b: Key) -> bool:
    """Return whether both titles have enough words to stand for a report by themselves."""
    return all(
        len(key.title.content) >= (12 if key.title.cjk else ENOUGH_WORDS) or len(key.title.squeezed) >= 40
        for key in (a, b)
    )


def kinds_apart(a: Key, b: Key, *, identified: bool) -> bool:
    """Return whether two records are of kinds that are never one report.

    With an identifier in common only what the titles say counts, as databases differ in types.
    """
    if identified:
        told = {a.title.kind, b.title.kind}
        return len(told) > 1 and bool(told & (NOTICES | {COMMENT}))
    return a.kind != b.kind and bool({a.kind, b.kind} & (APART | SOMETIMES_APART))


def in_words(found: Evidence) -> str:
    """Return what speaks for a pair, in words."""
    parts = [f"same {name}" for name in found.same]
    titles = {
        "same": "same title" if found.title.score == 1 else "titles alike",
        "part": "one title is part of the other",
        "longer": "one title goes on",
        "alike": "titles alike",
        "numbers": "titles alike but for a number",
    }.get(found.title.grade)
    if titles:
        shown = "" if titles == "same title" else f" ({formats.number(found.title.score)})"
        parts.append(titles + shown)
    authors = {"same": "same authors", "first": "same first author", "some": "authors in common"}
    if found.authors in authors:
        parts.append(authors[found.authors])
    if found.years is not None and found.years <= 1:
        parts.append("same year" if found.years == 0 else "years one apart")
    if found.journal == "same":
        parts.append("same journal")
    if found.place == "same":
        parts.append("same pages")
    return ", ".join(parts)


def against(found: Evidence) -> str:
    """Return what speaks against a pair, in words."""
    parts = [f"different {name}s" for name in found.other]
    if found.title.grade == "different":
        parts.append("different titles")
    if found.title.grade == "numbers":
        parts.append("another number in the title")
    if found.authors == "differ":
        parts.append("no author in common")
    if found.years is not None and found.years > 1:
        parts.append(f"years {found.years} apart")
    if found.journal == "differ":
        parts.append("different journals")
    if found.place == "differ":
        parts.append("different volume or pages")
    return ", ".join(parts)
