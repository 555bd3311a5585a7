"""Whether groups of studies share one effect, and the effect of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.meta_regression import (
    RegressionFit,
    as_dicts,
    coefficient,
    fit_design,
    omnibus,
)
from livingmeta.diagnostics.moderators import (
    INTERCEPT,
    Design,
    complete,
    label_text,
    labels_of,
    sorted_levels,
    subset_at,
)
from livingmeta.distributions import chi2_tail
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators import ESTIMATORS, Fit, FitError, pool

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Regression:
    """The omnibus test of group indicators in a random-effects meta-regression."""

    statistic: float
    df: int
    df_residual: float | None
    p_value: float
    tau2: float
    method: str
    test: str


def between_groups(effects: EffectSizes, labels: Array, method: str, test: str) -> Regression:
    """Return the test that groups share one effect, with one tau2 common to all of them.

    Parameters
    ----------
    labels : ndarray of shape (k,)
        The group of each effect.
    method, test : str
        Estimator of tau2, and z (chi-squared) or Knapp-Hartung (F).

    Raises
    ------
    FitError
        When there are fewer than two groups, or as many as studies: then no tau2 is left to
        estimate and none may be made up.
    """
    groups = list(dict.fromkeys(labels))
    if len(groups) < 2:
        raise FitError("one group of studies: there is nothing to compare")
    fit = fit_design(effects.yi, effects.vi, _indicators(np.asarray(labels), groups), method, test)
    return _tested(fit, method, test)


def _tested(fit: RegressionFit, method: str, test: str) -> Regression:
    if fit.qm is None:
        raise FitError("groups without any spread inside them: Knapp-Hartung leaves no variance")
    found = omnibus(fit)
    df_residual = None if fit.df is None else float(fit.df)
    return Regression(found["qm"], fit.qm_df, df_residual, found["qm_p"], fit.tau2, method, test)


def _indicators(labels: NDArray[Any], groups: Sequence[Any]) -> Design:
    """Return the design of an intercept and one indicator for each group but the first."""
    k = len(labels)
    if k <= len(groups):
        raise FitError(f"{k} studies in {len(groups)} groups: a common tau2 needs more studies than groups")
    columns = [labels == group for group in groups[1:]]
    X = np.column_stack([np.ones(k), *columns]).astype(float)
    return Design(X, (INTERCEPT, *map(str, groups[1:])), True, np.arange(k))


def subgroups(
    effects: EffectSizes,
    column: Any,
    method: str = "REML",
    test: str = "adhoc",
    level: float | None = None,
    pi_df: str = "k-1",
) -> dict[str, Any]:
    """Return every subgroup's own fit and both tests that the subgroups share one effect.

    Parameters
    ----------
    column : str or array_like of shape (k,)
        The group of each effect: a column of the effects' frame, or the labels themselves.
    method, test : str
        As in `pool`; a Mantel-Haenszel or Peto fit has no common tau2.
    level : float, optional
        Level of the intervals in percent; that of the effects when left out.
    pi_df : str
        Degrees of freedom of each group's prediction interval.

    Returns
    -------
    dict
        `groups` [{group and every key of a fit, or k and a reason}], `q_between df p_value` with
        a tau2 of each group's own, `common_tau2` {tau2 i2 statistic df df_residual p_value
        groups} or {reason}, `column`, `excluded`, `reason`.

    Notes
    -----
    `q_between` is the weighted sum of squares of the groups' estimates with weights 1 / se^2;
    se is the model's, without Knapp-Hartung, because that statistic's chi-squared reference
    treats the variances as known (Borenstein et al. 2009, chapter 19).
    """
    level = level or effects.level
    name, values = labels_of(effects, column)
    keep, excluded = complete(effects, {name: values}, factors=(name,))
    part, labels = subset_at(effects, keep), values[keep]
    levels = sorted_levels(labels)
    each = [_own(part, labels == group, label_text(group), method, test, level, pi_df) for group in levels]
    plain = [_own(part, labels == group, label_text(group), method, "z", level, pi_df) for group in levels]
    return {
        "column": name,
        "method": method,
        "test": test,
        "groups": each,
        **_separate(plain),
        "common_tau2": _common(part, labels, levels, method, test, level),
        "excluded": as_dicts(excluded),
    }


def _own(
    effects: EffectSizes,
    keep: NDArray[np.bool_],
    group: str,
    method: str,
    test: str,
    level: float,
    pi_df: str,
) -> dict[str, Any]:
    part = effects.subset(keep)
    try:
        fit: Fit = pool(part, method, test, level, pi_df)
    except FitError as error:
        return {"group": group, "k": part.k, "reason": str(error)}
    return {"group": group, **fit.numbers(), "warnings": list(fit.warnings), "reason": None}


def _separate(groups: Sequence[dict[str, Any]]) -> dict[str, Any]:
    usable = [(g["estimate"], g["se"]) for g in groups if g.get("se")]
    if len(usable) < 2:
        reason = "fewer than two groups with an estimate: nothing to compare"
        return {"q_between": None, "df": None, "p_value": None, "reason": reason}
    estimates, se = np.array(usable).T
    weights = (se.min() / se) ** 2
    mean = float(weights @ estimates / weights.sum())
    q, df = float((((estimates - mean) / se) ** 2).sum()), len(usable) - 1
    return {"q_between": q, "df": df, "p_value": float(chi2_tail(q, df)), "reason": None}


def _common(
    effects: EffectSizes, labels: NDArray[Any], levels: list[Any], method: str, test: str, level: float
) -> dict[str, Any]:
    if method not in ESTIMATORS:
        return {"reason": f"method {method} has no tau2"}
    try:
        if len(levels) < 2:
            raise FitError("one group of studies: there is nothing to compare")
        contrasts = fit_design(effects.yi, effects.vi, _indicators(labels, levels), method, test)
        tested = _tested(contrasts, method, test)
    except FitError as error:
        return {"reason": str(error)}
    return {
        "tau2": tested.tau2,
        "i2": contrasts.i2,
        "q": contrasts.q,
        "q_df": effects.k - len(levels),
        "statistic": tested.statistic,
        "df": tested.df,
        "df_residual": tested.df_residual,
        "p_value": tested.p_value,
        "groups": _means(contrasts, levels, level),
        "reason": None,
    }


def _means(contrasts: RegressionFit, levels: Sequence[Any], level: float) -> list[dict[str, Any]]:
    """Return each group's estimate under the common tau2, from the contrasts with the first."""
    to_means = np.eye(len(levels))
    to_means[:, 0] = 1.0
    estimates = to_means @ contrasts.beta
    se = np.sqrt(np.diag(to_means @ contrasts.cov @ to_means.T))
    return [
        coefficient(label_text(group), float(b), float(s), contrasts.df, level)
        for group, b, s in zip(levels, estimates, se, strict=True)
    ]
