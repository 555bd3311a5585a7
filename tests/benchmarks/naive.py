"""The naive way, kept as it is for comparison: papermill notebook by notebook, then `jupyter-book build`.

Each notebook of the real template has a kernel of its own, started and stopped by papermill's
own engine, imports pandas, altair and PyMARE as any notebook does, and draws its charts itself.
Jupyter Book has its default extensions. Nothing is ever skipped, as neither tool would. This
script is frozen: it follows the template and the tables, and none of what makes our own build fast.

`python tests/benchmarks/naive.py ROOT` builds the checkout at ROOT and prints its seconds as JSON;
`--notebooks N` runs only the first N and leaves the book alone, `--book-only` does the opposite.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

CONFIG = """\
title: "Magnesium: a living meta-analysis"
author: Living Magnesium contributors
only_build_toc_files: true
exclude_patterns: [".*", ".*/**", "**/.*", _build, naive, tests, pipelines, data, requirements*, README.md,
  CHANGELOG.md, book/_generated]
execute:
  execute_notebooks: "off"
parse:
  myst_enable_extensions: [colon_fence, deflist, dollarmath, attrs_inline, attrs_block]
sphinx:
  config:
    html_static_path: [book/_static]
    html_css_files: [livingmeta.css]
    html_js_files:
      - [lazy-charts.js, {defer: defer}]
"""


def main() -> None:
    """Build and print how long each part took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--notebooks", type=int)
    parser.add_argument("--book-only", action="store_true")
    asked = parser.parse_args()
    root = asked.root.resolve()
    os.chdir(root)
    seconds = {"notebooks": 0.0, "book": 0.0, "count": 0}
    if not asked.book_only:
        ids = _ids(root)[: asked.notebooks]
        seconds["notebooks"], seconds["count"] = _timed(lambda: _execute(root, ids)), len(ids)
    if asked.notebooks is None:
        seconds["book"] = _timed(lambda: _write_book(root))
    print(json.dumps(seconds))


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _ids(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "data" / "questions").glob("*.yml"))


def _execute(root: Path, ids: Sequence[str]) -> None:
    import nbformat
    import papermill

    from livingmeta.pages import page_path, prepared
    from livingmeta.paths import Project
    from livingmeta.questions import load_question

    project = Project(root)
    shutil.rmtree(project.svg_cache, ignore_errors=True)
    for name in ids:
        question = load_question(project.questions / f"{name}.yml")
        page = page_path(question, project)
        page.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(_with_imports(prepared(question, project)), root / "naive-input.ipynb")
        papermill.execute_notebook(
            root / "naive-input.ipynb",
            page,
            parameters={"question_id": name},
            cwd=str(root),
            engine_name="nbclient",
            kernel_name="python3",
            progress_bar=False,
        )
    (root / "naive-input.ipynb").unlink()


def _with_imports(notebook: Any) -> Any:
    """Import what notebooks of this kind import: our library alone would load less of it."""
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source = f"import altair\nimport pandas\nimport pymare\n\n{first.source}"
    return notebook


def _write_book(root: Path) -> None:
    """Write the parts that pages include, then run Jupyter Book as its users do."""
    _write_fragments(root)
    settings = root / "naive"
    settings.mkdir(exist_ok=True)
    (settings / "_config.yml").write_text(CONFIG, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(root)]
    command += ["--config", str(settings / "_config.yml"), "--toc", str(root / "_toc.yml")]
    command += ["--path-output", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def _write_fragments(root: Path) -> None:
    from livingmeta.citations import read_book
    from livingmeta.paths import Project
    from livingmeta.questions import load_questions
    from livingmeta.releases import Identity
    from livingmeta.results import read_record
    from livingmeta.schema import load_schema
    from livingmeta.studies import load_studies
    from livingmeta.tables import book, glance, studies_page

    project = Project(root)
    questions, studies = load_questions(project.questions), load_studies(project.data)
    records = [read_record(project.records / f"{question.id}.json") for question in questions]
    fragments = {
        "at-a-glance": glance.at_a_glance(records, questions),
        "facts": glance.facts(records, studies),
        "studies": studies_page.study_pages(studies, questions)["studies"],
        "search": book.search_tables(studies),
        "data-dictionary": book.data_dictionary(load_schema(project.data)),
        "cite": book.how_to_cite(Identity(), read_book(project, Identity())),
    }
    project.fragments.mkdir(parents=True, exist_ok=True)
    for name, text in fragments.items():
        (project.fragments / f"{name}.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
