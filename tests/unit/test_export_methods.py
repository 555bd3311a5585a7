"""Does the methods paragraph say what was done, and claim nothing that was not?"""

import re

import pytest

from exported import ONE_QUESTION, release_snapshot, scratch_checkout, today, with_records
from livingmeta.export.methods import FILE, NOT_DONE, methods, methods_files
from livingmeta.numbers import stamp
from livingmeta.paths import ROOT
from livingmeta.releases import Identity
from livingmeta.snapshots import Snapshot

HEADER = {
    "searches.csv": "search_id,date,source,kind,question_ids,query,records_found,notes\n",
    "risk_of_bias.csv": (ROOT / "data" / "risk_of_bias.csv").read_text(encoding="utf-8").splitlines()[0]
    + "\n",
}


@pytest.fixture(scope="module")
def text():
    return methods_files(today())[FILE].decode()


def status():
    """Return the table of the protocol page, by its first column."""
    page = (ROOT / "book" / "protocol.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE))


def test_what_was_not_done_is_what_the_protocol_says():
    said = status()
    assert said["registration"] == "not registered" and "not registered" in NOT_DONE
    assert said["contributors' roles"] == said["funding"] == said["competing interests"] == "not stated"
    assert "no protocol was published" in (ROOT / "book" / "protocol.md").read_text(encoding="utf-8")


def test_an_exploratory_look_is_called_that(text):
    assert status()["kind of that look"].startswith("exploratory; not a systematic search")
    assert "This was an exploratory look, not a systematic search" in text
    assert NOT_DONE in text


def test_versions_and_stamps_are_there(text):
    assert "release: unreleased" in text and f"commit {today().identity.commit}" in text
    for record in today().records.values():
        assert f"*{record['title']}*" in text and stamp(record) in text
    assert re.search(r"PyMARE \d+\.\d+", text)


def test_the_model_is_the_one_of_the_records(text):
    pooled = [record for record in today().records.values() if record["pooled"]]
    assert {record["method"] for record in pooled} == {"REML"} and "REML" in text
    changed = [{**record, "method": "DL", "test": "z"} for record in pooled]
    other = methods(with_records(*changed))
    assert "restricted maximum likelihood" not in other and "DerSimonian and Laird" in other
    assert "Knapp–Hartung" not in other


def test_where_nothing_is_pooled_no_model_is_claimed():
    alone = methods(with_records(today().records[ONE_QUESTION]))
    assert "Nothing was pooled." in alone
    assert "Random-effects" not in alone and "rediction interval" not in alone


@pytest.fixture
def other(tmp_path):
    """Return a function from rows of a table to the paragraph of a checkout that has them."""
    project = scratch_checkout(tmp_path, ONE_QUESTION)

    def made(table, rows):
        (project.data / table).write_text(HEADER[table] + rows, encoding="utf-8")
        snapshot = Snapshot("now", project.data, Identity())
        vars(snapshot)["records"] = {}
        return methods(snapshot)

    return made


def test_a_systematic_search_is_said_only_of_itself(other):
    one = "a,2026-01-01,MEDLINE,systematic,,,12,\nb,,other pages,exploratory,,,,\n"
    said = other("searches.csv", one)
    assert "one of two of these were systematic" in said and "MEDLINE (2026-01-01)" in said
    assert "How studies were found is not recorded." in other("searches.csv", "")


def test_appraisals_are_counted_where_there_are_any(other):
    columns = HEADER["risk_of_bias.csv"].count(",")
    assert "The risk of bias was not assessed." in other("risk_of_bias.csv", "")
    said = other("risk_of_bias.csv", "x" + "," * columns + "\n")
    assert "The risk of bias was not assessed." not in said and "1 judgements" in said


def test_a_release_names_the_software_it_was_computed_with(tmp_path):
    text = methods(release_snapshot(scratch_checkout(tmp_path, ONE_QUESTION)))
    assert "Python 3.11.7" in text and "numpy 2.0.0" in text and "PyMARE" not in text
    assert "from version 2026.01.0" in text
