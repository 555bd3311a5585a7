"""Effects per unit of magnesium, brought from the printed step to one common step."""

import numpy as np
import pandas as pd

from livingmeta import units
from livingmeta.effect_sizes.measures import LOG, Measure

PRINTED = ("estimate", "ci_lower", "ci_upper")
ONE_STEP = "per_unit"


def per_step(rows: pd.DataFrame, measure: Measure, step: float) -> tuple[pd.DataFrame, list[str]]:
    """Return rows whose effects per unit refer to one step, and why a row has none.

    A ratio is raised to the power of the new step over the printed one, a difference multiplied by
    it; both assume that the effect is linear in magnesium on the analysis scale.

    Parameters
    ----------
    rows : DataFrame of shape (k, any)
        With `contrast_type increment exposure_unit` and the printed effect with its limits.
    measure : Measure
        Whose scale says how an effect grows with the step.
    step : float
        The common step, mmol/L.

    Returns
    -------
    rows : DataFrame of shape (k, any)
    reasons : list of k texts, empty where the printed step is known
    """
    reasons = [_why_not(row) for _, row in rows.iterrows()]
    steps = step / _printed_steps(rows, reasons)
    changed = rows.copy()
    for name in PRINTED:
        printed = rows[name].to_numpy(float)
        changed[name] = printed**steps if measure.scale == LOG else printed * steps
    return changed, reasons


def _why_not(row: pd.Series) -> str:
    if row["contrast_type"] != ONE_STEP:
        return "not an effect per unit of magnesium"
    if pd.isna(row["increment"]) or row["exposure_unit"] not in units.MMOL_PER_L:
        return "the step of magnesium that it refers to is not known"
    return ""


def _printed_steps(rows: pd.DataFrame, reasons: list[str]) -> np.ndarray:
    """Return the printed steps in mmol/L, NaN where there is none."""
    known = [
        units.to_mmol_per_l(float(row.increment), row.exposure_unit) if not reason else np.nan
        for row, reason in zip(rows.itertuples(), reasons, strict=True)
    ]
    return np.array(known, dtype=float)
