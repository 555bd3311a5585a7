"""Fail-safe numbers: how many null studies would undo a finding. Shown because readers ask for them."""

import math
from typing import Any

import numpy as np

from livingmeta.diagnostics.absent import Absent, unusable
from livingmeta.distributions import normal_quantile, normal_tail
from livingmeta.effect_sizes import EffectSizes


def fail_safe_n(effects: EffectSizes, alpha: float = 0.05) -> dict[str, Any] | Absent:
    """Return the fail-safe numbers of Rosenthal (1979), Orwin (1983) and Rosenberg (2005).

    Rosenthal: null studies that lift the one-sided p-value of Stouffer's sum above `alpha`.
    Orwin: studies with effect 0 that halve the unweighted mean. Rosenberg: null studies that
    lift the two-sided p-value of the equal-effects mean above `alpha`.
    """
    if effects.k == 0:
        return Absent("no study: there is no finding to undo")
    if not 0 < alpha < 0.5:
        return Absent(f"alpha {alpha:g}: must lie between 0 and 0.5")
    wrong = unusable(effects)
    if wrong:
        return wrong
    return {
        "rosenthal": _rosenthal(effects, alpha),
        "orwin": _orwin(effects),
        "rosenberg": _rosenberg(effects, alpha),
    }


def _rosenthal(effects: EffectSizes, alpha: float) -> dict[str, Any]:
    z = abs((effects.yi / np.sqrt(effects.vi)).sum()) / math.sqrt(effects.k)
    n = effects.k * (z / normal_quantile(1 - alpha)) ** 2 - effects.k
    return {"n": _whole(n), "p_value": float(normal_tail(z)), "target": None}


def _orwin(effects: EffectSizes) -> dict[str, Any]:
    mean = float(effects.yi.mean())
    # Halving takes as many studies with effect 0 as there are, whatever the mean.
    return {"n": None if mean == 0 else effects.k, "p_value": None, "target": mean / 2}


def _rosenberg(effects: EffectSizes, alpha: float) -> dict[str, Any]:
    w = 1 / effects.vi
    z = float((w * effects.yi).sum() / np.sqrt(w.sum()))
    n = effects.k * ((z / normal_quantile(1 - alpha / 2)) ** 2 - 1)
    return {"n": _whole(n), "p_value": float(2 * normal_tail(abs(z))), "target": None}


def _whole(n: float) -> int:
    """Return the next whole number of studies, or the one that rounding alone stands off from."""
    n = max(0.0, float(n))
    return round(n) if abs(n - round(n)) < 1e-8 * max(1.0, n) else math.ceil(n)
