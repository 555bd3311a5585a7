"""What was read from the seeds and the look of 2026-11-21, as it was frozen: nothing of it changes later."""

import re

import pandas as pd
import pytest

import pinned
from livingmeta.studies import load_studies

EXTRACTION_ID = re.compile(r"(ckd|neuro)-x?\d{3}")
SEED_RECORDS = 14  # four single documents and the ten items of the listing


@pytest.fixture(scope="module")
def studies():
    return load_studies(pinned.DATA)


@pytest.fixture(scope="module")
def effects(studies):
    return pd.concat(studies.effects.values(), ignore_index=True)


@pytest.fixture(scope="module")
def records(studies):
    rows = studies.screening[studies.screening["record_id"].str.startswith("seed-")]
    return rows.set_index("record_id")


def test_every_row_names_its_extraction(effects):
    assert effects["extraction_id"].map(lambda text: EXTRACTION_ID.fullmatch(text) is not None).all()


def test_every_extraction_is_a_row_or_a_record(studies, effects):
    rows = set(effects["extraction_id"])
    screened = set(studies.screening["extraction_id"].dropna())
    read = {*(f"ckd-{i:03}" for i in range(1, 145)), *(f"neuro-{i:03}" for i in range(1, 112))}
    left = {*(f"ckd-x{i:03}" for i in range(1, 66)), *(f"neuro-x{i:03}" for i in range(1, 35))}
    assert (len(read), len(left)) == (255, 99)
    assert read <= rows and left <= screened


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
