"""What the tables hold already: rows as records, each with where it stands and which study it belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from livingmeta.intake.record import Record
from livingmeta.intake.rows import is_undecided, record_of, report_of
from livingmeta.table_files import Cells
from livingmeta.vocabulary import DUPLICATE

SCREENING, REPORTS, STUDIES = "screening", "reports", "studies"


@dataclass(frozen=True)
class Known:
    """A row of a table as a record.

    Parameters
    ----------
    table, key : str
        Where it stands: "screening" or "reports", and its key.
    record : Record
        What the table keeps of it.
    study_id : str
        Study it belongs to; empty where none.
    decision : str
        What somebody decided on it; empty for a report and for what nobody has decided on.
    duplicate_of : str
        Record that it repeats, as somebody decided.
    """

    table: str
    key: str
    record: Record
    study_id: str = ""
    decision: str = ""
    duplicate_of: str = ""

    @property
    def undecided(self) -> bool:
        """Return whether it is a record on which nobody has decided."""
        return self.table == SCREENING and not self.decision

    @property
    def target(self) -> str:
        """Return it as a link names it."""
        return f"{self.table}:{self.key}"


def known_of(
    screening: Iterable[Cells], reports: Iterable[Cells], studies: Iterable[Cells]
) -> tuple[list[Known], list[Known]]:
    """Return what is settled, and the records that nobody has decided on, each in the order of the keys.

    Parameters
    ----------
    screening, reports, studies : iterable of mapping
        Rows of the three tables.
    """
    registered = {row["study_id"]: row.get("registration", "") for row in studies}
    rows = sorted(screening, key=lambda row: row["record_id"])
    decided = [_decided(row) for row in rows if not is_undecided(row)]
    waiting = [Known(SCREENING, row["record_id"], record_of(row)) for row in rows if is_undecided(row)]
    published = [
        Known(REPORTS, row["report_id"], report_of(row, registered.get(row["study_id"], "")), row["study_id"])
        for row in sorted(reports, key=lambda row: row["report_id"])
        if row.get("report_type") != "dataset"
    ]
    return [*decided, *published], waiting


def _decided(row: Cells) -> Known:
    said = [row.get(name, "") for name in ("study_id", "decision", "duplicate_of")]
    return Known(SCREENING, row["record_id"], record_of(row), *said)


def first_choice(candidates: Sequence[Known], by_key: Mapping[str, Known]) -> Known:
    """Return what stands for records that are one report: a decided record, else a report.

    A record that somebody called a duplicate hands on to the one that it repeats.
    """
    resolved = {one.target: one for one in (_resolved(candidate, by_key) for candidate in candidates)}

    def order(one: Known) -> tuple[bool, bool, bool, str]:
        return one.table != SCREENING, one.decision == DUPLICATE, not one.study_id, one.key

    return min(resolved.values(), key=order)


def _resolved(one: Known, by_key: Mapping[str, Known]) -> Known:
    seen = {one.key}
    while one.decision == DUPLICATE and one.duplicate_of in by_key and one.duplicate_of not in seen:
        one = by_key[one.duplicate_of]
        seen.add(one.key)
    return one
