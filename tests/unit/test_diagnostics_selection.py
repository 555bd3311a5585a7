"""Is the step selection model the maximum of its likelihood, and metafor's?

Foreign numbers: R 4.2.2, metafor 3.8-1, `selmodel(rma(yi, vi, method = "ML"), type = "stepfun",
alternative = "less", steps = ...)` on `dat.bcg`, log risk ratios; its optimiser stops near 1e-6.
"""

import json

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from livingmeta.diagnostics.absent import Absent
from livingmeta.diagnostics.selection_model import log_likelihood, step_selection, steps_of
from unit.test_diagnostics_influence import bcg, generic


@pytest.mark.parametrize(
    "steps, expected",
    [
        ((0.025,), (-0.620563623344108, 0.26132265966582613, 0.29123945477837887, -12.543826606530548)),
        ((0.025, 0.5), (-0.6711954250930713, 0.27996782939376946, 0.2639018756358396, -12.491616444152724)),
    ],
)
def test_the_model_is_metafors(steps, expected):
    found = step_selection(bcg(), steps)
    assert found["alternative"] == "less"
    assert [found[n] for n in ("estimate", "se", "tau2", "log_likelihood")] == pytest.approx(
        expected, rel=5e-6
    )


def test_weights_and_their_test_are_metafors():
    found = step_selection(bcg(), (0.025,))
    first, second = found["weights"]
    assert (first["weight"], first["se"]) == (1.0, None)
    assert (second["weight"], second["se"]) == pytest.approx(
        (0.6355361093907091, 0.586627331344354), rel=1e-5
    )
    assert (found["lrt"], found["lrt_p"]) == pytest.approx(
        (0.24249948349252293, 0.6224066559410549), rel=1e-5
    )
    assert first["k"] + second["k"] == 13


def selected():
    random = np.random.default_rng(2)
    vi = random.uniform(0.02, 0.5, 400)
    yi = random.normal(0.2, np.sqrt(vi + 0.05))
    seen = (norm.sf(yi / np.sqrt(vi)) < 0.025) | (random.uniform(size=400) < 0.3)
    return generic(yi[seen], vi[seen])


def test_what_selection_took_away_is_found_again():
    found = step_selection(selected(), (0.025,))
    assert found["estimate"] == pytest.approx(0.2, abs=3 * found["se"])
    assert found["weights"][1]["weight"] == pytest.approx(0.3, abs=3 * found["weights"][1]["se"])
    assert found["lrt_p"] < 0.001


def test_the_gradient_is_that_of_the_likelihood():
    effects = selected()
    model = steps_of(effects.yi, effects.vi, np.array([0.025, 0.3]))
    at = np.array([0.15, 0.07, 0.4, 0.6])
    numeric = [
        (log_likelihood(model, at + h)[0] - log_likelihood(model, at - h)[0]) / 2e-5 for h in 1e-5 * np.eye(4)
    ]
    assert log_likelihood(model, at)[1] == pytest.approx(numeric, rel=1e-6)


def test_the_density_of_published_effects_integrates_to_one():
    mean, tau2, v, weights = 0.1, 0.05, 0.2, (1.0, 0.3)
    cut = -norm.ppf(0.025) * np.sqrt(v)

    def density(y):
        model = steps_of(np.array([y]), np.array([v]), np.array([0.025]))
        return np.exp(log_likelihood(model, np.array([mean, tau2, weights[1]]))[0])

    assert quad(density, -5, cut)[0] + quad(density, cut, 5)[0] == pytest.approx(1, abs=1e-8)


def test_the_mirror_image_is_selected_the_other_way():
    effects = bcg()
    one = step_selection(effects, (0.025,))
    other = step_selection(generic(-effects.yi, effects.vi), (0.025,))
    assert other["alternative"] == "greater"
    assert other["estimate"] == pytest.approx(-one["estimate"], rel=1e-8)


@pytest.mark.parametrize("factor", [1e-6, 50.0])
def test_the_unit_of_effects_does_not_matter(factor):
    effects = bcg()
    one = step_selection(effects, (0.025,))
    other = step_selection(generic(factor * effects.yi, factor**2 * effects.vi), (0.025,))
    assert other["estimate"] / factor == pytest.approx(one["estimate"], rel=1e-7)
    assert other["tau2"] / factor**2 == pytest.approx(one["tau2"], rel=1e-7)
    assert other["log_likelihood"] + 13 * np.log(factor) == pytest.approx(one["log_likelihood"])


def test_an_interval_without_studies_is_said():
    found = step_selection(bcg(), (0.025,), "greater")
    assert isinstance(found, Absent) and "between 0 and 0.025" in found.reason


def test_too_few_studies_carry_no_selection_model():
    assert isinstance(step_selection(generic([0.1, 0.5, 0.9], [0.1, 0.1, 0.2])), Absent)


@pytest.mark.parametrize("steps", [(), (0.0,), (1.5,), (1.0,)])
def test_steps_are_p_values(steps):
    assert isinstance(step_selection(bcg(), steps), Absent)


def test_the_block_is_plain_json():
    json.dumps(step_selection(bcg()), allow_nan=False)


def test_a_boundary_tau2_has_no_standard_error():
    effects = generic(np.random.default_rng(4).normal(0.1, 0.2, 30), np.full(30, 0.2))
    found = step_selection(effects, (0.5,))
    assert found["tau2"] == 0 and found["tau2_se"] is None and found["se"] > 0
