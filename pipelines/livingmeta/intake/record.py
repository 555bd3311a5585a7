"""One record of a search export, whatever format it came in, and what could not be read of a file."""

from collections.abc import Iterable
from dataclasses import dataclass

ARTICLE = "article"
ERRATUM, RETRACTION, CONCERN = "erratum", "retraction", "expression_of_concern"
PROTOCOL, REGISTRY_ENTRY = "protocol", "registry_entry"
PREPRINT, ABSTRACT, REVIEW, COMMENT = "preprint", "conference_abstract", "review", "comment"
TYPES = (
    ARTICLE, ERRATUM, RETRACTION, CONCERN, PROTOCOL, REGISTRY_ENTRY, PREPRINT, ABSTRACT, REVIEW, COMMENT,
)  # fmt: skip


@dataclass(frozen=True)
class Relation:
    """What a record says of another one.

    Parameters
    ----------
    kind : str
        "erratum_of", "retraction_of", "concern_of", "comment_on", "retracted_by", "corrected_by",
        "concern_by", "preprint_of" or "published_as".
    doi, pmid : str
        Of the other record, normalised; empty where not given.
    text : str
        The other record as the export names it.
    """

    kind: str
    doi: str = ""
    pmid: str = ""
    text: str = ""


@dataclass(frozen=True)
class Record:
    """One bibliographic record, normalised: identifiers in one form, text in NFC without mark-up.

    Parameters
    ----------
    title : str
        As exported, white space collapsed; empty where there is none.
    authors : tuple of str
        "Surname Initials" or "Surname, Given" as exported, one each; groups by their name.
    year : int or None
        Of publication.
    journal, volume, issue, pages : str
        As exported.
    doi : str
        Lower case, without a resolver.
    pmid, pmcid : str
        Digits; "PMC" and digits.
    registrations : tuple of str
        Numbers in trial registers, upper case, sorted, each once.
    abstract, language : str
        As exported.
    type : str
        One of TYPES.
    relations : tuple of Relation
        What it says of other records.
    number : int
        Its place in the file, from 1; 0 where it came from no file.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    registrations: tuple[str, ...] = ()
    abstract: str = ""
    language: str = ""
    type: str = ARTICLE
    relations: tuple[Relation, ...] = ()
    number: int = 0

    @property
    def citation(self) -> str:
        """Return where it is published: journal, year, volume, issue and pages."""
        place = f"{self.volume}({self.issue})" if self.issue else self.volume
        when = ";".join(part for part in (str(self.year or ""), place) if part)
        when += f":{self.pages}" if self.pages else ""
        return " ".join(part for part in (self.journal, when) if part)


@dataclass(frozen=True)
class Broken:
    """One record that could not be read: its place in the file, its first line, why, and its text."""

    number: int
    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Reading:
    """What a file gave: its format, the records in file order, and those that could not be read."""

    format: str
    records: tuple[Record, ...]
    broken: tuple[Broken, ...] = ()


class ExportError(ValueError):
    """A file that is no export of a kind that can be read; the message says what to do."""


def numbered(records: Iterable[Record]) -> str:
    """Return the numbers of records as text, for messages."""
    return ", ".join(str(record.number) for record in records)
