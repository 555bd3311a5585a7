"""Do we get the number that others printed? Each case is a YAML file named after its source.

`rows` names curated rows of this book, `call` the analysis, `expected` what is printed. Ratios are
compared after rounding to the decimals in print, percentages to whole numbers.
"""

import re
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest
import yaml

from livingmeta.effect_sizes import effect_sizes
from livingmeta.estimators import Fit, pool
from livingmeta.paths import ROOT
from livingmeta.studies import Studies, load_studies, select

DECIMALS = {"estimate": 2, "ci_lower": 2, "ci_upper": 2, "i2": 0}
FILES = sorted(Path(__file__).parent.glob("*.yml"))
SOURCES = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
CASES = [(name, case) for name, source in SOURCES.items() for case in source["cases"]]
IDS = [f"{name}-{case['name']}" for name, case in CASES]


@lru_cache
def studies() -> Studies:
    return load_studies(ROOT / "data")


def rows_of(name: str) -> pd.DataFrame:
    rule = SOURCES[name]["rows"]
    rows = select(studies().effects[rule["file"]], rule["where"])
    if "locators" in rule:
        ids = rows["source_locator"].map(lambda text: int(re.search(r"id (\d+)$", text).group(1)))
        rows = rows[ids.isin(rule["locators"])]
    return rows.assign(study=rows["study_id"])


def displayed(fit: Fit, effects) -> dict[str, float]:
    keys = ("estimate", "ci_lower", "ci_upper")
    return {**{key: float(effects.measure.to_display(getattr(fit, key))) for key in keys}, "i2": fit.i2}


@pytest.mark.parametrize(("name", "case"), CASES, ids=IDS)
def test_the_printed_number(name, case):
    rows = rows_of(name)
    assert len(rows) == SOURCES[name]["rows"]["k"]
    for column, total in case.get("sums", {}).items():
        assert rows[column].sum() == total
    if "call" not in case:
        return
    call = case["call"]
    effects = effect_sizes(rows, call["measure"])
    assert effects.k == len(rows)
    shown = displayed(pool(effects, call["method"], call["test"]), effects)
    expected = {**case["expected"], **case.get("recomputed", {})}
    assert {key: round(shown[key], DECIMALS[key]) for key in expected} == expected


@pytest.mark.parametrize("name", SOURCES)
def test_each_case_says_where_it_is_printed(name):
    assert re.fullmatch(r"[a-z]+\d{4}[a-z]?", name)
    assert all(SOURCES[name].get(key) for key in ("source", "where", "rows", "cases"))
    assert all("sums" in case or {"call", "expected"} <= set(case) for case in SOURCES[name]["cases"])


def test_the_first_seven_trials_are_those_of_the_overview():
    data_set = select(studies().effects["ami-early-death.csv"], {"dataset": "egger2001"})
    assert list(rows_of("teo1991")["study_id"]) == list(data_set["study_id"])[:7]


def test_reml_is_not_what_the_cochrane_review_printed():
    effects = effect_sizes(rows_of("li2007"), "OR")
    shown = displayed(pool(effects, "REML", "z"), effects)
    assert round(shown["estimate"], 2) == 0.58
