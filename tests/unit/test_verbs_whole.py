"""Are the tables whole, whatever happens to the verbs that write without asking?"""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from Bio import Entrez
from click.testing import CliRunner, Result

from checked import check, check_once
from curating import FILE, Killed, data_folder, held, killing
from eutils import serving
from livingmeta import edits, files
from livingmeta.cli import main
from livingmeta.edits import editing, finish
from livingmeta.paths import ROOT
from livingmeta.table_files import read_table

VERBS = ("intake", "screen", "retractions", "surveil")
STEPS = {"intake": 4, "screen": 1, "retractions": 3, "surveil": 3}  # what is kept, journal, then each file
CASES = [(verb, at, after) for verb, n in STEPS.items() for at in range(1, n + 1) for after in (False, True)]
RIS = (
    "TY  - JOUR\nTI  - A made-up trial of magnesium\nAU  - Example, A.\nPY  - 2029\nAB  - Made up.\nER  - \n"
)
SAVED = (
    "saved_search_id,source,query,question_ids,status,since,notes\n"
    f"first,pubmed,one[tiab],{FILE},in use,2029-01-10,\n"
)
Run = Callable[[str], Result]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    check_once(monkeypatch)
    folder = data_folder(tmp_path / "data")
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path)
    (folder / "saved_searches.csv").write_text(SAVED)
    for table, column, value in (("reports", "doi", "10.5555/a"), ("screening", "decision", "pending")):
        rows = read_table(folder, table)
        (folder / f"{table}.csv").write_text(rows.with_cell(rows.key(rows.rows[0]), column, value).text)
    (tmp_path / "a.ris").write_text(RIS)
    (tmp_path / "list.csv").write_text("doi,pmid,nature,date\n10.5555/a,,Retraction,2029-01-01\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIVINGMETA_DATA", raising=False)
    monkeypatch.setenv("LIVINGMETA_CONTACT", "somebody@example.org")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1894665600")
    monkeypatch.setattr(Entrez, "time", SimpleNamespace(time=lambda: 0.0, sleep=lambda _: None))
    return folder


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    record = read_table(data, "screening").rows[0]["record_id"]
    told = {
        "intake": ("intake", "a.ris"),
        "screen": ("screen", record, "--decide", "exclude", "--reason", "wrong population"),
        "retractions": ("retractions", "list.csv", "--as-of", "2029-02-01", "--write"),
        "surveil": ("surveil",),
    }

    def ran(verb: str) -> Result:
        where = () if verb == "surveil" else ("--data", str(data))
        with serving(["90000001"]) as server:
            monkeypatch.setenv("LIVINGMETA_EUTILS", server.address)
            return CliRunner().invoke(main, [*told[verb], *where])

    return ran


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_brings_no_fault(run: Run, data: Path, verb: str) -> None:
    before, faults = held(data), {str(fault) for fault in check(data).faults}
    done = run(verb)
    assert done.exit_code == 0, done.output
    assert held(data) != before
    assert {str(fault) for fault in check(data).faults} <= faults


@pytest.mark.parametrize("verb", VERBS)
def test_the_cases_below_go_through_every_replacement(
    run: Run, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    counted = killing(-1, after=False)
    monkeypatch.setattr(edits, "replace", counted)
    monkeypatch.setattr(files, "replace", counted)
    run(verb)
    assert counted.count == [STEPS[verb]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("verb", "at", "after"), CASES)
def test_a_run_that_is_killed_at_a_replacement_leaves_all_or_nothing_and_the_same_again_completes_it(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, at: int, after: bool
) -> None:
    old = held(data)
    aside = tmp_path / "aside"
    shutil.copytree(data, aside)
    assert run(verb).exit_code == 0
    new = held(data)
    shutil.rmtree(data)
    shutil.copytree(aside, data)
    shutil.rmtree(tmp_path / ".intake", ignore_errors=True)
    with monkeypatch.context() as patched:
        ends = killing(at, after)
        patched.setattr(edits, "replace", ends)
        patched.setattr(files, "replace", ends)
        with pytest.raises(Killed):
            run(verb)
    assert all(held(data).get(path) in (old[path], new[path]) for path in old)
    finish(data)
    assert held(data) in (old, new)
    assert run(verb).exit_code == (1 if verb == "screen" and after else 0)
    assert held(data) == new
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_or_a_folder_that_takes_nothing_leaves_everything(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch, verb: str, reason: int
) -> None:
    before, real = held(data), Path.write_bytes

    def refused(path: Path, content: bytes) -> int:
        if ".partial" in str(path):
            raise OSError(reason, os.strerror(reason), str(path))
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", refused)
    done = run(verb)
    assert done.exit_code == 1, done.output
    assert "the tables are as they were; make the folder writable" in done.stderr
    assert held(data) == before


@pytest.mark.parametrize("verb", VERBS)
def test_two_runs_at_once_do_not_meet(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(edits, "SECONDS", 0.1)
    before = held(data)
    with editing(data):
        done = run(verb)
    assert done.exit_code == 1, done.output
    assert "another run is changing the tables: run this again when it has ended" in done.stderr
    assert held(data) == before
    assert run(verb).exit_code == 0
