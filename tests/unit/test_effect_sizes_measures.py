"""Does each measure give what metafor gives for the same few numbers?

The numbers beside each measure are those of metafor 3.8-1 (R 4.2.2), `escalc` with the call named.
All other values of the reference are compared in tests/reference.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from livingmeta.effect_sizes import MEASURES, ZeroCellRule, effect_sizes, formulas, with_field_names

KEPT = ZeroCellRule(keep_double_zero=True)


def sizes(measure, zero=KEPT, vtype="LS", **columns):
    rows = with_field_names(pd.DataFrame({name: np.atleast_1d(value) for name, value in columns.items()}))
    return effect_sizes(rows.assign(study="s", line=range(len(rows))), measure, zero=zero, vtype=vtype)


def check(effects, yi, vi, at=0):
    assert effects.yi[at] == pytest.approx(yi, rel=1e-12, abs=1e-15)
    assert effects.vi[at] == pytest.approx(vi, rel=1e-12)


# escalc(measure, ai=0, bi=8, ci=3, di=9)
ZERO_CELL = [
    ("OR", -1.834684513945089, 2.5086245024325518),
    ("RR", -1.5781853689299963, 2.0976800976800973),
    ("RD", -0.21367521367521367, 0.020964177988065782),
    ("AS", -0.5235987755982989, 0.05208333333333333),
    ("PETO", -1.3710826210826208, 1.2065527065527062),
    ("PHI", -0.3429971702850177, 0.011894463667820071),
    ("YUQ", -0.7246376811594203, 0.14144266490658428),
]


@pytest.mark.parametrize(("measure", "yi", "vi"), ZERO_CELL)
def test_a_table_with_a_zero_gets_half_unless_the_measure_needs_none(measure, yi, vi):
    check(sizes(measure, ai=0, bi=8, ci=3, di=9), yi, vi)


# The same with add=0.25
@pytest.mark.parametrize(
    ("measure", "yi", "vi"),
    [
        ("OR", -2.4505390062837926, 4.5370125370125365),
        ("AS", -0.3627202172958313, 0.04941176470588235),
        ("PHI", -0.3037026409461186, 0.02168745823035097),
    ],
)
def test_an_addition_that_is_asked_for_goes_to_every_measure(measure, yi, vi):
    check(sizes(measure, ZeroCellRule(add=0.25, keep_double_zero=True), ai=0, bi=8, ci=3, di=9), yi, vi)


# escalc(measure, ai=2000000, bi=1000000000, ci=1000000, di=2000000000)
@pytest.mark.parametrize(
    ("measure", "yi", "vi"),
    [
        ("OR", 1.3862943611198908, 1.5015e-06),
        ("RR", 1.3847962334988688, 1.4985022458830464e-06),
        ("RD", 0.0014962578590944047, 2.2376732151663936e-12),
        ("PETO", 1.4992518705712015, 1.5007511224417726e-06),
        ("PHI", 0.02233277008564175, 3.742517770410013e-10),
        ("YUQ", 0.6, 1.537536e-07),
    ],
)
@pytest.mark.parametrize("kind", ["int32", "int64", float])
def test_two_thousand_million_participants_overflow_nothing(measure, yi, vi, kind):
    cells = {"ai": 2_000_000, "bi": 1_000_000_000, "ci": 1_000_000, "di": 2_000_000_000}
    check(sizes(measure, **{name: np.array([value], dtype=kind) for name, value in cells.items()}), yi, vi)


# escalc(measure, x1i=3, t1i=33, x2i=3, t2i=66); escalc(measure, x1i=0, t1i=8.5, x2i=3, t2i=9)
@pytest.mark.parametrize(
    ("measure", "without_zero", "with_zero"),
    [
        ("IRR", (0.693147180559945, 0.6666666666666666), (-1.8887517352153647, 2.2857142857142856)),
        ("IRD", (0.045454545454545456, 0.003443526170798898), (-0.3300653594771242, 0.05013029176812337)),
        ("IRSD", (0.08831062822215319, 0.011363636363636364), (-0.5773502691896257, 0.05718954248366013)),
    ],
)
def test_rates(measure, without_zero, with_zero):
    effects = sizes(measure, x1i=[3, 0], t1i=[33, 8.5], x2i=[3, 3], t2i=[66, 9])
    check(effects, *without_zero)
    check(effects, *with_zero, at=1)
    assert effects.has_person_time and not effects.has_counts


# escalc(measure, xi=3, ni=7); escalc(measure, xi=0, ni=10)
@pytest.mark.parametrize(
    ("measure", "without_zero", "with_zero"),
    [
        ("PR", (0.42857142857142855, 0.034985422740524776), (0.045454545454545456, 0.0039444027047332835)),
        ("PLN", (-0.8472978603872037, 0.19047619047619047), (-3.0910424533583156, 1.9090909090909092)),
        ("PLO", (-0.2876820724517809, 0.5833333333333333), (-3.044522437723423, 2.0952380952380953)),
        ("PAS", (0.7137243789447656, 0.03571428571428571), (0.0, 0.025)),
        ("PFT", (0.7222280996119286, 0.03333333333333333), (0.15313868458483473, 0.023809523809523808)),
    ],
)
def test_proportions(measure, without_zero, with_zero):
    effects = sizes(measure, xi=[3, 0], ni=[7, 10])
    check(effects, *without_zero)
    check(effects, *with_zero, at=1)


# escalc(measure, m1i=10, sd1i=2, n1i=10, m2i=8, sd2i=3, n2i=12, vtype)
@pytest.mark.parametrize(
    ("measure", "vtype", "yi", "vi"),
    [
        ("MD", "LS", 2.0, 1.15),
        ("MD", "HO", 2.0, 1.2375),
        ("SMD", "LS", 0.7405052473342796, 0.19579578836355158),
        ("SMD", "LS2", 0.7405052473342796, 0.18210762412906403),
        ("SMD", "UB", 0.7405052473342796, 0.19834802132960255),
        ("SMDH", "LS", 0.7546113766981516, 0.19399788531354378),
        ("ROM", "LS", 0.22314355131420976, 0.01571875),
        ("ROM", "HO", 0.22314355131420976, 0.015539062499999999),
        ("CVR", "LS", -0.6185076493213639, 0.11672885101010101),
        ("VR", "LS", -0.3953640980071544, 0.10101010101010101),
    ],
)
def test_means(measure, vtype, yi, vi):
    check(sizes(measure, vtype=vtype, m1i=10, sd1i=2, n1i=10, m2i=8, sd2i=3, n2i=12), yi, vi)


def test_a_ratio_of_standard_deviations_needs_no_means():
    check(sizes("VR", sd1i=2, n1i=10, sd2i=3, n2i=12), -0.3953640980071544, 0.10101010101010101)


@pytest.mark.parametrize(
    "columns",
    [
        # escalc("MC", m1i=10, sd1i=2, m2i=8, sd2i=3, ri=.5, ni=10)
        {"m1i": 10, "sd1i": 2, "m2i": 8, "sd2i": 3, "ri": 0.5, "ni": 10},
        {"mean_post": 10, "sd_post": 2, "mean_pre": 8, "sd_pre": 3, "r": 0.5, "n": 10},
        {"mean_change": 2, "sd_change": math.sqrt(7), "n": 10},
        {"mean_post": 10, "mean_pre": 8, "sd_change": math.sqrt(7), "n": 10},
    ],
)
def test_a_mean_change_comes_from_both_times_or_from_the_change(columns):
    check(sizes("MC", **columns), 2.0, 0.7)


def test_all_tables_get_the_addition_as_soon_as_one_has_a_zero():
    effects = sizes("OR", ZeroCellRule(to="if0all"), ai=[7, 0], bi=[7, 8], ci=[3, 3], di=[7, 9])
    check(effects, math.log(7.5 * 7.5 / 7.5 / 3.5), 3 / 7.5 + 1 / 3.5)
    assert effects.notes == ("0.5 added to the cells of 2 of 2 tables (rule: if0all)",)


def test_a_table_that_is_left_out_makes_no_other_get_the_addition():
    effects = sizes("OR", ZeroCellRule(to="if0all"), ai=[7, 0], bi=[7, 8], ci=[3, 0], di=[7, 9])
    check(effects, math.log(7 * 7 / 7 / 3), 3 / 7 + 1 / 3)


@pytest.mark.parametrize("measure", ["RD", "AS"])
def test_empty_tables_can_be_dropped_from_differences_too(measure):
    cells = {"ai": [0, 5, 1], "bi": [8, 0, 2], "ci": [0, 6, 3], "di": [9, 0, 4]}
    assert (sizes(measure, **cells).k, sizes(measure, ZeroCellRule(drop00=True), **cells).k) == (3, 1)


def test_mean_variances_are_of_the_rows_that_enter():
    with_fault = sizes("RD", vtype="AV", ai=[2, 3, 90], bi=[8, 9, -1], ci=[3, 4, 1], di=[7, 8, 1])
    without = sizes("RD", vtype="AV", ai=[2, 3], bi=[8, 9], ci=[3, 4], di=[7, 8])
    assert with_fault.vi == pytest.approx(without.vi, rel=1e-15)
    assert with_fault.notes == ("sampling variances of kind AV",)


def test_a_variance_that_a_measure_does_not_have_is_refused():
    with pytest.raises(ValueError, match="vtype 'HO': SMD has LS, LS2, UB, AV"):
        sizes("SMD", vtype="HO", m1i=1)


@pytest.mark.parametrize("wrong", [{"to": "some"}, {"add": -1.0}, {"keep_double_zero": True, "drop00": True}])
def test_a_rule_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError):
        ZeroCellRule(**wrong)


@pytest.mark.parametrize(
    ("y", "by_mean", "by_7"),
    [
        # transf.ipft.hm(y, targs=list(ni=c(10, 20, 40))), transf.ipft(y, 7)
        (0.1, 0, 0),
        (0.2, 0.017512023757080941, 0.0015312344603315431),
        (0.9, 0.62003505383873214, 0.62875582289055554),
        (1.2, 0.88890289087357932, 0.91408978796794993),
        (1.5, 1, 1),
    ],
)
def test_double_arcsines_find_their_way_back_by_miller_1978(y, by_mean, by_7):
    mean = formulas.harmonic_mean([10, 20, np.nan, 40])
    assert formulas.from_freeman_tukey(y, mean) == pytest.approx(by_mean, rel=1e-12)
    assert formulas.from_freeman_tukey(y, 7) == pytest.approx(by_7, rel=1e-12)


@pytest.mark.parametrize("x", [0, 1, 6, 12])
def test_a_single_double_arcsine_leads_back_to_its_proportion(x):
    y = formulas.freeman_tukey(x, 12 - x)[0]
    assert formulas.from_freeman_tukey(y, 12) == pytest.approx(x / 12, abs=1e-12)


def test_pooled_double_arcsines_are_shown_by_the_participants_of_the_studies_pooled():
    effects = sizes("PFT", xi=[3, 5, 9], ni=[10, 20, 40])
    assert effects.measure.n == pytest.approx(3 / (1 / 10 + 1 / 20 + 1 / 40))
    assert effects.subset(np.array([True, True, False])).measure.n == pytest.approx(40 / 3)


def test_a_double_arcsine_without_participants_is_not_guessed():
    with pytest.raises(ValueError, match="needs the participants"):
        MEASURES["PFT"].to_display(0.9)
    assert np.isnan(replace(MEASURES["PFT"], n=np.nan).to_display(0.9))


def test_arcsines_beyond_their_scale_are_0_and_1():
    assert list(MEASURES["PAS"].to_display(np.array([-0.1, 0.0, 1.7]))) == [0, 0, 1]


# gamma(m/2) / (gamma((m - 1)/2) sqrt(m/2)) by mpmath 1.3 with 40 digits
@pytest.mark.parametrize("df", [2, 3, 10, 59, 60, 61, 62, 500, 4998])
def test_the_small_sample_factor_is_exact(df):
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(40):
        half = mpmath.mpf(df) / 2
        exact = mpmath.exp(mpmath.loggamma(half) - mpmath.loggamma(half - 0.5)) / mpmath.sqrt(half)
    assert float(formulas.small_sample_factor(df)) == pytest.approx(float(exact), rel=5e-14)


def test_below_two_degrees_of_freedom_there_is_no_factor():
    assert np.isnan(formulas.small_sample_factor(1.0))


def test_unbiased_variances_of_large_trials_keep_their_digits():
    # 40 digits by mpmath; metafor 3.8-1 gives 0.00089050027934, off by 4e-9, from lgamma differences.
    effects = sizes("SMD", vtype="UB", m1i=0.001, sd1i=0.0002, n1i=2000, m2i=0.0012, sd2i=0.0003, n2i=3000)
    assert effects.vi[0] == pytest.approx(0.00089050028305885358, rel=1e-12)
