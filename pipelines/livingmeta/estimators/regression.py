"""A model with any design matrix: meta-regression and what is made of it."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livingmeta.distributions import chi2_tail, f_tail
from livingmeta.estimators.fit import check_known, heterogeneity, rescaled, wald
from livingmeta.estimators.likelihood import likelihood
from livingmeta.estimators.projection import orthonormal
from livingmeta.estimators.tau2 import ESTIMATORS, FitError, validate

Array = NDArray[np.float64]
COLUMNS = ("estimate", "se", "statistic", "p_value", "ci_lower", "ci_upper")


@dataclass(frozen=True)
class DesignFit:
    """A meta-regression: arrays have shape (p,), `covariance` (p, p); the rest is named as in Fit.

    `statistic` and `p_value` are those of each coefficient.
    """

    method: str
    test: str
    k: int
    p: int
    df: float | None
    estimate: Array
    se: Array
    statistic: Array
    p_value: Array
    ci_lower: Array
    ci_upper: Array
    covariance: Array
    level: float = 95.0
    tau2: float | None = None
    se_tau2: float | None = None
    tau2_ci_lower: float | None = None
    tau2_ci_upper: float | None = None
    i2: float | None = None
    h2: float | None = None
    i2_q: float | None = None
    h2_q: float | None = None
    q: float | None = None
    q_df: int | None = None
    q_p: float | None = None
    log_likelihood: float | None = None
    aic: float | None = None
    bic: float | None = None
    aicc: float | None = None


def fit_design(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike,
    *,
    method: str = "REML",
    test: str = "adhoc",
    level: float = 95.0,
) -> DesignFit:
    """Return the coefficients of a design matrix, with tau2 as residual heterogeneity.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effects and sampling variances on the analysis scale.
    X : array_like of shape (k, p)
        Design matrix, with its column of ones where there is an intercept.

    Raises
    ------
    FitError
        When values cannot be pooled, columns are collinear, or k <= p leaves nothing to estimate tau2
        from (the equal-effects model needs k >= p only).
    """
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    validate(y, v)
    check_known(method, test)
    design = _design(len(y), X, method, test)
    scale = float(np.sqrt(np.median(v)))
    with np.errstate(over="raise", invalid="raise", divide="raise"), warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return _fitted(y / scale, v / scale**2, design, scale, method, test, level)
        except (ArithmeticError, np.linalg.LinAlgError, RuntimeWarning) as error:
            raise FitError(
                f"effects or variances are too large, too small or too unequal: {error}"
            ) from error


def _design(k: int, X: ArrayLike, method: str, test: str) -> Array:
    design = np.asarray(X, dtype=float)
    if design.ndim != 2 or len(design) != k:
        raise FitError(f"the design must have a row for each of {k} studies")
    p = design.shape[1]
    if k < p or (k == p and (method != "EE" or test != "z")):
        raise FitError(f"{k} studies are too few for {p} coefficients and tau2")
    return design


def _fitted(y: Array, v: Array, X: Array, scale: float, method: str, test: str, level: float) -> DesignFit:
    model = ESTIMATORS[method](test).fit(y[:, None], v[:, None], X)
    params: dict[str, Any] = model.params_
    tau2 = float(np.ravel(params["tau2"])[0])
    coefficients = [wald(model, column, level) for column in range(X.shape[1])]
    Q, _ = orthonormal(X)
    found: dict[str, Any] = {key: np.array([one[key] for one in coefficients], float) for key in COLUMNS}
    found |= heterogeneity(y, v, Q, tau2, method, level) | likelihood(method, y, v, Q, tau2, scale)
    return DesignFit(
        method=method,
        test=test,
        k=len(y),
        p=X.shape[1],
        df=coefficients[0]["df"],
        level=level,
        covariance=scale**2 * params["inv_cov"][:, :, 0],
        **{key: rescaled(key, value, scale) for key, value in found.items()},
    )


def omnibus(fit: DesignFit, columns: ArrayLike) -> dict[str, float | int | None]:
    """Return the joint Wald test of some coefficients: qm, qm_df, qm_df_residual, qm_p.

    Parameters
    ----------
    columns : array_like of int
        Which coefficients; chi-squared for test z, F with k - p residual df otherwise.
    """
    chosen = np.asarray(columns, dtype=int)
    beta, covariance = fit.estimate[chosen], fit.covariance[np.ix_(chosen, chosen)]
    m = len(chosen)
    unit = np.sqrt(np.diag(covariance))  # moderators in any unit: correlations are inverted
    wald_statistic = float((beta / unit) @ np.linalg.solve(covariance / np.outer(unit, unit), beta / unit))
    if fit.df is None:
        return {
            "qm": wald_statistic,
            "qm_df": m,
            "qm_df_residual": None,
            "qm_p": float(chi2_tail(wald_statistic, m)),
        }
    f = wald_statistic / m
    return {"qm": f, "qm_df": m, "qm_df_residual": fit.df, "qm_p": float(f_tail(f, m, fit.df))}
