"""Taking in the export of a search: a row in `searches.csv`, and one per record in `screening.csv`.

The names of searches and records come from their content. So the same export adds nothing a
second time, whatever its file is called and whenever it comes, and a run that was killed is
completed by the next one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from livingmeta.check import brought, check
from livingmeta.edits import Texts, editing, finish, overlay, put
from livingmeta.intake.exports import read
from livingmeta.intake.kept import keep
from livingmeta.intake.known import REPORTS, SCREENING, STUDIES, known_of
from livingmeta.intake.record import Broken, ExportError, Reading, Record
from livingmeta.intake.rows import COLUMNS, hashed, is_undecided, names_of, row_of
from livingmeta.intake.sorting import Alarm, Sorted, sort_anew
from livingmeta.schema import load_schema
from livingmeta.table_files import Cells, Table, files_of, read_table
from livingmeta.vocabulary import EXPORT

SEARCHES = "searches"


class IntakeError(ValueError):
    """An intake that was refused; nothing is written, and the message lists everything."""

    def __init__(self, problems: Iterable[object]):
        self.problems = tuple(str(problem) for problem in problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class SearchDetails:
    """What is known of the search behind an export.

    Parameters
    ----------
    name : str
        First part of the name of the search; blank for the kind.
    source : str
        Where was looked; blank for the format of the file.
    searched_on : str
        Day of the search, YYYY-MM-DD; blank where not stated.
    kind : str
        As `searches.csv` has it.
    query : str
        Search terms, as stated.
    question_ids : tuple of str
        Questions that it concerns.
    saved_search_id : str
        Saved search that was asked; each day on which it is asked is a look of its own.
    notes : str
        What else there is to say.
    """

    name: str = ""
    source: str = ""
    searched_on: str = ""
    kind: str = EXPORT
    query: str = ""
    question_ids: tuple[str, ...] = ()
    saved_search_id: str = ""
    notes: str = ""


@dataclass(frozen=True)
class Export:
    """One export as it was taken in.

    Parameters
    ----------
    file : str
        Its name, for messages.
    search : mapping of str to str
        Its row in `searches.csv`.
    rows : tuple of mapping of str to str
        A row for each of its records, before they were sorted.
    broken : tuple of Broken
        What could not be read.
    added : int
        How many of its records were not there yet.
    is_known : bool
        Its search was there already.
    """

    file: str
    search: Cells
    rows: tuple[Cells, ...]
    broken: tuple[Broken, ...]
    added: int
    is_known: bool

    @property
    def search_id(self) -> str:
        """Return the name of its search."""
        return self.search["search_id"]


@dataclass(frozen=True)
class Taken:
    """What an intake did, or would do.

    Parameters
    ----------
    exports : tuple of Export
        In the order of the files.
    rows : tuple of mapping of str to str
        The rows of this run's new records as they stand in `screening.csv`.
    sorted : mapping of str to Sorted
        How each of them was sorted.
    resorted : tuple of str
        Records that were there and undecided, and are sorted in another way now.
    alarms : tuple of Alarm
        Retractions and expressions of concern about studies in the tables.
    texts : mapping of str to str
        The files, as `edits.put` takes them; empty when nothing is new.
    written : bool
        Whether they were written.
    """

    exports: tuple[Export, ...]
    rows: tuple[Cells, ...] = ()
    sorted: Mapping[str, Sorted] = field(default_factory=dict)
    resorted: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    texts: Texts = field(default_factory=dict)
    written: bool = False


def take_in(
    data: Path, files: Sequence[tuple[str, bytes]], search: SearchDetails | None = None, dry_run: bool = False
) -> Taken:
    """Take in exports, each as a look of its own.

    Parameters
    ----------
    data : Path
        The data folder.
    files : sequence of (str, bytes)
        Name, for messages, and content of each file.
    search : SearchDetails
        What is known of the search.
    dry_run : bool
        Work out everything and write nothing.

    Raises
    ------
    IntakeError
        When a file is no export, or the tables would not be sound; nothing is written.
    EditError
        When another run is at work, or nothing can be written.
    """
    readings, problems = [], []
    for name, content in files:
        try:
            readings.append((name, read(name, content)))
        except ExportError as error:
            problems.append(error)
    if problems:
        raise IntakeError(problems)
    return take_in_readings(data, readings, search, dry_run)


def take_in_readings(
    data: Path,
    readings: Sequence[tuple[str, Reading]],
    search: SearchDetails | None = None,
    dry_run: bool = False,
) -> Taken:
    """Take in what was read of exports; parameters and errors as in `take_in`."""
    details = search or SearchDetails()
    finish(data)
    seen = _state(data)
    taken = _looked_at(data, readings, details)
    if dry_run:
        return taken
    # Working it out takes a while, in which others may edit; only what they changed is worked out anew.
    with editing(data):
        if _state(data) != seen:
            taken = _looked_at(data, readings, details)
        for (_, reading), export in zip(readings, taken.exports, strict=True):
            names = [row["record_id"] for row in export.rows]
            keep(data, export.search_id, dict(zip(names, reading.records, strict=True)), export.broken)
        put(data, taken.texts)
    return replace(taken, written=bool(taken.texts))


def _state(data: Path) -> dict[str, bytes]:
    """Return the files that decide what an intake does."""
    paths = [data / f"{name}.csv" for name in (SEARCHES, SCREENING, REPORTS, STUDIES)]
    return {path.name: path.read_bytes() for path in (*paths, data / "datapackage.yaml") if path.exists()}


def _looked_at(data: Path, readings: Sequence[tuple[str, Reading]], details: SearchDetails) -> Taken:
    taken = _worked_out(data, readings, details)
    if taken.texts:
        _refuse_unsound(data, taken.texts)
    return taken


def _worked_out(data: Path, readings: Sequence[tuple[str, Reading]], details: SearchDetails) -> Taken:
    """Return what an intake would do to the tables as they are."""
    schema = load_schema(data)
    searches, screening = (read_table(data, name, schema) for name in (SEARCHES, SCREENING))
    there = {row["record_id"]: row for row in screening.rows}
    ids = [row["search_id"] for row in searches.rows]
    exports: list[Export] = []
    new: dict[str, Cells] = {}
    for file, reading in readings:
        search_id, known = _named(reading, details, [*ids, *(one.search_id for one in exports)])
        rows = tuple(row_of(record, search_id, name) for record, name in _with_names(reading.records))
        added = [row for row in rows if row["record_id"] not in there and row["record_id"] not in new]
        new.update({row["record_id"]: row for row in added})
        row = _search_row(search_id, reading, details)
        if known and search_id in ids:
            row = dict(searches.find(search_id) or row)
        exports.append(Export(file, row, rows, reading.broken, len(added), known))
    fresh = [one.search for one in exports if one.search_id not in ids and not one.is_known]
    if not fresh and not new:
        return Taken(tuple(exports))
    tables = [read_table(data, name, schema).rows for name in (REPORTS, STUDIES)]
    return _sorted(tuple(exports), searches.with_rows(fresh), screening, new, tables)


def _sorted(
    exports: tuple[Export, ...],
    searches: Table,
    screening: Table,
    new: Mapping[str, Cells],
    tables: Sequence[Sequence[Cells]],
) -> Taken:
    """Return the tables with all undecided records sorted anew."""
    # Every column that a record may need, so that none depends on what came first.
    table = screening.with_rows(new.values()).with_columns(COLUMNS)
    result, alarms = sort_anew(*known_of(table.rows, *tables))
    rows = tuple(_as_sorted(row, result) for row in table.rows)
    before = {row["record_id"]: row for row in screening.rows}
    names = ("decision", "duplicate_of", "links", "study_id")
    resorted = tuple(
        row["record_id"]
        for row in rows
        if (old := before.get(row["record_id"]))
        and any(old.get(name, "") != row.get(name, "") for name in names)
    )
    return Taken(
        exports,
        tuple(row for row in rows if row["record_id"] in new),
        {name: result[name] for name in new},
        resorted,
        tuple(alarms),
        files_of([searches, replace(table, rows=rows)]),
    )


def _as_sorted(row: Cells, result: Mapping[str, Sorted]) -> Cells:
    if not is_undecided(row):
        return row
    return {**dict.fromkeys(COLUMNS, ""), **row, **result[row["record_id"]].cells}


def _with_names(records: Sequence[Record]) -> Iterable[tuple[Record, str]]:
    return zip(records, names_of(records), strict=True)


def _named(reading: Reading, details: SearchDetails, ids: Sequence[str]) -> tuple[str, bool]:
    """Return the name of the search behind an export, and whether it is there already."""
    content: list[object] = [sorted(names_of(reading.records)), sorted(one.text for one in reading.broken)]
    is_empty = not any(content)
    content.append(reading.format)  # the row says it, and must not depend on which file came first
    if details.saved_search_id or is_empty:
        content += [details.saved_search_id, details.searched_on, details.query]
    end = f"-{hashed(content)}"
    there = next((one for one in ids if one.endswith(end)), None)
    return there or f"{details.name or details.kind}{end}", there is not None


def _search_row(search_id: str, reading: Reading, details: SearchDetails) -> dict[str, str]:
    """Return the row of a look; what nobody has stated stays blank."""
    found = len(reading.records) + len(reading.broken)
    notes = [details.notes] if details.notes else []
    if reading.broken:
        notes.append(f"{len(reading.broken)} of {found} records could not be read.")
    return {
        "search_id": search_id,
        "date": details.searched_on,
        "source": details.source or f"export file {reading.format}",
        "kind": details.kind,
        "saved_search_id": details.saved_search_id,
        "question_ids": ";".join(details.question_ids),
        "query": details.query,
        "records_found": str(found),
        "notes": " ".join(notes),
    }


def _refuse_unsound(data: Path, texts: Texts) -> None:
    """Refuse an edit that would bring a fault; questions are left out, as no row of theirs changes."""
    questions = [path.stem for path in (data / "questions").glob("*.yml")]
    with overlay(data, texts) as copy:
        faults = check(copy, questions).faults
        if faults:
            faults = brought(check(data, questions).faults, faults)
    if faults:
        raise IntakeError(faults)
