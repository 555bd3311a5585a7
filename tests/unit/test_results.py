"""Does a record hold every number, at full precision, under keys that are always there?"""

import json
import math

import pytest

from livingmeta.numbers import number, record_hash, stamp
from livingmeta.results import (
    FIT_KEYS,
    display,
    fit_numbers,
    question_record,
    read_record,
    to_json,
    write_atomically,
    write_record,
)
from made_up import BY_SIZE, analysed, correlations, ratios, tables, trials_by_size

MANY = trials_by_size(0.7, 0.7)
CASES = {
    "pooled": analysed(MANY, subgroups=(BY_SIZE,)),
    "one": analysed(tables((6, 75, 0, 73)), measure="RR"),
    "two": analysed(MANY[:2]),
    "not pooled": analysed(MANY, pooled=False, reason="units differ"),
    "nothing": analysed(MANY, measure=None, pooled=False, reason="units differ"),
    "association": analysed(ratios(*[(1.5, 1.2, 1.875)] * 4), measure="HR", verdict="association"),
    "correlation": analysed(correlations(-0.3, -0.4, -0.2), measure="ZCOR", verdict="correlation"),
}
every_case = pytest.mark.parametrize("case", CASES)


@every_case
def test_every_key_is_always_there(case):
    record, full = question_record(CASES[case]), question_record(CASES["pooled"])
    assert list(record) == list(full)
    assert set(FIT_KEYS) <= set(record)
    assert {"scale", "pooled", "reason", "display", "studies"} <= set(record)
    assert {"excluded", "warnings", "sensitivity"} <= set(record)
    assert set(record["verdict"]) == set(full["verdict"])
    assert record["reason"] or record["estimate"] is not None


@every_case
def test_a_record_survives_its_file(case, tmp_path):
    record = question_record(CASES[case])
    path = write_record(record, tmp_path)
    assert read_record(path) == json.loads(to_json(record))
    assert path.read_bytes().endswith(b"}\n") and b"\r" not in path.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["made-up.json"]


@every_case
def test_json_has_no_nan(case):
    json.loads(to_json(question_record(CASES[case])), parse_constant=lambda name: pytest.fail(name))


def test_what_is_not_finite_becomes_null():
    made = {"a": math.nan, "b": [math.inf, 1.5], "c": {"d": -math.inf}}
    assert json.loads(to_json(made)) == {"a": None, "b": [None, 1.5], "c": {"d": None}}


def test_numbers_keep_every_digit():
    record = question_record(CASES["pooled"])
    back = json.loads(to_json(record))
    assert back["estimate"] == CASES["pooled"].fit.estimate
    assert [row["vi"] for row in back["studies"]] == list(CASES["pooled"].effects.vi)


def test_no_fit_is_all_null():
    assert set(fit_numbers(None).values()) == {None}
    assert set(display(None, CASES["one"].effects.measure).values()) == {None}


def test_display_is_on_the_natural_scale():
    record = question_record(CASES["correlation"])
    assert record["display"]["ci_lower"] == pytest.approx(math.tanh(record["ci_lower"]))
    assert record["scale"] == "fisher_z"


def test_studies_are_exactly_those_of_the_fit():
    record = question_record(CASES["pooled"])
    assert [row["effect_id"] for row in record["studies"]] == [f"effect-{i}" for i in range(len(MANY))]
    assert sum(row["weight"] for row in record["studies"]) == pytest.approx(100)
    assert {row["weight"] for row in question_record(CASES["not pooled"])["studies"]} == {None}


KINDS = [("pooled", True, 15), ("one", False, 1), ("two", False, 2)]


@pytest.mark.parametrize(("case", "pooled", "k"), KINDS)
def test_one_study_or_two_are_not_pooled(case, pooled, k):
    record = question_record(CASES[case])
    assert (record["pooled"], record["k"]) == (pooled, k)


def test_rows_that_did_not_enter_are_in_the_record():
    record = question_record(analysed([*MANY, *tables((0, 50, 0, 50))]))
    assert [item["line"] for item in record["excluded"]] == [len(MANY) + 2]


def test_sensitivity_rows_say_what_differs():
    rows = question_record(CASES["pooled"])["sensitivity"]
    names = ["Common effect", "Wald interval", "Plain Knapp-Hartung", "Only studies at low risk of bias"]
    assert [row["name"] for row in rows] == names
    assert rows[-1]["estimate"] is None and rows[-1]["reason"] == "not assessed"
    assert all({"difference", "k", "estimate", "ci_lower", "ci_upper", "display"} <= set(row) for row in rows)


def test_subgroups_and_the_test_between_them():
    (division,) = question_record(CASES["pooled"])["subgroups"]
    assert [group["k"] for group in division["groups"]] == [3, 12]
    assert {"statistic", "df", "p_value"} <= set(division["between"])


def test_the_stamp_follows_the_record():
    record = question_record(CASES["pooled"])
    shown = stamp(record, release="2026.11.0")
    assert shown == f"[2026.11.0/made-up/verdict#{record_hash(record)}]"
    assert record_hash({**record, "estimate": 0.0}) != record_hash(record)
    assert stamp(record).startswith("[unreleased/")


def test_the_number_said_is_that_of_the_verdict():
    record = question_record(CASES["association"])
    assert number(record, "verdict").text.startswith("HR 1.50 (")


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    write_atomically(path, "old")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
