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
    "x1i": "events_treatment",
    "t1i": "time_treatment",
    "x2i": "events_control",
    "t2i": "time_control",
    "n_analysed": "n",
}
NUMERIC = (
    *(f"{q}_{arm}" for q in ("events", "non_events", "n", "mean", "sd") for arm in ("treatment", "control")),
    *("estimate", "ci_lower", "ci_upper", "ci_level", "p_value", "r", "n", "yi", "vi", "sei"),
)


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
    """Return rows whose numeric columns are float64; text that is no number becomes NaN."""
    read = {
        name: pd.to_numeric(rows[name], errors="coerce").astype(float) if name in rows else np.nan
        for name in NUMERIC
    }
    return _complete_tables(rows.assign(**read))


def _complete_tables(rows: pd.DataFrame) -> pd.DataFrame:
    totals = {
        f"n_{arm}": rows[f"n_{arm}"].fillna(rows[f"events_{arm}"] + rows[f"non_events_{arm}"])
        for arm in ("treatment", "control")
    }
    sei = rows["sei"].fillna(np.sqrt(rows["vi"].where(rows["vi"] >= 0)))
    return rows.assign(**totals, sei=sei, ci_level=rows["ci_level"].fillna(95.0))
