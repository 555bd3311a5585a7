"""Question pages: the template notebook with its headings, executed, with nothing random left in it."""

import contextlib
import copy
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from livingmeta.files import write_atomically
from livingmeta.paths import Project
from livingmeta.questions import Question
from livingmeta.workers import Task

TEMPLATE = "question.ipynb"
HEADINGS = {
    "pico": "Question",
    "forest": "Forest plot",
    "subgroups": "Subgroups",
    "heterogeneity": "How much do studies differ?",
    "sensitivity": "How much does the answer depend on the method?",
    "multiverse": "All defensible analyses at once",
    "small-studies": "Small-study effects",
    "displays": "Seen another way",
    "judgements": "How sure can we be?",
    "history": "How the answer has changed",
    "others": "What other meta-analyses found",
    "studies": "Studies as reported",
    "limits": "What to keep in mind",
    "wanted": "What would help most",
    "cite": "Cite or reuse",
}
OPTIONAL = ("subgroups", "multiverse", "displays")  # sections that only some questions ask for
HIDDEN = ("parameters", "injected-parameters", "keep")
TIMEOUT_SECONDS = 300
STOCK = "nbclient"  # papermill's own engine
Done = Callable[[str], None]


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
        if section in OPTIONAL and not getattr(question, section):
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


def is_made(question: Question, project: Project) -> bool:
    """Return whether a question has a page and a record, of whatever inputs."""
    return page_path(question, project).exists() and (project.records / f"{question.id}.json").exists()


def execute(question: Question, project: Project, engine: str = STOCK) -> Path:
    """Run the notebook of a question by papermill and put the result where the book reads it.

    Raises
    ------
    PageError
        When a cell fails; the page that was there before stays as it was.
    """
    path = page_path(question, project)
    write_atomically(path, executed(question, project, engine))
    return path


def executed(question: Question, project: Project, engine: str = STOCK) -> str:
    """Run the notebook of a question by papermill and return the page as text; its record is written.

    Raises
    ------
    PageError
        When a cell fails.
    """
    import papermill

    try:
        notebook = papermill.execute_notebook(
            prepared(question, project),
            None,
            parameters={"question_id": question.id},
            cwd=str(project.root),
            engine_name=engine,
            kernel_name="python3",
            progress_bar=False,
            execution_timeout=TIMEOUT_SECONDS,
        )
    except papermill.PapermillExecutionError as error:
        raise PageError(f"{question.id}: {_last_lines(str(error))}") from error
    return str(nbformat.writes(without_run(notebook))) + "\n"


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


def page_task(question: Question, project: Project) -> Task:
    """Return the task that makes one page in a child of its own."""

    def make() -> None:
        from livingmeta.engine import NAME, ForkEngine

        ForkEngine.isolated = True
        execute(question, project, NAME)

    return Task(question.id, make, seed=question.id)


def preload_statistics() -> None:
    """Load what checking the data and making pages share, so that the check can start with it."""
    import livingmeta.analysis
    import livingmeta.check  # noqa: F401


def preload(project: Project, rehearsed: Question | None = None) -> None:
    """Load all code and the tables that notebooks share, once, in the parent of all children.

    Parameters
    ----------
    rehearsed : Question, optional
        A question that is analysed and drawn, so that what is slow the first time is over.
    """
    import papermill.engines

    import livingmeta.export.question_files
    import livingmeta.tables.cite
    import livingmeta.tables.currency
    import livingmeta.tables.displays
    import livingmeta.tables.history
    import livingmeta.tables.judgements
    import livingmeta.tables.multiverse
    import livingmeta.tables.published
    import livingmeta.tables.question
    import livingmeta.tables.rows
    import livingmeta.tables.wanted  # noqa: F401
    from livingmeta.engine import NAME, ForkEngine, rehearse
    from livingmeta.studies import DataError, load_studies

    papermill.engines.papermill_engines.register(NAME, ForkEngine)
    rehearse("from myst_nb import glue\nglue('rehearsal', 1, display=False)")
    with contextlib.suppress(DataError):  # the check says what is wrong with the data, all of it
        load_studies(project.data)
    if rehearsed is not None:
        _rehearse(rehearsed, project)


def _rehearse(question: Question, project: Project) -> None:
    """Analyse a question and specify its charts; its own page will say what is wrong with it."""
    from livingmeta.analysis import analyse
    from livingmeta.charts import CHARTS, chart_spec
    from livingmeta.studies import load_studies

    with contextlib.suppress(Exception):
        analysis = analyse(question, load_studies(project.data))
        for name in (name for name, chart in CHARTS.items() if not chart.absence(analysis)):
            chart_spec(name, analysis)


def execute_one_by_one(questions: Sequence[Question], project: Project, done: Done) -> dict[str, str]:
    """Run notebooks by papermill's own engine, one after the other; return the failures."""
    failures = {}
    for question in questions:
        try:
            execute(question, project)
        except PageError as error:
            failures[question.id] = str(error)
        done(question.id)
    return failures
