"""What was measured, what was reported with a number, and what was reported without one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from livingmeta import formats
from livingmeta.charts.evidence import cohort_name, patients_of, words

NUMERIC, PARTIAL, STATED, NULL, ABSENT = range(5)
STATUSES = {
    "numeric": NUMERIC,
    "partial": PARTIAL,
    "p_only": STATED,
    "direction_only": STATED,
    "null_no_number": NULL,
    "absent": ABSENT,
}
MEANINGS = {
    NUMERIC: "reported with a number",
    PARTIAL: "number, but incomplete",
    STATED: "p-value or direction only",
    NULL: "“no association”, no number",
    ABSENT: "measured, not reported",
}
ACRONYMS = {
    "mg": "Mg",
    "gi": "GI",
    "cv": "CV",
    "pth": "PTH",
    "cimt": "CIMT",
    "t50": "T50",
    "bmp7": "BMP-7",
    "25ohd": "25(OH)D",
    "ckd": "CKD",
    "lvh": "LVH",
    "cvd": "CVD",
}
LONGEST_NAME = 70  # characters of a definition that is used as a name
_CORRELATION = re.compile(r"mg_(?P<other>.+?)_(?P<kind>partial_)?correlation(?:_(?P<rest>.+))?")
SIZES = (100, 1000, 10_000)  # patients from which a mark is one size larger


@dataclass(frozen=True)
class Cell:
    """What one study reported of one outcome; `size` is 0 to 3 by patients, 0 also where unknown."""

    study: str
    outcome: str
    status: int
    patients: float | None
    rows: int

    @property
    def size(self) -> int:
        """Return the step of size that the patients belong to."""
        return sum((self.patients or 0) >= limit for limit in SIZES)


@dataclass(frozen=True)
class Share:
    """Studies and patients behind one outcome or all of them: with a usable number, and without."""

    studies: int
    with_number: int
    patients: tuple[float, ...]
    unknown: int

    @property
    def total(self) -> float:
        """Return the patients of all studies that say how many."""
        return sum(self.patients)

    @property
    def percents(self) -> tuple[float, ...]:
        """Return the percentage of patients per status; empty where no study says how many."""
        return tuple(100 * n / self.total for n in self.patients) if self.total else ()


def cells_of(rows: pd.DataFrame) -> list[Cell]:
    """Return one cell per study and outcome: its best-reported result, and the patients behind it.

    Studies come from the largest down, outcomes from the one with most studies down.
    """
    ranked = rows.assign(
        _status=rows["result_status"].map(STATUSES), _n=[patients_of(r) for _, r in rows.iterrows()]
    )
    cells, names = [], outcome_names(rows)
    for (_, outcome), members in ranked.groupby(["study_id", "outcome_id"], sort=False, dropna=False):
        best = members.sort_values(["_status", "line"], kind="stable").iloc[0]
        sizes = pd.to_numeric(members["_n"], errors="coerce").dropna()
        patients = float(sizes.max()) if len(sizes) else None
        cells.append(
            Cell(cohort_name(best), names[str(outcome)], int(best["_status"]), patients, len(members))
        )
    return cells


def outcome_names(rows: pd.DataFrame) -> dict[str, str]:
    """Return a name for every outcome, by its id.

    It is what all its rows define it as, without the time that follows a comma; the whole definition
    where the first part names another outcome too; else the words of the id.
    """
    given = rows["outcome_definition"] if "outcome_definition" in rows else pd.Series("", index=rows.index)
    defined = given.fillna("").groupby(rows["outcome_id"].astype(str), sort=False)
    wholes = {str(outcome): set(some) for outcome, some in defined}
    heads = {outcome: {text.split(", ")[0] for text in some} for outcome, some in wholes.items()}
    return {
        outcome: _own(outcome, heads) or _own(outcome, wholes) or outcome_words(outcome) for outcome in wholes
    }


def _own(outcome: str, texts: Mapping[str, set[str]]) -> str:
    """Return the only text of an outcome where it is short and no other outcome has it, else nothing."""
    if len(texts[outcome]) != 1:
        return ""
    (text,) = texts[outcome]
    is_shared = sum(text in some for some in texts.values()) > 1
    return "" if is_shared or len(text) > LONGEST_NAME else text[:1].upper() + text[1:]


def outcome_words(outcome: object) -> str:
    """Return the id of an outcome as words."""
    found = _CORRELATION.fullmatch(str(outcome))
    if found:
        rest = [found["kind"] and "partial", found["rest"] and _in_words(found["rest"])]
        about = ", ".join(filter(None, rest))
        return f"Magnesium with {_in_words(found['other'])}" + (f" ({about})" if about else "")
    text = _in_words(outcome)
    return text[:1].upper() + text[1:]


def _in_words(name: object) -> str:
    return " ".join(ACRONYMS.get(word, word) for word in words(name).split(" "))


def outcomes_of(cells: Sequence[Cell]) -> list[str]:
    """Return the outcomes, the one that most studies have first."""
    names = dict.fromkeys(one.outcome for one in cells)
    return sorted(names, key=lambda name: (-sum(one.outcome == name for one in cells), name))


def studies_of(cells: Sequence[Cell]) -> list[tuple[str, float | None]]:
    """Return the studies with their patients, the largest first."""
    largest: dict[str, float | None] = {}
    for one in cells:
        before = largest.get(one.study)
        largest[one.study] = max(x for x in (before, one.patients, -1.0) if x is not None)
    sizes = {name: None if n == -1.0 else n for name, n in largest.items()}
    return sorted(sizes.items(), key=lambda item: (-(item[1] or 0), item[0]))


def share_of(cells: Iterable[Cell]) -> Share:
    """Return studies and patients per status."""
    some = list(cells)
    patients = tuple(sum(one.patients or 0 for one in some if one.status == kind) for kind in MEANINGS)
    unknown = sum(one.patients is None for one in some)
    return Share(len(some), sum(one.status == NUMERIC for one in some), patients, unknown)


def share_text(share: Share) -> str:
    """Return how many studies and patients stand behind a number, in words."""
    if not share.percents:
        return f"{share.with_number} of {share.studies}; patients not recorded"
    shown = formats.percent(share.percents[NUMERIC])
    return f"{share.with_number} of {share.studies}; {shown} of {formats.count(share.total)} patients"
