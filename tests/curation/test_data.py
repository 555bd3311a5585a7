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
EXTRACTION_ID = re.compile(r"(ckd|neuro)-x?\d{3}")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SEED_RECORDS = 14  # four single documents and the ten items of the listing


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
def records(studies):
    rows = studies.screening[studies.screening["record_id"].str.startswith("seed-")]
    return rows.set_index("record_id")


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
        "extraction_id",
        "source_kind",
        "source_extent",
        "report_id",
        "as_printed",
    ):
        assert effects.loc[effects[column].isna(), ["file", "line"]].empty, column
    assert effects["extraction_id"].map(lambda text: EXTRACTION_ID.fullmatch(text) is not None).all()
    # An extraction may hold two results, or two readings of one, of the same study.
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


class TestSeeds:
    """All five seed documents are accounted for."""

    def test_every_item_has_a_record_and_a_decision(self, records, studies):
        listing = [f"seed-001-{item:02}" for item in range(1, 11)]
        assert sorted(records.index) == ["seed-000", *listing, "seed-002", "seed-003", "seed-004"]
        assert records["decision"].notna().all()
        searches = studies.searches.set_index("search_id")
        assert searches.loc[records["search_id"].unique(), "records_found"].tolist() == [SEED_RECORDS]

    def test_seeds_name_their_studies(self, studies):
        seeds = studies.studies.dropna(subset=["seed"]).set_index("study_id")["seed"]
        assert sorted(";".join(seeds).split(";")) == ["000", "001", "002", "003", "004"]

    def test_the_haemorrhage_trial_is_one_study_with_its_erratum(self, records, studies):
        study = records.loc["seed-001-01", "study_id"]
        reports = studies.reports[studies.reports["study_id"].eq(study)]
        assert records.loc["seed-000", "duplicate_of"] == "seed-001-01"
        assert {"article", "erratum"} <= set(reports["report_type"])
        erratum = reports[reports["report_type"].eq("erratum")].iloc[0]
        assert erratum["volume_pages"].endswith("e157")
        assert records["decision"].eq("erratum").sum() == 1

    def test_repeated_records_of_the_listing_are_duplicates_of_an_earlier_one(self, records):
        repeats = records[records["decision"].eq("duplicate")]
        assert len(repeats) == 8
        assert repeats["duplicate_of"].isin(records.index[~records["decision"].eq("duplicate")]).all()

    def test_the_islet_protocol_is_excluded_as_not_about_magnesium(self, records):
        row = records[
            records["title"].fillna("").str.contains("Islet") & records["decision"].eq("excluded")
        ].iloc[0]
        assert "not about magnesium" in row["reason"]
        assert row["study_id"] is None

    def test_the_single_documents_are_included_studies_with_results(self, records, effects):
        for record in ("seed-002", "seed-003", "seed-004"):
            assert records.loc[record, "decision"] == "included"
            assert records.loc[record, "study_id"] in set(effects["study_id"])

    def test_what_the_documents_print_stands_in_the_rows(self, studies):
        counts = ["events_treatment", "n_treatment", "events_control", "n_control"]
        expected = {
            "ckd-supplementation-gi-events.csv": [35, 75, 9, 73],
            "ckd-supplementation-deaths.csv": [5, 75, 2, 73],
            "ckd-supplementation-cv-events.csv": [6, 75, 0, 73],
        }
        for file, printed in expected.items():
            rows = studies.effects[file]
            main = rows[rows["seed"].eq("002") & rows["pool_role"].eq("primary")]
            assert main[counts].to_numpy(float).tolist() == [printed], file


class TestSearch:
    """The search is described as what it was."""

    def test_no_search_is_called_systematic(self, studies):
        assert set(studies.searches["kind"]) == {"exploratory", "source"}

    def test_one_look_was_made_and_other_sources_were_given(self, studies):
        assert studies.searches["kind"].eq("exploratory").sum() == 1

    def test_what_cannot_enter_says_why(self, studies):
        doubtful = studies.ongoing[studies.ongoing["can_enter"].isin(("no", "unclear"))]
        assert len(doubtful) and doubtful["can_enter_because"].notna().all()

    def test_what_nobody_recorded_is_blank(self, studies):
        look = studies.searches.dropna(subset=["date"])
        look = look[look["source"].str.contains("web pages")].iloc[0]
        assert look["date"] == "2026-11-21"
        assert look["query"] is None
        assert pd.isna(look["records_found"])

    def test_nobody_assessed_risk_of_bias_or_certainty(self, studies):
        assert studies.risk_of_bias.empty
        assert studies.certainty.empty
