"""Rows as reported become effect sizes; a row that cannot enter is listed with its reason."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from livingmeta.distributions import normal_quantile
from livingmeta.effect_sizes import formulas
from livingmeta.effect_sizes.columns import NUMERIC, as_numbers
from livingmeta.effect_sizes.measures import COUNTS, MEANS, Measure, measure_of


@dataclass(frozen=True)
class Excluded:
    """A row that did not enter, where it stands and why."""

    line: int
    study: str
    reason: str


@dataclass(frozen=True)
class EffectSizes:
    """Effect sizes of one question, ready to be pooled.

    Parameters
    ----------
    measure : Measure
        What `yi` is.
    frame : DataFrame of shape (k, any)
        One row per effect: `line study yi vi sei ci_lower ci_upper derived_from n_total` and
        all columns of the row as reported. Limits are on the analysis scale, at `level`.
    excluded : tuple of Excluded
        Rows that could not enter.
    level : float
        Confidence level in percent.
    notes : tuple of str
        Choices made on the way, in words.
    """

    measure: Measure
    frame: pd.DataFrame
    excluded: tuple[Excluded, ...] = ()
    level: float = 95.0
    notes: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """Return the number of effects."""
        return len(self.frame)

    @property
    def yi(self) -> np.ndarray:
        """Return the effects of shape (k,), on the analysis scale."""
        return self.frame["yi"].to_numpy(float)

    @property
    def vi(self) -> np.ndarray:
        """Return the sampling variances of shape (k,)."""
        return self.frame["vi"].to_numpy(float)

    @property
    def has_counts(self) -> bool:
        """Return whether every row is a 2x2 table."""
        return self.k > 0 and bool(self.frame["derived_from"].eq("counts").all())

    def subset(self, keep: np.ndarray) -> "EffectSizes":
        """Return the effects where `keep` (bool, shape (k,)) holds."""
        return EffectSizes(self.measure, self.frame[keep], self.excluded, self.level, self.notes)


@dataclass(frozen=True)
class ZeroCellRule:
    """What is done with tables that have a zero cell."""

    add: float = 0.5
    to: str = "only0"
    keep_double_zero: bool = False


def effect_sizes(
    rows: pd.DataFrame,
    measure: str,
    accept_measures: Sequence[str] = (),
    zero: ZeroCellRule | None = None,
    level: float = 95.0,
) -> EffectSizes:
    """Return the effect sizes of rows as reported.

    Each row supplies the measure by the first complete set of columns: counts, reported
    estimate with interval or p-value, means or correlation, then `yi` with `vi` or `sei`.

    Parameters
    ----------
    rows : DataFrame of shape (n, any)
        Field column names; `study` and `line` name each row and its place in the file.
    measure : str
        Code of the measure.
    accept_measures : sequence of str
        Reported measures that may stand for `measure`.
    zero : ZeroCellRule, optional
        Default: 0.5 only to tables with a zero, double-zero tables left out of ratios.
    level : float
        Level of each study's own interval, percent.
    """
    chosen = measure_of(measure)
    zero = zero or ZeroCellRule()
    numeric = as_numbers(rows)
    accepted = {measure.upper(), *accept_measures}
    results = [_one(row, chosen, accepted, zero) for row in _records(numeric)]
    frame = numeric.assign(
        yi=[r[0] for r in results], vi=[r[1] for r in results], derived_from=[r[2] for r in results]
    )
    reasons = [r[3] for r in results]
    excluded = tuple(
        Excluded(int(line), str(study), reason)
        for line, study, reason in zip(frame["line"], frame["study"], reasons, strict=True)
        if reason
    )
    kept = frame[np.array([not reason for reason in reasons], dtype=bool)]
    return EffectSizes(chosen, _with_intervals(kept, level), excluded, level, _notes(kept, chosen, zero))


READ = (*NUMERIC, "measure_reported", "p_operator")
Row = dict[str, Any]  # a plain dict: a pandas row is a hundred times slower to read
Result = tuple[float, float, str, str]


def _records(numeric: pd.DataFrame) -> list[Row]:
    return numeric[[name for name in READ if name in numeric]].to_dict("records")


def _lacks(row: Row, names: Sequence[str]) -> bool:
    return any(math.isnan(row[name]) for name in names)


def _one(row: Row, measure: Measure, accepted: set[str], zero: ZeroCellRule) -> Result:
    reason = "no complete set of columns for " + measure.code
    for source in (_counts, _reported, _means, _correlation, _generic):
        outcome = source(row, measure, accepted, zero)
        if isinstance(outcome, str):
            reason = outcome
            break
        if outcome is not None:
            yi, vi = float(outcome[0]), float(outcome[1])
            problem = _problem(yi, vi)
            return (yi, vi, source.__name__.strip("_"), problem)
    return (np.nan, np.nan, "", reason)


def _problem(yi: float, vi: float) -> str:
    if not np.isfinite(yi):
        return "effect size is not a finite number"
    if not np.isfinite(vi):
        return "sampling variance is not a finite number"
    if vi <= 0:
        return f"sampling variance {vi:g}: must be > 0"
    return ""


# A source of an effect: its `(yi, vi)`, the reason why the row cannot enter, or None when the
# row does not have its columns.
Supplied = tuple[Any, Any] | str | None


def _counts(row: Row, measure: Measure, _accepted: set[str], zero: ZeroCellRule) -> Supplied:
    if measure.counts is None or _lacks(row, COUNTS):
        return None
    a, n1, c, n2 = (row[name] for name in COUNTS)
    if min(a, c) < 0 or a > n1 or c > n2 or min(n1, n2) <= 0:
        return f"counts {a:g}/{n1:g} and {c:g}/{n2:g}: events must lie between 0 and n, n must be > 0"
    # A risk ratio of 1 is known from arms in which everybody had the event; the odds are not.
    only_events = a == n1 and c == n2 and measure.code != "RR"
    if measure.is_ratio and not zero.keep_double_zero and (a + c == 0 or only_events):
        kind = "table of events only" if only_events else "double-zero table"
        return f"{kind}: it carries no information on a ratio"
    # What cannot be computed comes out as not finite, and is listed with that reason.
    with np.errstate(divide="ignore", invalid="ignore"):
        return measure.counts(*formulas.zero_cells(a, n1 - a, c, n2 - c, zero.add, zero.to))


def _reported(row: Row, measure: Measure, accepted: set[str], _zero: ZeroCellRule) -> Supplied:
    if not measure.reported or np.isnan(row["estimate"]):
        return None
    has_interval = not _lacks(row, ("ci_lower", "ci_upper"))
    if not has_interval and np.isnan(row["p_value"]):
        return "reported estimate has neither interval nor p-value"
    stated = row.get("measure_reported")
    if isinstance(stated, str) and stated and stated not in accepted:
        return f"reported measure {stated} is not {measure.code} and not among the accepted measures"
    if not has_interval and row.get("p_operator", "=") not in ("=", "", None):
        return "p-value is only a bound"
    return _from_reported(row, measure, has_interval)


def _from_reported(row: Row, measure: Measure, has_interval: bool) -> Supplied:
    values = np.array([row["estimate"], row["ci_lower"], row["ci_upper"]])
    if measure.is_ratio and (values[~np.isnan(values)] <= 0).any():
        return "a ratio and its limits must be > 0"
    if has_interval and not values[1] <= values[0] <= values[2]:
        return f"interval {values[1]:g} to {values[2]:g} does not contain the estimate {values[0]:g}"
    if has_interval and not 0 < row["ci_level"] < 100:
        return f"ci_level {row['ci_level']:g}: must lie between 0 and 100 (percent)"
    estimate, lower, upper = measure.to_analysis(values)
    if has_interval:
        return formulas.from_interval(estimate, lower, upper, row["ci_level"])
    if not 0 < row["p_value"] < 1:
        return f"p_value {row['p_value']:g}: must lie between 0 and 1"
    return formulas.from_p_value(estimate, row["p_value"])


def _means(row: Row, measure: Measure, _accepted: set[str], _zero: ZeroCellRule) -> Supplied:
    if measure.means is None or _lacks(row, MEANS):
        return None
    if min(row["sd_treatment"], row["sd_control"]) <= 0:
        return "standard deviations must be > 0"
    if min(row["n_treatment"], row["n_control"]) < 2:
        return "each arm needs at least 2 participants"
    return measure.means(*(row[name] for name in MEANS))


def _correlation(row: Row, measure: Measure, _accepted: set[str], _zero: ZeroCellRule) -> Supplied:
    if measure.correlations is None or np.isnan(row["r"]):
        return None
    if np.isnan(row["n"]):
        return "correlation without a sample size"
    if not -1 < row["r"] < 1:
        return f"correlation {row['r']:g}: must lie between -1 and 1"
    if row["n"] < 4:
        return f"n {row['n']:g}: a correlation needs at least 4 participants"
    return measure.correlations(row["r"], row["n"])


def _generic(row: Row, _measure: Measure, _accepted: set[str], _zero: ZeroCellRule) -> Supplied:
    if np.isnan(row["yi"]):
        return None
    if not np.isnan(row["vi"]):
        return row["yi"], row["vi"]
    if row["sei"] < 0:
        return f"standard error {row['sei']:g}: must be > 0"
    return (row["yi"], row["sei"] ** 2) if not np.isnan(row["sei"]) else None


def _with_intervals(frame: pd.DataFrame, level: float) -> pd.DataFrame:
    half = normal_quantile(0.5 + level / 200) * np.sqrt(frame["vi"].astype(float))
    return frame.assign(
        sei=np.sqrt(frame["vi"].astype(float)),
        reported_ci_lower=frame["ci_lower"],
        reported_ci_upper=frame["ci_upper"],
        ci_lower=frame["yi"] - half,
        ci_upper=frame["yi"] + half,
        n_total=_total(frame),
    )


def _total(frame: pd.DataFrame) -> pd.Series:
    total = frame["n_treatment"] + frame["n_control"]
    fallback = pd.to_numeric(frame["n_total"], errors="coerce") if "n_total" in frame else np.nan
    return total.fillna(frame["n"]).fillna(fallback)


def _notes(frame: pd.DataFrame, measure: Measure, zero: ZeroCellRule) -> tuple[str, ...]:
    tables = frame[frame["derived_from"].eq("counts")]
    if measure.counts is None or tables.empty or zero.to == "none":
        return ()
    cells = tables[["events_treatment", "events_control"]].eq(0).any(axis=1)
    full = (tables["events_treatment"] == tables["n_treatment"]) | (
        tables["events_control"] == tables["n_control"]
    )
    corrected = len(tables) if zero.to == "all" else int((cells | full).sum())
    if not corrected:
        return ()
    return (f"{zero.add:g} added to the cells of {corrected} of {len(frame)} tables (rule: {zero.to})",)
