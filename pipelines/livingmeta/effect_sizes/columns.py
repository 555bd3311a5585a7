"""Column names: the field's own, metafor's aliases, and text made into numbers."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

ALIASES = {
    "ai": "events_treatment",
    "bi": "non_events_treatment",
    "ci": "events_control",
    "di": "non_events_control",
    "n1i": "n_treatment",
    "n2i": "n_control",
    "m1i": "mean_treatment",
    "sd1i": "sd_treatment",
    "m2i": "mean_control",
    "sd2i": "sd_control",
    "ri": "r",
    "ni": "n",
    "xi": "events",
    "mi": "non_events",
    "x1i": "events_treatment",
    "t1i": "time_treatment",
    "x2i": "events_control",
    "t2i": "time_control",
    "n_analysed": "n",
}
ARMS = ("treatment", "control")
NUMERIC = (
    *(f"{q}_{arm}" for q in ("events", "non_events", "n", "time", "mean", "sd") for arm in ARMS),
    *("estimate", "ci_lower", "ci_upper", "ci_level", "p_value", "r", "n", "events", "non_events"),
    *("mean_post", "sd_post", "mean_pre", "sd_pre", "mean_change", "sd_change", "yi", "vi", "sei"),
)
DEFAULT_LEVEL = 95.0
BLANK = ("", "NA", "NaN", "nan")


def with_field_names(rows: pd.DataFrame, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return rows under the field's column names.

    Parameters
    ----------
    rows : DataFrame of shape (k, any)
        Rows under the field's names, metafor's, or names that `columns` explains.
    columns : mapping of name to source column, optional
        Such as `{"ai": "tpos"}`; the left side may be metafor's name.
    """
    named = rows.copy()
    for target, source in (columns or {}).items():
        if source not in rows.columns:
            raise KeyError(f"column {source!r} is not in the file; it has {', '.join(rows.columns)}")
        named[ALIASES.get(target, target)] = rows[source]
    for alias, name in ALIASES.items():
        if alias in named.columns and name not in named.columns:
            named[name] = named[alias]
    return named


def as_numbers(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return rows whose numeric columns are float64, and what text in them was no number.

    Such text becomes NaN; what other columns imply (totals, events, standard errors, the usual
    level) is filled.

    Returns
    -------
    rows : DataFrame of shape (k, any)
    unreadable : list of k texts, empty where there is nothing to say
    """
    read = {name: _numbers(rows, name) for name in NUMERIC}
    return with_columns(rows, {**read, **_implied(read, rows)}), _unreadable(rows, read)


def with_columns(rows: pd.DataFrame, columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return rows with columns set, in one go: one after the other would take longer than any fit."""
    kept = rows.loc[:, ~rows.columns.isin(list(columns))]
    return pd.concat([kept, pd.DataFrame(dict(columns), index=rows.index)], axis="columns")


def _numbers(rows: pd.DataFrame, name: str) -> np.ndarray:
    if name not in rows:
        return np.full(len(rows), np.nan)
    if rows[name].dtype == float:
        return rows[name].to_numpy()
    # Whole numbers of any width become floats here: their products overflow 32 bits.
    return pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _unreadable(rows: pd.DataFrame, read: Mapping[str, np.ndarray]) -> list[str]:
    said = [""] * len(rows)
    for name in (name for name in NUMERIC if name in rows):
        lost = np.isnan(read[name])
        for i in np.flatnonzero(lost & ~_blank(rows[name])) if lost.any() else ():
            said[i] += f"{', ' if said[i] else ''}{name} {rows[name].iloc[i]!r} is not a number"
    return said


def _blank(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column):
        return column.isna().to_numpy(bool)
    return (column.isna() | column.astype(str).str.strip().isin(BLANK)).to_numpy(bool)


def _implied(read: Mapping[str, np.ndarray], rows: pd.DataFrame) -> dict[str, np.ndarray]:
    filled = {}
    for tail in (*(f"_{arm}" for arm in ARMS), ""):
        events, others, n = (read[f"{name}{tail}"] for name in ("events", "non_events", "n"))
        filled[f"n{tail}"] = np.where(np.isnan(n), events + others, n)
        filled[f"events{tail}"] = np.where(np.isnan(events), n - others, events)
    root = np.sqrt(np.where(read["vi"] >= 0, read["vi"], np.nan))
    filled["sei"] = np.where(np.isnan(read["sei"]), root, read["sei"])
    # A level that cannot be read is no level, and not the usual one either.
    unstated = _blank(rows["ci_level"]) if "ci_level" in rows else np.ones(len(rows), dtype=bool)
    filled["ci_level"] = np.where(unstated, DEFAULT_LEVEL, read["ci_level"])
    return filled
