"""Does `surveil` hand whole looks to the intake and nothing else, and are saved searches sound and shown?"""

import csv
import shutil
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
from Bio import Entrez
from click.testing import CliRunner

from eutils import ESEARCH, TOO_FAST, Answer, serving
from livingmeta.check.frictionless_rules import frictionless_findings
from livingmeta.check.header_rules import header_findings
from livingmeta.check.sources import read_curated
from livingmeta.check.table_rules import table_findings
from livingmeta.cli import main
from livingmeta.edits import EditError
from livingmeta.intake.taking import Taken
from livingmeta.paths import ROOT
from livingmeta.studies import load_studies
from livingmeta.surveillance import feeding
from livingmeta.surveillance.saved import saved_searches
from livingmeta.tables.search_page import search_tables

TODAY = "2030-05-20"
NOW = "1905465600"  # noon of that day
HEADER = ["saved_search_id", "source", "query", "question_ids", "status", "since", "notes"]
SAVED = [
    ["first", "pubmed", "one[tiab]", "magnesium-eclampsia", "in use", "2030-01-10", ""],
    ["gone", "pubmed", "none[tiab]", "magnesium-eclampsia", "retired", "2030-01-01", ""],
    [
        "second",
        "pubmed",
        "two[tiab]",
        "magnesium-eclampsia;low-magnesium-fracture",
        "proposed",
        "2030-02-01",
        "",
    ],
]
FEW = ["90000002", "90000001"]


@dataclass
class Intake:
    """A stand-in for the intake: keeps what it is given, and refuses where it is told to."""

    given: list = field(default_factory=list)
    refuse: str = ""

    def take_in(self, _data, readings, search):
        if self.refuse:
            raise EditError(self.refuse)
        ((_, reading),) = readings
        self.given.append((search, [record.pmid for record in reading.records]))
        return Taken(())


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("releases"))
    monkeypatch.chdir(tmp_path)
    for name in ("LIVINGMETA_DATA", "NCBI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIVINGMETA_CONTACT", "somebody@example.org")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)
    monkeypatch.setattr(Entrez, "time", SimpleNamespace(time=lambda: 0.0, sleep=lambda _: None))
    save(tmp_path, SAVED)
    return tmp_path


def save(project, rows):
    with (project / "data" / "saved_searches.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])


def made_look(project, saved_search_id, day):
    """Add a row of searches that names a saved search, whatever columns the table has already."""
    path = project / "data" / "searches.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    new = {"search_id": f"{saved_search_id}-{day}", "date": day, "source": "PubMed", "kind": "systematic"}
    columns = list(dict.fromkeys([*rows[0], "saved_search_id"]))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, new | {"saved_search_id": saved_search_id}])
    declare_saved_search_of_a_look(project)


def declare_saved_search_of_a_look(project):
    path = project / "data" / "datapackage.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index("- name: searches\n")
    if "{name: saved_search_id" not in text[start : text.index("- name: screening\n")]:
        before = "        - {name: question_ids"
        at = text.index(before, start)
        path.write_text(text[:at] + "        - {name: saved_search_id, type: string}\n" + text[at:])


@pytest.fixture
def intake(monkeypatch):
    stand_in = Intake()
    monkeypatch.setattr(feeding, "take_in_readings", stand_in.take_in)
    return stand_in


@pytest.fixture
def run(project, monkeypatch):
    def ran(server, *arguments):
        monkeypatch.setenv("LIVINGMETA_EUTILS", server.address)
        return CliRunner().invoke(main, ["surveil", *arguments])

    return ran


def tables(project):
    return {path.name: path.read_bytes() for path in sorted((project / "data").glob("*.csv"))}


def test_every_search_but_retired_ones_is_asked_since_its_first_day(run, intake):
    with serving(FEW) as server:
        done = run(server)
    assert done.exit_code == 0, done.output
    assert [params["term"] for path, params in server.asked if path == ESEARCH] == [
        f"({query}) AND ({span}[crdt] OR {span}[edat] OR {span}[mhda])"
        for query, span in (
            ("one[tiab]", "2030/01/10:2030/05/20"),
            ("two[tiab]", "2030/02/01:2030/05/20"),
        )
    ]
    first, second = (search for search, _ in intake.given)
    assert (first.name, first.searched_on, first.kind) == ("first", TODAY, "surveillance")
    assert (first.source, second.saved_search_id) == ("PubMed, through its E-utilities", "second")
    assert second.question_ids == ("magnesium-eclampsia", "low-magnesium-fracture")
    assert all(pmids == FEW for _, pmids in intake.given)
    assert f"first: 2 records from 2030-01-10 to {TODAY}" in done.output


def test_a_search_that_was_asked_before_is_asked_with_an_overlap(project, run, intake):
    made_look(project, "first", "2030-05-13")
    made_look(project, "second", "2030-02-05")
    with serving(FEW) as server:
        done = run(server)
    assert done.exit_code == 0, done.output
    asked = [params["term"].partition(" AND (")[2][:21] for path, params in server.asked if path == ESEARCH]
    assert asked == ["2030/04/29:2030/05/20", "2030/02/01:2030/05/20"]


def test_one_search_and_another_first_day(run, intake):
    with serving([]) as server:
        done = run(server, "--search", "second", "--since", "2029-12-31")
    assert done.exit_code == 0, done.output
    ((search, pmids),) = intake.given
    assert search.saved_search_id == "second" and pmids == []
    assert "2029/12/31:2030/05/20[crdt]" in search.query and "since 2029-12-31" in search.notes


def test_a_look_that_is_not_complete_leaves_nothing_and_the_others_go_on(project, run, intake):
    before = tables(project)
    refused = Answer('{"error":"API key invalid"}', 400, kind="application/json")
    with serving(FEW, efetch=[refused]) as server:
        done = run(server)
    assert done.exit_code == 1
    assert [search.saved_search_id for search, _ in intake.given] == ["second"]
    assert (
        "error: first: PubMed answered with status 400: API key invalid; nothing of this look" in done.stderr
    )
    assert "Traceback" not in done.output and tables(project) == before


def test_a_refusal_of_the_intake_is_told(run, intake):
    intake.refuse = "screening.csv is locked"
    with serving(FEW) as server:
        done = run(server, "--search", "first")
    assert done.exit_code == 1 and "error: first: screening.csv is locked" in done.stderr


def test_a_dry_run_counts_and_takes_nothing_in(run, intake):
    with serving(FEW) as server:
        done = run(server, "--dry-run")
    assert done.exit_code == 0 and intake.given == []
    assert server.paths() == ["esearch", "esearch"]
    assert "first: 2 records" in done.output and "asked: (one[tiab]) AND (2030/01/10" in done.output


def test_the_key_is_never_shown(run, intake, monkeypatch):
    monkeypatch.setenv("NCBI_API_KEY", "the-secret-key")
    monkeypatch.setattr("livingmeta.surveillance.settings.Patience.pause", lambda *_: 0.0)
    with serving(FEW, esearch=[Answer(TOO_FAST, 429, kind="application/json")] * 5) as server:
        done = run(server)
    assert done.exit_code == 1 and "the-secret-key" not in done.output
    assert server.asked[0][1]["api_key"] == "the-secret-key"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--search", "third"), "must be one of first, gone, second"),
        (("--search", "gone"), "is retired"),
        (("--since", "2031-01-01"), f"lies after today, {TODAY}"),
        (("--since", "soon"), "does not match"),
    ],
    ids=["unknown", "retired", "future", "no date"],
)
def test_wrong_usage_is_2_and_asks_nobody(run, intake, arguments, said):
    with serving(FEW) as server:
        done = run(server, *arguments)
    assert done.exit_code == 2 and said in done.stderr and server.asked == []


def test_without_a_contact_nobody_is_asked(run, intake, monkeypatch):
    monkeypatch.delenv("LIVINGMETA_CONTACT")
    with serving(FEW) as server:
        done = run(server)
    assert done.exit_code == 1 and "set LIVINGMETA_CONTACT" in done.stderr and server.asked == []


def test_no_saved_search_is_said(project, run, intake):
    save(project, [])
    with serving(FEW) as server:
        done = run(server)
    assert done.exit_code == 0 and "there is no saved search to ask" in done.output


# With the intake itself ---------------------------------------------------------------------------------


def rows(project, name):
    with (project / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def looks(project):
    made = [row for row in rows(project, "searches") if row["saved_search_id"]]
    return sorted(made, key=lambda row: row["date"])


def pending(project):
    return sorted(row["pmid"] for row in rows(project, "screening") if row["decision"] == "pending")


def test_a_look_is_one_search_whatever_number_of_files_it_came_in(project, run, monkeypatch):
    monkeypatch.setattr("livingmeta.surveillance.pubmed.BATCH", 2)
    pmids = [str(90000000 + i) for i in range(5)]
    with serving(pmids) as server:
        done = run(server, "--search", "second")
    assert done.exit_code == 0, done.output
    assert server.paths() == ["esearch", *["efetch"] * 3]
    (look,) = looks(project)
    assert (look["date"], look["kind"], look["records_found"]) == (TODAY, "surveillance", "5")
    assert look["question_ids"] == "magnesium-eclampsia;low-magnesium-fracture"
    assert pending(project) == pmids


def test_the_same_look_twice_adds_nothing_and_a_later_one_only_what_is_new(project, run, monkeypatch):
    with serving(FEW) as server:
        run(server, "--search", "first")
        once = tables(project)
        done = run(server, "--search", "first")
        assert done.exit_code == 0 and tables(project) == once
        server.pmids.append("90000009")
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW) + 7 * 24 * 3600))
        run(server, "--search", "first")
    assert [row["date"] for row in looks(project)] == [TODAY, "2030-05-27"]
    assert pending(project) == ["90000001", "90000002", "90000009"]
    assert "2030/05/06:2030/05/27[crdt]" in looks(project)[1]["query"]


def test_a_look_that_found_nothing_is_kept(project, run):
    with serving([]) as server:
        done = run(server, "--search", "first")
    assert done.exit_code == 0, done.output
    assert [row["records_found"] for row in looks(project)] == ["0"] and pending(project) == []


# The searches as data -----------------------------------------------------------------------------------


def faults(project):
    """Return the faults of the two tables of searches, checked alone."""
    curated, unreadable = read_curated(project / "data")
    tables = {name: curated.tables[name] for name in ("saved_searches", "searches")}
    alone = replace(curated, tables=tables, effects={})
    rules = (header_findings, table_findings, frictionless_findings)
    found = [*unreadable, *(finding for rule in rules for finding in rule(alone))]
    return [f"{one.line}:{one.column}: {one.rule}" for one in found]


def test_the_saved_searches_of_the_book_are_proposals_that_were_never_run():
    studies = load_studies(ROOT / "data")
    saved = saved_searches(studies)
    assert len(saved) >= 2 and all(one.query and one.question_ids for one in saved)
    shown = search_tables(studies)
    assert "## Saved searches" in shown
    never = [one for one in saved if one.status == "proposed" and not one.last]
    assert shown.count("Proposed by the maintainers of this book, not peer reviewed.") == len(never)
    assert shown.count(">never run<") >= len(never)


def test_the_page_says_when_a_search_was_last_run(project):
    made_look(project, "first", "2030-05-13")
    shown = search_tables(load_studies(project / "data"))
    sections = shown.partition("## Saved searches")[2].partition("## Decisions")[0].split("### ")[1:]
    told = {part.split("\n")[0]: part for part in sections}
    assert ">last run on 2030-05-13<" in told["first"] and "In use." in told["first"]
    assert all(">never run<" in part for name, part in told.items() if name != "first")
    assert any("Retired." in part for part in sections)
    assert any("not peer reviewed." in part for part in sections)
    assert "<summary>2 questions</summary>" in shown


def test_tables_of_before_have_no_saved_searches_and_no_section(project):
    path = project / "data" / "datapackage.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("  - name: saved_searches\n"), text.index("  - name: searches\n")
    path.write_text(text[:start] + text[end:])
    studies = load_studies(project / "data")
    assert saved_searches(studies) == () and "## Saved searches" not in search_tables(studies)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("query", "", "2:query"),
        ("query", "(one[tiab]", "2:query: every bracket and quotation mark must be closed"),
        ("query", '"one[tiab]', "2:query: every bracket and quotation mark must be closed"),
        ("query", "one[tiab] AND 2030[EDAT]", "2:query: must hold no day"),
        ("question_ids", "magnesium-eclampsia;nothing", "2:question_ids: nothing must be a question"),
        ("question_ids", "", "2:question_ids"),
        ("status", "reviewed", "2:status"),
        ("source", "elsewhere", "2:source"),
        ("since", "yesterday", "2:since"),
        ("saved_search_id", "second", "saved_search_id"),
    ],
)
def test_a_saved_search_at_fault_is_found(project, column, value, said):
    rows = [list(row) for row in SAVED]
    rows[0][HEADER.index(column)] = value
    save(project, rows)
    assert any(said in fault for fault in faults(project)), faults(project)


def test_saved_searches_without_a_fault_are_sound(project):
    assert faults(project) == []


def test_a_look_names_a_saved_search_that_there_is(project):
    made_look(project, "first", "2030-05-13")
    assert faults(project) == []
    made_look(project, "frist", "2030-05-14")
    assert any("saved_search_id: must be a saved_search_id" in fault for fault in faults(project))
