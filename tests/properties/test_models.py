"""What must hold of any data: order, direction, units, scale and the bounds of every interval."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from livingmeta.diagnostics import between_groups, newcombe, one_table
from livingmeta.diagnostics.influence import leave_one_out
from livingmeta.effect_sizes import effect_sizes
from livingmeta.estimators import ESTIMATORS, TESTS, fit_counts, fit_model, pool
from livingmeta.estimators.tau2 import ml_score, reml_score
from moderated import made

settings.register_profile("quick", max_examples=12, deadline=None, derandomize=True)
settings.load_profile("quick")

METHODS = tuple(ESTIMATORS)
NUMBERS = ("estimate", "se", "ci_lower", "ci_upper")


@st.composite
def effects_with_variances(draw, least=2, most=12, scale=1.0):
    """Return (yi, vi), each of shape (k,)."""
    k = draw(st.integers(least, most))
    y = draw(st.lists(st.floats(-3, 3), min_size=k, max_size=k))
    se = draw(st.lists(st.floats(0.05, 2), min_size=k, max_size=k))
    return scale * np.round(y, 6), (scale * np.round(se, 6)) ** 2


@st.composite
def tables(draw, least=2, most=8, largest=500):
    """Return rows of 2x2 tables with at least one event and one survivor in each arm."""
    k = draw(st.integers(least, most))
    arm = st.integers(2, largest).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
    rows = draw(st.lists(st.tuples(arm, arm), min_size=k, max_size=k))
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    frame = pd.DataFrame([(*treatment, *control) for treatment, control in rows], columns=names)
    return frame.assign(study=[f"s{i}" for i in range(k)], line=range(2, k + 2))


@st.composite
def means(draw, least=2, most=6):
    k = draw(st.integers(least, most))
    arm = st.tuples(st.floats(-50, 50), st.floats(1, 20), st.integers(2, 200))
    rows = draw(st.lists(st.tuples(arm, arm), min_size=k, max_size=k))
    names = [f"{q}_{a}" for a in ("treatment", "control") for q in ("mean", "sd", "n")]
    frame = pd.DataFrame([(*a, *b) for a, b in rows], columns=names)
    return frame.assign(study=[f"s{i}" for i in range(k)], line=range(2, k + 2))


def fitted(data, method, test="z", **options):
    return fit_model(*data, measure="GEN", method=method, test=test, **options)


def numbers(fit, factor=1.0):
    return {key: factor * getattr(fit, key) for key in NUMBERS}


def exchanged(rows):
    arms = ("treatment", "control")
    renamed = {f"{q}_{a}": f"{q}_{b}" for q in ("events", "n") for a, b in (arms, arms[::-1])}
    return rows.rename(columns=renamed)


every_method = pytest.mark.parametrize("method", METHODS)
every_test = pytest.mark.parametrize("test", TESTS)


@every_method
@every_test
@given(data=effects_with_variances(), seed=st.integers(0, 1000))
def test_order_of_rows_is_irrelevant(method, test, data, seed):
    order = np.random.default_rng(seed).permutation(len(data[0]))
    one, other = fitted(data, method, test), fitted((data[0][order], data[1][order]), method, test)
    assert numbers(one) == pytest.approx(numbers(other), rel=1e-8, abs=1e-10)
    assert one.weights[order] == pytest.approx(other.weights, rel=1e-7)


@every_method
@given(data=effects_with_variances())
def test_tau2_is_not_negative_and_lies_in_no_impossible_interval(method, data):
    fit = fitted(data, method)
    assert fit.tau2 >= 0
    assert 0 <= fit.tau2_ci_lower <= fit.tau2_ci_upper
    assert 0 <= fit.i2 <= 100 and fit.h2 >= (1 if method != "EE" else 0)
    assert fit.weights.sum() == pytest.approx(100)


@every_method
@every_test
@given(data=effects_with_variances(least=1, most=1), level=st.floats(50, 99))
def test_one_study_returns_itself(method, test, data, level):
    fit = fitted(data, method, test, level=level)
    assert (fit.estimate, fit.k, fit.test) == (data[0][0], 1, "z")
    assert fit.se**2 == pytest.approx(data[1][0])
    assert fit.tau2 is fit.pi_lower is fit.q is None
    assert fit.warnings


@every_method
@every_test
@given(data=effects_with_variances(), c=st.sampled_from([1e-6, 0.01, 7.0, 1e5]))
def test_a_change_of_scale_scales_the_estimate(method, test, data, c):
    one = fitted(data, method, test)
    other = fitted((c * data[0], c**2 * data[1]), method, test)
    assert numbers(other) == pytest.approx(numbers(one, c), rel=1e-8, abs=1e-10 * c)
    assert other.tau2 == pytest.approx(c**2 * one.tau2, rel=1e-7, abs=1e-11 * c**2)
    assert other.tau2_ci_upper == pytest.approx(c**2 * one.tau2_ci_upper, rel=1e-6, abs=1e-9 * c**2)
    assert other.i2 == pytest.approx(one.i2, rel=1e-6, abs=1e-6)


@every_method
@given(data=effects_with_variances(), shift=st.sampled_from([-50.0, 1.0, 50.0]))
def test_a_shift_of_all_effects_shifts_the_estimate(method, data, shift):
    one, other = fitted(data, method), fitted((data[0] + shift, data[1]), method)
    assert other.estimate == pytest.approx(one.estimate + shift, rel=1e-9)
    assert other.se == pytest.approx(one.se, rel=1e-5)


@every_method
@given(data=effects_with_variances())
def test_the_sign_of_effects_is_that_of_the_estimate(method, data):
    one, other = fitted(data, method), fitted((-data[0], data[1]), method)
    assert (other.estimate, other.ci_lower) == pytest.approx((-one.estimate, -one.ci_upper), abs=1e-9)


@every_method
@given(data=effects_with_variances())
def test_adhoc_is_never_narrower_than_z_or_plain_knapp_hartung(method, data):
    z, knha, adhoc = (fitted(data, method, test) for test in ("z", "knha", "adhoc"))
    assert adhoc.se >= max(z.se, knha.se) * (1 - 1e-9)
    assert adhoc.ci_upper - adhoc.ci_lower >= (z.ci_upper - z.ci_lower) * (1 - 1e-9)


@given(data=effects_with_variances(), which=st.integers(0, 11))
def test_under_equal_effects_copies_tell_more(data, which):
    y, v = data
    i = which % len(y)
    one = fitted(data, "EE")
    assert fitted((np.append(y, y[i]), np.append(v, v[i])), "EE").se < one.se
    doubled = fitted((np.tile(y, 2), np.tile(v, 2)), "EE")
    assert doubled.se == pytest.approx(one.se / np.sqrt(2), rel=1e-12)
    assert doubled.estimate == pytest.approx(one.estimate, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("method", "score"), [("REML", reml_score), ("ML", ml_score)])
@given(data=effects_with_variances())
def test_the_score_is_zero_at_the_answer_or_tau2_is(method, score, data):
    tau2 = fitted(data, method).tau2
    y, v, X = data[0][:, None], data[1][:, None], np.ones((len(data[0]), 1))
    weight = (1 / (data[1] + tau2)).sum()
    if tau2 > 0:
        assert abs(score(tau2, y, v, X)) <= 1e-9 * weight
    else:
        assert score(0.0, y, v, X) <= 1e-9 * weight


@every_method
@given(data=effects_with_variances(least=3))
def test_leaving_one_out_is_refitting(method, data):
    y, v = data
    found = leave_one_out(made(y, v), method)
    for i in range(len(y)):
        one = fitted((np.delete(y, i), np.delete(v, i)), method)
        assert found[i]["estimate"] == pytest.approx(one.estimate, rel=1e-8, abs=1e-9)
        assert found[i]["tau2"] == pytest.approx(one.tau2, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("method", ["DL", "REML"])
@every_test
@given(data=effects_with_variances(least=3))
def test_prediction_interval_contains_the_confidence_interval(method, test, data):
    fit = fitted(data, method, test)
    slack = 1e-9 * (fit.ci_upper - fit.ci_lower)
    assert fit.pi_lower <= fit.ci_lower + slack
    assert fit.ci_upper <= fit.pi_upper + slack


@every_method
@every_test
@given(y=st.floats(-5, 5), se=st.lists(st.floats(0.1, 2), min_size=2, max_size=8))
def test_identical_effects_have_no_heterogeneity(method, test, y, se):
    assume(y == 0 or abs(y) > 1e-6)
    fit = fitted((np.full(len(se), y), np.square(se)), method, test)
    assert fit.estimate == pytest.approx(y, rel=1e-9, abs=1e-9)
    assert fit.tau2 == 0
    assert fit.q == pytest.approx(0, abs=1e-9)
    assert fit.ci_lower <= fit.estimate <= fit.ci_upper
    assert 0 <= fit.p_value <= 1


@pytest.mark.parametrize("scale", [1e-6, 50.0])
@every_method
@given(data=effects_with_variances(least=3))
def test_tiny_and_huge_effects_are_pooled_alike(scale, method, data):
    one, other = fitted(data, method), fitted((scale * data[0], scale**2 * data[1]), method)
    ours, theirs = (one.tau2_ci_lower, one.tau2_ci_upper), (other.tau2_ci_lower, other.tau2_ci_upper)
    assert theirs == pytest.approx([x * scale**2 for x in ours], rel=1e-6, abs=1e-9 * scale**2)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO"])
@given(rows=tables())
def test_exchanged_arms_turn_the_sign(measure, rows):
    one, other = effect_sizes(rows, measure), effect_sizes(exchanged(rows), measure)
    assert other.yi == pytest.approx(-one.yi, rel=1e-9, abs=1e-12)
    assert other.vi == pytest.approx(one.vi, rel=1e-9)


@pytest.mark.parametrize(("method", "measure"), [("MH", "OR"), ("MH", "RR"), ("MH", "RD"), ("PETO", "OR")])
@given(rows=tables())
def test_exchanged_arms_turn_the_sign_of_pooled_tables(method, measure, rows):
    one, other = (fit_counts(effect_sizes(r, measure), method) for r in (rows, exchanged(rows)))
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-9, abs=1e-12)
    assert other.se == pytest.approx(one.se, rel=1e-9)


@given(rows=tables())
def test_exchanged_events_turn_the_sign_of_odds_ratios_alone(rows):
    turned = rows.assign(
        **{f"events_{a}": rows[f"n_{a}"] - rows[f"events_{a}"] for a in ("treatment", "control")}
    )
    assert effect_sizes(turned, "OR").yi == pytest.approx(-effect_sizes(rows, "OR").yi, abs=1e-9)
    assert effect_sizes(turned, "RD").yi == pytest.approx(-effect_sizes(rows, "RD").yi, abs=1e-12)


@given(rows=means(), c=st.sampled_from([0.01, 2.431, 1000.0]))
def test_another_unit_scales_a_mean_difference_and_leaves_a_standardised_one(rows, c):
    columns = [name for name in rows.columns if name.startswith(("mean_", "sd_"))]
    other = rows.assign(**{name: c * rows[name] for name in columns})
    assert effect_sizes(other, "MD").yi == pytest.approx(c * effect_sizes(rows, "MD").yi, abs=1e-9 * c)
    assert effect_sizes(other, "MD").vi == pytest.approx(c**2 * effect_sizes(rows, "MD").vi, rel=1e-9)
    for name in ("yi", "vi"):
        ours, theirs = (getattr(effect_sizes(r, "SMD"), name) for r in (rows, other))
        assert theirs == pytest.approx(ours, rel=1e-9, abs=1e-12)


@given(data=effects_with_variances(least=4), seed=st.integers(0, 1000), test=st.sampled_from(["z", "knha"]))
def test_order_of_subgroups_is_irrelevant_to_the_test_between_them(data, seed, test):
    k = len(data[0])
    labels = np.array([("a", "b", "c")[i % 3] for i in range(k)], dtype=object)
    order = np.random.default_rng(seed).permutation(k)
    one, other = (
        between_groups(made(data[0][i], data[1][i]), labels[i], "REML", test) for i in (np.arange(k), order)
    )
    assert other.statistic == pytest.approx(one.statistic, rel=1e-6, abs=1e-8)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6, abs=1e-9)
    assert other.df == one.df == 2


@given(data=effects_with_variances(least=2), level=st.floats(60, 99))
def test_a_higher_level_gives_a_wider_interval(data, level):
    narrow, wide = (pool(made(*data), "REML", "adhoc", x) for x in (level - 10, level))
    assert wide.ci_lower < narrow.ci_lower < narrow.ci_upper < wide.ci_upper
    assert wide.estimate == narrow.estimate


arms = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(one=arms, other=arms)
def test_newcombe_contains_the_difference_and_turns_with_the_arms(one, other):
    difference = one[0] / one[1] - other[0] / other[1]
    lower, upper = newcombe(*one, *other)
    assert -1 <= lower <= difference + 1e-12
    assert difference - 1e-12 <= upper <= 1
    assert newcombe(*other, *one) == pytest.approx((-upper, -lower), abs=1e-12)


@given(one=arms, other=arms)
def test_a_single_table_is_symmetric_in_its_arms(one, other):
    first, second = one_table(*one, *other), one_table(*other, *one)
    assert second.difference == pytest.approx(-first.difference)
    assert second.p_exact == pytest.approx(first.p_exact, rel=1e-9)
    assert 0 <= first.p_exact <= 1
    assert first.difference_ci_lower - 1e-12 <= first.difference <= first.difference_ci_upper + 1e-12
