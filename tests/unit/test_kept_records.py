"""Is a kept record the one that analysing again gives, and is the same evidence analysed once?"""

import shutil

import pytest
import yaml

from benchmarks.generate import question_id
from livingmeta import kept_records
from livingmeta.kept_records import KeptRecords
from livingmeta.paths import ROOT, Project
from livingmeta.snapshots import snapshot
from scratch_repository import add_study, correct_a_count, rows_of, scratch_repository, write_rows


@pytest.fixture
def project(tmp_path):
    made = scratch_repository(tmp_path / "checkout", 3)
    shutil.copy(ROOT / "data" / "instruments.csv", made.data)
    return made


@pytest.fixture
def analysed(monkeypatch):
    """Return the ids of the questions that are analysed from now on, in order."""
    asked = []
    inner = kept_records.analyse

    def counted(question, studies):
        asked.append(question.id)
        return inner(question, studies)

    monkeypatch.setattr(kept_records, "analyse", counted)
    return asked


def records(project, kept=None):
    return snapshot(str(project.data), project, kept).records


def ordered(mapping):
    """Return nested mappings with their order, which two equal ones may not share."""
    if isinstance(mapping, dict):
        return [(key, ordered(value)) for key, value in mapping.items()]
    return [ordered(one) for one in mapping] if isinstance(mapping, list) else mapping


def test_the_real_evidence_has_the_same_records_kept_or_not(tmp_path, analysed):
    project = Project(ROOT)
    plain = records(project)
    fresh, kept = (records(project, KeptRecords(tmp_path)) for _ in range(2))
    assert sorted(analysed) == sorted(plain)
    assert ordered(fresh) == ordered(plain) == ordered(kept)


def test_both_sides_of_a_comparison_are_analysed_once(project, analysed):
    kept = KeptRecords()
    assert records(project, kept) == records(project, kept)
    assert sorted(analysed) == [question_id(n) for n in range(3)]


def test_a_new_study_in_the_middle_is_all_that_is_analysed(project, analysed, tmp_path):
    records(project, KeptRecords(tmp_path / "kept"))
    analysed.clear()
    add_study(project, 1)
    path = project.data / "studies.csv"
    rows = rows_of(path)
    write_rows(path, [rows[-1], *rows[:-1]])
    changed = records(project, KeptRecords(tmp_path / "kept"))
    assert analysed == [question_id(1)]
    assert changed == records(project)


def first(project, name, column, change):
    path = project.data / name
    rows = rows_of(path)
    rows[0][column] = change(rows[0][column])
    write_rows(path, rows)


def an_effect(project):
    correct_a_count(project, 0)


def a_size(project):
    first(project, "studies.csv", "design_type", lambda _: "unclear")


def a_label(project):
    first(project, "studies.csv", "label", lambda cell: f"{cell} (again)")


def a_judgement(project):
    effect = rows_of(project.data / "effects" / f"{question_id(0)}.csv")[0]["effect_id"]
    judged = {"effect_id": effect, "tool": "RoB 2", "domain": "overall", "judgement": "Low"}
    write_rows(project.data / "risk_of_bias.csv", [judged | {"assessor": "one", "assessed_on": "2026-01-01"}])


def a_certainty(project):
    said = {"question_id": question_id(0), "domain": "imprecision", "judgement": "Serious"}
    write_rows(project.data / "certainty.csv", [said | {"assessor": "one", "assessed_on": "2026-01-01"}])


def a_method(project):
    path = project.data / "questions" / f"{question_id(0)}.yml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(
        yaml.safe_dump({**raw, "method": "DL", "title": "Another"}, sort_keys=False), encoding="utf-8"
    )


@pytest.mark.parametrize("change", [an_effect, a_size, a_label, a_judgement, a_certainty, a_method])
def test_what_moves_one_record_is_analysed_again(project, analysed, change):
    kept = KeptRecords()
    before = records(project, kept)
    analysed.clear()
    change(project)
    after = records(project, kept)
    assert analysed == [question_id(0)]
    assert after == records(project) and after != before


def test_what_all_records_rest_on_lets_all_be_analysed_again(project, analysed, monkeypatch):
    kept = KeptRecords()
    records(project, kept)
    first(project, "instruments.csv", "domain_title", lambda cell: f"{cell}.")
    records(project, kept)
    assert len(analysed) == 6
    monkeypatch.setattr(kept_records, "_software", lambda: (b"another version",))
    records(project, kept)
    assert len(analysed) == 9


def test_what_no_record_rests_on_lets_none_be_analysed_again(project, analysed):
    kept = KeptRecords()
    records(project, kept)
    analysed.clear()
    first(project, "screening.csv", "title", lambda cell: f"{cell}.")
    first(project, "reports.csv", "title", lambda cell: f"{cell}.")
    assert records(project, kept) == records(project) and not analysed


def test_the_order_of_keys_is_that_of_the_question_asked(project):
    path = project.data / "questions" / f"{question_id(0)}.yml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept = KeptRecords()
    for order in (raw["living"], dict(reversed(raw["living"].items()))):
        path.write_text(yaml.safe_dump({**raw, "living": order}, sort_keys=False), encoding="utf-8")
        assert ordered(records(project, kept)) == ordered(records(project))


def test_a_damaged_file_is_made_again(project, analysed, tmp_path):
    folder = tmp_path / "kept"
    whole = records(project, KeptRecords(folder))
    files = sorted(folder.iterdir())
    texts = [path.read_bytes() for path in files]
    files[0].write_bytes(texts[0][:-20])
    files[1].write_bytes(texts[1].replace(b"0", b"1"))
    files[2].write_bytes(b"\xff")
    assert records(project, KeptRecords(folder)) == whole and len(analysed) == 6
    assert [path.read_bytes() for path in files] == texts


def test_a_folder_that_cannot_be_written_is_no_hindrance(project, tmp_path):
    (tmp_path / "kept").write_text("a file in its place")
    assert records(project, KeptRecords(tmp_path / "kept" / "inside")) == records(project)


def test_the_oldest_files_go_when_there_are_too_many(project, tmp_path, monkeypatch):
    import os

    monkeypatch.setattr(kept_records, "MOST", 3)
    old = tmp_path / "old.txt"
    old.write_text("x")
    os.utime(old, (1, 1))
    records(project, KeptRecords(tmp_path))
    assert len(list(tmp_path.glob("*.txt"))) == 3 and not old.exists()


def test_a_fault_is_said_as_without(project, tmp_path):
    from livingmeta.snapshots import SnapshotError

    shutil.copytree(project.data, tmp_path / "data")
    (tmp_path / "data" / "searches.csv").write_text('search_id,"date\n')
    said = []
    for kept in (None, KeptRecords()):
        with pytest.raises(SnapshotError) as raised:
            snapshot(str(tmp_path / "data"), project, kept)
        said.append(str(raised.value))
    assert said[0] == said[1] and "searches.csv" in said[0]
