"""A papermill engine that runs a notebook in a forked child instead of a kernel of its own.

`papermill --engine livingmeta-fork in.ipynb out.ipynb` uses it from anywhere. A build forks the
child itself, around all of papermill, and marks it so that no second one is forked.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from papermill.engines import Engine, NotebookExecutionManager

from livingmeta.workers import Limits, Task, run_forked

NAME = "livingmeta-fork"


class ForkEngine(Engine):
    """Runs the cells by IPython in a forked child."""

    isolated = False  # True inside a child that belongs to one notebook alone

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        execution_timeout: float | None = None,
        **_: Any,
    ) -> None:
        """Execute the managed notebook in place; papermill writes it."""
        if cls.isolated:
            run_cells(nb_man)
        else:
            _in_a_child(nb_man, execution_timeout)


def rehearse(source: str) -> None:
    """Run one cell in this process as papermill would, so that the first notebook finds all ready."""
    from papermill import execute_notebook

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    before, ForkEngine.isolated = ForkEngine.isolated, True
    try:
        execute_notebook(notebook, None, engine_name=NAME, progress_bar=False)
    finally:
        ForkEngine.isolated = before


def run_cells(nb_man: NotebookExecutionManager) -> None:
    """Run the cells of a managed notebook in this process, up to the first that fails."""
    from livingmeta.cells import CellFailure, new_shell, run_cell

    shell = new_shell()
    for index, cell in enumerate(nb_man.nb.cells):
        nb_man.cell_start(cell, index)
        try:
            if cell.cell_type == "code":
                run_cell(shell, cell)
        except CellFailure as failure:
            nb_man.cell_exception(cell, cell_index=index, exception=failure)
            break
        finally:
            nb_man.cell_complete(cell, cell_index=index)


def _in_a_child(nb_man: NotebookExecutionManager, seconds: float | None) -> None:
    with TemporaryDirectory(prefix="livingmeta-") as folder:
        output = Path(folder, "executed.ipynb")

        def child() -> None:
            run_cells(nb_man)
            nbformat.write(nb_man.nb, output)

        limits = Limits(seconds=seconds) if seconds else Limits()
        failures = run_forked([Task("notebook", child)], workers=1, limits=limits)
        if failures:
            raise RuntimeError(failures["notebook"])
        nb_man.nb = nbformat.read(output, as_version=4)
