import inspect
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from livingmeta.units import (
    DERIVATIONS,
    MMOL_PER_L,
    UnitError,
    events_from_percent,
    invert_ratio,
    n_from_r_and_p,
    to_mmol_per_l,
)


@pytest.mark.parametrize(("value", "unit"), [(1.0, "mmol/L"), (2.0, "mEq/L"), (2.431, "mg/dL")])
def test_one_mmol_per_litre_in_every_unit(value, unit):
    assert to_mmol_per_l(value, unit) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("unit", ["", "unknown", "mmol/l", "g/L"])
def test_an_unknown_unit_is_refused_and_the_known_ones_are_named(unit):
    with pytest.raises(UnitError, match="mEq/L"):
        to_mmol_per_l(1.0, unit)


@given(st.sampled_from(sorted(MMOL_PER_L)), st.floats(0.01, 10))
def test_conversion_is_proportional(unit, value):
    assert to_mmol_per_l(2 * value, unit) == pytest.approx(2 * to_mmol_per_l(value, unit))


@pytest.mark.parametrize(("r", "n"), [(-0.30, 35), (0.5, 20), (0.1, 400), (-0.9, 6)])
def test_n_from_r_and_p_finds_the_n_that_gave_the_p(r, n):
    p = 2 * stats.t.sf(abs(r) * math.sqrt((n - 2) / (1 - r**2)), n - 2)
    assert n_from_r_and_p(r, p) == n


def test_n_from_r_and_p_works_from_printed_digits():
    assert n_from_r_and_p(-0.30, 0.079) == 35


@pytest.mark.parametrize(
    ("percent", "n", "events"), [(3.5, 169, 6), (0, 50, 0), (100, 7, 7), (12.3, 1000, 123)]
)
def test_events_from_percent(percent, n, events):
    assert events_from_percent(percent, n) == events


@given(st.floats(0.05, 20), st.floats(1.01, 5), st.floats(1.01, 5))
def test_inverting_a_ratio_twice_gives_it_back(estimate, below, above):
    printed = (estimate, estimate / below, estimate * above)
    inverted = invert_ratio(*printed)
    assert inverted[1] < inverted[0] < inverted[2]
    assert invert_ratio(*inverted) == pytest.approx(printed)


def test_derivations_are_registered_under_the_name_of_their_function():
    assert all(name == function.__name__ for name, function in DERIVATIONS.items())
    assert all(inspect.getdoc(function) for function in DERIVATIONS.values())
