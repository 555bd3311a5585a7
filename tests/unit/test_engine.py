"""Do both engines make the same notebook of the same cells?

What a run leaves by chance is put aside before comparing:

- ids of cells and the times that papermill notes (`metadata.papermill`, `metadata.execution`);
- the number of the process in the name of a cell's file, which a warning prints;
- where text on stderr stands between other outputs: a kernel sends the two streams one after
  the other when it has time, and two runs of the same kernel differ in it already.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill.engines  # noqa: F401 - before our engine, which it loads itself
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from benchmarks.generate import copied_project
from livingmeta.engine import NAME
from livingmeta.pages import page_path
from livingmeta.paths import ROOT
from livingmeta.questions import load_questions

STOCK = "nbclient"
ENGINES = (STOCK, NAME)
KEPT_STREAM = "stdout"
CELLS = {
    "parameters": "x = 1",
    "print": "print('a', end=''); print('b')\nprint('café – ×', flush=True)\nprint('one\\rtwo')",
    "value": "x + 1",
    "no value": "x + 1;",
    "several values": "1\n2\n[3, {'a': 4}]",
    "history": "_, sorted(Out), In[3], _i.strip()",
    "display": """
from IPython.display import HTML, JSON, Image, Latex, Markdown, SVG, clear_output, display, update_display
display(HTML('<b>bold</b>'), Markdown('*m*'))
raw = {'text/plain': 'raw', 'text/html': '<i>raw</i>'}
display(raw, raw=True, metadata={'text/html': {'isolated': True}})
""",
    "rich": "import pandas as pd\npd.DataFrame({'a': [1, None], 'b': ['<', 'ß']})",
    "picture": "Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes(20), width=3)",
    "drawing": "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>')",
    "formula": "display(Latex('$x$'), JSON({'a': [1]}))",
    "bundle": """
class Bundle:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {'text/plain': 'p', 'application/x-own+json': {'a': 1}}, {'text/plain': {'note': 1}}
Bundle()
""",
    "bad bundle": """
class Bad:
    def _repr_html_(self):
        raise ValueError('no HTML')
    def __repr__(self):
        return 'bad'
Bad()
""",
    "handle": "handle = display('first', display_id='h')\nprint('between')\ndisplay('again', display_id='h')",
    "update": "handle.update('second')\nprint('updated')",
    "update here": "h = display('x', display_id=True)\nh.update(HTML('<u>y</u>'))",
    "update unknown": "update_display('nobody', display_id='nowhere')",
    "order": "print('1')\ndisplay('2')\nprint('3')\ndisplay('4')\n5",
    "clear": "print('gone')\ndisplay('gone')\nclear_output()\nprint('stays')",
    "clear and wait": "print('gone')\nclear_output(wait=True)\nprint('stays')",
    "clear last": "print('stays')\nclear_output(wait=True)",
    "magic": "%env LIVINGMETA_TEST=magic",
    "line magic": "%precision 3\nhere = %pwd\nprint(here)\n0.123456",
    "cell magic": "%%html\n<b>magic</b>",
    "captured": "%%capture caught\nprint('inside')\ndisplay('inside')",
    "shown": "caught.show()\nprint(repr(caught.stdout))",
    "bash": "%%bash\necho from bash",
    "shell": "!echo from shell",
    "shell value": "names = !printf 'a\\nb\\n'\nnames",
    "subprocess": "import subprocess, sys\nsubprocess.run(['echo', 'from a child'], check=True);",
    # Jupyter's kernel reads the descriptor in a thread of its own, which needs its moment.
    "low level": "import os, time\nos.write(1, b'straight to 1\\n')\ntime.sleep(0.5)",
    "warning": "import warnings\nwarnings.warn('careful')\nwarnings.warn('old', DeprecationWarning)",
    "stderr": "print('wrong', file=sys.stderr)\nprint('right')",
    "logging": "import logging\nlogging.warning('logged')",
    "await": "import asyncio\nawait asyncio.sleep(0.01)",
    "await all": "await asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2))",
    "async": "async def later():\n    return 'later'\nawait later()",
    "thread": "from threading import Thread\nt = Thread(target=print, args=('thread',))\nt.start(); t.join()",
    "source": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), f.__module__, __name__)",
    "pickle": "import pickle\nclass Here: pass\ntype(pickle.loads(pickle.dumps(Here()))) is Here",
    "streams as files": "import faulthandler\nfaulthandler.enable()\nsys.stdout.fileno() > 0",
    "import beside": "import beside\nbeside.answer",
    "help": "print?",
    "streams": "sys.stdout.writelines(['a', 'b'])\nsys.stdout.isatty(), sys.stdout.encoding.lower()",
    "comment": "# nothing but a comment",
    "empty": "   ",
    "glue": "from myst_nb import glue\nglue('answer', 42, display=False)\nglue('shown', 'yes')",
    "chart": "import altair as alt\nalt.Chart(pd.DataFrame({'a': [1]})).mark_point().to_dict()['mark']",
    "names": "sorted(name for name in globals() if not name.startswith('_'))[:12]",
    "division": "print('before')\n1 / 0",
    "syntax": "if True print('x')",
    "chained": "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('chained') from error",
    "in a function": "def inner(n):\n    return 1 / n\n\n\ndef outer():\n    return inner(0)\n\n\nouter()",
    "after": "print('still here')",
}
NEVER = "print('never')"
ENDS = {"raises": "print('two')\nint('three')", "leaves": "raise SystemExit('three')"}


def notebook(cells, may_raise=False):
    made = new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}}
    )
    made.cells = [new_markdown_cell("# Title"), new_raw_cell("raw")]
    for name, source in cells.items():
        tags = [*["raises-exception"] * may_raise, *["parameters"] * (name == "parameters")]
        made.cells.append(new_code_cell(source.strip("\n"), metadata={"tags": tags, "name": name}))
    return made


def environment(**more):
    # A kernel that knows of pytest does not record what lower levels write.
    known = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return {**known, "PYTHONPATH": str(ROOT / "pipelines"), "OPENBLAS_NUM_THREADS": "1", **more}


def run_papermill(made, engine, folder, *options):
    """Run a notebook by the command line of papermill; return the result and what the command said."""
    source, target = folder / "in.ipynb", folder / f"{engine}.ipynb"
    nbformat.write(made, source)
    command = [sys.executable, "-m", "papermill", "--engine", engine, "-k", "python3", "--no-progress-bar"]
    command += ["--cwd", str(folder), *options, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=120)
    return nbformat.read(target, as_version=4), done


def compared(executed):
    """Return a notebook without what the docstring of this module puts aside."""
    text = re.sub(r"ipykernel_\d+", "ipykernel_1", json.dumps(executed))
    clean = json.loads(text)
    for place in (clean, *clean["cells"]):
        place["metadata"].pop("papermill", None)
        place["metadata"].pop("execution", None)
        place.pop("id", None)
    clean["metadata"].pop("language_info", None)
    for cell in clean["cells"]:
        if "outputs" in cell:
            cell["outputs"] = _stderr_last(cell["outputs"])
    return clean


def _stderr_last(outputs):
    rest, said = [], ""
    for output in outputs:
        if output["output_type"] == "stream" and output["name"] != KEPT_STREAM:
            said += output["text"]
        elif output["output_type"] == "stream" and rest and rest[-1].get("name") == KEPT_STREAM:
            rest[-1] = {**rest[-1], "text": rest[-1]["text"] + output["text"]}
        else:
            rest.append(output)
    return [*rest, *([{"stderr": said}] if said else [])]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Return the notebook of all cells as each engine leaves it, its cells by name."""
    folder = tmp_path_factory.mktemp("engines")
    (folder / "beside.py").write_text("answer = 42")
    found = {}
    for engine in ENGINES:
        executed, done = run_papermill(notebook(CELLS, may_raise=True), engine, folder, "-p", "x", "5")
        # Tagged or not, papermill names the last cell that raised, once all have run.
        assert "ZeroDivisionError" in done.stderr and done.returncode == 1
        found[engine] = compared(executed)
    return found


def by_name(made):
    return {cell["metadata"].get("name", i): cell for i, cell in enumerate(made["cells"])}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_leaves_the_same_outputs(both, name):
    theirs, ours = (by_name(both[engine])[name] for engine in ENGINES)
    assert ours == theirs


def test_all_else_is_the_same(both):
    theirs, ours = (both[engine] for engine in ENGINES)
    assert [c["cell_type"] for c in ours["cells"]] == [c["cell_type"] for c in theirs["cells"]]
    assert {**ours, "cells": 0} == {**theirs, "cells": 0}
    assert ours["cells"][:4] == theirs["cells"][:4]


@pytest.mark.parametrize("end", ENDS)
def test_a_cell_that_raises_ends_the_notebook_the_same_way(tmp_path, end):
    cells = {"start": "print('one')", "end": ENDS[end], "never": NEVER}
    found = {engine: run_papermill(notebook(cells), engine, tmp_path) for engine in ENGINES}
    theirs, ours = (compared(found[engine][0]) for engine in ENGINES)
    assert ours == theirs
    last = [found[engine][1].stderr.strip().splitlines()[-1] for engine in ENGINES]
    assert last[0] == last[1] and "three" in last[1]
    assert [found[engine][1].returncode for engine in ENGINES] == [1, 1]
    never = [cell for cell in found[NAME][0].cells if cell.source == NEVER]
    assert len(never) == 1 and never[0].outputs == [] and never[0].execution_count is None


def test_a_notebook_that_crashes_or_takes_too_long_is_named_as_such(tmp_path):
    crash = notebook({"crash": "import os\nos._exit(7)"})
    nbformat.write(crash, tmp_path / f"{NAME}.ipynb")
    assert "exit code 7" in run_papermill(crash, NAME, tmp_path)[1].stderr
    loop = notebook({"loop": "while True: pass"})
    done = run_papermill(loop, NAME, tmp_path, "--execution-timeout", "1")[1]
    assert done.returncode and "longer than 1 s" in done.stderr


PAGES = """
import sys
from livingmeta import pages
from livingmeta.paths import Project
from livingmeta.questions import load_question
from livingmeta.workers import run_forked
project = Project.find()
questions = [load_question(project.questions / f"{name}.yml") for name in sys.argv[2:]]
if sys.argv[1] == "nbclient":
    failures = pages.execute_one_by_one(questions, project, print)
else:
    pages.preload(project)
    failures = run_forked([pages.page_task(question, project) for question in questions], 2)
assert not failures, failures
"""


def made_pages(engine, folder, questions):
    project = copied_project(folder / engine)
    command = [sys.executable, "-c", PAGES, engine, *(question.id for question in questions)]
    known = environment(PYTHONPATH=str(project.root / "pipelines"))
    subprocess.run(command, check=True, cwd=project.root, env=known, capture_output=True, timeout=120)
    records = {path.name: path.read_bytes() for path in project.records.iterdir()}
    return {q.id: page_path(q, project).read_bytes() for q in questions} | records


def test_pages_of_real_questions_are_the_same_bytes(tmp_path):
    questions = load_questions(ROOT / "data" / "questions")
    with_charts = next(question for question in questions if question.pooled and question.subgroups)
    shown_only = next(question for question in questions if not question.pooled)
    theirs, ours = (made_pages(engine, tmp_path, [with_charts, shown_only]) for engine in ENGINES)
    assert b"<svg" in ours[with_charts.id]
    assert sorted(ours) == sorted(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_the_engine_is_offered_to_papermill():
    from importlib.metadata import entry_points

    assert any(point.name == NAME for point in entry_points(group="papermill.engine"))
    assert Path(sys.modules["livingmeta"].__file__).is_relative_to(ROOT)
