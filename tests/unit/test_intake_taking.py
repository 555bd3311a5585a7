"""Does an export go in once, whole, in any order, and without touching what somebody decided?"""

import errno
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from checked import check, check_once
from livingmeta import edits, files
from livingmeta.cli import main
from livingmeta.edits import EditError
from livingmeta.intake import taking
from livingmeta.intake.kept import abstract_of, broken_file, kept_folder
from livingmeta.intake.record import ARTICLE, RETRACTION, Broken, Reading, Record, Relation
from livingmeta.intake.rows import cells_of, is_undecided, record_of
from livingmeta.intake.summary import alarm_lines, broken_lines, summary
from livingmeta.intake.taking import IntakeError, SearchDetails, Taken, take_in, take_in_readings
from livingmeta.paths import ROOT
from livingmeta.schema import load_schema
from livingmeta.table_files import files_of, read_table
from made_exports import DATA, data_folder, reading, ris, rows_of, small_folder, tables

PAPER = Record(
    title="Magnesium citrate and arterial stiffness on haemodialysis: a made-up randomised trial",
    authors=("Example, A. B.", "Sample, C."),
    year=2031,
    journal="Made-up J Nephrol",
    volume="12",
    issue="3",
    pages="101-110",
    doi="10.9999/made.up.1",
    pmid="99000001",
    abstract="We gave magnesium citrate to people on haemodialysis.",
)
OTHER = replace(
    PAPER,
    title="Dialysate magnesium of 1 mmol/L and cramps in a made-up cohort of people at night",
    authors=("Else, D.",),
    doi="10.9999/made.up.2",
    pmid="99000002",
    pages="11-20",
    abstract="",
)
SHORT = replace(PAPER, issue="", pmid="", authors=("Example AB",), abstract="")


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of all tables, which can be checked."""
    check_once(monkeypatch)
    return data_folder(tmp_path)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return few rows, which cannot be checked: that is left out."""
    monkeypatch.setattr(taking, "_refuse_unsound", lambda *_: None)
    return small_folder(tmp_path)


def taken(data: Path, *records: Record, **details: str) -> Taken:
    return take_in_readings(data, [("made-up.ris", reading(records))], SearchDetails(**details))


def test_a_record_becomes_a_row_that_awaits_its_decision_and_the_check_passes(whole: Path) -> None:
    result = taken(whole, PAPER, OTHER, searched_on="2031-02-03", source="PubMed")
    assert result.written
    row = rows_of(whole)[f"{result.exports[0].search_id}-{taking.names_of([PAPER])[0]}"]
    expected = {
        "title": PAPER.title,
        "citation": "Made-up J Nephrol 2031;12(3):101-110",
        "authors": "Example, A. B.; Sample, C.",
        "year": "2031",
        "doi": "10.9999/made.up.1",
        "pmid": "99000001",
        "record_type": "article",
        "decision": "pending",
        "reason": "not screened yet",
        "stage": "not_seen",
        "decided_on": "",
    }
    assert {name: row[name] for name in expected} == expected
    search = read_table(whole, "searches").find(result.exports[0].search_id)
    assert search is not None
    assert (search["date"], search["source"], search["kind"]) == ("2031-02-03", "PubMed", "export")
    assert search["records_found"] == "2"
    assert not check(whole).faults


def test_no_abstract_reaches_a_table_and_it_is_kept_beside_them(data: Path) -> None:
    result = taken(data, PAPER)
    assert all("We gave" not in text for text in tables(data).values())
    assert abstract_of(data, result.exports[0].search_id, result.rows[0]["record_id"]) == PAPER.abstract
    assert kept_folder(data) == data.parent / ".intake"
    assert "\n.intake/\n" in (ROOT / ".gitignore").read_text()


def test_the_day_of_a_search_is_not_made_up(data: Path) -> None:
    result = taken(data, PAPER)
    search = read_table(data, "searches").find(result.exports[0].search_id)
    assert search is not None and search["date"] == ""
    assert search["source"] == "export file RIS"
    assert "the day of the search is not stated" in summary(result)


@pytest.mark.parametrize("record", [PAPER, OTHER, SHORT, Record(doi="10.9999/only"), Record(title="A title")])
def test_a_row_gives_back_the_record_that_it_was_made_of(record: Record) -> None:
    assert record_of(cells_of(record)) == replace(record, abstract="", language="", pmcid="")


def test_relations_survive_the_table_with_odd_identifiers() -> None:
    relations = (
        Relation("comment_on", doi="10.1002/(sici)1097-0258(19960815)15:15<1713::aid-x>3.0.co;2-d"),
        Relation("retraction_of", doi="10.9999/a", pmid="12", text="Lancet 2031; 12 (3)"),
    )
    back = record_of(cells_of(replace(PAPER, relations=relations)))
    assert back.relations == (relations[0], replace(relations[1], text="Lancet 2031, 12 (3)"))


def test_what_no_column_takes_is_left_out_and_the_rest_goes_in(whole: Path) -> None:
    odd = Record(title="A \x07bell\u2028and a line", year=3025, doi="nonsense", pmid="x1", authors=("A; B",))
    (row,) = taken(whole, odd).rows
    assert (row["title"], row["year"], row["doi"], row["pmid"]) == ("A bell and a line", "", "", "")
    assert row["authors"] == "A, B"
    assert row["notes"] == "Year in the export: 3025."
    assert not check(whole).faults


# The same again.


def test_the_same_file_twice_adds_nothing_whatever_it_is_called(data: Path) -> None:
    content = "".join(map(ris, (PAPER, OTHER, SHORT))).encode()
    take_in(data, [("first.ris", content)], SearchDetails(searched_on="2031-02-03"))
    before = tables(data)
    again = take_in(data, [("second.txt", content)], SearchDetails(name="other", searched_on="2031-05-06"))
    assert tables(data) == before
    assert not again.texts
    assert "taken in already as export-" in summary(again)
    assert "nothing is new" in summary(again)


def test_a_file_given_twice_in_one_run_counts_once(data: Path) -> None:
    both = [("a", reading([PAPER])), ("b", reading([PAPER]))]
    result = take_in_readings(data, both)
    assert [one.added for one in result.exports] == [1, 0]
    assert len(rows_of(data)) == 1


def test_the_same_file_adds_nothing_after_decisions(data: Path) -> None:
    result = taken(data, PAPER, OTHER, SHORT)
    table = read_table(data, "screening")
    for row in result.rows:
        if row["decision"] == "pending":
            for column, value in (("decision", "excluded"), ("reason", "no"), ("decided_on", "2031-01-01")):
                table = table.with_cell(row["record_id"], column, value)
    (data / "screening.csv").write_text(table.text)
    assert not taken(data, SHORT, OTHER, PAPER).texts
    assert read_table(data, "screening").text == table.text


def test_equal_records_of_one_file_are_rows_of_their_own(whole: Path) -> None:
    result = taken(whole, PAPER, PAPER, OTHER)
    assert len(rows_of(whole)) == 3
    assert result.exports[0].search["records_found"] == "3"
    repeated = [row for row in result.rows if row["decision"] == "duplicate"]
    assert len(repeated) == 1
    assert repeated[0]["duplicate_of"] in rows_of(whole)
    assert not check(whole).faults


def test_rows_that_are_missing_of_a_known_search_are_added(data: Path) -> None:
    whole = taken(data, PAPER, OTHER)
    text = read_table(data, "screening").text
    half = read_table(data, "screening").without([whole.rows[0]["record_id"]])
    (data / "screening.csv").write_text(half.text)
    again = taken(data, PAPER, OTHER)
    assert [one.added for one in again.exports] == [1]
    assert read_table(data, "screening").text == text


# Any order.


SELIM = Record(
    title="Hypomagnesemia and cause-specific mortality in hemodialysis patients: 5-year follow-up analysis",
    authors=("Selim G",),
    year=2017,
    journal="Int J Artif Organs",
    volume="40",
    issue="10",
    pages="542-549",
    pmid="28708214",
)
SCHEMA = load_schema(DATA)
TRIAL = ("NCT09999991",)
POOL = (
    PAPER,
    PAPER,
    SHORT,
    OTHER,
    SELIM,
    replace(SELIM, doi="10.5301/ijao.5000611", pmid=""),
    replace(PAPER, doi="", pmid="", journal="Made up Journal of Nephrology"),
    replace(PAPER, doi="10.21203/rs.3.rs-1/v1", pmid="", journal="Research Square", type="preprint"),
    replace(PAPER, title=f"Erratum: {PAPER.title}", doi="10.9999/e", pmid="", pages="200", type="erratum"),
    replace(
        PAPER,
        title=f"Retraction: {PAPER.title}",
        doi="10.9999/r",
        pmid="",
        type=RETRACTION,
        relations=(Relation("retraction_of", doi=PAPER.doi),),
    ),
    replace(OTHER, title="First results of CRAMPS at night", doi="10.9999/t1", registrations=TRIAL, pmid=""),
    replace(
        OTHER,
        title="Five years on: sleep and mood",
        doi="10.9999/t2",
        registrations=TRIAL,
        pmid="",
        pages="9",
    ),
    Record(doi="10.9999/only"),
    Record(title="Magnesium"),
    Record(title="Magnesium", year=2031),
)


@st.composite
def splits(draw):  # type: ignore[no-untyped-def]
    """Return records divided into files, and the files in runs, in two orders."""
    records = draw(st.permutations(POOL))[: draw(st.integers(2, len(POOL)))]
    places = draw(st.lists(st.integers(0, 2), min_size=len(records), max_size=len(records)))
    exports = [[one for one, at in zip(records, places, strict=True) if at == n] for n in range(3)]
    exports = [one for one in exports if one]
    shuffled = [draw(st.permutations(one)) for one in draw(st.permutations(exports))]
    return exports, shuffled


def runs(folder: Path, exports: list[list[Record]], at_once: bool) -> dict[str, str]:
    data = small_folder(folder)
    readings = [(f"file {n}", reading(one)) for n, one in enumerate(exports)]
    for batch in [readings] if at_once else [[one] for one in readings]:
        take_in_readings(data, batch)
    rows = read_table(data, "screening").rows
    known = {row["record_id"] for row in rows}
    assert all(row["duplicate_of"] in known for row in rows if row["duplicate_of"])
    by_id = {row["record_id"]: row for row in rows}
    for row in rows:
        if row["decision"] == "duplicate" and row["duplicate_of"] and is_undecided(row):
            assert by_id[row["duplicate_of"]]["decision"] != "duplicate"
    return tables(data)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(splits())
def test_files_in_any_order_and_in_any_number_of_runs_give_the_same_tables(
    tmp_path_factory: pytest.TempPathFactory, split: tuple[list[list[Record]], list[list[Record]]]
) -> None:
    exports, shuffled = split
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "_refuse_unsound", lambda *_: None)
        patch.setattr(taking, "load_schema", lambda _data: SCHEMA)
        folder = tmp_path_factory.mktemp("order")
        ways = [
            runs(folder / str(n), one, at_once)
            for n, (one, at_once) in enumerate(((exports, True), (exports, False), (shuffled, False)))
        ]
    assert all(way == ways[0] for way in ways)


def test_the_whole_set_in_two_orders_passes_the_check_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_once(monkeypatch)
    found = []
    for name, halves in (("a", (POOL[:7], POOL[7:])), ("b", (POOL[7:][::-1], POOL[:7][::-1]))):
        data = data_folder(tmp_path / name)
        for half in halves:
            taken(data, *half)
        assert not check(data).faults
        found.append(tables(data))
    assert found[0] == found[1]


# What is recognised.


def test_a_record_of_a_report_repeats_the_record_by_which_it_was_included(data: Path) -> None:
    (row,) = taken(data, SELIM).rows
    assert (row["decision"], row["duplicate_of"], row["study_id"]) == (
        "duplicate",
        "rec-selim2017",
        "selim2017",
    )
    assert row["reason"].startswith("same PMID")
    assert (row["stage"], row["decided_on"]) == ("not_seen", "")


def test_a_report_without_a_record_of_its_own_is_named_by_a_link(data: Path) -> None:
    table = read_table(data, "screening").without(["rec-selim2017"])
    (data / "screening.csv").write_text(table.text)
    (row,) = taken(data, SELIM).rows
    assert (row["decision"], row["duplicate_of"], row["study_id"]) == ("duplicate", "", "selim2017")
    assert row["links"] == "duplicate reports:selim2017-a"


def test_a_possible_second_report_awaits_its_decision_with_its_reason(data: Path) -> None:
    second = replace(OTHER, title="Phosphate under magnesium in a trial", registrations=("NCT02542319",))
    (row,) = taken(data, second).rows
    assert row["decision"] == "pending"
    assert row["links"] == "second_report studies:bressendorff2023"
    assert "NCT02542319" in row["reason"]


def test_what_a_person_decided_stays_and_stands_for_later_copies(data: Path) -> None:
    first = taken(data, SHORT).rows[0]["record_id"]
    table = read_table(data, "screening")
    cells = {
        "decision": "excluded",
        "reason": "wrong population",
        "stage": "title",
        "decided_on": "2031-01-01",
    }
    for column, value in cells.items():
        table = table.with_cell(first, column, value)
    (data / "screening.csv").write_text(table.text)
    decided = table.find(first)
    (row,) = taken(data, PAPER).rows
    assert (row["decision"], row["duplicate_of"]) == ("duplicate", first)
    assert read_table(data, "screening").find(first) == {**(decided or {}), "relations": ""}


def test_a_fuller_record_takes_the_place_of_an_undecided_one(data: Path) -> None:
    first = taken(data, SHORT)
    result = taken(data, PAPER)
    rows = rows_of(data)
    short, full = first.rows[0]["record_id"], result.rows[0]["record_id"]
    assert rows[full]["decision"] == "pending"
    assert (rows[short]["decision"], rows[short]["duplicate_of"]) == ("duplicate", full)
    assert result.resorted == (short,)


def test_a_retraction_of_a_report_of_an_included_study_is_said_first(whole: Path) -> None:
    notice = Record(
        title=f"Retraction notice to: {SELIM.title}",
        year=2031,
        journal="Int J Artif Organs",
        pmid="99000009",
        type=RETRACTION,
        relations=(Relation("retraction_of", pmid=SELIM.pmid),),
    )
    result = taken(whole, OTHER, notice)
    lines = alarm_lines(result)
    assert lines[0].startswith("RETRACTED: a report of the included study selim2017")
    command = shlex.split("\n".join(lines).partition("run: ")[2].splitlines()[0])
    for question in (whole / "questions").glob("*.yml"):  # whether it can be run is asked, not what moves
        if question.stem != "low-magnesium-dialysis-mortality":
            question.unlink()
    assert command[:3] == ["livingmeta", "withdraw", "selim2017-a"]
    assert len(result.alarms) == 1
    done = CliRunner().invoke(main, [*command[1:], "--dry-run", "--data", str(whole)])
    assert done.exit_code == 0, done.output
    row = next(row for row in result.rows if row["pmid"] == "99000009")
    assert (row["decision"], row["links"]) == ("pending", "retraction reports:selim2017-a")


def test_a_record_that_says_itself_that_it_was_retracted_is_said_first(data: Path) -> None:
    result = taken(data, replace(SELIM, relations=(Relation("retracted_by", pmid="99000010"),)))
    assert "selim2017" in alarm_lines(result)[0]


def test_no_alarm_without_a_study(data: Path) -> None:
    assert not alarm_lines(taken(data, *POOL[:4], *POOL[8:]))


# What is broken.


def test_what_cannot_be_read_is_reported_and_kept_and_the_rest_goes_in(data: Path) -> None:
    broken = Broken(2, 14, "it has no end", "TY  - JOUR\nTI  - Half a rec")
    result = take_in_readings(data, [("half.ris", Reading("RIS", (PAPER, OTHER), (broken,)))])
    assert len(rows_of(data)) == 2
    search = result.exports[0].search
    assert search["records_found"] == "3"
    assert search["notes"] == "1 of 3 records could not be read."
    said = list(broken_lines(result, data))
    assert said[0] == "half.ris: record 2, line 14: it has no end"
    where = broken_file(data, search["search_id"])
    assert str(where) in said[1]
    assert where.read_text() == broken.text + "\n"


def test_a_file_of_nothing_but_broken_records_is_told_from_another_one(data: Path) -> None:
    for n in (1, 2):
        take_in_readings(data, [("x", Reading("RIS", (), (Broken(1, 1, "no", f"text {n}"),)))])
    assert len(read_table(data, "searches").rows) == len(read_table(DATA, "searches").rows) + 2


def test_every_file_that_is_no_export_is_named_and_nothing_is_written(data: Path) -> None:
    before = tables(data)
    good = ("good.ris", ris(PAPER).encode())
    with pytest.raises(IntakeError) as caught:
        take_in(data, [good, ("a.pdf", b"%PDF-1.7"), ("b.txt", b"")])
    assert {line.split(":")[0] for line in str(caught.value).splitlines()} == {"a.pdf", "b.txt"}
    assert tables(data) == before
    assert not kept_folder(data).exists()


def test_an_intake_that_would_bring_faults_is_refused_with_all_of_them(whole: Path) -> None:
    before = tables(whole)
    wrong = SearchDetails(question_ids=("no-such-question",), searched_on="3rd of May", kind="guess")
    with pytest.raises(IntakeError) as caught:
        take_in_readings(whole, [("x", reading([PAPER]))], wrong)
    assert all(word in str(caught.value) for word in ("no-such-question", "3rd of May", "guess"))
    assert tables(whole) == before


def test_faults_that_are_there_already_do_not_stop_an_intake(whole: Path) -> None:
    table = read_table(whole, "screening").with_cell("rec-selim2017", "doi", "nonsense")
    (whole / "screening.csv").write_text(table.text)
    assert taken(whole, PAPER).written


def test_a_look_writes_nothing_and_says_the_same(data: Path) -> None:
    before = tables(data)
    given = [("x", reading([PAPER, SHORT, OTHER]))]
    look = take_in_readings(data, given, dry_run=True)
    assert tables(data) == before and not kept_folder(data).exists()
    done = take_in_readings(data, given)
    assert look.rows == done.rows and look.texts == done.texts
    assert summary(look).splitlines()[:-1] == summary(done).splitlines()[:-1]
    assert "nothing is written" in summary(look)


# Whatever happens to the run.


class Killed(BaseException):
    """Stands for a process that ends at once."""


def count_replacements(patch: pytest.MonkeyPatch, at: int, after: bool) -> list[int]:
    seen, real = [0], files.replace

    def counted(source: Path, target: Path) -> None:
        seen[0] += 1
        if seen[0] == at and not after:
            raise Killed
        real(source, target)
        if seen[0] == at and after:
            raise Killed

    patch.setattr(files, "replace", counted)
    patch.setattr(edits, "replace", counted)
    return seen


def given_half() -> list[tuple[str, Reading]]:
    return [("x", Reading("RIS", (PAPER, SHORT, OTHER), (Broken(4, 40, "no", "half"),)))]


def test_an_intake_makes_as_many_replacements_as_the_next_test_goes_through(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = count_replacements(monkeypatch, -1, after=False)
    take_in_readings(data, given_half())
    assert seen == [5]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_a_run_that_is_killed_is_completed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, after: bool
) -> None:
    monkeypatch.setattr(taking, "_refuse_unsound", lambda *_: None)
    data, whole = small_folder(tmp_path / "killed"), small_folder(tmp_path / "whole")
    take_in_readings(whole, given_half())
    before = tables(data)
    with pytest.MonkeyPatch.context() as patch:
        count_replacements(patch, at, after)
        with pytest.raises(Killed):
            take_in_readings(data, given_half())
    now = tables(data)
    assert all(now[name] in (before[name], text) for name, text in tables(whole).items())
    take_in_readings(data, given_half())
    assert tables(data) == tables(whole)
    kept = [sorted(p.read_text() for p in kept_folder(one).iterdir()) for one in (data, whole)]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing_leaves_the_tables(
    data: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    before = tables(data)

    def refused(*_: object) -> int:
        raise OSError(reason, os.strerror(reason), "somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", refused)
        for record in (PAPER, OTHER):  # one with something to keep beside the tables, one without
            with pytest.raises(EditError, match="run the same again"):
                taken(data, record)
    assert tables(data) == before
    assert taken(data, PAPER, OTHER).written


TWICE = """
import sys
from pathlib import Path
from livingmeta.intake import taking
taking._refuse_unsound = lambda *_: None
print("ready", flush=True); sys.stdin.readline()
taking.take_in(Path(sys.argv[1]), [(sys.argv[2], Path(sys.argv[2]).read_bytes())])
"""


def test_two_runs_at_once_both_go_in(tmp_path: Path) -> None:
    data, one_by_one = data_folder(tmp_path / "twice"), data_folder(tmp_path / "once")
    exports = [tmp_path / "a.ris", tmp_path / "b.ris"]
    exports[0].write_text(ris(PAPER) + ris(OTHER))
    exports[1].write_text(ris(SHORT) + ris(SELIM))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", TWICE, str(data), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        for path in exports
    ]
    for run in started:
        assert run.stdout is not None and run.stdout.readline() == "ready\n"
    for run in started:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.close()
    assert [run.wait(120) for run in started] == [0, 0]
    for run in started:
        assert run.stdout is not None
        run.stdout.close()
    for path in exports:
        take_in(one_by_one, [(str(path), path.read_bytes())])
    assert tables(data) == tables(one_by_one)


def test_what_others_change_while_it_is_worked_out_is_not_lost(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = taking._worked_out, []

    def interrupted(*given: object) -> Taken:
        result = real(*given)  # type: ignore[arg-type]
        if not calls:
            changed = read_table(data, "screening").with_cell("rec-selim2017", "notes", "Mine.")
            (data / "screening.csv").write_text(files_of([changed])["screening.csv"])
        calls.append(1)
        return result

    monkeypatch.setattr(taking, "_worked_out", interrupted)
    taken(data, PAPER)
    row = read_table(data, "screening").find("rec-selim2017")
    assert row is not None and row["notes"] == "Mine."
    assert len(calls) == 2 and len(rows_of(data)) == 1


def test_a_record_without_a_title_keeps_what_identifies_it(data: Path) -> None:
    (row,) = taken(data, Record(doi="10.9999/only", type=ARTICLE)).rows
    assert (row["title"], row["doi"], row["decision"]) == ("", "10.9999/only", "pending")


def test_no_name_of_a_search_leads_out_of_the_folder_of_what_is_kept(data: Path) -> None:
    for name in ("../../elsewhere", "/elsewhere", "a/b"):
        assert broken_file(data, name).parent == kept_folder(data)
