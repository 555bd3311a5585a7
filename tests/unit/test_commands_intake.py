"""Do the verbs `intake` and `screen` say what they did, at the keyboard and in scripts?"""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checked import check_once
from livingmeta.cli import main
from livingmeta.intake import taking
from livingmeta.intake.record import Record
from made_exports import data_folder, ris, rows_of, small_folder, tables

FIRST = Record(
    title="Alpha: a made-up trial of magnesium citrate in dialysis",
    authors=("Example, A.", "Other, B."),
    year=2031,
    journal="Made-up J",
    volume="1",
    pages="1-9",
    doi="10.9999/alpha",
    abstract="Sixty people were randomised.",
)
SELIM = Record(
    title="Hypomagnesemia and cause-specific mortality in hemodialysis patients: 5-year follow-up analysis",
    authors=("Selim, G.",),
    year=2017,
    journal="Int J Artif Organs",
    doi="10.5301/ijao.5000611",
)
BROKEN = b"TY  - JOUR\nER  - \n\n"
EPOCH = "1924905600"  # 2030-12-31
Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return few rows, which cannot be checked: that is left out."""
    monkeypatch.setattr(taking, "_refuse_unsound", lambda *_: None)
    return small_folder(tmp_path)


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of all tables, which are checked."""
    check_once(monkeypatch)
    return data_folder(tmp_path)


def running(data: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)

    def invoke(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, [*arguments, "--data", str(data)], input=typed)

    return invoke


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return running(data, monkeypatch)


@pytest.fixture
def run_whole(whole: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return running(whole, monkeypatch)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.ris"
    path.write_bytes(ris(FIRST).encode() + BROKEN + ris(SELIM).encode())
    return path


def test_an_export_goes_in_and_everything_is_said(run_whole: Run, whole: Path, export: Path) -> None:
    done = run_whole("intake", str(export), "--name", "made-up", "--question", "low-magnesium-fracture")
    assert done.exit_code == 0, done.output
    assert "3 records -> made-up-" in done.stdout
    assert "warning: the day of the search is not stated" in done.stdout
    assert "2 records added: 1 to screen, 1 duplicate" in done.stdout
    assert "next: livingmeta screen" in done.stdout
    assert f"{export}: record 2, line " in done.stderr
    assert ".broken.txt" in done.stderr
    assert len(rows_of(whole)) == 2


def test_the_same_again_says_so_and_changes_nothing(run: Run, data: Path, export: Path) -> None:
    run("intake", str(export))
    before = tables(data)
    done = run("intake", str(export.rename(export.with_suffix(".txt"))), "--searched-on", "2030-01-01")
    assert done.exit_code == 0
    assert "nothing is new" in done.stdout
    assert tables(data) == before


def test_a_look_writes_nothing(run: Run, data: Path, export: Path) -> None:
    before = tables(data)
    done = run("intake", str(export), "--dry-run")
    assert done.exit_code == 0 and "nothing is written" in done.stdout
    assert tables(data) == before


def test_what_is_no_export_ends_with_1_and_wrong_words_with_2(
    run_whole: Run, whole: Path, tmp_path: Path
) -> None:
    before = tables(whole)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    refused = run_whole("intake", str(tmp_path / "a.pdf"))
    assert refused.exit_code == 1 and "a.pdf: this is a PDF file" in refused.stderr
    good = tmp_path / "good.ris"
    good.write_text(ris(FIRST))
    unknown = run_whole("intake", str(good), "--question", "low-magnesium-fractures")
    assert unknown.exit_code == 1 and "did you mean low-magnesium-fracture?" in unknown.stderr
    for wrong in (["nowhere.ris"], [str(good), "--searched-on", "3 May"], [str(good), "--name", "A b"], []):
        assert run_whole("intake", *wrong).exit_code == 2
    assert tables(whole) == before


def test_a_dialogue_can_be_read_from_lines(run: Run, data: Path, export: Path) -> None:
    run("intake", str(export))
    done = run("screen", "--by", "A. Reader", typed="e\n1\n")
    assert done.exit_code == 0, done.output
    assert "1 decision written; 0 records to screen" in done.stdout
    (row,) = [row for row in rows_of(data).values() if row["decided_on"]]
    assert (row["decision"], row["stage"], row["decided_on"]) == ("excluded", "abstract", "2030-12-31")


def test_one_decision_without_a_dialogue(run: Run, data: Path, export: Path) -> None:
    run("intake", str(export))
    listed = run("screen", "--list")
    assert "1 record to screen" in listed.stderr
    record = listed.stdout.split()[0]
    assert run("screen", record, "--decide", "exclude").exit_code == 1
    done = run("screen", record, "--decide", "exclude", "--reason", "wrong design", "--stage", "title")
    assert done.exit_code == 0
    assert (rows_of(data)[record]["reason"], rows_of(data)[record]["stage"]) == ("wrong design", "title")
    again = run("screen", record, "--decide", "await")
    assert again.exit_code == 1 and "is decided already (excluded, wrong design" in again.stderr


def test_what_intake_called_a_duplicate_can_be_decided_otherwise(run: Run, data: Path, export: Path) -> None:
    run("intake", str(export))
    record = next(name for name, row in rows_of(data).items() if row["decision"] == "duplicate")
    done = run("screen", record, "--decide", "include", "--study", "selim2017", "--stage", "abstract")
    assert done.exit_code == 0, done.output
    assert (rows_of(data)[record]["decision"], rows_of(data)[record]["duplicate_of"]) == ("included", "")


def test_reasons_are_listed_with_their_counts(run: Run) -> None:
    done = run("screen", "--reasons")
    assert done.stdout.splitlines()[0] == "   0  wrong population"
    assert "   2  narrative review" in done.stdout


def test_a_retraction_is_said_before_everything_else(run: Run, tmp_path: Path) -> None:
    notice = (
        "TY  - JOUR\nTI  - Retraction notice to: Hypomagnesemia and cause-specific mortality in hemodialysis "
    )
    notice += "patients: 5-year follow-up analysis\nPY  - 2030\nJO  - Int J Artif Organs\nER  - \n"
    (tmp_path / "notice.ris").write_text(notice)
    done = run("intake", str(tmp_path / "notice.ris"))
    assert done.exit_code == 0
    assert done.output.startswith("RETRACTED: a report of the included study selim2017")
    assert "run: livingmeta withdraw selim2017" in done.stderr


def test_wrong_usage_of_screen(run: Run) -> None:
    assert run("screen", "--decide", "exclude").exit_code == 2
    assert run("screen", "x", "--reason", "y").exit_code == 2
    unknown = run("screen", "no-such-record", "--decide", "await")
    assert unknown.exit_code == 1 and "must be a record of screening.csv" in unknown.stderr


class Keyboard:
    """A terminal of 80 columns and 24 lines with a person at it."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.seen = b""
        paths = {"PYTHONPATH": os.pathsep.join(sys.path), "SOURCE_DATE_EPOCH": EPOCH}
        size = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
        self.main, side = pty.openpty()
        self.run = subprocess.Popen(
            [sys.executable, "-m", "livingmeta", "screen", "--data", str(data)],
            stdin=side,
            stdout=side,
            stderr=side,
            env={**os.environ, **paths, **size, **environment},
            start_new_session=True,
            preexec_fn=self._sit_down,
        )
        os.close(side)

    @staticmethod
    def _sit_down() -> None:
        """Let Ctrl-C reach the command, also where the tests run in the background."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def until(self, text: str, seconds: float = 60.0) -> None:
        """Wait until the terminal shows a text that it did not show before."""
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            ready, _, _ = select.select([self.main], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} is not shown: {self.seen.decode(errors='replace')}"
            try:
                self.seen += os.read(self.main, 4096)
            except OSError:  # the other side is closed
                break
        assert text.encode() in self.seen, self.seen.decode(errors="replace")

    def press(self, keys: str) -> None:
        """Press keys, after which only what is new counts as shown."""
        self.seen = b""
        os.write(self.main, keys.encode())


@pytest.mark.parametrize(
    ("environment", "bold"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_single_keys_at_a_terminal(
    run: Run, data: Path, export: Path, environment: dict[str, str], bold: bool
) -> None:
    run("intake", str(export))
    keyboard = Keyboard(data, **environment)
    keyboard.until("q quit")
    assert (b"\x1b[1m1 of 1" in keyboard.seen) is bold
    keyboard.press("?")
    keyboard.until("take the last decision back")
    keyboard.press("e")
    keyboard.until("number, or a reason")
    keyboard.press("2\n")
    keyboard.until("1 decision written; 0 records to screen")
    assert keyboard.run.wait(60) == 0
    os.close(keyboard.main)
    (row,) = [row for row in rows_of(data).values() if row["decided_on"]]
    assert row["reason"] == "wrong intervention or exposure"


@pytest.mark.parametrize("key", ["\x03", "\x04", "q"])
def test_a_terminal_that_is_left_keeps_what_was_decided(run: Run, data: Path, export: Path, key: str) -> None:
    run("intake", str(export))
    before = tables(data)
    keyboard = Keyboard(data)
    keyboard.until("q quit")
    keyboard.press(key)
    keyboard.until("0 decisions written; 1 record to screen")
    assert keyboard.run.wait(60) == 0
    os.close(keyboard.main)
    assert tables(data) == before
