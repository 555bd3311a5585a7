"""Screening as a dialogue: one record, one key, one decision written at once."""

from collections.abc import Callable, Sequence
from typing import Protocol

from livingmeta.formats import counted
from livingmeta.screening.desk import (
    Decision,
    Desk,
    OvertakenError,
    ScreeningError,
    default_reason,
    seen_stage,
)
from livingmeta.screening.view import Linked, Reader, one_line, page
from livingmeta.table_files import Cells
from livingmeta.vocabulary import (
    AWAITING,
    DUPLICATE,
    ERRATUM,
    ERRATUM_OF,
    EXCLUDED,
    INCLUDED,
    PENDING,
    POSSIBLE,
    STAGES,
)

KEYS = "i include, e exclude, a await, d repeats, s skip, u undo, o all, ? help, q quit"
HELP = (
    "i  include: a further report of a study that is here, or a new study to be added",
    "e  exclude, with a reason from a list",
    "a  eligible or unclear: the full text is awaited",
    "d  repeats another record",
    "r  is an erratum",
    "t  change the stage: how much of the record you have seen",
    "s  skip for now          u  take the last decision back",
    "o  show all of it        q  quit; every decision is written already",
)
LINES_AROUND = 4  # head, keys and prompt
MOST_REASONS = 17


class Talk(Protocol):
    """Where a dialogue is held: a terminal, or lines from a file."""

    width: int
    height: int

    def say(self, text: str) -> None:
        """Show a line."""

    def head(self, text: str) -> None:
        """Show the first line of a record."""

    def key(self) -> str:
        """Return the next key; raise EOFError at the end."""

    def line(self, prompt: str) -> str:
        """Return a line that was typed after a prompt; raise EOFError at the end."""


class Dialogue:
    """Shows what awaits a decision and writes each decision when its key is pressed.

    Parameters
    ----------
    desk : Desk
        The tables.
    talk : Talk
        Where it is held.
    today : function
        Returns the day of a decision, YYYY-MM-DD.
    by : str
        Who decides; blank where not stated.
    """

    def __init__(self, desk: Desk, talk: Talk, today: Callable[[], str], by: str = "") -> None:
        self.desk, self.talk, self.today, self.by = desk, talk, today, by
        self.done: list[tuple[Cells, Cells]] = []
        self.skipped: list[str] = []
        self.first = ""
        self.row: Cells = {}
        self.reader = Reader(desk)
        self.stage = ""

    def run(self, only: str = "") -> None:
        """Go through the records, or one of them, until there is none left or somebody quits."""
        self.first = only
        try:
            while self._show(only):
                while not self._key(self.talk.key()):
                    pass
                if only and self.done:
                    break
        except (EOFError, KeyboardInterrupt):
            self.talk.say("")
        self._end()

    def _show(self, only: str) -> bool:
        """Show the next record, and return whether there is one."""
        waiting = [row for row in self.desk.waiting() if row["record_id"] not in self.skipped]
        rows = {row["record_id"]: row for row in waiting}
        if only and only not in rows and only not in self.skipped:
            rows[only] = self.desk.find(only)
        chosen = rows.get(self.first) or (None if only else next(iter(waiting), None))
        if chosen is None:
            return False
        self.first = ""
        self.row, self.reader = chosen, Reader(self.desk)
        self.stage = seen_stage(self.reader.abstract(chosen))
        self._page(whole=False)
        return True

    def _page(self, whole: bool) -> None:
        scope = self.desk.scope()
        left = sum(row["decision"] == PENDING for row in scope)
        at = len(scope) - left + len(self.skipped) + 1
        self.talk.say("")
        place = f"{min(at, len(scope) or 1)} of {len(scope) or 1}"
        self.talk.head(f"{place}   {self.row['record_id']}   seen: {self.stage.replace('_', ' ')}")
        remarks, abstract = self.reader.remarks(self.row), self.reader.abstract(self.row)
        room = self.talk.height - LINES_AROUND
        for line in page(self.row, remarks, abstract, self.talk.width - 1, room, whole):
            self.talk.say(line)
        self.talk.say(KEYS[: self.talk.width - 1])

    def _key(self, key: str) -> bool:
        """Do what a key says, and return whether the next record is due."""
        if key == "q":
            raise EOFError
        actions: dict[str, Callable[[], bool]] = {
            **{"i": self._include, "e": self._exclude, "a": self._await, "d": self._duplicate},
            **{"r": self._erratum, "s": self._skip, "u": self._undo, "o": self._more},
            **{"t": self._next_stage, "?": self._help, "h": self._help},
        }
        action = actions.get(key)
        if action is None:
            self.talk.say(f"{key!r} is no key here; {KEYS}")
            return False
        return action()

    def _write(self, decision: str, reason: str = "", study: str = "", of: str = "", link: str = "") -> bool:
        """Write a decision; what cannot be written is said, and the record stays on the desk."""
        reason = reason or default_reason(decision, self.stage)
        made = Decision(decision, reason, self.stage, study, of, link, self.by)
        try:
            new = self.desk.decide(self.row, made, self.today())
        except ScreeningError as error:
            self.talk.say(str(error))
            return isinstance(error, OvertakenError)
        self.done.append((self.row, new))
        self.talk.say(
            f"-> {decision.replace('_', ' ')}: {reason}" + (f" ({study or of})" if study or of else "")
        )
        return True

    def _include(self) -> bool:
        studies = list(dict.fromkeys(one.target.study_id for one in self._links() if one.target.study_id))
        for number, study in enumerate(studies, 1):
            self.talk.say(f"{number}  a report of {self.reader.target(f'studies:{study}').words} ({study})")
        self.talk.say("n  a new study: awaits being added (livingmeta add --record)")
        said = self._asked(f"number, study_id or n{self._default('1' if studies else 'n')}: ")
        said = said or ("1" if studies else "n")
        if said == "n":
            self.talk.say(f"to be added with: livingmeta add --record {self.row['record_id']}")
            return self._write(AWAITING)
        return self._picked(said, studies, lambda study: self._write(INCLUDED, study=study))

    def _exclude(self) -> bool:
        reasons = [reason for reason, _ in self.desk.reasons()][:MOST_REASONS]
        for number, reason in enumerate(reasons, 1):
            self.talk.say(f"{number:>2}  {reason[: self.talk.width - 5]}")
        said = self._asked("number, or a reason in words (empty: back): ")
        if not said:
            return self._back()
        return self._picked(said, reasons, lambda reason: self._write(EXCLUDED, reason))

    def _await(self) -> bool:
        said = self._asked(f"reason{self._default(default_reason(AWAITING, self.stage))}: ")
        return self._write(AWAITING, said)

    def _duplicate(self) -> bool:
        links = [one for one in self._links() if one.relation in (POSSIBLE, DUPLICATE)]
        for number, one in enumerate(links, 1):
            self.talk.say(f"{number}  {one.text(self.row)}")
        said = self._asked("number or record_id of what it repeats (empty: back): ") or ("1" if links else "")
        if not said:
            return self._back()
        return self._picked(said, [one.key for one in links], self._repeat)

    def _repeat(self, key: str) -> bool:
        """Write that the record repeats a record, or a report that has no record of its own."""
        table, _, name = key.partition(":")
        if not name:
            table, name = "screening", key
        study = self.reader.target(f"{table}:{name}").study_id
        if table == "screening":
            return self._write(DUPLICATE, study=study, of=name)
        return self._write(DUPLICATE, study=study, link=f"{DUPLICATE} {table}:{name}")

    def _erratum(self) -> bool:
        study = next((one.target.study_id for one in self._links() if one.relation == ERRATUM_OF), "")
        return self._write(
            ERRATUM, self._asked(f"what it corrects{self._default('erratum of a report')}: "), study
        )

    def _skip(self) -> bool:
        self.skipped.append(self.row["record_id"])
        return True

    def _undo(self) -> bool:
        if not self.done:
            self.talk.say("nothing was decided in this run")
            return False
        old, new = self.done.pop()
        try:
            self.desk.take_back(old, new)
        except ScreeningError as error:
            self.talk.say(str(error))
            return False
        self.first = old["record_id"]
        self.talk.say(f"taken back: {one_line(old, self.talk.width - 12)}")
        return True

    def _more(self) -> bool:
        self._page(whole=True)
        return False

    def _next_stage(self) -> bool:
        self.stage = STAGES[(STAGES.index(self.stage) + 1) % len(STAGES)]
        self.talk.say(f"seen: {self.stage.replace('_', ' ')}")
        return False

    def _help(self) -> bool:
        for line in HELP:
            self.talk.say(line)
        return False

    def _links(self) -> list[Linked]:
        return self.reader.links(self.row)

    def _asked(self, prompt: str) -> str:
        return self.talk.line(prompt).strip()

    def _default(self, value: str) -> str:
        return f" (empty: {value})" if value else ""

    def _back(self) -> bool:
        self.talk.say("nothing is decided")
        return False

    def _picked(self, said: str, choices: Sequence[str], then: Callable[[str], bool]) -> bool:
        """Go on with a choice by its number, or with what was typed in words."""
        if not said.isdigit():
            return then(said)
        if 1 <= int(said) <= len(choices):
            return then(choices[int(said) - 1])
        self.talk.say(f"{said}: must be a number of the list")
        return False

    def _end(self) -> None:
        left, n = len(self.desk.waiting()), len(self.done)
        said = f"{counted(n, 'decision')} written; {counted(left, 'record')} to screen"
        self.talk.say(said + (f", {len(self.skipped)} of them skipped now" if self.skipped else ""))
