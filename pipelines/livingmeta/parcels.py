"""Questions run by themselves, on whichever machine: all that one notebook gave, in one file.

A parcel is named by its question and by the hash of what it was made from, and is written in one
step, so that any number of processes can make parcels at once. Nothing that a site is made of is
touched: the next build finds those of today's inputs and unpacks them instead of running notebooks.
"""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from livingmeta import drawing, pages
from livingmeta.files import write_atomically
from livingmeta.manifest import Manifest, page_hashes
from livingmeta.paths import DATA_VARIABLE, RECORDS_VARIABLE, Project
from livingmeta.questions import Question, load_questions
from livingmeta.workers import Limits, Task, run_forked

FOLDER = "_build/parcels"  # below the root
SHOWN = 16  # digits of a hash in the name of a parcel


class ParcelError(RuntimeError):
    """A question that does not exist, or whose inputs are not those that were asked for."""


def parcel_path(project: Project, name: str, inputs: str) -> Path:
    """Return where the parcel of a question lies, for inputs with this hash."""
    return project.parcels / f"{name}-{inputs[:SHOWN]}.json"


def is_stale(project: Project, question: Question, before: Manifest, today: Mapping[str, str]) -> bool:
    """Return whether a page is not what a build of today would give; `today` has its hash by question."""
    return not pages.is_made(question, project) or before.pages.get(question.id) != today[question.id]


def wanted(project: Project) -> list[Path]:
    """Return the parcels that a build of today could use: one for each page that is not current."""
    questions = load_questions(project.questions)
    before, today = Manifest.read(project), page_hashes(project, [question.id for question in questions])
    stale = (question.id for question in questions if is_stale(project, question, before, today))
    return [parcel_path(project, name, today[name]) for name in stale]


def run(
    project: Project,
    names: Sequence[str],
    inputs: str = "",
    target: Path | None = None,
    jobs: int = 1,
    done: pages.Done | None = None,
    limits: Limits | None = None,
) -> tuple[list[Path], dict[str, str]]:
    """Run the notebooks of some questions and pack what they give.

    Parameters
    ----------
    names : sequence of str
        Ids of the questions.
    inputs : str
        Hash, or its first digits, that the inputs must have; of one question. Empty for any.
    target : Path, optional
        Where the parcel of one question is to be written, if not in the folder of parcels.
    jobs : int
        Notebooks at a time.

    Returns
    -------
    The parcels, in the order of the names, and the failures by question.

    Raises
    ------
    ParcelError
        When there is no such question, or its inputs are others.
    """
    questions = _known(project, names)
    today = page_hashes(project, names)
    _same(names, today, inputs)
    paths = {name: target or parcel_path(project, name, today[name]) for name in names}
    asked = [question for question in questions if not _is_parcel(paths[question.id], today[question.id])]
    tasks = [_task(project, question, today[question.id], paths[question.id]) for question in asked]
    failures: dict[str, str] = {}
    if tasks:
        with drawing.servers(1):
            pages.preload(project)
            failures = run_forked(tasks, jobs, limits, done)
    return [paths[name] for name in names if name not in failures], failures


def _known(project: Project, names: Sequence[str]) -> list[Question]:
    there = {question.id: question for question in load_questions(project.questions)}
    unknown = sorted(set(names) - there.keys())
    if unknown:
        raise ParcelError(f"no such question: {', '.join(unknown)}; there are {', '.join(there)}")
    return [there[name] for name in dict.fromkeys(names)]


def _same(names: Sequence[str], today: Mapping[str, str], inputs: str) -> None:
    for name in names:
        if not today[name].startswith(inputs):
            raise ParcelError(
                f"{name}: its inputs here have the hash {today[name][:SHOWN]}, not {inputs[:SHOWN]}: another "
                "state of the checkout, another commit, or another Python than where the run was asked "
                "for; bring both to one state and start again"
            )


def _task(project: Project, question: Question, inputs: str, path: Path) -> Task:
    def make() -> None:
        from livingmeta.engine import NAME, ForkEngine

        ForkEngine.isolated = True
        with TemporaryDirectory(prefix="livingmeta-") as folder:
            if project.data_dir is not None:
                os.environ[DATA_VARIABLE] = str(project.data_dir)
            os.environ[RECORDS_VARIABLE] = folder
            page = pages.executed(question, replace(project, records_dir=Path(folder)), NAME)
            files = {one.name: one.read_text(encoding="utf-8") for one in sorted(Path(folder).iterdir())}
        parcel = {"question": question.id, "inputs": inputs, "page": page, "files": files}
        write_atomically(path, json.dumps(parcel, ensure_ascii=False, indent=1, sort_keys=True) + "\n")

    return Task(question.id, make, seed=question.id)


def packed(project: Project, questions: Sequence[Question], today: Mapping[str, str]) -> set[str]:
    """Return which of these questions have a parcel of today's inputs."""
    names = (question.id for question in questions)
    return {name for name in names if _is_parcel(parcel_path(project, name, today[name]), today[name])}


def unpack(project: Project, question: Question, inputs: str) -> None:
    """Put page, record and charts of a question where a build would have written them."""
    parcel = _read(parcel_path(project, question.id, inputs))
    for name, text in parcel["files"].items():
        write_atomically(project.records / Path(name).name, text)
    write_atomically(pages.page_path(question, project), parcel["page"])


def drop(project: Project, today: Mapping[str, str], done: Collection[Question]) -> None:
    """Remove the parcels that no build will need: of questions that are done, and of other inputs."""
    waiting = today.keys() - {question.id for question in done}
    kept = {parcel_path(project, name, today[name]) for name in waiting}
    for path in project.parcels.glob("*.json"):
        if path not in kept:
            path.unlink(missing_ok=True)


def _is_parcel(path: Path, inputs: str) -> bool:
    try:
        return bool(_read(path)["inputs"] == inputs)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
