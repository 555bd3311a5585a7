"""Does each study's part in a result come out as refitting says, and as metafor does?

Foreign numbers: R 4.2.2, metafor 3.8-1, `dat.bcg`, log risk ratios, REML with
`control = list(threshold = 1e-13, maxiter = 10000)` unless a comment says otherwise.
"""

import json
import time

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from livingmeta.diagnostics.absent import Absent
from livingmeta.diagnostics.cumulative import cumulative, order_of
from livingmeta.diagnostics.influence import baujat, influence, leave_one_out
from livingmeta.diagnostics.series import refits
from livingmeta.effect_sizes import EffectSizes, effect_sizes
from livingmeta.estimators import ESTIMATORS, fit_many, pool

NUMBERS = ("estimate", "se", "statistic", "p_value", "ci_lower", "ci_upper", "tau2", "i2", "h2", "q", "q_p")


def generic(yi, vi, **columns) -> EffectSizes:
    names = [f"study {i}" for i in range(len(yi))]
    rows = pd.DataFrame({"yi": yi, "vi": vi, "study": names, "line": 2, **columns})
    return effect_sizes(rows, "GEN")


def bcg() -> EffectSizes:
    # Tuberculosis among the vaccinated and the others, 13 trials (Colditz et al. 1994).
    tables = [
        (4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (62, 13598, 248, 12867),
        (33, 5069, 47, 5808), (180, 1541, 372, 1451), (8, 2545, 10, 629), (505, 88391, 499, 88391),
        (29, 7499, 45, 7277), (17, 1716, 65, 1665), (186, 50634, 141, 27338), (5, 2498, 3, 2341),
        (27, 16913, 29, 17854),
    ]  # fmt: skip
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    years = [1948, 1949, 1960, 1977, 1973, 1953, 1973, 1980, 1968, 1961, 1974, 1969, 1976]
    rows = pd.DataFrame(tables, columns=names).assign(line=2, year=years)
    return effect_sizes(rows.assign(study=[f"study {i}" for i in range(len(rows))]), "RR")


def test_the_thirteen_trials_are_those_of_the_reference():
    fit = pool(bcg(), "REML", "z")
    assert (fit.estimate, fit.tau2) == pytest.approx((-0.714532, 0.313243), rel=1e-5)


def test_contributions_are_those_of_baujats_plot():
    # baujat(rma(yi, vi, method = "EE")) and the same with REML: the first and second study.
    rows = baujat(bcg())
    assert [rows[0]["q_contribution"], rows[1]["q_contribution"]] == pytest.approx(
        [0.647158736025662, 6.857109627172685], rel=1e-11
    )
    assert [rows[0]["influence"], rows[1]["influence"]] == pytest.approx(
        [0.00327659923899697, 0.05829078499175057], rel=1e-10
    )
    reml = baujat(bcg(), "REML")[1]
    assert (reml["q_contribution"], reml["influence"]) == pytest.approx(
        (1.4934114075928706, 0.11210707341448818), rel=1e-9
    )


def test_contributions_to_heterogeneity_add_up_to_q():
    effects = bcg()
    assert sum(row["q_contribution"] for row in baujat(effects)) == pytest.approx(pool(effects, "EE", "z").q)


@pytest.mark.parametrize("test", ["knha", "adhoc"])
def test_influence_carries_the_knapp_hartung_factor(test):
    # influence(rma(yi, vi, test = "knha")): studies 4 and 13; its factor exceeds 1, so adhoc agrees.
    rows = influence(bcg(), "REML", test)
    fourth, last = rows[3], rows[12]
    names = ("rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "q_del", "hat", "dfbetas")
    assert [fourth[name] for name in names] == pytest.approx(
        [-1.40877985273195, -0.504849103916156, 0.226924209634601, 1.01271162399318, 0.262758148091004,
         96.5625949713915, 0.0969874701892071, -0.498793837373201], rel=1e-8
    )  # fmt: skip
    assert [last[name] for name in names] == pytest.approx(
        [1.18787285532210, 0.354851926166459, 0.121444230873212, 1.05322472903214, 0.303733366367171,
         149.7884238254343, 0.0840285155220110, 0.354806857395852], rel=1e-8
    )  # fmt: skip


def test_hat_values_are_weights_and_weights_are_percent():
    rows = influence(bcg(), "REML", "z")
    assert sum(row["weight"] for row in rows) == pytest.approx(100)
    assert all(row["weight"] == pytest.approx(100 * row["hat"]) for row in rows)


@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
@pytest.mark.parametrize("method", ["EE", "DL", "REML"])
@pytest.mark.parametrize("spread", [0.0, 0.05, 3.0])
def test_leave_one_out_is_refitting(method, test, spread):
    random = np.random.default_rng(7)
    vi = 10 ** random.uniform(-3, 0, 12)
    effects = generic(random.normal(0.3, np.sqrt(vi + spread)), vi)
    for i, row in enumerate(leave_one_out(effects, method, test)):
        fit = pool(effects.subset(np.arange(12) != i), method, test)
        assert row["study"] == f"study {i}" and row["k"] == 11
        theirs = [getattr(fit, n) for n in NUMBERS]
        assert [row[n] for n in NUMBERS] == pytest.approx(theirs, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("method", ESTIMATORS)
@pytest.mark.parametrize(("k", "tau2"), [(2, 0.3), (5, 0.3), (70, 0.0), (70, 0.3), (70, 30.0)])
def test_every_estimator_without_a_study_is_refitted(method, k, tau2):
    random = np.random.default_rng(1)
    vi = random.uniform(0.01, 0.4, k) * 10 ** random.uniform(-2, 2)
    effects = generic(0.3 + random.normal(size=k) * np.sqrt(vi * (1 + 4 * tau2)), vi)
    rows = leave_one_out(effects, method, "z")
    for i in range(0, k, max(1, k // 10)):
        fit = pool(effects.subset(np.arange(k) != i), method, "z")
        names = NUMBERS if k > 2 else ("estimate", "se", "ci_lower", "ci_upper")
        theirs = [getattr(fit, n) for n in names]
        assert [rows[i][n] for n in names] == pytest.approx(theirs, rel=1e-9, abs=1e-13 * max(1, fit.se**2))


@pytest.mark.parametrize("method", ["EE", "DL", "ML", "REML"])
@pytest.mark.parametrize("kind", ["wide", "one heavy", "outlier", "identical"])
def test_leaving_one_of_awkward_studies_out_is_refitting(method, kind):
    random = np.random.default_rng(2)
    v = 10 ** random.uniform(-6, 2, 100) if kind == "wide" else random.uniform(0.01, 0.3, 100)
    y = 50 + random.normal(size=100) * np.sqrt(v + 0.05)
    if kind == "one heavy":
        v[3] = 1e-9
    if kind == "outlier":
        y[3] = 1000.0
    if kind == "identical":
        y[:] = 0.3
    rows = leave_one_out(generic(y, v), method, "z")
    refitted = fit_many(y, v, method, mask=~np.eye(100, dtype=bool))
    # DerSimonian and Laird's denominator is a difference: either way of computing it is 5e-10 off.
    digits = 5e-9 if (kind, method) == ("one heavy", "DL") else 1e-9
    for name in ("estimate", "se", "tau2", "q", "i2"):
        assert [row[name] for row in rows] == pytest.approx(getattr(refitted, name), rel=digits, abs=1e-12)


@pytest.mark.parametrize("unit, offset", [(1e-6, 0.0), (1.0, 50.0), (50.0, 0.0)])
def test_leave_one_out_knows_no_unit(unit, offset):
    random = np.random.default_rng(2)
    vi = random.uniform(0.01, 0.4, 9)
    effects = generic(unit * (random.normal(0, 0.6, 9) + offset), unit**2 * vi)
    for i, row in enumerate(leave_one_out(effects, "REML", "z")):
        fit = pool(effects.subset(np.arange(9) != i), "REML", "z")
        assert (row["estimate"], row["se"], row["tau2"]) == pytest.approx(
            (fit.estimate, fit.se, fit.tau2), rel=1e-9
        )


def test_a_trial_with_nearly_all_the_weight_can_be_left_out():
    random = np.random.default_rng(5)
    effects = generic(random.normal(0.2, 1, 10), [1e-6, *[1.0] * 9])
    for method in ("EE", "REML"):
        row = leave_one_out(effects, method, "z")[0]
        fit = pool(effects.subset(np.arange(10) > 0), method, "z")
        assert [row[n] for n in NUMBERS] == pytest.approx([getattr(fit, n) for n in NUMBERS], rel=1e-11)


@pytest.mark.parametrize("method", ["ML", "PM", "REML"])
def test_each_likelihood_is_at_its_root(method):
    random = np.random.default_rng(3)
    vi = 10 ** random.uniform(-3, 0, 9)
    yi = random.normal(0.3, np.sqrt(vi + 0.3))
    for i, fit in enumerate(refits(yi, vi, "GEN", method, "z", 95.0)):
        y, v = np.delete(yi, i), np.delete(vi, i)

        def score(tau2, y=y, v=v):
            w = 1 / (v + tau2)
            r2 = (y - w @ y / w.sum()) ** 2
            if method == "PM":
                return w @ r2 - (len(y) - 1)
            return w**2 @ r2 - w.sum() + (w @ w / w.sum() if method == "REML" else 0)

        assert fit.tau2 == pytest.approx(brentq(score, 0, 100, xtol=1e-300, rtol=1e-15), rel=1e-11)


# tau2 of rma(yi, vi, method = ...), re-solved to full precision.
TAU2 = {
    "DL": 0.3087602628623762,
    "HE": 0.3285638579957688,
    "HS": 0.22836286367690684,
    "SJ": 0.34551570159859507,
    "ML": 0.2800281372686436,
    "REML": 0.3132432581364807,
    "EB": 0.31806845220502405,
    "PM": 0.31806845220502394,
}


@pytest.mark.parametrize("method", TAU2)
def test_every_estimator_of_a_series_ends_at_metafors_tau2(method):
    effects = bcg()
    last = refits(effects.yi, effects.vi, "RR", method, "z", 95.0, cumulative=True)[-1]
    assert last.tau2 == pytest.approx(TAU2[method], rel=1e-10)


def test_two_thousand_studies_are_left_out_in_no_time():
    random = np.random.default_rng(1)
    vi = random.uniform(0.01, 0.5, 2000)
    effects = generic(random.normal(0.3, np.sqrt(0.1 + vi)), vi)
    start = time.perf_counter()
    rows = leave_one_out(effects, "REML", "z")
    assert time.perf_counter() - start < 3  # 0.1 s on an idle machine; one by one it takes a minute
    fit = pool(effects.subset(np.arange(2000) != 1234), "REML", "z")
    assert rows[1234]["tau2"] == pytest.approx(fit.tau2, rel=1e-11)


def test_leaving_one_of_two_out_leaves_the_other():
    rows = leave_one_out(generic([0.1, 0.9], [0.04, 0.01]))
    assert [row["estimate"] for row in rows] == pytest.approx([0.9, 0.1])
    assert [row["tau2"] for row in rows] == [None, None]


def test_nothing_is_left_without_the_only_study():
    assert isinstance(leave_one_out(generic([1.0], [1.0])), Absent)


def test_mantel_haenszel_is_refitted_too_but_has_no_hat_values():
    effects = bcg()
    row = leave_one_out(effects, "MH", "z")[4]
    assert row["estimate"] == pytest.approx(pool(effects.subset(np.arange(13) != 4), "MH", "z").estimate)
    assert isinstance(influence(effects, "MH", "z"), Absent)


def test_cumulative_ends_with_the_whole_and_begins_with_the_first_study():
    effects = bcg()
    rows = cumulative(effects, "year", "REML", "z")
    fit = pool(effects, "REML", "z")
    assert [row["k"] for row in rows] == list(range(1, 14))
    assert (rows[0]["study"], rows[0]["estimate"]) == ("study 0", pytest.approx(effects.yi[0]))
    assert (rows[-1]["estimate"], rows[-1]["tau2"]) == pytest.approx((fit.estimate, fit.tau2))
    assert [row["order"] for row in rows] == sorted(row["order"] for row in rows)


def test_the_tau2_of_two_studies_has_a_closed_form():
    # The second step over dat.molloy2014 by year; the stored reference has 0 there, although Q > 1.
    y, v = np.array([0.27686382265510007, -0.09024424]), np.array([1 / 69, 1 / 53])
    row = cumulative(generic(y, v), None, "REML", "z")[1]
    assert row["q"] > 1
    assert row["tau2"] == pytest.approx(np.diff(y)[0] ** 2 / 2 - v.mean(), rel=1e-10)


def test_ties_keep_their_places_and_missing_years_come_last():
    assert order_of([1990, None, 1985, 1990, float("nan"), 1985]).tolist() == [2, 5, 0, 3, 1, 4]
    assert order_of(["b", None, "a"]).tolist() == [2, 0, 1]


def test_years_and_words_have_no_common_order():
    found = cumulative(generic([1, 2.0], [1, 1.0]), [1990, "later"])
    assert isinstance(found, Absent) and "compared" in found.reason


@pytest.mark.parametrize("wrong", [-0.1, 0.0, np.inf, np.nan])
def test_a_variance_that_is_none_is_refused(wrong):
    effects = generic(np.linspace(0, 1, 12), np.full(12, 0.1))
    effects.frame.loc[3, "vi"] = wrong
    for block in (leave_one_out, influence, baujat, cumulative):
        assert isinstance(block(effects), Absent)


def test_every_block_is_plain_json():
    effects = bcg()
    for rows in (leave_one_out(effects), influence(effects), baujat(effects), cumulative(effects, "year")):
        json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
@pytest.mark.parametrize("method", ["EE", "DL", "REML"])
def test_cumulative_is_refitting(method, test):
    random = np.random.default_rng(11)
    vi = 10 ** random.uniform(-3, 0, 14)
    effects = generic(random.normal(0.3, np.sqrt(vi + random.choice([0, 1], 14))), vi)
    for i, row in enumerate(cumulative(effects, None, method, test)):
        fit = pool(effects.subset(np.arange(14) <= i), method, test)
        assert (row["study"], row["k"], row["position"]) == (f"study {i}", i + 1, i)
        known = [n for n in NUMBERS if getattr(fit, n) is not None]  # one study has no tau2
        theirs = [getattr(fit, n) for n in known]
        assert [row[n] for n in known] == pytest.approx(theirs, rel=1e-10, abs=1e-13)
        assert all(row[n] is None for n in NUMBERS if n not in known)


@pytest.mark.parametrize("spread", [0.0, 1e-9])
def test_effects_that_do_not_differ_have_no_tau2(spread):
    yi = 0.5 + spread * np.random.default_rng(1).normal(size=12)
    effects = generic(yi, np.linspace(0.1, 1, 12))
    for row in leave_one_out(effects) + cumulative(effects)[1:]:
        assert (row["tau2"], row["i2"]) == (0, 0)
        assert row["estimate"] == pytest.approx(0.5, rel=1e-7) and row["se"] > 0


def test_the_moment_estimate_of_fifty_identical_variances_is_exact():
    # With one variance v for all, DerSimonian and Laird's tau2 is the variance of effects minus v.
    yi = np.random.default_rng(8).normal(0, 1, 50)
    for i, row in enumerate(leave_one_out(generic(yi, [0.2] * 50), "DL", "z")):
        assert row["tau2"] == pytest.approx(np.delete(yi, i).var(ddof=1) - 0.2, rel=1e-11)
