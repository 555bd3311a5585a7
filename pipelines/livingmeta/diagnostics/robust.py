"""Cluster-robust standard errors: several effects of one cluster do not count as independent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.meta_regression import as_dicts, coefficient, fit_design
from livingmeta.diagnostics.moderators import (
    Columns,
    Design,
    columns_of,
    complete,
    design,
    labels_of,
    orthogonal,
    subset_at,
)
from livingmeta.effect_sizes import EffectSizes, Excluded
from livingmeta.estimators.fit import FitError

Array = NDArray[np.float64]

CORRECTIONS = ("CR0", "CR1", "CR2")
NO_ROOT = 1e-12  # share of a cluster's variance below which the design has used it up


@dataclass(frozen=True)
class Sandwich:
    """Coefficients of shape (p,), their robust covariance and degrees of freedom."""

    beta: Array
    cov: Array
    df: Array


def sandwich(
    y: Array,
    X: Array,
    back: Array,
    variances: Sequence[Array],
    clusters: Sequence[NDArray[np.intp]],
    correction: str,
) -> Sandwich:
    """Return generalised least squares with a sandwich covariance.

    Parameters
    ----------
    y : ndarray of shape (k,)
        Effects.
    X : ndarray of shape (k, p)
        Well-conditioned design matrix.
    back : ndarray of shape (p, p)
        Coefficients wanted are `back @` those of X.
    variances : sequence of ndarray of shape (n,) or (n, n)
        The working model's variance of each cluster: a diagonal, or a matrix.
    clusters : sequence of ndarray of int
        Positions of each cluster's effects.
    correction : {"CR0", "CR1", "CR2"}
        None; the factor m / (m - p) for m clusters; or the bias-reduced linearisation of Bell
        and McCaffrey (2002) with Satterthwaite's degrees of freedom, as Pustejovsky and Tipton
        (2018) have it, the working model being the fitted one.

    Notes
    -----
    CR0 and CR1 have m - p degrees of freedom.
    """
    m, p = len(clusters), X.shape[1]
    roots = [_factor(variance) for variance in variances]
    Z = np.concatenate([_whiten(root, X[i]) for root, i in zip(roots, clusters, strict=True)])
    z = np.concatenate([_whiten(root, y[i]) for root, i in zip(roots, clusters, strict=True)])
    bread = np.linalg.inv(Z.T @ Z)
    beta = bread @ (Z.T @ z)
    ends = np.cumsum([len(i) for i in clusters])[:-1]
    blocks = np.split(Z, ends)
    adjusted = [
        _adjusted(root, block, bread) if correction == "CR2" else block
        for root, block in zip(roots, blocks, strict=True)
    ]
    scores = np.array([a.T @ e for a, e in zip(adjusted, np.split(z - Z @ beta, ends), strict=True)])
    factor = m / (m - p) if correction == "CR1" else 1.0
    cov = bread @ (scores.T @ scores) @ bread * factor
    is_cr2 = correction == "CR2"
    df = _satterthwaite(blocks, adjusted, bread, back) if is_cr2 else np.full(p, float(m - p))
    return Sandwich(back @ beta, back @ cov @ back.T, df)


def _factor(variance: Array) -> Array:
    return np.asarray(np.sqrt(variance) if variance.ndim == 1 else np.linalg.cholesky(variance), dtype=float)


def _whiten(root: Array, block: Array) -> Array:
    if root.ndim == 1:
        return block / (root if block.ndim == 1 else root[:, None])
    return np.asarray(np.linalg.solve(root, block), dtype=float)


def _adjusted(root: Array, block: Array, bread: Array) -> Array:
    """Return a cluster's whitened design times its CR2 adjustment.

    With V = L L' the working variance and H the cluster's part of the whitened hat matrix, the
    adjustment is L B^(-1/2) L' with B = L'L (I - H) L'L: the root is taken of B, which depends
    on L, and not of I - H alone.
    """
    n = len(block)
    G = np.diag(root**2) if root.ndim == 1 else root.T @ root
    H = block @ bread @ block.T
    used_up = int(np.sum(1 - np.linalg.eigvalsh(H) <= NO_ROOT))
    values, vectors = np.linalg.eigh(G @ (np.eye(n) - H) @ G)
    inverse = np.zeros(n)
    inverse[used_up:] = 1 / np.sqrt(values[used_up:])
    return G @ (vectors @ (inverse[:, None] * (vectors.T @ block)))


def _satterthwaite(blocks: Sequence[Array], adjusted: Sequence[Array], bread: Array, back: Array) -> Array:
    """Return 2 E(V)^2 / Var(V) of each coefficient's robust variance under the working model."""
    df = []
    for contrast in back:
        g = [a @ (bread @ contrast) for a in adjusted]
        sizes = np.array([x @ x for x in g])
        T = np.array([block.T @ x for block, x in zip(blocks, g, strict=True)])
        shared = np.einsum("ip,pq,iq->i", T, bread, T)
        inner = bread @ (T.T @ T)
        variance = float((sizes**2).sum() - 2 * (sizes @ shared) + np.trace(inner @ inner))
        df.append(float((sizes - shared).sum() ** 2 / variance) if variance > 0 else np.nan)
    return np.array(df)


def robust(
    effects: EffectSizes,
    cluster: Any,
    method: str = "REML",
    moderators: Columns = (),
    correction: str = "CR2",
    level: float | None = None,
    *,
    references: Mapping[str, str] | None = None,
    factors: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a model whose standard errors hold when effects of one cluster depend on each other.

    Parameters
    ----------
    cluster : str or array_like of shape (k,)
        A column of the effects' frame, or the cluster of each effect.
    method : str
        Estimator of tau2; the weights are 1 / (vi + tau2).
    moderators, references, factors
        See `design`; none gives the pooled effect.
    correction : {"CR2", "CR1", "CR0"}
        Which one stands at the top; all three are in `variants`.
    level : float, optional
        Level of the intervals in percent; that of the effects when left out.

    Returns
    -------
    dict
        `estimate se statistic df p_value ci_lower ci_upper` of the first coefficient,
        `coefficients` (all), `correction variants k n_clusters cluster method tau2 excluded`.

    Raises
    ------
    FitError
        When there are not more clusters than coefficients.
    """
    if correction not in CORRECTIONS:
        raise FitError(f"correction {correction!r}: must be one of {', '.join(CORRECTIONS)}")
    level = level or effects.level
    name, labels, keep, lost = clusters_of(effects, cluster)
    given = {n: values[keep] for n, values in columns_of(effects, moderators).items()}
    part = subset_at(effects, keep)
    made = design(part, given, references=references, factors=factors)
    y, v = part.yi[made.rows], part.vi[made.rows]
    tau2 = fit_design(y, v, made, method, "z").tau2
    groups = members(labels[keep][made.rows])
    variances = [v[i] + tau2 for i in groups]
    variants = all_corrections(y, made, variances, groups, level)
    return {
        **{key: value for key, value in variants[correction][0].items() if key != "name"},
        "correction": correction,
        "coefficients": variants[correction],
        "variants": variants,
        "cluster": name,
        "k": made.k,
        "n_clusters": len(groups),
        "method": method,
        "tau2": tau2,
        "excluded": as_dicts((*lost, *made.excluded)),
    }


def all_corrections(
    y: Array, made: Design, variances: Sequence[Array], groups: Sequence[NDArray[np.intp]], level: float
) -> dict[str, list[dict[str, Any]]]:
    """Return the coefficients of a design under each correction.

    Raises
    ------
    FitError
        When there are not more clusters than coefficients.
    """
    if len(groups) <= made.p:
        raise FitError(f"{len(groups)} clusters cannot carry robust errors of {made.p} coefficients")
    Q, back = orthogonal(made)
    scale = float(np.sqrt(np.median(np.concatenate([np.diag(x) if x.ndim == 2 else x for x in variances]))))
    scaled = [x / scale**2 for x in variances]
    return {
        correction: _coefficients(
            sandwich(y / scale, Q, back, scaled, groups, correction), scale, made, level
        )
        for correction in CORRECTIONS
    }


def _coefficients(found: Sandwich, scale: float, made: Design, level: float) -> list[dict[str, Any]]:
    se = np.sqrt(np.maximum(0.0, np.diag(found.cov)))
    return [
        _tested(name, float(b) * scale, float(s) * scale, float(df), level)
        for name, b, s, df in zip(made.names, found.beta, se, found.df, strict=True)
    ]


def _tested(name: str, estimate: float, se: float, df: float, level: float) -> dict[str, Any]:
    """Return a coefficient, without test where no cluster is left to judge it by."""
    if np.isfinite(df) and se > 0:
        return coefficient(name, estimate, se, df, level)
    untested = ("statistic", "df", "p_value", "ci_lower", "ci_upper")
    return {"name": name, "estimate": estimate, "se": se, **dict.fromkeys(untested)}


def clusters_of(
    effects: EffectSizes, cluster: Any
) -> tuple[str, NDArray[Any], NDArray[np.intp], tuple[Excluded, ...]]:
    """Return the name and labels of clusters, the rows that have one, and the others."""
    name, values = labels_of(effects, cluster, "cluster")
    keep, lost = complete(effects, {name: values}, factors=(name,))
    return name, values, keep, lost


def members(labels: NDArray[Any]) -> list[NDArray[np.intp]]:
    """Return the positions of each cluster's rows, clusters in the order in which they appear."""
    groups: dict[Any, list[int]] = {}
    for i, label in enumerate(labels):
        groups.setdefault(label, []).append(i)
    return [np.array(rows) for rows in groups.values()]
