"""Has every part of an analysis its keys, and says the one that is not defined why?"""

import json

import numpy as np
import pandas as pd
import pytest

from livingmeta.blocks import BLOCKS, LISTS, Asked, BlockError, made
from livingmeta.effect_sizes import effect_sizes
from livingmeta.estimators import pool

NAMES = ("events_treatment", "n_treatment", "events_control", "n_control")
RNG = np.random.default_rng(11)
FIT_KEYS = {"study", "estimate", "se", "ci_lower", "ci_upper", "p_value", "tau2", "i2", "q"}
ASYMMETRY_KEYS = {"statistic", "df", "p_value", "intercept", "slope"}
KEYS = {
    "leave_one_out": FIT_KEYS,
    "cumulative": FIT_KEYS,
    "influence": {
        "study",
        "rstudent",
        "dffits",
        "cook_d",
        "cov_r",
        "tau2_del",
        "q_del",
        "hat",
        "weight",
        "dfbetas",
    },
    **dict.fromkeys(("egger", "egger_rma", "begg", "peters", "harbord"), ASYMMETRY_KEYS),
    "trim_and_fill": {"estimator", "side", "k0", "estimate", "se", "ci_lower", "ci_upper", "filled"},
    "subgroups": {"groups", "q_between", "df", "p_value", "common_tau2"},
    "meta_regression": {"coefficients", "tau2", "i2", "qm", "qm_df", "qm_p", "r2"},
}


def tables(k):
    n = RNG.integers(40, 400, k)
    rows = np.column_stack([RNG.binomial(n, 0.15), n, RNG.binomial(n, 0.25), n])
    frame = pd.DataFrame(rows, columns=NAMES).assign(study=[f"s{i}" for i in range(k)], line=range(2, k + 2))
    extra = {"year": 1990 + np.arange(k), "region": np.where(np.arange(k) % 2, "north", "south")}
    return effect_sizes(frame.assign(**extra, site=[f"c{i // 2}" for i in range(k)]), "OR")


def asked(k=14, **changes):
    effects = tables(k)
    columns = {"moderators": ("year",), "subgroup": "region", "cluster": "site"}
    options = {**columns, "minimal_important_difference": 0.8, **changes}
    return Asked(effects, pool(effects), "REML", "adhoc", 95.0, **options)


@pytest.fixture(scope="module")
def everything():
    return made(tuple(BLOCKS), asked())


@pytest.mark.parametrize("name", KEYS)
def test_a_part_has_the_keys_of_the_contract(everything, name):
    part = everything[name]
    assert KEYS[name] <= set(part[0] if name in LISTS else part)


def test_every_part_is_plain_json_without_nan(everything):
    assert json.loads(json.dumps(everything, allow_nan=False)).keys() == everything.keys()


def test_only_what_cannot_be_is_absent(everything):
    assert set(everything["absent"]) <= {"one_table", "selection"}
    assert "exactly one study" in everything["absent"]["one_table"]


@pytest.mark.parametrize("name", ["egger", "egger_rma", "begg", "peters", "harbord"])
def test_below_ten_studies_asymmetry_is_null_with_a_reason_unless_forced(name):
    few = made((name,), asked(6))[name]
    assert few["p_value"] is None and "6 studies" in few["reason"]
    assert made((name,), asked(6, force=True))[name]["p_value"] is not None


@pytest.mark.parametrize("k", [1, 2, 3])
def test_few_studies_give_reasons_and_no_failure(k):
    parts = made(tuple(BLOCKS), asked(k, moderators=("year",)))
    assert set(BLOCKS) < set(parts)
    for name, reason in parts["absent"].items():
        assert reason and (parts[name] == [] or parts[name]["reason"] == reason)


def test_one_study_has_its_table():
    part = made(("one_table",), asked(1))["one_table"]
    assert 0 <= part["p_exact"] <= 1


@pytest.mark.parametrize(
    ("name", "change", "option"),
    [
        ("meta_regression", {"moderators": ()}, "--moderator"),
        ("subgroups", {"subgroup": None}, "--subgroup"),
        ("three_level", {"cluster": None}, "--cluster"),
        ("new_study", {"minimal_important_difference": None}, "--mid"),
    ],
)
def test_a_part_that_needs_a_column_says_which_option_names_it(name, change, option):
    with pytest.raises(BlockError, match=option):
        made((name,), asked(**change))


def test_an_unknown_part_is_refused_with_those_there_are():
    with pytest.raises(BlockError, match="leave_one_out"):
        made(("leave_two_out",), asked())


def test_nothing_asked_for_adds_nothing():
    assert made((), asked()) == {}
