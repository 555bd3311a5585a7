"""What is done with tables that have a zero cell, and which of them are left out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.effect_sizes.formulas.corrections import RULES
from livingmeta.effect_sizes.measures import EVENTS, NON_EVENTS, Measure

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ZeroCellRule:
    """What is done with tables that have a zero cell.

    Parameters
    ----------
    add : float or None
        Number added to the cells; None: that of the measure, which is 0 for variance-stabilised
        measures (AS, IRSD, PAS, PFT) and PHI, and 0.5 for all others, as metafor has it.
    to : {"only0", "all", "if0all", "none"}
        Tables that receive it: those with a zero, all, all as soon as one has a zero, none.
    keep_double_zero : bool
        Keep tables without information on a ratio: no event in either arm, or, for odds, events only.
    drop00 : bool
        Leave such tables out of every measure, differences too (metafor's `drop00`).
    """

    add: float | None = None
    to: str = "only0"
    keep_double_zero: bool = False
    drop00: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no rule."""
        if self.to not in RULES:
            raise ValueError(f"to {self.to!r}: must be one of {', '.join(RULES)}")
        if self.add is not None and not (math.isfinite(self.add) and self.add >= 0):
            raise ValueError(f"add {self.add}: must be a number of 0 or more")
        if self.keep_double_zero and self.drop00:
            raise ValueError("double-zero tables are either kept or dropped")

    def added(self, measure: Measure) -> float:
        """Return the number added to the cells of a table."""
        return measure.add if self.add is None else self.add

    def left_out(self, at: Mapping[str, Array], measure: Measure) -> dict[str, Mask]:
        """Return, by its name, where each kind of empty table is left out (bool, shape (k,)).

        Parameters
        ----------
        at : mapping of name to array of shape (k,)
            Columns of two arms with events.
        measure : Measure
            Measure of the effects.
        """
        empty = {"double-zero table": at["events_treatment"] + at["events_control"] == 0}
        if measure.inputs == "counts":
            survivors = sum(at[f"n_{arm}"] - at[f"events_{arm}"] for arm in ("treatment", "control"))
            empty["table of events only"] = survivors == 0
        asked = {
            "double-zero table": EVENTS in measure.needs,
            "table of events only": NON_EVENTS in measure.needs,
        }
        drops = {name: self.drop00 or (asked[name] and not self.keep_double_zero) for name in empty}
        return {name: mask for name, mask in empty.items() if drops[name]}
