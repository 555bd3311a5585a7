"""Are the rows of a question the ones that its file asks for?"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from livingmeta.questions import Variant
from livingmeta.selection import all_rows, doubled, labels_of, rows_for, with_null_effects
from made_up import QUESTION, correlations, ratios, studies

ROWS = [
    {"pool_role": "primary", "dataset": "one"},
    {"pool_role": "sensitivity", "dataset": "one"},
    {"pool_role": "primary", "dataset": "two"},
]


@pytest.fixture
def rows():
    values = ratios((1.5, 1.2, 1.9), (1.2, 1.0, 1.44), (0.8, 0.6, 1.07))
    return all_rows(studies([{**a, **b} for a, b in zip(values, ROWS, strict=True)]), QUESTION)


def ids(frame):
    return list(frame["study_id"])


def asked(**filters):
    return replace(QUESTION, filter=filters)


def test_every_row_is_labelled_by_its_study(rows):
    assert list(rows["study"]) == ["Study0", "Study1", "Study2"]


def test_the_filter_of_the_question_chooses(rows):
    assert ids(rows_for(rows, asked(pool_role="primary"))) == ["study0", "study2"]
    both = asked(pool_role=["primary", "sensitivity"], dataset="one")
    assert ids(rows_for(rows, both)) == ["study0", "study1"]


def test_a_variant_without_a_filter_keeps_that_of_the_question(rows):
    variant = Variant("x", exclude={"study_id": "study0"})
    assert ids(rows_for(rows, asked(pool_role="primary"), variant)) == ["study2"]


def test_the_filter_of_a_variant_replaces_that_of_the_question(rows):
    variant = Variant("x", filter={"dataset": "one"})
    assert ids(rows_for(rows, asked(pool_role="primary"), variant)) == ["study0", "study1"]


def test_exclude_needs_all_of_its_columns(rows):
    variant = Variant("x", filter={}, exclude={"dataset": "one", "pool_role": "primary"})
    assert ids(rows_for(rows, QUESTION, variant)) == ["study1", "study2"]


def test_no_effect_keeps_the_precision_of_a_ratio(rows):
    changed = with_null_effects(rows, pd.Series([True, False, True]))
    assert list(changed["estimate"]) == [1.0, 1.2, 1.0]
    ours, theirs = (np.log(f["ci_upper"] / f["ci_lower"]) for f in (changed, rows))
    assert ours.to_numpy() == pytest.approx(theirs.to_numpy())


def test_no_effect_of_a_correlation_is_zero():
    rows = all_rows(studies(correlations(0.5, 0.4)), QUESTION)
    assert list(with_null_effects(rows, pd.Series([False, True]))["r"]) == [0.5, 0.0]


def test_the_original_rows_stay_as_they_were(rows):
    before = rows.copy()
    with_null_effects(rows, pd.Series([True, True, True]))
    pd.testing.assert_frame_equal(rows, before)


def test_a_study_and_cohort_must_not_stand_twice():
    frame = pd.DataFrame({"study_id": ["a", "a", "b", "b"], "cohort_id": ["x", "y", None, None]})
    assert ids(doubled(frame)) == ["b", "b"]


def test_labels_by_threshold_include_the_threshold(rows):
    frame = pd.DataFrame({"n": [999.0, 1000.0, 1001.0]})
    assert list(labels_of(frame, "n", 1000, ("small", "large"))) == ["small", "large", "large"]
    assert list(labels_of(frame, "n", 1000, ())) == ["Below 1000", "1000 or more", "1000 or more"]


def test_labels_by_value_are_readable():
    frame = pd.DataFrame({"stratum": ["peritoneal_dialysis", None]}, dtype=object)
    assert list(labels_of(frame, "stratum", None, ())) == ["Peritoneal dialysis", "Not recorded"]
