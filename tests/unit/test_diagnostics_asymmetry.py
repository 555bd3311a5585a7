"""Do the tests for small-study effects say what their authors and metafor say?

Foreign numbers: R 4.2.2, metafor 3.8-1, `dat.bcg`, log risk ratios.
"""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from livingmeta.diagnostics import peese
from livingmeta.diagnostics.absent import Absent
from livingmeta.diagnostics.asymmetry import (
    begg,
    egger,
    egger_rma,
    harbord,
    kendall_exact_p,
    macaskill_test,
    peters_test,
    regression_test,
    regression_test_rma,
)
from livingmeta.diagnostics.fail_safe import fail_safe_n
from livingmeta.diagnostics.trim_and_fill import trim_and_fill
from livingmeta.effect_sizes import effect_sizes
from livingmeta.effect_sizes.derive import ZeroCellRule
from livingmeta.estimators import pool
from unit.test_diagnostics_influence import bcg, generic


def test_eggers_test_is_metafors_regression_test():
    # regtest(rma(yi, vi), model = "lm") and model = "rma".
    line, meta = egger(bcg()), egger_rma(bcg())
    names = ("statistic", "df", "p_value", "intercept", "slope", "slope_se")
    assert [line[n] for n in names] == pytest.approx(
        [-1.4012820022893326, 11, 0.18870699508197877, -0.19092864235982013, -2.1120421208932956,
         1.5072213283570077], rel=1e-10
    )  # fmt: skip
    assert meta["df"] is None
    assert [meta[n] for n in names if n != "df"] == pytest.approx(
        [-0.8033291930908681, 0.4217844888552819, -0.510431874103028, -0.7632400406043064,
         0.9500962334851597], rel=1e-9
    )  # fmt: skip


def test_eggers_line_is_his_regression_with_the_coefficients_exchanged():
    effects = bcg()
    sei = np.sqrt(effects.vi)
    theirs, ours = stats.linregress(1 / sei, effects.yi / sei), egger(effects)
    assert (ours["slope"], ours["slope_se"]) == pytest.approx((theirs.intercept, theirs.intercept_stderr))
    assert ours["intercept"] == pytest.approx(theirs.slope)


def test_peters_macaskill_and_harbord_on_tuberculosis():
    # lm() with the weights written out.
    effects = bcg()
    for test, slope, statistic in (
        (peters_test, -504.01362837248524, -1.2701894428866936),
        (macaskill_test, 5.619039715713235e-06, 4.267502093035244),
        (harbord, -2.092991540794236, -1.2564743440450636),
    ):
        found = test(effects)
        assert (found["slope"], found["statistic"]) == pytest.approx((slope, statistic), rel=1e-11)
        assert found["df"] == 11


def test_begg_is_exact_without_ties_and_asymptotic_on_request():
    # ranktest(x) and ranktest(x, exact = FALSE).
    exact, normal = begg(bcg()), begg(bcg(), exact=False)
    assert (exact["tau"], exact["p_value"]) == pytest.approx((0.02564102564102564, 0.9523619079608663))
    assert (normal["tau"], normal["p_value"]) == pytest.approx((0.02564102564102564, 0.9028849408697099))


@pytest.mark.parametrize("n", [4, 6, 7])
def test_kendalls_exact_p_counts_all_orders(n):
    pairs = list(itertools.combinations(range(n), 2))
    differences = [sum(1 if p[i] < p[j] else -1 for i, j in pairs) for p in itertools.permutations(range(n))]
    for difference in set(differences):
        tails = np.mean([d >= abs(difference) for d in differences])
        assert kendall_exact_p(difference, n) == pytest.approx(min(1, 2 * tails))


def test_kendalls_exact_p_keeps_its_digits_in_the_tail():
    # Counted in whole numbers; R 4.2.2's cor.test() is off by 2e-7 here.
    assert kendall_exact_p(1889, 102) == pytest.approx(2.1521559397759308e-08, rel=1e-13)


def test_ties_are_kendalls():
    random = np.random.default_rng(3)
    vi = np.round(random.uniform(0.1, 0.6, 14), 1)
    yi = random.normal(size=14)
    deviate = (yi - (yi / vi).sum() / (1 / vi).sum()) / np.sqrt(vi - 1 / (1 / vi).sum())
    found, theirs = begg(generic(yi, vi)), stats.kendalltau(deviate, vi, method="asymptotic")
    assert not found["exact"]
    assert (found["tau"], found["p_value"]) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_below_ten_studies_there_is_a_reason_instead_of_a_test():
    effects = bcg().subset(np.arange(13) < 9)
    for test in (egger, egger_rma, begg, peters_test, macaskill_test, harbord, regression_test):
        found = test(effects)
        assert isinstance(found, Absent) and found.reason.startswith("9 studies")
        assert not isinstance(test(effects, force=True), Absent)


def test_tables_without_information_do_not_count_towards_ten():
    tables = [(0, 20 + i, 0, 30) for i in range(4)] + [(3 + i, 40 + i, 5, 50) for i in range(9)]
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    rows = pd.DataFrame(tables, columns=names).assign(study="s", line=2)
    effects = effect_sizes(rows, "OR", zero=ZeroCellRule(keep_double_zero=True))
    assert effects.k == 13
    assert isinstance(harbord(effects), Absent) and isinstance(peters_test(effects), Absent)
    assert harbord(effects, force=True)["df"] == peters_test(effects, force=True)["df"] == 7


def test_a_test_of_tables_asks_for_tables():
    effects = generic(np.linspace(0, 1, 12), np.linspace(0.1, 0.5, 12))
    assert isinstance(harbord(effects), Absent) and isinstance(peters_test(effects), Absent)
    assert isinstance(regression_test(effects, "1/n"), Absent)


def test_equal_variances_have_no_slope():
    effects = generic(np.random.default_rng(1).normal(size=12), np.full(12, 0.2))
    for test in (egger, egger_rma, begg):
        assert isinstance(test(effects), Absent)
    assert peese(effects) is None


def test_rounding_errors_are_not_tested():
    sei = np.linspace(0.1, 1, 12)
    for yi in (0.2 + 3 * sei, np.full(12, 0.5)):
        assert "exactly" in egger(generic(yi, sei**2)).reason


@pytest.mark.parametrize("factor", [1e-6, 50.0])
def test_the_unit_of_effects_is_not_in_the_test(factor):
    effects = bcg()
    scaled = generic(factor * effects.yi, factor**2 * effects.vi)
    for test in (egger, egger_rma, begg):
        one, other = test(effects), test(scaled)
        assert (one["statistic"], one["p_value"]) == pytest.approx((other["statistic"], other["p_value"]))


def test_a_knapp_hartung_test_has_degrees_of_freedom():
    found = regression_test_rma(bcg(), "sei", "REML", "knha")
    assert found["df"] == 11 and found["p_value"] != egger_rma(bcg())["p_value"]


def test_trim_and_fill_of_tuberculosis():
    # trimfill(rma(yi, vi)): one study on the right.
    found = trim_and_fill(bcg(), "REML", "z")
    assert (found["side"], found["k0"], found["k"]) == ("right", 1, 14)
    assert (found["estimate"], found["se"], found["tau2"], found["k0_se"]) == pytest.approx(
        (-0.6570827834877658, 0.17852838013187045, 0.33128763343947726, 2.452798643182925), rel=1e-9
    )
    assert found["filled"][0]["yi"] == pytest.approx(0.31040302402906716)
    assert found["filled"][0]["vi"] == pytest.approx(0.22301724757231517)


def test_r0_says_how_likely_so_many_are_by_chance():
    assert trim_and_fill(bcg(), "REML", "z", estimator="R0")["k0_p"] == 0.5


def test_filling_nothing_leaves_the_estimate():
    effects = bcg()
    found = trim_and_fill(effects, "REML", "z", estimator="R0")
    assert (found["k0"], found["filled"]) == (0, [])
    assert found["estimate"] == pytest.approx(pool(effects, "REML", "z").estimate, rel=1e-13)


def test_a_mirrored_study_has_the_variance_of_its_original():
    effects = bcg()
    found = trim_and_fill(effects, "EE", "z", estimator="L0", side="left")
    by_name = dict(zip(effects.frame["study"], effects.vi, strict=True))
    assert all(row["vi"] == by_name[row["mirrors"]] for row in found["filled"])


def test_sides_mirror_each_other():
    effects = bcg()
    flipped = generic(-effects.yi, effects.vi)
    one, other = trim_and_fill(effects, "REML", "z"), trim_and_fill(flipped, "REML", "z")
    assert {one["side"], other["side"]} == {"left", "right"} and one["k0"] == other["k0"]
    assert one["estimate"] == pytest.approx(-other["estimate"])


def test_without_a_slope_the_side_has_to_be_named():
    effects = generic(np.random.default_rng(1).normal(size=8), np.full(8, 0.2))
    assert "named" in trim_and_fill(effects).reason
    assert trim_and_fill(effects, side="left")["side"] == "left"


def test_fail_safe_numbers_of_tuberculosis():
    # fsn(yi, vi), type = "Rosenthal", "Orwin", "Rosenberg".
    found = fail_safe_n(bcg())
    assert [found[name]["n"] for name in ("rosenthal", "orwin", "rosenberg")] == [598, 13, 370]
    assert found["rosenthal"]["p_value"] == pytest.approx(8.813956896261146e-30, rel=1e-10)
    assert found["orwin"]["target"] == pytest.approx(-0.3703251906054681)


def test_a_fail_safe_number_of_nothing_is_none():
    assert fail_safe_n(generic([0.0, 0.0], [0.1, 0.2]))["rosenthal"]["n"] == 0


@pytest.mark.parametrize("wrong", [-0.1, 0.0, np.inf, np.nan])
def test_a_variance_that_is_none_is_refused(wrong):
    effects = generic(np.linspace(0, 1, 12), np.linspace(0.1, 0.6, 12))
    effects.frame.loc[3, "vi"] = wrong
    for block in (egger, egger_rma, begg, trim_and_fill, fail_safe_n):
        assert isinstance(block(effects), Absent)


def test_every_block_is_plain_json():
    blocks = (egger, egger_rma, begg, peters_test, harbord, macaskill_test, trim_and_fill, fail_safe_n)
    json.dumps([block(bcg()) for block in blocks], allow_nan=False)
