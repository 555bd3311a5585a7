"""Do the verbs that edit show first, ask, write, and say what to do next?"""

import csv
import io
import json
import os
import re
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from checked import check_once
from curating import DECISION, EFFECT, FILE, FIRST, REPORT, RESULT, STUDY, TABLE, data_folder, held
from livingmeta import edits
from livingmeta.cli import main
from livingmeta.commands import previewing
from livingmeta.paths import ROOT
from livingmeta.table_files import read_table

BECAUSE = ("--reason", "a misprint", "--source", "table 2")
COUNT = ("correct", TABLE, EFFECT, "events_treatment", "1", *BECAUSE)
WITHDRAW = ("withdraw", FIRST, *BECAUSE)


def flags(**parts):
    told = {"study": STUDY, "report": REPORT, "effect": RESULT, "screening": DECISION, **parts}
    return [
        x
        for part, row in told.items()
        for name, value in row.items()
        for x in (f"--{part}", f"{name}={value}")
    ]


ADD = ("add", "--effects-file", FILE, *flags())
LIKE = ("--like", FILE, "--set", "title=Another", "--set", "question=Is it so?", "--set", "text=Made up.")
QUESTION = (
    *("new-question", "another", *LIKE, "--set", "living.status=exploratory"),
    *("--set", "living.because=It is made up."),
)
VERBS = {"correct": COUNT, "withdraw": WITHDRAW, "add": ADD, "new-question": QUESTION}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1894665600")
    check_once(monkeypatch)
    return data_folder(tmp_path / "data")


@pytest.fixture
def run(data: Path):
    def ran(*arguments: str, typed: str | None = None):
        return CliRunner().invoke(main, [*arguments, "--data", str(data)], input=typed)

    return ran


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("add", "correct", "withdraw", "new_question", "previewing"):
        monkeypatch.setattr(f"livingmeta.commands.{name}.is_terminal", lambda: True)


@pytest.mark.parametrize("verb", VERBS)
def test_a_dry_run_shows_and_writes_nothing(run, data: Path, verb: str) -> None:
    before = held(data)
    done = run(*VERBS[verb], "--dry-run")
    assert done.exit_code == 0, done.output
    assert "Results" in done.output and "a dry run: nothing was written" in done.output
    assert held(data) == before


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_written_with_yes_and_the_next_step_is_named(run, data: Path, verb: str) -> None:
    before = held(data)
    done = run(*VERBS[verb], "--yes")
    assert done.exit_code == 0, done.output
    changed = {path for path, content in held(data).items() if before.get(path) != content}
    told = re.search(r"next: livingmeta build.*, then: git add (.*)", done.output)
    assert told and set(told.group(1).split()) == {f"data/{path}" for path in changed}
    assert all(str(data / path) in done.output for path in changed)


def test_the_estimate_is_shown_old_and_new_with_weights(run) -> None:
    done = run(*COUNT, "--dry-run")
    assert f"{FILE}: moved" in done.output and re.search(r"main model: OR .* -> OR", done.output)
    assert "weight of Synthetic AAA 2001" in done.output
    assert "a misprint (2030-01-15, table 2)" in done.output


def test_an_edit_that_moves_nothing_says_so(run) -> None:
    done = run("correct", TABLE, EFFECT, "notes", "A remark.", *BECAUSE, "--dry-run")
    assert "no estimate moved" in done.output


@pytest.mark.parametrize("verb", VERBS)
def test_the_effect_as_json_is_all_that_stands_on_the_standard_output(run, data: Path, verb: str) -> None:
    done = run(*VERBS[verb], "--yes", "--format", "json")
    told = json.loads(done.stdout)
    assert told["faults"] == [] and told["changes"]["results"]
    assert all((data / path).exists() for path in told["files"])
    assert "written:" in done.stderr


def test_an_edit_that_is_not_sound_shows_every_fault_and_writes_nothing(run, data: Path) -> None:
    before = held(data)
    cells = ("--set", "events_treatment=99999", "--set", "pool_role=main", "--set", "n_control=many")
    for way in ("--yes", "--dry-run"):
        done = run("correct", TABLE, EFFECT, *cells, *BECAUSE, way)
        assert done.exit_code == 1
        assert all(word in done.stderr for word in ("99999", "main", "many", "nothing was written"))
    assert held(data) == before


def test_faults_that_were_there_before_do_not_stand_in_the_way(run, data: Path) -> None:
    other = data / "effects" / "synthetic-001.csv"
    other.write_text(other.read_text().replace(",primary,", ",main,", 1))
    done = run("correct", TABLE, EFFECT, "notes", "A remark.", *BECAUSE, "--yes")
    assert done.exit_code == 0 and "main" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (("correct",), ("TABLE", "KEY", "COLUMN and NEW", "--reason", "--source", "--yes")),
        (("correct", TABLE, EFFECT, "notes"), ("NEW (or --blank)", "--reason", "--source", "--yes")),
        (("withdraw",), ("STUDY|REPORT", "--reason", "--source", "--yes")),
        (("add",), ("--study, --report, --effect", "--yes")),
        (("add", "--study", "year=2030"), ("--study study_id", "--study design_type", "--report", "--yes")),
        (("new-question", "another"), ("--set title", "--set measure", "--set living.status", "--yes")),
    ],
)
def test_without_a_terminal_everything_missing_is_named_at_once(run, data, arguments, missing) -> None:
    before = held(data)
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert all(flag in done.stderr for flag in missing)
    assert held(data) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("correct", TABLE, EFFECT, "notes", "--yess", *BECAUSE), "No such option: --yess"),
        (("correct", TABLE, EFFECT, "--set", "notes", *BECAUSE, "--yes"), "must read COLUMN=VALUE"),
        (
            ("new-question", "another", "--from", __file__, "--set", "order=1"),
            "--from takes the file as it is",
        ),
    ],
)
def test_wrong_usage_ends_with_two(run, arguments, said) -> None:
    done = run(*arguments)
    assert done.exit_code == 2 and said in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("correct", "studys", "x", "y", "z", *BECAUSE, "--yes"), "did you mean studies"),
        (("withdraw", "nobody1999", *BECAUSE, "--yes"), "must be a study or a report"),
        (("add", "--effects-file", "synthetic-00", "--effect", "r=1", "--yes"), "did you mean synthetic-00"),
        (("new-question", FILE, *QUESTION[2:], "--yes"), "is there already"),
    ],
)
def test_a_request_at_fault_ends_with_one(run, arguments, said) -> None:
    done = run(*arguments)
    assert done.exit_code == 1 and said in done.stderr, done.output


def test_a_negative_number_is_a_value_and_no_option(run, data: Path) -> None:
    done = run("correct", TABLE, EFFECT, "estimate", "-0.35", *BECAUSE, "--yes")
    assert done.exit_code == 0, done.output
    assert (read_table(data, TABLE).find(EFFECT) or {})["estimate"] == "-0.35"


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_somebody_at_a_terminal_is_asked_before_anything_is_written(run, data, answer, code) -> None:
    before = held(data)
    done = run(*COUNT, typed=answer)
    assert done.exit_code == code and "Write this? [y/N]" in done.output
    assert (held(data) != before) == (code == 0)


@pytest.mark.usefixtures("terminal")
def test_a_correction_is_asked_for_at_a_terminal(run, data: Path) -> None:
    typed = "\n".join([TABLE, EFFECT, "notes", "A remark.", "a misprint", "table 2", "y", ""])
    done = run("correct", typed=typed)
    assert done.exit_code == 0, done.output
    assert "notes holds Synthetic: made up" in done.output
    assert (read_table(data, TABLE).find(EFFECT) or {})["notes"] == "A remark."


@pytest.mark.usefixtures("terminal")
def test_a_withdrawal_is_asked_for_at_a_terminal(run, data: Path) -> None:
    done = run("withdraw", typed=f"{FIRST}\nfigures made up\nthe notice\ny\n")
    assert done.exit_code == 0, done.output
    assert (read_table(data, TABLE).find(EFFECT) or {})["pool_reason"] == "retracted: figures made up"


def answering(monkeypatch: pytest.MonkeyPatch, **answers: list[str]) -> list[str]:
    """Let columns be answered by name, and all others by pressing Enter; return what was asked for."""
    asked: list[str] = []

    def prompt(text: str, default: str = "", **_: object) -> str:
        asked.append(text.strip())
        return answers[text.strip()].pop(0) if answers.get(text.strip()) else default

    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: True)
    return asked


@pytest.mark.usefixtures("terminal")
def test_a_study_is_asked_for_column_by_column_until_each_answer_can_stand(run, data, monkeypatch) -> None:
    cells = {name: [value] for name, value in {**STUDY, **REPORT, **RESULT, **DECISION}.items()}
    counts = {name: [value] for name, value in RESULT.items() if name.startswith(("events", "n_"))}
    cells |= {"Effects file": [FILE], "pool_role": ["main", "primary"], "label_exposed": ["-"], **counts}
    asked = answering(monkeypatch, **cells)
    done = run("add")
    assert done.exit_code == 0, done.output
    assert "main: must be one of primary, sensitivity, display" in done.output
    assert "proposed: example2030 (follows from what was said)" in done.output
    assert "proposed: synthetic placebo (as in all 12 rows of the table)" in done.output
    assert asked.count("pool_role") == 2 and asked.count("title") == 2 and "adjusted_for" not in asked
    row = read_table(data, TABLE).find("example2030-synthetic-death-1") or {}
    assert (row["label_exposed"], row["label_reference"]) == ("", "synthetic placebo")
    assert row["events_control"] == "30"


@pytest.mark.usefixtures("terminal")
def test_what_was_typed_is_not_lost_when_it_cannot_be_written(run, data, tmp_path, monkeypatch) -> None:
    answering(monkeypatch, report_id=["nowhere", "nowhere-else"])
    before = held(data)
    done = run("add", "--effects-file", FILE, *flags())
    assert done.exit_code == 1 and held(data) == before
    kept = tmp_path / "kept.yml"
    kept.write_text(done.stderr.partition("add --from FILE.yml`:\n")[2].replace("nowhere-else", "nowhere"))
    monkeypatch.undo()
    done = run("add", "--from", str(kept), "--yes")
    assert done.exit_code == 0, done.output


@pytest.mark.usefixtures("terminal")
def test_a_question_is_asked_for_at_a_terminal(run, data: Path) -> None:
    typed = "Another\nIs it so?\nMade up.\nexploratory\nIt is made up.\ny\n"
    done = run("new-question", "another", "--like", FILE, typed=typed)
    assert done.exit_code == 0, done.output
    assert "title: Another\n" in (data / "questions" / "another.yml").read_text()


def test_templates_are_printed_and_nothing_is_written(run, data: Path, tmp_path: Path) -> None:
    before = held(data)
    assert "pool_role:" in run("add", "--template", FILE).output
    assert "id: another" in run("new-question", "another", "--template").output
    done = run("add", "--template", "synthetic-00")
    assert done.exit_code == 1 and "did you mean synthetic-00" in done.stderr
    assert held(data) == before


def test_tables_that_somebody_else_changed_meanwhile_are_looked_at_again(run, data, monkeypatch) -> None:
    real, looks = previewing._looked, []

    def looked(*arguments):
        seen = real(*arguments)
        if not looks:
            table = read_table(data, TABLE)
            (data / table.path).write_text(table.with_cell(EFFECT, "label", "Other").text)
        looks.append(seen)
        return seen

    monkeypatch.setattr(previewing, "_looked", looked)
    done = run(*COUNT, "--yes")
    assert done.exit_code == 0 and len(looks) == 2
    assert "changed by somebody else in the meantime; nothing was written" in done.output
    row = read_table(data, TABLE).find(EFFECT) or {}
    assert (row["label"], row["events_treatment"]) == ("Other", "1")


def test_tables_that_keep_changing_are_left_alone(run, data, monkeypatch) -> None:
    monkeypatch.setattr(previewing, "_looked", lambda *_: "another state")
    before = held(data)
    done = run(*COUNT, "--yes")
    assert done.exit_code == 1 and "keep changing: nothing was written" in done.stderr
    assert held(data) == before


def test_a_folder_that_takes_nothing_says_what_to_do(run, data, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(30, os.strerror(30), str(data))

    monkeypatch.setattr(edits, "_begin", refused)
    before = held(data)
    done = run(*COUNT, "--yes")
    assert done.exit_code == 1 and "make the folder writable" in done.stderr
    assert held(data) == before


BLOCK = re.compile(r"```\{code-block\} \w+\n:caption: data/(\S+)\.csv, one row more\n(.*?)```", re.DOTALL)


def test_the_worked_example_is_one_call_and_gives_the_rows_typed_by_hand(tmp_path, monkeypatch) -> None:
    data = tmp_path / "data"
    shutil.copytree(ROOT / "data", data, ignore=shutil.ignore_patterns("releases"))
    by_hand = {}
    for table, text in BLOCK.findall((ROOT / "book" / "contribute.md").read_text(encoding="utf-8")):
        (by_hand[table],) = csv.DictReader(io.StringIO(text))
    (file,) = [table.removeprefix("effects/") for table in by_hand if table.startswith("effects/")]
    parts = {"studies": "study", "reports": "report", f"effects/{file}": "effect", "screening": "screening"}
    assert set(parts) == set(by_hand)
    for question in (data / "questions").glob("*.yml"):  # an estimate of another table cannot move
        if f"effects: {file}.csv\n" not in question.read_text(encoding="utf-8"):
            question.unlink()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1894665600")
    # Names, label and days follow; effect and record are named by hand.
    made = {"study_id", "report_id", "label", "cohort_id", "is_main", "retraction_status", "extracted_on"}
    made |= {"decision", "decided_on", "stage"}
    told = [
        x
        for table, row in by_hand.items()
        for name, value in row.items()
        if name not in made
        for x in (f"--{parts[table]}", f"{name}={value}")
    ]
    done = CliRunner().invoke(main, ["add", "--effects-file", file, *told, "--yes", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert "low-magnesium-dialysis-mortality: moved" in done.output
    for table, row in by_hand.items():
        after = read_table(data, table)
        found = after.find(after.key(row)) or {}
        assert {name: value for name, value in found.items() if value} == row


@pytest.mark.parametrize("verb", VERBS)
def test_a_folder_that_is_none_is_told(tmp_path: Path, verb: str) -> None:
    done = CliRunner().invoke(main, [*VERBS[verb], "--yes", "--data", str(tmp_path / "nowhere")])
    assert done.exit_code == 1 and "nothing was written" in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("verb", VERBS)
def test_a_day_that_is_none_is_told(run, data: Path, monkeypatch, verb: str) -> None:
    before = held(data)
    for given in ("nonsense", "", "1" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
        done = run(*VERBS[verb], "--yes")
        assert done.exit_code == 1 and "must be seconds since 1970" in done.stderr
    assert held(data) == before


def test_a_closed_standard_input_is_nobody_to_be_asked(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert not previewing.is_terminal()


@pytest.mark.usefixtures("terminal")
def test_prompts_that_are_left_print_what_was_typed(run, data: Path) -> None:
    before = held(data)
    done = run("add", "--effects-file", FILE, typed="y\nLefthalf\n2031\n")
    assert done.exit_code == 1 and held(data) == before
    assert "first_author: Lefthalf" in done.stderr and "add --from" in done.stderr
