"""`livingmeta run`: the notebooks of some questions, for a build that comes later."""

import os
import sys
from pathlib import Path

import click

from livingmeta.commands.options import DATA, checkout, epilog, fail


@click.command(
    epilog=epilog(
        "livingmeta run iv-magnesium-ami-mortality",
        "livingmeta run iv-magnesium-ami-mortality --inputs 0123456789abcdef",
    )
)
@click.argument("questions", nargs=-1, required=True, metavar="ID...")
@DATA
@click.option("--inputs", default="", metavar="HASH", help="Refuse when its inputs have another hash.")
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), help="Write what one question gives there."
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Notebooks at a time.")
def run(questions: tuple[str, ...], data: Path | None, inputs: str, to: Path | None, jobs: int) -> None:
    """Run the notebooks of these questions and keep what they give for the next build.

    Site, pages and records stay as they are; any number of these can run at once, on several
    machines that share the checkout. It prints where it put what it made.
    """
    if len(set(questions)) > 1 and (inputs or to):
        raise click.UsageError("--inputs and --to are for one question")
    # Before NumPy is loaded: a parent that forks must have one thread.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from livingmeta import parcels
    from livingmeta.questions import QuestionError

    try:
        made, failures = parcels.run(checkout(data), questions, inputs, to, jobs)
    except (parcels.ParcelError, QuestionError) as error:
        fail(error)
    for path in made:
        click.echo(path)
    for name in sorted(failures):
        click.echo(f"{name}: {failures[name]}", err=True)
    sys.exit(1 if failures else 0)
