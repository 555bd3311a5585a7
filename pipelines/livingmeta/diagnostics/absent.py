"""What a diagnostic returns when it is not defined for the effects at hand."""

from dataclasses import dataclass

import numpy as np

from livingmeta.effect_sizes import EffectSizes


@dataclass(frozen=True)
class Absent:
    """A result that does not exist, and the sentence that says why."""

    reason: str


def unusable(effects: EffectSizes) -> Absent | None:
    """Return the reason why effects or their variances cannot be computed with, if there is one."""
    if not (np.isfinite(effects.yi).all() and np.isfinite(effects.vi).all()):
        return Absent("effects and sampling variances must be finite numbers")
    return Absent("sampling variances must be > 0") if (effects.vi <= 0).any() else None
