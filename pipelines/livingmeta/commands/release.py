"""The verb `release`: freezes a version."""

from pathlib import Path

import click

from livingmeta.commands.options import checkout, epilog, fail
from livingmeta.releases import KINDS


@click.command(
    epilog=epilog(
        "livingmeta release 2026.11.0 --kind curation --reason 'First release.'",
        "livingmeta release 2026.12.0 --kind new-search --reason 'Search of December: two trials added.'",
    )
)
@click.argument("version")
@click.option("--kind", required=True, type=click.Choice(list(KINDS)), help="What moved the numbers.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a sentence; readers see it.")
def release(version: str, kind: str, reason: str) -> None:
    """Freeze the evidence and its results as VERSION (YYYY.MM.PATCH) in data/releases/.

    The tree must be committed and sound. Nothing is committed: the commands for that are printed.
    A run that was killed is finished by running it again.
    """
    from livingmeta.release import RefusedError, Request, commands, cut, today

    said = " ".join(reason.split())
    if not said:
        raise click.UsageError("--reason must say why, in a sentence")
    project = checkout()
    try:
        made = cut(project, Request(version, kind, said, today()))
    except RefusedError as error:
        fail("\n".join(["nothing was released", *error.problems]))
    except OSError as error:
        fail(f"{error}: put that right and run the same again")
    click.echo(f"release {made.version} of {made.date} lies in {made.folder}; to commit and tag it, run:")
    for line in commands(project, made.version, Path.cwd()):
        click.echo(f"  {line}")
