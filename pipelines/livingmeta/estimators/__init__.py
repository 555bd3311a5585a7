"""Estimators: PyMARE's models polished, models of counts, one `pool` for all."""

# ruff: noqa: E402
from livingmeta.deferred import defer

defer("scipy.stats")  # before PyMARE is imported
defer("pymare")

from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators.batch import ManyFits, fit_many
from livingmeta.estimators.counts import COUNT_FORMULAS, fit_counts
from livingmeta.estimators.fit import Fit, FitError, fit_model
from livingmeta.estimators.tau2 import CORRECTIONS, ESTIMATORS

COUNT_METHODS = (*COUNT_FORMULAS, "GLMM")
METHODS = (*ESTIMATORS, *COUNT_METHODS)
TESTS = tuple(CORRECTIONS)


def pool(
    effects: EffectSizes,
    method: str = "REML",
    test: str = "adhoc",
    level: float = 95.0,
    pi_df: str = "k-1",
) -> Fit:
    """Return the pooled estimate of effect sizes by any method.

    Mantel-Haenszel, Peto and the binomial-normal model (GLMM) know no other test than z: `test` does
    not apply to them.

    Raises
    ------
    FitError
        When nothing can be pooled or the method does not fit the rows.
    """
    if effects.k == 0:
        raise FitError("no usable row: there is nothing to pool")
    if method not in METHODS:
        raise FitError(f"method {method!r}: must be one of {', '.join(METHODS)}")
    if test not in TESTS:
        raise FitError(f"test {test!r}: must be one of {', '.join(TESTS)}")
    if method == "GLMM" and effects.k > 1:
        from livingmeta.estimators.glmm import fit_glmm  # for few questions; every page would load it

        return fit_glmm(effects, level, pi_df)
    if method in COUNT_FORMULAS and effects.k > 1:
        return fit_counts(effects, method, level)
    return fit_model(
        effects.yi,
        effects.vi,
        measure=effects.measure.code,
        method=method,
        test=test,
        level=level,
        pi_df=pi_df,
    )


__all__ = [
    "COUNT_METHODS",
    "ESTIMATORS",
    "METHODS",
    "TESTS",
    "Fit",
    "FitError",
    "ManyFits",
    "fit_counts",
    "fit_many",
    "fit_model",
    "pool",
]
