"""Does what leaves a question hold all of its rows, as they were reported?"""

import json

import pandas as pd
import pytest

from livingmeta.analysis import analyse
from livingmeta.export.question_files import effects_table, keep
from livingmeta.paths import Project
from made_up import QUESTION, studies, tables, trials_by_size

TABLES = [*trials_by_size(0.7, 0.7)[:5], *tables((0, 40, 0, 41))]
ROWS = [{**row, "report_id": "unknown"} for row in TABLES]


@pytest.fixture(scope="module")
def made():
    tables_ = studies(ROWS)
    return analyse(QUESTION, tables_), tables_


def test_every_row_is_there_as_reported(made):
    table = effects_table(*made)
    assert list(table["effect_id"]) == [f"effect-{i}" for i in range(6)]
    assert list(table["events_treatment"]) == [row["events_treatment"] for row in ROWS]
    assert list(table["study"]) == [f"Study{i}" for i in range(6)]


def test_effects_and_weights_stand_beside_the_rows_that_entered(made):
    analysis, _ = made
    table = effects_table(*made).set_index("effect_id")
    assert list(table["yi"][:5]) == list(analysis.effects.yi)
    assert table["weight"].sum() == pytest.approx(100)
    assert table.loc["effect-5", ["yi", "vi", "weight"]].isna().all()


def test_columns_without_a_value_and_the_library_own_are_left_out(made):
    columns = set(effects_table(*made).columns)
    assert not columns & {"line", "file", "r", "sd_control"}
    assert {"doi", "yi", "vi", "ci_lower_analysis", "derived_from", "pool_role"} <= columns


def test_files_of_a_question(made, tmp_path):
    project = Project(tmp_path)
    record = keep(*made, project)
    names = {path.name for path in project.records.iterdir()}
    assert {"made-up.json", "made-up.csv", "made-up.forest.svg"} <= names
    assert "made-up.funnel.svg" not in names
    assert json.loads((project.records / "made-up.json").read_text())["id"] == record["id"] == "made-up"
    assert len(pd.read_csv(project.records / "made-up.csv")) == 6
    assert (project.records / "made-up.forest.svg").read_text().startswith(("<svg", "<?xml"))


def test_the_same_rows_give_the_same_bytes(made, tmp_path):
    for name in "ab":
        keep(*made, Project(tmp_path / name))
    for path in Project(tmp_path / "a").records.iterdir():
        assert path.read_bytes() == (Project(tmp_path / "b").records / path.name).read_bytes()
