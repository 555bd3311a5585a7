"""The site: notebooks, fragments, Sphinx and the static API; all of it or nothing."""

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Protocol

from livingmeta import charts, manifest, pages
from livingmeta.paths import Project
from livingmeta.questions import Question, load_questions
from livingmeta.results import read_record, to_json, write_atomically
from livingmeta.schema import load_schema
from livingmeta.studies import load_studies
from livingmeta.tables import book


class Progress(Protocol):
    """Something that shows how far a build has come."""

    def start(self, steps: int) -> None:
        """Say how many steps there will be."""

    def step(self, what: str) -> None:
        """Say that one step is done."""


class Silent:
    """Progress that nobody sees."""

    def start(self, steps: int) -> None:
        """Say nothing."""

    def step(self, what: str) -> None:
        """Say nothing."""


REDIRECT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Magnesium: a living meta-analysis</title>'
    '<meta http-equiv="refresh" content="0; url=book/index.html">'
    '<a href="book/index.html">Open the book</a></html>\n'
)


class BuildError(RuntimeError):
    """A build that could not be finished; the site that was there is as it was."""


def build(
    project: Project,
    only: Sequence[str] = (),
    everything: bool = False,
    jobs: int = 2,
    progress: Progress | None = None,
) -> Path:
    """Build the site and return its front page.

    Parameters
    ----------
    only : sequence of str
        Ids of the questions whose notebooks may run; the others keep their pages.
    everything : bool
        Run every notebook, whatever changed.
    jobs : int
        Notebooks at a time.
    progress : Progress, optional
        Told how many steps there are and when each is done.

    Raises
    ------
    BuildError
        With all failures; nothing of the site was touched.
    """
    progress = progress or Silent()
    if project.data_dir is not None:
        os.environ["LIVINGMETA_DATA"] = str(project.data_dir)
    questions = load_questions(project.questions)
    before = manifest.Manifest.read(project)
    # Hashed before anything runs: an edit made meanwhile belongs to the next build.
    target = manifest.Manifest(
        manifest.site_hash(project), manifest.frame_hash(project), page_hashes(project, questions)
    )
    stale = [q for q in questions if everything or _is_stale(project, q, before, target)]
    wanted = tuple(question for question in stale if not only or question.id in _known(only, questions))
    progress.start(len(wanted) + 2)
    failures = pages.execute_all(wanted, project, jobs, lambda question: progress.step(question.id))
    if failures:
        raise BuildError("\n\n".join(failures))
    done = _remaining(before, target, [q for q in stale if q not in wanted])
    manifest.Manifest("", "", done.pages).write(project)
    _drop_orphans(project, questions)
    write_fragments(project, questions)
    if before.frame != target.frame:
        # What stands on every page changed, and Sphinx would rewrite only some of them.
        shutil.rmtree(_working(project), ignore_errors=True)
    _sphinx(project)
    progress.step("book")
    _assemble(project, questions)
    progress.step("site")
    done.write(project)
    return project.html / "book" / "index.html"


def _known(only: Sequence[str], questions: Sequence[Question]) -> Sequence[str]:
    unknown = sorted(set(only) - {question.id for question in questions})
    if unknown:
        raise BuildError(
            f"no such question: {', '.join(unknown)}; there are {', '.join(q.id for q in questions)}"
        )
    return only


def page_hashes(project: Project, questions: Sequence[Question]) -> dict[str, str]:
    """Return the hash of what each page is made from."""
    code = manifest.code_hash(project)
    return {q.id: manifest.page_hash(project.questions / f"{q.id}.yml", project, code) for q in questions}


def _is_stale(
    project: Project, question: Question, before: manifest.Manifest, target: manifest.Manifest
) -> bool:
    there = pages.page_path(question, project).exists() and (project.records / f"{question.id}.json").exists()
    return not there or before.pages.get(question.id) != target.pages[question.id]


def _remaining(
    before: manifest.Manifest, target: manifest.Manifest, left: Sequence[Question]
) -> manifest.Manifest:
    """Return the manifest of a build that left some stale pages as they were."""
    if not left:
        return target
    old = {question.id: before.pages.get(question.id, "") for question in left}
    return manifest.Manifest("", target.frame, {**target.pages, **old})


def _drop_orphans(project: Project, questions: Sequence[Question]) -> None:
    wanted = {pages.page_path(question, project) for question in questions}
    for path in project.pages.glob("*/*.ipynb"):
        if path not in wanted:
            path.unlink()


def write_fragments(project: Project, questions: Sequence[Question]) -> None:
    """Write the Markdown that the book's static pages include, from records and tables."""
    studies = load_studies(project.data)
    records = [read_record(project.records / f"{question.id}.json") for question in questions]
    fragments = {
        "at-a-glance": book.at_a_glance(records, questions),
        "facts": book.facts(records, studies, manifest.commit(project)),
        "studies": book.study_list(studies, questions),
        "search": book.search_tables(studies),
        "data-dictionary": book.data_dictionary(load_schema(project.data)),
        "cite": book.how_to_cite(manifest.commit(project)),
    }
    for name, fragment in fragments.items():
        _write_if_changed(project.fragments / f"{name}.md", fragment + "\n")


def _write_if_changed(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text)


def _working(project: Project) -> Path:
    return project.build / "sphinx"


def _sphinx(project: Project) -> None:
    """Run Sphinx with Jupyter Book's configuration, warnings as errors, into a working folder."""
    from jupyter_book.sphinx import build_sphinx

    log = StringIO()
    with redirect_stdout(log), redirect_stderr(log):
        outcome = build_sphinx(
            project.root,
            _working(project) / "html",
            noconfig=True,
            path_config=str(project.root / "_config.yml"),
            confoverrides={
                "external_toc_path": str(project.root / "_toc.yml"),
                "nitpicky": True,
                "latex_individualpages": False,
            },
            doctreedir=_working(project) / "doctrees",
            builder="html",
            warningiserror=True,
            keep_going=True,
            quiet=True,
        )
    if outcome:
        raise BuildError(
            f"the book was not written:\n{log.getvalue()}{outcome if not isinstance(outcome, int) else ''}"
        )


def _assemble(project: Project, questions: Sequence[Question]) -> None:
    """Put book, API and redirect together beside the old site, then exchange the two."""
    fresh, old = project.build / "html.new", project.build / "html.old"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(_working(project) / "html", fresh)
    (fresh / "index.html").write_text(REDIRECT, encoding="utf-8")
    (fresh / "_static" / "vega-bundle.js").write_text(charts.vega_bundle_js(), encoding="utf-8")
    _write_api(project, questions, fresh / "api" / "v1")
    shutil.rmtree(old, ignore_errors=True)
    if project.html.exists():
        os.rename(project.html, old)
    os.rename(fresh, project.html)
    shutil.rmtree(old, ignore_errors=True)


def _write_api(project: Project, questions: Sequence[Question], folder: Path) -> None:
    target = folder / "questions"
    target.mkdir(parents=True)
    entries = []
    for question in questions:
        for path in sorted(project.records.glob(f"{question.id}.*")):
            shutil.copyfile(path, target / path.name)
        entries.append(_entry(question))
    (folder / "index.json").write_text(to_json({"questions": entries}), encoding="utf-8")


def _entry(question: Question) -> dict[str, str]:
    return {
        "id": question.id,
        "part": question.part,
        "title": question.title,
        "record": f"questions/{question.id}.json",
        "effect_sizes": f"questions/{question.id}.csv",
        "page": f"../../book/questions/{question.part}/{question.id}.html",
    }


def default_jobs() -> int:
    """Return how many notebooks run at a time: one per core."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
