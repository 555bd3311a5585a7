"""The site: check, notebooks, fragments, Sphinx and the static API; all of it or nothing.

What is heavy is imported inside functions, after Sphinx's process has been forked.
"""

import os
import shutil
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from livingmeta import TITLE, drawing, manifest, pages, parcels
from livingmeta.api import write_api, write_version
from livingmeta.book_writer import BookWriter
from livingmeta.contents import write_contents
from livingmeta.export.registry import ExportError
from livingmeta.files import replace as exchange
from livingmeta.files import write_atomically
from livingmeta.fragments import write_displays, write_fragments
from livingmeta.manifest import Manifest
from livingmeta.paths import DATA_VARIABLE, Project
from livingmeta.questions import Question, load_questions
from livingmeta.releases import ReleaseError, identity, releases
from livingmeta.workers import Forked, Limits, Task, can_fork, run_forked

CHECK = "check"
FORK, PAPERMILL = "fork", "papermill"
MANY_PAGES = 6  # from here on a rehearsal repays itself
NOTEBOOKS_PER_SERVER = 3  # at a time; drawing a page takes a third of computing it
REDIRECT = (
    f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title>'
    '<link rel="icon" href="data:,">'  # else a browser asks for one that is not there
    '<meta http-equiv="refresh" content="0; url=book/index.html">'
    '<a href="book/index.html">Open the book</a></html>\n'
)


class BuildError(RuntimeError):
    """A build that could not be finished; the site that was there is as it was."""


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


def build(
    project: Project,
    only: Sequence[str] = (),
    everything: bool = False,
    jobs: int = 2,
    engine: str = FORK,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> Path:
    """Build the site and return its front page.

    Parameters
    ----------
    only : sequence of str
        Ids of the questions whose notebooks may run; the others keep their pages where they have one.
    everything : bool
        Run every notebook, whatever changed.
    jobs : int
        Notebooks at a time.
    engine : {"fork", "papermill"}
        Forked children of one loaded parent, or papermill's own kernels one by one.
    progress : Progress, optional
        Told how many steps there are and when each is done.
    limits : Limits, optional
        What one notebook may use.

    Raises
    ------
    BuildError
        With all failures; nothing of the site was touched.
    """
    _name_the_tables(project)
    _restore(project)
    _check_alone(project)
    questions = load_questions(project.questions)
    before, target = Manifest.read(project), todays_manifest(project, questions)
    _known(only, questions)
    stale = [q for q in questions if everything or parcels.is_stale(project, q, before, target.pages)]
    wanted = [q for q in stale if not only or q.id in only or not _is_made(project, q)]
    packed = () if everything else parcels.packed(project, wanted, target.pages)
    work = Work(project, questions, wanted, packed, before, target, progress or Silent(), limits or Limits())
    _forget(project, before, wanted)
    if engine == FORK and can_fork():
        _build_ahead(work, jobs)
    else:
        _build_in_turn(work)
    _assemble(project, questions)
    work.progress.step("site")
    is_whole = len(wanted) == len(stale)
    replace(target, site=target.site if is_whole else "", pages=_pages_done(work)).write(project)
    parcels.drop(project, target.pages, wanted)
    return project.html / "book" / "index.html"


def _is_made(project: Project, question: Question) -> bool:
    """Return whether a question has a record of whatever age; a site cannot be put together without."""
    return (project.records / f"{question.id}.json").is_file()


def _forget(project: Project, before: Manifest, wanted: Sequence[Question]) -> None:
    """Note, before they are replaced, that the pages of these questions are no longer what they were."""
    names = {question.id for question in wanted}
    if names & before.pages.keys():
        kept = {name: hashed for name, hashed in before.pages.items() if name not in names}
        replace(before, site="", pages=kept).write(project)


@dataclass(frozen=True)
class Work:
    """What a build has to do."""

    project: Project
    questions: Sequence[Question]
    wanted: Sequence[Question]
    packed: Collection[str]
    before: Manifest
    target: Manifest
    progress: Progress
    limits: Limits

    @property
    def unrun(self) -> list[Question]:
        """Return the wanted questions that no run of their own has made already."""
        return [question for question in self.wanted if question.id not in self.packed]

    def unpack(self) -> None:
        """Put the pages and records in place that are made already."""
        for question in self.wanted:
            if question.id in self.packed:
                parcels.unpack(self.project, question, self.target.pages[question.id])
                self.progress.step(question.id)

    @property
    def unchecked(self) -> bool:
        """Return whether the data, or the code that checks it, changed since it was checked."""
        return self.before.data != self.target.data

    @property
    def sound(self) -> set[str]:
        """Return the questions of which nothing changed since the whole data passed the check."""
        if not self.before.data:
            return set()
        return {name for name, hashed in self.target.pages.items() if self.before.pages.get(name) == hashed}

    @property
    def same_frame(self) -> bool:
        """Return whether nothing changed that stands on every page."""
        return self.before.frame == self.target.frame


def _build_ahead(work: Work, jobs: int) -> None:
    """Run check, notebooks, drawing and Sphinx at the same time, in children of this process."""
    writer = BookWriter(work.project, _working(work.project), ahead=work.same_frame)
    unrun, many = work.unrun, len(work.unrun) >= MANY_PAGES
    servers = max(1, jobs // NOTEBOOKS_PER_SERVER) if many else 1
    work.progress.start(len(work.wanted) + work.unchecked + 2)
    try:
        work.unpack()
        with drawing.servers(servers) as dismiss:
            pages.preload_statistics()
            checking = Forked(Task(CHECK, _fault_finder(work))) if work.unchecked else None
            pages.preload(work.project, unrun[0] if many else None)
            tasks = [pages.page_task(question, work.project) for question in unrun]
            failures = run_forked(tasks, jobs, work.limits, work.progress.step)
            dismiss(1)
            problem = "" if failures else _write_book(work, writer, dismiss)
            _raise_faults(work, checking)
            _raise(failures, problem)
    finally:
        writer.stop()
    work.progress.step("book")


def _write_book(work: Work, writer: BookWriter, dismiss: drawing.Dismiss) -> str:
    """Let Sphinx write the book while the script of its charts is made; return what went wrong."""

    def script() -> None:
        load_bundle(work.project)
        dismiss(0)

    def pictures() -> None:
        write_displays(work.project, work.questions)

    # In a child of its own: a process that has drawn can no longer be forked safely.
    picturing = Forked(Task("the pictures of the book", pictures))
    scripting = Forked(Task("the script of the charts", script))
    try:
        try:
            _prepare_book(work)
        finally:
            no_pictures = picturing.wait()
        problem = no_pictures or writer.write()
    finally:
        no_script = scripting.wait()
    return problem or no_script


def _build_in_turn(work: Work) -> None:
    """Do one thing after the other, with papermill's own engine, in this process."""
    work.progress.start(len(work.wanted) + 2)
    faults = _faults(work.project) if work.unchecked else ""
    if faults:
        raise BuildError(faults)
    work.unpack()
    _raise(pages.execute_one_by_one(work.unrun, work.project, work.progress.step), "")
    _prepare_book(work)
    write_displays(work.project, work.questions)
    _raise({}, BookWriter(work.project, _working(work.project)).write())
    work.progress.step("book")


def _raise(failures: dict[str, str], problem: str) -> None:
    if failures:
        raise BuildError("\n\n".join(f"{name}: {failures[name]}" for name in sorted(failures)))
    if problem:
        raise BuildError(problem)


def _with_pages(project: Project, questions: Sequence[Question]) -> list[Question]:
    """Return the questions whose notebook has run: a first build may be asked for some only."""
    return [question for question in questions if pages.is_made(question, project)]


def _prepare_book(work: Work) -> None:
    """Make everything that Sphinx reads; forget its memory when what stands on every page changed."""
    replace(work.target, site="", frame="", data="", pages=_pages_done(work)).write(work.project)
    _drop_orphans(work.project, work.questions)
    there = _with_pages(work.project, work.questions)
    write_contents(work.project, there)
    write_fragments(work.project, there)
    if not work.same_frame:
        shutil.rmtree(_working(work.project), ignore_errors=True)


def _pages_done(work: Work) -> dict[str, str]:
    """Return the hashes of the pages as they are now; one that is stale and was not run keeps its old."""
    done = {question.id for question in work.wanted}
    return {
        name: hashed if name in done else work.before.pages.get(name, "")
        for name, hashed in work.target.pages.items()
    }


def todays_manifest(project: Project, questions: Sequence[Question]) -> Manifest:
    """Return what a build of today is made from.

    It is hashed before anything runs: an edit made meanwhile belongs to the next build.
    """
    code, today = manifest.code_hash(project), identity(project)
    return Manifest(
        site=manifest.site_hash(project, code, today),
        data=manifest.data_hash(project, code),
        frame=manifest.frame_hash(project, today),
        pages=manifest.page_hashes(project, [question.id for question in questions], code, today),
    )


def _name_the_tables(project: Project) -> None:
    """Let notebooks and Sphinx, in processes of their own, read the tables that are checked."""
    if project.data_dir is not None:
        os.environ[DATA_VARIABLE] = str(project.data_dir)
    else:
        os.environ.pop(DATA_VARIABLE, None)


def _check_alone(project: Project) -> None:
    """Raise the faults of the data at once when a question file or a release cannot even be read."""
    from livingmeta.questions import QuestionError

    try:
        load_questions(project.questions)
        releases(project)
    except (QuestionError, ReleaseError) as error:
        raise BuildError(_faults(project) or str(error)) from None


def _faults(project: Project, sound: Collection[str] = ()) -> str:
    from livingmeta.check import check

    return "\n".join(str(finding) for finding in check(project.data, sound).faults)


def _fault_finder(work: Work) -> Callable[[], None]:
    found = work.project.build / "faults.txt"
    found.unlink(missing_ok=True)

    def find() -> None:
        write_atomically(found, _faults(work.project, work.sound))

    return find


def _raise_faults(work: Work, checking: Forked | None) -> None:
    """Wait for the check; faults of the data outrank whatever followed from them."""
    if checking is None:
        return
    problem = checking.wait()
    work.progress.step(CHECK)
    found = work.project.build / "faults.txt"
    faults = found.read_text(encoding="utf-8") if found.exists() else f"the check {problem}"
    if faults:
        raise BuildError(faults)


def _known(only: Sequence[str], questions: Sequence[Question]) -> Sequence[str]:
    unknown = sorted(set(only) - {question.id for question in questions})
    if unknown:
        raise BuildError(
            f"no such question: {', '.join(unknown)}; there are {', '.join(q.id for q in questions)}"
        )
    return only


def _drop_orphans(project: Project, questions: Sequence[Question]) -> None:
    wanted = {pages.page_path(question, project) for question in questions}
    for path in project.pages.glob("*/*.ipynb"):
        if path not in wanted:
            path.unlink()


def _working(project: Project) -> Path:
    return project.build / "sphinx"


def load_bundle(project: Project) -> str:
    """Return the script that makes charts live, made once and kept."""
    from livingmeta.charts import vega_bundle_js

    return vega_bundle_js(project.svg_cache)


def _assemble(project: Project, questions: Sequence[Question]) -> None:
    """Put book, API and redirect together beside the old site, then exchange the two."""
    fresh, old = project.build / "html.new", project.build / "html.old"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(_working(project) / "html", fresh)
    (fresh / "index.html").write_text(REDIRECT, encoding="utf-8")
    (fresh / "_static" / "vega-bundle.js").write_text(load_bundle(project), encoding="utf-8")
    try:
        write_api(project, questions, fresh / "api" / "v1")
    except ExportError as error:
        raise BuildError(str(error)) from None
    _write_feed(project, fresh)
    write_version(project, fresh)
    shutil.rmtree(old, ignore_errors=True)
    if project.html.exists():
        exchange(project.html, old)
    exchange(fresh, project.html)
    shutil.rmtree(old, ignore_errors=True)


def _write_feed(project: Project, folder: Path) -> None:
    from livingmeta.feed import write_feed

    write_feed(project, releases(project), identity(project), folder)


def _restore(project: Project) -> None:
    """Put the old site back when a build was killed before it had put the new one in its place."""
    old = project.build / "html.old"
    if old.exists() and not project.html.exists():
        exchange(old, project.html)


def default_jobs() -> int:
    """Return how many notebooks run at a time: one per core."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
