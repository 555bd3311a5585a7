"""Do moderators explain what they explain, and are impossible designs refused by name?"""

from fractions import Fraction

import numpy as np
import pytest

from livingmeta.diagnostics.meta_regression import meta_regression
from livingmeta.estimators import FitError
from moderated import bcg, made, random


def test_bcg_by_allocation_is_metafors_regression():
    # metafor 3.8-1: rma(yi, vi, mods = ~ alloc, method = "REML", test = "knha"), measure RR
    fit = meta_regression(bcg(), "alloc", "REML", "knha")
    assert [c["name"] for c in fit["coefficients"]] == ["intercept", "alloc: random", "alloc: systematic"]
    assert [c["estimate"] for c in fit["coefficients"]] == pytest.approx(
        [-0.5179557771552946, -0.4478184013905511, 0.08903821623171808], rel=1e-9
    )
    assert (fit["tau2"], fit["i2"], fit["qm"], fit["qm_p"]) == pytest.approx(
        (0.3615036643240206, 88.77090357170721, 0.9662208448134312, 0.41338374572162084), rel=1e-9
    )
    assert (fit["qm_df"], fit["qm_df_residual"], fit["q_df"], fit["r2"]) == (2, 10, 10, 0)


def test_raw_years_lose_no_digits():
    """Weighted least squares in exact fractions, against years near 2000."""
    y = [Fraction(n, 8) for n in (1, -3, 7, 2, 5)]
    v = [Fraction(n, 16) for n in (1, 2, 4, 3, 8)]
    x = [Fraction(n) for n in (1998, 1999, 2001, 2004, 2005)]
    w = [1 / t for t in v]
    s = [sum(a * b**i for a, b in zip(w, x, strict=True)) for i in range(3)]
    t = [sum(a * b * c**i for a, b, c in zip(w, y, x, strict=True)) for i in range(2)]
    slope = (s[0] * t[1] - s[1] * t[0]) / (s[0] * s[2] - s[1] ** 2)
    intercept = (t[0] - slope * s[1]) / s[0]
    effects = made([float(a) for a in y], [float(a) for a in v], year=[float(a) for a in x])
    found = [c["estimate"] for c in meta_regression(effects, "year", "EE", "z")["coefficients"]]
    assert found == pytest.approx([float(intercept), float(slope)], rel=1e-12)


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("method", ["DL", "REML"])
def test_units_of_effects_and_moderators_do_not_matter(factor, method):
    y, v, x = random()
    one = meta_regression(made(y, v, x=x), "x", method)
    other = meta_regression(made(y * factor, v * factor**2, x=x * factor + 5 * factor), "x", method)
    assert other["coefficients"][1]["estimate"] == pytest.approx(one["coefficients"][1]["estimate"], rel=1e-8)
    assert (other["qm"], other["i2"], other["r2"]) == pytest.approx(
        (one["qm"], one["i2"], one["r2"]), rel=1e-7, abs=1e-9
    )


def test_the_reference_level_moves_contrasts_and_nothing_else():
    one = meta_regression(bcg(), "alloc")
    other = meta_regression(bcg(), "alloc", references={"alloc": "random"})
    assert other["moderators"][0]["reference"] == "random"
    assert [c["name"] for c in other["coefficients"]] == [
        "intercept",
        "alloc: alternate",
        "alloc: systematic",
    ]
    assert other["coefficients"][1]["estimate"] == pytest.approx(-one["coefficients"][1]["estimate"])
    assert (other["qm"], other["tau2"]) == pytest.approx((one["qm"], one["tau2"]))


def test_numbers_may_be_declared_labels():
    y, v, _ = random(6)
    effects = made(y, v, wave=[1.0, 1, 2, 2, 10, 10])
    fit = meta_regression(effects, "wave", factors=["wave"])
    assert [c["name"] for c in fit["coefficients"]] == ["intercept", "wave: 2", "wave: 10"]


def test_a_factor_without_intercept_has_every_level():
    fit = meta_regression(bcg(), "alloc", "DL", "z", intercept=False)
    assert len(fit["coefficients"]) == fit["qm_df"] == 3 and fit["r2"] is None


def test_rows_without_a_moderator_are_listed():
    y, v, x = random(7)
    x[[1, 4]] = np.nan, np.inf
    fit = meta_regression(made(y, v, x=x), "x", "DL")
    assert fit["k"] == 5
    assert [(e["line"], e["reason"]) for e in fit["excluded"]] == [
        (3, "no value of x"),
        (6, "x inf: must be a finite number"),
    ]


def test_adhoc_is_never_narrower_than_z():
    for seed in range(5):
        y, v, x = random(8, seed)
        pairs = [meta_regression(made(y * 0.1, v, x=x), "x", "DL", t)["coefficients"] for t in ("z", "adhoc")]
        assert all(b["se"] >= a["se"] * (1 - 1e-12) for a, b in zip(*pairs, strict=True))


def test_effects_on_a_line_have_no_variance_left():
    x = np.arange(6.0)
    fit = meta_regression(made(1 + 2 * x, np.full(6, 0.5), x=x), "x", "REML", "knha")
    slope = fit["coefficients"][1]
    assert (slope["estimate"], slope["se"], slope["p_value"]) == (pytest.approx(2), 0, 0)
    assert fit["tau2"] == 0 and fit["qm"] is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1, 2, 3, 4, 5, 6], "b": [3, 5, 7, 9, 11, 13]}, "b is determined by a"),
        ({"a": [2000] * 6}, "a is constant"),
        ({"a": ["x"] * 6}, "a has one level"),
        ({"a": list("uvwxyz")}, "6 studies cannot carry 6 coefficients"),
        ({"a": ["1", "2", "3 weeks", "4", "5", "6"]}, "'3 weeks'"),
        ({"a": list("xxxyyy"), "b": [0, 0, 0, 1, 1, 1]}, "b is determined by a: y"),
    ],
)
def test_impossible_designs_are_refused_by_name(columns, message):
    y, v, _ = random(6)
    with pytest.raises(FitError, match=message):
        meta_regression(made(y, v, **columns), list(columns))


@pytest.mark.parametrize("k", [0, 1, 2])
def test_too_few_studies_are_refused(k):
    y, v, x = random(3)
    with pytest.raises(FitError, match=f"{k} studies cannot carry 2" if k else "no usable row"):
        meta_regression(made(y[:k], v[:k], x=x[:k]), "x")


def test_unknown_names_are_refused():
    y, v, x = random()
    effects = made(y, v, x=x, g=list("aab") * 3)
    for call, message in (
        (lambda: meta_regression(effects, "dose"), "no column 'dose'"),
        (lambda: meta_regression(effects, "x", "MH"), "no regression"),
        (lambda: meta_regression(effects, "g", references={"g": "c"}), "no level 'c'"),
        (lambda: meta_regression(effects, "x", references={"x": "1"}), "is a number"),
        (lambda: meta_regression(effects, {"x": x[:3]}), "3 values for 9 effects"),
    ):
        with pytest.raises(FitError, match=message):
            call()


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_impossible_variances_are_refused(bad):
    y, v, x = random()
    v[2] = bad
    with pytest.raises(FitError, match="variances"):
        meta_regression(made(y, v, x=x), "x")
