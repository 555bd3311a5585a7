"""Records as rows of the tables and back: what `screening.csv` keeps of a record, and how it is named.

All comparing is done with what the tables keep. So it does not matter whether two records come
in together, one after the other, or in another checkout, where nobody has the export.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from livingmeta.intake.record import ARTICLE, TYPES, Record, Relation
from livingmeta.schema import listed
from livingmeta.table_files import Cells
from livingmeta.vocabulary import DUPLICATE, NOT_SEEN, PENDING

NOT_SCREENED = "not screened yet"
BECAUSE = f"{NOT_SCREENED}; linked by: "
YEARS = range(1800, 2101)  # what the schema takes
DIGITS_OF_HASH = 8
RECORD_COLUMNS = (
    *("title", "citation", "authors", "year", "doi", "pmid", "registration", "record_type", "relations"),
)
COLUMNS = (
    *("record_id", "search_id", *RECORD_COLUMNS, "decision", "reason", "stage"),
    *("study_id", "duplicate_of", "links", "decided_on", "notes"),
)
# Each relation of a link: before the row that it names, one such link, and several.
WORDS = {
    "possible_duplicate": ("may repeat", "possible duplicate", "possible duplicates"),
    "second_report": ("may be a second report of", "possible second report", "possible second reports"),
    "erratum": ("erratum of", "erratum", "errata"),
    "retraction": ("retraction notice on", "retraction notice", "retraction notices"),
    "concern": ("expression of concern about", "expression of concern", "expressions of concern"),
    "comment": ("comment on", "comment", "comments"),
    "protocol": ("protocol of", "protocol", "protocols"),
    "preprint": ("preprint of", "preprint", "preprints"),
    "duplicate": ("repeats", "duplicate", "duplicates"),
}
_DOI = re.compile(r"^10\..+/.+$")
_RELATION = re.compile(r"^(\w+)(?: doi:(\S+))?(?: pmid:(\d+))?(?: \((.*)\))?$")
_PLACE = r"(?:\((?P<issue>(?:[^()]|\([^()]*\))*)\))?(?::(?P<pages>.*))?$"
_WHERE = re.compile(
    r"^(?:(?P<journal>.*?) )??(?P<year>\d{4})(?:;(?P<volume>[^():]*(?:\([^()]*\)(?=\())?))?" + _PLACE
)
# The same of a record without a year: a volume, if there is one, and what only a volume has after it.
_UNDATED = re.compile(
    r"^(?:(?P<journal>.*?) )??(?P<volume>(?:[A-Za-z]{0,3}\d+[A-Za-z]?(?: ?\(?[Ss]uppl[^():]*\)?)?)?)"
    r"(?=[(:]\S)" + _PLACE
)


def plain(text: str) -> str:
    """Return text as one line without characters that nobody sees."""
    spaced = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text)
    return " ".join("".join(sign for sign in spaced if unicodedata.category(sign) != "Cs").split())


def cells_of(record: Record) -> dict[str, str]:
    """Return what the table of screening keeps of a record; what a column cannot take is left out of it."""
    return {
        "title": plain(record.title),
        "citation": plain(record.citation),
        "authors": "; ".join(name for name in (_part(one) for one in record.authors) if name),
        "year": str(record.year) if record.year in YEARS else "",
        "doi": record.doi if _DOI.match(record.doi) and plain(record.doi) == record.doi else "",
        "pmid": record.pmid if record.pmid.isascii() and record.pmid.isdigit() else "",
        "registration": "; ".join(_part(one) for one in record.registrations),
        "record_type": record.type if record.type in TYPES else "",
        "relations": "; ".join(sorted({_said(relation) for relation in record.relations})),
    }


def _part(text: str) -> str:
    return plain(text.replace(";", ","))


def _said(relation: Relation) -> str:
    doi = f" doi:{relation.doi}" if relation.doi and " " not in relation.doi else ""
    pmid = f" pmid:{relation.pmid}" if relation.pmid.isascii() and relation.pmid.isdigit() else ""
    text = _part(relation.text)
    return f"{relation.kind}{doi}{pmid}" + (f" ({text})" if text else "")


def record_of(row: Cells) -> Record:
    """Return the record that a row of `screening.csv` keeps.

    A row that no intake has written may cite by a short name, such as author and year; that is no journal.
    """
    where = _WHERE.match(row.get("citation", ""))
    if where is None and row.get("record_type") and not row.get("year"):
        where = _UNDATED.match(row.get("citation", ""))
    found = where.groupdict() if where else {"journal": row.get("citation", "")}
    if not row.get("record_type") and not found.get("volume"):
        found["journal"] = ""
    year = row.get("year", "") or found.get("year") or ""
    return Record(
        title=row.get("title", ""),
        authors=listed(row.get("authors", "")),
        year=int(year) if year.isdigit() else None,
        journal=found.get("journal") or "",
        volume=found.get("volume") or "",
        issue=found.get("issue") or "",
        pages=found.get("pages") or "",
        doi=row.get("doi", "").lower(),
        pmid=row.get("pmid", ""),
        registrations=listed(row.get("registration", "")),
        type=row.get("record_type", "") or ARTICLE,
        relations=tuple(relation for said in _split(row.get("relations", "")) for relation in _read(said)),
    )


def report_of(row: Cells, registration: str = "") -> Record:
    """Return the record that a row of `reports.csv` describes, with the registration of its study."""
    kind, year = row.get("report_type", ""), row.get("year", "")
    where = _WHERE.match(f"0000;{row.get('volume_pages', '')}")
    place = where.groupdict() if where else {"volume": row.get("volume_pages", "")}
    return Record(
        title=row.get("title", ""),
        authors=listed(row.get("authors", "")),
        year=int(year) if year.isdigit() else None,
        journal=row.get("journal", ""),
        volume=place.get("volume") or "",
        issue=place.get("issue") or "",
        pages=place.get("pages") or "",
        doi=row.get("doi", "").lower(),
        pmid=row.get("pmid", ""),
        pmcid=row.get("pmcid", ""),
        registrations=listed(registration),
        type=kind if kind in TYPES else ARTICLE,
    )


def _split(cell: str) -> list[str]:
    """Return the parts of a cell; a semicolon within one, as in some DOIs, has no space after it."""
    return [part for part in cell.split("; ") if part]


def _read(said: str) -> Iterable[Relation]:
    found = _RELATION.match(said)
    if found:
        yield Relation(found[1], found[2] or "", found[3] or "", found[4] or "")


def names_of(records: Sequence[Record]) -> list[str]:
    """Return a name for each record, made of what the tables keep of it; equal ones are numbered."""
    seen: Counter[str] = Counter()
    names = []
    for record in records:
        name = hashed(cells_of(record))
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def hashed(value: object) -> str:
    """Return the first digits of the hash of plain values, the same wherever and whenever it is made."""
    text = json.dumps(value, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS_OF_HASH]


def row_of(record: Record, search_id: str, name: str) -> dict[str, str]:
    """Return a record as a row that awaits its decision."""
    notes = "" if record.year is None or record.year in YEARS else f"Year in the export: {record.year}."
    return {
        "record_id": f"{search_id}-{name}",
        "search_id": search_id,
        **cells_of(record),
        "decision": PENDING,
        "reason": NOT_SCREENED,
        "stage": NOT_SEEN,
        "notes": notes,
    }


def is_undecided(row: Cells) -> bool:
    """Return whether nobody has decided on a row: it awaits that, or was sorted as it was taken in."""
    by_intake = row.get("stage") == NOT_SEEN and not row.get("decided_on")
    return row.get("decision") == PENDING or (row.get("decision") == DUPLICATE and by_intake)
