"""The registry of effect measures: scale, null value, words and the formula of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from livingmeta.effect_sizes import formulas

LOG, FISHER_Z, IDENTITY = "log", "fisher_z", "identity"
LOGIT, ARCSINE, FREEMAN_TUKEY = "logit", "arcsine", "freeman_tukey"

_TO_DISPLAY: dict[str, Callable] = {
    LOG: np.exp,
    FISHER_Z: np.tanh,
    IDENTITY: lambda x: x,
    LOGIT: special.expit,
    ARCSINE: formulas.from_arcsine,
}
_TO_ANALYSIS: dict[str, Callable] = {
    LOG: np.log,
    FISHER_Z: np.arctanh,
    IDENTITY: lambda x: x,
    LOGIT: special.logit,
    ARCSINE: lambda x: np.arcsin(np.sqrt(x)),
}
_NULL = {LOG: 1.0, LOGIT: 0.5}

COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
PERSON_TIME = ("events_treatment", "time_treatment", "events_control", "time_control")
MEANS = ("mean_treatment", "sd_treatment", "n_treatment", "mean_control", "sd_control", "n_control")
DEVIATIONS = ("sd_treatment", "n_treatment", "sd_control", "n_control")
# What a measure is computed from; the names stand in `derived_from`.
INPUTS: dict[str, tuple[str, ...]] = {
    "counts": COUNTS,
    "person_time": PERSON_TIME,
    "means": MEANS,
    "deviations": DEVIATIONS,
    "correlation": ("r", "n"),
    "proportion": ("events", "n"),
    "change": ("mean_change", "sd_change", "n"),
}
EVENTS, NON_EVENTS = "events", "non_events"


class MeasureError(ValueError):
    """An effect measure that the registry does not hold, or a variance that a measure does not have."""


@dataclass(frozen=True)
class Measure:
    """One effect measure.

    Parameters
    ----------
    code : str
        Name in the field and in the data, such as `OR`.
    name : str
        Name in prose, in lower case.
    scale : {"log", "fisher_z", "identity", "logit", "arcsine", "freeman_tukey"}
        Scale of the analysis; estimates are shown on the natural scale.
    inputs : str
        Key of `INPUTS`: the columns that it is computed from; empty when there are none.
    formula : callable or None
        From those columns (of tables and groups the cells) to `(yi, vi)`.
    reported : bool
        Whether a reported estimate with its interval can supply it.
    symbol : str
        What stands before a number on a page.
    add : float
        What is added to a table with a zero, unless a rule says otherwise.
    needs : tuple of {"events", "non_events"}
        A table with none of these in either arm carries no information.
    vtypes : tuple of str
        Kinds of sampling variance that the formula has, the usual one first.
    bounds : tuple of float or None
        Least and largest value on the natural scale, where there are such.
    n : float or None
        Participants with which Freeman-Tukey values are shown: a harmonic mean.
    """

    code: str
    name: str
    scale: str
    inputs: str = ""
    formula: Callable | None = None
    reported: bool = True
    symbol: str = ""
    add: float = 0.5
    needs: tuple[str, ...] = ()
    vtypes: tuple[str, ...] = ("LS",)
    bounds: tuple[float, float] | None = None
    n: float | None = None

    @property
    def is_proportion(self) -> bool:
        """Return whether the measure describes one group, without a comparison."""
        return self.inputs == "proportion"

    @property
    def is_ratio(self) -> bool:
        """Return whether the measure is a ratio, whose null value is 1."""
        return self.scale == LOG and not self.is_proportion

    @property
    def null(self) -> float:
        """Return what 0 of the analysis scale is on the natural scale: no effect, if two are compared."""
        return _NULL.get(self.scale, 0.0)

    @property
    def label(self) -> str:
        """Return what stands before a number on a page."""
        return self.symbol or self.code

    def to_display(self, value: Any) -> Any:
        """Return values of the analysis scale on the natural scale.

        Raises
        ------
        MeasureError
            For a Freeman-Tukey value without `n`: use the measure of the `EffectSizes`, which has it.
        """
        if self.scale == FREEMAN_TUKEY:
            if self.n is None:
                raise MeasureError(f"{self.code}: its way back needs the participants of the pooled studies")
            return formulas.from_freeman_tukey(value, self.n)
        return _TO_DISPLAY[self.scale](value)

    def to_analysis(self, value: Any) -> Any:
        """Return values of the natural scale on the analysis scale.

        Raises
        ------
        MeasureError
            For a Freeman-Tukey value without `n`.
        """
        if self.scale == FREEMAN_TUKEY:
            if self.n is None:
                raise MeasureError(f"{self.code}: its scale needs the participants of the pooled studies")
            events = np.asarray(value, dtype=float) * self.n
            return formulas.freeman_tukey(events, self.n - events)[0]
        return _TO_ANALYSIS[self.scale](value)


_SIGNED = (-1.0, 1.0)
_SHARE = (0.0, 1.0)
_ODDS = (EVENTS, NON_EVENTS)

MEASURES: dict[str, Measure] = {
    measure.code: measure
    for measure in (
        Measure("OR", "odds ratio", LOG, "counts", formulas.odds_ratio, needs=_ODDS),
        # A risk ratio of 1 is known from arms in which everybody had the event; the odds are not.
        Measure("RR", "risk ratio", LOG, "counts", formulas.risk_ratio, needs=(EVENTS,)),
        Measure(
            "RD",
            "risk difference",
            IDENTITY,
            "counts",
            formulas.risk_difference,
            vtypes=("LS", "UB", "AV"),
            bounds=_SIGNED,
        ),
        Measure(
            "AS",
            "arcsine risk difference",
            IDENTITY,
            "counts",
            formulas.arcsine_difference,
            symbol="arcsine RD",
            add=0.0,
        ),
        Measure(
            "PETO",
            "Peto odds ratio",
            LOG,
            "counts",
            formulas.peto_odds_ratio,
            reported=False,
            symbol="OR (Peto)",
            needs=_ODDS,
        ),
        Measure(
            "PHI",
            "phi coefficient",
            IDENTITY,
            "counts",
            formulas.phi_coefficient,
            symbol="phi",
            add=0.0,
            needs=_ODDS,
            bounds=_SIGNED,
        ),
        Measure(
            "YUQ",
            "Yule's Q",
            IDENTITY,
            "counts",
            formulas.yule_q,
            symbol="Q (Yule)",
            needs=_ODDS,
            bounds=_SIGNED,
        ),
        Measure("HR", "hazard ratio", LOG),
        Measure("SHR", "subdistribution hazard ratio", LOG),
        Measure("IRR", "incidence rate ratio", LOG, "person_time", formulas.rate_ratio, needs=(EVENTS,)),
        Measure("IRD", "incidence rate difference", IDENTITY, "person_time", formulas.rate_difference),
        Measure(
            "IRSD",
            "difference of square root incidence rates",
            IDENTITY,
            "person_time",
            formulas.root_rate_difference,
            add=0.0,
        ),
        Measure(
            "MD",
            "mean difference",
            IDENTITY,
            "means",
            formulas.mean_difference,
            vtypes=("LS", "UB", "HO"),
        ),
        Measure(
            "SMD",
            "standardised mean difference",
            IDENTITY,
            "means",
            formulas.standardised_mean_difference,
            vtypes=("LS", "LS2", "UB", "AV"),
        ),
        Measure(
            "SMDH",
            "standardised mean difference with unequal variances",
            IDENTITY,
            "means",
            formulas.heteroscedastic_difference,
        ),
        Measure(
            "ROM",
            "ratio of means",
            LOG,
            "means",
            formulas.ratio_of_means,
            vtypes=("LS", "HO", "AV", "AVHO"),
        ),
        Measure("CVR", "ratio of coefficients of variation", LOG, "means", formulas.variation_ratio),
        Measure("VR", "ratio of standard deviations", LOG, "deviations", formulas.variability_ratio),
        Measure("MC", "mean change", IDENTITY, "change", formulas.mean_change),
        Measure("ZCOR", "correlation", FISHER_Z, "correlation", formulas.fisher_z, symbol="r"),
        Measure(
            "COR",
            "correlation",
            IDENTITY,
            "correlation",
            formulas.correlation,
            symbol="r",
            vtypes=("LS", "AV"),
            bounds=_SIGNED,
        ),
        Measure(
            "PR",
            "proportion",
            IDENTITY,
            "proportion",
            formulas.proportion,
            symbol="proportion",
            vtypes=("LS", "UB", "AV"),
            bounds=_SHARE,
        ),
        Measure(
            "PLN",
            "proportion",
            LOG,
            "proportion",
            formulas.log_proportion,
            symbol="proportion",
            bounds=_SHARE,
        ),
        Measure(
            "PLO",
            "proportion",
            LOGIT,
            "proportion",
            formulas.logit_proportion,
            symbol="proportion",
            bounds=_SHARE,
        ),
        Measure(
            "PAS",
            "proportion",
            ARCSINE,
            "proportion",
            formulas.arcsine_proportion,
            symbol="proportion",
            add=0.0,
            bounds=_SHARE,
        ),
        # Its scale depends on the number of participants: a printed proportion alone does not give it.
        Measure(
            "PFT",
            "proportion",
            FREEMAN_TUKEY,
            "proportion",
            formulas.freeman_tukey,
            reported=False,
            symbol="proportion",
            add=0.0,
            bounds=_SHARE,
        ),
        Measure("GEN", "effect size", IDENTITY, symbol="estimate"),
    )
}


def measure_of(code: str) -> Measure:
    """Return the measure called `code` (any case)."""
    try:
        return MEASURES[code.upper()]
    except KeyError:
        raise MeasureError(f"measure {code!r}: must be one of {', '.join(MEASURES)}") from None
