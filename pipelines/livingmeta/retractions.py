"""Reports and records held against a dated list of retractions, and the cells that follow from it.

The list is a file: that of Retraction Watch as Crossref publishes it, or a CSV with the columns
`doi`, `pmid`, `nature` and `date`. Nothing is fetched, and nothing is said of a report without an
identifier.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from livingmeta.curation.ledger import Because, Change, with_corrections
from livingmeta.curation.withdrawing import RESOLVER
from livingmeta.intake.known import REPORTS, SCREENING
from livingmeta.schema import load_schema
from livingmeta.table_files import Cells, files_of, read_table
from livingmeta.vocabulary import CONCERN, NOT_CHECKED, NOT_RETRACTED, RETRACTED, STATUSES

RETRACTION, REINSTATEMENT = "retraction", "reinstatement"
CORRECTION = "correction"
NATURES = (RETRACTION, REINSTATEMENT, CONCERN, CORRECTION)
NOT_STATED = "not stated"
STATUS, CHECKED_ON, SOURCE = "retraction_status", "retraction_checked_on", "retraction_source"

# Columns of the two kinds of list; a notice has identifiers of its own in the first one only.
RETRACTION_WATCH = {
    "doi": "OriginalPaperDOI",
    "pmid": "OriginalPaperPubMedID",
    "nature": "RetractionNature",
    "date": "RetractionDate",
    "notice_doi": "RetractionDOI",
    "notice_pmid": "RetractionPubMedID",
    "reason": "Reason",
}
PLAIN = {name: name for name in RETRACTION_WATCH}
NEEDED = ("nature", "date")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


class ListError(ValueError):
    """A list of retractions that cannot be used; the message says what it must look like."""


@dataclass(frozen=True)
class Notice:
    """One line of a list: what was published of a paper, when and why, as the list has it.

    `date` is a day, YYYY-MM-DD, or empty where the list gives none that can be read.
    """

    nature: str
    date: str = ""
    doi: str = ""
    pmid: str = ""
    notice_doi: str = ""
    notice_pmid: str = ""
    reason: str = ""
    line: int = 0

    @property
    def said(self) -> str:
        """Return the notice in words."""
        parts = [f"{self.nature} of {self.date or 'a day that the list does not give'}"]
        parts += [f"notice {self.notice_doi}"] if self.notice_doi and self.notice_doi != self.doi else []
        parts += [f"reason: {self.reason}"] if self.reason else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Entry:
    """A report of a study, or a screening record: what of it can stand in a list.

    Parameters
    ----------
    table, key : str
        Where it stands.
    study_id, title : str
        What it belongs to and is called; may be empty.
    doi, pmid : str
        Normalised; empty where not recorded.
    cells : mapping of str to str
        Its row.
    """

    table: str
    key: str
    study_id: str
    title: str
    doi: str
    pmid: str
    cells: Mapping[str, str]

    @property
    def has_identifier(self) -> bool:
        """Return whether a list can be searched for it."""
        return bool(self.doi or self.pmid)


@dataclass(frozen=True)
class Hit:
    """An entry that a list names: as the paper, or as the notice itself."""

    entry: Entry
    notices: tuple[Notice, ...]
    is_notice: bool = False

    @property
    def status(self) -> str:
        """Return what the notices make of the paper."""
        return status_of(self.notices)

    @property
    def is_clear(self) -> bool:
        """Return whether every notice is of a kind that decides, so that nobody has to read it first."""
        return all(one.nature in NATURES for one in self.notices)


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Parameters
    ----------
    hits : tuple of Hit
        Entries that the list names, in the order of their tables.
    searched : tuple of Entry
        Reports and records with an identifier.
    without : tuple of Entry
        Those without, of which nothing can be said.
    notices : int
        Lines of the list.
    """

    hits: tuple[Hit, ...]
    searched: tuple[Entry, ...]
    without: tuple[Entry, ...]
    notices: int


@dataclass(frozen=True)
class Cell:
    """A cell of a curated table as it is to be."""

    table: str
    key: str
    column: str
    old: str
    new: str


def doi_of(text: str) -> str:
    """Return a DOI in lower case without a resolver, empty where the text holds none."""
    doi = RESOLVER.sub("", text.strip()).lower()
    return doi if doi.startswith("10.") and "/" in doi else ""


def pmid_of(text: str) -> str:
    """Return the digits of a PubMed number, empty where the text holds none; lists write 0 for none."""
    digits = text.strip().removesuffix(".0").lstrip("0")
    return digits if digits.isdecimal() else ""


def read_list(path: Path) -> tuple[Notice, ...]:
    """Return the notices of a list, in the order of the file.

    Raises
    ------
    ListError
        When it is none, or one that says nothing; with the line, where there is one.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        columns = _columns([name.strip() for name in reader.fieldnames or ()], path)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        notices = tuple(_notice(row, columns, reader.line_num) for row in reader if any(row.values()))
    except csv.Error as error:
        raise ListError(f"{path}:{reader.line_num}: not valid CSV: {error}; fetch the file again") from None
    if not notices:
        raise ListError(f"{path}: holds no notice: an empty list says nothing of any report")
    if not any(one.nature in NATURES for one in notices):
        raise ListError(f"{path}: no line says one of: {', '.join(NATURES)}")
    if not any(one.doi or one.pmid for one in notices):
        raise ListError(f"{path}: no line has a DOI or a PubMed number: nothing could be found in it")
    return notices


def is_whole(path: Path) -> bool:
    """Return whether a list is that of Retraction Watch, which is meant to hold every notice.

    Raises
    ------
    ListError
        When the file is no list.
    """
    header = [name.strip() for name in next(csv.reader(io.StringIO(_text(path), newline="")), [])]
    return _columns(header, path)["nature"] == RETRACTION_WATCH["nature"]


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ListError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # The published file has been seen with bytes of an older encoding; identifiers are ASCII.
        return raw.decode("latin-1")


def _columns(header: Sequence[str], path: Path) -> dict[str, str]:
    for known in (RETRACTION_WATCH, PLAIN):
        found = {name: column for name, column in known.items() if column in header}
        if all(name in found for name in NEEDED) and ("doi" in found or "pmid" in found):
            return found
    raise ListError(
        f"{path}:1: must have the columns of Retraction Watch ({', '.join(RETRACTION_WATCH.values())}) "
        "or doi, pmid, nature, date"
    )


def _notice(row: Mapping[str, str | None], columns: Mapping[str, str], line: int) -> Notice:
    cells = {name: (row.get(column) or "").strip() for name, column in columns.items()}
    return Notice(
        nature=cells["nature"].lower() or NOT_STATED,
        date=_day(cells["date"]),
        doi=doi_of(cells.get("doi", "")),
        pmid=pmid_of(cells.get("pmid", "")),
        notice_doi=doi_of(cells.get("notice_doi", "")),
        notice_pmid=pmid_of(cells.get("notice_pmid", "")),
        reason="; ".join(part.strip(" +") for part in cells.get("reason", "").split(";") if part.strip(" +")),
        line=line,
    )


def _day(text: str) -> str:
    """Return a day as YYYY-MM-DD; Retraction Watch writes month/day/year and a time."""
    if found := _AMERICAN.match(text):
        month, day, year = (int(part) for part in found.groups())
        written = f"{year:04}-{month:02}-{day:02}"
    else:
        match = _ISO.match(text)
        written = match.group() if match else ""
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        return ""


def entries(data: Path) -> tuple[Entry, ...]:
    """Return all reports of studies and all screening records of a data folder."""
    tables = (read_table(data, name) for name in (REPORTS, SCREENING))
    return tuple(_entry(table.name, table.key(row), row) for table in tables for row in table.rows)


def _entry(table: str, key: str, row: Cells) -> Entry:
    doi, pmid = doi_of(row.get("doi", "")), pmid_of(row.get("pmid", ""))
    return Entry(table, key, row.get("study_id", ""), row.get("title", ""), doi, pmid, row)


def check(notices: Sequence[Notice], found: Iterable[Entry]) -> Checked:
    """Return which entries a list names."""
    everything = tuple(found)
    papers, own = _by_identifier(notices, "doi", "pmid"), _by_identifier(notices, "notice_doi", "notice_pmid")
    hits = []
    for entry in everything:
        of_it = _of(entry, papers)
        itself = [one for one in _of(entry, own) if one not in of_it]
        if of_it:
            hits.append(Hit(entry, tuple(of_it)))
        if itself:
            hits.append(Hit(entry, tuple(itself), is_notice=True))
    return Checked(
        tuple(hits),
        tuple(entry for entry in everything if entry.has_identifier),
        tuple(entry for entry in everything if not entry.has_identifier),
        len(notices),
    )


def _by_identifier(notices: Iterable[Notice], doi: str, pmid: str) -> dict[str, list[Notice]]:
    known: dict[str, list[Notice]] = defaultdict(list)
    for one in notices:
        for name in (getattr(one, doi), getattr(one, pmid)):
            if name:
                known[name].append(one)
    return known


def _of(entry: Entry, known: Mapping[str, list[Notice]]) -> list[Notice]:
    found = {one.line: one for name in (entry.doi, entry.pmid) if name for one in known.get(name, ())}
    return sorted(found.values(), key=lambda one: (one.date, one.line))


def status_of(notices: Iterable[Notice]) -> str:
    """Return what notices make of a paper: the last of retraction and reinstatement, else any concern.

    A correction leaves a paper what it is, and a reinstatement without a day lifts no retraction.
    """
    # Without a day a reinstatement counts as first, everything else as last: the cautious reading.
    ordered = sorted(notices, key=lambda one: one.date or ("" if one.nature == REINSTATEMENT else "9999"))
    decisive = [one.nature for one in ordered if one.nature in (RETRACTION, REINSTATEMENT)]
    if decisive and decisive[-1] == RETRACTION:
        return RETRACTED
    return CONCERN if any(one.nature == CONCERN for one in ordered) else NOT_RETRACTED


def outcome(checked: Checked, as_of: str, source: str, complete: bool = True) -> tuple[Cell, ...]:
    """Return the cells of the reports that a check changes: status, day and list of each report searched for.

    A report without identifier keeps its cells, and so does one whose notice is of an unknown kind, or
    whose mark is worse than what the list says: somebody has set it, and a list takes no mark back.

    Parameters
    ----------
    as_of : str
        Day of the list, YYYY-MM-DD.
    source : str
        Which list it was.
    complete : bool
        Whether the list is meant to hold every notice up to that day: only then does it say
        something of reports that it does not name.
    """
    named = {hit.entry.key: hit for hit in checked.hits if hit.entry.table == REPORTS and not hit.is_notice}
    cells: list[Cell] = []
    for entry in checked.searched:
        hit = named.get(entry.key)
        if hit is None and not complete:
            continue
        status = hit.status if hit else NOT_RETRACTED
        if entry.table != REPORTS or (hit and not hit.is_clear) or is_kept(entry, status):
            continue
        new = {STATUS: status, CHECKED_ON: as_of, SOURCE: source}
        old = {column: entry.cells.get(column, "") for column in new}
        cells += [
            Cell(REPORTS, entry.key, column, old[column], value)
            for column, value in new.items()
            if old[column] != value
        ]
    return tuple(cells)


def edit(data: Path, cells: Iterable[Cell], because: Because) -> dict[str, str]:
    """Return the files of a data folder with cells changed, as `edits.put` takes them.

    A mark that is changed has its row in the ledger of corrections; a first look that finds no notice
    changes none.

    Parameters
    ----------
    because : Because
        Why marks are changed, the list that this rests on, and the day.

    Raises
    ------
    RequestError
        When a later correction of a mark is on record than the day given.
    """
    chosen = tuple(cells)
    marks = [Change(REPORTS, cell.key, STATUS, cell.new) for cell in chosen if is_correction(cell)]
    tables = with_corrections(data, load_schema(data), marks, because) if marks else {}
    reports = tables.get(REPORTS) or read_table(data, REPORTS)
    for cell in chosen:
        reports = reports.with_cell(cell.key, cell.column, cell.new)
    return files_of({**tables, REPORTS: reports}.values())


def is_correction(cell: Cell) -> bool:
    """Return whether a cell changes a mark, other than by the first look, which found no notice."""
    is_first = cell.old in ("", NOT_CHECKED) and cell.new == NOT_RETRACTED
    return cell.column == STATUS and not is_first


def is_kept(entry: Entry, status: str) -> bool:
    """Return whether the mark of a report is worse than a status that a list gives it."""
    marked = entry.cells.get(STATUS, "")
    return marked in STATUSES and STATUSES.index(marked) > STATUSES.index(status)
