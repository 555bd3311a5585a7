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


def as_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose numeric columns are float64; text that is no number becomes NaN.

    What such text was stands in the column `unreadable`, empty where there is none.
    """
    read = {name: _numbers(rows[name]) if name in rows else np.nan for name in NUMERIC}
    return _complete(rows.assign(**read, unreadable=_unreadable(rows, read)), rows)


def _numbers(column: pd.Series) -> np.ndarray:
    # Whole numbers of any width become floats here: their products overflow 32 bits.
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _unreadable(rows: pd.DataFrame, read: Mapping[str, np.ndarray | float]) -> list[str]:
    said = [""] * len(rows)
    for name in (name for name in NUMERIC if name in rows):
        lost = np.isnan(read[name]) & ~_blank(rows[name])
        for i in np.flatnonzero(lost):
            said[i] += f"{', ' if said[i] else ''}{name} {rows[name].iloc[i]!r} is not a number"
    return said


def _blank(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column):
        return column.isna().to_numpy(bool)
    return (column.isna() | column.astype(str).str.strip().isin(("", "NA", "NaN", "nan"))).to_numpy(bool)


def _complete(rows: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    """Fill what other columns imply: totals, events, standard errors and the usual level."""
    filled: dict[str, pd.Series] = {}
    for tail in (*(f"_{arm}" for arm in ARMS), ""):
        events, others, n = (rows[f"{name}{tail}"] for name in ("events", "non_events", "n"))
        filled[f"n{tail}"] = n.fillna(events + others)
        filled[f"events{tail}"] = events.fillna(n - others)
    filled["sei"] = rows["sei"].fillna(np.sqrt(rows["vi"].where(rows["vi"] >= 0)))
    if "ci_level" not in reported:
        filled["ci_level"] = rows["ci_level"].fillna(DEFAULT_LEVEL)
    else:  # a level that cannot be read is no level, and not the usual one
        filled["ci_level"] = rows["ci_level"].mask(_blank(reported["ci_level"]), DEFAULT_LEVEL)
    return rows.assign(**filled)
