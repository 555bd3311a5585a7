"""What the verbs that edit share: the effect is shown, then asked for, then the edit is written."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from livingmeta.commands.options import printable

if TYPE_CHECKING:
    from livingmeta.curation import Draft
    from livingmeta.impact import Impact

TRIES = 5  # looks at an edit before somebody who keeps changing the tables is named as the reason
Verb = Callable[..., Any]


@dataclass(frozen=True)
class Way:
    """How an edit is carried out: without asking, without writing, and in which form it is shown."""

    yes: bool = False
    dry_run: bool = False
    form: str = "text"

    def say(self, text: str) -> None:
        """Print what is not the answer itself: beside it where the answer is JSON."""
        click.echo(printable(text), err=self.form == "json")


def editing_options(verb: Verb) -> Verb:
    """Add the options that every verb has that edits."""
    for option in (
        click.option(
            "--format",
            "form",
            default="text",
            show_default=True,
            type=click.Choice(["text", "json"]),
            help="How the effect of the edit is shown.",
        ),
        click.option("--dry-run", is_flag=True, help="Show what it would do; write nothing."),
        click.option("--yes", is_flag=True, help="Write without asking."),
    ):
        verb = option(verb)
    return verb


def is_terminal() -> bool:
    """Return whether somebody sits there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def refuse_unasked(way: Way, missing: list[str]) -> None:
    """Leave with 2 where nobody can be asked for what is missing; all of it is named."""
    if is_terminal():
        return
    unsaid = [] if way.yes or way.dry_run else ["--yes (or --dry-run): nobody is here to be asked"]
    if missing or unsaid:
        leave(2, "not given:", [*missing, *unsaid])


def leave(code: int, said: str, problems: tuple[str, ...] | list[str] = ()) -> NoReturn:
    """Leave with a code, a message and every problem on a line of its own."""
    click.echo(printable(f"error: {said}" if code else said), err=True)
    for problem in problems:
        click.echo(printable(f"  {problem}"), err=True)
    sys.exit(code)


@contextmanager
def refusing() -> Iterator[None]:
    """Leave with a message where what was asked for, or the tables, are at fault."""
    from livingmeta.curation import MissingError, RequestError
    from livingmeta.edits import EditError
    from livingmeta.questions import QuestionError
    from livingmeta.schema import SchemaError
    from livingmeta.studies import DataError
    from livingmeta.table_files import TableError

    try:
        yield
    except MissingError as error:
        leave(2, "not given:", list(error.problems))
    except RequestError as error:
        leave(1, "nothing was written:", list(error.problems))
    except (EditError, TableError, DataError, SchemaError, QuestionError) as error:
        leave(1, f"nothing was written: {error}")


def carry_out(data: Path, build: Callable[[Path], "Draft"], way: Way, hint: str) -> None:
    """Show what an edit would do, ask, and write it; leave with 1 where it cannot be.

    Parameters
    ----------
    data : Path
        The data folder.
    build : callable
        Returns the edit from the data folder; it is called again before it is written.
    way : Way
        How it is carried out.
    hint : str
        What to do next, after the command to build.
    """
    from livingmeta.curation import ChangedError, write

    with refusing():
        for _ in range(TRIES):
            seen = _looked(data, build, way)
            try:
                draft = write(data, build, seen)
            except ChangedError as error:
                way.say(f"{error}; nothing was written, and this is what it would do now")
                continue
            return _told(data, draft, way, hint)
        leave(1, "the tables keep changing: nothing was written; run the same again later")


def _looked(data: Path, build: Callable[[Path], "Draft"], way: Way) -> str:
    """Show the effect of an edit and return the state of the tables it was worked out from."""
    from livingmeta.curation import state
    from livingmeta.formats import counted
    from livingmeta.impact import impact
    from livingmeta.kept_records import KeptRecords
    from livingmeta.paths import Project

    seen = state(data)
    draft = build(data)
    found = impact(data, draft.texts, KeptRecords(Project.find().kept_records))
    _show(draft, found, way)
    if found.faults:
        faults = counted(len(found.faults), "fault")
        leave(1, f"{faults} would come in: nothing was written; mend what is given and run it again")
    if way.dry_run:
        way.say("a dry run: nothing was written")
        sys.exit(0)
    if not way.yes and not click.confirm("Write this?", default=False, err=way.form == "json"):
        leave(1, "nothing was written")
    return seen


def _show(draft: "Draft", found: "Impact", way: Way) -> None:
    if way.form == "json":
        from livingmeta.results import to_json

        click.echo(to_json(_as_dict(draft, found)), nl=False)
    else:
        way.say(f"{draft.what}\n{found.text}".rstrip("\n"))
        for note in draft.notes:
            way.say(f"note: {note}")
    for finding in found.faults:
        click.echo(printable(f"{finding}"), err=True)
    for finding in found.warnings:
        way.say(f"warning: {finding}")


def _as_dict(draft: "Draft", found: "Impact") -> dict[str, Any]:
    """Return what an edit would do as JSON has it; `changes` is what `livingmeta diff` says."""
    return {
        "edit": draft.what,
        "files": list(draft.files),
        "notes": list(draft.notes),
        "faults": [str(finding) for finding in found.faults],
        "warnings": [str(finding) for finding in found.warnings],
        "reason": found.reason,
        "changes": found.changes,
    }


def _told(data: Path, draft: "Draft", way: Way, hint: str) -> None:
    way.say("written:")
    for path in draft.files:
        way.say(f"  {data / path}")
    paths = " ".join(f"{data.name}/{path}" for path in draft.files)
    way.say(f"next: {hint}, then: git add {paths}")
