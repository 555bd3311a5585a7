"""Sphinx in a process of its own, which loads while notebooks still run.

Forked from a parent that has loaded little, it imports Jupyter Book and Sphinx at once and
waits for the word to start. Where fork does not exist, Sphinx runs in this process.
"""

import os
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from livingmeta.paths import Project
from livingmeta.workers import can_fork


def write_book(project: Project, working: Path) -> str:
    """Run Sphinx with Jupyter Book's configuration, warnings as errors.

    Parameters
    ----------
    working : Path
        Folder of Sphinx's output (`html`) and memory (`doctrees`), kept between builds.

    Returns
    -------
    str
        Empty when the book was written, else what went wrong.
    """
    from jupyter_book.sphinx import build_sphinx

    log = StringIO()
    with redirect_stdout(log), redirect_stderr(log):
        outcome = build_sphinx(
            project.root,
            working / "html",
            noconfig=True,
            path_config=str(project.root / "_config.yml"),
            confoverrides={
                "external_toc_path": str(project.root / "_toc.yml"),
                "nitpicky": True,
                "latex_individualpages": False,
            },
            doctreedir=working / "doctrees",
            builder="html",
            warningiserror=True,
            keep_going=True,
            quiet=True,
        )
    detail = "" if isinstance(outcome, int) else str(outcome)
    return f"the book was not written:\n{log.getvalue()}{detail}" if outcome else ""


def _load() -> None:
    """Import what Sphinx will load anyway: the configuration's extensions and the theme."""
    import jupyter_book.sphinx  # noqa: F401
    import myst_nb.sphinx_ext  # noqa: F401
    import sphinx.builders.html  # noqa: F401
    import sphinx_book_theme  # noqa: F401


class BookWriter:
    """Sphinx, loaded ahead and started once."""

    def __init__(self, project: Project, working: Path):
        self._project, self._working = project, working
        self._pid = 0
        if can_fork():
            self._start()

    def _start(self) -> None:
        go_read, self._go = os.pipe()
        self._answer, answer_write = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._go)
            os.close(self._answer)
            self._serve(go_read, answer_write)
        os.close(go_read)
        os.close(answer_write)

    def _serve(self, go: int, answer: int) -> None:
        code = 1
        try:
            _load()
            if os.read(go, 1):
                problem = write_book(self._project, self._working)
                os.write(answer, problem.encode() or b"\0")
            code = 0
        except BaseException:
            os.write(answer, traceback.format_exc().encode())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def write(self) -> str:
        """Write the book; return what went wrong, nothing when it was written."""
        if not self._pid:
            return write_book(self._project, self._working)
        os.write(self._go, b"!")
        os.close(self._go)
        said = b"".join(iter(lambda: os.read(self._answer, 65536), b""))
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        if not said:
            return f"Sphinx ended with status {os.waitstatus_to_exitcode(status)} and said nothing"
        return said.decode("utf-8", "replace").strip("\0")

    def stop(self) -> None:
        """End the process when the book is not to be written after all."""
        if self._pid:
            os.close(self._go)
            os.waitpid(self._pid, 0)
            self._pid = 0
