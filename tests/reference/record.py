"""The record of metafor's numbers: every leaf has a path, and the README names those left alone."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from livingmeta.effect_sizes import EffectSizes, ZeroCellRule, effect_sizes, with_field_names

HERE = Path(__file__).parent
RECORD: dict[str, Any] = json.loads((HERE / "reference.json").read_text(encoding="utf-8"))
SETS: dict[str, Any] = RECORD["datasets"]
README = (HERE / "README.md").read_text(encoding="utf-8")
# escalc() keeps tables without any event unless told to drop them.
AS_ESCALC = ZeroCellRule(keep_double_zero=True)
CLOSED_FORM, ITERATIVE, P_VALUE = 1e-10, 1e-9, 1e-8
IN_THE_RECORD = object()


@dataclass(frozen=True)
class Value:
    """One number of ours for a path of the record; `theirs` where the record's own is not exact."""

    path: str
    ours: Any
    tolerance: float
    absolute: float = 0.0
    theirs: Any = IN_THE_RECORD

    @property
    def expected(self) -> Any:
        """Return the number that ours is set against."""
        return LEAVES[self.path] if self.theirs is IN_THE_RECORD else self.theirs

    @property
    def is_close(self) -> bool:
        """Return whether both are missing, the same text, or equal within the tolerance."""
        ours, theirs = known(self.ours), known(self.expected)
        if ours is None or theirs is None or isinstance(theirs, str):
            return bool(ours == theirs)
        return math.isclose(ours, theirs, rel_tol=self.tolerance, abs_tol=self.absolute)

    def __str__(self) -> str:
        return f"{self.path}: {self.ours!r} but the record has {self.expected!r}"


def known(value: Any) -> Any:
    """Return a number as float or None, and any other text as it is."""
    if value is None:
        return None
    if isinstance(value, str):
        return {"Inf": math.inf, "-Inf": -math.inf}.get(value, value)
    return None if math.isnan(value) else float(value)


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of every value; `/` parts the keys, an index counts from 0."""
    if isinstance(tree, dict | list):
        for key, branch in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(branch, join(path, key))
    else:
        yield path, tree


def join(*parts: object) -> str:
    """Return a path; a `/` inside a key becomes `-`."""
    return "/".join([str(parts[0]), *(str(part).replace("/", "-") for part in parts[1:])]).strip("/")


def _all_leaves() -> dict[str, Any]:
    found = {}
    for name, item in SETS.items():
        about = {key: value for key, value in item.items() if key != "analyses"}
        found.update(leaves({**item["analyses"], **about}, name))
    return found


LEAVES = _all_leaves()


def table_of(heading: str) -> dict[str, str]:
    """Return {pattern: reason} of the table under a heading of README.md."""
    section = re.split(r"^## ", README.partition(f"\n## {heading}\n")[2], flags=re.M)[0]
    found = {}
    for first, reason in re.findall(r"^\| (`.+?`) \| (.+) \|$", section, flags=re.M):
        found.update(dict.fromkeys(re.findall(r"`([^`]+)`", first), reason))
    return found


def matcher(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return what matches any of the patterns, and all beneath it.

    `*` stands for anything within one key, `**` for any keys, `{a,b}` for either.
    """
    meaning = {"**": ".*", "*": "[^/]*", "{": "(?:", ",": "|", "}": ")"}
    said = [
        "".join(meaning.get(part, re.escape(part)) for part in re.split(r"(\*\*|[*{},])", pattern))
        for pattern in patterns
    ]
    return re.compile(f"(?:{'|'.join(said)})(?:/.*)?" if said else r"(?!)")


NOT_COMPARED = table_of("Not compared")
DISAGREEMENTS = table_of("Known disagreements")


@lru_cache
def raw(name: str) -> pd.DataFrame:
    """Return a data set as its file has it."""
    return pd.read_csv(HERE / "data" / f"{name}.csv", encoding="utf-8")


@lru_cache
def rows(name: str, call: str) -> pd.DataFrame:
    """Return a data set under the field's names, as a call of escalc() assigns them."""
    table = raw(name)
    if name == "kearon1998":
        table = table.assign(**{"nn-tn": table["nn"] - table["tn"]})
    columns = dict(re.findall(r"(\w+)=([\w.-]+)", call))
    return with_field_names(table, columns).assign(
        study=[f"row {i}" for i in range(len(table))], line=range(2, len(table) + 2)
    )


@lru_cache
def sizes(
    name: str, call: str, measure: str, zero: ZeroCellRule = AS_ESCALC, vtype: str = "LS"
) -> EffectSizes:
    """Return the effect sizes of a data set."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return effect_sizes(rows(name, call), measure, zero=zero, vtype=vtype)


@dataclass(frozen=True)
class Analysis:
    """One measure of one data set in the record."""

    name: str
    key: str

    @property
    def record(self) -> dict[str, Any]:
        """Return the blocks of the analysis."""
        found: dict[str, Any] = SETS[self.name]["analyses"][self.key]
        return found

    @property
    def measure(self) -> str:
        """Return the code of the measure."""
        return "OR" if self.key == "DOR" else self.key.rpartition("_")[2]

    @property
    def effects(self) -> EffectSizes:
        """Return the effect sizes that every block but those of zero cells starts from."""
        return self.sizes()

    def sizes(self, zero: ZeroCellRule = AS_ESCALC, vtype: str = "LS") -> EffectSizes:
        """Return the effect sizes by a rule for zero cells or a kind of variance."""
        call = self.record["escalc"]["call"].replace(f"measure='{self.measure}'", "")
        return sizes(self.name, call, self.measure, zero, vtype)


@dataclass(frozen=True)
class Block:
    """One block of an analysis, and where it stands."""

    analysis: Analysis
    title: str

    @property
    def content(self) -> Any:
        """Return what the record has."""
        return self.analysis.record[self.title]

    @property
    def path(self) -> str:
        """Return where the block stands."""
        return join(self.analysis.name, self.analysis.key, self.title)

    @property
    def effects(self) -> EffectSizes:
        """Return the effect sizes of the analysis."""
        return self.analysis.effects


def is_p_value(key: str) -> bool:
    """Return whether a key of the record is a p-value: those lose digits with the statistic's square."""
    return key.endswith(("pval", "p_k0")) or key in (
        *("p", "QEp", "QMp", "Qp", "MHp", "BDp", "TAp", "LRTp"),
        *("p_slope", "p_intercept"),
    )


def values_of(
    path: str,
    ours: dict[str, Any],
    tolerance: float = ITERATIVE,
    p_value: float = P_VALUE,
) -> Iterator[Value]:
    """Yield a value for each key of the record that `ours` has; arrays by element."""
    for key, mine in ours.items():
        allowed = max(p_value, tolerance) if is_p_value(key) else tolerance
        if isinstance(mine, list | tuple | np.ndarray):
            for tail, one in leaves(list_of(mine), join(path, key)):
                yield Value(tail, one, allowed)
        else:
            yield Value(join(path, key), mine, allowed)


def list_of(array: Any) -> Any:
    """Return nested lists of an array."""
    return array.tolist() if isinstance(array, np.ndarray) else list(array)
