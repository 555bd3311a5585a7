"""The verb `new-question`: one file more in data/questions."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livingmeta.commands.options import DATA, checkout, epilog
from livingmeta.commands.previewing import (
    Way,
    carry_out,
    editing_options,
    is_terminal,
    refuse_unasked,
    refusing,
)

if TYPE_CHECKING:
    from livingmeta.curation import Given
    from livingmeta.curation.new_questions import Wanted


@click.command(
    "new-question",
    epilog=epilog(
        "livingmeta new-question example-falls --template > example-falls.yml",
        "livingmeta new-question example-falls --from example-falls.yml",
        "livingmeta new-question example-falls --from example-falls.yml --rows falls.yml",
        "livingmeta new-question ID --like QUESTION --set title='...' --set question='...' --set text='...'",
    ),
)
@click.argument("name", metavar="ID")
@click.option("--like", default="", metavar="QUESTION", help="Take the keys of another question.")
@click.option(
    "--set",
    "keys",
    multiple=True,
    metavar="KEY=VALUE",
    help="A key and its value in YAML; living.status is a key within a key (repeatable).",
)
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file of the question, taken as it is.",
)
@click.option(
    "--rows",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A study or studies that come in with it, as `livingmeta add --from` takes them.",
)
@click.option("--template", "wants_template", is_flag=True, help="Print a file to fill in.")
@DATA
@editing_options
def new_question(data: Path | None, yes: bool, dry_run: bool, form: str, **said: Any) -> None:
    """Add the question ID, checked and with its estimate shown before it is written.

    Of --like the keys are taken that say how studies are analysed, not those that speak of that
    question's own evidence: title, text, limits, sensitivity analyses. An effects file that is
    not there yet is made.
    """
    from livingmeta.curation import new_question as build
    from livingmeta.release import today

    project, way = checkout(data), Way(yes, dry_run, form)
    with refusing():
        if said["wants_template"]:
            return _template(said["name"])
        wanted, rows, day = _wanted(project.data, said, way), _rows(project.data, said["rows"]), today()
    hint = f"livingmeta build --only {said['name']}"
    carry_out(project.data, lambda folder: build(folder, wanted, rows, day), way, hint)


def _template(name: str) -> None:
    from livingmeta.curation.new_questions import template

    click.echo(template(name), nl=False)


def _rows(data: Path, file: Path | None) -> "Given | None":
    from livingmeta.curation import given_by_file
    from livingmeta.schema import load_schema

    return given_by_file(file, load_schema(data)) if file else None


def _wanted(data: Path, said: dict[str, Any], way: Way) -> "Wanted":
    """Return the question that is asked for, with missing keys asked for on a terminal."""
    from livingmeta.curation.new_questions import Wanted, missing_keys, question_keys

    if said["file"] and (said["like"] or said["keys"]):
        raise click.UsageError("--from takes the file as it is: --like and --set go without it")
    if said["file"]:
        refuse_unasked(way, [])
        return Wanted(said["name"], {}, text=_text(said["file"]))
    wanted = Wanted(said["name"], question_keys(said["keys"]), said["like"])
    missing = missing_keys(data, wanted)
    refuse_unasked(way, [f"--set {key}=…  {text}" for key, text in missing.items()])
    asked = {key: value for key, text in missing.items() for key, value in _answers(key, text).items()}
    return Wanted(wanted.id, {**asked, **wanted.keys}, wanted.like) if is_terminal() else wanted


def _text(file: Path) -> str:
    from livingmeta.curation import RequestError

    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError([f"{file}: cannot be read as UTF-8: {error}"]) from None


def _answers(key: str, text: str) -> dict[str, Any]:
    """Return the value of a key as it was typed; lists and measures are read as YAML."""
    from livingmeta.curation.new_questions import question_keys

    click.echo(f"\n{text}")
    typed = click.prompt(f"  {key}")
    return question_keys([f"{key}={typed}"]) if key in ("eligibility", "measure") else {key: typed}
