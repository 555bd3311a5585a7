"""Sphinx in a process of its own, which loads while notebooks still run.

Forked from a parent that has loaded little, it imports Jupyter Book and Sphinx at once and
waits for the word to start. Where fork does not exist, Sphinx runs in this process.
"""

import gc
import os
import sys
import traceback
from contextlib import ExitStack, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

from livingmeta.deferred import stand_in
from livingmeta.paths import Project
from livingmeta.workers import can_fork


class Writing:
    """Sphinx with Jupyter Book's configuration: made ready, then run; warnings are errors.

    Parameters
    ----------
    project : Project
        The checkout.
    working : Path
        Folder of Sphinx's output (`html`) and memory (`doctrees`), kept between builds.
    """

    def __init__(self, project: Project, working: Path):
        self._project, self._working = project, working
        self._log = StringIO()
        self._open = ExitStack()
        self._app: Any = None

    def prepare(self) -> None:
        """Set Sphinx up, with its memory of the last build and the templates compiled then."""
        from jinja2 import FileSystemBytecodeCache
        from jupyter_book.config import get_final_config
        from sphinx.application import Sphinx
        from sphinx.util.docutils import docutils_namespace, patch_docutils

        if self._app is not None:
            return
        overrides = {
            "external_toc_path": str(self._project.contents),
            "nitpicky": True,
            "latex_individualpages": False,
        }
        config, _ = get_final_config(
            user_yaml=self._project.root / "_config.yml", cli_config=overrides, sourcedir=self._project.root
        )
        self._open.enter_context(patch_docutils(None))
        self._open.enter_context(docutils_namespace())
        self._app = Sphinx(
            srcdir=self._project.root,
            confdir=None,
            outdir=self._working / "html",
            doctreedir=self._working / "doctrees",
            buildername="html",
            confoverrides=config,
            status=None,
            warning=self._log,
            warningiserror=True,
            keep_going=True,
        )
        cache = self._working / "templates"
        cache.mkdir(parents=True, exist_ok=True)
        self._app.builder.templates.environment.bytecode_cache = FileSystemBytecodeCache(str(cache))

    def run(self) -> str:
        """Write the book; return what went wrong, nothing when it was written."""
        try:
            with redirect_stdout(self._log), redirect_stderr(self._log), self._open:
                self.prepare()
                self._app.build()
        except Exception as error:
            return f"the book was not written:\n{self._log.getvalue()}{error}"
        return f"the book was not written:\n{self._log.getvalue()}" if self._app.statuscode else ""


def load() -> None:
    """Import what Sphinx will load anyway: the configuration's extensions and the theme.

    Notebooks are executed beforehand: what would execute them, with a data base, is not loaded.
    """
    stand_in("myst_nb.core.execute.cache", "NotebookClientCache")
    stand_in("myst_nb.core.execute.direct", "NotebookClientDirect")
    import jupyter_book.config  # noqa: F401
    import myst_nb.sphinx_ext  # noqa: F401
    import sphinx.builders.html  # noqa: F401
    import sphinx_book_theme  # noqa: F401

    _rehearse()
    gc.freeze()  # what is loaded stays: nobody has to look through it


def _rehearse() -> None:
    """Do once what is slow the first time: it is a third of writing one page."""
    import nbformat
    from bs4 import BeautifulSoup
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    nbformat.validate(nbformat.v4.new_notebook())
    page = BeautifulSoup("<ul><li class='current'><a>1</a></li></ul>", "html.parser")
    page.select("li.current > a, ul:not(.nav) li")
    highlight("1", get_lexer_by_name("ipython3"), HtmlFormatter())


class BookWriter:
    """Sphinx, loaded ahead and started once.

    Parameters
    ----------
    project, working
        As for `Writing`.
    ahead : bool
        Whether Sphinx may be set up before it is told to write: only when no page is new, none
        is gone and nothing that stands on every page has changed.
    """

    def __init__(self, project: Project, working: Path, ahead: bool = False):
        self._writing, self._ahead = Writing(project, working), ahead
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
            load()
            if self._ahead:
                self._writing.prepare()
            if os.read(go, 1):
                problem = self._writing.run()
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
            return self._writing.run()
        with suppress(BrokenPipeError):  # it has ended; what it said about that can still be read
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
