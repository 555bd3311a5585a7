"""What awaits a decision, and decisions written one by one, so that nobody's is lost or made twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from livingmeta.edits import editing, put
from livingmeta.intake.rows import is_undecided, plain
from livingmeta.schema import Schema, listed, load_schema
from livingmeta.table_files import Cells, Table, files_of, read_table
from livingmeta.vocabulary import (
    ABSTRACT,
    AWAITING,
    DUPLICATE,
    ERRATUM,
    EXCLUDED,
    EXPORT,
    FULL_TEXT,
    INCLUDED,
    PENDING,
    SURVEILLANCE,
    TITLE,
)

STANDARD_REASONS = (
    "wrong population",
    "wrong intervention or exposure",
    "wrong outcome",
    "wrong design",
    "review or editorial",
    "animal or in vitro study",
    "no usable result",
)
# The columns that a decision writes, besides `notes`.
DECIDED = ("decision", "reason", "stage", "study_id", "duplicate_of", "links", "decided_on")
TO_BE_ADDED = "eligible by {}, to be added"
SEEN_AS = {TITLE: "title", ABSTRACT: "title and abstract", FULL_TEXT: "full text"}


class ScreeningError(ValueError):
    """A decision that cannot be made; nothing is written, and the message says why and what to do."""


class OvertakenError(ScreeningError):
    """A decision on a record that is no longer as it was shown: it is not on the desk any more."""


@dataclass(frozen=True)
class Decision:
    """What somebody decided on a record.

    Parameters
    ----------
    decision, reason, stage, study_id, duplicate_of : str
        As `screening.csv` has them.
    link : str
        A link to add, where it repeats a report that has no record of its own.
    by : str
        Who decided; blank where not stated.
    """

    decision: str
    reason: str
    stage: str
    study_id: str = ""
    duplicate_of: str = ""
    link: str = ""
    by: str = ""

    def cells(self, row: Cells, day: str) -> dict[str, str]:
        """Return a row with this decision on it."""
        links = [*listed(row.get("links", "")), self.link]
        signed = f"Decided by {plain(self.by).rstrip('.')}." if self.by.strip() else ""
        return {
            **row,
            "decision": self.decision,
            "reason": plain(self.reason),
            "stage": self.stage,
            "study_id": self.study_id,
            "duplicate_of": self.duplicate_of,
            "links": "; ".join(dict.fromkeys(link for link in links if link)),
            "decided_on": day,
            "notes": " ".join(part for part in (row.get("notes", ""), signed) if part),
        }


@dataclass
class Desk:
    """The tables of a data folder as screening reads and writes them; read anew each time.

    Parameters
    ----------
    data : Path
        The data folder.
    search, question : str
        Only records of this search, or of searches for this question; blank for all.
    """

    data: Path
    search: str = ""
    question: str = ""
    schema: Schema = field(init=False)

    def __post_init__(self) -> None:
        self.schema = load_schema(self.data)
        if self.search and read_table(self.data, "searches", self.schema).find(self.search) is None:
            raise ScreeningError(f"--search {self.search}: must be a search of searches.csv")
        if self.question and not (self.data / "questions" / f"{self.question}.yml").exists():
            raise ScreeningError(f"--question {self.question}: must be a question of questions/")

    def table(self, name: str = "screening") -> Table:
        """Return a table as it is now."""
        return read_table(self.data, name, self.schema)

    def scope(self) -> list[Cells]:
        """Return the records of the searches looked at, but those that intake called duplicates."""
        rows = self.table().rows
        searches = self._searches(rows)
        kept = [row for row in rows if row["search_id"] in searches]
        return [row for row in kept if row["decision"] == PENDING or not is_undecided(row)]

    def _searches(self, rows: Sequence[Cells]) -> set[str]:
        searches = [row for row in self.table("searches").rows if self.search in ("", row["search_id"])]
        if self.question:
            return {
                row["search_id"] for row in searches if self.question in listed(row.get("question_ids", ""))
            }
        if self.search:
            return {self.search}
        taken_in = {row["search_id"] for row in searches if row["kind"] in (EXPORT, SURVEILLANCE)}
        return taken_in | {row["search_id"] for row in rows if row["decision"] == PENDING}

    def waiting(self) -> list[Cells]:
        """Return the records that await a decision, in the order of the table."""
        return [row for row in self.scope() if row["decision"] == PENDING]

    def find(self, record_id: str) -> Cells:
        """Return a record as it stands now.

        Raises
        ------
        ScreeningError
            When there is none of that name.
        """
        row = self.table().find(record_id)
        if row is None:
            raise ScreeningError(f"{record_id}: must be a record of screening.csv; livingmeta screen --list")
        return row

    def reasons(self) -> list[tuple[str, int]]:
        """Return the reasons to exclude, the standard ones first, with how often each was given."""
        used = Counter(row["reason"] for row in self.table().rows if row["decision"] == EXCLUDED)
        own = sorted(set(used) - set(STANDARD_REASONS), key=lambda one: (-used[one], one))
        return [(reason, used[reason]) for reason in (*STANDARD_REASONS, *own)]

    def decide(self, seen: Cells, decision: Decision, day: str) -> Cells:
        """Write a decision on a record, and return the new row.

        Parameters
        ----------
        seen : mapping of str to str
            The row as it was shown.
        day : str
            Day of the decision, YYYY-MM-DD.

        Raises
        ------
        ScreeningError
            When somebody else decided meanwhile, or the decision is not sound; nothing is written.
        EditError
            When nothing can be written.
        """
        new = decision.cells(seen, day)
        self._refuse(new)
        self._exchange(seen, new)
        return new

    def take_back(self, old: Cells, new: Cells) -> None:
        """Put back a row as it was before a decision; errors as in `decide`."""
        self._exchange(new, old)

    def _exchange(self, seen: Cells, new: Cells) -> None:
        with editing(self.data):
            table = self.table()
            now = table.find(seen["record_id"])
            if now is None or any(now.get(name, "") != seen.get(name, "") for name in DECIDED):
                raise OvertakenError(_changed(seen["record_id"], now))
            for column in (*DECIDED, "notes"):
                if now.get(column, "") != new.get(column, ""):
                    table = table.with_cell(seen["record_id"], column, new.get(column, ""))
            put(self.data, files_of([table]))

    def _refuse(self, new: Mapping[str, str]) -> None:
        needs = {INCLUDED: "study_id", EXCLUDED: "reason"}
        wanted = needs.get(new["decision"], "reason")
        problems = [] if new[wanted] else [f"{wanted}: must not be blank where decision is {new['decision']}"]
        if new["decision"] == DUPLICATE and not new["duplicate_of"] and f"{DUPLICATE} " not in new["links"]:
            problems.append("duplicate_of: must not be blank where decision is duplicate")
        if new["duplicate_of"] == new["record_id"]:
            problems.append("duplicate_of: must be another record")
        if new["duplicate_of"] and self.table().find(new["duplicate_of"]) is None:
            problems.append(f"duplicate_of: {new['duplicate_of']} must be a record of screening.csv")
        if new["study_id"] and self.table("studies").find(new["study_id"]) is None:
            problems.append(
                f"study_id: {new['study_id']} must be a study of studies.csv; a new one comes in with "
                f"livingmeta add --record {new['record_id']}"
            )
        if problems:
            raise ScreeningError("\n".join(problems))


def _changed(record_id: str, now: Cells | None) -> str:
    if now is None:
        return f"{record_id}: is no longer in screening.csv; nothing is written"
    if is_undecided(now):
        return f"{record_id}: was sorted anew meanwhile; nothing is written, look at it once more"
    said = f"{now['decision']}, {now['reason']}"
    return f"{record_id}: was decided meanwhile by another run ({said}); nothing is written"


def refuse_decided(row: Cells) -> None:
    """Refuse to decide on a record that somebody has decided on.

    Raises
    ------
    ScreeningError
        When it was.
    """
    if not is_undecided(row):
        said = f"{row['decision']}, {row['reason']}, on {row.get('decided_on') or 'a day not recorded'}"
        raise ScreeningError(
            f"{row['record_id']}: is decided already ({said}); livingmeta correct changes a decision"
        )


def default_reason(decision: str, stage: str) -> str:
    """Return the reason that goes without asking, empty where somebody has to give it."""
    if decision == AWAITING:
        return TO_BE_ADDED.format(SEEN_AS.get(stage, stage))
    return {INCLUDED: "a report of an included study", ERRATUM: "erratum of a report"}.get(
        decision, "same report" if decision == DUPLICATE else ""
    )


def seen_stage(abstract: str) -> str:
    """Return the stage of a record of which an abstract was shown, or none."""
    return ABSTRACT if abstract else TITLE
