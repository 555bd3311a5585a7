"""Does a study come in with all that belongs to it, and with nothing that nobody said?"""

import csv
import io
from pathlib import Path

import pytest

from checked import check
from curating import DAY, DECISION, FILE, FIRST, NEW_STUDY, REPORT, RESULT, STUDY, TABLE, data_folder, put
from livingmeta.curation import Given, MissingError, RequestError, added, given_by_file, given_by_flags
from livingmeta.curation.completing import tables_for
from livingmeta.curation.proposals import cell_fault, next_question
from livingmeta.curation.templates import template
from livingmeta.paths import ROOT
from livingmeta.schema import load_schema
from livingmeta.table_files import read_table

RECORD = {
    **{"record_id": "export-7", "search_id": "synthetic-search", "title": "On people", "decision": "pending"},
    **{"authors": "O'Brien-Smith, Ann; Other, B", "year": "2031", "doi": "10.1000/x7", "pmid": "77"},
    **{"citation": "J Made Up 2031;4(2):5-9", "registration": "NCT01", "record_type": "article"},
    **{"reason": "nobody has looked at it yet", "stage": "not_seen"},
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return data_folder(tmp_path / "data")


def new(data: Path, table: str, key: str) -> dict[str, str]:
    row = read_table(data, table).find(key)
    assert row is not None
    return {name: value for name, value in row.items() if value}


def add(data: Path, given: Given, **more: bool):
    return put(data, lambda folder: added(folder, given, DAY, **more))


def test_names_and_days_follow_from_what_was_given(data: Path) -> None:
    draft = add(data, NEW_STUDY)
    assert draft.files == (f"{TABLE}.csv", "reports.csv", "screening.csv", "studies.csv")
    name = "example2030"
    assert new(data, "studies", name) == {"study_id": name, "label": "Example 2030", **STUDY}
    own = {"report_id": f"{name}-a", "study_id": name, "is_main": "true", "year": "2030"}
    assert new(data, "reports", f"{name}-a") == {**REPORT, **own, "retraction_status": "not checked"}
    own = {"study_id": name, "report_id": f"{name}-a", "cohort_id": name, "source_extent": "abstract"}
    effect = f"{name}-synthetic-death-1"
    assert new(data, TABLE, effect) == {**RESULT, **own, "effect_id": effect, "extracted_on": DAY}
    own = {"record_id": f"{name}-record", "study_id": name, "title": REPORT["title"]}
    assert new(data, "screening", f"{name}-record") == {
        **DECISION, **own, "decision": "included", "decided_on": DAY
    }  # fmt: skip
    assert not check(data).faults


def test_what_was_given_is_never_replaced(data: Path) -> None:
    given = NEW_STUDY.with_rows("studies", [{**STUDY, "study_id": "other2029", "label": "Ours"}])
    add(data, given)
    assert new(data, "studies", "other2029")["label"] == "Ours"


def test_a_name_that_is_taken_is_asked_for_and_not_made_up(data: Path) -> None:
    given = NEW_STUDY.with_rows("studies", [{**STUDY, "first_author": "Synthetic AAA", "year": "2001"}])
    with pytest.raises(
        MissingError, match=rf"{FIRST} is there already: .*; if this is another study: {FIRST}b"
    ):
        added(data, given, DAY)


def test_everything_that_is_missing_is_named_at_once(data: Path) -> None:
    with pytest.raises(MissingError) as refused:
        added(data, Given({"studies": ({},), "effects": ({},)}), DAY)
    said = "\n".join(refused.value.problems)
    for flag in ("--study study_id=", "--study design_type=", "--effects-file", "--report", "--record"):
        assert flag in said
    for flag in ("--effect pool_role=", "--effect source_locator="):
        assert flag in said
    with pytest.raises(MissingError, match="what is to be added"):
        added(data, Given(), DAY)


def test_a_study_that_is_there_gets_a_further_report_and_result(data: Path) -> None:
    report = {"study_id": FIRST, "report_type": "follow_up", "source_extent": "full_text"}
    result = {**RESULT, "pool_role": "display", "pool_reason": "the later count"}
    add(data, Given({"reports": (report,), "effects": (result,)}, FILE))
    assert new(data, "reports", f"{FIRST}-b")["is_main"] == "false"
    made = new(data, TABLE, f"{FIRST}-synthetic-death-2")
    assert (made["report_id"], made["source_extent"]) == (f"{FIRST}-b", "full_text")
    assert not check(data).faults


def test_a_result_of_a_study_that_is_there_cites_its_only_report(data: Path) -> None:
    result = {**RESULT, "study_id": FIRST, "pool_role": "display", "pool_reason": "another count"}
    add(data, Given({"effects": (result,)}, FILE))
    assert new(data, TABLE, f"{FIRST}-synthetic-death-2")["report_id"] == f"{FIRST}-a"


def with_record(data: Path, **changes: str) -> Given:
    table = read_table(data, "screening").with_rows([{**RECORD, **changes}])
    (data / "screening.csv").write_text(table.text)
    study = {name: value for name, value in STUDY.items() if name not in ("first_author", "year")}
    report = {"source_extent": "abstract"}
    rows = {"studies": (study,), "reports": (report,), "effects": (RESULT,)}
    return Given({**rows, "screening": ({"reason": "a trial"},)}, FILE, "export-7")


def test_a_pending_record_becomes_the_study_and_fills_its_report(data: Path) -> None:
    add(data, with_record(data))
    name = "obriensmith2031"
    assert new(data, "studies", name)["label"] == "O'Brien-Smith 2031"
    assert new(data, "studies", name)["registration"] == "NCT01"
    report = new(data, "reports", f"{name}-a")
    assert (report["title"], report["authors"]) == (RECORD["title"], RECORD["authors"])
    assert report["report_type"] == "article"
    assert (report["doi"], report["pmid"], report["year"]) == ("10.1000/x7", "77", "2031")
    assert (report["journal"], report["volume_pages"]) == ("J Made Up", "4(2):5-9")
    record = new(data, "screening", "export-7")
    told = {"decision": "included", "reason": "a trial", "stage": "abstract", "study_id": name}
    assert record == {**RECORD, **told, "decided_on": DAY}
    assert not check(data).faults


def test_a_citation_of_another_form_is_not_taken_for_a_journal(data: Path) -> None:
    add(data, with_record(data, citation="OBrien2031"))
    assert "journal" not in new(data, "reports", "obriensmith2031-a")


@pytest.mark.parametrize(
    ("author", "name"), [("Müller K", "muller2031"), ("van den Berg AB", "vandenberg2031")]
)
def test_the_surname_is_that_of_the_record(data: Path, author: str, name: str) -> None:
    add(data, with_record(data, authors=f"{author}; Other B"))
    assert new(data, "studies", name)["first_author"] == author.rpartition(" ")[0]


def test_a_record_that_was_decided_or_is_not_there_is_refused(data: Path) -> None:
    given = with_record(data, decision="excluded", reason="no outcome")
    with pytest.raises(RequestError, match="export-7: was decided already: excluded, no outcome"):
        added(data, given, DAY)
    with pytest.raises(RequestError, match=r"must be a record_id of .*; did you mean export-7"):
        added(data, Given(given.rows, FILE, "export-8"), DAY)


def test_a_report_with_a_known_identifier_is_pointed_out(data: Path) -> None:
    add(data, with_record(data))
    report = {**REPORT, "study_id": FIRST, "doi": "10.1000/X7"}
    (note,) = added(data, Given({"reports": (report,)}), DAY).notes
    assert note == "DOI 10.1000/x7 is also that of obriensmith2031-a, a report of obriensmith2031."


def test_an_effects_file_that_is_not_there_is_made_only_when_asked(data: Path) -> None:
    given = Given(NEW_STUDY.rows, "synthetic-00")
    with pytest.raises(RequestError, match="did you mean synthetic-00"):
        added(data, given, DAY)
    add(data, given, new_file=True)
    schema = load_schema(data)
    assert set(schema.base_columns) <= set(read_table(data, "effects/synthetic-00").columns)
    assert not check(data).faults
    with pytest.raises(RequestError, match="words joined by hyphens"):
        added(data, Given(NEW_STUDY.rows, "../outside"), DAY, new_file=True)


def test_metafors_names_are_understood_and_unknown_ones_are_refused(data: Path) -> None:
    schema = load_schema(data)
    flags = {"effects": ["ai=1", "n1i=10", "ci=2", "n2i=11", "ni=21"]}
    (row,) = given_by_flags(schema, flags).of("effects")
    names = ("events_treatment", "n_treatment", "events_control", "n_control", "n_analysed")
    assert row == dict(zip(names, ("1", "10", "2", "11", "21"), strict=True))
    with pytest.raises(RequestError) as refused:
        given_by_flags(schema, {"effects": ["estimat=1", "estimate"], "studies": ["year=1", "year=2"]})
    assert len(refused.value.problems) == 3 and "did you mean estimate" in str(refused.value)


def test_a_file_gives_numbers_as_they_are_typed_and_flags_say_more(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.yml"
    path.write_text("study: {label: A}\neffects/synthetic-000:\n  - {estimate: 1.40}\nrecord:\n")
    schema = load_schema(data)
    read = given_by_file(path, schema)
    assert read.of("effects") == ({"estimate": "1.40"},) and read.effects_file == "synthetic-000"
    flags = given_by_flags(schema, {"effects": ["ci_lower=1.10"], "studies": ["label=B"]}, "", "r1")
    both = flags.over(read)
    assert both.of("effects") == ({"estimate": "1.40", "ci_lower": "1.10"},)
    assert both.of("studies") == ({"label": "B"},) and both.record == "r1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("study: {label: A, label: B}", "label stands twice"),
        ("stuyd: {label: A}", "stuyd: must be a block, each once; did you mean study"),
        ("study: A", "must be one row, or a list of rows"),
        ("study: {lable: A}", "lable: must be a column of studies; did you mean label"),
        ("- a", "must hold the blocks"),
        ("study: [", "not a YAML file"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(data: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "new.yml"
    path.write_text(text)
    with pytest.raises(RequestError, match=said):
        given_by_file(path, load_schema(data))


def test_a_csv_file_gives_an_effect_a_row(data: Path, tmp_path: Path) -> None:
    rows = [
        {
            **RESULT,
            **{f"study.{k}": v for k, v in STUDY.items()},
            **{f"report.{k}": v for k, v in REPORT.items()},
        }
        | {f"screening.{k}": v for k, v in DECISION.items()}
    ]
    rows.append({**rows[0], "pool_role": "display", "pool_reason": "the later count"})
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[1]], restval="")
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / "new.csv"
    path.write_text(out.getvalue())
    read = given_by_file(path, load_schema(data))
    assert [len(read.of(part)) for part in ("studies", "reports", "effects", "screening")] == [1, 1, 2, 1]
    add(data, given_by_flags(load_schema(data), {}, FILE).over(read))
    assert not check(data).faults
    assert new(data, TABLE, "example2030-synthetic-death-2")["pool_reason"] == "the later count"


def test_a_template_that_is_filled_in_can_be_read(data: Path, tmp_path: Path) -> None:
    text = template(data, FILE)
    assert "one of: primary, sensitivity, display" in text and "in all 12 other rows: arms" in text
    lines, part = [], ""
    told = {"study": STUDY, "report": REPORT, "effect": RESULT, "screening": DECISION}
    for line in text.splitlines():
        part = line[:-1] if line and not line.startswith((" ", "#")) else part
        column = line.strip()[:-1]
        lines.append(f"{line} {told.get(part, {}).get(column, '')}" if line.startswith("  ") else line)
    path = tmp_path / "new.yml"
    path.write_text("\n".join(lines))
    add(data, given_by_file(path, load_schema(data)))
    assert new(data, TABLE, "example2030-synthetic-death-1")["events_control"] == "30"
    assert not check(data).faults


def test_what_is_asked_for_is_proposed_only_with_its_reason(data: Path) -> None:
    tables, answered, given = tables_for(data, FILE), set(), Given({"studies": ({},), "effects": ({},)}, FILE)
    seen = {}
    while question := next_question(tables, given, answered, DAY):
        answered.add(question.place)
        seen[question.field.name] = question
        value = {"first_author": "Example", "year": "2030", "outcome_id": "falls"}.get(question.field.name)
        (row,) = given.of(question.part)
        given = given.with_rows(question.part, [{**row, question.field.name: value}] if value else [row])
    assert seen["study_id"].proposal == "example2030"
    assert seen["effect_id"].proposal == "example2030-falls-1"
    assert (seen["contrast_type"].proposal, seen["contrast_type"].because) == (
        "arms", "as in all 12 rows of the table"
    )  # fmt: skip
    assert seen["events_treatment"].proposal == "" and "adjusted_for" not in seen


def test_an_answer_that_cannot_stand_in_its_column_is_told_why() -> None:
    effects = load_schema(ROOT / "data").effects

    def fault(column: str, text: str) -> str:
        field = effects.field(column)
        assert field is not None
        return cell_fault(field, text)

    assert fault("pool_role", "main").startswith("must be one of primary")
    assert fault("estimate", "1,4") == "must be a number"
    assert fault("n_treatment", "1.5") == "must be a whole number"
    assert fault("extracted_on", "15.1.2030").startswith("must be a date")
    assert fault("outcome_id", "Death").startswith("must have the form")
    assert fault("pool_role", "") == "must not be empty"
    assert fault("estimate", "1.40") == fault("estimate", "") == ""
