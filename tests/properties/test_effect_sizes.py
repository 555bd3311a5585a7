"""What must hold of every effect size: order, direction, unit and the type of the numbers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingmeta.effect_sizes import MEASURES, ZeroCellRule, effect_sizes

quick = settings(max_examples=10, deadline=None, derandomize=True)

BY_INPUTS = {
    kind: [code for code, m in MEASURES.items() if m.inputs == kind]
    for kind in ("counts", "person_time", "means")
}
# Swapping the arms turns the sign of every one of these.
COMPARING = [*BY_INPUTS["counts"], *BY_INPUTS["person_time"], *BY_INPUTS["means"], "VR"]
KEPT = ZeroCellRule(keep_double_zero=True)


@st.composite
def two_arms(draw, least=1, most=4):
    """Return rows that have counts, person-time and means, zero cells included."""
    k = draw(st.integers(least, most))
    arm = st.integers(2, 500).flatmap(
        lambda n: st.tuples(
            st.integers(0, n), st.just(n), st.integers(1, 10**6), st.floats(1, 99), st.floats(0.5, 20)
        )
    )
    names = ("events", "n", "time", "mean", "sd")
    pairs = draw(st.lists(st.tuples(arm, arm), min_size=k, max_size=k))
    arms = ("treatment", "control")
    columns = [f"{name}_{a}" for a in arms for name in names]
    frame = pd.DataFrame([(*one, *other) for one, other in pairs], columns=columns)
    return frame.assign(study=[f"s{i}" for i in range(k)], line=range(2, k + 2))


def swapped(rows):
    pairs = (("treatment", "control"), ("control", "treatment"))
    return rows.rename(
        columns={f"{q}_{a}": f"{q}_{b}" for q in ("events", "n", "time", "mean", "sd") for a, b in pairs}
    )


def by_line(effects, name):
    return dict(zip(effects.frame["line"], getattr(effects, name), strict=True))


def assert_same(one, other, factor=1.0, square=1.0):
    for name, times in (("yi", factor), ("vi", square)):
        theirs, ours = by_line(one, name), by_line(other, name)
        assert ours == pytest.approx(
            {i: times * x for i, x in theirs.items()}, rel=1e-9, abs=1e-12 * abs(times)
        )


every_measure = pytest.mark.parametrize("measure", COMPARING)


@every_measure
@quick
@given(rows=two_arms(), seed=st.integers(0, 99), to=st.sampled_from(["only0", "all", "if0all", "none"]))
def test_order_of_rows_is_irrelevant(measure, rows, seed, to):
    order = np.random.default_rng(seed).permutation(len(rows))
    rule = ZeroCellRule(to=to)
    one, other = (effect_sizes(r, measure, zero=rule) for r in (rows, rows.iloc[order]))
    assert_same(one, other)
    assert {(x.line, x.reason) for x in one.excluded} == {(x.line, x.reason) for x in other.excluded}


@every_measure
@quick
@given(rows=two_arms())
def test_swapped_arms_turn_the_sign(measure, rows):
    one, other = (effect_sizes(r, measure, zero=KEPT) for r in (rows, swapped(rows)))
    assert_same(one, other, factor=-1)


@every_measure
@quick
@given(rows=two_arms())
def test_every_row_enters_with_a_finite_variance_or_is_listed(measure, rows):
    effects = effect_sizes(rows, measure)
    assert sorted([*effects.frame["line"], *(x.line for x in effects.excluded)]) == list(rows["line"])
    assert np.isfinite(effects.yi).all() and np.isfinite(effects.vi).all() and (effects.vi > 0).all()
    assert all(x.reason for x in effects.excluded)


@pytest.mark.parametrize("c", [1e-6, 2.431, 1e6])
@quick
@given(rows=two_arms())
def test_another_unit_scales_a_mean_difference_and_leaves_ratios_and_standardised_ones(c, rows):
    columns = [name for name in rows if name.startswith(("mean_", "sd_"))]
    other = rows.assign(**{name: c * rows[name] for name in columns})
    assert_same(*(effect_sizes(r, "MD") for r in (rows, other)), factor=c, square=c**2)
    for measure in ("SMD", "SMDH", "ROM", "CVR", "VR"):
        assert_same(*(effect_sizes(r, measure) for r in (rows, other)))


@quick
@given(rows=two_arms())
def test_another_unit_of_time_scales_rates(rows):
    other = rows.assign(**{name: rows[name] / 1000 for name in rows if name.startswith("time_")})
    for measure, factor in (("IRR", 1), ("IRD", 1000), ("IRSD", 1000**0.5)):
        one, two = (effect_sizes(r, measure) for r in (rows, other))
        assert_same(one, two, factor=factor, square=factor**2)


@pytest.mark.parametrize("measure", [*BY_INPUTS["counts"], *BY_INPUTS["person_time"]])
@quick
@given(rows=two_arms(), kind=st.sampled_from(["int16", "int32", "int64", "Int64", "float32", "string"]))
def test_whole_numbers_of_any_type_give_what_floats_give(measure, rows, kind):
    columns = [name for name in rows if name.startswith(("events_", "n_"))]
    one, other = (effect_sizes(rows.astype(dict.fromkeys(columns, k)), measure) for k in (float, kind))
    assert list(one.yi) == list(other.yi) and list(one.vi) == list(other.vi)


@pytest.mark.parametrize("measure", ["PR", "PLN", "PLO", "PAS", "PFT"])
@quick
@given(rows=two_arms())
def test_a_single_group_is_shown_near_its_proportion(measure, rows):
    group = rows.rename(columns={"events_treatment": "events", "n_treatment": "n"})
    for i in range(len(group)):
        effects = effect_sizes(group.iloc[[i]], measure, zero=ZeroCellRule(add=0))
        if effects.k:
            expected = group["events"].iloc[i] / group["n"].iloc[i]
            assert effects.measure.to_display(effects.yi[0]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("measure", ["OR", "HR", "MD", "RD", "ZCOR", "PLO"])
@quick
@given(level=st.floats(1, 99.99), y=st.floats(-0.4, 0.4), se=st.floats(0.001, 0.5))
def test_an_interval_of_any_level_leads_back_to_the_variance(measure, level, y, se):
    from livingmeta.distributions import normal_quantile

    half = normal_quantile(0.5 + level / 200) * se
    ends = [float(MEASURES[measure].to_display(x)) for x in (y, y - half, y + half)]
    row = dict(
        zip(("estimate", "ci_lower", "ci_upper"), ends, strict=True), ci_level=level, study="s", line=2
    )
    effects = effect_sizes(pd.DataFrame([row]), measure)
    assert (effects.yi[0], effects.vi[0]) == pytest.approx((y, se**2), rel=1e-6, abs=1e-9)
