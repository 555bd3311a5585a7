"""Is what an edit would do seen before it is made?"""

import shutil
from pathlib import Path

import pytest

from checked import check_once
from livingmeta.impact import Impact, impact
from livingmeta.kept_records import KeptRecords
from livingmeta.paths import ROOT
from livingmeta.table_files import files_of, read_table

DATA = ROOT / "data"
EFFECTS, KEY = "effects/ami-early-death", "morton1984-early-death-1"
# All tables, and of the questions the one that is moved, one that stands on many rows, one on few.
QUESTIONS = ("iv-magnesium-ami-mortality", "low-magnesium-dialysis-mortality", "low-magnesium-fracture")


@pytest.fixture(autouse=True)
def looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    check_once(monkeypatch)


@pytest.fixture(scope="module")
def kept() -> KeptRecords:
    return KeptRecords()


def few_questions(folder: Path) -> Path:
    data = folder / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("releases"))
    for path in (data / "questions").glob("*.yml"):
        if path.stem not in QUESTIONS:
            path.unlink()
    return data


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return few_questions(tmp_path_factory.mktemp("real"))


def texts_with(column: str, value: str) -> dict[str, str]:
    return files_of([read_table(DATA, EFFECTS).with_cell(KEY, column, value)])


@pytest.fixture(scope="module")
def moved(real: Path, kept: KeptRecords) -> Impact:
    return impact(real, texts_with("events_treatment", "4"), kept)


def test_the_estimate_that_would_move_is_named_with_old_and_new(moved) -> None:
    assert not moved.faults
    (result,) = moved.moved
    assert result["question"] == "iv-magnesium-ami-mortality"
    assert result["old"]["numbers"]["estimate"] < result["new"]["numbers"]["estimate"]
    assert "iv-magnesium-ami-mortality: moved" in moved.text
    assert "events_treatment: 1 -> 4" in moved.text


@pytest.mark.usefixtures("moved")
def test_nothing_is_written_by_looking(real: Path) -> None:
    row = read_table(real, EFFECTS).find(KEY)
    assert row is not None and row["events_treatment"] == "1"
    assert not list(real.rglob(".*.partial"))


def test_an_edit_that_is_not_sound_says_so_with_its_own_faults_alone(real: Path) -> None:
    found = impact(real, texts_with("events_treatment", "41"))
    assert found.faults and all(finding.value for finding in found.faults)
    assert {Path(finding.file).name for finding in found.faults} == {"ami-early-death.csv"}
    assert "cannot be told" in found.text


def test_faults_that_were_there_before_are_not_laid_at_its_door(tmp_path: Path, kept: KeptRecords) -> None:
    data = few_questions(tmp_path)
    table = read_table(data, EFFECTS)
    (data / table.path).write_text(table.with_cell(KEY, "events_treatment", "41").text)
    mended = read_table(data, EFFECTS).with_cell(KEY, "events_treatment", "1")
    found = impact(data, files_of([mended]), kept)
    assert not found.faults
    assert "events_treatment: 41 -> 1" in found.text
