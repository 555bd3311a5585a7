"""Models without moderators: estimators, tests, intervals, Mantel-Haenszel and Peto."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from livingmeta.diagnostics.meta_regression import typical_variance
from livingmeta.distributions import chi2_quantile
from livingmeta.effect_sizes import EffectSizes, ZeroCellRule
from livingmeta.estimators import Fit, fit_counts, fit_model
from livingmeta.estimators.counts import cells_of, corrected, person_time_of
from livingmeta.estimators.fit import with_prediction
from livingmeta.estimators.strata import association_of_rates, association_of_tables
from reference.record import AS_ESCALC, CLOSED_FORM, SETS, Analysis, Block, Value, join, sizes, values_of

# metafor's key: ours.
HETEROGENEITY = {
    **{"k": "k", "tau2": "tau2", "se_tau2": "se_tau2", "I2": "i2", "H2": "h2"},
    **{"QE": "q", "QE_df": "q_df", "QEp": "q_p", "ddf": "df"},
    **{"logLik": "log_likelihood", "AIC": "aic", "BIC": "bic", "AICc": "aicc"},
}
COEFFICIENT = {
    **{"beta": "estimate", "se": "se", "stat": "statistic", "pval": "p_value"},
    **{"ci_lb": "ci_lower", "ci_ub": "ci_upper"},
}
ASSOCIATIONS = {
    **{"MH": "cmh", "MHp": "cmh_p", "MH_uncorrected": "cmh"},
    **{"BD": "breslow_day", "BDp": "breslow_day_p", "TA": "tarone", "TAp": "tarone_p"},
}
# What plain rma() reaches without a search is exact.
NOT_SEARCHED = ("EE", "DL", "HE", "HS", "SJ")
# rma() and confint() stop at an absolute change of tau2 of 1e-5 and 1.2e-4.
STOPS_AT = 1e-4


@lru_cache
def fitted(analysis: Analysis, method: str, test: str, pi_df: str) -> Fit:
    """Return one model of an analysis."""
    effects = analysis.effects
    return fit_model(effects.yi, effects.vi, measure="GEN", method=method, test=test, pi_df=pi_df)


def models(block: Block) -> Iterator[Value]:
    """Compare every estimator with every test, weights, and what plain rma() prints."""
    for method, reference in block.content.items():
        path = join(block.path, method)
        for test in ("z", "knha", "adhoc"):
            yield from model(join(path, test), reference[test], block.analysis, method, test)
        plain = fitted(block.analysis, method, "z", "normal")
        if "weights_pct" in reference:
            yield from values_of(path, {"weights_pct": plain.weights})
        default = reference["metafor_default_tolerance"]
        yield from plain_rma(join(path, "metafor_default_tolerance"), default, method, plain)


def plain_rma(path: str, reference: dict[str, Any], method: str, fit: Fit) -> Iterator[Value]:
    """Compare what rma() and confint() print when nobody asks for more digits."""
    if method in NOT_SEARCHED:
        shown = {"tau2": fit.tau2, "beta": [fit.estimate], "se": [fit.se], "I2": fit.i2}
        yield from values_of(path, shown)
    else:
        yield Value(join(path, "tau2"), fit.tau2, 0.0, STOPS_AT)
    if "confint" in reference:
        limits_of_tau2 = {"tau2_lb": fit.tau2_ci_lower, "tau2_ub": fit.tau2_ci_upper}
        for key, limit in limits_of_tau2.items():
            yield Value(join(path, "confint", key), limit, 0.0, STOPS_AT)
        yield Value(join(path, "confint", "ci_null"), is_empty(fit), 0.0)


def is_empty(fit: Any) -> bool:
    """Return whether Q is too small for any tau2: then the interval is the point 0."""
    return bool(fit.q < float(chi2_quantile(0.025, fit.q_df)))


def model(
    path: str, reference: dict[str, Any], analysis: Analysis, method: str, test: str
) -> Iterator[Value]:
    """Compare one model with both kinds of prediction interval."""
    fit = fitted(analysis, method, test, "normal" if test == "z" else "k-1")
    riley = with_prediction(fit, "k-2")
    yield from values_of(path, of_fit(fit.numbers(), reference, riley.numbers()))


def of_fit(ours: dict[str, Any], reference: dict[str, Any], riley: dict[str, Any]) -> dict[str, Any]:
    """Return our fit under metafor's keys, those only that the reference has."""
    found = {key: ours[mine] for key, mine in HETEROGENEITY.items()}
    found |= {key: [ours[mine]] for key, mine in COEFFICIENT.items()}
    found |= {"p": 1, "pi_lb": ours["pi_lower"], "pi_ub": ours["pi_upper"]}
    found |= {f"pi_riley_{tail}": riley[f"pi_{side}"] for tail, side in RILEY}
    return {key: value for key, value in found.items() if key in reference}


RILEY = (("lb", "lower"), ("ub", "upper"), ("df", "df"))


def q_profile(block: Block) -> Iterator[Value]:
    """Compare the Q-profile interval of tau2, and I2 and H2 at its limits."""
    effects = block.effects
    fit = fitted(block.analysis, "REML", "z", "normal")
    design = np.ones((effects.k, 1))
    yield from values_of(block.path, limits(fit, effects.vi, design))


def limits(fit: Any, vi: np.ndarray, design: np.ndarray) -> dict[str, Any]:
    """Return what metafor says beside the interval, from our limits and our typical variance."""
    lower, upper, typical = fit.tau2_ci_lower, fit.tau2_ci_upper, typical_variance(vi, design)
    return {
        "lb": lower,
        "ub": upper,
        "vt": typical,
        "null_set": is_empty(fit),
        "I2_lb": 100 * lower / (lower + typical),
        "I2_ub": 100 * upper / (upper + typical),
        "H2_lb": lower / typical + 1,
        "H2_ub": upper / typical + 1,
    }


def mantel_haenszel(name: str) -> Iterator[Value]:
    """Compare pooled counts of a data set, by every measure."""
    for label, reference in SETS[name].get("mh", {}).items():
        measure, _, what = label.partition("_")
        add = 0.5 if what else 0.0
        every, usual = (counted(name, measure, zero) for zero in (AS_ESCALC, ZeroCellRule()))
        # Tables without any event tell a ratio nothing, unless something is added to them.
        effects = every if what else usual
        fit = fit_counts(effects, "PETO" if measure == "PETO" else "MH", add=add)
        ours = of_counts(fit) | associations(effects, measure, fit.estimate, add)
        ours |= {"measure": measure, "k": every.k, "k_yi": usual.k}
        path = join(name, "mh", label)
        yield from values_of(path, {key: ours[key] for key in ours if key in reference}, CLOSED_FORM)


def counted(name: str, measure: str, zero: ZeroCellRule) -> EffectSizes:
    """Return a data set's tables or events in person-time."""
    return sizes(name, SETS[name].get("mh_cells", ""), measure, zero)


def of_counts(fit: Fit) -> dict[str, Any]:
    """Return our fit under the keys of rma.mh()."""
    keys = {**COEFFICIENT, "zval": "statistic", "QE": "q", "QEp": "q_p", "I2": "i2", "H2": "h2"}
    return {key: getattr(fit, mine) for key, mine in keys.items() if key != "stat"}


def associations(effects: EffectSizes, measure: str, estimate: float, add: float) -> dict[str, Any]:
    """Return the tests of any association and of one odds ratio; rma.mh() has them for OR and IRR."""
    if measure not in ("OR", "IRR"):
        return dict.fromkeys(ASSOCIATIONS)
    if measure == "IRR":
        counts = person_time_of(effects)
        tests = [association_of_rates(*counts, continuity=c) for c in (0.5, 0.0)]
    else:
        tables = corrected(*cells_of(effects), add)
        tests = [association_of_tables(*tables, estimate, continuity=c) for c in (0.5, 0.0)]
    with_correction, without = tests
    found = {key: getattr(with_correction, mine) for key, mine in ASSOCIATIONS.items()}
    return {**found, "MH_uncorrected": without.cmh}
