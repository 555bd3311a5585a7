"""The models that cohorts were fitted with, from crude to adjusted for albumin: one rung each."""

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from livingmeta import formats, units
from livingmeta.charts.categories import RATIOS
from livingmeta.charts.evidence import Evidence, cohort_name, known, patients_of, words

CRUDE, PARTIAL, FULL, ALBUMIN, UNCLEAR = range(5)
NAMES = {
    CRUDE: "Crude",
    PARTIAL: "Case mix",
    FULL: "Full model",
    ALBUMIN: "With albumin",
    UNCLEAR: "Model unclear",
}
LEVELS = {"crude": CRUDE, "partial": PARTIAL, "full": FULL}
LOST = "association lost, no number"
ALBUMIN_OR_MORE = "With albumin or laboratory values"
SAID = {
    "null_no_number": "no association, no number",
    "p_only": "p-value only",
    "direction_only": "direction only",
    "absent": "not reported",
    "partial": "no ratio in print",
}


@dataclass(frozen=True)
class Rung:
    """One model of one cohort.

    The ratio and its limits are of low against higher magnesium. A result that was stated as "no
    association" without a number is hollow and stands at 1; any other without a number has no place.
    """

    level: int
    text: str
    adjusted_for: str = ""
    estimate: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    is_hollow: bool = False

    @property
    def name(self) -> str:
        """Return the name of the model, which is not always known to be the one with albumin."""
        return ALBUMIN_OR_MORE if self.text == LOST else NAMES[self.level]

    @property
    def place(self) -> float | None:
        """Return the ratio at which the rung is drawn, None where it has no place."""
        return 1.0 if self.is_hollow else self.estimate


@dataclass(frozen=True)
class Climb:
    """One cohort with one contrast and its rungs from crude to albumin."""

    label: str
    note: str
    rungs: tuple[Rung, ...]
    patients: float | None

    @property
    def has_place(self) -> bool:
        """Return whether any rung stands on the axis."""
        return any(one.place is not None for one in self.rungs)


@lru_cache(maxsize=64)
def climbs_of(evidence: Evidence) -> tuple[Climb, ...]:
    """Return every cohort of a question with its models, those with several rungs and a number first."""
    rows = evidence.asked
    rows = rows[rows["contrast_type"].isin(["category", "per_unit"])]
    found = [
        _climb(members)
        for _, members in rows.groupby(["study_id", "outcome_id", "contrast_type"], sort=False, dropna=False)
    ]
    return tuple(sorted(found, key=_order))


def _order(one: Climb) -> tuple[bool, bool, float, str]:
    has_number = any(rung.estimate is not None for rung in one.rungs)
    return (not has_number, len(one.rungs) < 2, -(one.patients or 0), one.label)


def _climb(rows: pd.DataFrame) -> Climb:
    chosen = _one_contrast(rows)
    first = chosen.iloc[0]
    rungs: dict[int, Rung] = {}
    for _, row in chosen.iterrows():
        rung = _rung(row)
        if rung.level not in rungs or (rungs[rung.level].estimate is None and rung.estimate is not None):
            rungs[rung.level] = rung
    if ALBUMIN not in rungs and _is_lost(chosen):
        rungs[ALBUMIN] = Rung(ALBUMIN, LOST, "albumin or laboratory values", is_hollow=True)
    patients = patients_of(first)
    size = "patients not recorded" if patients is None else f"{formats.count(patients)} patients"
    note = " · ".join(filter(None, (words(first["stratum"]), size, _contrast(first))))
    return Climb(cohort_name(first), note, tuple(rungs[level] for level in _climbing(rungs)), patients)


def _is_lost(rows: pd.DataFrame) -> bool:
    """Return whether an association was reported lost with albumin by a model that has no row of its own."""
    told = rows[rows["null_after_albumin"].eq("yes")]
    return len(told) > 0 and not told["direction_reported"].eq("none").any()


def _climbing(rungs: dict[int, Rung]) -> list[int]:
    """Return the levels from crude to albumin, what is unclear where it was most likely: before albumin."""
    return sorted(rungs, key=lambda level: 2.5 if level == UNCLEAR else level)


def _one_contrast(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the contrast that leads: the same groups, under whichever model."""
    roles = rows["pool_role"].map({"primary": 0, "sensitivity": 1, "display": 2})
    ranked = rows.assign(_role=roles).sort_values(["_role", "line"], kind="stable")
    names = ["label_exposed", "label_reference", "increment"]
    told = ranked[names].astype(object).map(words)
    same = told.eq(told.iloc[0])
    return ranked[same.all(axis=1)].drop(columns="_role")


def _contrast(row: pd.Series) -> str:
    """Return which way a ratio is read, where it was turned round for the ladder."""
    if row["contrast_type"] == "per_unit":
        return "per unit lower (inverted)" if known(row["estimate"]) else "per unit"
    if row["orientation"] == "high_vs_low" and known(row["estimate"]):
        return "low against high (inverted)"
    return ""


def _rung(row: pd.Series) -> Rung:
    level = LEVELS.get(str(row["adjustment_level"]), UNCLEAR)
    if row["albumin_adjusted"] == "yes":
        level = ALBUMIN
    adjusted, status = words(row["adjusted_for"]), str(row["result_status"])
    measure = str(row["measure_reported"])
    if measure not in RATIOS or not known(row["estimate"]):
        said = SAID.get(status, "no ratio in print")
        return Rung(level, said, adjusted, is_hollow=status == "null_no_number")
    estimate, low, high = towards_low(row)
    name = "" if measure == "HR" else f"{measure.replace('_', ' ')} "
    text = f"{name}{formats.with_interval(estimate, low, high)}"
    return Rung(level, text + ("" if low else ", no interval"), adjusted, estimate, low, high)


def towards_low(row: pd.Series) -> tuple[float, float | None, float | None]:
    """Return a ratio with its limits for low against higher magnesium.

    A row whose derivation has inverted it already stays as it is; one against a high category or
    per step upwards is inverted here.
    """
    estimate, low, high = (float(row[name]) for name in ("estimate", "ci_lower", "ci_upper"))
    limits = not (pd.isna(low) or pd.isna(high))
    is_done = row.get("derivation") == "invert_ratio" and limits
    turns = row["orientation"] in ("high_vs_low", "per_unit") and not is_done
    if turns and limits:
        estimate, low, high = units.invert_ratio(estimate, low, high)
    elif turns:
        estimate = 1 / estimate
    return estimate, low if limits else None, high if limits else None
