import math

import pytest

from livingmeta import formats as f

MINUS = "−"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5793, "0.58"), (12.7, "12.70"), (221.4, "221"), (0.004, "0.004"), (0.00001, "1e−05"), (1, "1.00")],
)
def test_ratio(value, text):
    assert f.ratio(value) == text


@pytest.mark.parametrize("show", [f.ratio, f.number, f.count, f.percent])
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_not_there_is_a_dash(show, value):
    assert show(value) == f.MISSING


def test_minus_is_a_true_minus_and_zero_has_none():
    assert f.number(-0.36) == f"{MINUS}0.36"
    assert f.number(-0.001) == "0.00"
    assert f.signed(-0.0, 1) == "0.0"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.5, "p = 0.50"),
        (0.034, "p = 0.034"),
        (0.0008, "p = 0.0008"),
        (0.00001, "p < 0.0001"),
        (None, "p not available"),
    ],
)
def test_p_value(p, text):
    assert f.p_value(p) == text


def test_interval_of_positive_limits_has_an_en_dash_and_of_negative_ones_a_comma():
    assert f.interval(0.44, 0.77) == "0.44–0.77"
    assert f.interval(-0.58, -0.09, show=f.number) == f"{MINUS}0.58, {MINUS}0.09"
    assert f.interval(None, 1) == f.MISSING


def test_with_interval():
    assert f.with_interval(0.58, 0.44, 0.77) == "0.58 (0.44–0.77)"
    assert f.with_interval(0.58, None, None) == "0.58"
    assert f.with_interval(None, 0.1, 0.2) == f.MISSING


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((73.0, 30.0, 116.0), "73 (30–116)"),
        ((39.0, -60.2, 138.1), f"39 ({MINUS}60, 138)"),
        ((12.66, 0.73, 221.0), "12.66 (0.73–221)"),
        ((99.0, 30.0, 99.9), "99.00 (30.00–99.90)"),
    ],
)
def test_the_numbers_of_one_estimate_have_the_same_decimals(ends, text):
    assert f.with_interval(*ends) == text


def test_counts_percents_words_and_lists():
    assert f.count(58050.0) == "58,050"
    assert f.percent(82.2) == "82%"
    assert (f.words(0), f.words(12), f.words(1000)) == ("zero", "twelve", "1,000")
    assert f.listing(["a"]) == "a"
    assert f.listing(["a", "b", "c"]) == "a, b and c"
    assert f.listing(["a", "b"], "or") == "a or b"


def test_things_are_counted_in_words_that_fit_the_number():
    assert f.counted(1, "record") == "1 record"
    assert f.counted(0, "record") == "0 records"
    assert f.counted(1234, "study", "studies") == "1,234 studies"
