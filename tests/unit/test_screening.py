"""Is each decision on a record written once, whole, and never over somebody else's?"""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from checked import check
from livingmeta import edits, files
from livingmeta.edits import EditError
from livingmeta.intake import taking
from livingmeta.intake.kept import kept_folder
from livingmeta.intake.record import ERRATUM, RETRACTION, Record, Relation
from livingmeta.intake.taking import SearchDetails, take_in_readings
from livingmeta.screening.desk import Decision, Desk, ScreeningError
from livingmeta.screening.dialogue import KEYS, Dialogue
from livingmeta.screening.view import NO_ABSTRACT, Reader, page
from livingmeta.table_files import read_table
from made_exports import data_folder, reading, rows_of, tables

DAY = "2031-02-03"
FIRST = Record(
    title="Alpha: a made-up trial of magnesium citrate in dialysis",
    authors=("Example, A.", "Other, B."),
    year=2031,
    journal="Made-up J",
    volume="1",
    pages="1-9",
    doi="10.9999/alpha",
    abstract="Sixty people were randomised. " * 60,
)
SECOND = Record(
    title="Vascular calcification after MAGiCAL",
    doi="10.9999/beta",
    registrations=("NCT02542319",),
    year=2032,
    authors=("Later, C.",),
)
THIRD = Record(
    title="Gamma cohort of people on peritoneal dialysis", doi="10.9999/gamma", year=2029, journal="Elsewhere"
)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout with three records that await a decision, as every test finds it."""
    root = tmp_path_factory.mktemp("three")
    folder = data_folder(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "_refuse_unsound", lambda *_: None)
        for record in (FIRST, SECOND, THIRD):
            name = record.title.split()[0].strip(":").lower()
            take_in_readings(folder, [(name, reading([record]))], SearchDetails(name=name))
    return root


@pytest.fixture
def data(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return tables with three records that await a decision."""
    monkeypatch.setattr(taking, "_refuse_unsound", lambda *_: None)
    shutil.copytree(three, tmp_path, dirs_exist_ok=True)
    return tmp_path / "data"


class Typed:
    """A person who types what was thought of before."""

    def __init__(self, *said: str, width: int = 80, height: int = 24) -> None:
        self.said: Iterator[str] = iter(said)
        self.shown: list[str] = []
        self.width, self.height = width, height

    def say(self, text: str) -> None:
        self.shown.append(text)

    head = say

    def key(self) -> str:
        for said in self.said:
            return said
        raise EOFError

    def line(self, prompt: str) -> str:
        self.say(prompt)
        return self.key()

    @property
    def text(self) -> str:
        return "\n".join(self.shown)


def held(data: Path, *said: str, by: str = "", desk: Desk | None = None, only: str = "") -> Typed:
    talk = Typed(*said)
    Dialogue(desk or Desk(data), talk, lambda: DAY, by).run(only)
    return talk


def named(data: Path, record: Record) -> dict[str, str]:
    (row,) = [row for row in rows_of(data).values() if row["doi"] == record.doi]
    return row


def test_a_key_is_a_decision_with_its_day_and_what_was_seen(data: Path) -> None:
    held(data, "e", "1", "q")
    row = named(data, FIRST)
    assert (row["decision"], row["reason"], row["stage"]) == ("excluded", "wrong population", "abstract")
    assert row["decided_on"] == DAY
    assert not check(data).faults


def test_a_reason_in_own_words_and_who_decided_are_kept(data: Path) -> None:
    held(data, "e", "children only", "q", by="A. Reader")
    row = named(data, FIRST)
    assert (row["reason"], row["notes"]) == ("children only", "Decided by A. Reader.")


def test_reasons_that_were_given_before_can_be_picked(data: Path) -> None:
    reasons = [reason for reason, _ in Desk(data).reasons()]
    assert "narrative review" in reasons
    held(data, "e", str(reasons.index("narrative review") + 1))
    assert named(data, FIRST)["reason"] == "narrative review"


def test_what_was_not_shown_was_not_seen(data: Path) -> None:
    talk = held(data, "s", "s", "e", "2")
    row = next(row for row in rows_of(data).values() if row["decision"] == "excluded")
    assert row["stage"] == "title"
    assert NO_ABSTRACT in talk.text


def test_the_stage_can_be_said_otherwise(data: Path) -> None:
    held(data, "t", "e", "1")
    assert named(data, FIRST)["stage"] == "full_text"


def test_a_new_study_awaits_being_added(data: Path) -> None:
    talk = held(data, "i", "n", "q")
    row = named(data, FIRST)
    assert (row["decision"], row["reason"]) == (
        "awaiting_full_text",
        "eligible by title and abstract, to be added",
    )
    assert f"livingmeta add --record {row['record_id']}" in talk.text
    assert not check(data).faults


def test_a_second_report_is_proposed_for_its_study(data: Path) -> None:
    record = named(data, SECOND)["record_id"]
    talk = held(data, "i", "", only=record)
    assert "may be a second report of Bressendorff 2023" in talk.text
    assert "NCT02542319" in talk.text
    row = named(data, SECOND)
    assert (row["decision"], row["study_id"]) == ("included", "bressendorff2023")
    assert not check(data).faults


def test_an_unknown_study_is_refused_and_the_record_stays(data: Path) -> None:
    talk = held(data, "i", "nobody2031", "q")
    assert "nobody2031 must be a study of studies.csv" in talk.text
    assert named(data, FIRST)["decision"] == "pending"


def test_a_duplicate_names_what_it_repeats(data: Path) -> None:
    held(data, "d", "rec-selim2017", "q")
    row = named(data, FIRST)
    assert (row["decision"], row["duplicate_of"], row["study_id"]) == (
        "duplicate",
        "rec-selim2017",
        "selim2017",
    )
    assert not check(data).faults


@pytest.mark.parametrize("said", ["", "nothing", "7"])
def test_a_duplicate_of_nothing_is_not_written(data: Path, said: str) -> None:
    before = tables(data)
    held(data, "d", said, "q")
    assert tables(data) == before


def test_an_erratum_and_a_record_that_awaits_its_full_text(data: Path) -> None:
    held(data, "r", "", "a", "the arms are not told apart")
    rows = [row for row in rows_of(data).values() if row["decision"] != "pending"]
    assert {(row["decision"], row["reason"]) for row in rows} == {
        ("erratum", "erratum of a report"),
        ("awaiting_full_text", "the arms are not told apart"),
    }
    assert not check(data).faults


def test_the_last_decision_can_be_taken_back_and_is_shown_again(data: Path) -> None:
    before = tables(data)
    talk = held(data, "e", "1", "u", "q")
    assert tables(data) == before
    assert [line.split()[3] for line in talk.shown if " of 3 " in line][2] == named(data, FIRST)["record_id"]
    assert "nothing was decided in this run" in held(data, "u", "q").text


def test_a_run_goes_on_where_the_last_one_ended(data: Path) -> None:
    held(data, "e", "1", "q")
    talk = held(data, "q")
    assert "2 of 3 " in talk.text
    assert FIRST.title not in talk.text


def test_the_end_of_input_ends_and_says_what_is_left(data: Path) -> None:
    talk = held(data, "s", "a", "")
    assert talk.shown[-1] == "1 decision written; 2 records to screen, 1 of them skipped now"


@pytest.mark.parametrize("key", ["x", "\x1b[A", "E", "é"])
def test_an_unknown_key_does_nothing(data: Path, key: str) -> None:
    before = tables(data)
    assert "is no key here" in held(data, key, "q").text
    assert tables(data) == before


@pytest.mark.parametrize("key", ["?", "o"])
def test_help_and_all_of_it_decide_nothing(data: Path, key: str) -> None:
    before = tables(data)
    talk = held(data, key, "q")
    assert tables(data) == before
    assert ("take the last decision back" if key == "?" else FIRST.abstract[-30:].strip()) in talk.text


def test_a_page_fits_a_small_terminal(data: Path) -> None:
    talk = held(data, "q")
    until = talk.shown.index(KEYS)
    assert until + 1 <= 23
    assert max(map(len, talk.shown)) <= 80
    assert "more lines: o shows all" in talk.text


@pytest.mark.parametrize(("width", "height"), [(40, 12), (80, 24), (200, 60)])
def test_every_page_fits_its_width(data: Path, width: int, height: int) -> None:
    reader = Reader(Desk(data))
    for row in rows_of(data).values():
        lines = page(row, reader.remarks(row), reader.abstract(row), width - 1, height, whole=True)
        assert all(len(line) < width for line in lines)


def test_a_decision_of_somebody_else_is_not_overwritten(data: Path) -> None:
    desk, other = Desk(data), Desk(data)
    seen = desk.waiting()[0]
    other.decide(seen, Decision("excluded", "wrong outcome", "title"), DAY)
    with pytest.raises(ScreeningError, match=r"decided meanwhile by another run .*wrong outcome"):
        desk.decide(seen, Decision("excluded", "wrong population", "title"), DAY)
    assert named(data, FIRST)["reason"] == "wrong outcome"


def test_a_dialogue_sees_what_others_decide_and_goes_on(data: Path) -> None:
    desk = Desk(data)

    class Slow(Typed):
        def key(self) -> str:
            said = super().key()
            if said == "e":
                waiting = Desk(data).waiting()
                if waiting[0]["doi"] == FIRST.doi:
                    Desk(data).decide(waiting[0], Decision("excluded", "theirs", "title"), DAY)
            return said

    talk = Slow("e", "1", "q")
    Dialogue(desk, talk, lambda: DAY).run()
    assert "was decided meanwhile by another run (excluded, theirs)" in talk.text
    assert named(data, FIRST)["reason"] == "theirs"
    assert "2 of 3 " in talk.text


def test_what_others_change_elsewhere_stays(data: Path) -> None:
    desk = Desk(data)
    seen = desk.waiting()[0]
    changed = read_table(data, "screening").with_cell("rec-selim2017", "notes", "Mine.")
    (data / "screening.csv").write_text(changed.text)
    desk.decide(seen, Decision("excluded", "wrong outcome", "title"), DAY)
    row = read_table(data, "screening").find("rec-selim2017")
    assert row is not None and row["notes"] == "Mine."


def test_taking_back_what_somebody_changed_since_is_refused(data: Path) -> None:
    desk = Desk(data)
    old = desk.waiting()[0]
    new = desk.decide(old, Decision("excluded", "wrong outcome", "title"), DAY)
    changed = read_table(data, "screening").with_cell(old["record_id"], "reason", "theirs")
    (data / "screening.csv").write_text(changed.text)
    with pytest.raises(ScreeningError, match="meanwhile"):
        desk.take_back(old, new)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_that_is_killed_loses_at_most_the_record_on_screen(
    data: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    class Killed(BaseException):
        pass

    real, seen = files.replace, [0]

    def second(source: Path, target: Path) -> None:
        seen[0] += 1
        if seen[0] == 2 and not after:
            raise Killed
        real(source, target)
        if seen[0] == 2:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", second)
        patch.setattr(edits, "replace", second)
        with pytest.raises(Killed):
            held(data, "e", "1", "e", "1")
    decided = [row for row in rows_of(data).values() if row["decision"] == "excluded"]
    assert len(decided) == (2 if after else 1)
    assert not check(data).faults
    assert f"{len(decided) + 1} of 3 " in held(data, "q").text


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_nothing_is_said_and_nothing_is_lost(
    data: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    before = tables(data)

    def refused(*_: object) -> int:
        raise OSError(reason, os.strerror(reason), "somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", refused)
        with pytest.raises(EditError, match="the tables are as they were"):
            held(data, "e", "1")
    assert tables(data) == before


def test_a_checkout_without_the_abstract_says_where_it_is(data: Path) -> None:
    for path in kept_folder(data).iterdir():
        path.unlink()
    talk = held(data, "e", "1")
    assert NO_ABSTRACT in talk.text and FIRST.title in talk.text and "10.9999/alpha" in talk.text
    assert named(data, FIRST)["stage"] == "title"


def test_an_article_learns_of_a_notice_about_it_and_of_its_copies(data: Path) -> None:
    about = (Relation("retraction_of", doi=FIRST.doi),)
    notice = Record(title=f"Retraction: {FIRST.title}", type=RETRACTION, relations=about, doi="10.9999/n")
    copy = Record(title=FIRST.title, doi=FIRST.doi, year=2031)
    correction = Record(title=f"Erratum: {FIRST.title}", type=ERRATUM, doi="10.9999/c")
    take_in_readings(data, [("more", reading([notice, copy, correction]))])
    remarks = " ".join(Reader(Desk(data)).remarks(named_full(data)))
    assert "HAS A RETRACTION NOTICE: Retraction: Alpha" in remarks
    assert "has an erratum: Erratum: Alpha" in remarks
    of_copy = next(row for row in rows_of(data).values() if row["duplicate_of"])
    assert f"1 other record repeats it: {of_copy['record_id']}" in remarks
    (repeats,) = (one for one in Reader(Desk(data)).remarks(of_copy) if one.startswith("repeats "))
    assert named_full(data)["record_id"] in repeats
    said = Reader(Desk(data)).remarks(named(data, notice))
    assert any(line.startswith("retraction notice on Alpha") for line in said)
    assert not any(line.startswith("its export says") for line in said)


def named_full(data: Path) -> dict[str, str]:
    rows = [row for row in rows_of(data).values() if row["doi"] == FIRST.doi]
    return next(row for row in rows if row["decision"] == "pending")


def test_an_article_that_comes_after_its_retraction_notice_was_sorted_says_so(data: Path) -> None:
    about = (Relation("retraction_of", doi="10.9999/late"),)
    notice = Record(title="Retraction: Delta and more", type=RETRACTION, relations=about, doi="10.9999/n")
    take_in_readings(data, [("notice", reading([notice]))])
    row = named(data, notice)
    Desk(data).decide(row, Decision("excluded", "a notice", "title"), DAY)
    late = Record(title="Delta and more of it in people on dialysis", doi="10.9999/late", year=2030)
    take_in_readings(data, [("late", reading([late]))])
    assert any("HAS A RETRACTION NOTICE" in said for said in Reader(Desk(data)).remarks(named(data, late)))


def test_only_the_records_of_a_search_or_a_question_are_shown(data: Path) -> None:
    question = "low-magnesium-fracture"
    one = Record(title="Delta: bones and magnesium in a made-up registry", doi="10.9999/delta")
    details = SearchDetails(name="bones", question_ids=(question, "magnesium-pth-haemodialysis"))
    result = take_in_readings(data, [("bones", reading([one]))], details)
    assert [row["doi"] for row in Desk(data, question=question).waiting()] == [one.doi]
    assert [row["doi"] for row in Desk(data, search=result.exports[0].search_id).waiting()] == [one.doi]
    assert len(Desk(data).waiting()) == 4
    with pytest.raises(ScreeningError, match="must be a search"):
        Desk(data, search="none")
    with pytest.raises(ScreeningError, match="must be a question"):
        Desk(data, question="none")
