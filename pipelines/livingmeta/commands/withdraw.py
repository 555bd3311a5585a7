"""The verb `withdraw`: a report that was retracted."""

from pathlib import Path
from typing import Any

import click

from livingmeta.commands.options import DATA, checkout, epilog
from livingmeta.commands.previewing import Way, carry_out, editing_options, is_terminal, refuse_unasked
from livingmeta.vocabulary import CONCERN, RETRACTED


@click.command(
    epilog=epilog(
        "livingmeta withdraw example2030 --reason 'figures made up' --source 'notice of the journal'",
        "livingmeta withdraw example2030-b --notice 10.1000/notice --reason ... --source ...",
        "livingmeta withdraw example2030-a --kind 'expression of concern' --reason ... --source ...",
    )
)
@click.argument("name", metavar="STUDY|REPORT", required=False)
@click.option("--reason", metavar="TEXT", help="Why it was withdrawn, as the notice says; readers see it.")
@click.option("--source", metavar="TEXT", help="Where that was read.")
@click.option("--notice", default="", metavar="DOI|REPORT", help="The notice itself.")
@click.option(
    "--kind",
    default=RETRACTED,
    show_default=True,
    type=click.Choice([RETRACTED, CONCERN]),
    help="What the notice is.",
)
@click.option("--all-reports", is_flag=True, help="Every report of the study, not only its main one.")
@click.option("--also-exclude", is_flag=True, help="On an expression of concern too, results leave the pool.")
@DATA
@editing_options
def withdraw(data: Path | None, yes: bool, dry_run: bool, form: str, **said: Any) -> None:
    """Mark a report as retracted and take its results out of every pool; nothing is deleted.

    A study stands for its main report. Its results leave the pool and are shown with the reason;
    those that cite another report of the study, which stands, stay. A report that is reinstated
    is put back with `livingmeta correct`.
    """
    from livingmeta.curation import Withdrawal, withdrawn
    from livingmeta.curation.ledger import Because
    from livingmeta.release import today

    way = Way(yes, dry_run, form)
    flags = [f"--{name}" for name in ("reason", "source") if said[name] is None]
    refuse_unasked(way, [*([] if said["name"] else ["STUDY|REPORT"]), *flags])
    project = checkout(data)
    name, reason, source = _asked(said)
    asked = Withdrawal(name, said["kind"], said["notice"], said["all_reports"], said["also_exclude"])
    because = Because(" ".join(reason.split()), " ".join(source.split()), today())
    carry_out(project.data, lambda folder: withdrawn(folder, asked, because), way, "livingmeta build")


def _asked(said: dict[str, Any]) -> tuple[str, ...]:
    """Return name, reason and source, asked for on a terminal where they were not given."""
    words = {"name": "Study or report", "reason": "Why it was withdrawn", "source": "Where that was read"}
    return tuple(
        said[name] if said[name] is not None or not is_terminal() else click.prompt(text)
        for name, text in words.items()
    )
