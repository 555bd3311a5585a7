"""Does a word processor get every number, in real tables, the same bytes each time?"""

import io
import json
import zipfile
from dataclasses import replace

import pypandoc
import pytest

from livingmeta.analysis import analyse
from livingmeta.checklist import MET, NOT_MET, PARTLY, checklist
from livingmeta.export.documents import (
    as_docx,
    docx,
    reporting_checklist,
    study_characteristics,
    summary_of_findings,
)
from livingmeta.numbers import number, signed, stamp
from livingmeta.paths import ROOT
from livingmeta.releases import Identity
from livingmeta.results import question_record
from livingmeta.snapshots import Snapshot, plain
from made_up import QUESTION, frame, schema, studies, trials_by_size

ROWS = [{**row, "report_id": f"report-{i}"} for i, row in enumerate(trials_by_size(0.7, 0.7))]


def made_up(**tables):
    """Return a snapshot of one made-up question; named tables take the place of empty ones."""
    found = Snapshot("now", ROOT / "data", Identity(commit="abc", date="2026-11-22"))
    kept = studies(ROWS)
    own = {name: frame(rows, schema().tables[name]) for name, rows in tables.items()}
    kept = replace(kept, **own)
    record = signed(plain(question_record(analyse(QUESTION, kept))))
    found.__dict__.update(studies=kept, questions={"made-up": QUESTION}, records={"made-up": record})
    return found


@pytest.fixture(scope="module")
def snapshot():
    return made_up()


@pytest.fixture(scope="module")
def made(snapshot):
    return docx(snapshot)


def read(raw, form, tmp_path):
    path = tmp_path / "read.docx"
    path.write_bytes(raw)
    return pypandoc.convert_file(str(path), form, extra_args=["--wrap=none"])


def tables_of(raw, tmp_path):
    """Return head and body rows of each table as pandoc reads them: lists of texts."""
    blocks = json.loads(read(raw, "json", tmp_path))["blocks"]
    found = [block["c"] for block in blocks if block["t"] == "Table"]
    return [
        ([_cells(row) for row in c[3][1]], [_cells(row) for body in c[4] for row in body[3]]) for c in found
    ]


def _cells(row):
    return [" ".join(_words(cell[4])) for cell in row[1]]


def _words(value):
    if isinstance(value, dict):
        if value.get("t") == "Str":
            yield value["c"]
        else:
            yield from _words(value.get("c"))
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)


def test_three_documents_in_fixed_order(made):
    assert sorted(made) == ["checklist.docx", "study-characteristics.docx", "summary-of-findings.docx"]


@pytest.mark.parametrize("make", [summary_of_findings, study_characteristics, reporting_checklist])
def test_every_cell_and_note_reads_back(snapshot, make, tmp_path):
    document = make(snapshot)
    raw = as_docx(document, "2026-11-22")
    ((heads, body),) = tables_of(raw, tmp_path)
    assert heads == [[heading for heading, _ in document.columns]]
    assert [[cell.split() for cell in row] for row in body] == [
        [cell.split() for cell in row] for row in document.rows
    ]
    text = read(raw, "plain", tmp_path)
    for note in document.notes:
        assert note in text


def test_the_summary_has_the_numbers_of_the_record(snapshot, made, tmp_path):
    record = snapshot.records["made-up"]
    ((_, body),) = tables_of(made["summary-of-findings.docx"], tmp_path)
    text = " ".join(body[0])
    for field in ("verdict", "estimate", "common_effect", "participants", "k"):
        assert number(record, field).text in text
    assert record["verdict"]["sentence"] in text
    assert "not assessed" in text


@pytest.mark.parametrize("name", ["checklist.docx", "study-characteristics.docx", "summary-of-findings.docx"])
def test_each_document_says_version_and_stamp(snapshot, made, name, tmp_path):
    text = read(made[name], "plain", tmp_path)
    assert "Version: unreleased." in text
    assert stamp(snapshot.records["made-up"]) in text


def test_pages_are_landscape_and_the_head_row_repeats(made):
    for raw in made.values():
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            document = archive.read("word/document.xml").decode()
            styles = archive.read("word/styles.xml").decode()
        assert document.count("<w:sectPr") == document.count('w:orient="landscape"') == 1
        assert "<w:tblHeader" in document
        assert "<w:tblBorders>" in styles


def test_the_same_snapshot_gives_the_same_bytes_without_a_clock(made):
    assert docx(made_up()) == made
    for raw in made.values():
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert "2026-11-22T00:00:00Z" in archive.read("docProps/core.xml").decode()


def test_what_is_not_recorded_says_so(snapshot):
    row = study_characteristics(snapshot).rows[0]
    assert row[1:6] == ["not recorded"] * 5
    assert len(study_characteristics(snapshot).rows) == len(ROWS)


def test_a_rating_takes_the_place_of_not_assessed():
    rated = {"question_id": "made-up", "domain": "overall", "judgement": "low", "assessor": "one"}
    snapshot = made_up(certainty=[rated])
    assert summary_of_findings(snapshot).rows[0][5] == "low"
    assert {one.topic: one.state for one in checklist(snapshot)}["Certainty"] == MET


def test_the_checklist_follows_the_tables(snapshot):
    states = {one.topic: one.state for one in checklist(snapshot)}
    assert states["Sources"] == states["Certainty"] == states["Risk of bias in studies"] == NOT_MET
    look = {"search_id": "a", "date": "2026-01-02", "source": "x", "kind": "systematic", "query": "mg"}
    searched = {one.topic: one.state for one in checklist(made_up(searches=[look]))}
    assert searched["Sources"] == searched["Search strategy"] == MET
    look = {"search_id": "a", "date": "2026-01-02", "source": "x", "kind": "exploratory"}
    looked = {one.topic: one.state for one in checklist(made_up(searches=[look]))}
    assert (looked["Sources"], looked["Search strategy"]) == (PARTLY, NOT_MET)


def test_every_topic_has_words(snapshot):
    found = checklist(snapshot)
    assert len({one.topic for one in found}) == len(found) >= 30
    assert all(one.asked and one.where and one.state for one in found)
