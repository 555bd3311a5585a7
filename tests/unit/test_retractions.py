"""Does a list of retractions find every report that it names, and say nothing of those it cannot know?"""

import csv
import shlex
import shutil

import pytest
from click.testing import CliRunner

from curating import data_folder
from livingmeta.check import check as faults_of
from livingmeta.check.frictionless_rules import frictionless_findings
from livingmeta.check.sources import read_curated
from livingmeta.cli import main
from livingmeta.curation.ledger import Because
from livingmeta.paths import ROOT
from livingmeta.retractions import (
    ListError,
    Notice,
    check,
    doi_of,
    edit,
    entries,
    outcome,
    pmid_of,
    read_list,
    status_of,
)
from livingmeta.table_files import read_table

# The columns as Crossref publishes them; every row below is made up.
WATCH = [
    *("Record ID", "Title", "Subject", "Institution", "Journal", "Publisher", "Country"),
    *("Author", "URLS", "ArticleType", "RetractionDate", "RetractionDOI", "RetractionPubMedID"),
    *("OriginalPaperDate", "OriginalPaperDOI", "OriginalPaperPubMedID", "RetractionNature"),
    *("Reason", "Paywalled", "Notes"),
]
REPORTS = [
    *("report_id", "study_id", "report_type", "is_main", "title", "doi", "pmid", "source_extent"),
    "retraction_status",
]
SCREENING = ["record_id", "search_id", "title", "doi", "pmid", "decision", "reason", "stage", "study_id"]
CORRECTIONS = ["table", "key", "column", "old", "new", "date", "reason", "source"]
DAY = "2030-05-01"
TODAY = "1905465600"


def watch(**cells):
    short = {"doi": "OriginalPaperDOI", "pmid": "OriginalPaperPubMedID", "nature": "RetractionNature"}
    short |= {"day": "RetractionDate", "notice": "RetractionDOI", "notice_pmid": "RetractionPubMedID"}
    usual = {"OriginalPaperDOI": "unavailable", "OriginalPaperPubMedID": "0", "RetractionPubMedID": "0"}
    usual |= {"RetractionNature": "Retraction", "RetractionDate": "4/15/2029 0:00"}
    return usual | {short.get(name, name): value for name, value in cells.items()}


def table(path, columns, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def report(name, doi="", pmid="", status="not checked"):
    return {
        "report_id": name,
        "study_id": name.partition("-")[0],
        "report_type": "article",
        "is_main": "true",
        "title": f"Made-up report {name}",
        "doi": doi,
        "pmid": pmid,
        "source_extent": "abstract",
        "retraction_status": status,
    }


MADE_UP = [
    report("aaa2030-a", doi="10.5555/AAA.1"),
    report("bbb2030-a", pmid="90000002"),
    report("ccc2030-a", doi="10.5555/ccc.3", pmid="90000003"),
    report("ddd2030-a"),
    report("eee2030-a", doi="10.5555/eee.5", status="retracted"),
]
RECORD = {"record_id": "r-1", "search_id": "s", "title": "A made-up record", "decision": "included"}
RECORD |= {"reason": "made up", "stage": "abstract"}


@pytest.fixture
def data(tmp_path):
    """A data folder with made-up reports and one screening record."""
    folder = tmp_path / "data"
    table(folder / "reports.csv", REPORTS, MADE_UP)
    table(folder / "corrections.csv", CORRECTIONS, [])
    table(folder / "screening.csv", SCREENING, [RECORD | {"doi": "10.5555/rec.1"}])
    shutil.copy(ROOT / "data" / "datapackage.yaml", folder)
    return folder


@pytest.fixture
def listed(tmp_path):
    return lambda *rows: table(tmp_path / "list.csv", WATCH, rows)


def checked(data, path):
    return check(read_list(path), entries(data))


def test_reports_and_records_are_found_by_doi_and_by_number(data, listed):
    found = checked(
        data,
        listed(
            watch(
                doi="https://doi.org/10.5555/aaa.1",
                notice="10.5555/notice.1",
                Reason="+Error in Data;+Other;",
            ),
            watch(pmid="90000002", nature="Expression of concern", day="1/2/2028 0:00"),
            watch(doi="10.5555/REC.1"),
            watch(doi="10.5555/elsewhere"),
        ),
    )
    assert [(hit.entry.table, hit.entry.key, hit.status) for hit in found.hits] == [
        ("reports", "aaa2030-a", "retracted"),
        ("reports", "bbb2030-a", "expression of concern"),
        ("screening", "r-1", "retracted"),
    ]
    assert found.hits[0].notices[0].said == (
        "retraction of 2029-04-15, notice 10.5555/notice.1, reason: Error in Data; Other"
    )
    assert [entry.key for entry in found.without] == ["ddd2030-a"] and found.notices == 4


def test_lists_write_unavailable_and_0_for_nothing(data, listed):
    found = checked(data, listed(watch(doi="unavailable", pmid="0"), watch(doi="10.5555/x")))
    assert found.hits == ()


def test_one_notice_found_by_both_identifiers_counts_once(data, listed):
    found = checked(data, listed(watch(doi="10.5555/ccc.3", pmid="90000003")))
    assert [len(hit.notices) for hit in found.hits] == [1]


def test_a_record_that_is_itself_the_notice_is_told_apart(data, listed):
    found = checked(data, listed(watch(doi="10.5555/other", notice="10.5555/rec.1")))
    assert [(hit.entry.key, hit.is_notice) for hit in found.hits] == [("r-1", True)]
    same = checked(data, listed(watch(doi="10.5555/rec.1", notice="10.5555/rec.1")))
    assert [hit.is_notice for hit in same.hits] == [False]


RETRACTED, AGAIN = Notice("retraction", "2028-01-01"), Notice("reinstatement", "2029-01-01")


@pytest.mark.parametrize(
    ("notices", "status"),
    [
        ([RETRACTED], "retracted"),
        ([AGAIN, RETRACTED], "not retracted"),
        ([RETRACTED, AGAIN, Notice("retraction", "2030-01-01")], "retracted"),
        ([RETRACTED, Notice("reinstatement")], "retracted"),
        ([AGAIN, Notice("retraction")], "retracted"),
        ([Notice("correction", "2028-01-01")], "not retracted"),
        ([Notice("expression of concern"), Notice("correction", "2029-01-01")], "expression of concern"),
        ([RETRACTED, Notice("expression of concern", "2029-01-01")], "retracted"),
        ([RETRACTED, AGAIN, Notice("expression of concern", "2027-01-01")], "expression of concern"),
    ],
)
def test_what_notices_make_of_a_paper(notices, status):
    assert status_of(notices) == status == status_of(reversed(notices))


def test_only_reports_that_were_searched_for_change(data, listed):
    found = checked(data, listed(watch(doi="10.5555/aaa.1")))
    cells = {(cell.key, cell.column): (cell.old, cell.new) for cell in outcome(found, DAY, "a list")}
    assert {key for key, _ in cells} == {"aaa2030-a", "bbb2030-a", "ccc2030-a"}
    assert cells["aaa2030-a", "retraction_status"] == ("not checked", "retracted")
    assert cells["bbb2030-a", "retraction_status"] == ("not checked", "not retracted")
    assert cells["ccc2030-a", "retraction_checked_on"] == ("", DAY)
    assert cells["ccc2030-a", "retraction_source"] == ("", "a list")


def test_a_notice_of_an_unknown_kind_decides_nothing(data, listed):
    found = checked(data, listed(watch(doi="10.5555/aaa.1", nature=""), watch(doi="10.5555/x")))
    assert [hit.is_clear for hit in found.hits] == [False]
    assert "aaa2030-a" not in {cell.key for cell in outcome(found, DAY, "a list")}


def test_written_cells_are_sound_and_a_second_check_changes_nothing(data, listed):
    path = listed(watch(doi="10.5555/aaa.1"))
    because = Because("a list", f"a list of {DAY}", DAY)
    for name, text in edit(data, outcome(checked(data, path), DAY, "a list"), because).items():
        (data / name).write_text(text, encoding="utf-8")
    curated, _ = read_curated(data)
    assert [one for one in frictionless_findings(curated) if "retraction" in one.column] == []
    assert outcome(checked(data, path), DAY, "a list") == ()
    later = outcome(checked(data, path), "2030-06-01", "a list")
    assert {cell.column for cell in later} == {"retraction_checked_on"} and len(later) == 3


def test_a_plain_list_does_too(data, tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("\ufeffdoi,pmid,nature,date\n10.5555/aaa.1,,Retraction,2029-04-15\n", encoding="utf-8")
    assert checked(data, path).hits[0].notices[0].date == "2029-04-15"


def test_bytes_of_an_older_encoding_and_line_breaks_in_cells_lose_nothing(data, tmp_path):
    path = tmp_path / "old.csv"
    row = '"M\xfcller;\nother",10.5555/aaa.1,,Retraction,2029-04-15\n'
    path.write_bytes(("author,doi,pmid,nature,date\n" + row).encode("latin-1"))
    assert [hit.entry.key for hit in checked(data, path).hits] == ["aaa2030-a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: must have the columns of Retraction Watch"),
        ("doi,date\n10.5555/a,2029-01-01\n", ":1: must have the columns"),
        ("nature,date\nRetraction,2029-01-01\n", ":1: must have the columns"),
        ("doi,pmid,nature,date\n", "holds no notice"),
        ("doi,pmid,nature,date\n10.5555/a,,good,2029-01-01\n", "no line says one of: retraction"),
        (
            "doi,pmid,nature,date\nunavailable,0,Retraction,2029-01-01\n",
            "no line has a DOI or a PubMed number",
        ),
        ('doi,pmid,nature,date\n10.5555/a,,"Retraction,2029-01-01\n', "not valid CSV"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path, text, said):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(ListError, match=said):
        read_list(path)


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        (" https://dx.doi.org/10.5555/A ", "10.5555/a"),
        ("doi: 10.5555/a", "10.5555/a"),
        ("unavailable", ""),
        ("10.5555", ""),
    ],
)
def test_dois_in_one_form(text, doi):
    assert doi_of(text) == doi


def test_numbers_in_one_form():
    assert [pmid_of(text) for text in ("0", "", " 123 ", "123.0", "0123", "x1", "1230")] == [
        *("", "", "123", "123", "123", "", "1230"),
    ]


# The verb -----------------------------------------------------------------------------------------------


@pytest.fixture
def run(data, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", TODAY)

    def ran(path, *options):
        return CliRunner().invoke(main, ["retractions", str(path), "--data", str(data), *options])

    return ran


def test_it_says_what_to_do_and_writes_nothing_unasked(run, data, listed):
    before = (data / "reports.csv").read_bytes()
    done = run(listed(watch(doi="10.5555/aaa.1"), watch(doi="10.5555/rec.1")), "--as-of", DAY)
    assert done.exit_code == 0, done.output
    assert "then: livingmeta withdraw aaa2030-a --reason retraction --source 'list.csv of" in done.output
    assert "to do: exclude the record" in done.output
    assert "reports: 4 searched for, 1 found in the list; 1 without DOI and PubMed number" in done.output
    assert f"list: list.csv of {DAY}" in done.output and "none is written" in done.output
    assert (data / "reports.csv").read_bytes() == before


def test_it_writes_when_asked(run, data, listed):
    done = run(listed(watch(doi="10.5555/aaa.1")), "--as-of", DAY, "--source", "a made-up list", "--write")
    assert done.exit_code == 0, done.output
    with (data / "reports.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["report_id"]: row for row in csv.DictReader(file)}
    seen = {key: (row["retraction_status"], row["retraction_checked_on"]) for key, row in rows.items()}
    assert seen["aaa2030-a"] == ("retracted", DAY) and seen["bbb2030-a"] == ("not retracted", DAY)
    assert seen["ddd2030-a"] == ("not checked", "") and seen["eee2030-a"] == ("retracted", "")
    assert rows["aaa2030-a"]["retraction_source"] == "a made-up list"


def test_a_changed_mark_is_a_correction_and_a_first_look_without_a_notice_is_none(run, data, listed):
    first = listed(watch(doi="10.5555/aaa.1"))
    done = run(first, "--as-of", DAY, "--source", "a made-up list", "--write")
    assert "1 changed mark: its row is in corrections.csv" in done.output
    (row,) = read_table(data, "corrections").rows
    known = (row["table"], row["key"], row["column"], row["old"], row["new"])
    assert known == ("reports", "aaa2030-a", "retraction_status", "not checked", "retracted")
    assert row["source"] == f"a made-up list of {DAY}" and row["date"] == "2030-05-20"
    run(first, "--as-of", DAY, "--source", "a made-up list", "--write")
    assert len(read_table(data, "corrections").rows) == 1
    later = listed(watch(pmid="90000002", doi="10.5555/bbb.2"))
    run(later, "--as-of", "2030-05-19", "--source", "a later list", "--write")
    rows = {row["key"]: (row["old"], row["new"]) for row in read_table(data, "corrections").rows}
    assert rows == {
        "aaa2030-a": ("not checked", "retracted"),
        "bbb2030-a": ("not retracted", "retracted"),
    }


@pytest.mark.parametrize(("options", "status"), [((), "not checked"), (("--complete",), "not retracted")])
def test_a_plain_list_marks_only_what_it_names_unless_it_is_meant_to_be_complete(
    run, data, tmp_path, options, status
):
    path = tmp_path / "plain.csv"
    path.write_text("doi,pmid,nature,date\n10.5555/aaa.1,,Retraction,2029-04-15\n")
    done = run(path, "--as-of", DAY, "--write", *options)
    assert done.exit_code == 0, done.output
    assert ("--complete says" in done.output) is not bool(options)
    with (data / "reports.csv").open(encoding="utf-8", newline="") as file:
        seen = {row["report_id"]: row["retraction_status"] for row in csv.DictReader(file)}
    assert seen["aaa2030-a"] == "retracted"
    assert (seen["bbb2030-a"], seen["ccc2030-a"]) == (status, status)


@pytest.mark.parametrize("options", [(), ("--complete",)])
def test_the_list_of_retraction_watch_is_complete(run, data, listed, options):
    done = run(listed(watch(doi="10.5555/aaa.1")), "--as-of", DAY, *options)
    assert "--complete" not in done.output
    assert "reports: retraction_status -> not retracted, with day and list" in done.output
    assert "aaa2030-a retraction_status: not checked -> retracted" in done.output


@pytest.mark.parametrize("nature", ["Retraction", "Expression of concern"])
def test_the_command_that_is_advised_works_as_it_is_printed(tmp_path, monkeypatch, listed, nature):
    (tmp_path / "a folder").mkdir()
    folder = data_folder(tmp_path / "a folder" / "dätä")
    reports = read_table(folder, "reports")
    key = reports.key(reports.rows[0])
    (folder / "reports.csv").write_text(reports.with_cell(key, "doi", "10.5555/aaa.1").text)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", TODAY)
    path = listed(watch(doi="10.5555/aaa.1", nature=nature, notice="10.5555/n", Reason='+It\'s "odd";'))
    more = ["--as-of", DAY, "--data", str(folder), "--write", "--source", "A list; of Bob's"]
    done = CliRunner().invoke(main, ["retractions", str(path), *more])
    (line,) = [line for line in done.output.splitlines() if "to do: read the notice, then: " in line]
    words = shlex.split(line.partition("then: ")[2])
    assert words[:3] == ["livingmeta", "withdraw", key]
    done = CliRunner().invoke(main, [*words[1:], "--yes"])
    assert done.exit_code == 0, done.output
    report = read_table(folder, "reports").find(key) or {}
    assert report["retraction_status"] == {"Retraction": "retracted"}.get(nature, "expression of concern")
    assert "10.5555/n" in report["notes"] and not faults_of(folder).faults


@pytest.mark.parametrize("options", [(), ("--as-of", "soon"), ("--as-of", "2031-01-01")])
def test_a_list_without_its_day_is_wrong_usage(run, listed, options):
    assert run(listed(watch(doi="10.5555/a")), *options).exit_code == 2


def test_a_file_that_is_no_list_is_1(run, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    done = run(path, "--as-of", DAY)
    assert done.exit_code == 1 and done.stderr.startswith("error: ") and "Traceback" not in done.output


def test_no_report_of_the_book_says_that_a_list_was_searched_without_naming_it():
    with (ROOT / "data" / "reports.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    unnamed = [
        row["report_id"]
        for row in rows
        if bool(row["retraction_checked_on"]) != bool(row["retraction_source"])
        or (row["retraction_status"] == "not retracted" and not row["retraction_checked_on"])
    ]
    assert rows and unnamed == []
