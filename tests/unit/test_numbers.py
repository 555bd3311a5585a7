"""Can every citable number be printed, said and stamped, from a record alone?"""

import json

from livingmeta.numbers import FIELDS, cited, number, numbers, record_hash, stamp, summary
from livingmeta.results import question_record, to_json
from made_up import BY_SIZE, analysed, tables, trials_by_size

RECORD = json.loads(to_json(question_record(analysed(trials_by_size(1.0, 0.4), subgroups=(BY_SIZE,)))))
ALONE = json.loads(to_json(question_record(analysed(tables((3, 50, 6, 50)), verdict="single_trial"))))


def test_a_pooled_question_has_every_number():
    assert [one.field for one in numbers(RECORD)] == list(FIELDS)


def test_a_single_trial_has_no_spread_between_trials():
    fields = {one.field for one in numbers(ALONE)}
    assert {"estimate", "k"} <= fields
    assert not fields & {"tau2", "prediction_interval", "common_effect"}


def test_text_and_values_are_the_same_number():
    for one in numbers(RECORD):
        assert one.values, one.field
        assert one.sentence.endswith(".")
        assert any(
            f"{value:.2f}"[:4].rstrip(".") in one.text.replace(",", "")
            or f"{value:.0f}" in one.text.replace(",", "")
            for value in one.values.values()
        )


def test_the_hash_survives_the_last_digits_of_another_machine():
    moved = {**RECORD, "estimate": RECORD["estimate"] * (1 + 1e-14), "release": "2026.11.0", "hash": "x"}
    assert record_hash(moved) == record_hash(RECORD)
    assert record_hash({**RECORD, "estimate": RECORD["estimate"] * (1 + 1e-8)}) != record_hash(RECORD)


def test_a_cited_number_carries_its_stamp():
    one = number(RECORD, "tau2")
    assert cited(RECORD, one, "2026.11.0") == f"{one.text} [2026.11.0/made-up/tau2#{record_hash(RECORD)}]"
    assert stamp(RECORD).startswith("[unreleased/made-up/verdict#")
    assert number(RECORD, "nonsense") is None


def test_the_summary_names_the_hash_of_the_whole_record():
    assert summary(RECORD)["hash"] == record_hash(RECORD)
    assert summary(RECORD)["display"] == RECORD["display"]
