"""Question pages: the template notebook with its headings, executed, with nothing random left in it."""

import asyncio
import copy
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from livingmeta.paths import Project
from livingmeta.questions import Question
from livingmeta.results import write_atomically

TEMPLATE = "question.ipynb"
HEADINGS = {
    "pico": "Question",
    "forest": "Forest plot",
    "subgroups": "Subgroups",
    "heterogeneity": "How much do studies differ?",
    "sensitivity": "How much does the answer depend on the method?",
    "small-studies": "Small-study effects",
    "studies": "Studies as reported",
    "limits": "What to keep in mind",
    "cite": "Cite or reuse",
}
HIDDEN = ("parameters", "injected-parameters", "keep")
TIMEOUT_SECONDS = 300


class PageError(RuntimeError):
    """A notebook that failed; the message names the question and its last lines."""


def page_path(question: Question, project: Project) -> Path:
    """Return where the executed notebook of a question lies."""
    return project.pages / question.part / f"{question.id}.ipynb"


def prepared(question: Question, project: Project) -> NotebookNode:
    """Return the template with the question's title, section headings and parameter.

    A section that does not apply to the question is left out. Headings are cells of their own,
    because Markdown cannot be parameterised and headings inside outputs make no contents list.
    """
    template = nbformat.read(project.notebooks / TEMPLATE, as_version=4)
    cells = [_markdown(f"# {question.title}")]
    for cell in template.cells:
        section = _section(cell)
        if section == "subgroups" and not question.subgroups:
            continue
        if section in HEADINGS:
            cells.append(_markdown(f"## {HEADINGS[section]}"))
        cells.append(_tagged(cell))
    template.cells = cells
    return _with_stable_ids(template)


def _section(cell: NotebookNode) -> str:
    tags = cell.metadata.get("tags", [])
    return next((tag.removeprefix("section-") for tag in tags if tag.startswith("section-")), "")


def _markdown(source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source)


def _tagged(cell: NotebookNode) -> NotebookNode:
    tags = list(cell.metadata.get("tags", []))
    if cell.cell_type == "code":
        tags.append("remove-cell" if set(tags) & set(HIDDEN) else "hide-input")
    cell.metadata["tags"] = tags
    return cell


def _with_stable_ids(notebook: NotebookNode) -> NotebookNode:
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position}"
    return notebook


def execute(question: Question, project: Project) -> Path:
    """Run the notebook of a question by papermill and put the result where the book reads it.

    Raises
    ------
    PageError
        When a cell fails; the page that was there before stays as it was.
    """
    import papermill

    with tempfile.TemporaryDirectory(prefix="livingmeta-") as folder:
        source, output = Path(folder, "in.ipynb"), Path(folder, "out.ipynb")
        nbformat.write(prepared(question, project), source)
        try:
            papermill.execute_notebook(
                source,
                output,
                parameters={"question_id": question.id},
                cwd=str(project.root),
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=TIMEOUT_SECONDS,
            )
        except papermill.PapermillExecutionError as error:
            raise PageError(f"{question.id}: {_last_lines(str(error))}") from error
        notebook = nbformat.read(output, as_version=4)
    path = page_path(question, project)
    write_atomically(path, nbformat.writes(without_run(notebook)) + "\n")
    return path


def _last_lines(message: str, n: int = 12) -> str:
    return "\n".join(message.strip().splitlines()[-n:])


def without_run(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook without times, run metadata and chance ids, so that equal inputs give equal bytes."""
    clean = copy.deepcopy(notebook)
    clean.metadata.pop("papermill", None)
    clean.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    clean.metadata.pop("language_info", None)
    for cell in clean.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata["tags"] = sorted({*cell.metadata["tags"], "remove-cell"})
    return _with_stable_ids(clean)


Progress = Callable[[Question], Any]


async def _execute_all(
    questions: tuple[Question, ...], project: Project, jobs: int, done: Progress
) -> list[str]:
    gate = asyncio.Semaphore(jobs)
    failures: list[str] = []

    async def one(question: Question) -> None:
        async with gate:
            try:
                await asyncio.to_thread(execute, question, project)
            except PageError as error:
                failures.append(str(error))
            done(question)

    await asyncio.gather(*(one(question) for question in questions))
    return sorted(failures)


def execute_all(questions: tuple[Question, ...], project: Project, jobs: int, done: Progress) -> list[str]:
    """Run several notebooks at a time; return the failures, in order, the others finish."""
    return asyncio.run(_execute_all(questions, project, jobs, done))
