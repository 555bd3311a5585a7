"""The curated data itself: what the schema, the questions and the sources promise must hold."""

import re

import pandas as pd
import pytest

from livingmeta.check import check
from livingmeta.paths import Project
from livingmeta.questions import load_questions
from livingmeta.schema import load_schema
from livingmeta.selection import all_rows, doubled, rows_for
from livingmeta.studies import load_studies
from livingmeta.units import DERIVATIONS

PROJECT = Project()
STUDY_ID = re.compile(r"[a-z]+(\d{4}|nd)[a-z]?")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture(scope="module")
def report():
    return check(PROJECT.data)


@pytest.fixture(scope="module")
def schema():
    return load_schema(PROJECT.data)


@pytest.fixture(scope="module")
def studies():
    return load_studies(PROJECT.data)


@pytest.fixture(scope="module")
def effects(studies):
    return pd.concat(studies.effects.values(), ignore_index=True)


@pytest.fixture(scope="module")
def questions():
    return load_questions(PROJECT.questions)


def test_the_check_finds_no_fault(report):
    assert [str(fault) for fault in report.faults] == []


def test_every_declared_column_and_value_is_used_or_reserved(report):
    in_schema = [str(w) for w in report.warnings if w.file.endswith("datapackage.yaml")]
    assert in_schema == []


def test_every_odd_print_that_a_rule_sees_carries_a_flag(report):
    about_print = ("uneven", "must lie within", "must be events_", "has p =")
    unflagged = [
        str(w)
        for w in report.warnings
        if any(words in w.rule for words in about_print) and "as printed" not in w.rule
    ]
    assert unflagged == []


def test_every_declared_column_says_what_it_means(schema):
    tables = [*schema.tables.values(), schema.effects]
    silent = [f"{t.name}.{f.name}" for t in tables for f in t.fields if not f.description.endswith(".")]
    assert silent == []


def test_files_are_utf_8_with_plain_line_ends():
    for path in PROJECT.data.rglob("*.csv"):
        raw = path.read_bytes()
        raw.decode("utf-8")
        assert not raw.startswith(b"\xef\xbb\xbf"), path
        assert b"\r" not in raw, path
        assert raw.endswith(b"\n"), path


def test_every_number_can_be_traced_to_its_place(effects):
    for column in (
        "source_locator",
        "source_kind",
        "source_extent",
        "report_id",
        "as_printed",
    ):
        assert effects.loc[effects[column].isna(), ["file", "line"]].empty, column
    # Rows that were added later need no name of an extraction; one may hold several results of its study.
    assert effects.groupby("extraction_id")["study_id"].nunique().eq(1).all()


def test_names_follow_their_pattern(studies, effects):
    assert studies.studies["study_id"].map(lambda text: STUDY_ID.fullmatch(text) is not None).all()
    for _, row in effects.iterrows():
        assert row["effect_id"].startswith(f"{row['study_id']}-"), row["effect_id"]
        assert row["effect_id"].rpartition("-")[2].isdigit(), row["effect_id"]
    assert effects["effect_id"].is_unique
    reports = studies.reports.dropna(subset=["study_id"])
    assert all(a.startswith(b + "-") for a, b in zip(reports["report_id"], reports["study_id"], strict=True))


def test_identifiers_are_bare_and_well_formed(studies):
    for table in (studies.reports, studies.published):
        assert table["doi"].dropna().str.fullmatch(r"10\.\d{4,9}/\S+").all()
        assert table["pmid"].dropna().astype(str).str.fullmatch(r"\d{1,8}(\.0)?").all()
    assert studies.reports["pmcid"].dropna().str.fullmatch(r"PMC\d+").all()


def test_no_address_of_a_copy_or_a_machine_stands_in_the_data():
    address = re.compile(r"https?://\S+|www\.\S+|file:/\S+|(?<![\w/])/(?:work|tmp|home)/", re.IGNORECASE)
    for path in PROJECT.data.rglob("*"):
        if path.suffix in (".csv", ".yml", ".yaml"):
            found = set(address.findall(path.read_text(encoding="utf-8").replace(LICENCE, "")))
            assert not found, path


def test_dois_stand_in_one_report_only(studies):
    dois = studies.reports["doi"].dropna()
    assert dois[dois.str.lower().duplicated()].empty


def test_display_rows_say_why_and_derivations_are_known(effects):
    assert effects.loc[effects["pool_role"].ne("primary"), "pool_reason"].notna().all()
    assert set(effects["derivation"].dropna()) <= set(DERIVATIONS)


def test_derived_cells_are_left_to_the_code(effects):
    derived = effects[effects["derivation"].notna()]
    assert derived.loc[derived["derivation"].eq("n_from_r_and_p"), "n_analysed"].isna().all()
    from_percent = derived[derived["derivation"].eq("events_from_percent")]
    assert from_percent[["events_treatment", "events_control"]].isna().all(axis=None)


def test_every_question_selects_rows_of_its_file_and_no_study_twice(questions, studies):
    assert len(questions) >= 7
    for question in questions:
        rows = all_rows(studies, question)
        assert not rows.empty, question.id
        assert rows["study"].notna().all(), question.id
        for variant in (None, *question.sensitivity) if question.pooled else ():
            chosen = rows_for(rows, question, variant)
            assert not chosen.empty, (question.id, variant)
            assert doubled(chosen).empty, (question.id, variant)


def test_a_question_that_is_not_pooled_says_why(questions):
    assert all(question.reason for question in questions if not question.pooled)
    assert all(question.living["status"] and question.living["because"] for question in questions)


def test_every_included_study_has_a_result(studies, effects):
    included = set(studies.screening.loc[studies.screening["decision"].eq("included"), "study_id"])
    assert set(studies.studies["study_id"]) == included
    assert set(effects["study_id"]) == included
