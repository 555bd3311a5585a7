"""Are the tables whole, whatever happens to a verb that edits them?"""

import errno
import os
from pathlib import Path

import pytest

from checked import check
from curating import BECAUSE, BUILDS, EFFECT, TABLE, Killed, data_folder, held, killing, put
from livingmeta import edits
from livingmeta.curation import ChangedError, corrected, state, write
from livingmeta.edits import EditError, finish
from livingmeta.table_files import read_table

STEPS = {"add": 5, "correct": 3, "withdraw": 4, "new-question": 3}  # the journal, then each file
CASES = [(verb, at, after) for verb, n in STEPS.items() for at in range(1, n + 1) for after in (False, True)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return data_folder(tmp_path / "data")


@pytest.mark.parametrize("verb", BUILDS)
def test_each_verb_writes_tables_that_pass_the_check(data: Path, verb: str) -> None:
    write(data, BUILDS[verb], state(data))
    assert [str(fault) for fault in check(data).faults] == []


@pytest.mark.parametrize(("verb", "at", "after"), CASES)
def test_a_run_that_ends_at_a_replacement_leaves_all_or_nothing_for_the_next_command(
    data: Path, monkeypatch: pytest.MonkeyPatch, verb: str, at: int, after: bool
) -> None:
    old, new = held(data), BUILDS[verb](data).texts
    with monkeypatch.context() as patched:
        patched.setattr(edits, "replace", killing(at, after))
        with pytest.raises(Killed):
            write(data, BUILDS[verb], state(data))
    for path, text in new.items():
        now = (data / path).read_bytes() if (data / path).exists() else None
        assert now in (old.get(path), (text or "").encode())
    finish(data)
    begun = at > 1 or after
    expected = {**old, **{path: (text or "").encode() for path, text in new.items()}} if begun else old
    assert held(data) == expected


@pytest.mark.parametrize("verb", BUILDS)
def test_the_cases_above_go_through_every_replacement(
    data: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    counted = killing(-1, after=False)
    monkeypatch.setattr(edits, "replace", counted)
    write(data, BUILDS[verb], state(data))
    assert counted.count == [STEPS[verb]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", BUILDS)
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_or_a_folder_that_takes_nothing_leaves_everything(
    data: Path, monkeypatch: pytest.MonkeyPatch, verb: str, reason: int
) -> None:
    def refused(*_: object) -> int:
        raise OSError(reason, os.strerror(reason), "somewhere")

    old, seen = held(data), state(data)
    monkeypatch.setattr(Path, "write_bytes", refused)
    with pytest.raises(EditError, match="the tables are as they were; make the folder writable"):
        write(data, BUILDS[verb], seen)
    assert held(data) == old


@pytest.mark.parametrize("verb", BUILDS)
def test_what_was_looked_at_is_not_written_over_what_somebody_else_wrote(data: Path, verb: str) -> None:
    seen = state(data)
    put(data, lambda folder: corrected(folder, TABLE, EFFECT, {"label": "Other"}, BECAUSE))
    between = held(data)
    with pytest.raises(ChangedError, match="by somebody else"):
        write(data, BUILDS[verb], seen)
    assert held(data) == between
    write(data, BUILDS[verb], state(data))
    assert (read_table(data, TABLE).find(EFFECT) or {})["label"] == "Other"


@pytest.mark.parametrize("verb", BUILDS)
def test_two_runs_at_once_do_not_meet(data: Path, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setattr(edits, "SECONDS", 0.1)
    seen, old = state(data), held(data)
    with edits.editing(data), pytest.raises(EditError, match="another run is changing the tables"):
        write(data, BUILDS[verb], seen)
    assert held(data) == old
