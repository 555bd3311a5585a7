"""Is a page the template with its headings, and free of anything that changes from run to run?"""

import json
from dataclasses import replace

import nbformat
import pytest

from livingmeta.pages import HEADINGS, HIDDEN, PageError, execute, page_path, prepared, without_run
from livingmeta.paths import ROOT, Project
from livingmeta.questions import Grid
from made_up import BY_SIZE, QUESTION

PROJECT = Project(ROOT)
GRID = Grid(methods=("REML", "DL"))


def cells(question):
    return prepared(question, PROJECT).cells


ALL_SECTIONS = replace(QUESTION, subgroups=(BY_SIZE,), multiverse=GRID, displays=("split_forest",))


def headings(question):
    return [cell.source for cell in cells(question) if cell.cell_type == "markdown"]


def test_a_page_begins_with_its_title():
    assert headings(QUESTION)[0] == "# A made-up question"


def test_sections_have_their_headings_in_order():
    shown = [
        text.removeprefix("## ")
        for text in headings(
            replace(QUESTION, subgroups=(BY_SIZE,), multiverse=GRID, displays=("split_forest",))
        )[1:]
    ]
    assert shown == [title for title in HEADINGS.values() if title in shown]
    assert set(shown) == set(HEADINGS.values())


def test_a_question_without_subgroups_has_no_such_section():
    assert f"## {HEADINGS['subgroups']}" not in headings(QUESTION)


def test_code_is_folded_and_machinery_hidden():
    for cell in cells(QUESTION):
        if cell.cell_type == "code":
            tags = cell.metadata["tags"]
            expected = "remove-cell" if set(tags) & set(HIDDEN) else "hide-input"
            assert expected in tags


def test_there_is_one_cell_of_parameters():
    tagged = [cell for cell in cells(QUESTION) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1


def test_every_section_of_the_template_has_a_heading_or_is_the_answer():
    page = cells(replace(QUESTION, subgroups=(BY_SIZE,), multiverse=GRID))
    tags = {tag for cell in page for tag in cell.metadata.get("tags", [])}
    sections = {tag.removeprefix("section-") for tag in tags if tag.startswith("section-")}
    assert sections - {"answer"} <= set(HEADINGS)


def test_ids_follow_the_position():
    assert [cell["id"] for cell in cells(QUESTION)] == [f"cell-{i}" for i in range(len(cells(QUESTION)))]
    assert prepared(QUESTION, PROJECT) == prepared(QUESTION, PROJECT)


def test_nothing_of_the_run_is_left():
    notebook = prepared(QUESTION, PROJECT)
    notebook.metadata["papermill"] = {"start_time": "now", "duration": 1.5}
    notebook.metadata["kernelspec"] = {"name": "mine"}
    notebook.metadata["language_info"] = {"version": "3.99"}
    for cell in notebook.cells:
        cell.metadata["papermill"] = {"duration": 1.5}
        cell.metadata["execution"] = {"iopub.execute_input": "now"}
        cell["id"] = "chance"
    clean = without_run(notebook)
    text = json.dumps(clean)
    assert not any(word in text for word in ("papermill", "iopub", "start_time", "3.99", "mine", "chance"))
    assert "papermill" in notebook.metadata
    nbformat.validate(clean)


def test_a_page_lies_in_the_folder_of_its_part():
    assert page_path(QUESTION, PROJECT) == ROOT / "book" / "questions" / "heart" / "made-up.ipynb"


def test_a_failing_page_names_its_question_and_leaves_the_old_one(tmp_path, monkeypatch):
    import papermill

    project = Project(tmp_path)
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "notebooks").symlink_to(ROOT / "pipelines" / "notebooks")
    old = page_path(QUESTION, project)
    old.parent.mkdir(parents=True)
    old.write_text("old")

    def failing(*_, **__):
        raise papermill.PapermillExecutionError(1, 1, "analyse(x)", "ValueError", "too few", ["too few"])

    monkeypatch.setattr(papermill, "execute_notebook", failing)
    with pytest.raises(PageError, match=r"(?s)made-up: .*too few"):
        execute(QUESTION, project)
    assert old.read_text() == "old"
