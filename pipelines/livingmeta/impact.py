"""What an edit would do: to the checks and to every estimate, seen before anything is written."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livingmeta.check import Finding, brought, check
from livingmeta.differences import as_text, compare
from livingmeta.edits import Texts, overlay
from livingmeta.effect_sizes import MeasureError
from livingmeta.estimators import FitError
from livingmeta.kept_records import KeptRecords
from livingmeta.questions import QuestionError
from livingmeta.releases import Identity
from livingmeta.schema import SchemaError
from livingmeta.snapshots import Snapshot
from livingmeta.studies import DataError

BEFORE, AFTER = "now", "after this edit"
UNREADABLE = (SchemaError, DataError, QuestionError, MeasureError, FitError)


@dataclass(frozen=True)
class Impact:
    """What an edit would do.

    Parameters
    ----------
    faults, warnings : tuple of Finding
        Those that the edit would bring; what is there already is not the edit's.
    changes : dict
        What differs afterwards, as `livingmeta diff --format json` says it; empty when it
        cannot be worked out.
    reason : str
        Why it cannot.
    """

    faults: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def moved(self) -> list[dict[str, Any]]:
        """Return the results of the questions whose estimate would move."""
        return [result for result in self.changes.get("results") or () if result["moved"]]

    @property
    def text(self) -> str:
        """Return what would change, in the words of `livingmeta diff`."""
        if self.changes:
            return as_text(self.changes)
        return f"what it does to the estimates cannot be told: {self.reason}\n" if self.reason else ""


def impact(data: Path, texts: Texts, kept: KeptRecords | None = None) -> Impact:
    """Return what an edit would do to a data folder.

    Parameters
    ----------
    data : Path
        The data folder, which stays as it is.
    texts : mapping of str to str or None
        The files of the edit, as `edits.put` takes them.
    kept : KeptRecords, optional
        Records that need not be worked out again.

    Raises
    ------
    EditError
        When there is no room for a copy to look at.
    """
    records = kept or KeptRecords()
    with overlay(data, texts) as copy:
        after = check(copy)
        before = check(data) if after.faults or after.warnings else after
        faults = brought(before.faults, after.faults)
        warnings = brought(before.warnings, after.warnings)
        if faults:
            return Impact(faults, warnings, reason="the edit is not sound")
        try:
            changes = compare(
                Snapshot(BEFORE, data, Identity(), kept=records),
                Snapshot(AFTER, copy, Identity(), kept=records),
            )
        except UNREADABLE as error:
            return Impact(faults, warnings, reason=str(error))
        return Impact(faults, warnings, changes.as_dict())
