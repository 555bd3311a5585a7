"""The cells of a notebook run in this process by IPython, with outputs recorded as a kernel would.

No kernel is started and no socket opened; what a cell shows, prints, warns or raises ends up
in the notebook in the same form.
"""

import builtins
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import Any

from ipykernel.compiler import XCachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config


class CellFailure(RuntimeError):
    """A cell that raised; its traceback stands in the cell's outputs."""


class Recorder:
    """Collects the outputs of the running cell, and remembers displays that may be updated."""

    def __init__(self) -> None:
        self.outputs: list[NotebookNode] = []
        self.displays: dict[str, list[NotebookNode]] = {}
        self.clear_next = False

    def start(self) -> None:
        """Begin a new cell."""
        self.outputs, self.clear_next = [], False

    def add(self, output: NotebookNode) -> None:
        """Append an output, after the clearing that was asked for."""
        if self.clear_next:
            self.outputs.clear()
            self.clear_next = False
        self.outputs.append(output)

    def stream(self, name: str, text: str) -> None:
        """Append text to a stream; neighbouring pieces become one output."""
        last = self.outputs[-1] if self.outputs and not self.clear_next else None
        if last is not None and last.output_type == "stream" and last.name == name:
            last.text += text
        else:
            self.add(new_output("stream", name=name, text=text))

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str | None) -> None:
        """Append a display, known by its id when it has one."""
        output = new_output("display_data", data=data, metadata=metadata)
        if display_id is not None:
            self.displays.setdefault(display_id, []).append(output)
        self.add(output)

    def update(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        """Change what was displayed under an id, in whichever cell it stands."""
        for output in self.displays.get(display_id, []):
            output.data, output.metadata = NotebookNode(data), NotebookNode(metadata)

    def clear(self, wait: bool) -> None:
        """Empty the outputs, now or when the next one comes."""
        if wait:
            self.clear_next = True
        else:
            self.outputs.clear()


class RecordingPublisher(DisplayPublisher):
    """Sends displays to the recorder."""

    recorder = AnyTrait()

    def publish(  # type: ignore[override]
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Record a display, or change an earlier one."""
        display_id = (transient or {}).get("display_id")
        if update:
            self.recorder.update(data, metadata or {}, display_id)
        else:
            self.recorder.display(data, metadata or {}, display_id)

    def clear_output(self, wait: bool = False) -> None:
        """Forget what the cell has shown so far."""
        self.recorder.clear(wait)


class RecordingHook(DisplayHook):
    """Sends the value of a cell to the recorder."""

    recorder = AnyTrait()

    def write_output_prompt(self) -> None:
        """Write nothing: a notebook has no prompt."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        """Record the value in all its forms."""
        result = new_output(
            "execute_result", data=format_dict, metadata=md_dict or {}, execution_count=self.prompt_count
        )
        self.recorder.add(result)

    def finish_displayhook(self) -> None:
        """Do nothing more."""


class CellShell(InteractiveShell):
    """IPython without a terminal, without a kernel and without a history on disk."""

    recorder = AnyTrait()
    colors_force = True
    display_pub_class = Type(RecordingPublisher)
    displayhook_class = Type(RecordingHook)
    compiler_class = Type(XCachingCompiler)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.recorder.add(new_output("error", ename=etype.__name__, evalue=str(evalue), traceback=stb))


class Stream(TextIOBase):
    """A text stream that writes to the recorder."""

    encoding = "utf-8"

    def __init__(self, recorder: Recorder, name: str):
        self._recorder, self._name = recorder, name

    def fileno(self) -> int:
        """Return where lower levels write this stream."""
        return {"stdout": 1, "stderr": 2}[self._name]

    def write(self, text: str) -> int:
        """Record text."""
        if text:
            self._recorder.stream(self._name, text.encode("utf-8", "replace").decode("utf-8"))
        return len(text)

    def writable(self) -> bool:
        """Return True."""
        return True


def new_shell() -> CellShell:
    """Return a fresh shell whose names are those of `__main__`."""
    CellShell.clear_instance()
    if "" not in sys.path:  # what lies beside a notebook can be imported
        sys.path.insert(0, "")
    logging.root.handlers.clear()  # whatever the parent had set up
    logging.root.setLevel(logging.WARNING)
    shell = CellShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.set_hook("show_in_pager", lambda *_, **__: None)  # a kernel sends it beside the outputs
    shell.recorder = shell.display_pub.recorder = shell.displayhook.recorder = Recorder()
    return shell


def run_cell(shell: CellShell, cell: NotebookNode) -> None:
    """Run one code cell and put its outputs into it.

    Raises
    ------
    CellFailure
        When the cell raised and is not tagged `raises-exception`.
    """
    cell.outputs = []
    if not cell.source.strip():
        return
    shell.recorder.start()
    count = shell.execution_count
    with _captured(shell.recorder):
        result = shell.run_cell(cell.source, store_history=True)
    cell.execution_count = count
    cell.outputs = shell.recorder.outputs
    if not result.success and "raises-exception" not in cell.metadata.get("tags", []):
        raise CellFailure(repr(result.error_before_exec or result.error_in_exec))


@contextmanager
def _captured(recorder: Recorder) -> Iterator[None]:
    """Send Python's streams to the recorder, and what lower levels write once the cell is done."""
    before = sys.stdout, sys.stderr, builtins.input
    with _raw_captured(recorder):
        sys.stdout, sys.stderr = Stream(recorder, "stdout"), Stream(recorder, "stderr")
        builtins.input = _no_input
        try:
            yield
        finally:
            sys.stdout, sys.stderr, builtins.input = before


def _no_input(_prompt: object = "") -> str:
    raise StdinNotImplementedError("input is not available while a notebook is run unattended")


@contextmanager
def _raw_captured(recorder: Recorder) -> Iterator[None]:
    kept = {fd: os.dup(fd) for fd in (1, 2)}
    files = {fd: tempfile.TemporaryFile() for fd in (1, 2)}  # noqa: SIM115
    for fd, file in files.items():
        os.dup2(file.fileno(), fd)
    try:
        yield
    finally:
        for fd, file in files.items():
            os.dup2(kept[fd], fd)
            os.close(kept[fd])
            file.seek(0)
            written = file.read().decode("utf-8", "replace")
            file.close()
            if written:
                recorder.stream({1: "stdout", 2: "stderr"}[fd], written)
