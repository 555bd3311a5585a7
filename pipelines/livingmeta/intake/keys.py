"""What of a record is compared, made once for each record."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from livingmeta.intake.names import Authors, authors_of
from livingmeta.intake.places import Place, place_of, year_in_citation
from livingmeta.intake.record import ABSTRACT, ARTICLE, PREPRINT, REGISTRY_ENTRY, Record
from livingmeta.intake.titles import Title, acronyms, titles_of

_RESOLVER = re.compile(r"^(?:https?://)?(?:dx\.)?(?:www\.)?doi\.org/|^doi:?\s*", re.I)
_PREPRINT_DOI = re.compile(
    r"^10\.(?:1101/(?:19|20)\d\d\.|1101/\d{5,}$|21203/rs\.|20944/preprints|2139/ssrn|48550/arxiv|31219/|"
    r"31234/|22541/au\.|36227/|12688/f1000research.*\.1$|64898/)"
)
_PREPRINT_JOURNAL = re.compile(
    r"\b(?:med|bio|psy|chem)\s?r(?:x|χ)iv\b|\barxiv\b|research square|\bssrn\b|preprints?\b|authorea", re.I
)
_REGISTRY_JOURNAL = re.compile(
    r"clinicaltrials\.gov|\bictrp\b|isrctn|trialsearch\.who|chictr|clinicaltrialsregister", re.I
)


@dataclass(frozen=True)
class Key:
    """One record as it is compared.

    Parameters
    ----------
    titles : tuple of Title
        The readings of its title, the first being the whole.
    authors, place, year
        As compared.
    doi, pmid, pmcid : str
        Normalised once more; empty where not given.
    registrations : frozenset of str
        Numbers in trial registers.
    kind : str
        One of `record.TYPES`: what the title says, else the type, else what DOI and journal say.
    acronyms : frozenset of str
        Names of trials in the title.
    identity : tuple of str
        All fields but the number: equal only for equal records, and the order of last resort.
    """

    titles: tuple[Title, ...]
    authors: Authors
    place: Place
    year: int | None
    doi: str
    pmid: str
    pmcid: str
    registrations: frozenset[str]
    kind: str
    acronyms: frozenset[str]
    identity: tuple[str, ...]

    @property
    def title(self) -> Title:
        """Return the whole title."""
        return self.titles[0]


def key_of(record: Record) -> Key:
    """Return what of a record is compared."""
    titles = titles_of(record.title)
    doi = doi_of(record.doi)
    numbers = frozenset(re.sub(r"\s", "", number.upper()) for number in record.registrations if number)
    if titles[0].kind == REGISTRY_ENTRY:
        numbers |= {record.title.strip().upper()}
    return Key(
        titles, authors_of(record.authors), place_of(record), year_in_citation(record), doi,
        "".join(re.findall(r"\d", record.pmid)).lstrip("0"), "".join(re.findall(r"\d", record.pmcid)),
        numbers, _kind(record, titles[0], doi), acronyms(record.title),
        identity_of(record),
    )  # fmt: skip


def keys_of(records: Sequence[Record]) -> list[Key]:
    """Return the keys of records, equal records sharing theirs."""
    made: dict[Record, Key] = {}
    plain = [replace(record, number=0) for record in records]
    for record in plain:
        if record not in made:
            made[record] = key_of(record)
    return [made[record] for record in plain]


def doi_of(doi: str) -> str:
    """Return a DOI in lower case without resolver, closing punctuation and the version of a preprint."""
    text = _RESOLVER.sub("", doi.strip()).strip().lower().rstrip(".,;)").replace("%2f", "/").replace(" ", "")
    return re.sub(r"(?<=\d)/?v\d+$", "", text) if _PREPRINT_DOI.match(text) else text


def identity_of(record: Record) -> tuple[str, ...]:
    """Return all fields of a record but its number, as text: a stable order that no file decides."""
    plain = replace(record, number=0)
    return tuple(repr(getattr(plain, name)) for name in plain.__dataclass_fields__)


def _kind(record: Record, title: Title, doi: str) -> str:
    if title.kind and record.type == ARTICLE:
        return title.kind
    if record.type != ARTICLE:
        return record.type
    if _PREPRINT_DOI.match(doi) or _PREPRINT_JOURNAL.search(record.journal):
        return PREPRINT
    if _REGISTRY_JOURNAL.search(record.journal):
        return REGISTRY_ENTRY
    return ABSTRACT if re.search(r"\babstracts?\b", f"{record.issue} {record.journal}", re.I) else ARTICLE
