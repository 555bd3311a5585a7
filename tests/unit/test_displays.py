"""Does each display show what the rows say: every category, every rung, every missing number?"""

import re
from dataclasses import replace
from html import escape

import pandas as pd
import pytest

from livingmeta import units
from livingmeta.analysis import analyse
from livingmeta.charts import CHARTS, DISPLAYS, chart_spec
from livingmeta.charts import adjustment_ladder as adjustment
from livingmeta.charts.benefit_harm import WIDE as BESIDE_EACH_OTHER
from livingmeta.charts.benefit_harm import icon_records, outcomes_of
from livingmeta.charts.categories import NONE, REFERENCE, cohorts_of
from livingmeta.charts.evidence import evidence_of
from livingmeta.charts.ladder_layout import label_lines, ladder_of
from livingmeta.charts.ladder_marks import hatching
from livingmeta.charts.magnesium_ladder import step_records
from livingmeta.charts.missing_results import WIDE, Block, bar_records, matrix_of, strips_of
from livingmeta.charts.rungs import ALBUMIN, CRUDE, PARTIAL, climbs_of
from livingmeta.charts.split_forest import mosaic_records, strata_of
from livingmeta.charts.statuses import NULL, NUMERIC, cells_of, outcome_names, outcome_words, share_of
from livingmeta.paths import Project
from livingmeta.questions import DISPLAYS as NAMES
from livingmeta.questions import QuestionError, load_question
from livingmeta.tables.displays import displays_section, folded
from made_up import BY_SIZE, QUESTION, analysed, frame, ratios, schema, studies, tables, trials_by_size

CATEGORY = {
    "contrast_type": "category",
    "exposure_unit": "mg/dL",
    "reference_lower": 2.2,
    "reference_upper": 2.4,
}
COHORTS = {"measure": "HR", "verdict": "association", "filter": {"pool_role": "primary"}}


def cohort(*rows, groups=(), displays=("magnesium_ladder", "adjustment_ladder", "missing_results")):
    """Return the analysis of a made-up question of cohorts, with groups of their own."""
    tabled = studies(rows)
    tabled = replace(tabled, groups=frame(groups, schema().tables["groups"]))
    return analyse(replace(QUESTION, displays=displays, **COHORTS), tabled)


def low(**changes):
    """Return a row for less than 1.8 mg/dL against 2.2 to 2.4, adjusted for case mix."""
    row = ratios((1.4, 1.2, 1.6))[0] | CATEGORY
    return (
        row
        | {"exposed_upper": 1.8, "adjustment_level": "partial", "direction_reported": "higher_mg_better"}
        | changes
    )


def unprinted(**changes):
    """Return a row that says "no association" without a number."""
    stated = {"contrast_type": "category", "measure_reported": "none", "result_status": "null_no_number"}
    return stated | {"pool_role": "display", "pool_reason": "no number", "n_analysed": 400} | changes


# Registry and question files


def test_every_name_a_question_may_use_is_drawn():
    assert tuple(DISPLAYS) == NAMES
    assert set(DISPLAYS) < set(CHARTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_display_nobody_asked_for_is_absent(name):
    assert "does not ask" in CHARTS[name].absence(analysed(tables((1, 10, 2, 10))))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("magnesium_ladder", "no cohort of this question prints cut-offs"),
        ("adjustment_ladder", "no cohort of this question prints a ratio"),
        ("split_forest", "not a threshold on the trials' size"),
        ("benefit_harm", "must not be added up"),
    ],
)
def test_a_display_that_cannot_be_drawn_says_why(name, reason):
    analysis = analysed(tables(*[(3, 50, 5, 50)] * 3), displays=(name,))
    assert reason in CHARTS[name].absence(analysis)
    assert escape(reason) in displays_section(analysis, Project.find())


@pytest.mark.parametrize("value", ["[magnesium_lader]", "[split_forest, split_forest]"])
def test_an_unknown_or_doubled_display_is_a_fault(value, tmp_path):
    project = Project.find()
    source = sorted(project.questions.glob("*.yml"))[0]
    text = re.sub(r"^displays: .*\n", "", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path = tmp_path / source.name
    path.write_text(f"{text}\ndisplays: {value}\n", encoding="utf-8")
    with pytest.raises(QuestionError, match=r"displays\.\d: '\w+': must be one of magnesium_ladder"):
        load_question(path)


# Magnesium ladder


def test_bounds_stand_in_mmol_per_litre():
    steps = {one["mmol"]: one for one in step_records(ladder_of([evidence_of(cohort(low()))], False))}
    assert steps["<0.74 mmol/L"]["upper_mmol"] == pytest.approx(1.8 / 2.431)
    assert steps["<0.74 mmol/L"]["lower_mmol"] is None
    assert steps["<0.74 mmol/L"]["ratio"] == pytest.approx(1.4)
    reference = steps["0.90–0.99 mmol/L"]
    assert reference["kind"] == REFERENCE
    assert (reference["lower_mmol"], reference["upper_mmol"]) == pytest.approx((2.2 / 2.431, 2.4 / 2.431))


def test_a_step_of_a_higher_ratio_stands_higher_and_open_ends_reach_the_edge():
    placed = ladder_of([evidence_of(cohort(low()))], False)
    first, reference = step_records(placed)
    assert first["y"] < reference["y"]
    assert first["x"] == placed.frame.left + 1


def test_a_category_without_a_number_is_hollow():
    (one,) = cohorts_of(
        evidence_of(cohort(low(estimate="", ci_lower="", ci_upper="", result_status="p_only")))
    )
    assert [(c.kind, c.text) for c in one.categories] == [(NONE, "p-value only"), (REFERENCE, "reference")]


def test_groups_add_the_categories_that_rows_lack():
    groups = [{"effect_id": "effect-0", "group": "high", "bounds": ">=2.8 mg/dL"}]
    (one,) = cohorts_of(evidence_of(cohort(low(), groups=groups)))
    assert one.categories[-1].lower == pytest.approx(2.8 / 2.431)
    assert one.categories[-1].kind == NONE


def test_an_inverted_ratio_goes_back_to_the_category_it_was_printed_for():
    turned = {
        "orientation": "high_vs_low",
        "derivation": "invert_ratio",
        "exposed_lower": 2.4,
        "exposed_upper": "",
    }
    analysis = cohort(low(**turned) | {"estimate": 0.5, "ci_lower": 0.25, "ci_upper": 0.8})
    (one,) = cohorts_of(evidence_of(analysis))
    shown = next(c for c in one.categories if c.kind != REFERENCE)
    assert (shown.estimate, shown.ci_lower, shown.ci_upper) == pytest.approx((0.5, 0.25, 0.8))


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("<2.431 mg/dL", (None, 1.0)),
        (">=1.1 mmol/L", (1.1, None)),
        ("1.60 to <1.90 mEq/L", (0.8, 0.95)),
        ("PTH <120 pg/mL", None),
        ("<1.8, unit printed as mEq/dL", None),
    ],
)
def test_printed_bounds_are_read_or_refused(text, bounds):
    found = units.parsed_bounds(text)
    assert found is None if bounds is None else found == pytest.approx(bounds)


# Adjustment ladder


def test_a_lost_association_is_a_hollow_mark_at_one():
    analysis = cohort(low(albumin_adjusted="no", null_after_albumin="yes"))
    (one,) = climbs_of(evidence_of(analysis))
    assert [rung.level for rung in one.rungs] == [PARTIAL, ALBUMIN]
    points = adjustment.point_records(adjustment.scene_of(analysis, False))
    assert [(p["ratio"], p["is_hollow"]) for p in points] == [(1.4, False), (1.0, True)]


def test_ratios_towards_high_magnesium_are_turned_round():
    row = low(orientation="high_vs_low") | {"estimate": 0.5, "ci_lower": 0.25, "ci_upper": 0.8}
    (one,) = climbs_of(evidence_of(cohort(row)))
    rung = one.rungs[0]
    assert (rung.estimate, rung.ci_lower, rung.ci_upper) == pytest.approx((2.0, 1.25, 4.0))
    assert "inverted" in one.note


def test_the_models_of_one_cohort_climb_together():
    rows = (low(study_id="a"), low(study_id="a", adjustment_level="crude", pool_role="display"))
    (one,) = climbs_of(evidence_of(cohort(*rows)))
    assert [rung.level for rung in one.rungs] == [CRUDE, PARTIAL]


# Missing results


def test_the_matrix_has_a_cell_per_study_and_outcome_with_its_best_result():
    rows = (low(study_id="a"), unprinted(study_id="a"), unprinted(study_id="b"))
    cells = cells_of(cohort(*rows).rows)
    assert [(one.study, one.status) for one in cells] == [("A", NUMERIC), ("B", NULL)]
    assert share_of(cells).percents[NUMERIC] == pytest.approx(100 * 500 / 900)


def test_bars_of_patients_fill_their_span_and_marks_grow_with_patients():
    cells = cells_of(cohort(low(n_analysed=20_000), unprinted()).rows)
    bars = bar_records(cells, 0, 100, 0)
    assert sum(one["percent"] for one in bars) == pytest.approx(100)
    assert bars[-1]["x2"] == pytest.approx(100)
    for scene in (matrix_of(Block("", tuple(cells)), WIDE), strips_of([Block("", tuple(cells))], WIDE)):
        areas = {one["study"]: one["area"] for one in scene.marks if one["study"]}
        assert areas["Study0"] > areas["Study1"]


# Split forest


@pytest.fixture(scope="module")
def split():
    return analysed(trials_by_size(1.0, 0.5), subgroups=(BY_SIZE,), displays=("split_forest",))


def test_the_large_trials_come_first_with_both_summaries(split):
    strata = strata_of(split)
    assert [one.group.label for one in strata] == list(reversed(BY_SIZE.labels))
    for one in strata:
        assert (one.common.method, one.random.method) == (split.common.method, split.fit.method)


def test_shares_of_participants_and_of_either_weight_sum_to_a_hundred(split):
    records = mosaic_records(split, False)
    assert len(records) == 6
    for name in {one["share"] for one in records}:
        assert sum(one["percent"] for one in records if one["share"] == name) == pytest.approx(100)


# Benefit and harm


def test_the_difference_per_thousand_has_the_interval_of_the_risk_difference():
    (one,) = outcomes_of(evidence_of(analysed(tables((35, 75, 9, 73)), displays=("benefit_harm",))))
    assert one.difference == pytest.approx((343.4, 207.6, 479.2), abs=0.1)
    assert one.text == "343 more (208 to 479 more)"
    kinds = [(i["arm"], i["kind"]) for i in icon_records(one, 0, BESIDE_EACH_OTHER)]
    assert kinds.count(("control", "shared")) == kinds.count(("treatment", "shared")) == 12
    assert kinds.count(("treatment", "extra")) == 35
    assert kinds.count(("treatment", "none")) == 53


def test_an_interval_over_zero_names_both_sides():
    (one,) = outcomes_of(evidence_of(analysed(tables((5, 75, 2, 73)), displays=("benefit_harm",))))
    assert one.text == "39 more (28 fewer to 107 more)"


# Specifications and pages


def made(name):
    """Return an analysis that has a display."""
    if name == "split_forest":
        return analysed(trials_by_size(1.0, 0.5), subgroups=(BY_SIZE,), displays=(name,))
    if name == "benefit_harm":
        return analysed(tables((35, 75, 9, 73)), displays=(name,))
    return cohort(low(null_after_albumin="yes"), low(exposed_upper=2.0), unprinted(), displays=(name,))


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_every_display_keeps_to_the_schema(name, narrow):
    analysis = made(name)
    assert CHARTS[name].absence(analysis) == ""
    spec = CHARTS[name].function(analysis, narrow=narrow).to_dict(validate=True)
    assert spec == chart_spec(name, analysis, narrow)
    assert spec["width"] == (344 if narrow else 960)


@pytest.mark.parametrize("name", NAMES)
def test_every_display_can_be_read_as_a_table(name):
    analysis = made(name)
    headings, rows = CHARTS[name].table(analysis)
    assert rows and all(len(row) == len(headings) for row in rows)


# What has no height, and what things are called


def test_only_a_stated_null_stands_at_one_and_the_rest_has_no_height():
    """A p-value alone lies below the plot; "no association" is an outline at 1."""
    nothing = {"estimate": "", "ci_lower": "", "ci_upper": ""}
    for status, kind in (("p_only", NONE), ("direction_only", NONE), ("null_no_number", "null")):
        placed = ladder_of([evidence_of(cohort(low(**nothing, result_status=status)))], False)
        first, reference = step_records(placed)
        assert first["kind"] == kind
        (panel,) = placed.panels
        assert (first["y"] == reference["y"]) == (kind == "null")
        assert (first["y"] > panel.plot[1]) == (kind == NONE)


def test_strokes_of_a_strip_stay_within_it():
    box = {"x": 10.0, "x2": 40.0, "y": 5.0, "y2": 12.0}
    strokes = hatching(box)
    assert len(strokes) == 4
    assert all(box["x"] <= one["x"] < one["x2"] <= box["x2"] for one in strokes)


def test_the_ladder_says_what_strips_are():
    said = CHARTS["magnesium_ladder"].caption(cohort(low()))
    assert "have no height" in said


def test_a_long_name_of_a_cohort_takes_two_lines():
    name = "A hospital of a large city 2020 (peritoneal dialysis, women)"
    analysis = cohort(low(study=name))
    wide = ladder_of([evidence_of(analysis)], False)
    (panel,) = wide.panels
    lines = label_lines(replace(panel.cohort, label=name), wide.frame)
    assert len(lines) > 1
    assert " ".join(lines) == name


@pytest.mark.parametrize(
    ("defined", "expected"),
    [
        (["death from any cause, 1 year", "death from any cause, 3 years"], "Death from any cause"),
        (["death, 1 year", "stroke, 3 years"], "All cause death"),
        (["x" * 90, "x" * 90], "All cause death"),
        (["", ""], "All cause death"),
    ],
)
def test_an_outcome_is_called_what_its_rows_define(defined, expected):
    rows = pd.DataFrame({"outcome_id": "all_cause_death", "outcome_definition": defined})
    assert outcome_names(rows) == {"all_cause_death": expected}


def test_two_outcomes_never_share_a_name():
    rows = pd.DataFrame(
        {
            "outcome_id": ["mg_pth_correlation", "mg_pth_correlation_ckd"],
            "outcome_definition": ["magnesium with PTH", "magnesium with PTH, dialysis not stated"],
        }
    )
    names = outcome_names(rows)
    assert names["mg_pth_correlation_ckd"] == "Magnesium with PTH, dialysis not stated"
    assert len(set(names.values())) == 2
    assert outcome_words("mg_pth_correlation_ckd") == "Magnesium with PTH (CKD)"


def test_a_lost_association_is_not_said_to_be_lost_with_albumin_alone():
    (climb,) = climbs_of(evidence_of(cohort(low(null_after_albumin="yes"))))
    assert climb.rungs[-1].name == "With albumin or laboratory values"


def test_the_table_of_a_picture_has_a_name():
    analysis = cohort(low())
    assert f'<table aria-label="Magnesium ladder: {analysis.question.title}"' in folded(
        CHARTS["magnesium_ladder"].table(analysis), f"Magnesium ladder: {analysis.question.title}"
    )
