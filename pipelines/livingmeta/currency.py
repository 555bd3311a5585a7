"""How current a question is: last and next look, what awaits, and whether declared rules are met.

A rule is a name with a threshold in a question's file. Nothing here asks a clock: what depends
on the day of reading is a date, which a page compares with its reader's clock.
"""

import calendar
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from livingmeta import formats
from livingmeta.formats import counted
from livingmeta.history import History
from livingmeta.questions import Question
from livingmeta.releases import UNRELEASED, Identity
from livingmeta.schema import listed
from livingmeta.studies import Studies, study_ids
from livingmeta.vocabulary import AWAITING, PENDING

FULL_TEXT, ONGOING = "full_text_wanted", "ongoing_trial"


@dataclass(frozen=True)
class Look:
    """One look for evidence: its day (YYYY-MM-DD) and its kind."""

    date: str
    kind: str


@dataclass(frozen=True)
class Awaiting:
    """What is known and not yet in the evidence: how many full texts, trials and screened records.

    `pending` records nobody has looked at: they may have nothing to do with a question, so no
    rule counts them.
    """

    full_texts: int = 0
    ongoing: int = 0
    screened: int = 0
    pending: int = 0

    @property
    def n(self) -> int:
        """Return how many things are awaited that are known to matter."""
        return self.full_texts + self.ongoing + self.screened

    @property
    def text(self) -> str:
        """Return what is awaited, in words."""
        named = (
            (self.full_texts, "full text", "full texts"),
            (self.ongoing, "ongoing trial", "ongoing trials"),
            (self.screened, "screened record", "screened records"),
            (self.pending, "record not screened yet", "records not screened yet"),
        )
        said = [counted(n, one, many) for n, one, many in named if n]
        return formats.listing(said) or "nothing known"


@dataclass(frozen=True)
class Facts:
    """What rules look at.

    Parameters
    ----------
    last_look : Look or None
        The newest dated look that names the question.
    awaiting : Awaiting
        What is known and not yet in the evidence.
    newest_study, year : int or None
        Year of the newest study of the question, and of the build.
    looks, looks_without_change : int
        Released new searches, and how many of the last ones in a row changed nothing.
    """

    last_look: Look | None
    awaiting: Awaiting
    newest_study: int | None
    year: int | None
    looks: int
    looks_without_change: int


@dataclass(frozen=True)
class Outcome:
    """What became of a declared rule.

    Parameters
    ----------
    words : str
        The rule in words, with its threshold.
    met : bool or None
        None when it cannot be evaluated, or only on the day of reading.
    seen : str
        The numbers it saw, in words.
    due : str
        The day (YYYY-MM-DD) from which it is met, where only the reader's clock can tell.
    """

    words: str
    met: bool | None
    seen: str
    due: str = ""


Rule = Callable[[Facts, int], Outcome]


def _awaiting_at_least(facts: Facts, threshold: int) -> Outcome:
    words = f"at least {counted(threshold, 'report or trial awaits', 'reports or trials await')} assessment"
    return Outcome(
        words,
        facts.awaiting.n >= threshold,
        f"{facts.awaiting.text} awaiting" if facts.awaiting.n else "nothing is known to await",
    )


def _months_since_last_look(facts: Facts, threshold: int) -> Outcome:
    words = f"{counted(threshold, 'month', 'months')} since the last look"
    if facts.last_look is None:
        return Outcome(words, None, "no dated look is recorded")
    due = months_later(facts.last_look.date, threshold)
    return Outcome(words, None, f"last look {facts.last_look.date}", due)


def _years_without_new_study(facts: Facts, threshold: int) -> Outcome:
    words = f"{counted(threshold, 'year', 'years')} without a new study"
    if facts.newest_study is None or facts.year is None:
        what = "no study has a year" if facts.newest_study is None else "the date of this build is not known"
        return Outcome(words, None, what)
    years = facts.year - facts.newest_study
    seen = f"newest study {facts.newest_study}, {counted(years, 'year', 'years')} before {facts.year}"
    return Outcome(words, years >= threshold, seen)


def _new_searches_without_change(facts: Facts, threshold: int) -> Outcome:
    words = f"{counted(threshold, 'new search', 'new searches')} in a row without a change"
    if not facts.looks:
        return Outcome(words, False, "no new search has been released")
    seen = f"{facts.looks_without_change} in a row, of {counted(facts.looks, 'new search', 'new searches')}"
    return Outcome(words, facts.looks_without_change >= threshold, seen)


RULES: dict[str, Rule] = {
    "awaiting_at_least": _awaiting_at_least,
    "months_since_last_look": _months_since_last_look,
    "years_without_new_study": _years_without_new_study,
    "new_searches_without_change": _new_searches_without_change,
}


@dataclass(frozen=True)
class Currency:
    """How current a question is.

    Parameters
    ----------
    question_id, title, part : str
        Which question.
    version : str
        Of the build, "unreleased" where it has none.
    status, because : str
        Its living mode and the reason for it.
    last_look : Look or None
        The newest dated look that names it.
    next_due : str
        The day of the next look, empty where no schedule is agreed or no look is dated.
    every_months : int or None
        The schedule.
    awaiting : Awaiting
        What is known and not yet in the evidence.
    updates, retirements : tuple of Outcome
        What became of the declared rules.
    """

    question_id: str
    title: str
    part: str
    version: str
    status: str
    because: str
    last_look: Look | None
    next_due: str
    every_months: int | None
    awaiting: Awaiting
    updates: tuple[Outcome, ...] = ()
    retirements: tuple[Outcome, ...] = ()

    @property
    def is_released(self) -> bool:
        """Return whether the build is a released version."""
        return self.version != UNRELEASED

    @property
    def update_due(self) -> tuple[Outcome, ...]:
        """Return the rules by which an update is due."""
        return tuple(outcome for outcome in self.updates if outcome.met)

    @property
    def retirement_due(self) -> tuple[Outcome, ...]:
        """Return the rules by which the question is to be retired."""
        return tuple(outcome for outcome in self.retirements if outcome.met)


def currency(question: Question, studies: Studies, past: History, today: Identity) -> Currency:
    """Return how current a question is."""
    living, facts = question.living, facts_of(question, studies, past, today)
    months = living.get("search_every_months")
    due = months_later(facts.last_look.date, months) if months and facts.last_look else ""
    return Currency(
        question_id=question.id,
        title=question.title,
        part=question.part,
        version=today.version,
        status=str(living.get("status") or "not recorded"),
        because=str(living.get("because") or ""),
        last_look=facts.last_look,
        next_due=due,
        every_months=months,
        awaiting=facts.awaiting,
        updates=evaluated(living.get("update_when"), facts),
        retirements=evaluated(living.get("retire_when"), facts),
    )


def evaluated(rules: Sequence[dict[str, int]] | None, facts: Facts) -> tuple[Outcome, ...]:
    """Return what became of declared rules, in the order of the file."""
    declared = ((name, threshold) for rule in rules or () for name, threshold in rule.items())
    return tuple(RULES[name](facts, threshold) for name, threshold in declared)


def facts_of(question: Question, studies: Studies, past: History, today: Identity) -> Facts:
    """Return what the rules of a question look at."""
    ids = study_ids(studies.effects, question.effects)
    return Facts(
        last_look=last_look(studies, question.id),
        awaiting=awaiting(studies, question.id, ids),
        newest_study=_newest(studies, ids),
        year=int(today.date[:4]) if today.date else None,
        looks=past.looks,
        looks_without_change=past.looks_without_change,
    )


def last_look(studies: Studies, question_id: str | None = None) -> Look | None:
    """Return the newest dated look that names a question, of all looks without one."""
    rows = studies.searches.dropna(subset=["date"])
    looks = [
        Look(str(row["date"])[:10], str(row["kind"]))
        for row in rows.to_dict("records")
        if question_id is None or question_id in _listed(row["question_ids"])
    ]
    return max(looks, key=lambda look: look.date, default=None)


def last_look_by(studies: Studies, saved_search_id: str, before: str = "") -> Look | None:
    """Return the newest dated look made with a saved search, of those before a day if one is given."""
    searches = studies.searches
    if "saved_search_id" not in searches:  # releases of before there were any
        return None
    rows = searches[searches["saved_search_id"].eq(saved_search_id)].dropna(subset=["date"])
    looks = [Look(str(row["date"])[:10], str(row["kind"])) for row in rows.to_dict("records")]
    known = (look for look in looks if not before or look.date < before)
    return max(known, key=lambda look: look.date, default=None)


def _listed(cell: Any) -> tuple[str, ...]:
    return () if pd.isna(cell) else listed(str(cell))


def awaiting(studies: Studies, question_id: str | None = None, ids: Iterable[str] = ()) -> Awaiting:
    """Return what is awaited for a question, or everything that is when none is named.

    A screened record that is on the watch list too counts once.

    Parameters
    ----------
    studies : Studies
        The curated tables.
    question_id : str, optional
        A question, whose rows of the watch list count.
    ids : iterable of str
        Its studies, whose screened records count.
    """
    wanted, waiting = studies.ongoing, studies.screening[studies.screening["decision"].eq(AWAITING)]
    if question_id is not None:
        wanted = wanted[wanted["question_id"].eq(question_id).fillna(False).astype(bool)]
        waiting = waiting[waiting["study_id"].isin(list(ids))]
    listed = set(wanted["source"].dropna())
    known = waiting["record_id"].isin(listed) | waiting["extraction_id"].isin(listed)
    kinds = wanted["kind"]
    return Awaiting(
        int(kinds.eq(FULL_TEXT).sum()),
        int(kinds.eq(ONGOING).sum()),
        int((~known).sum()),
        _pending(studies, question_id),
    )


def _pending(studies: Studies, question_id: str | None) -> int:
    """Return how many records nobody has looked at, of all looks or of those for a question."""
    waiting = studies.screening[studies.screening["decision"].eq(PENDING)]
    if question_id is None:
        return len(waiting)
    looks = zip(studies.searches["search_id"], studies.searches["question_ids"], strict=True)
    asked = [search for search, cell in looks if question_id in _listed(cell)]
    return int(waiting["search_id"].isin(asked).sum())


def _newest(studies: Studies, ids: Iterable[str]) -> int | None:
    own = studies.studies[studies.studies["study_id"].isin(list(ids))]
    years = pd.to_numeric(own["year"], errors="coerce").dropna()
    return int(years.max()) if len(years) else None


def months_later(day: str, months: int) -> str:
    """Return the day some months later, the month's last where it has no such day; YYYY-MM-DD."""
    start = date.fromisoformat(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).isoformat()
