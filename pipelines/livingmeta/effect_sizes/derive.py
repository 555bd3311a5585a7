"""Rows as reported become effect sizes; a row that cannot enter is listed with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from livingmeta.distributions import normal_quantile
from livingmeta.effect_sizes import formulas
from livingmeta.effect_sizes.columns import NUMERIC, as_numbers
from livingmeta.effect_sizes.measures import FREEMAN_TUKEY, Measure, MeasureError, measure_of
from livingmeta.effect_sizes.sources import WHAT_IS_ADDED_TO, Asked, Rows, sources_of
from livingmeta.effect_sizes.zero_rule import ZeroCellRule


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
        return self._all_from("counts")

    @property
    def has_person_time(self) -> bool:
        """Return whether every row has events and person-time of both arms."""
        return self._all_from("person_time")

    def _all_from(self, inputs: str) -> bool:
        return self.k > 0 and bool(self.frame["derived_from"].eq(inputs).all())

    def subset(self, keep: np.ndarray) -> "EffectSizes":
        """Return the effects where `keep` (bool, shape (k,)) holds."""
        frame = self.frame[keep]
        return replace(self, measure=_with_participants(self.measure, frame), frame=frame)


def effect_sizes(
    rows: pd.DataFrame,
    measure: str,
    accept_measures: Sequence[str] = (),
    zero: ZeroCellRule | None = None,
    level: float = 95.0,
    vtype: str = "LS",
) -> EffectSizes:
    """Return the effect sizes of rows as reported.

    Each row supplies the measure by the first complete set of columns: counts or person-time,
    reported estimate with interval or p-value, means or correlation, then `yi` with `vi` or `sei`.

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
    vtype : str
        Kind of sampling variance: one of the measure's `vtypes`.

    Raises
    ------
    MeasureError
        When the registry does not hold the measure, or the measure not that kind of variance.
    """
    chosen = measure_of(measure)
    if vtype not in chosen.vtypes:
        raise MeasureError(f"vtype {vtype!r}: {chosen.code} has {', '.join(chosen.vtypes)}")
    accepted = frozenset((measure.upper(), *accept_measures))
    asked = Asked(chosen, accepted, zero or ZeroCellRule(), vtype)
    numeric = as_numbers(rows)
    frame = numeric.drop(columns="unreadable").assign(**_effects(numeric, asked))
    reasons = frame["reason"].to_numpy(object)
    excluded = tuple(
        Excluded(int(line), str(study), reason)
        for line, study, reason in zip(frame["line"], frame["study"], reasons, strict=True)
        if reason
    )
    kept = frame[reasons == ""]
    notes = _notes(kept, asked)
    kept = _with_intervals(kept.drop(columns=["reason", "corrected"]), level)
    return EffectSizes(_with_participants(chosen, kept), kept, excluded, level, notes)


def _effects(numeric: pd.DataFrame, asked: Asked) -> dict[str, np.ndarray]:
    """Return `yi`, `vi`, `derived_from`, `reason` and `corrected` of all rows."""
    rows = _as_rows(numeric)
    yi, vi = np.full((2, rows.k), np.nan)
    corrected = np.zeros(rows.k, dtype=bool)
    derived, reasons, hints = (np.full(rows.k, "", dtype=object) for _ in range(3))
    left = np.arange(rows.k)
    for name, source in sources_of(asked.measure):
        found = source(rows.where(left), asked)
        decided, open_ = left[found.has], left[~found.has]
        yi[decided], vi[decided] = found.yi[found.has], found.vi[found.has]
        corrected[decided] = found.corrected[found.has]
        derived[decided], reasons[decided] = name, found.reasons[found.has]
        hints[open_] = _joined(hints[open_], found.reasons[~found.has])
        left = open_
    for i in left:
        said = "; ".join(text for text in (hints[i], numeric["unreadable"].iloc[i]) if text)
        reasons[i] = said and f"no complete set of columns for {asked.measure.code}: {said}"
        reasons[i] = reasons[i] or f"no complete set of columns for {asked.measure.code}"
    return {"yi": yi, "vi": vi, "derived_from": derived, "reason": reasons, "corrected": corrected}


def _as_rows(numeric: pd.DataFrame) -> Rows:
    blank = np.full(len(numeric), None, dtype=object)
    texts = {
        name: numeric[name].to_numpy(object) if name in numeric else blank
        for name in ("measure_reported", "p_operator")
    }
    return Rows({name: numeric[name].to_numpy(float) for name in NUMERIC}, texts)


def _joined(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    pairs = zip(before, after, strict=True)
    return np.array(["; ".join(text for text in pair if text) for pair in pairs], dtype=object)


def _with_participants(measure: Measure, frame: pd.DataFrame) -> Measure:
    """Return the measure with the harmonic mean of participants, where its way back needs that."""
    if measure.scale != FREEMAN_TUKEY:
        return measure
    return replace(measure, n=formulas.harmonic_mean(frame["n"].to_numpy(float)))


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


def _notes(frame: pd.DataFrame, asked: Asked) -> tuple[str, ...]:
    notes = []
    corrected = int(frame["corrected"].sum())
    if corrected:
        parts, things = WHAT_IS_ADDED_TO[asked.measure.inputs]
        notes.append(
            f"{asked.zero.added(asked.measure):g} added to the {parts} "
            f"of {corrected} of {len(frame)} {things} (rule: {asked.zero.to})"
        )
    if asked.vtype != asked.measure.vtypes[0]:
        notes.append(f"sampling variances of kind {asked.vtype}")
    return tuple(notes)
