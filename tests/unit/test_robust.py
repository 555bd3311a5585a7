"""Are robust standard errors those of metafor and clubSandwich?"""

import numpy as np
import pytest

from livingmeta.diagnostics.meta_regression import meta_regression
from livingmeta.diagnostics.robust import robust
from livingmeta.estimators import FitError
from moderated import konstantopoulos, made, random


def test_konstantopoulos_cr1_is_metafors():
    # metafor 3.8-1: robust(rma(yi, vi), cluster = district)
    found = robust(konstantopoulos(), "district", "REML", correction="CR1")
    assert (found["estimate"], found["se"], found["p_value"]) == pytest.approx(
        (0.12793205836494217, 0.07639674112511058, 0.12495802424954695), rel=1e-9
    )
    assert (found["df"], found["n_clusters"], found["k"]) == (10, 11, 56)
    assert found["variants"]["CR0"][0]["se"] == pytest.approx(0.07284143460307314, rel=1e-9)


@pytest.mark.parametrize(
    ("method", "se", "df"),
    [("EE", 0.09598444712094892, 1.8961379349680219), ("REML", 0.07822123955385381, 7.373166880427722)],
)
def test_konstantopoulos_cr2_is_clubsandwichs_form(method, se, df):
    found = robust(konstantopoulos(), "district", method)
    assert (found["se"], found["df"]) == pytest.approx((se, df), rel=1e-9)


def test_one_effect_in_each_cluster_is_the_hc_form():
    """With clusters of one the CR2 adjustment is 1 / sqrt(1 - h), whatever the weights."""
    y, v, x = random(10)
    found = robust(made(y, v, x=x), np.arange(10), "EE", "x")
    X, w = np.column_stack([np.ones(10), x]), 1 / v
    M = np.linalg.inv(X.T * w @ X)
    e, h = y - X @ M @ (X.T * w @ y), w * np.einsum("ip,pq,iq->i", X, M, X)
    S = (X * (w * e / np.sqrt(1 - h))[:, None]) @ M
    assert [c["se"] for c in found["coefficients"]] == pytest.approx(np.sqrt(np.diag(S.T @ S)))


def test_moderators_keep_their_estimates():
    effects = konstantopoulos()
    plain = meta_regression(effects, "year", "REML", "z")["coefficients"]
    found = robust(effects, "district", "REML", "year")["coefficients"]
    assert [c["estimate"] for c in found] == pytest.approx([c["estimate"] for c in plain], rel=1e-9)


def test_rows_without_a_cluster_are_listed():
    y, v, _ = random(8)
    found = robust(made(y, v, c=["a", "a", "b", "b", "c", "c", None, ""]), "c")
    assert (found["k"], found["n_clusters"], len(found["excluded"])) == (6, 3, 2)


def test_more_coefficients_than_clusters_are_refused():
    y, v, x = random(6)
    with pytest.raises(FitError, match="2 clusters cannot carry robust errors of 2 coefficients"):
        robust(made(y, v, x=x), list("aaabbb"), "DL", "x")
    with pytest.raises(FitError, match="1 clusters"):
        robust(made(y, v), list("aaaaaa"))
