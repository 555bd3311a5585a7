"""Saved searches: which there are, when each was last asked, and since which day it is to be asked."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from livingmeta.currency import last_look_by
from livingmeta.schema import listed
from livingmeta.studies import Studies

RETIRED = "retired"
# PubMed adds and indexes records for some days under a day that is past; what comes again is known by then.
OVERLAP = timedelta(days=14)


@dataclass(frozen=True)
class SavedSearch:
    """A search that is asked again and again; `last` is the day of its newest look, empty without one."""

    saved_search_id: str
    source: str
    query: str
    question_ids: tuple[str, ...]
    status: str
    since: str
    notes: str = ""
    last: str = ""

    @property
    def is_retired(self) -> bool:
        """Return whether nobody asks it any more."""
        return self.status == RETIRED

    def start(self, since: date | None = None) -> date:
        """Return the first day to ask for: that asked for, else some days before the last look."""
        first = date.fromisoformat(self.since)
        if since is not None or not self.last:
            return since or first
        return max(first, date.fromisoformat(self.last) - OVERLAP)


def saved_searches(studies: Studies, before: str = "") -> tuple[SavedSearch, ...]:
    """Return all saved searches, in the order of their table.

    Parameters
    ----------
    before : str
        Only looks before this day count as the last one, so that a look that is made twice on a day
        asks for the same.
    """
    return tuple(_saved(row, studies, before) for row in studies.saved_searches.to_dict("records"))


def _saved(row: dict[Any, Any], studies: Studies, before: str) -> SavedSearch:
    cells = {str(name): "" if pd.isna(value) else str(value) for name, value in row.items()}
    own = {name: cells[name] for name in ("saved_search_id", "source", "query", "status", "since", "notes")}
    look = last_look_by(studies, own["saved_search_id"], before)
    return SavedSearch(**own, question_ids=listed(cells["question_ids"]), last=look.date if look else "")
