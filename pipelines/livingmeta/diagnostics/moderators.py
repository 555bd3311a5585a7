"""Columns that may explain why studies differ become a design matrix; nothing is coded silently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from livingmeta.effect_sizes import EffectSizes, Excluded
from livingmeta.estimators.errors import FitError
from livingmeta.estimators.projection import LEAST_INDEPENDENT, orthonormal

Array = NDArray[np.float64]
Columns = str | Sequence[str] | Mapping[str, Any]

INTERCEPT = "intercept"
BLANK = {"", "NA", "NaN", "nan"}


@dataclass(frozen=True)
class Moderator:
    """How one moderator was read: a number, or a factor with its levels, the reference first."""

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the moderator for a record."""
        reference = self.levels[0] if self.levels else None
        levels = list(self.levels)
        return {"name": self.name, "kind": self.kind, "levels": levels, "reference": reference}


@dataclass(frozen=True)
class Design:
    """A design matrix of shape (k, p) over the rows that have every moderator.

    `rows` are their positions among the effects; the others are in `excluded`.
    """

    X: Array
    names: tuple[str, ...]
    has_intercept: bool
    rows: NDArray[np.intp]
    moderators: tuple[Moderator, ...] = ()
    excluded: tuple[Excluded, ...] = ()

    @property
    def k(self) -> int:
        """Return the number of rows."""
        return self.X.shape[0]

    @property
    def p(self) -> int:
        """Return the number of coefficients."""
        return self.X.shape[1]


def design(
    effects: EffectSizes,
    moderators: Columns = (),
    *,
    intercept: bool = True,
    references: Mapping[str, str] | None = None,
    factors: Sequence[str] = (),
) -> Design:
    """Return the design matrix of moderators, in treatment contrasts.

    A column of numbers enters as it is; text, booleans and the columns in `factors` become
    one indicator per level but the reference, which is the first level in sorted order.

    Parameters
    ----------
    moderators : name, names, or mapping of name to array_like of shape (k,)
        Names are columns of the effects' frame.
    intercept : bool
        Without it a first factor has an indicator for every level.
    references : mapping of moderator to level, optional
        The level each other one is compared with.
    factors : sequence of str
        Moderators that are labels although they are written as numbers.

    Raises
    ------
    FitError
        When a column is missing or constant, a reference is no level, columns are collinear,
        or there are not more rows than coefficients.
    """
    given = columns_of(effects, moderators)
    unknown = [name for name in (*(references or {}), *factors) if name not in given]
    if unknown:
        raise FitError(f"{', '.join(unknown)}: not among the moderators ({', '.join(given) or 'none'})")
    keep, excluded = complete(effects, given, factors)
    if len(keep) == 0:
        raise FitError(f"no usable row: no study has {' and '.join(given) or 'an effect'}")
    read = [
        _coded(name, values[keep], (references or {}).get(name), name in factors)
        for name, values in given.items()
    ]
    X, names = _assembled(read, len(keep), intercept)
    result = Design(X, names, intercept, keep, tuple(m for m, _ in read), excluded)
    check(result)
    return result


def columns_of(effects: EffectSizes, columns: Columns) -> dict[str, NDArray[Any]]:
    """Return columns by name, each of shape (k,) and as it stands in the rows.

    Raises
    ------
    FitError
        When a name is no column, or an array has another length than the effects.
    """
    if isinstance(columns, str):
        columns = (columns,)
    if not isinstance(columns, Mapping):
        missing = [name for name in columns if name not in effects.frame]
        if missing:
            known = ", ".join(map(str, effects.frame.columns))
            raise FitError(f"no column {', '.join(map(repr, missing))}; there are {known}")
        columns = {name: effects.frame[name].to_numpy(object) for name in columns}
    arrays = {str(name): pd.Series(values, dtype=object).to_numpy() for name, values in columns.items()}
    for name, values in arrays.items():
        if len(values) != effects.k:
            raise FitError(f"{name}: {len(values)} values for {effects.k} effects")
    return arrays


def labels_of(effects: EffectSizes, column: Any, unnamed: str = "group") -> tuple[str, NDArray[Any]]:
    """Return the name and values of one column, given by name or as an array."""
    given: Columns = column if isinstance(column, str) else {unnamed: column}
    ((name, values),) = columns_of(effects, given).items()
    return name, values


def subset_at(effects: EffectSizes, rows: NDArray[np.intp]) -> EffectSizes:
    """Return the effects at some positions."""
    mask = np.zeros(effects.k, dtype=bool)
    mask[rows] = True
    return effects.subset(mask)


def is_blank(value: Any) -> bool:
    """Return whether a value is missing."""
    return value.strip() in BLANK if isinstance(value, str) else bool(pd.isna(value))


def complete(
    effects: EffectSizes, given: Mapping[str, NDArray[Any]], factors: Sequence[str] = ()
) -> tuple[NDArray[np.intp], tuple[Excluded, ...]]:
    """Return the positions of rows that have every column, and the others with their reasons."""
    reasons = [""] * effects.k
    for name, values in given.items():
        numbers = None if name in factors else as_numbers(values)
        for i, value in enumerate(values):
            if reasons[i]:
                continue
            if is_blank(value):
                reasons[i] = f"no value of {name}"
            elif numbers is not None and not np.isfinite(numbers[i]):
                reasons[i] = f"{name} {value}: must be a finite number"
    lines = effects.frame["line"] if "line" in effects.frame else np.arange(effects.k)
    studies = effects.frame["study"] if "study" in effects.frame else [""] * effects.k
    excluded = tuple(
        Excluded(int(line), str(study), reason)
        for line, study, reason in zip(lines, studies, reasons, strict=True)
        if reason
    )
    return np.flatnonzero([not reason for reason in reasons]), excluded


def as_numbers(values: NDArray[Any]) -> Array | None:
    """Return values as float64, NaN where blank, or None when they are labels."""
    blank = np.array([is_blank(value) for value in values], dtype=bool)
    if any(isinstance(value, bool | np.bool_) for value in values[~blank]):
        return None
    numbers = pd.to_numeric(pd.Series(values).where(~blank), errors="coerce").to_numpy(float)
    return None if np.isnan(numbers[~blank]).any() else numbers


def label_text(value: Any) -> str:
    """Return a label as text; a whole number has no decimal point, as it stands in the file."""
    return f"{value:.0f}" if isinstance(value, float | np.floating) and value == round(value) else str(value)


def sorted_levels(values: NDArray[Any]) -> list[Any]:
    """Return distinct labels in sorted order: numbers by size, text by code point."""
    numbers = as_numbers(values)
    labels = list(dict.fromkeys(values))
    if numbers is None:
        return sorted(labels, key=str)
    return sorted(labels, key=float)


Coded = tuple[Moderator, dict[str, Array]]


def _coded(name: str, values: NDArray[Any], reference: str | None, is_factor: bool) -> Coded:
    numbers = None if is_factor else as_numbers(values)
    if numbers is not None:
        if reference is not None:
            raise FitError(f"{name} is a number and has no reference level; declare it a factor")
        return Moderator(name, "continuous"), {name: numbers}
    levels = {label_text(x): np.array([v == x for v in values], float) for x in sorted_levels(values)}
    order = sorted(levels, key=lambda level: level != reference) if reference is not None else list(levels)
    if reference is not None and str(reference) not in levels:
        raise FitError(f"{name}: no level {reference!r} among {', '.join(levels)}")
    columns = {f"{name}: {level}": levels[level] for level in order}
    return Moderator(name, "factor", tuple(order), _why_factor(name, values, is_factor)), columns


def _why_factor(name: str, values: NDArray[Any], is_factor: bool) -> str:
    if is_factor:
        return ""
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    if numbers.notna().sum() == 0:
        return ""
    return f"{name} is a factor because {values[numbers.isna().to_numpy()][:1]} is not a number"


def _assembled(read: Sequence[Coded], k: int, intercept: bool) -> tuple[Array, tuple[str, ...]]:
    columns: dict[str, Array] = {INTERCEPT: np.ones(k)} if intercept else {}
    is_full = intercept
    for moderator, coded in read:
        if moderator.kind == "factor":
            coded = dict(list(coded.items())[1 if is_full else 0 :])
            is_full = True
        columns |= coded
    if not columns:
        raise FitError("a model needs an intercept or a moderator")
    return np.column_stack(list(columns.values())).astype(float).reshape(k, -1), tuple(columns)


def check(made: Design) -> None:
    """Refuse a design whose coefficients the rows cannot tell apart.

    Raises
    ------
    FitError
        Names the columns at fault.
    """
    for moderator in made.moderators:
        if moderator.kind == "factor" and len(moderator.levels) < 2:
            raise FitError(
                f"{moderator.name} has one level ({', '.join(moderator.levels)}): nothing to compare"
            )
    if made.k <= made.p:
        notes = "".join(f"; {m.note}" for m in made.moderators if m.note)
        shown = ", ".join(made.names[:6]) + (", ..." if made.p > 6 else "")
        raise FitError(f"{made.k} studies cannot carry {made.p} coefficients ({shown}){notes}")
    centred, sizes = _centred(made)
    kept: list[int] = []
    for j, name in enumerate(made.names):
        if sizes[j] == 0:
            raise FitError(f"moderator {name} is constant in these {made.k} studies: nothing to regress on")
        others = centred[:, kept]
        weights = np.linalg.lstsq(others, centred[:, j], rcond=None)[0]
        left = float(np.linalg.norm(centred[:, j] - others @ weights))
        if left <= LEAST_INDEPENDENT * np.sqrt(made.k):
            told = [
                made.names[i]
                for i, w in zip(kept, weights, strict=True)
                if abs(w) > np.sqrt(LEAST_INDEPENDENT)
            ]
            raise FitError(f"moderators are collinear: {name} is determined by {' and '.join(told)}")
        kept.append(j)


def _centred(made: Design) -> tuple[Array, Array]:
    """Return columns with mean square 1, around their means where there is an intercept."""
    means, sizes = _moments(made.X, made.has_intercept)
    return (made.X - means) / np.where(sizes == 0, 1.0, sizes), sizes


def _moments(X: Array, has_intercept: bool) -> tuple[Array, Array]:
    means = X.mean(axis=0) if has_intercept else np.zeros(X.shape[1])
    if has_intercept:
        means[0] = 0.0
    with np.errstate(over="ignore"):
        sizes = np.sqrt(np.mean((X - means) ** 2, axis=0))
    rounding = 8 * np.finfo(float).eps * np.abs(X).max(axis=0)
    if not np.isfinite(sizes).all():
        raise FitError("moderators are too large to be squared")
    return means, np.where(sizes <= rounding, 0.0, sizes)


def orthogonal(made: Design) -> tuple[Array, Array]:
    """Return columns of mean square 1 that span the design, and the way back.

    Normal equations of raw years lose eight digits; those of orthogonal columns lose none.

    Returns
    -------
    Q : ndarray of shape (k, p)
        Orthogonal columns, the intercept's first where there is one.
    back : ndarray of shape (p, p)
        Coefficients of the design are `back @` those of Q.

    Raises
    ------
    FitError
        When columns are collinear; `check` says which.
    """
    means, sizes = _moments(made.X, made.has_intercept)
    if not sizes.all():
        raise FitError("the columns of the design are collinear: one does not vary")
    Q, R = orthonormal((made.X - means) / sizes)
    back = np.linalg.inv(R) * np.sqrt(made.k) / sizes[:, None]
    if made.has_intercept:
        back[0] -= means[1:] @ back[1:]
    return Q * np.sqrt(made.k), back
