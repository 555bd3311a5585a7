"""Are duplicates found in the labelled set, and does its file say what the code gives today?"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks" / "duplicates"))

import labelled
import results
from scoring import measure
from variations import PARTS


@pytest.fixture(scope="module")
def text():
    return results.text()


def test_the_set_is_what_its_script_makes():
    assert labelled.FILE.read_text(encoding="utf-8") == labelled.labelled_text()


def test_the_results_are_those_of_today(text):
    assert results.FILE.read_text(encoding="utf-8") == text, "run tests/benchmarks/duplicates/results.py"


def test_precision_and_recall_over_all_pairs_are_high(text):
    row = next(line for line in text.splitlines() if line.startswith("| all |") and "the same report" in line)
    precision, recall = (float(cell) for cell in row.strip("| ").split(" | ")[-2:])
    assert precision >= 0.97
    assert recall >= 0.97


def test_no_part_of_the_set_is_empty():
    assert all(len(labelled.read(part)) > 500 for part in PARTS)


def test_a_link_that_is_missed_is_counted():
    rows = [one for one in labelled.read("first") if one.report.startswith("r010")]
    _, _, links, _ = measure([one for one in rows if one.variation != "erratum"])
    assert len(links.hits) + len(links.missed) < 2
