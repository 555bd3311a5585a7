"""Are groups compared as metafor compares them, each with its own fit?"""

import numpy as np
import pandas as pd
import pytest

from livingmeta.diagnostics import between_groups
from livingmeta.diagnostics.groups import subgroups
from livingmeta.estimators import FitError, pool
from moderated import bcg, made, random


def test_bcg_by_allocation_is_metafors():
    # metafor 3.8-1: rma(method = "REML") within each level of alloc, measure RR
    found = subgroups(bcg(), "alloc", "REML", "z")
    assert [g["group"] for g in found["groups"]] == ["alternate", "random", "systematic"]
    assert [g["estimate"] for g in found["groups"]] == pytest.approx(
        [-0.5407929618493457, -0.9709647042631006, -0.4242073915108765], rel=1e-9
    )
    assert (found["q_between"], found["df"], found["p_value"]) == pytest.approx(
        (1.8614449461545848, 2, 0.39426875888559487), rel=1e-9
    )
    common = found["common_tau2"]
    assert (common["tau2"], common["p_value"]) == pytest.approx(
        (0.3615036643240206, 0.4132280327573673), rel=1e-9
    )


def test_each_group_is_its_own_fit():
    effects = bcg()
    found = subgroups(effects, "alloc")
    for group in found["groups"]:
        own = pool(effects.subset(effects.frame["alloc"].to_numpy() == group["group"]), level=95)
        assert {key: group[key] for key in own.numbers()} == own.numbers()


def test_equal_effects_split_q_into_within_and_between():
    effects = bcg()
    found = subgroups(effects, "alloc", "EE", "z")
    within = sum(group["q"] for group in found["groups"])
    assert found["q_between"] == pytest.approx(pool(effects, "EE", "z").q - within)
    assert found["common_tau2"]["statistic"] == pytest.approx(found["q_between"])


def test_group_means_under_a_common_tau2_are_weighted_means():
    effects = bcg()
    common = subgroups(effects, "alloc", "DL", "z")["common_tau2"]
    for group in common["groups"]:
        mine = effects.frame["alloc"].to_numpy() == group["name"]
        w = 1 / (effects.vi[mine] + common["tau2"])
        assert group["estimate"] == pytest.approx(w @ effects.yi[mine] / w.sum())
        assert group["se"] == pytest.approx(w.sum() ** -0.5)


def test_mantel_haenszel_groups_have_no_common_tau2():
    found = subgroups(bcg(), "alloc", "MH", "z")
    assert found["q_between"] > 0 and found["common_tau2"] == {"reason": "method MH has no tau2"}


def test_unlabelled_rows_are_left_out_by_name():
    y, v, _ = random(6)
    found = subgroups(made(y, v, g=["a", "a", "", "b", None, "b"]), "g")
    assert [g["k"] for g in found["groups"]] == [2, 2]
    assert [e["reason"] for e in found["excluded"]] == ["no value of g"] * 2


def test_whole_numbers_read_with_gaps_keep_their_names():
    y, v, _ = random(7)
    found = subgroups(made(y, v, g=[1, 2, np.nan, 10, 2, 1, 10]), "g")
    assert [g["group"] for g in found["groups"]] == ["1", "2", "10"]


def test_one_group_is_not_compared():
    y, v, _ = random(4)
    found = subgroups(made(y, v), pd.Series(["a"] * 4))
    assert found["q_between"] is None and "nothing to compare" in found["reason"]


def test_a_common_tau2_needs_more_studies_than_groups():
    y, v, _ = random(3)
    found = subgroups(made(y, v), list("abc"))
    assert found["q_between"] > 0 and "more studies than groups" in found["common_tau2"]["reason"]
    with pytest.raises(FitError, match="more studies than groups"):
        between_groups(made(y, v), np.array(list("abc")), "REML", "knha")
