"""Do the results of a retracted report leave every pool, and stay to be seen?"""

from dataclasses import replace
from pathlib import Path

import pytest

from checked import check
from curating import BECAUSE, EFFECT, FIRST, TABLE, data_folder, put
from livingmeta.analysis import analyse
from livingmeta.cautions import limits
from livingmeta.check.question_rules import WITHDRAWN
from livingmeta.curation import RequestError, Withdrawal, corrected, withdrawn
from livingmeta.curation.withdrawing import KINDS
from livingmeta.releases import Identity
from livingmeta.snapshots import Snapshot
from livingmeta.table_files import read_table
from livingmeta.tables.question import answer
from livingmeta.tables.studies_page import study_list
from livingmeta.tables.study_rows import gathered

REPORT = f"{FIRST}-a"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return data_folder(tmp_path / "data")


def withdraw(data: Path, name: str = FIRST, because=BECAUSE, **more):
    return put(data, lambda folder: withdrawn(folder, Withdrawal(name, **more), because))


def row(data: Path, table: str = TABLE, key: str = EFFECT):
    found = read_table(data, table).find(key)
    assert found is not None
    return found


def further(data: Path, **changes: str) -> None:
    """Give the first study a second report, which its result then cites."""
    report = {"report_id": f"{FIRST}-b", "study_id": FIRST, "report_type": "follow_up", "is_main": "false"}
    table = read_table(data, "reports").with_rows([{**report, "source_extent": "abstract", **changes}])
    (data / "reports.csv").write_text(table.text)
    effects = read_table(data, TABLE).with_cell(EFFECT, "report_id", f"{FIRST}-b")
    (data / f"{TABLE}.csv").write_text(effects.text)


def test_the_report_is_marked_and_its_result_is_shown_only(data: Path) -> None:
    before = read_table(data, TABLE)
    draft = withdraw(data)
    assert row(data, "reports", REPORT)["retraction_status"] == "retracted"
    assert (row(data)["pool_role"], row(data)["pool_reason"]) == ("display", "retracted: a misprint")
    assert len(read_table(data, TABLE).rows) == len(before.rows)
    changed = [(c["table"], c["column"], c["old"]) for c in read_table(data, "corrections").rows]
    moved = [(TABLE, "pool_reason", ""), (TABLE, "pool_role", "primary")]
    assert sorted(changed) == [*moved, ("reports", "retraction_status", "not checked")]
    assert draft.notes == ("1 result leaves the pool and is shown.",)
    assert not check(data).faults


def test_naming_the_report_is_naming_the_study_that_has_no_other(data: Path) -> None:
    assert withdrawn(data, Withdrawal(REPORT), BECAUSE) == withdrawn(data, Withdrawal(FIRST), BECAUSE)


def test_a_result_that_cites_another_report_which_stands_stays(data: Path) -> None:
    further(data)
    draft = withdraw(data)
    assert row(data)["pool_role"] == "primary"
    assert f"1 result cites {FIRST}-b, which stands, and stays in the pool." in draft.notes
    assert row(data, "reports", f"{FIRST}-b").get("retraction_status", "") == ""


def test_a_fit_that_still_finds_the_row_is_pointed_out(data: Path) -> None:
    name = TABLE.removeprefix("effects/")
    path = data / "questions" / f"{name}.yml"
    text = path.read_text().replace(
        "sensitivity:\n", "sensitivity:\n  - {name: All of them, filter: {outcome_id: synthetic_death}}\n"
    )
    path.write_text(text)
    told = f"{name}, All of them: its filter still finds 1 row that left: let it ask for pool_role."
    assert withdrawn(data, Withdrawal(FIRST), BECAUSE).notes[1:] == (told,)


def test_every_report_of_a_study_is_withdrawn_only_when_asked(data: Path) -> None:
    further(data)
    withdraw(data, every_report=True)
    assert row(data, "reports", f"{FIRST}-b")["retraction_status"] == "retracted"
    assert row(data)["pool_role"] == "display"


def test_a_report_that_is_not_the_main_one_takes_only_its_own_results(data: Path) -> None:
    further(data)
    (data / f"{TABLE}.csv").write_text(read_table(data, TABLE).with_cell(EFFECT, "report_id", REPORT).text)
    withdraw(data, f"{FIRST}-b")
    assert row(data)["pool_role"] == "primary"
    assert row(data, "reports", REPORT)["retraction_status"] == "not checked"


def test_a_result_read_from_a_data_set_falls_with_the_main_report_of_its_study(data: Path) -> None:
    further(data, report_type="dataset", study_id="", source_extent="dataset")
    withdraw(data)
    assert row(data)["pool_role"] == "display"


def test_an_expression_of_concern_marks_and_only_then_excludes_when_asked(data: Path) -> None:
    withdraw(data, kind="expression of concern")
    assert row(data, "reports", REPORT)["retraction_status"] == "expression of concern"
    assert row(data)["pool_role"] == "primary"
    withdraw(data, kind="expression of concern", also_exclude=True)
    assert row(data)["pool_reason"] == "expression of concern: a misprint"
    assert not check(data).faults


def test_a_concern_that_becomes_a_retraction_is_two_corrections(data: Path) -> None:
    withdraw(data, kind="expression of concern")
    withdraw(data, because=replace(BECAUSE, day="2030-02-01"))
    states = [c["new"] for c in read_table(data, "corrections").rows if c["column"] == "retraction_status"]
    assert states == ["expression of concern", "retracted"]
    assert not check(data).faults


@pytest.mark.parametrize("notice", ["10.1000/notice", "https://doi.org/10.1000/notice"])
def test_the_notice_stands_with_the_report_and_in_the_ledger(data: Path, notice: str) -> None:
    withdraw(data, notice=notice)
    assert row(data, "reports", REPORT)["notes"].endswith("Retraction notice: 10.1000/notice")
    sources = {c["source"] for c in read_table(data, "corrections").rows}
    assert sources == {"table 2; notice 10.1000/notice"}


def test_what_cannot_be_withdrawn_is_refused(data: Path) -> None:
    with pytest.raises(RequestError, match=f"must be a study or a report; did you mean {FIRST}"):
        withdrawn(data, Withdrawal(f"{FIRST}x"), BECAUSE)
    with pytest.raises(RequestError) as refused:
        withdrawn(data, Withdrawal(FIRST, notice="nowhere"), replace(BECAUSE, reason="", source=" "))
    assert len(refused.value.problems) == 3
    withdraw(data)
    with pytest.raises(RequestError, match="is retracted already, and no result of it is pooled"):
        withdrawn(data, Withdrawal(FIRST), BECAUSE)


def test_a_report_that_is_reinstated_goes_back_by_corrections(data: Path) -> None:
    withdraw(data)
    later = replace(BECAUSE, day="2030-02-01", reason="reinstated")
    put(data, lambda d: corrected(d, "reports", REPORT, {"retraction_status": "not retracted"}, later))
    back = {"pool_role": "primary", "pool_reason": ""}
    put(data, lambda d: corrected(d, TABLE, EFFECT, back, later, blank=True))
    assert row(data)["pool_role"] == "primary"
    assert not check(data).faults


def test_a_question_whose_every_result_is_withdrawn_is_shown_without_a_number(data: Path) -> None:
    effects = read_table(data, TABLE)
    for name in (effects.key(one) for one in effects.rows[1:]):
        effects = effects.with_cell(name, "pool_role", "display").with_cell(name, "pool_reason", "left out")
    (data / f"{TABLE}.csv").write_text(effects.text)
    assert not check(data).faults
    withdraw(data)
    report = check(data)
    assert not report.faults
    assert any("must occur in column pool_role" in finding.rule for finding in report.warnings)
    at = Snapshot("x", data, Identity())
    assert at.records[TABLE.removeprefix("effects/")]["k"] == 0


@pytest.mark.parametrize("role", ["primray", "sensitivity"])
def test_a_filter_that_never_found_a_row_is_a_fault_beside_a_withdrawn_one(data: Path, role: str) -> None:
    withdraw(data)
    question = data / "questions" / f"{TABLE.removeprefix('effects/')}.yml"
    text = question.read_text()
    assert "pool_role: primary" in text
    question.write_text(text.replace("pool_role: primary", f"pool_role: {role}"))
    assert any("must occur in column pool_role" in finding.rule for finding in check(data).faults)


def test_an_empty_filter_is_a_fault_where_nothing_was_withdrawn(data: Path) -> None:
    effects = read_table(data, TABLE)
    for name in map(effects.key, effects.rows):
        effects = effects.with_cell(name, "pool_role", "display").with_cell(name, "pool_reason", "left out")
    (data / f"{TABLE}.csv").write_text(effects.text)
    assert any("must occur in column pool_role" in finding.rule for finding in check(data).faults)


def test_the_check_knows_the_words_that_the_verb_writes() -> None:
    assert tuple(f"{kind}: " for kind in KINDS) == WITHDRAWN


def cautions(data: Path) -> str:
    at = Snapshot("x", data, Identity())
    return " ".join(limits(analyse(at.questions[TABLE.removeprefix("effects/")], at.studies)))


def test_a_reader_of_the_question_is_told(data: Path) -> None:
    assert "etracted" not in cautions(data)
    withdraw(data, kind="expression of concern")
    said = f"Expression of concern: Synthetic AAA 2001 (report {REPORT}); a result is in the estimate."
    assert said in cautions(data)
    withdraw(data)
    assert f"Retracted: Synthetic AAA 2001 (report {REPORT}); no result is in the estimate." in cautions(data)


def test_the_facts_above_the_answer_say_it_too(data: Path) -> None:
    def shown() -> str:
        at = Snapshot("x", data, Identity())
        return answer(analyse(at.questions[TABLE.removeprefix("effects/")], at.studies))

    assert "retracted" not in shown()
    withdraw(data, kind="expression of concern")
    assert '<span class="lm-chip">1 report with an expression of concern</span>' in shown()
    withdraw(data)
    assert '<span class="lm-chip">1 report retracted</span>' in shown()


def test_a_reader_of_the_list_of_studies_is_told(data: Path) -> None:
    def shown() -> str:
        at = Snapshot("x", data, Identity())
        questions = [*at.questions.values()]
        return study_list(gathered(at.studies, questions), questions)

    badge = '<span class="lm-pill lm-pill-conflict">retracted</span>'
    assert badge not in shown()
    withdraw(data)
    assert shown().count(badge) == 1
    assert f"retracted: {BECAUSE.reason}" in shown()
