"""What must hold of any number that becomes text."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmeta import formats as f

settings.register_profile("quick", max_examples=200, deadline=None, derandomize=True)
settings.load_profile("quick")

ANY = st.floats(allow_nan=True, allow_infinity=True)
USUAL = st.floats(-1e6, 1e6)
digits = st.integers(0, 6)


def shown(value: float, places: int) -> list[str]:
    return [
        f.number(value, places),
        f.percent(value, places),
        f.count(value),
        f.ratio(value),
        f.interval(value, value),
        f.with_interval(value, value, value),
        f.p_value(value),
    ]


@given(value=ANY, places=digits)
def test_zero_has_no_sign_and_minus_is_no_hyphen(value, places):
    for text in shown(value, places):
        assert "-" not in re.sub(r"e-\d+", "", text)
        assert not re.search(rf"{f.MINUS}0(\.0*)?(?![\d.])", text)


@given(value=USUAL, places=digits)
def test_what_is_shown_is_the_number_rounded(value, places):
    text = f.number(value, places).replace(f.MINUS, "-")
    assert abs(float(text) - value) <= 0.5 * 10**-places * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize("value", [-0.0, -0.001, -0.004999, -1e-300])
def test_almost_zero_from_below(value):
    assert f.number(value) == "0.00"
    assert f.percent(value, 1).startswith("0.0")


@given(value=st.floats(1e-3, 1e4))
def test_a_ratio_is_never_shown_as_zero(value):
    assert float(f.ratio(value)) > 0


@given(p=st.floats(0, 1))
def test_a_p_value_is_never_shown_as_zero(p):
    text = f.p_value(p)
    assert text.startswith(("p = ", "p < "))
    assert text == "p < 0.0001" or float(text.removeprefix("p = ")) > 0
