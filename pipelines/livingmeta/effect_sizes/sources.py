"""The sets of columns that can supply an effect: counts and the like, a report, or `yi` itself.

A source looks at all rows at once. Where a row has its columns, the row gets an effect or the
reason why it cannot enter; where it has some of them, what is missing is said as a hint.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livingmeta.effect_sizes import formulas, reasons
from livingmeta.effect_sizes.measures import FISHER_Z, INPUTS, LOG, Measure
from livingmeta.effect_sizes.reasons import Array, Check, Columns, Texts, first_reasons, shown
from livingmeta.effect_sizes.zero_rule import Mask, ZeroCellRule

OF_TWO_ARMS = ("counts", "person_time")
WHAT_IS_ADDED_TO = {
    "counts": ("cells", "tables"),
    "person_time": ("events", "tables"),
    "proportion": ("events and non-events", "groups"),
}


@dataclass(frozen=True)
class Asked:
    """What is asked of the rows."""

    measure: Measure
    accepted: frozenset[str]
    zero: ZeroCellRule
    vtype: str


@dataclass(frozen=True)
class Rows:
    """Rows of shape (k,): numbers by column, and the two columns of text that matter."""

    at: Columns
    texts: Mapping[str, NDArray[np.object_]]

    @property
    def k(self) -> int:
        """Return the number of rows."""
        return len(self.at["yi"])

    def where(self, chosen: NDArray) -> "Rows":
        """Return the chosen rows (bool or indices)."""
        return Rows(
            *({name: array[chosen] for name, array in part.items()} for part in (self.at, self.texts))
        )


@dataclass(frozen=True)
class Supplied:
    """What a source supplies: `has`, `yi`, `vi` of shape (k,), a reason or a hint for each row.

    `corrected` says to which rows a zero-cell correction was added.
    """

    has: Mask
    yi: Array
    vi: Array
    reasons: Texts
    corrected: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))


def _supplied(rows: Rows, has: Mask, hints: Texts, checks: list[Check], compute: Callable) -> Supplied:
    """Return a source's answer: faults among the rows that have it, effects for the others.

    `checks` and what `compute` takes and returns are of the rows where `has` holds.
    """
    faults = first_reasons(int(has.sum()), checks)
    good = faults == ""
    places = np.flatnonzero(has)[good]
    yi, vi = np.full((2, rows.k), np.nan)
    corrected = np.zeros(rows.k, dtype=bool)
    # What cannot be computed comes out as not finite, and is listed with that reason.
    with np.errstate(all="ignore"):
        yi[places], vi[places], corrected[places] = compute(rows.where(places))
    said = np.where(has, "", hints).astype(object)
    said[has] = faults
    said[places] = first_reasons(len(places), reasons.of_result(yi[places], vi[places]))
    return Supplied(has, yi, vi, said, corrected)


def from_inputs(rows: Rows, asked: Asked) -> Supplied:
    """Return effects from counts, person-time, means, correlations or changes, by the measure's formula."""
    measure = asked.measure
    at = _with_changes(rows.at) if measure.inputs == "change" else rows.at
    rows = Rows(at, rows.texts)
    names = INPUTS[measure.inputs]
    missing = {name: np.isnan(at[name]) for name in names}
    has = ~np.logical_or.reduce(list(missing.values()))
    inside = rows.where(has).at
    checks = reasons.CHECKS[measure.inputs](inside, measure) + _uninformative(inside, asked)
    hints = first_reasons(rows.k, [_incomplete(names, missing)])
    return _supplied(rows, has, hints, checks, lambda part: _computed(part.at, asked))


def _incomplete(names: Sequence[str], missing: Mapping[str, Mask]) -> Check:
    # The size of a group alone is not an attempt at a table.
    telling = [~missing[name] for name in names if not name.startswith("n")]
    return (
        np.logical_or.reduce(telling) & np.logical_or.reduce(list(missing.values())),
        lambda i: f"{', '.join(name for name in names if missing[name][i])} missing",
    )


def _uninformative(at: Columns, asked: Asked) -> list[Check]:
    if asked.measure.inputs not in OF_TWO_ARMS:
        return []
    why = "it carries no information on a ratio" if asked.measure.needs else "left out by the rule"
    left_out = asked.zero.left_out(at, asked.measure)
    return [(mask, lambda i, kind=kind: f"{kind}: {why}") for kind, mask in left_out.items()]  # type: ignore[misc]


def _with_changes(at: Columns) -> Columns:
    """Return columns with the change filled from both times; metafor's m1i and m2i are such times."""
    filled = dict(at)
    for ours, theirs in (("post", "treatment"), ("pre", "control")):
        for name in ("mean", "sd"):
            own, other = at[f"{name}_{ours}"], at[f"{name}_{theirs}"]
            filled[f"{name}_{ours}"] = np.where(np.isnan(own), other, own)
    post, pre, r = filled["sd_post"], filled["sd_pre"], np.clip(at["r"], -1, 1)
    computed = {
        "mean_change": filled["mean_post"] - filled["mean_pre"],
        "sd_change": formulas.deviation_of_change(np.abs(post), np.abs(pre), r),
    }
    return filled | {name: np.where(np.isnan(at[name]), value, at[name]) for name, value in computed.items()}


def _computed(at: Columns, asked: Asked) -> tuple[Array, Array, Mask]:
    measure, zero = asked.measure, asked.zero
    assert measure.formula is not None
    columns = [at[name] for name in INPUTS[measure.inputs]]
    corrected = np.zeros(len(columns[0]), dtype=bool)
    if measure.inputs in WHAT_IS_ADDED_TO:
        columns, corrected = _with_correction(measure.inputs, columns, zero.added(measure), zero.to)
    kind = {} if asked.vtype == measure.vtypes[0] else {"vtype": asked.vtype}
    yi, vi = measure.formula(*columns, **kind)
    return yi, vi, corrected


def _with_correction(inputs: str, columns: list[Array], add: float, to: str) -> tuple[list[Array], Mask]:
    """Return the formula's arguments with the zero-cell correction, and where one was added."""
    if inputs == "person_time":
        x1, t1, x2, t2 = columns
        (x1, x2), chosen = formulas.corrected((x1, x2), add, to)
        return [x1, t1, x2, t2], chosen
    cells = []
    for events, n in zip(columns[::2], columns[1::2], strict=True):
        cells += [events, n - events]
    parts, chosen = formulas.corrected(cells, add, to)
    return list(parts), chosen


def from_report(rows: Rows, asked: Asked) -> Supplied:
    """Return effects from a reported estimate with its interval of any level, or its p-value."""
    at, measure = rows.at, asked.measure
    offered = ~np.isnan(at["estimate"])
    interval = ~np.isnan(at["ci_lower"]) & ~np.isnan(at["ci_upper"])
    hints = first_reasons(rows.k, _unusable(rows, asked, offered, interval))
    has = offered & (hints == "")
    checks = _faults(rows.where(has).at, measure)
    return _supplied(rows, has, hints, checks, lambda part: _from_printed(part.at, measure))


def _unusable(rows: Rows, asked: Asked, offered: Mask, interval: Mask) -> list[Check]:
    stated, operator = rows.texts["measure_reported"], rows.texts["p_operator"]
    by_p = offered & ~interval
    other = [isinstance(text, str) and bool(text) and text not in asked.accepted for text in stated]
    bound = [isinstance(text, str) and text not in ("=", "") for text in operator]
    code = asked.measure.code
    return [
        (
            by_p & np.isnan(rows.at["p_value"]),
            lambda i: "reported estimate has neither interval nor p-value",
        ),
        (
            offered & np.array(other, dtype=bool),
            lambda i: f"reported measure {stated[i]} is not {code} and not among the accepted measures",
        ),
        (by_p & np.array(bound, dtype=bool), lambda i: "p-value is only a bound"),
        (
            by_p & asked.measure.is_proportion,
            lambda i: "a proportion's p-value does not give its variance",
        ),
    ]


def _interval_is_there(at: Columns) -> Mask:
    return ~np.isnan(at["ci_lower"]) & ~np.isnan(at["ci_upper"])


def _faults(at: Columns, measure: Measure) -> list[Check]:
    estimate, lower, upper, level, p = (
        at[name] for name in ("estimate", "ci_lower", "ci_upper", "ci_level", "p_value")
    )
    interval = _interval_is_there(at)
    span = measure.bounds or (-np.inf, np.inf)
    return [
        (_beyond_scale(at, measure), lambda i: _SCALE_RULES.get(measure.scale, "a number beyond its scale")),
        (
            (estimate < span[0]) | (estimate > span[1]),
            lambda i: f"estimate {shown(estimate[i])}: must lie between {span[0]:g} and {span[1]:g}",
        ),
        (
            interval & (lower > upper),
            lambda i: f"ci_lower {shown(lower[i])} is above ci_upper {shown(upper[i])}",
        ),
        (
            interval & ~((lower <= estimate) & (estimate <= upper)),
            lambda i: (
                f"interval {shown(lower[i])} to {shown(upper[i])} does not contain the estimate "
                f"{shown(estimate[i])}"
            ),
        ),
        # A level of 0.95 is a share, not 0.95 percent: taken at its word the interval would mean nothing.
        (
            interval & ~((level >= 1) & (level < 100)),
            lambda i: f"ci_level {shown(level[i])}: must lie between 0 and 100 (percent, such as 95)",
        ),
        (~interval & ~((p > 0) & (p <= 1)), lambda i: f"p_value {shown(p[i])}: must lie between 0 and 1"),
        (~interval & (p == 1), lambda i: "p_value 1: it says nothing on the variance"),
    ]


_SCALE_RULES = {
    LOG: "a ratio and its limits must be > 0",
    FISHER_Z: "a correlation and its limits must lie between -1 and 1",
    "logit": "a proportion and its limits must lie between 0 and 1",
    "arcsine": "a proportion and its limits must lie between 0 and 1",
}


def _beyond_scale(at: Columns, measure: Measure) -> Mask:
    """Return where a printed number has no place on the measure's scale."""
    beyond = np.zeros(len(at["estimate"]), dtype=bool)
    with np.errstate(all="ignore"):
        for name in ("estimate", "ci_lower", "ci_upper"):
            beyond |= np.isfinite(at[name]) & ~np.isfinite(measure.to_analysis(at[name]))
    return beyond


def _from_printed(at: Columns, measure: Measure) -> tuple[Array, Array, Mask]:
    estimate, lower, upper = (measure.to_analysis(at[name]) for name in ("estimate", "ci_lower", "ci_upper"))
    interval = _interval_is_there(at)
    by_interval = formulas.from_interval(estimate, lower, upper, at["ci_level"])[1]
    by_p = formulas.from_p_value(estimate, at["p_value"])[1]
    return estimate, np.where(interval, by_interval, by_p), np.zeros(len(estimate), dtype=bool)


def as_given(rows: Rows, _asked: Asked) -> Supplied:
    """Return `yi` with `vi`, or with the square of `sei`."""
    yi, vi, sei = (rows.at[name] for name in ("yi", "vi", "sei"))
    known = ~np.isnan(vi) | ~np.isnan(sei)
    has = ~np.isnan(yi) & known
    hints = first_reasons(rows.k, [(~np.isnan(yi) & ~known, lambda i: "yi without vi or sei")])
    low = (np.isnan(vi) & (sei < 0))[has]
    error = sei[has]
    checks: list[Check] = [(low, lambda i: f"standard error {shown(error[i])}: must be > 0")]
    return _supplied(rows, has, hints, checks, lambda part: _as_they_are(part.at))


def _as_they_are(at: Columns) -> tuple[Array, Array, Mask]:
    vi = np.where(np.isnan(at["vi"]), at["sei"] ** 2, at["vi"])
    return at["yi"], vi, np.zeros(len(vi), dtype=bool)


def sources_of(measure: Measure) -> list[tuple[str, Callable[[Rows, Asked], Supplied]]]:
    """Return the sources of a measure by name, in the order in which they are asked."""
    own = [(measure.inputs, from_inputs)] if measure.inputs else []
    report = [("reported", from_report)] if measure.reported else []
    first_counts = measure.inputs in WHAT_IS_ADDED_TO
    return [*(own + report if first_counts else report + own), ("generic", as_given)]
