"""A forest plot as plain records: what stands in which row, before anything is drawn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from livingmeta import formats
from livingmeta.analysis import Analysis, Group, Subgroups
from livingmeta.charts.statements import effect_text, has_prediction, natural
from livingmeta.effect_sizes import Measure
from livingmeta.estimators import Fit

HEADING, STUDY, SUBTOTAL, COMMON, RANDOM, NOTE = "heading", "study", "subtotal", "common", "random", "note"
TOTALS = (SUBTOTAL, COMMON, RANDOM)
NAMES = {
    "EE": "Equal effects",
    "DL": "Random effects, DL",
    "REML": "Random effects, REML",
    "MH": "Mantel–Haenszel",
    "PETO": "Peto",
}


@dataclass(frozen=True)
class Row:
    """One row of a forest plot.

    Estimate, limits and prediction interval are on the natural scale; `size` (share of the
    weight that the square shows), `weight` (random-effects weight) and `participants`
    (share of all participants) are percentages. `note` says in words what bars show, for
    plots without bars.
    """

    kind: str
    label: str
    cells: tuple[str, ...] = ()
    text: str = ""
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    pi_lower: float | None = None
    pi_upper: float | None = None
    size: float | None = None
    weight: float | None = None
    participants: float | None = None
    source: str = ""
    indent: int = 0
    note: str = ""


@dataclass(frozen=True)
class Forest:
    """All rows of a forest plot with the headings of its columns of raw data."""

    measure: Measure
    level: float
    columns: tuple[str, ...]
    unit: str
    rows: tuple[Row, ...]
    is_split: bool
    has_weights: bool


@dataclass(frozen=True)
class Columns:
    """Columns of raw data: headings, what they hold, a cell per study, a cell per total."""

    headings: tuple[str, ...]
    unit: str
    cells: Callable[[pd.Series], tuple[str, ...]]
    totals: Callable[[pd.DataFrame], tuple[str, ...]]


def forest_layout(analysis: Analysis) -> Forest:
    """Return the rows of the forest plot of one question, from top to bottom."""
    split, pooled = is_split(analysis), analysis.fit is not None and analysis.fit.k > 1
    columns = raw_columns(analysis)
    studies = study_rows(analysis, columns, split)
    rows: list[Row] = []
    subgroups = analysis.subgroups[0] if analysis.subgroups else None
    if subgroups is None:
        rows += [studies[i] for i in ordered(analysis, range(len(studies)), split)]
    else:
        rows += _grouped(analysis, subgroups, studies, columns, split)
    if pooled:
        rows += _overall(analysis, columns, subgroups is not None)
    return Forest(
        measure=analysis.effects.measure,
        level=analysis.effects.level,
        columns=columns.headings,
        unit=columns.unit,
        rows=tuple(rows),
        is_split=split,
        has_weights=pooled,
    )


def is_split(analysis: Analysis) -> bool:
    """Return whether the first subgroups divide the studies by a threshold on their size."""
    if not analysis.subgroups or analysis.participants is None or analysis.common is None:
        return False
    rules = {rule.name: rule for rule in analysis.question.subgroups}
    rule = rules.get(analysis.subgroups[0].name)
    return rule is not None and rule.at_least is not None and rule.column == "n_total"


def study_rows(analysis: Analysis, columns: Columns, split: bool) -> list[Row]:
    """Return one row per effect, in the order of the effects."""
    effects, fit = analysis.effects, analysis.fit
    weights = fit.weights if fit is not None and fit.k > 1 else np.full(effects.k, np.nan)
    sizes = analysis.common.weights if split and analysis.common is not None else weights
    total = analysis.participants
    rows = []
    for (_, study), weight, size in zip(effects.frame.iterrows(), weights, sizes, strict=True):
        values = (study["yi"], study["ci_lower"], study["ci_upper"])
        estimate, lower, upper = natural(effects.measure, *values)
        rows.append(
            Row(
                kind=STUDY,
                label=study_label(study),
                cells=columns.cells(study),
                text=effect_text(effects.measure, *values),
                estimate=estimate,
                lower=lower,
                upper=upper,
                size=_finite(size),
                weight=_finite(weight),
                participants=100 * study["n_total"] / total if total else None,
                source=study_source(study),
                indent=1 if analysis.subgroups else 0,
            )
        )
    return rows


def study_label(study: pd.Series) -> str:
    """Return the name of a study, with its year where the name does not have it."""
    name = _text(study.get("study"))
    year = pd.to_numeric(study.get("year"), errors="coerce")
    if pd.isna(year) or str(int(year)) in name:
        return name
    return f"{name} {int(year)}"


def study_source(study: pd.Series) -> str:
    """Return where a row was taken from, as far as it is recorded."""
    doi, locator = _text(study.get("doi")), _text(study.get("source_locator"))
    return "; ".join(filter(None, (f"doi:{doi}" if doi else "", locator))) or "not recorded"


def raw_columns(analysis: Analysis) -> Columns:
    """Return the columns of raw data that the effects were computed from."""
    effects, arms = analysis.effects, analysis.question.arms
    derived = set(effects.frame["derived_from"]) if effects.k else set()
    headings = (arms.get("treatment", "Treatment"), arms.get("control", "Control"))
    if "counts" in derived:
        return Columns(headings, "events/n", _count_cells, _count_totals)
    if "means" in derived:
        return Columns(headings, "mean (SD), n", _mean_cells, lambda frame: ("", ""))
    if effects.k and effects.frame["n_total"].notna().any():
        return Columns(("n",), "", _size_cells, _size_totals)
    return Columns((), "", lambda study: (), lambda frame: ())


def _count_cells(study: pd.Series) -> tuple[str, ...]:
    return tuple(_events(study[f"events_{arm}"], study[f"n_{arm}"]) for arm in ("treatment", "control"))


def _count_totals(frame: pd.DataFrame) -> tuple[str, ...]:
    sums = frame[["events_treatment", "n_treatment", "events_control", "n_control"]].sum(skipna=False)
    return _count_cells(sums)


def _events(events: float, n: float) -> str:
    if pd.isna(events) or pd.isna(n):
        return formats.MISSING
    return f"{formats.count(events)}/{formats.count(n)}"


def _mean_cells(study: pd.Series) -> tuple[str, ...]:
    return tuple(
        f"{study[f'mean_{arm}']:g} ({study[f'sd_{arm}']:g}), {formats.count(study[f'n_{arm}'])}"
        if pd.notna(study[f"mean_{arm}"])
        else formats.MISSING
        for arm in ("treatment", "control")
    )


def _size_cells(study: pd.Series) -> tuple[str, ...]:
    return (formats.count(study["n_total"]),)


def _size_totals(frame: pd.DataFrame) -> tuple[str, ...]:
    total = frame["n_total"].sum(skipna=False)
    return (formats.count(total) if pd.notna(total) else "",)


def ordered(analysis: Analysis, rows: Sequence[int], split: bool) -> list[int]:
    """Return rows by size (largest first) in a split plot, else by year and name."""
    frame = analysis.effects.frame
    if split:
        sizes = frame["n_total"].to_numpy(float)
        return sorted(rows, key=lambda i: (-sizes[i], i))
    years = pd.to_numeric(frame.get("year", pd.Series(np.nan, index=frame.index)), errors="coerce")
    year = years.fillna(np.inf).to_numpy(float)
    return sorted(rows, key=lambda i: (year[i], study_label(frame.iloc[i]).casefold(), i))


def _grouped(
    analysis: Analysis, subgroups: Subgroups, studies: list[Row], columns: Columns, split: bool
) -> list[Row]:
    rows: list[Row] = []
    for group in subgroups.groups:
        if group.rows:
            note = share_note([studies[i] for i in group.rows]) if split else ""
            rows.append(Row(HEADING, group.label, note=note))
            rows += [studies[i] for i in ordered(analysis, group.rows, split)]
            rows += _subtotal(analysis, group, studies, columns)
    return rows


def share_note(members: list[Row]) -> str:
    """Return the shares of participants and of weight that some studies hold, in words."""
    participants, weight = summed(r.participants for r in members), summed(r.weight for r in members)
    return f"{formats.percent(participants)} of participants, {formats.percent(weight)} of weight"


def _subtotal(analysis: Analysis, group: Group, studies: list[Row], columns: Columns) -> list[Row]:
    if group.fit is None:
        return [Row(NOTE, "Not pooled", indent=1)]
    if group.fit.k == 1:
        return []
    label = NAMES.get(group.fit.method, group.fit.method)
    members = [studies[i] for i in group.rows]
    row = total_row(analysis, SUBTOTAL, label, group.fit, indent=1)
    totals = columns.totals(analysis.effects.frame.iloc[list(group.rows)])
    return [
        with_shares(row, totals, summed(r.weight for r in members), summed(r.participants for r in members))
    ]


def _overall(analysis: Analysis, columns: Columns, has_groups: bool) -> list[Row]:
    fit, common = analysis.fit, analysis.common
    indent = 1 if has_groups else 0
    rows = [Row(HEADING, f"All {formats.words(analysis.effects.k)} studies")] if has_groups else []
    totals = columns.totals(analysis.effects.frame)
    fits = [(COMMON, common), (RANDOM, fit)]
    if analysis.question.verdict != "conflict_aware":
        fits.reverse()
    for kind, one in fits:
        if one is not None:
            label = NAMES.get(one.method, one.method)
            row = total_row(analysis, kind, label, one, indent)
            weight = 100.0 if kind == RANDOM else None
            rows.append(with_shares(row, totals, weight, None))
            totals = tuple("" for _ in totals)
    return rows


def total_row(analysis: Analysis, kind: str, label: str, fit: Fit, indent: int) -> Row:
    """Return the row of a pooled estimate."""
    measure = analysis.effects.measure
    estimate, lower, upper = natural(measure, fit.estimate, fit.ci_lower, fit.ci_upper)
    shown = kind == RANDOM and has_prediction(fit)
    pi_lower, pi_upper = natural(measure, fit.pi_lower, fit.pi_upper) if shown else (None, None)
    return Row(
        kind=kind,
        label=label,
        text=effect_text(measure, fit.estimate, fit.ci_lower, fit.ci_upper),
        estimate=estimate,
        lower=lower,
        upper=upper,
        pi_lower=pi_lower,
        pi_upper=pi_upper,
        indent=indent,
    )


def with_shares(row: Row, cells: tuple[str, ...], weight: float | None, participants: float | None) -> Row:
    """Return a row with its raw data and its shares, in percent."""
    return replace(row, cells=cells, weight=weight, participants=participants)


def summed(values: Iterable[float | None]) -> float | None:
    """Return a sum, None when a part is unknown."""
    known = list(values)
    return None if None in known else float(sum(value for value in known if value is not None))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()
