"""Do models of counts agree with metafor and lme4 where these can be trusted?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from livingmeta.effect_sizes import EffectSizes, effect_sizes
from livingmeta.estimators import FitError, fit_counts, pool
from livingmeta.estimators.conditional import Binomial, Hypergeometric
from livingmeta.estimators.counts import mantel_haenszel_ird, mantel_haenszel_irr
from livingmeta.estimators.glmm import fit_glmm, marginal, maximised
from livingmeta.estimators.strata import association_of_rates, association_of_tables

REFERENCE = Path(__file__).parents[1] / "reference"
PINNED = json.loads((REFERENCE / "glmm.json").read_text(encoding="utf-8"))
# metafor's likelihood model stops early: lme4's search near 1e-5, nlminb with integrate() near 1e-6.
BY_OPTIMISER = 2e-5
BY_LIKELIHOOD = 1e-6


def cells(name):
    frame = pd.read_csv(REFERENCE / "data" / f"{name}.csv")
    a, second, c, fourth = (frame[x].to_numpy(float) for x in PINNED["sets"][name]["columns"])
    return (a, second, c, fourth) if name == "bcg" else (a, second - a, c, fourth - c)


def rates(name):
    frame = pd.read_csv(REFERENCE / "data" / f"{name}.csv")
    return tuple(frame[x].to_numpy(float) for x in ("x1i", "t1i", "x2i", "t2i"))


def tables(*items):
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    frame = pd.DataFrame(items, columns=names)
    return effect_sizes(frame.assign(study="s", line=2), "OR")


@pytest.mark.parametrize("name", PINNED["sets"])
def test_exact_conditional_model_of_rma_glmm(name):
    a, b, c, d = cells(name)
    found, theirs = maximised(Hypergeometric(a, b, c, d)), PINNED["sets"][name]["exact_or"]
    assert found.estimate == pytest.approx(theirs["estimate"], rel=BY_OPTIMISER)
    assert found.tau2 == pytest.approx(theirs["tau2"], rel=BY_OPTIMISER)
    assert found.se == pytest.approx(theirs["se"], rel=5e-4)  # their second derivatives are numerical
    assert found.q == pytest.approx(theirs["q_lrt"], rel=1e-8)


@pytest.mark.parametrize("name", [n for n, one in PINNED["sets"].items() if one["own"]])
def test_exact_conditional_model_integrated_in_r(name):
    found, theirs = maximised(Hypergeometric(*cells(name))), PINNED["sets"][name]["own"]
    assert found.log_likelihood == pytest.approx(theirs["log_likelihood"], rel=1e-11)
    assert found.log_likelihood >= theirs["log_likelihood"] - 1e-10
    for key in ("estimate", "tau2", "se"):
        assert getattr(found, key) == pytest.approx(theirs[key], rel=BY_LIKELIHOOD)


@pytest.mark.parametrize("name", PINNED["sets"])
def test_approximate_conditional_model_of_lme4(name):
    a, b, c, d = cells(name)
    found = maximised(Binomial(a, a + c, np.log((a + b) / (c + d))))
    theirs = PINNED["sets"][name]["approximate"]
    for key in ("estimate", "tau2", "se"):
        assert getattr(found, key) == pytest.approx(theirs[key], rel=5e-5)


@pytest.mark.parametrize("name", PINNED["set_of_rates"])
def test_rates_have_the_exact_binomial_model(name):
    x1, t1, x2, t2 = rates(name)
    found, theirs = maximised(Binomial(x1, x1 + x2, np.log(t1 / t2))), PINNED["set_of_rates"][name]
    assert found.estimate == pytest.approx(theirs["estimate"], rel=5e-5)
    assert found.tau2 == pytest.approx(theirs["tau2"], rel=5e-5)
    assert found.se == pytest.approx(theirs["se"], rel=5e-5)
    assert found.q == pytest.approx(theirs["q_lrt"], rel=1e-8)


def test_derivatives_are_those_of_the_integral():
    model = Hypergeometric(*cells("collins1985b"))
    at, h = marginal(model, -0.4, 0.5), 1e-5
    for i, step in enumerate(((h, 0), (0, h))):
        high, low = (marginal(model, -0.4 + s * step[0], 0.5 + s * step[1]) for s in (1, -1))
        assert at.score[i] == pytest.approx((high.value - low.value) / (2 * h), rel=1e-6)
        assert at.hessian[i] == pytest.approx((high.score - low.score) / (2 * h), rel=1e-6)


def test_more_nodes_change_nothing():
    model = Hypergeometric(*cells("nielweise2007"))
    few, many = (marginal(model, -1.3, 0.8, nodes) for nodes in (41, 81))
    assert few.value == pytest.approx(many.value, rel=1e-10)


def test_tables_without_a_heterogeneous_effect_have_tau2_zero():
    found = fit_glmm(tables(*[(5, 100, 10, 100)] * 4))
    assert found.tau2 == 0 and found.i2 == 0
    assert found.q == pytest.approx(0, abs=1e-8)
    assert found.estimate == pytest.approx(np.log(5 * 90 / (95 * 10)), rel=0.02)


def test_a_table_with_a_zero_needs_no_correction():
    found = fit_glmm(tables((0, 50, 5, 50), (3, 60, 9, 60), (8, 100, 20, 100)))
    assert np.isfinite([found.estimate, found.se]).all()
    assert (found.test, found.df, found.k) == ("z", None, 3)
    assert found.pi_lower < found.ci_lower


def test_an_arm_without_any_event_has_no_finite_estimate():
    with pytest.raises(FitError, match="undefined"):
        fit_glmm(tables((0, 50, 5, 50), (0, 60, 9, 60)))


def test_other_measures_and_rows_without_counts_are_refused():
    rows = pd.DataFrame({"yi": [0.1, 0.2], "vi": [1.0, 1.0], "study": "s", "line": 2})
    with pytest.raises(FitError, match="needs events and n"):
        pool(effect_sizes(rows, "OR"), "GLMM")
    frame = tables((3, 60, 9, 60), (8, 100, 20, 100)).frame
    for measure in ("RR", "RD"):
        other = effect_sizes(
            frame[["events_treatment", "n_treatment", "events_control", "n_control", "study", "line"]],
            measure,
        )
        with pytest.raises(FitError, match=f"no {measure}; it has OR, IRR"):
            pool(other, "GLMM")


def test_the_arms_turned_turn_the_sign():
    items = ((1, 50, 5, 60), (3, 60, 9, 40), (8, 100, 20, 100))
    one, other = fit_glmm(tables(*items)), fit_glmm(tables(*[(c, m, a, n) for a, n, c, m in items]))
    assert (other.estimate, other.se, other.tau2) == pytest.approx(
        (-one.estimate, one.se, one.tau2), rel=1e-7
    )


def test_mantel_haenszel_of_rates_nielweise2008():
    # rma.mh(x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, measure = "IRR" or "IRD"), metafor 3.8-1.
    x = rates("nielweise2008")
    expected = {
        mantel_haenszel_irr: (-0.4151752334922758, 0.18343920849053832),
        mantel_haenszel_ird: (-0.000992500060138465, 0.00043556869926595807),
    }
    for formula, theirs in expected.items():
        assert formula(*x)[:2] == pytest.approx(theirs, rel=1e-12)
    assert association_of_rates(*x).cmh == pytest.approx(4.795048168662992, rel=1e-12)


def test_strata_of_bcg():
    # rma.mh(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg), metafor 3.8-1: MH, BD and TA.
    found = association_of_tables(*cells("bcg"), -0.4734109883885855)
    expected = (135.68894372390628, 171.76536657939624, 171.75667299387146)
    assert (found.cmh, found.breslow_day, found.tarone) == pytest.approx(expected, rel=1e-11)
    uncorrected = association_of_tables(*cells("bcg"), -0.47341098838858552, continuity=0.0)
    assert uncorrected.cmh == pytest.approx(136.16297674463516, rel=1e-12)


def test_cells_are_corrected_only_where_asked_and_only_in_tables_with_a_zero():
    data = tables((0, 50, 5, 50), (3, 60, 9, 60), (8, 100, 20, 100))
    plain, added = fit_counts(data, "MH"), fit_counts(data, "MH", add=0.5)
    a, b, c, d = np.array([[0.5, 50.5, 5.5, 45.5], [3, 57, 9, 51], [8, 92, 20, 80]]).T
    n = a + b + c + d
    assert added.estimate == pytest.approx(np.log((a * d / n).sum() / (b * c / n).sum()))
    assert plain.estimate != added.estimate


def test_rates_are_pooled_from_their_columns():
    x1, t1, x2, t2 = rates("nielweise2008")
    frame = pd.DataFrame(
        {"events_treatment": x1, "time_treatment": t1, "events_control": x2, "time_control": t2}
    ).assign(study="s", line=2, derived_from="rates", yi=0.0, vi=1.0)

    class RateRatio:
        code = "IRR"

    found = fit_glmm(EffectSizes(RateRatio(), frame))
    assert found.estimate == pytest.approx(PINNED["set_of_rates"]["nielweise2008"]["estimate"], rel=1e-4)
    with pytest.raises(FitError, match="person-time"):
        fit_counts(EffectSizes(RateRatio(), frame.drop(columns="time_control")), "MH")


def test_the_models_of_sparse_counts_are_loaded_by_those_who_ask_for_them():
    code = "import sys, livingmeta.estimators; print('livingmeta.estimators.glmm' in sys.modules)"
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=here)
    assert done.stdout.strip() == "False", done.stderr
