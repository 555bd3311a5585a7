"""Is the multiverse every declared analysis, each as if it were made by itself, and told as a range?"""

from dataclasses import replace

import pytest

from livingmeta.charts import CHARTS, chart_spec
from livingmeta.effect_sizes import ZeroCellRule, effect_sizes, with_field_names
from livingmeta.estimators import pool
from livingmeta.multiverse import MAIN_ROWS, multiverse
from livingmeta.questions import Grid, QuestionError, Variant, load_question
from livingmeta.results import question_record
from livingmeta.selection import rows_for
from livingmeta.tables.multiverse import range_in_words
from made_up import QUESTION, analysed

NAMES = ("events_treatment", "n_treatment", "events_control", "n_control")
TABLES = [
    (1, 40, 5, 42),
    (3, 50, 9, 48),
    (0, 30, 4, 31),
    (70, 900, 80, 910),
    (12, 120, 14, 118),
    (6, 75, 5, 80),
]
FULL = Grid(
    methods=("REML", "DL", "EE", "MH", "PETO"),
    tests=("adhoc", "knha", "z"),
    measures=("OR", "RR"),
    zero=("only0", "all"),
)
WITHOUT_LARGE = Variant("Without the large trial", exclude={"study_id": "study3"})


def rows(tables=TABLES):
    return [dict(zip(NAMES, cells, strict=True)) for cells in tables]


def made(tables=TABLES, grid=FULL, sensitivity=(WITHOUT_LARGE,), **changes):
    return analysed(rows(tables), multiverse=grid, sensitivity=sensitivity, **changes)


@pytest.fixture(scope="module")
def analysis():
    return made()


@pytest.fixture(scope="module")
def found(analysis):
    return multiverse(analysis)


def test_every_choice_is_combined_with_every_other(found):
    # two rows x two measures x two zero rules: REML and DL with 3 tests each, EE with z only;
    # without the zero rules MH for both measures and Peto for one
    assert len(found.specifications) == 2 * 2 * 2 * (3 + 3 + 1) + 2 * 2 + 2
    assert found.varied == ("measure", "method", "test", "zero", "rows")


def test_no_analysis_is_there_twice(found):
    keys = [(one.measure, one.method, one.test, one.zero, one.rows) for one in found.specifications]
    assert len(set(keys)) == len(keys)


def test_each_is_what_the_same_analysis_gives_by_itself(analysis, found):
    variants = {MAIN_ROWS: None, WITHOUT_LARGE.name: WITHOUT_LARGE}
    for one in found.specifications:
        chosen = with_field_names(rows_for(analysis.rows, analysis.question, variants[one.rows]))
        effects = effect_sizes(chosen, one.measure, zero=ZeroCellRule(to=one.zero))
        fit = pool(effects, one.method, one.test)
        assert (one.estimate, one.ci_lower, one.ci_upper) == pytest.approx(
            (fit.estimate, fit.ci_lower, fit.ci_upper), rel=1e-9
        ), one


def test_the_main_analysis_is_one_of_them_and_marked(analysis, found):
    (main,) = [one for one in found.specifications if one.is_main]
    assert main.estimate == pytest.approx(analysis.fit.estimate, rel=1e-12)
    assert (main.method, main.test, main.rows) == ("REML", "adhoc", MAIN_ROWS)


def test_they_are_ordered_by_estimate(found):
    estimates = [one.estimate for one in found.specifications]
    assert estimates == sorted(estimates)


def test_without_a_zero_cell_its_rules_are_one():
    some = multiverse(made([cells for cells in TABLES if 0 not in cells]))
    assert "zero" not in some.varied


def test_rows_with_fewer_than_three_studies_are_named_and_left_out():
    two = Variant("Two trials", filter={"study_id": ["study0", "study1"]})
    some = multiverse(made(sensitivity=(two,)))
    assert some.options("rows") == (MAIN_ROWS,)
    assert any("Two trials" in reason and "fewer than three" in reason for reason in some.left_out)


def test_a_question_without_a_grid_has_none():
    plain = made(grid=None)
    assert multiverse(plain) is None
    assert question_record(plain)["multiverse"] is None
    assert "declares no other" in CHARTS["multiverse"].absence(plain)


def test_the_record_holds_every_analysis_on_the_natural_scale(analysis, found):
    record = question_record(analysis)["multiverse"]
    assert record["n"] == len(record["specifications"]) == len(found.specifications)
    assert record["estimate_lowest"] == record["specifications"][0]["estimate"] > 0
    assert record["estimate_highest"] == record["specifications"][-1]["estimate"]


def test_the_words_give_a_range_and_say_that_it_is_no_distribution(analysis, found):
    said = range_in_words(found, analysis.effects.measure)
    assert f"{len(found.specifications)} analyses" in said
    assert "OR and RR" in said and "not a distribution" in said


@pytest.mark.parametrize("narrow", [False, True])
def test_the_curve_has_a_point_for_each_and_a_dot_for_each_choice(analysis, found, narrow):
    spec = chart_spec("multiverse", analysis, narrow)
    sets = [data for data in spec["datasets"].values() if data and "choices" in data[0]]
    points = [row for data in sets if "lower" in data[0] for row in data if row["y"] != row["lower"]]
    assert len(points) == len(found.specifications)
    dots = [data for data in spec["datasets"].values() if data and set(data[0]) == {"x", "y", "color"}]
    assert max(map(len, dots)) == len(found.specifications) * len(found.varied)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("multiverse: {methods: REML}", "must be a list"),
        ("multiverse: {methods: []}", "at least one entry"),
        ("multiverse: {tests: [z]}", "methods: missing"),
        ("multiverse: {methods: [REML], measure: [OR]}", "unknown key"),
        ("multiverse: REML", "must be a mapping"),
    ],
)
def test_a_grid_that_cannot_be_read_is_a_fault(tmp_path, written, rule):
    path = tmp_path / "q.yml"
    path.write_text(written + "\n", encoding="utf-8")
    with pytest.raises(QuestionError, match=rule):
        load_question(path)


def test_a_grid_is_read_as_it_is_written(tmp_path):
    keys = ("id", "part", "title", "question", "population", "intervention", "comparator", "outcome")
    text = {
        key: getattr(QUESTION, key) for key in (*keys, "outcome_noun", "outcome_event", "designs", "text")
    }
    lines = [f"{key}: {value!r}" for key, value in text.items()]
    lines += ["effects: x.csv", "measure: OR", "verdict: association", "living: {}", "eligibility: [Anyone.]"]
    path = tmp_path / "made-up.yml"
    path.write_text("\n".join([*lines, "multiverse: {methods: [REML, MH], zero: [only0]}"]), encoding="utf-8")
    assert load_question(path).multiverse == replace(Grid(("REML", "MH")), zero=("only0",))
