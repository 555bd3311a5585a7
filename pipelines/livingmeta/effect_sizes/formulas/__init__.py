"""Effect sizes as pure functions: arrays in, `(yi, vi)` out.

Ratios are on the log scale and correlations on Fisher's z scale. All is float64 throughout.
A zero cell must be dealt with by the caller (see `zero_cells`).
"""

from livingmeta.effect_sizes.formulas.corrections import corrected, zero_cells
from livingmeta.effect_sizes.formulas.correlations import correlation, fisher_z
from livingmeta.effect_sizes.formulas.means import (
    deviation_of_change,
    heteroscedastic_difference,
    mean_change,
    mean_difference,
    ratio_of_means,
    small_sample_factor,
    standardised_mean_difference,
    variability_ratio,
    variation_ratio,
)
from livingmeta.effect_sizes.formulas.proportions import (
    arcsine_proportion,
    freeman_tukey,
    from_arcsine,
    from_freeman_tukey,
    harmonic_mean,
    log_proportion,
    logit_proportion,
    proportion,
)
from livingmeta.effect_sizes.formulas.rates import rate_difference, rate_ratio, root_rate_difference
from livingmeta.effect_sizes.formulas.reported import from_interval, from_p_value
from livingmeta.effect_sizes.formulas.tables import (
    arcsine_difference,
    odds_ratio,
    peto_odds_ratio,
    phi_coefficient,
    risk_difference,
    risk_ratio,
    yule_q,
)

__all__ = [
    "arcsine_difference",
    "arcsine_proportion",
    "corrected",
    "correlation",
    "deviation_of_change",
    "fisher_z",
    "freeman_tukey",
    "from_arcsine",
    "from_freeman_tukey",
    "from_interval",
    "from_p_value",
    "harmonic_mean",
    "heteroscedastic_difference",
    "log_proportion",
    "logit_proportion",
    "mean_change",
    "mean_difference",
    "odds_ratio",
    "peto_odds_ratio",
    "phi_coefficient",
    "proportion",
    "rate_difference",
    "rate_ratio",
    "ratio_of_means",
    "risk_difference",
    "risk_ratio",
    "root_rate_difference",
    "small_sample_factor",
    "standardised_mean_difference",
    "variability_ratio",
    "variation_ratio",
    "yule_q",
    "zero_cells",
]
