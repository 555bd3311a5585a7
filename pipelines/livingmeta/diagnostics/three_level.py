"""A three-level model: effects within clusters differ, and so do the clusters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.meta_regression import (
    as_dicts,
    coefficient,
    fit_design,
    joint_test,
    wald_statistic,
)
from livingmeta.diagnostics.moderators import Columns, Design, columns_of, design, orthogonal, subset_at
from livingmeta.diagnostics.robust import all_corrections, clusters_of, members
from livingmeta.distributions import chi2_tail, t_quantile
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators.fit import FitError, typical_variance
from livingmeta.estimators.tau2 import validate

Array = NDArray[np.float64]

METHODS = ("REML", "ML")
STEPS = 500
SETTLED = 1e-15
STARTS = (0.0, 0.02, 0.1, 0.5, 2.0)  # in units of the spread of the effects


@dataclass(frozen=True)
class Nested:
    """Effects y, variances v, well-conditioned design X and the cluster 0 .. m - 1 of each."""

    y: Array
    v: Array
    X: Array
    cluster: NDArray[np.intp]
    method: str

    @property
    def m(self) -> int:
        """Return the number of clusters."""
        return int(self.cluster.max()) + 1

    def sums(self, values: Array) -> Array:
        """Return sums within clusters, of shape (m,) or (m, p)."""
        if values.ndim == 1:
            return np.asarray(np.bincount(self.cluster, values, self.m), dtype=float)
        return np.column_stack([np.bincount(self.cluster, column, self.m) for column in values.T])


@dataclass(frozen=True)
class Level3:
    """Everything about the model at one pair of variances between and within clusters.

    `score` and `information` are twice those of the log-likelihood.
    """

    sigma2: Array
    beta: Array
    cov: Array
    log_likelihood: float
    score: Array
    information: Array


def evaluate(data: Nested, sigma2: Array) -> Level3:
    """Return the model at sigma2 = (between clusters, within clusters).

    The variance of a cluster is diag(a)^-1 + between * 11' with a = 1 / (v + within); its
    inverse is known in closed form, so that nothing grows faster than k.
    """
    a = 1 / (data.v + sigma2[1])
    A = data.sums(a)
    shrink = 1 / (1 + sigma2[0] * A)
    c = sigma2[0] * shrink
    u = a * shrink[data.cluster]  # W 1
    Xy = np.column_stack([data.X, data.y])
    WXy = a[:, None] * (Xy - (c[:, None] * data.sums(a[:, None] * Xy))[data.cluster])
    WX = WXy[:, :-1]
    inner = data.X.T @ WX
    cov = np.linalg.inv(inner)
    beta = cov @ (data.X.T @ WXy[:, -1])
    Py = WXy[:, -1] - WX @ beta
    log_v = -np.log(a).sum() - np.log(shrink).sum()
    twice = -log_v - data.y @ Py - len(a) * np.log(2 * np.pi)
    traces, information = _traces(data, a, A, shrink, c, u)
    if data.method == "REML":
        p = data.X.shape[1]
        restriction = np.linalg.slogdet(data.X.T @ data.X)[1] - np.linalg.slogdet(inner)[1]
        twice += restriction + p * np.log(2 * np.pi)
        traces, information = _restricted(data, WX, u, A * shrink, a, c, cov, traces, information)
    score = np.array([(data.sums(Py) ** 2).sum(), Py @ Py]) - traces
    return Level3(sigma2, beta, cov, float(twice) / 2, score, information)


def _traces(
    data: Nested, a: Array, A: Array, shrink: Array, c: Array, u: Array
) -> tuple[Array, NDArray[np.float64]]:
    """Return trace(W Z) and trace(W Z W Z') for Z in (11', I)."""
    A2, A3 = data.sums(a**2), data.sums(a**3)
    traces = np.array([(A * shrink).sum(), (A - c * A2).sum()])
    both = float((u**2).sum())
    within = float((A2 - 2 * c * A3 + (c * A2) ** 2).sum())
    return traces, np.array([[float(((A * shrink) ** 2).sum()), both], [both, within]])


def _restricted(
    data: Nested,
    WX: Array,
    u: Array,
    ones: Array,
    a: Array,
    c: Array,
    cov: Array,
    traces: Array,
    information: Array,
) -> tuple[Array, Array]:
    """Return the same traces with P = W - WX (X'WX)^-1 X'W in place of W."""
    T, U = data.sums(WX), data.sums(u[:, None] * WX)
    WWX = a[:, None] * (WX - (c[:, None] * data.sums(a[:, None] * WX))[data.cluster])
    first = (cov @ (T.T @ T), cov @ (WX.T @ WX))
    second = ((T.T @ (ones[:, None] * T), T.T @ U), (U.T @ T, WX.T @ WWX))
    lost = np.array([[2 * np.trace(cov @ second[i][j]) for j in (0, 1)] for i in (0, 1)])
    back = np.array([[np.trace(first[i] @ first[j]) for j in (0, 1)] for i in (0, 1)])
    return traces - np.array([np.trace(x) for x in first]), information - lost + back


def maximise(data: Nested) -> Level3:
    """Return the model at the maximum of its (restricted) likelihood, variances >= 0.

    Raises
    ------
    FitError
        When no maximum is found.
    """
    scale = max(float(np.var(data.y)), 1e-3 * float(np.median(data.v)))
    grid = [np.array([b, w]) * scale for b in STARTS for w in STARTS]
    candidates = sorted((evaluate(data, s) for s in grid), key=lambda x: -x.log_likelihood)
    best = max((_climb(data, start) for start in candidates[:3]), key=lambda x: x.log_likelihood)
    slack = 1e-6 * np.sqrt(np.diag(best.information))
    if (best.score > slack).any() or (np.abs(best.score[best.sigma2 > 0]) > slack[best.sigma2 > 0]).any():
        raise FitError("no maximum of the likelihood of the three-level model was found")
    return best


def _climb(data: Nested, now: Level3) -> Level3:
    """Return where Fisher scoring ends that never descends; a variance at 0 stays while it must."""
    for _ in range(STEPS):
        free = (now.sigma2 > 0) | (now.score > 0)
        if not free.any():
            break
        step = np.zeros(2)
        step[free] = np.linalg.solve(now.information[np.ix_(free, free)], now.score[free])
        following = _ascended(data, now, step)
        if following is None:
            break
        moved = np.abs(following.sigma2 - now.sigma2).max()
        now = following
        if moved <= SETTLED * now.sigma2.max():
            break
    return now


def _ascended(data: Nested, now: Level3, step: Array) -> Level3 | None:
    slack = 1e-13 * (1 + abs(now.log_likelihood))  # below it the log-likelihood is rounding
    for _ in range(60):
        following = evaluate(data, np.maximum(0.0, now.sigma2 + step))
        if following.log_likelihood >= now.log_likelihood - slack:
            return following
        step = step / 2
    return None


def three_level(
    effects: EffectSizes,
    cluster: Any,
    method: str = "REML",
    test: str = "z",
    moderators: Columns = (),
    level: float | None = None,
    *,
    references: Mapping[str, str] | None = None,
    factors: Sequence[str] = (),
    pi_df: str = "k-1",
) -> dict[str, Any]:
    """Return a model with variance between clusters and between the effects inside them.

    Parameters
    ----------
    cluster : str or array_like of shape (k,)
        A column of the effects' frame, or the cluster of each effect.
    method : {"REML", "ML"}
        How the variances are estimated.
    test : {"z", "t"}
        Normal, or t with k - p degrees of freedom.
    moderators, references, factors
        See `design`; none gives the pooled effect.
    level : float, optional
        Level of the intervals in percent; that of the effects when left out.
    pi_df : {"k-1", "k-2", "normal"}
        Degrees of freedom of the prediction interval, which is for a new effect in a new cluster.

    Returns
    -------
    dict
        `estimate se statistic df p_value ci_lower ci_upper` of the first coefficient,
        `coefficients` (all), `pi_lower pi_upper pi_df`, `sigma2_between sigma2_within`,
        `i2 i2_between i2_within`, `q q_df q_p log_likelihood aic bic`, `qm qm_df qm_p` with
        moderators, `robust` {CR0 CR1 CR2: coefficients} or None with too few clusters,
        `k n_clusters cluster method test excluded`.

    Raises
    ------
    FitError
        When clusters cannot be told from effects: one cluster, or one effect in each.

    Notes
    -----
    The model of Konstantopoulos (2011). The restricted likelihood has the term log|X'X| / 2, as
    in metafor, so that the units of moderators do not matter to it.
    """
    _known(method, test)
    level = level or effects.level
    name, labels, keep, lost = clusters_of(effects, cluster)
    given = {n: values[keep] for n, values in columns_of(effects, moderators).items()}
    part = subset_at(effects, keep)
    made = design(part, given, references=references, factors=factors)
    groups = members(labels[keep][made.rows])
    _separable(groups, made.k, made.p)
    y, v = part.yi[made.rows], part.vi[made.rows]
    validate(y, v)
    scale = float(np.sqrt(np.median(v)))
    Q, back = orthogonal(made)
    data = Nested(y / scale, v / scale**2, Q, _numbered(groups, made.k), method)
    fit = maximise(data)
    df = None if test == "z" else float(made.k - made.p)
    beta, cov = back @ fit.beta * scale, back @ fit.cov @ back.T * scale**2
    se = np.sqrt(np.diag(cov))
    listed = [
        coefficient(n, float(b), float(s), df, level) for n, b, s in zip(made.names, beta, se, strict=True)
    ]
    sigma2 = fit.sigma2 * scale**2
    residual = fit_design(y, v, made, "EE", "z").q
    log_likelihood = fit.log_likelihood - (made.k - (made.p if method == "REML" else 0)) * np.log(scale)
    return {
        **{key: value for key, value in listed[0].items() if key != "name"},
        "coefficients": listed,
        **_predicted(beta, se, sigma2, made, level, pi_df),
        **_shares(sigma2, v, Q),
        "q": residual,
        "q_df": made.k - made.p,
        "q_p": float(chi2_tail(residual, made.k - made.p)),
        **_information(float(log_likelihood), made, method),
        **_omnibus(fit, df),
        "robust": _robust(y, v, sigma2, made, groups, level),
        "k": made.k,
        "n_clusters": len(groups),
        "cluster": name,
        "method": method,
        "test": test,
        "excluded": as_dicts((*lost, *made.excluded)),
    }


def _known(method: str, test: str) -> None:
    if method not in METHODS:
        raise FitError(f"method {method!r}: a three-level model has {' and '.join(METHODS)}")
    if test not in ("z", "t"):
        raise FitError(f"test {test!r}: a three-level model has z and t")


def _separable(groups: Sequence[NDArray[np.intp]], k: int, p: int) -> None:
    if len(groups) < 2:
        raise FitError(f"{len(groups)} cluster: a three-level model needs at least two")
    if len(groups) == k:
        raise FitError("one effect in each cluster: variances between and within cannot be told apart")
    if k - p < 2:
        raise FitError(f"{k} effects and {p} coefficients leave nothing to estimate two variances from")


def _numbered(groups: Sequence[NDArray[np.intp]], k: int) -> NDArray[np.intp]:
    numbers = np.empty(k, dtype=np.intp)
    for g, rows in enumerate(groups):
        numbers[rows] = g
    return numbers


def _shares(sigma2: Array, v: Array, Q: Array) -> dict[str, float]:
    """Return the variances and the percentage of all variance that each is."""
    whole = float(sigma2.sum()) + typical_variance(v, Q)
    between, within = (float(x) for x in sigma2)
    return {
        "sigma2_between": between,
        "sigma2_within": within,
        "i2": 100 * (between + within) / whole,
        "i2_between": 100 * between / whole,
        "i2_within": 100 * within / whole,
    }


def _predicted(
    beta: Array, se: Array, sigma2: Array, made: Design, level: float, pi_df: str
) -> dict[str, float | None]:
    if made.p > 1 or not made.has_intercept or made.k < 3:
        return {"pi_lower": None, "pi_upper": None, "pi_df": None}
    df = {"k-1": made.k - 1.0, "k-2": max(1.0, made.k - 2.0), "normal": None}[pi_df]
    half = float(t_quantile(0.5 + level / 200, df) * np.sqrt(se[0] ** 2 + sigma2.sum()))
    return {"pi_lower": float(beta[0]) - half, "pi_upper": float(beta[0]) + half, "pi_df": df}


def _information(log_likelihood: float, made: Design, method: str) -> dict[str, float]:
    n = made.k - made.p if method == "REML" else made.k
    parameters = made.p + 2
    return {
        "log_likelihood": log_likelihood,
        "aic": 2 * parameters - 2 * log_likelihood,
        "bic": float(np.log(n)) * parameters - 2 * log_likelihood,
    }


def _omnibus(fit: Level3, df: float | None) -> dict[str, Any]:
    m = len(fit.beta) - 1
    qm = wald_statistic(fit.beta[1:], fit.cov[1:, 1:])
    if qm is None:
        return {"qm": None, "qm_df": None, "qm_df_residual": None, "qm_p": None}
    return joint_test(qm, m, df)


def _robust(
    y: Array, v: Array, sigma2: Array, made: Design, groups: Sequence[NDArray[np.intp]], level: float
) -> dict[str, Any] | None:
    if len(groups) <= made.p:
        return None
    variances = [np.diag(v[i] + sigma2[1]) + sigma2[0] for i in groups]
    return all_corrections(y, made, variances, groups, level)
