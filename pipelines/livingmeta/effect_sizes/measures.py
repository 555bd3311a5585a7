"""The registry of effect measures: scale, null value, words and the formula of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from livingmeta.effect_sizes import formulas

LOG, FISHER_Z, IDENTITY = "log", "fisher_z", "identity"

_TO_DISPLAY: dict[str, Callable] = {LOG: np.exp, FISHER_Z: np.tanh, IDENTITY: lambda x: x}
_TO_ANALYSIS: dict[str, Callable] = {LOG: np.log, FISHER_Z: np.arctanh, IDENTITY: lambda x: x}

COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
MEANS = ("mean_treatment", "sd_treatment", "n_treatment", "mean_control", "sd_control", "n_control")


@dataclass(frozen=True)
class Measure:
    """One effect measure.

    Parameters
    ----------
    code : str
        Name in the field and in the data, such as `OR`.
    name : str
        Name in prose, in lower case.
    scale : {"log", "fisher_z", "identity"}
        Scale of the analysis; estimates are shown on the natural scale.
    counts, means, correlations : callable or None
        Formula for that set of columns, or None when the measure has none.
    reported : bool
        Whether a reported estimate with its interval can supply it.
    symbol : str
        What stands before a number on a page.
    """

    code: str
    name: str
    scale: str
    counts: Callable | None = None
    means: Callable | None = None
    correlations: Callable | None = None
    reported: bool = True
    symbol: str = ""

    @property
    def is_ratio(self) -> bool:
        """Return whether the measure is a ratio, whose null value is 1."""
        return self.scale == LOG

    @property
    def null(self) -> float:
        """Return the value of no effect on the natural scale."""
        return 1.0 if self.is_ratio else 0.0

    @property
    def label(self) -> str:
        """Return what stands before a number on a page."""
        return self.symbol or self.code

    def to_display(self, value: Any) -> Any:
        """Return values of the analysis scale on the natural scale."""
        return _TO_DISPLAY[self.scale](value)

    def to_analysis(self, value: Any) -> Any:
        """Return values of the natural scale on the analysis scale."""
        return _TO_ANALYSIS[self.scale](value)


MEASURES: dict[str, Measure] = {
    measure.code: measure
    for measure in (
        Measure("OR", "odds ratio", LOG, counts=formulas.odds_ratio),
        Measure("RR", "risk ratio", LOG, counts=formulas.risk_ratio),
        Measure("RD", "risk difference", IDENTITY, counts=formulas.risk_difference),
        Measure(
            "PETO",
            "Peto odds ratio",
            LOG,
            counts=formulas.peto_odds_ratio,
            reported=False,
            symbol="OR (Peto)",
        ),
        Measure("HR", "hazard ratio", LOG),
        Measure("SHR", "subdistribution hazard ratio", LOG),
        Measure("IRR", "incidence rate ratio", LOG),
        Measure("MD", "mean difference", IDENTITY, means=formulas.mean_difference),
        Measure(
            "SMD",
            "standardised mean difference",
            IDENTITY,
            means=formulas.standardised_mean_difference,
        ),
        Measure("ZCOR", "correlation", FISHER_Z, correlations=formulas.fisher_z, symbol="r"),
        Measure("COR", "correlation", IDENTITY, correlations=formulas.correlation, symbol="r"),
        Measure("GEN", "effect size", IDENTITY, symbol="estimate"),
    )
}


class MeasureError(ValueError):
    """An effect measure that the registry does not hold."""


def measure_of(code: str) -> Measure:
    """Return the measure called `code` (any case)."""
    try:
        return MEASURES[code.upper()]
    except KeyError:
        raise MeasureError(f"measure {code!r}: must be one of {', '.join(MEASURES)}") from None
