"""Are outputs recorded as a kernel sends them? `test_engine.py` compares the two on whole notebooks."""

import os
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from livingmeta import workers
from livingmeta.cells import CellFailure, Recorder, Stream, new_shell, run_cell
from livingmeta.workers import Task, run_forked


@pytest.fixture
def recorder():
    made = Recorder()
    made.start()
    return made


def texts(recorder):
    return [(output.get("name"), output.get("text")) for output in recorder.outputs]


def test_neighbouring_pieces_of_a_stream_are_one_output(recorder):
    for name, text in (("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")):
        recorder.stream(name, text)
    assert texts(recorder) == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d")]


def test_a_display_parts_a_stream(recorder):
    recorder.stream("stdout", "a")
    recorder.display({"text/plain": "x"}, {}, None)
    recorder.stream("stdout", "b")
    assert [output.output_type for output in recorder.outputs] == ["stream", "display_data", "stream"]


def test_an_update_reaches_every_display_of_its_id_in_earlier_cells_too(recorder):
    recorder.display({"text/plain": "1"}, {}, "id")
    first = recorder.outputs
    recorder.start()
    recorder.display({"text/plain": "2"}, {}, "id")
    recorder.display({"text/plain": "3"}, {}, "other")
    recorder.update({"text/plain": "new"}, {"a": 1}, "id")
    recorder.update({"text/plain": "lost"}, {}, "unknown")
    shown = [output.data["text/plain"] for output in (*first, *recorder.outputs)]
    assert shown == ["new", "new", "3"] and first[0].metadata == {"a": 1}


def test_clearing_now_or_when_something_comes(recorder):
    recorder.stream("stdout", "a")
    recorder.clear(wait=True)
    assert texts(recorder) == [("stdout", "a")]
    recorder.stream("stdout", "b")
    assert texts(recorder) == [("stdout", "b")]
    recorder.clear(wait=False)
    assert recorder.outputs == []


def test_a_cell_begins_empty_and_owes_nothing_to_the_one_before(recorder):
    recorder.stream("stdout", "a")
    recorder.clear(wait=True)
    recorder.start()
    recorder.stream("stdout", "b")
    assert texts(recorder) == [("stdout", "b")]


def test_a_stream_takes_text_like_a_file(recorder):
    stream = Stream(recorder, "stdout")
    assert stream.writable() and not stream.isatty()
    assert stream.write("ab") == 2 and stream.write("") == 0
    print("c", file=stream, flush=True)
    assert texts(recorder) == [("stdout", "abc\n")]


def ran(tmp_path, monkeypatch, *cells, check=None):
    """Run cells in a forked child, where a shell may do as it likes; return them and the failure."""
    monkeypatch.setattr(workers, "require_one_thread", lambda: None)
    target = tmp_path / "out.ipynb"
    notebook = new_notebook(cells=[c if not isinstance(c, str) else new_code_cell(c) for c in cells])

    def run():
        shell = new_shell()
        try:
            for cell in notebook.cells:
                run_cell(shell, cell)
        except CellFailure as failure:
            print(f"failed: {failure}")
            raise
        finally:
            if check:
                check(shell)
            nbformat.write(notebook, target)

    failure = run_forked([Task("cells", run)], 1).get("cells", "")
    return nbformat.read(target, as_version=4).cells, failure


def test_values_text_and_counts(tmp_path, monkeypatch):
    cells, failure = ran(tmp_path, monkeypatch, "x = 2", "  ", "print('a')\nx * 21", "# note")
    assert failure == ""
    assert [cell.execution_count for cell in cells] == [1, None, 2, 3]
    assert [output.output_type for output in cells[2].outputs] == ["stream", "execute_result"]
    assert cells[2].outputs[1].data == {"text/plain": "42"} and cells[2].outputs[1].execution_count == 2


def test_a_cell_that_raises_ends_the_run_with_its_traceback_recorded(tmp_path, monkeypatch):
    cells, failure = ran(tmp_path, monkeypatch, "print('a')\n1 / 0", "print('never')")
    assert "ZeroDivisionError" in failure
    assert [output.output_type for output in cells[0].outputs] == ["stream", "error"]
    error = cells[0].outputs[1]
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero") and error.traceback
    assert cells[1].outputs == [] and cells[1].execution_count is None


def test_a_cell_that_may_raise_does_not_end_the_run(tmp_path, monkeypatch):
    may = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    cells, failure = ran(tmp_path, monkeypatch, may, "'after'")
    assert failure == "" and cells[0].outputs[0].ename == "ZeroDivisionError"
    assert cells[1].outputs[0].data["text/plain"] == "'after'"


@pytest.mark.parametrize(
    "source",
    ["import os\nos.write(1, b'low')", "!echo low", "import subprocess\nsubprocess.run(['echo', 'low']);"],
)
def test_what_lower_levels_write_is_recorded(tmp_path, monkeypatch, source):
    cells, failure = ran(tmp_path, monkeypatch, source)
    assert failure == ""
    assert "low" in "".join(output.text for output in cells[0].outputs if output.output_type == "stream")


def test_nobody_is_asked(tmp_path, monkeypatch):
    cells, failure = ran(tmp_path, monkeypatch, "input('name?')")
    assert "unattended" in failure and cells[0].outputs[-1].ename == "StdinNotImplementedError"


def test_text_that_is_no_unicode_does_not_lose_the_notebook(tmp_path, monkeypatch):
    cells, failure = ran(tmp_path, monkeypatch, "print('a\\ud800b')")
    assert failure == "" and cells[0].outputs[0].text == "a?b\n"


def test_streams_and_input_are_put_back_after_a_cell(tmp_path, monkeypatch):
    def check(_shell):
        assert not isinstance(sys.stdout, Stream) and not isinstance(sys.stderr, Stream)
        assert __builtins__["input"].__name__ == "input"
        assert len(os.listdir("/proc/self/fd")) < 40

    failure = ran(tmp_path, monkeypatch, *["print(1)"] * 50, "1 / 0", check=check)[1]
    assert "ZeroDivisionError" in failure and "AssertionError" not in failure


def test_a_notebook_can_import_what_lies_beside_it(tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text("answer = 42")
    monkeypatch.chdir(tmp_path)
    cells, failure = ran(tmp_path, monkeypatch, "import beside\nbeside.answer")
    assert failure == "" and cells[0].outputs[0].data["text/plain"] == "42"


def test_no_history_is_kept_on_disk(tmp_path, monkeypatch):
    def check(shell):
        assert not shell.history_manager.enabled

    assert ran(tmp_path, monkeypatch, "1", check=check)[1] == ""
