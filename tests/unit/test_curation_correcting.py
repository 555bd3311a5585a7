"""Is a cell changed together with the reason, and nothing else?"""

from dataclasses import replace
from pathlib import Path

import pytest

from checked import check
from curating import BECAUSE, EFFECT, FILE, FIRST, TABLE, data_folder, put
from livingmeta.curation import RequestError, corrected
from livingmeta.table_files import read_table


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return data_folder(tmp_path / "data")


def correct(data: Path, cells, because=BECAUSE, **more):
    return put(data, lambda folder: corrected(folder, TABLE, EFFECT, cells, because, **more))


def ledger(data: Path):
    return [tuple(row.values()) for row in read_table(data, "corrections").rows]


def test_the_cell_changes_and_the_ledger_says_why(data: Path) -> None:
    before = read_table(data, TABLE)
    draft = correct(data, {"notes": "Another remark."})
    assert draft.files == ("corrections.csv", f"{TABLE}.csv")
    old = (before.find(EFFECT) or {})["notes"]
    row = (TABLE, EFFECT, "notes", old, "Another remark.", "2030-01-15", "a misprint", "table 2")
    assert ledger(data) == [row]
    assert read_table(data, TABLE).text == before.with_cell(EFFECT, "notes", "Another remark.").text
    assert not check(data).faults


def test_an_effects_file_may_be_named_without_its_folder(data: Path) -> None:
    by_name = corrected(data, f"{FILE}.csv", EFFECT, {"label": "Other"}, BECAUSE)
    assert by_name == corrected(data, TABLE, EFFECT, {"label": "Other"}, BECAUSE)


def test_a_second_correction_on_the_same_day_joins_the_first(data: Path) -> None:
    correct(data, {"label": "First"})
    correct(data, {"label": "Second"}, replace(BECAUSE, reason="misread", source="table 3"))
    row = (TABLE, EFFECT, "label", "", "Second", "2030-01-15", "a misprint; misread", "table 2; table 3")
    assert ledger(data) == [row]
    assert not check(data).faults


def test_a_reason_that_is_there_already_is_not_said_twice(data: Path) -> None:
    correct(data, {"label": "First"})
    correct(data, {"label": "Second"})
    assert ledger(data)[0][-2:] == ("a misprint", "table 2")


def test_back_at_the_old_value_on_the_same_day_nothing_was_corrected(data: Path) -> None:
    before = read_table(data, TABLE).rows
    correct(data, {"label": "First"})
    correct(data, {"label": ""}, blank=True)
    assert ledger(data) == []
    assert read_table(data, TABLE).rows == before


def test_back_at_the_old_value_on_a_later_day_is_a_correction_of_its_own(data: Path) -> None:
    correct(data, {"label": "First"})
    correct(data, {"label": ""}, replace(BECAUSE, day="2030-01-16"), blank=True)
    assert [row[3:6] for row in ledger(data)] == [("", "First", "2030-01-15"), ("First", "", "2030-01-16")]
    assert not check(data).faults


def test_a_day_before_the_last_correction_is_refused(data: Path) -> None:
    correct(data, {"label": "First"})
    with pytest.raises(RequestError, match="was corrected on 2030-01-15, which is after today, 2030-01-14"):
        correct(data, {"label": "Second"}, replace(BECAUSE, day="2030-01-14"))


def test_several_cells_of_a_row_change_at_once(data: Path) -> None:
    correct(data, {"label": "Other", "notes": "Another remark."})
    assert [row[2] for row in ledger(data)] == ["label", "notes"]


@pytest.mark.parametrize(
    ("table", "key", "cells", "said"),
    [
        ("effect/nothing", EFFECT, {"label": "x"}, "effect/nothing: must be a table; there are studies"),
        ("syntetic-000", EFFECT, {"label": "x"}, f"did you mean {TABLE}"),
        (TABLE, EFFECT[:-1] + "2", {"label": "x"}, f"must be a key of the table; did you mean {EFFECT}"),
        (TABLE, EFFECT, {"labl": "x"}, "labl: must be a column of the table; did you mean label"),
        (TABLE, EFFECT, {"effect_id": "x"}, "names the row wherever it is spoken of"),
        (TABLE, EFFECT, {"pool_role": "primary"}, "pool_role: holds primary already"),
        (TABLE, EFFECT, {"notes": " "}, "--blank takes a value away"),
        (TABLE, EFFECT, {}, "a column and its new value must be given"),
        ("corrections", "x", {"new": "x"}, "is the record of what was corrected"),
    ],
)
def test_what_cannot_be_corrected_is_refused_with_a_hint(data: Path, table, key, cells, said) -> None:
    with pytest.raises(RequestError, match=said):
        corrected(data, table, key, cells, BECAUSE)


def test_everything_that_is_wrong_is_said_at_once(data: Path) -> None:
    with pytest.raises(RequestError) as refused:
        corrected(
            data, TABLE, EFFECT, {"labl": "x", "effect_id": "y"}, replace(BECAUSE, reason=" ", source="")
        )
    assert len(refused.value.problems) == 4


def test_a_column_that_the_file_lacks_comes_in(data: Path) -> None:
    correct(data, {"adjusted_for": "age"})
    assert (read_table(data, TABLE).find(EFFECT) or {})["adjusted_for"] == "age"
    assert not check(data).faults


def test_a_key_of_several_columns_is_joined_as_corrections_have_it(data: Path) -> None:
    row = {"effect_id": EFFECT, "group": "low", "n": "5"}
    (data / "groups.csv").write_text(read_table(data, "groups").with_rows([row]).text)
    put(data, lambda folder: corrected(folder, "groups", f"{EFFECT}; low", {"n": "6"}, BECAUSE))
    assert ledger(data)[0][:5] == ("groups", f"{EFFECT}; low", "n", "5", "6")
    assert not check(data).faults
    assert FIRST in EFFECT
