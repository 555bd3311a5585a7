"""Are curated files whole, whatever happens to the run that edits them?"""

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from livingmeta import edits, files
from livingmeta.edits import BEGUN, EditError, editing, finish, overlay, put

OLD = {"a.csv": "a\n1\n", "effects/b.csv": "b\n1\n", "gone.csv": "g\n1\n"}
NEW = {"a.csv": "a\n2\n", "effects/b.csv": "b\n2\n", "questions/new.yml": "id: new\n", "gone.csv": None}
AFTER = {path: text for path, text in {**OLD, **NEW}.items() if text is not None}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for path, text in OLD.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def held(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_an_edit_changes_adds_and_takes_away_files(data: Path) -> None:
    with editing(data):
        put(data, NEW)
    assert held(data) == AFTER


def test_an_edit_that_changes_nothing_touches_nothing(data: Path) -> None:
    before = {path: (data / path).stat().st_mtime_ns for path in OLD}
    with editing(data):
        put(data, dict(OLD))
    assert {path: (data / path).stat().st_mtime_ns for path in OLD} == before


class Killed(BaseException):
    """Stands for a process that ends at once."""


def replacements(monkeypatch: pytest.MonkeyPatch, at: int, after: bool) -> list[int]:
    """Let the run end before or after its replacement number `at`; return what counts them."""
    count = [0]
    real = files.replace

    def counted(source: Path, target: Path) -> None:
        count[0] += 1
        if count[0] == at and not after:
            raise Killed
        real(source, target)
        if count[0] == at and after:
            raise Killed

    monkeypatch.setattr(edits, "replace", counted)
    return count


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_run_that_ends_at_a_replacement_leaves_whole_files_and_the_next_one_finishes(
    data: Path, monkeypatch: pytest.MonkeyPatch, at: int, after: bool
) -> None:
    with monkeypatch.context() as patched:
        replacements(patched, at, after)
        with pytest.raises(Killed), editing(data):
            put(data, NEW)
    for path in OLD:
        now = (data / path).read_text() if (data / path).exists() else None
        assert now in (OLD[path], NEW[path])
    finish(data)
    begun = at > 1 or after
    assert held(data) == (AFTER if begun else OLD)
    assert not finish(data)


def test_there_are_as_many_replacements_as_the_test_above_goes_through(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = replacements(monkeypatch, at=-1, after=False)
    with editing(data):
        put(data, NEW)
    assert count == [4]


SLOW = """
import os, signal, sys, time
from pathlib import Path
from livingmeta import edits
real, data, at = edits.replace, Path(sys.argv[1]), int(sys.argv[2])
seen = 0
def last(source, target):
    global seen
    seen += 1
    real(source, target)
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)
edits.replace = last
with edits.editing(data):
    edits.put(data, {"a.csv": "a\\n2\\n", "effects/b.csv": "b\\n2\\n"})
"""


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_process_that_is_killed_for_good_is_finished_by_the_next(data: Path, at: int) -> None:
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", SLOW, str(data), str(at)], env={**os.environ, "PYTHONPATH": path}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    with editing(data):
        assert held(data)["a.csv"] == "a\n2\n"
    assert held(data) == {**OLD, "a.csv": "a\n2\n", "effects/b.csv": "b\n2\n"}


def test_what_somebody_changed_in_between_is_not_overwritten(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        replacements(patched, at=1, after=True)
        with pytest.raises(Killed), editing(data):
            put(data, NEW)
    (data / "a.csv").write_text("a\nmine\n")
    with pytest.raises(EditError, match=r"a\.csv changed since: .* remove .*"):
        finish(data)
    assert (data / "a.csv").read_text() == "a\nmine\n"
    shutil.rmtree(data / BEGUN)
    assert not finish(data)


@pytest.mark.parametrize(
    "text", ["garbage", "", "[1]", '{"a.csv": 3}', '{"a.csv": {"file": "0", "old": null}}']
)
def test_a_list_that_is_none_is_told_and_nothing_is_touched(data: Path, text: str) -> None:
    (data / BEGUN).mkdir()
    (data / BEGUN / "edit.json").write_text(text)
    before = held(data)
    with pytest.raises(
        EditError, match=r"edit\.json: cannot be read: .*; remove the folder to drop that edit"
    ):
        finish(data)
    assert held(data) == before


@pytest.mark.parametrize("lost", [None, "half"])
def test_an_edit_whose_new_files_are_lost_or_others_is_not_made(
    data: Path, monkeypatch: pytest.MonkeyPatch, lost: str | None
) -> None:
    with monkeypatch.context() as patched:
        replacements(patched, at=1, after=True)
        with pytest.raises(Killed), editing(data):
            put(data, NEW)
    new = data / BEGUN / "0"
    new.write_text(lost) if lost else new.unlink()
    with pytest.raises(EditError, match=r"should write into a\.csv is lost: remove .* make the edit again"):
        finish(data)
    assert {path: (data / path).read_text() for path in OLD} == OLD


def test_a_folder_in_which_nothing_can_be_cleared_up_says_what_to_do(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / ".a.csv.99.partial").write_text("half")

    def refused(path: Path, **_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", refused)
    with (
        pytest.raises(EditError, match="the tables are as they were; make the folder writable"),
        editing(data),
    ):
        pass


def test_a_second_run_waits_and_then_is_told_who_is_first(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "SECONDS", 0.1)
    with editing(data), pytest.raises(EditError, match="another run is changing the tables"), editing(data):
        pass


def test_a_second_run_goes_on_when_the_first_has_ended(data: Path) -> None:
    code = "import sys,time;from pathlib import Path;from livingmeta.edits import editing\n"
    code += "with editing(Path(sys.argv[1])): print('held', flush=True); time.sleep(0.5)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(data)], stdout=subprocess.PIPE, text=True, env=env
    ) as first:
        assert first.stdout is not None and first.stdout.readline() == "held\n"
        with editing(data):
            put(data, NEW)
    assert held(data) == AFTER


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_or_folder_that_takes_nothing_leaves_everything(
    data: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def refused(*_: object) -> int:
        raise OSError(reason, os.strerror(reason), "somewhere")

    monkeypatch.setattr(Path, "write_bytes", refused)
    for texts in (NEW, {"a.csv": "a\n2\n"}):
        with pytest.raises(EditError, match="the tables are as they were"), editing(data):
            put(data, texts)
        assert held(data) == OLD


def test_a_look_at_an_edit_leaves_the_folder_as_it_is(data: Path) -> None:
    with overlay(data, NEW) as copy:
        assert held(copy) == {path: text for path, text in AFTER.items() if path != "gone.csv"}
        assert copy.name == data.name
    assert not copy.exists()
    assert held(data) == OLD


def test_what_a_killed_run_left_half_written_is_cleared_away(data: Path) -> None:
    (data / ".edit.123.partial").mkdir()
    (data / "effects" / ".b.csv.99.partial").write_text("half")
    with editing(data):
        pass
    assert held(data) == OLD


@pytest.mark.parametrize(
    ("path", "file"), [("../outside.csv", "0"), ("/tmp/outside.csv", "0"), ("a.csv", "../../outside.csv")]
)
def test_a_list_that_names_files_outside_the_folder_is_not_followed(data: Path, path: str, file: str) -> None:
    begun = data / BEGUN
    begun.mkdir()
    (begun / "0").write_text("theirs")
    old = hashlib.sha256((data / path).read_bytes()).hexdigest() if (data / path).exists() else None
    steps = {path: {"file": file, "old": old, "new": hashlib.sha256(b"theirs").hexdigest()}}
    (begun / "edit.json").write_text(json.dumps(steps))
    with pytest.raises(EditError, match="must be files of the data folder"):
        finish(data)
    assert not (data.parent / "outside.csv").exists() and (data / "a.csv").read_text() == OLD["a.csv"]


def test_a_list_of_another_form_is_named_and_not_followed(data: Path) -> None:
    (data / BEGUN).mkdir()
    (data / BEGUN / "edit.json").write_text('["a.csv"]')
    with pytest.raises(EditError, match=r"edit\.json: cannot be read: .* remove the folder"):
        finish(data)
