"""The pooled estimate as studies came in, one after another."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from livingmeta.diagnostics.absent import Absent, unusable
from livingmeta.diagnostics.influence import entry, pooled_or_reason, together
from livingmeta.effect_sizes import EffectSizes


def order_of(values: Sequence[Any] | NDArray[Any] | pd.Series) -> NDArray[np.int64]:
    """Return positions in ascending order: ties keep their places, missing values come last.

    Raises
    ------
    TypeError
        When values cannot be compared with one another, such as text and numbers.
    """
    series = pd.Series(list(values))
    present = np.flatnonzero(series.notna().to_numpy())
    ranked = sorted(present.tolist(), key=lambda i: series.iloc[i])
    missing = np.flatnonzero(series.isna().to_numpy()).tolist()
    return np.array([*ranked, *missing], dtype=np.int64)


def cumulative(
    effects: EffectSizes,
    order: str | Sequence[Any] | NDArray[Any] | None = None,
    method: str = "REML",
    test: str = "adhoc",
    level: float = 95.0,
) -> list[dict[str, Any]] | Absent:
    """Return the pooled estimate after each study that was added.

    Parameters
    ----------
    effects : EffectSizes
        k effects on the analysis scale.
    order : str or sequence of length k, optional
        A column, or values to sort by; without it studies are added as the rows stand.
    method, test : str
        Estimator and test of every fit.
    level : float
        Confidence level in percent.

    Returns
    -------
    list of dict
        One entry per step: `study` is the one added, `order` what it was sorted by, and
        `position` its row, from 0.
    """
    if effects.k == 0:
        return Absent("no study to begin with")
    wrong = unusable(effects)
    if wrong:
        return wrong
    if isinstance(order, str) and order not in effects.frame:
        return Absent(f"no column {order!r} to order the studies by")
    values = effects.frame[order].tolist() if isinstance(order, str) else order
    if values is not None and len(values) != effects.k:
        return Absent(f"{len(values)} values cannot order {effects.k} studies")
    try:
        positions = np.arange(effects.k) if values is None else order_of(values)
    except TypeError:
        return Absent("the values to order the studies by cannot be compared with one another")
    in_order = replace(effects, frame=effects.frame.iloc[positions])
    return _steps(in_order, positions, values, method, test, level)


def _steps(
    effects: EffectSizes, positions: NDArray[np.int64], values: Any, method: str, test: str, level: float
) -> list[dict[str, Any]]:
    names = [str(name) for name in effects.frame["study"]]
    steps, by_value = [], None if values is None else list(values)
    fits = together(effects, method, test, level, cumulative=True)
    for i, position in enumerate(positions.tolist()):
        upto = effects.subset(np.arange(effects.k) <= i) if fits[i] is None else effects
        fit = fits[i] or pooled_or_reason(upto, method, test, level)
        by = None if by_value is None else _plain(by_value[position])
        steps.append({**entry(names[i], fit), "order": by, "position": position})
    return steps


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value
