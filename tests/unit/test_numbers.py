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


def test_a_record_of_years_ago_that_lacks_keys_still_has_its_other_numbers():
    for key in ("tau2", "i2", "participants", "common_effect", "living", "reason"):
        old = {name: value for name, value in RECORD.items() if name != key}
        missing = {"tau2", "i2", "participants", "common_effect"} & {key}
        assert {one.field for one in numbers(old)} == set(FIELDS) - missing
        assert summary(old).get(key) is None
    bare = {**RECORD, "verdict": {k: v for k, v in RECORD["verdict"].items() if k not in ("k", "method")}}
    assert summary(bare)["verdict"]["k"] is None


def test_the_leading_number_says_how_many_studies_are_behind_it():
    said = RECORD["verdict"]
    groups = RECORD["subgroups"][0]["groups"]
    large = next(group for group in groups if group["label"] == BY_SIZE.labels[1])
    assert (said["status"], said["k"], said["method"]) == ("conflict", large["k"], large["method"])
    assert said["participants"] == large["participants"] < RECORD["participants"]


def test_results_without_a_mean_are_not_called_studies_in_an_estimate():
    rows = [{**row, "study_id": "one"} for row in tables((3, 50, 6, 50), (4, 50, 6, 50), (5, 50, 6, 50))]
    settings = {"pooled": False, "reason": "one study", "verdict": "not_pooled"}
    shown = number(question_record(analysed(rows, **settings)), "k")
    assert (shown.label, shown.text) == ("Results shown side by side (k)", "3")
    assert shown.sentence == "Three results are shown side by side; no mean is given."
    nothing = question_record(analysed(rows, **settings | {"measure": None}))
    assert number(nothing, "k") is None
