"""The verb `screen`: what to do with each record that awaits a decision."""

import os
import select
import shutil
import sys
import termios
import tty
from pathlib import Path
from typing import TYPE_CHECKING

import click

from livingmeta.commands.options import DATA, checkout, epilog, fail, printable
from livingmeta.vocabulary import AWAITING, DUPLICATE, ERRATUM, EXCLUDED, INCLUDED, STAGES

if TYPE_CHECKING:
    from livingmeta.screening.desk import Desk

DECISIONS = {
    "include": INCLUDED,
    "exclude": EXCLUDED,
    "await": AWAITING,
    "duplicate": DUPLICATE,
    "erratum": ERRATUM,
}
NARROWEST, SHORTEST = 40, 12


class Terminal:
    """A dialogue by single keys."""

    def __init__(self) -> None:
        size = shutil.get_terminal_size((80, 24))
        self.width, self.height = max(size.columns, NARROWEST), max(size.lines, SHORTEST)
        self.bold = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"

    def say(self, text: str) -> None:
        """Show a line."""
        click.echo(printable(text))

    def head(self, text: str) -> None:
        """Show the first line of a record."""
        click.echo(click.style(printable(text), bold=True) if self.bold else printable(text))

    def key(self) -> str:
        """Return the key that is pressed; what was typed ahead is not lost."""
        at = sys.stdin.fileno()
        before = termios.tcgetattr(at)
        try:
            tty.setcbreak(at, termios.TCSADRAIN)
            pressed = os.read(at, 1)
            while pressed[:1] == b"\x1b" or pressed[:1] >= b"\x80":
                if not select.select([at], [], [], 0.01)[0]:
                    break
                pressed += os.read(at, 1)
        finally:
            termios.tcsetattr(at, termios.TCSADRAIN, before)
        if pressed in (b"", b"\x00", b"\x03", b"\x04"):  # Ctrl-D before the terminal was ready reads as 0
            raise EOFError
        return pressed.decode(errors="replace")

    def line(self, prompt: str) -> str:
        """Return a line that is typed."""
        return input(printable(prompt))


class Lines(Terminal):
    """A dialogue by lines of the standard input, each a key or an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.bold = False

    def key(self) -> str:
        """Return the next line that is not empty."""
        while True:
            said = self.line("").strip()
            if said:
                return said

    def line(self, prompt: str) -> str:
        """Return the next line."""
        if prompt:
            self.say(prompt)
        said = sys.stdin.readline() if sys.stdin else ""
        if not said:
            raise EOFError
        return said.rstrip("\r\n")


@click.command(
    epilog=epilog(
        "livingmeta screen",
        "livingmeta screen --search export-1a2b3c4d --by 'A. Reader'",
        "livingmeta screen export-1a2b3c4d-5e6f7a8b --decide exclude --reason 'wrong population'",
    )
)
@click.argument("record_id", required=False)
@click.option("--search", default="", metavar="ID", help="Only records of this search.")
@click.option("--question", default="", metavar="ID", help="Only records of searches for this question.")
@click.option("--by", default="", metavar="NAME", help="Who decides; goes into the notes.")
@click.option("--list", "listing", is_flag=True, help="Print what awaits a decision, and end.")
@click.option("--reasons", is_flag=True, help="Print the reasons to exclude, with their counts, and end.")
@click.option("--decide", type=click.Choice(list(DECISIONS)), help="Decide on RECORD_ID without a dialogue.")
@click.option("--reason", default="", help="Why; needed to exclude.")
@click.option(
    "--stage", type=click.Choice(STAGES), help="How much was seen (default: the abstract, if at hand)."
)
@click.option("--study", default="", metavar="ID", help="Study that the record is a report of.")
@click.option("--duplicate-of", default="", metavar="ID", help="Record that it repeats.")
@DATA
def screen(
    record_id: str | None,
    search: str,
    question: str,
    by: str,
    listing: bool,
    reasons: bool,
    decide: str | None,
    reason: str,
    stage: str | None,
    study: str,
    duplicate_of: str,
    data: Path | None,
) -> None:
    """Decide on records that await it, one at a time, by single keys.

    Each decision is written at once; end and go on whenever you like. Without a terminal, keys
    and answers are read from the standard input, one a line.
    """
    from livingmeta.edits import EditError
    from livingmeta.release import RefusedError
    from livingmeta.schema import SchemaError
    from livingmeta.screening.desk import Desk, ScreeningError
    from livingmeta.studies import DataError
    from livingmeta.table_files import TableError

    given = {"--reason": reason, "--stage": stage, "--study": study, "--duplicate-of": duplicate_of}
    if decide is None and any(given.values()):
        raise click.UsageError(f"{', '.join(name for name, value in given.items() if value)}: needs --decide")
    if decide and not record_id:
        raise click.UsageError("--decide needs a RECORD_ID; livingmeta screen --list names them")
    project = checkout(data)
    try:
        desk = Desk(project.data, search, question)
        if listing:
            _list(desk)
        elif reasons:
            _reasons(desk)
        elif decide and record_id:
            _decide(desk, record_id, decide, (reason, stage or "", study, duplicate_of, by))
        else:
            _dialogue(desk, record_id or "", by)
    except (ScreeningError, EditError, TableError, SchemaError, DataError, RefusedError) as error:
        fail(error)


def _list(desk: "Desk") -> None:
    from livingmeta.formats import counted
    from livingmeta.screening.view import Reader, one_line

    reader, waiting = Reader(desk), desk.waiting()
    for row in waiting:
        click.echo(printable(f"{row['record_id']}  {one_line(row)}"))
        for remark in reader.remarks(row):
            click.echo(printable(f"    {remark}"))
    click.echo(f"{counted(len(waiting), 'record')} to screen", err=True)


def _reasons(desk: "Desk") -> None:
    for reason, count in desk.reasons():
        click.echo(printable(f"{count:>4}  {reason}"))


def _decide(desk: "Desk", record_id: str, decide: str, given: tuple[str, str, str, str, str]) -> None:
    from livingmeta.release import today
    from livingmeta.screening.desk import Decision, default_reason, refuse_decided, seen_stage
    from livingmeta.screening.view import Reader

    reason, stage, study, duplicate_of, by = given
    row = desk.find(record_id)
    refuse_decided(row)
    stage = stage or seen_stage(Reader(desk).abstract(row))
    decision = DECISIONS[decide]
    if decision == DUPLICATE and not study:
        study = (desk.table().find(duplicate_of) or {}).get("study_id", "")
    made = Decision(decision, reason or default_reason(decision, stage), stage, study, duplicate_of, by=by)
    new = desk.decide(row, made, today())
    click.echo(printable(f"{record_id}: {new['decision'].replace('_', ' ')}: {new['reason']}"))


def _dialogue(desk: "Desk", record_id: str, by: str) -> None:
    from livingmeta.release import today
    from livingmeta.screening.desk import refuse_decided
    from livingmeta.screening.dialogue import Dialogue

    if record_id:
        refuse_decided(desk.find(record_id))
    today()  # a wrong SOURCE_DATE_EPOCH is said before the first key
    talk = Terminal() if sys.stdin and sys.stdin.isatty() and sys.stdout.isatty() else Lines()
    Dialogue(desk, talk, today, by).run(record_id)
