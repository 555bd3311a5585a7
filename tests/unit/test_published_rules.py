"""Does the check see what cannot be right in a pooled result of others, and accept what is flagged?"""

import csv
import shutil

import pytest

from livingmeta.check.findings import FAULT, WARNING
from livingmeta.check.published_rules import published_findings
from livingmeta.check.sources import read_curated
from livingmeta.paths import ROOT

FITS = {
    "published_id": "p1",
    "measure": "RR",
    "estimate": "0.64",
    "ci_lower": "0.50",
    "ci_upper": "0.83",
    "ci_level": "95",
    "p_operator": "=",
    "p_value": "0.001",
    "result_status": "numeric",
}
FLAG = "the sign is lost in print"


@pytest.fixture
def found(tmp_path):
    """Return what the rules find in one row, by level."""

    def run(level=None, **cells):
        shutil.copy(ROOT / "data" / "datapackage.yaml", tmp_path)
        row = FITS | cells
        with (tmp_path / "published.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, row, lineterminator="\n")
            writer.writeheader()
            writer.writerow(row)
        findings = published_findings(read_curated(tmp_path)[0])
        return [f"{one.column}: {one.rule}" for one in findings if level in (None, one.level)]

    return run


def test_a_result_that_fits_is_not_mentioned(found):
    assert found() == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"estimate": "0.84", "p_value": ""}, "estimate: must lie within its interval, 0.5 to 0.83"),
        ({"ci_lower": "0.90"}, "ci_lower: must be <= ci_upper (0.83)"),
        ({"ci_lower": "-0.50", "p_value": ""}, "ci_lower: a ratio must be > 0"),
        ({"ci_upper": "", "p_value": ""}, "ci_upper: must not be blank where result_status is numeric"),
        ({"measure": "", "p_value": ""}, "measure: must not be blank beside an estimate"),
        ({"k": "9", "k_total": "8"}, "k: must be <= k_total (8)"),
        ({"n": "90", "n_total": "80"}, "n: must be <= n_total (80)"),
        ({"result_status": "protocol"}, "estimate: must be blank where result_status is protocol"),
        ({"result_status": "absent"}, "ci_upper: must be blank where result_status is absent"),
        (
            {"result_status": "partial"},
            "result_status: must be numeric where estimate and interval are there",
        ),
    ],
)
def test_what_cannot_be_is_a_fault(found, cells, expected):
    assert expected in found(FAULT, **cells)


def test_a_lopsided_interval_is_a_warning(found):
    (rule,) = found(WARNING, ci_upper="2.00", p_value="")
    assert rule.startswith("estimate: interval is uneven on the log scale")


def test_a_difference_is_judged_on_the_natural_scale(found):
    cells = {"measure": "SMD", "estimate": "1.26", "ci_lower": "-0.70", "ci_upper": "1.82", "p_value": ""}
    assert "natural scale" in found(WARNING, **cells)[0]
    assert found(**cells | {"ci_lower": "0.70"}) == []


@pytest.mark.parametrize(
    ("operator", "p", "fits"),
    [
        ("=", "0.001", True),
        ("=", "0.0006", True),
        ("=", "0.02", False),
        ("<", "0.001", True),
        ("<", "0.00001", False),
        (">", "0.05", False),
    ],
)
def test_p_is_held_against_the_interval(found, operator, p, fits):
    rules = found(p_operator=operator, p_value=p)
    assert (rules == []) is fits
    assert all("p_value: interval has p = 0.00" in rule for rule in rules)


def test_p_follows_the_level_of_the_interval(found):
    # The same limits at 99% mean a smaller standard error, so that p = 0.0006 no longer fits.
    assert found(p_value="0.0006") == []
    assert found(p_value="0.0006", ci_level="99") != []


def test_a_flag_turns_a_fault_of_print_into_a_warning_and_no_other(found):
    assert found(FAULT, estimate="0.84", p_value="", print_flag=FLAG) == []
    assert FLAG in found(WARNING, estimate="0.84", p_value="", print_flag=FLAG)[0]
    assert found(FAULT, ci_upper="", p_value="", print_flag=FLAG)
    assert found(FAULT, k="9", k_total="8", print_flag=FLAG)


def test_a_blank_interval_has_nothing_to_be_held_against(found):
    assert found(ci_lower="", ci_upper="", result_status="partial") == []
