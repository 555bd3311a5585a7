"""Rows as reported become effect sizes; a row that cannot enter is listed with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from livingmeta.distributions import normal_quantile
from livingmeta.effect_sizes import formulas
from livingmeta.effect_sizes.columns import NUMERIC, as_numbers, with_columns
from livingmeta.effect_sizes.measures import FREEMAN_TUKEY, Measure, MeasureError, measure_of
from livingmeta.effect_sizes.sources import WHAT_IS_ADDED_TO, Asked, Rows, sources_of
from livingmeta.effect_sizes.steps import per_step
from livingmeta.effect_sizes.zero_rule import ZeroCellRule

PER_STEP = " per step"


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
    step: float | None = None,
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
    step : float, optional
        Step of magnesium (mmol/L) to which effects per unit are brought; other rows are left out.

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
    numeric, unreadable = as_numbers(rows)
    stepped, no_step = (numeric, [""] * len(numeric)) if step is None else per_step(numeric, chosen, step)
    found = _found(_as_rows(stepped), asked)
    reasons = [
        unsteppable or reason or ("" if name else _incomplete(chosen, hint, text))
        for unsteppable, name, reason, hint, text in zip(
            no_step, found.derived_from, found.reasons, found.hints, unreadable, strict=True
        )
    ]
    enters = np.array([not reason for reason in reasons], dtype=bool)
    derived_from = found.derived_from if step is None else found.derived_from + PER_STEP
    columns = {"yi": found.yi, "vi": found.vi, "derived_from": derived_from}
    kept = with_columns(numeric, columns)[enters]
    frame = with_columns(kept, _intervals(kept, level))
    notes = _notes(int(found.corrected[enters].sum()), len(frame), asked)
    shown = chosen if step is None else _per_step_measure(chosen, step)
    return EffectSizes(_with_participants(shown, frame), frame, _excluded(numeric, reasons), level, notes)


@dataclass(frozen=True)
class _Found:
    """What the sources supply for all rows, arrays of shape (k,); `derived_from` is empty without any."""

    yi: np.ndarray
    vi: np.ndarray
    corrected: np.ndarray
    derived_from: np.ndarray
    reasons: np.ndarray
    hints: np.ndarray


def _found(rows: Rows, asked: Asked) -> _Found:
    yi, vi = np.full((2, rows.k), np.nan)
    corrected = np.zeros(rows.k, dtype=bool)
    derived, reasons, hints = (np.full(rows.k, "", dtype=object) for _ in range(3))
    left = np.arange(rows.k)
    for name, source in sources_of(asked.measure):
        found = source(rows.where(left), asked)
        decided, left = left[found.has], left[~found.has]
        yi[decided], vi[decided] = found.yi[found.has], found.vi[found.has]
        corrected[decided] = found.corrected[found.has]
        derived[decided], reasons[decided] = name, found.reasons[found.has]
        for i, hint in zip(left, found.reasons[~found.has], strict=True):
            hints[i] += f"; {hint}" if hint and hints[i] else hint
    return _Found(yi, vi, corrected, derived, reasons, hints)


def _incomplete(measure: Measure, hint: str, unreadable: str) -> str:
    said = "; ".join(text for text in (hint, unreadable) if text)
    return f"no complete set of columns for {measure.code}{': ' if said else ''}{said}"


def _excluded(rows: pd.DataFrame, reasons: Sequence[str]) -> tuple[Excluded, ...]:
    return tuple(
        Excluded(int(line), str(study), reason)
        for line, study, reason in zip(rows["line"], rows["study"], reasons, strict=True)
        if reason
    )


def _as_rows(numeric: pd.DataFrame) -> Rows:
    blank = np.full(len(numeric), None, dtype=object)
    texts = {
        name: numeric[name].to_numpy(object) if name in numeric else blank
        for name in ("measure_reported", "p_operator")
    }
    return Rows({name: numeric[name].to_numpy(float) for name in NUMERIC}, texts)


def _per_step_measure(measure: Measure, step: float) -> Measure:
    per = f"per {step:g} mmol/L"
    return replace(measure, name=f"{measure.name} {per}", symbol=f"{measure.label} {per}")


def _with_participants(measure: Measure, frame: pd.DataFrame) -> Measure:
    """Return the measure with the harmonic mean of participants, where its way back needs that."""
    if measure.scale != FREEMAN_TUKEY:
        return measure
    return replace(measure, n=formulas.harmonic_mean(frame["n"].to_numpy(float)))


def _intervals(frame: pd.DataFrame, level: float) -> dict[str, np.ndarray]:
    yi, sei = frame["yi"].to_numpy(float), np.sqrt(frame["vi"].to_numpy(float))
    half = normal_quantile(0.5 + level / 200) * sei
    return {
        "sei": sei,
        "reported_ci_lower": frame["ci_lower"].to_numpy(float),
        "reported_ci_upper": frame["ci_upper"].to_numpy(float),
        "ci_lower": yi - half,
        "ci_upper": yi + half,
        "n_total": _total(frame).to_numpy(float),
    }


def _total(frame: pd.DataFrame) -> pd.Series:
    total = frame["n_treatment"] + frame["n_control"]
    fallback = pd.to_numeric(frame["n_total"], errors="coerce") if "n_total" in frame else np.nan
    return total.fillna(frame["n"]).fillna(fallback)


def _notes(corrected: int, k: int, asked: Asked) -> tuple[str, ...]:
    notes = []
    if corrected:
        parts, things = WHAT_IS_ADDED_TO[asked.measure.inputs]
        added = asked.zero.added(asked.measure)
        notes.append(f"{added:g} added to the {parts} of {corrected} of {k} {things} (rule: {asked.zero.to})")
    if asked.vtype != asked.measure.vtypes[0]:
        notes.append(f"sampling variances of kind {asked.vtype}")
    return tuple(notes)
