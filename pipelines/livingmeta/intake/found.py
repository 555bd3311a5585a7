"""What a reader found of one record, field by field as exported, and the record that it becomes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from livingmeta.intake import normalise, types
from livingmeta.intake.record import Broken, Reading, Record, Relation
from livingmeta.intake.registrations import registrations

EMPTY = "it has neither a title nor a DOI nor a PMID nor a registration number"


@dataclass(frozen=True)
class Piece:
    """A part of a file: its place among the parts from 1, its first line, and its text."""

    number: int
    line: int
    text: str


def numbered(parts: Iterable[tuple[int, str]]) -> Iterator[Piece]:
    """Yield the parts of a file that are not blank, numbered, from their first lines and texts."""
    number = 0
    for line, text in parts:
        if text.strip():
            number += 1
            blank = len(text) - len(text.lstrip("\n"))
            yield Piece(number, line + blank, text)


@dataclass(frozen=True)
class Found:
    """The fields of one record as exported.

    Parameters
    ----------
    titles, years, languages : tuple of str
        Candidates, the best first; the first that can be read counts.
    dois, pmids, pmcids : tuple of str
        The same, with whatever surrounds the identifier.
    journals : tuple of str
        The full name first.
    texts : tuple of str
        Where numbers in registers may stand, besides title and abstract.
    kinds : tuple of str
        Publication types.
    source : str
        Database and addresses, where a register or a preprint server would be named.
    """

    titles: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    years: tuple[str, ...] = ()
    journals: tuple[str, ...] = ()
    volume: str = ""
    issue: str = ""
    pages: str = ""
    dois: tuple[str, ...] = ()
    pmids: tuple[str, ...] = ()
    pmcids: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    abstract: str = ""
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    source: str = ""
    relations: tuple[Relation, ...] = ()


def first(values: Iterable[str]) -> str:
    """Return the first of some texts that is not blank."""
    return next((value for value in values if value.strip()), "")


def record_of(found: Found, number: int) -> Record:
    """Return the record that has these fields; what cannot be read of a field leaves it empty."""
    title = first(normalise.text(value) for value in found.titles)
    doi = first(normalise.doi(value) for value in found.dois)
    journal = first(normalise.text(value) for value in found.journals)
    abstract = normalise.text(found.abstract)
    said = (
        *found.relations,
        *types.abstract_relations(abstract),
        *types.kind_relations(found.kinds),
        *types.title_relations(title),
    )
    relations = _relations(said)
    return Record(
        title=title,
        authors=normalise.authors(found.authors),
        year=next((year for year in map(normalise.year, found.years) if year), None),
        journal=journal,
        volume=normalise.text(found.volume),
        issue=normalise.text(found.issue),
        pages=normalise.pages(found.pages),
        doi=doi,
        pmid=first(normalise.pmid(value) for value in found.pmids),
        pmcid=first(normalise.pmcid(value) for value in found.pmcids),
        registrations=registrations((title, abstract, *found.texts)),
        abstract=abstract,
        language=first(normalise.language(value) for value in found.languages),
        type=types.record_type(found.kinds, title, doi, f"{journal} {found.source}", relations),
        relations=relations,
        number=number,
    )


def _relations(relations: Iterable[Relation]) -> tuple[Relation, ...]:
    """Return relations each once; what only a title says is left out where a field says it better."""
    kept: list[Relation] = []
    for relation in relations:
        said = [other for other in kept if other.kind == relation.kind]
        same = any((relation.doi and relation.doi == other.doi) or relation == other for other in said)
        vague = bool(said) and not (relation.doi or relation.pmid)
        if not same and not vague:
            kept.append(relation)
    return tuple(kept)


def read_piece(found: Found, piece: Piece) -> Record | Broken:
    """Return the record of a part of a file, or the part as broken if nothing identifies it."""
    record = record_of(found, piece.number)
    if record.title or record.doi or record.pmid or record.registrations:
        return record
    return broken(piece, EMPTY)


def broken(piece: Piece, reason: str) -> Broken:
    """Return a part of a file that could not be read, and why."""
    return Broken(piece.number, piece.line, reason, piece.text.strip("\n"))


def reading(format_: str, results: Iterable[Record | Broken]) -> Reading:
    """Return what a file gave, from what its parts gave."""
    results = list(results)
    return Reading(
        format_,
        tuple(result for result in results if isinstance(result, Record)),
        tuple(result for result in results if isinstance(result, Broken)),
    )


def page_range(start: str, end: str) -> str:
    """Return pages from the first and the last one, which may be printed in full or abbreviated."""
    start, end = normalise.pages(start), normalise.pages(end)
    if not start or not end or re.search(r"[-,;]", start) or start == end:
        return start or end
    return f"{start}-{end}"
