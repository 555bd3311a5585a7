"""Unit conversions of magnesium, and the named derivations of curated cells.

A row holds what was printed; whatever has to be worked out from it is worked out here,
by a function whose name stands in the row's `derivation` column.
"""

import re
from collections.abc import Callable

import numpy as np

from livingmeta.distributions import t_tail

MG_PER_DL_PER_MMOL = 2.431  # from the molar mass of magnesium, 24.31 g/mol
MMOL_PER_L = {
    "mmol/L": 1.0,
    "mEq/L": 1 / 2,  # divalent ion
    "mg/dL": 1 / MG_PER_DL_PER_MMOL,
}


_NUMBER = r"(\d*\.?\d+)"
_UNIT = re.compile(r"(mmol/L|mEq/L|mg/dL)\s*$")
_SPAN = re.compile(rf"^\D*?{_NUMBER}\s*(?:to|-|–)\s*<?=?≤?\s*{_NUMBER}\s*$")
_OPEN = re.compile(rf"^(<=|>=|<|>|≤|≥)\s*{_NUMBER}\s*$")


class UnitError(ValueError):
    """A magnesium unit that cannot be converted to mmol/L."""


def to_mmol_per_l(value: float, unit: str) -> float:
    """Return a magnesium concentration in mmol/L.

    Parameters
    ----------
    value : float
        Concentration in `unit`.
    unit : {"mmol/L", "mEq/L", "mg/dL"}
        1 mmol/L = 2 mEq/L = 2.431 mg/dL.

    Raises
    ------
    UnitError
        When the unit is unknown, so that no cut-off is shown on a wrong scale.
    """
    if unit not in MMOL_PER_L:
        raise UnitError(f"unit {unit!r}: must be one of {', '.join(MMOL_PER_L)}")
    return value * MMOL_PER_L[unit]


def parsed_bounds(text: str) -> tuple[float | None, float | None] | None:
    """Return printed bounds such as `<2.4 mg/dL` in mmol/L, or None when they are of another kind.

    Parameters
    ----------
    text : str
        As in the column `bounds` of the groups: a limit or a span, then its unit.
    """
    unit = _UNIT.search(text)
    if unit is None:
        return None
    said = text[: unit.start()].strip()
    span, one = _SPAN.match(said), _OPEN.match(said)
    if span:
        low, high = (to_mmol_per_l(float(x), unit[1]) for x in span.groups())
        return low, high
    if one:
        value = to_mmol_per_l(float(one[2]), unit[1])
        return (None, value) if one[1] in ("<", "<=", "≤") else (value, None)
    return None


def n_from_r_and_p(r: float, p: float) -> int:
    """Return the sample size at which a correlation has a printed two-sided p-value.

    Parameters
    ----------
    r : float
        Pearson correlation, as printed.
    p : float
        Two-sided p-value, as printed.

    Returns
    -------
    int
        The n >= 4 whose t-test of r (n - 2 df) gives the p-value closest to `p`.
    """
    n = np.arange(4, 100_001)
    t = abs(r) * np.sqrt((n - 2) / (1 - r**2))
    return int(n[np.argmin(np.abs(2 * t_tail(t, n - 2) - p))])


def events_from_percent(percent: float, n: float) -> int:
    """Return the number of events behind a printed percentage of `n` participants."""
    return round(percent * n / 100)


def invert_ratio(estimate: float, ci_lower: float, ci_upper: float) -> tuple[float, float, float]:
    """Return a ratio and its limits with the two groups of the comparison exchanged."""
    return 1 / estimate, 1 / ci_upper, 1 / ci_lower


DERIVATIONS: dict[str, Callable] = {
    "n_from_r_and_p": n_from_r_and_p,
    "events_from_percent": events_from_percent,
    "invert_ratio": invert_ratio,
}
