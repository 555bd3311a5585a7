"""Does the worked example of the page "Contribute" work, block by block, without any code?"""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest

from livingmeta.check import check
from livingmeta.differences import compare
from livingmeta.differences.estimates import is_changed
from livingmeta.pages import execute
from livingmeta.paths import ROOT, Project
from livingmeta.questions import load_question
from livingmeta.releases import Identity
from livingmeta.snapshots import Snapshot

BLOCK = re.compile(r"```\{code-block\} \w+\n:caption: (\S+), ([^\n]+)\n(.*?)```", re.DOTALL)
MORE, NEW = "one row more", "a new file"
POOLED, ADDED = "low-magnesium-dialysis-mortality", "example-falls"


def blocks() -> list[tuple[str, str, str]]:
    """Return path, kind and text of each block of the page."""
    return BLOCK.findall((ROOT / "book" / "contribute.md").read_text(encoding="utf-8"))


def with_row(path: Path, text: str) -> None:
    """Append a row under the names of its columns; all other cells stay empty."""
    (row,) = csv.DictReader(io.StringIO(text))
    columns = path.read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    assert set(row) <= set(columns), sorted(set(row) - set(columns))
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, columns, lineterminator="\n").writerow(row)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the data on which every block was carried out."""
    root = tmp_path_factory.mktemp("example")
    shutil.copy(ROOT / "_toc.yml", root)
    shutil.copytree(ROOT / "data", root / "data", ignore=shutil.ignore_patterns("releases"))
    for path, kind, text in blocks():
        if kind == MORE:
            with_row(root / path, text)
        else:
            assert not (root / path).exists()
            (root / path).write_text(text, encoding="utf-8")
    return Project(root)


@pytest.fixture(scope="module")
def after(project):
    return Snapshot("after", project.data, Identity(commit="b", date="2030-01-16"))


@pytest.fixture(scope="module")
def before():
    return Snapshot("before", ROOT / "data", Identity(commit="a", date="2030-01-15"))


def test_the_page_has_its_six_blocks():
    assert [kind for _, kind, _ in blocks()] == [MORE] * 4 + [NEW] * 2


def test_the_check_finds_no_fault(project):
    assert [str(found) for found in check(project.data).faults] == []


def test_the_study_enters_the_pooled_estimate(before, after):
    studies = [[one["study"] for one in at.records[POOLED]["studies"]] for at in (before, after)]
    assert sorted({*studies[1]} - {*studies[0]}) == ["Example 2030"]
    assert after.records[POOLED]["k"] == before.records[POOLED]["k"] + 1
    assert after.records[POOLED]["estimate"] != before.records[POOLED]["estimate"]


def test_the_question_is_there_with_its_number(before, after):
    assert ADDED not in before.records
    # (40 / 200) / (60 / 440), by hand.
    assert after.records[ADDED]["display"]["estimate"] == pytest.approx(22 / 15)
    assert after.records[ADDED]["k"] == 1


def test_nothing_else_moved(before, after):
    changed = {one["question"] for one in compare(before, after).results if is_changed(one)}
    assert changed == {POOLED, ADDED}


def test_the_question_has_a_page(project):
    shutil.copytree(ROOT / "pipelines" / "notebooks", project.notebooks)
    shutil.copy(ROOT / "_config.yml", project.root)
    shutil.copy(ROOT / "CITATION.cff", project.root)
    page = execute(load_question(project.questions / f"{ADDED}.yml"), project)
    assert page == project.pages / "kidney" / f"{ADDED}.ipynb"
    assert "RR 1.47" in page.read_text(encoding="utf-8")
    assert (project.records / f"{ADDED}.json").exists()
