"""Does the three-level model find metafor's maximum, and refuse what cannot be told apart?"""

import numpy as np
import pytest

from livingmeta.diagnostics.three_level import Nested, evaluate, three_level
from livingmeta.estimators import FitError, pool
from moderated import konstantopoulos, made, random


def test_konstantopoulos_is_the_exact_solution():
    # Fisher scoring to 1e-16 in R 4.2.2, agreeing with metafor 3.8-1
    # rma.mv(yi, vi, random = ~ 1 | district/school)
    found = three_level(konstantopoulos(), "district")
    assert (found["sigma2_between"], found["sigma2_within"], found["estimate"], found["se"]) == pytest.approx(
        (0.06506194246151732, 0.03273651760467335, 0.18471316349663833, 0.08455591782376204), rel=1e-9
    )
    assert (found["log_likelihood"], found["q"], found["i2"]) == pytest.approx(
        (-7.958724033710968, 578.8640179582234, 95.18731372251312), rel=1e-7
    )
    assert found["robust"]["CR1"][0]["se"] == pytest.approx(0.08450221715236948, rel=1e-7)


def test_konstantopoulos_by_maximum_likelihood():
    found = three_level(konstantopoulos(), "district", "ML", "t")
    assert (found["sigma2_between"], found["sigma2_within"], found["se"]) == pytest.approx(
        (0.05773835986005012, 0.032864792221264434, 0.08048168278497586), rel=1e-9
    )
    assert (found["df"], found["p_value"]) == (55, pytest.approx(0.025763895273341473, rel=1e-6))


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_the_closed_form_is_the_dense_one(method):
    y, v, x = random(7)
    cluster, sigma2 = np.array([0, 0, 0, 1, 1, 2, 2]), np.array([0.3, 0.2])
    X = np.column_stack([np.ones(7), x])
    found = evaluate(Nested(y, v, X, cluster, method), sigma2)
    Z = (cluster[:, None] == cluster).astype(float)
    V = np.diag(v + sigma2[1]) + sigma2[0] * Z
    W = np.linalg.inv(V)
    M = np.linalg.inv(X.T @ W @ X)
    P = W - W @ X @ M @ X.T @ W
    A = P if method == "REML" else W
    assert found.beta == pytest.approx(M @ X.T @ W @ y)
    assert found.score == pytest.approx([y @ P @ B @ P @ y - np.trace(A @ B) for B in (Z, np.eye(7))])
    dense = [[np.trace(A @ B @ A @ C) for C in (Z, np.eye(7))] for B in (Z, np.eye(7))]
    assert found.information == pytest.approx(np.array(dense))


def test_without_clusters_that_differ_it_is_the_two_level_model():
    y, v = np.array([0.1, 0.9, -0.5, 0.2, 0.8, -0.4, 0.15, 1.0, -0.6]), np.full(9, 0.05)
    found = three_level(made(y, v), list("aaabbbccc"))
    two = pool(made(y, v), "REML", "z")
    assert found["sigma2_between"] == 0
    assert (found["sigma2_within"], found["se"]) == pytest.approx((two.tau2, two.se), rel=1e-9)


def test_identical_effects_have_neither_variance():
    found = three_level(made(np.full(6, 0.4), np.full(6, 0.1)), list("aabbcc"))
    assert (found["sigma2_between"], found["sigma2_within"]) == (0, 0)
    assert found["estimate"] == pytest.approx(0.4)


@pytest.mark.parametrize("factor", [1e-6, 50.0])
def test_scale_does_not_matter(factor):
    effects = konstantopoulos()
    other = made(effects.yi * factor, effects.vi * factor**2)
    found = three_level(other, effects.frame["district"].to_numpy())
    assert found["sigma2_between"] == pytest.approx(0.06506194246151732 * factor**2, rel=1e-9)
    expected = three_level(effects, "district")["log_likelihood"] - 55 * np.log(factor)
    assert found["log_likelihood"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labels", "message"),
    [("aaaaaa", "at least two"), ("abcdef", "cannot be told apart")],
)
def test_what_cannot_be_told_apart_is_refused(labels, message):
    y, v, _ = random(6)
    with pytest.raises(FitError, match=message):
        three_level(made(y, v), list(labels))
