"""Do we get metafor's numbers? Data sets, script and versions: README.md in this folder."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from livingmeta.diagnostics import between_groups, peese, peters
from livingmeta.effect_sizes import EffectSizes, ZeroCellRule, effect_sizes, with_field_names
from livingmeta.estimators import fit_counts, pool
from reference.closeness import CLOSED_FORM, Pair, scalars, vectors

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "metafor.json").read_text())
SETS = REFERENCE["sets"]
# escalc() keeps tables without any event unless told to drop them.
AS_ESCALC = ZeroCellRule(keep_double_zero=True)
VARIANTS = {
    "all": ZeroCellRule(to="all", keep_double_zero=True),
    "none": ZeroCellRule(to="none", keep_double_zero=True),
    "drop00": ZeroCellRule(),
}
CASES = [(name, measure) for name, item in SETS.items() for measure in item["analyses"]]
# A risk difference of 0 from two empty arms is a result to us; rma.mh() leaves it out of Q (see README.md).
HETEROGENEITY = ("q", "q_p", "i2", "h2")
AT_LEAST = 11_000


@lru_cache
def rows(name: str) -> pd.DataFrame:
    """Return the input of a data set under the field's column names."""
    table = pd.read_csv(HERE / "data" / f"{name}.csv")
    columns = {left: right for left, right in SETS[name]["columns"].items() if left != right}
    return with_field_names(table, columns).assign(
        study=[f"row {i}" for i in range(len(table))], line=range(2, len(table) + 2)
    )


@lru_cache
def sizes(name: str, measure: str, zero: ZeroCellRule = AS_ESCALC) -> EffectSizes:
    with np.errstate(divide="ignore", invalid="ignore"):
        return effect_sizes(rows(name), measure, zero=zero)


def aligned(effects: EffectSizes, column: str, k: int) -> list[float | None]:
    values = dict(zip(effects.frame["line"] - 2, effects.frame[column], strict=True))
    return [float(values[i]) if i in values else None for i in range(k)]


def effect_pairs(name: str, measure: str) -> Iterator[Pair]:
    reference = SETS[name]["analyses"][measure]
    for label, zero, theirs in (
        ("default", AS_ESCALC, reference),
        *((label, VARIANTS[label], item) for label, item in reference.get("variants", {}).items()),
    ):
        effects = sizes(name, measure, zero)
        for column in ("yi", "vi"):
            ours = aligned(effects, column, len(theirs[column]))
            for i, (mine, value) in enumerate(zip(ours, theirs[column], strict=True)):
                yield Pair(f"{name} {measure} {label} {column}[{i}]", mine, value, CLOSED_FORM)


def model_pairs(name: str, measure: str) -> Iterator[Pair]:
    effects, models = sizes(name, measure), SETS[name]["analyses"][measure]["models"]
    for key, theirs in models.items():
        method, _, what = key.partition(" ")
        if key == "q_profile":
            yield from scalars(f"{name} {measure} {key}", pool(effects, "REML", "z"), theirs)
        elif what == "weights":
            yield from vectors(f"{name} {measure} {key}", pool(effects, method, "z").weights, theirs, 1e-9)
        else:
            yield from scalars(f"{name} {measure} {key}", pool(effects, method, what), theirs)


def count_pairs(name: str) -> Iterator[Pair]:
    for key, theirs in SETS[name].get("counts", {}).items():
        method, measure = key.split()
        effects = sizes(name, measure, VARIANTS["drop00"])
        left_out = HETEROGENEITY if measure == "RD" and has_double_zero(effects) else ()
        kept = {key: value for key, value in theirs.items() if key not in left_out}
        yield from scalars(f"{name} {key}", fit_counts(effects, method), kept, CLOSED_FORM)


def has_double_zero(effects: EffectSizes) -> bool:
    return bool((effects.frame["events_treatment"] + effects.frame["events_control"]).eq(0).any())


def small_study_pairs(name: str) -> Iterator[Pair]:
    if "small_studies" not in SETS[name]:
        return
    effects = sizes(name, "OR", VARIANTS["drop00"])
    for test, theirs in ((peese, "peese"), (peters, "peters")):
        yield from scalars(f"{name} {theirs}", test(effects), SETS[name]["small_studies"][theirs])


def between_pairs(name: str) -> Iterator[Pair]:
    reference = SETS[name].get("between")
    if not reference:
        return
    effects = sizes(name, reference["measure"])
    labels = effects.frame[reference["column"]].to_numpy(object)
    for key, theirs in reference["models"].items():
        ours = between_groups(effects, labels, *key.split())
        yield from scalars(f"{name} between {reference['column']} {key}", ours, theirs)


@lru_cache
def all_pairs(name: str) -> tuple[Pair, ...]:
    pairs = [*count_pairs(name), *small_study_pairs(name), *between_pairs(name)]
    for measure in SETS[name]["analyses"]:
        pairs += [*effect_pairs(name, measure), *model_pairs(name, measure)]
    return tuple(pairs)


@pytest.mark.parametrize("name", SETS)
def test_metafor_gives_the_same(name):
    wrong = [str(pair) for pair in all_pairs(name) if not pair.is_close]
    assert not wrong, f"{len(wrong)} of {len(all_pairs(name))} differ:\n" + "\n".join(wrong[:20])


def test_nothing_was_left_out():
    compared = sum(pair.theirs is not None for name in SETS for pair in all_pairs(name))
    assert compared >= AT_LEAST


def test_every_measure_that_is_computed_has_a_reference():
    assert {measure for _, measure in CASES} == {
        *("OR", "RR", "RD", "PETO", "MD", "SMD", "ZCOR", "COR", "GEN")
    }
