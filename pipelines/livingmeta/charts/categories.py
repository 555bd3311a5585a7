"""The categories of serum magnesium that cohorts were divided into, in mmol/L, with their results."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from livingmeta import formats, units
from livingmeta.charts.evidence import Evidence, cohort_name, known, patients_of, words

REFERENCE, NUMBER, BARE, NULL, NONE = "reference", "number", "bare", "null", "none"
RATIOS = ("HR", "SHR", "OR", "OR_common", "RR", "IRR")
ROLES = {"primary": 0, "sensitivity": 1, "display": 2}
LEVELS = {"full": 0, "partial": 1, "unclear": 2, "crude": 3}
STATED = {
    "p_only": "p-value only",
    "direction_only": "direction only",
    "null_no_number": "no association, no number",
    "absent": "not reported",
}


@dataclass(frozen=True)
class Category:
    """One category of one cohort.

    Bounds are in mmol/L, None where open; `estimate` and its limits are ratios as printed
    against the reference. `kind` says whether it is the reference, has a number with an interval,
    a bare number, no number but a stated null, or none at all, so that it has no height.
    """

    lower: float | None
    upper: float | None
    kind: str
    text: str
    printed: str = ""
    estimate: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None

    @property
    def bounds(self) -> str:
        """Return the bounds in mmol/L as text."""
        return bounds_text(self.lower, self.upper)


@dataclass(frozen=True)
class Cohort:
    """A cohort with its categories from low to high magnesium; none where no cut-off is in print."""

    label: str
    note: str
    model: str
    categories: tuple[Category, ...]
    stated: str
    question: str
    patients: float | None


def bounds_text(lower: float | None, upper: float | None) -> str:
    """Return bounds in mmol/L as text, `0.74–0.82` or `<0.74`."""
    low, high = (None if x is None else formats.number(x) for x in (lower, upper))
    if low and high:
        return f"{low}–{high}"
    return f"<{high}" if high else f"≥{low}" if low else "not printed"


@lru_cache(maxsize=64)
def cohorts_of(evidence: Evidence) -> tuple[Cohort, ...]:
    """Return every cohort of a question that was divided by magnesium, those with cut-offs first."""
    rows = evidence.asked
    rows = rows[rows["contrast_type"].eq("category")]
    found = [
        _cohort(evidence, members)
        for _, members in rows.groupby(["study_id", "outcome_id"], sort=False, dropna=False)
    ]
    return tuple(
        sorted(found, key=lambda one: (not one.categories, _worst(one), -(one.patients or 0), one.label))
    )


def _worst(one: Cohort) -> int:
    """Return 0 for a cohort with a number that has an interval, else more."""
    order = {NUMBER: 0, BARE: 1, NULL: 2, NONE: 3, REFERENCE: 4}
    return min((order[each.kind] for each in one.categories), default=4)


def _cohort(evidence: Evidence, rows: pd.DataFrame) -> Cohort:
    ranked = rows.assign(
        _role=rows["pool_role"].map(ROLES), _level=rows["adjustment_level"].map(LEVELS).fillna(4)
    ).sort_values(["_role", "_level", "line"], kind="stable")
    first = ranked.iloc[0]
    categories = _distinct([*_from_rows(ranked), *_from_groups(evidence, ranked)])
    patients = patients_of(first)
    size = f"{formats.count(patients)} patients" if patients is not None else "patients not recorded"
    adjusted = {"partial": "partly adjusted", "full": "adjusted", "crude": "crude"}
    model = adjusted.get(str(first["adjustment_level"]), "model unclear")
    return Cohort(
        label=cohort_name(first),
        note=" · ".join(filter(None, (words(first["stratum"]), size))),
        model=model if any(one.estimate for one in categories) else "",
        categories=tuple(sorted(categories, key=_from_low)),
        stated="" if categories else _stated(first),
        question=evidence.question.title,
        patients=patients,
    )


def _from_low(one: Category) -> tuple[float, float]:
    return (one.lower if one.lower is not None else 0.0, one.upper if one.upper is not None else 99.0)


def _stated(row: pd.Series) -> str:
    """Return what is known of a cohort that has no place on the axis."""
    if known(row["as_printed"]):
        return str(row["as_printed"])
    return STATED.get(str(row["result_status"]), "number without cut-offs")


def _from_rows(rows: pd.DataFrame) -> Iterator[Category]:
    for _, row in rows.iterrows():
        unit = row["exposure_unit"]
        if unit not in units.MMOL_PER_L:
            continue
        exposed, reference = (_bounds(row, side, unit) for side in ("exposed", "reference"))
        if exposed != (None, None):
            yield _exposed(row, *exposed)
        if reference != (None, None):
            yield Category(*reference, REFERENCE, "reference", words(row["label_reference"]))


def _bounds(row: pd.Series, side: str, unit: str) -> tuple[float | None, float | None]:
    low, high = (row[f"{side}_{end}"] for end in ("lower", "upper"))
    converted = [units.to_mmol_per_l(float(x), unit) if known(x) else None for x in (low, high)]
    return converted[0], converted[1]


def _exposed(row: pd.Series, lower: float | None, upper: float | None) -> Category:
    printed = words(row["label_exposed"])
    measure = str(row["measure_reported"])
    if measure not in RATIOS or not known(row["estimate"]):
        status = str(row["result_status"])
        kind = NULL if status == "null_no_number" else NONE
        return Category(lower, upper, kind, STATED.get(status, "no number"), printed)
    values = as_printed(row)
    shown = formats.with_interval(*values)
    name = "" if measure == "HR" else f"{measure.replace('_', ' ')} "
    kind = BARE if values[1] is None else NUMBER
    text = f"{name}{shown}" + (", no interval in print" if kind == BARE else "")
    return Category(lower, upper, kind, text, printed, *values)


def as_printed(row: pd.Series) -> tuple[float, float | None, float | None]:
    """Return a ratio with its limits as printed, for the category that the row calls exposed."""
    estimate, low, high = (float(row[name]) for name in ("estimate", "ci_lower", "ci_upper"))
    is_inverted = row.get("derivation") == "invert_ratio" and not (pd.isna(low) or pd.isna(high))
    if is_inverted:  # carried out already: the printed one again
        estimate, low, high = units.invert_ratio(estimate, low, high)
    return estimate, None if pd.isna(low) else low, None if pd.isna(high) else high


def _from_groups(evidence: Evidence, rows: pd.DataFrame) -> Iterator[Category]:
    groups = evidence.groups
    if groups.empty:
        return
    for group in groups[groups["effect_id"].isin(rows["effect_id"])].itertuples():
        bounds = units.parsed_bounds(str(group.bounds)) if known(group.bounds) else None
        if bounds:
            yield Category(*bounds, NONE, "no number", words(group.group))


def _distinct(categories: list[Category]) -> list[Category]:
    """Return the categories, each pair of bounds once: the first of those that say most."""
    tells = {NONE: 0, NULL: 1}  # less than a number or the reference
    kept: dict[tuple[float | None, float | None], Category] = {}
    for one in categories:
        key = tuple(None if x is None else round(x, 4) for x in (one.lower, one.upper))
        if key not in kept or tells.get(kept[key].kind, 2) < tells.get(one.kind, 2):
            kept[key] = one  # type: ignore[index]
    return list(kept.values())
