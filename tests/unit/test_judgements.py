"""Does a page say how sure one can be, with absolute effects only where one follows from the data?"""

import json
import re
from dataclasses import replace
from html import unescape

import pytest
from jsonschema import Draft202012Validator

from judged import analysed_with, judged, overall, rated, trial
from livingmeta.absolute import difference_in_words, more_or_fewer
from livingmeta.charts import CHARTS, chart_html
from livingmeta.charts.traffic_light import SIGNS, risk_of_bias_summary, sign_of, traffic_light
from livingmeta.export.schemas import SCHEMAS
from livingmeta.instruments import DISAGREE, NOT_ASSESSED, Judgement
from livingmeta.judgements import absolute, domains, finding, judgement_records, risk_of_bias_status
from livingmeta.paths import ROOT, Project
from livingmeta.questions import BaselineRisk
from livingmeta.results import question_record, to_json
from livingmeta.suggestions import SOME, SUGGESTIONS, suggestions
from livingmeta.tables import glance, question
from livingmeta.tables.judgements import SHORT_RULES, judgements_section
from made_up import (
    BY_SIZE,
    QUESTION,
    analysed,
    correlations,
    frame,
    ratios,
    schema,
    studies,
    tables,
    trials_by_size,
)
from markup import balanced

TRIALS = trial(tables((10, 100, 20, 100), (15, 150, 24, 150), (12, 90, 18, 90), (30, 300, 45, 300)))
COHORTS = [{**row, "contrast_type": "category"} for row in ratios(*[(1.5, 1.2, 1.875)] * 5)]
ASSOCIATION = {"measure": "HR", "verdict": "association", "design": "cohort"}
KEYS = ("risk_of_bias", "certainty", "suggestions", "absolute")
LOW = [overall(i, "Low") for i in range(4)]


def test_the_baseline_is_that_of_the_control_groups_and_says_so():
    found = absolute(analysed_with(TRIALS))
    assert (found.baseline_events, found.baseline_n) == (107, 640)
    assert found.baseline_source == "control groups of these trials"
    assert found.baseline_risk == pytest.approx(107 / 640)
    assert found.difference_ci_lower < found.difference < 0
    assert found.risk - found.baseline_risk == pytest.approx(found.difference)


def test_a_stated_baseline_wins_over_the_control_groups():
    stated = BaselineRisk(50, 1000, "a registry")
    found = absolute(analysed_with(TRIALS, baseline_risk=stated))
    assert (found.baseline_risk, found.baseline_source) == (0.05, "a registry")
    plain = absolute(analysed_with(TRIALS, baseline_risk=0.05))
    assert plain.difference == found.difference and "without a source" in plain.baseline_source


def test_the_control_groups_are_those_behind_the_leading_number():
    rows = trial(trials_by_size(1.0, 0.4))
    found = finding(analysed_with(rows, subgroups=(BY_SIZE,), test="z"))
    assert (found.studies, found.participants) == (3, 600_000)
    assert found.absolute.baseline_n == 300_000


def test_one_trial_has_its_own_difference():
    found = absolute(analysed_with(trial(tables((35, 75, 9, 73))), measure="RR", verdict="single_trial"))
    assert found.difference == pytest.approx(35 / 75 - 9 / 73)
    assert "difference of the two risks" in found.formula
    assert found.baseline_source == "control group of this trial"


def test_an_arm_without_events_still_has_a_difference():
    zero = trial(tables((6, 75, 0, 73)))
    found = absolute(analysed_with(zero, measure="RR", verdict="single_trial", baseline_risk=0.1))
    assert found.baseline_risk == 0 and found.difference == pytest.approx(0.08)
    assert found.difference_ci_lower > 0 and "Newcombe" in found.formula


NONE = {
    "association": (COHORTS, ASSOCIATION, "an association"),
    "correlation": (
        correlations(-0.3, -0.4, -0.2),
        {"measure": "ZCOR", "verdict": "correlation"},
        "an association",
    ),
    "not pooled": (TRIALS, {"pooled": False, "reason": "x", "verdict": "not_pooled"}, "nothing is pooled"),
    "two": (TRIALS[:2], {}, "nothing is pooled"),
    "no counts": (trial(ratios(*[(0.8, 0.6, 1.067)] * 3)), {"measure": "HR"}, "no baseline risk is stated"),
    "no randomisation": (TRIALS, {"design": "non_randomised"}, "no baseline risk is stated"),
    "no events": (trial(tables(*[(2, 50, 0, 50)] * 3)), {}, "a risk of 0"),
}


@pytest.mark.parametrize("case", NONE)
def test_where_there_is_no_absolute_effect_the_reason_is_said(case):
    rows, changes, said = NONE[case]
    found = absolute(analysed_with(rows, **changes))
    assert found.difference is None and said in found.reason


def test_a_stated_baseline_makes_no_effect_of_an_association():
    assert absolute(analysed_with(COHORTS, **ASSOCIATION, baseline_risk=0.2)).difference is None


def test_a_persons_entry_takes_the_place_of_a_suggestion():
    rows = trial(trials_by_size(1.0, 0.4))
    views = {one.name: one for one in domains(analysed_with(rows))}
    assert views["inconsistency"].suggestion and not views["inconsistency"].judgement.is_made
    made = analysed_with(rows, certainty=[rated("inconsistency", "Not serious")])
    view = {one.name: one for one in domains(made)}["inconsistency"]
    assert view.suggestion is None and view.judgement.judgement == "Not serious"
    record = {one["domain"]: one for one in judgement_records(made)["suggestions"]}
    assert record["inconsistency"]["overruled"] and not record["imprecision"]["overruled"]


def test_no_suggestion_ever_becomes_a_judgement():
    for rows, changes, _ in NONE.values():
        record = judgement_records(analysed_with(rows, **changes))
        assert record["certainty"]["overall"] == record["certainty"]["status"] == NOT_ASSESSED
        assert {one["judgement"] for one in record["certainty"]["domains"]} == {NOT_ASSESSED}
        assert record["risk_of_bias"]["status"] == NOT_ASSESSED


def test_the_record_holds_what_was_judged():
    made = [judged(0, "D1", "High"), overall(0, "High")]
    record = judgement_records(analysed_with(TRIALS, made, [rated("overall", "Low")]))
    assert record["risk_of_bias"]["status"] == "1 of 4 assessed"
    assert record["risk_of_bias"]["effects"][0]["domains"] == {"D1": "High", "overall": "High"}
    assert record["certainty"]["overall"] == "Low" and record["certainty"]["status"] == "assessed"


@pytest.mark.parametrize("case", ["association", "not pooled", "no events", "two"])
def test_the_record_is_json_of_the_published_schema(case):
    rows, changes, _ = NONE[case]
    analysis = analysed_with(rows, [overall(0, "Low")] if case == "no events" else (), **changes)
    record = json.loads(to_json(question_record(analysis)))
    properties = SCHEMAS["record.json"]()["allOf"][1]["properties"]
    for key in KEYS:
        assert not list(Draft202012Validator(properties[key]).iter_errors(record[key]))


def test_a_record_of_before_is_still_one():
    assert not set(KEYS) & set(SCHEMAS["record.json"]()["allOf"][1]["required"])


def section(analysis, tmp_path):
    return balanced(judgements_section(analysis, Project(tmp_path)))


def plain(markup):
    text = re.sub(r"<svg.*?</svg>|<script.*?</script>|<[^>]*>", " ", markup, flags=re.DOTALL)
    return " ".join(unescape(text).split())


@pytest.mark.parametrize("case", NONE)
def test_the_section_is_sound_and_says_that_nobody_judged(case, tmp_path):
    rows, changes, said = NONE[case]
    shown = plain(section(analysed_with(rows, **changes), tmp_path))
    assert NOT_ASSESSED in shown and "none: " in shown and said in shown
    assert not re.search(r"\bnan\b|\bNone\b(?! of)|(?<![\w–])-\d", shown)


def test_the_rules_stand_in_full_where_the_pages_link_to():
    page = (ROOT / "book" / "methods.md").read_text(encoding="utf-8")
    assert "### The rules in full" in page and set(SHORT_RULES) == set(SUGGESTIONS)
    for one in suggestions(analysed_with(TRIALS)):
        assert f": {one.rule}" in page


def test_studies_with_several_results_are_counted_once_where_nothing_is_pooled(tmp_path):
    rows = [{**row, "study_id": "one", "cohort_id": "a"} for row in ratios(*[(1.5, 1.2, 1.875)] * 3)]
    found = finding(analysed(rows, measure="HR", accept_measures=("HR",), pooled=False, reason="x"))
    assert (found.studies, found.results, found.participants) == (1, 3, 500)


def test_a_suggestion_says_which_studies_it_saw():
    rows, changes = trials_by_size(1.0, 0.4), {"subgroups": (BY_SIZE,), "test": "z"}
    said = {one.domain: one.text for one in suggestions(analysed(rows, **changes))}
    assert said["inconsistency"].startswith("All 15 studies: I²")
    assert "(3 of 15 studies)" in said["imprecision"]


def test_an_association_is_not_called_an_effect(tmp_path):
    changes = {"measure": "HR", "accept_measures": ("HR",), "verdict": "association"}
    shown = plain(section(analysed(ratios(*[(1.5, 1.2, 1.875)] * 5), **changes), tmp_path))
    assert "Relative association (CI)" in shown and "Relative effect" not in shown


def test_the_section_prints_each_rule_beside_its_suggestion(tmp_path):
    analysis = analysed_with(TRIALS)
    shown = plain(section(analysis, tmp_path))
    for one in judgement_records(analysis)["suggestions"]:
        assert one["level"] in shown and SHORT_RULES[one["domain"]] in shown and one["text"] in shown
        assert one["rule"] not in shown
    assert "it is no rating" in shown


def test_the_section_shows_counts_per_thousand_at_their_baseline(tmp_path):
    shown = plain(section(analysed_with(TRIALS), tmp_path))
    assert "167: control groups of these trials, 107 of 640" in shown and " fewer (" in shown
    assert "OR × p / (1 − p + OR × p)" in shown


def test_the_section_shows_what_people_judged(tmp_path):
    made = [rated("imprecision", "Serious", reason="few events"), rated("overall", "Moderate")]
    shown = plain(section(analysed_with(TRIALS, LOW, made), tmp_path))
    assert (
        "Moderate" in shown and "Serious. few events. Judged by A." in shown and "One row per result" in shown
    )


def test_a_limit_that_is_not_zero_is_not_rounded_to_zero():
    assert difference_in_words(-0.118, -0.25, 0.014) == ("118 fewer", "250 fewer to 14 more")
    assert difference_in_words(0.0121, 0.0004, 0.02) == ("12.1 more", "0.4 more to 20.0 more")


def test_people_of_a_thousand():
    said = [more_or_fewer(x) for x in (0.0121, -0.0121, 0.0004, -0.0004)]
    assert said == ["12 more", "12 fewer", "0 more or fewer", "0 more or fewer"]


def test_chips_and_facts_follow_the_data():
    assert "risk of bias: not assessed" in question.answer(analysed_with(TRIALS))
    assert "risk of bias: 1 of 4 assessed" in question.answer(analysed_with(TRIALS, LOW[:1]))
    assert risk_of_bias_status(analysed_with(TRIALS, LOW)) == "assessed"
    made = studies(TRIALS)
    assert "risk of bias not assessed" in glance.facts([], made)
    table = frame(LOW[:3], schema().tables["risk_of_bias"])
    assert "risk of bias assessed for 3 results" in glance.facts([], replace(made, risk_of_bias=table))


# The pictures


def test_there_is_no_picture_of_what_nobody_judged():
    for name in ("traffic-light", "risk-of-bias-summary"):
        assert CHARTS[name].absence(analysed_with(TRIALS)) == "Risk of bias: not assessed."
        assert CHARTS[name].absence(analysed_with(TRIALS, LOW[:1])) == ""


MIXED = [
    *[judged(0, f"D{i}", word) for i, word in enumerate(("Low", "Some concerns", "High", "Low", "Low"), 1)],
    overall(0, "High"),
    overall(1, "Low"),
    overall(1, "High", assessor="B"),
]


def records(chart):
    spec = chart.to_dict(validate=True)
    return [row for rows in spec["datasets"].values() for row in rows]


@pytest.mark.parametrize("narrow", [False, True])
def test_every_result_has_a_sign_in_every_domain(narrow):
    signs = [
        row for row in records(traffic_light(analysed_with(TRIALS, MIXED), narrow)) if "judgement" in row
    ]
    signs = [row for row in signs if row["study"] != "Legend"]
    assert len(signs) == 4 * 6
    first = [row["judgement"] for row in signs if row["study"] == "Study0"]
    assert sorted(first) == ["High", "High", "Low", "Low", "Low", "Some concerns"]
    empty = [row for row in signs if row["judgement"] == NOT_ASSESSED]
    assert len(empty) == 24 - 6 - 1 and not any(row["filled"] or row["sign"] for row in empty)
    assert [row["sign"] for row in signs if row["judgement"] == DISAGREE] == ["≠"]


def test_judgements_differ_in_shape_sign_and_colour():
    for part in ("shape", "text", "color"):
        assert len({getattr(sign, part) for sign in SIGNS}) == len(SIGNS)


def test_worse_judgements_have_other_signs_in_every_instrument():
    for instrument in analysed_with(TRIALS).appraisal.instruments[:4]:
        domain = instrument.domains[0]
        signs = [sign_of(instrument, Judgement(domain.name, word)) for word in domain.judgements]
        assert len(set(signs)) == len(signs) and signs[0] == SIGNS[0]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_bars_count_every_result(narrow):
    bars = [
        row for row in records(risk_of_bias_summary(analysed_with(TRIALS, MIXED), narrow)) if "results" in row
    ]
    by_domain = {}
    for row in bars:
        by_domain[row["domain"]] = by_domain.get(row["domain"], 0) + int(row["results"])
    assert len(by_domain) == 6 and set(by_domain.values()) == {4}
    assert any(row["judgement"] == NOT_ASSESSED and row["label"] == "3" for row in bars)


def test_two_instruments_have_a_block_each():
    rows = [{**row, "contrast_type": "category"} if i > 1 else row for i, row in enumerate(TRIALS)]
    chart = traffic_light(analysed_with(rows, [overall(2, "Very high", tool="ROBINS-E")]))
    texts = {row["text"] for row in records(chart) if "text" in row}
    assert {"RoB 2", "ROBINS-E"} <= texts


def test_the_figure_has_both_widths_and_a_name():
    shown = chart_html("traffic-light", analysed_with(TRIALS, MIXED))
    assert shown.count("<svg") == 2 and "1 of 4" not in QUESTION.title
    assert "results have an overall judgement" in shown
    assert SOME not in shown
