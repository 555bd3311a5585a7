"""Meta-regression: how much of the difference between studies moderators explain."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.moderators import INTERCEPT, Columns, Design, design, orthogonal
from livingmeta.distributions import chi2_tail, f_tail, t_quantile, t_tail
from livingmeta.effect_sizes import EffectSizes, Excluded
from livingmeta.estimators.fit import FitError
from livingmeta.estimators.tau2 import CORRECTIONS, ESTIMATORS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RegressionFit:
    """Weighted least squares at an estimated tau2.

    Parameters
    ----------
    beta : ndarray of shape (p,)
        Coefficients, in the units of the design's columns.
    cov : ndarray of shape (p, p)
        Their covariance, with the correction of the test.
    df : int or None
        Residual degrees of freedom; None where the reference is the normal distribution.
    qm, qm_df : float or None, int
        Wald statistic of every coefficient but the intercept (chi-squared; divided by
        `qm_df` it is the F of Knapp and Hartung), and how many there are.
    """

    beta: Array
    cov: Array
    df: int | None
    tau2: float
    qm: float | None
    qm_df: int
    q: float
    i2: float
    h2: float

    @property
    def se(self) -> Array:
        """Return the standard errors of shape (p,)."""
        return np.sqrt(np.diag(self.cov))


def fit_design(y: Array, v: Array, made: Design, method: str, test: str) -> RegressionFit:
    """Return the random-effects regression of effects on a design matrix.

    Effects are scaled by the typical standard error and the design is made orthogonal before
    anything is computed; neither changes the model.

    Raises
    ------
    FitError
        When the method has no regression, or the numbers are beyond what can be computed.
    """
    if method not in ESTIMATORS:
        raise FitError(f"method {method!r} has no regression; these have: {', '.join(ESTIMATORS)}")
    if test not in CORRECTIONS:
        raise FitError(f"test {test!r}: must be one of {', '.join(CORRECTIONS)}")
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise FitError("effects must be finite numbers and sampling variances finite and > 0")
    scale = float(np.sqrt(np.median(v)))
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return _fitted(y / scale, v / scale**2, made, method, test, scale)
    except (ArithmeticError, np.linalg.LinAlgError, RuntimeWarning) as error:
        raise FitError(f"effects, variances or moderators are too large or too unequal: {error}") from error


def _fitted(y: Array, v: Array, made: Design, method: str, test: str, scale: float) -> RegressionFit:
    Q, back = orthogonal(made)
    params = ESTIMATORS[method](test).fit(y[:, None], v[:, None], Q).params_
    gamma, cov = params["fe_params"][:, 0], params["inv_cov"][:, :, 0]
    tau2 = float(np.ravel(params["tau2"])[0])
    slopes = slice(1 if made.has_intercept else 0, None)
    return RegressionFit(
        beta=back @ gamma * scale,
        cov=back @ cov @ back.T * scale**2,
        df=None if params["dof"] is None else made.k - made.p,
        tau2=tau2 * scale**2,
        qm=wald_statistic(gamma[slopes], cov[slopes, slopes]),
        qm_df=len(gamma[slopes]),
        **_heterogeneity(y, v, Q, tau2, method),
    )


def wald_statistic(beta: Array, cov: Array) -> float | None:
    """Return beta' cov^-1 beta, or None where a coefficient has no variance."""
    se = np.sqrt(np.diag(cov))
    if len(beta) == 0 or not (se > 0).all():
        return None
    z = beta / se
    return float(z @ np.linalg.solve(cov / np.outer(se, se), z))


def _heterogeneity(y: Array, v: Array, X: Array, tau2: float, method: str) -> dict[str, float]:
    """Return residual Q at tau2 = 0, and I2 and H2 as metafor defines them.

    They are tau2-based with the typical variance (k - p) / trace(P), and Q-based for the
    equal-effects model.
    """
    df, root = len(y) - X.shape[1], 1 / np.sqrt(v)
    U, _ = np.linalg.qr(X * root[:, None])
    z = y * root
    residual = z - U @ (U.T @ z)
    q = float(residual @ residual)
    if method == "EE":
        return {"q": q, "i2": max(0.0, 100 * (q - df) / q) if q > 0 else 0.0, "h2": q / df}
    typical = typical_variance(v, X)
    return {"q": q, "i2": 100 * tau2 / (typical + tau2), "h2": tau2 / typical + 1}


def typical_variance(v: Array, X: Array) -> float:
    """Return (k - p) / trace(P), the sampling variance of a typical study (Higgins and Thompson 2002)."""
    U, _ = np.linalg.qr(X / np.sqrt(v)[:, None])
    return (len(v) - X.shape[1]) / float(np.sum((1 - np.sum(U**2, axis=1)) / v))


def meta_regression(
    effects: EffectSizes,
    moderators: Columns,
    method: str = "REML",
    test: str = "adhoc",
    level: float | None = None,
    *,
    intercept: bool = True,
    references: Mapping[str, str] | None = None,
    factors: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a random-effects meta-regression, ready for a record.

    Parameters
    ----------
    moderators : name, names, or mapping of name to array_like of shape (k,)
        See `design`.
    method, test : str
        Estimator of tau2; z (chi-squared for QM), or knha or adhoc (t and F).
    level : float, optional
        Level of the intervals in percent; that of the effects when left out.

    Returns
    -------
    dict
        `coefficients` [{name estimate se statistic df p_value ci_lower ci_upper}], `tau2 i2
        h2 q q_df q_p` of what is left, `qm qm_df qm_df_residual qm_p` of the moderators
        together (F for knha and adhoc), `r2` in percent, `k p moderators excluded notes`.

    Raises
    ------
    FitError
        See `design` and `fit_design`.

    Notes
    -----
    R2 is the part of tau2 that goes (see `explained`), over the same rows.
    """
    made = design(effects, moderators, intercept=intercept, references=references, factors=factors)
    y, v = effects.yi[made.rows], effects.vi[made.rows]
    fit = fit_design(y, v, made, method, test)
    null = fit_design(y, v, _null(made), method, "z") if intercept else None
    return {
        "method": method,
        "test": test,
        "level": level or effects.level,
        "k": made.k,
        "p": made.p,
        "coefficients": coefficients(made.names, fit, level or effects.level),
        "tau2": fit.tau2,
        "tau2_null": null.tau2 if null else None,
        "i2": fit.i2,
        "h2": fit.h2,
        "r2": explained(fit, null, made, method) if null else None,
        **omnibus(fit),
        "q": fit.q,
        "q_df": made.k - made.p,
        "q_p": float(chi2_tail(fit.q, made.k - made.p)),
        "moderators": [moderator.as_dict() for moderator in made.moderators],
        "excluded": as_dicts(made.excluded),
        "notes": [moderator.note for moderator in made.moderators if moderator.note],
    }


def _null(made: Design) -> Design:
    return Design(np.ones((made.k, 1)), (INTERCEPT,), True, made.rows)


def explained(fit: RegressionFit, null: RegressionFit, made: Design, method: str) -> float:
    """Return R2 in percent: the part of tau2 that the moderators explain.

    The equal-effects model has no tau2; there it is the adjusted R2 of weighted least squares,
    as in metafor. It is 0, as in metafor, where there is nothing to explain.
    """
    if method == "EE":
        left, whole = fit.q / (made.k - made.p), null.q / (made.k - 1)
    else:
        left, whole = fit.tau2, null.tau2
    return 100 * max(0.0, (whole - left) / whole) if whole > 0 else 0.0


def omnibus(fit: RegressionFit) -> dict[str, Any]:
    """Return the test of all coefficients but the intercept: chi-squared, or F with residual df."""
    m = fit.qm_df
    if fit.qm is None or fit.df is None:
        p = None if fit.qm is None else float(chi2_tail(fit.qm, m))
        return {"qm": fit.qm, "qm_df": m, "qm_df_residual": fit.df, "qm_p": p}
    f = fit.qm / m
    return {"qm": f, "qm_df": m, "qm_df_residual": fit.df, "qm_p": float(f_tail(f, m, fit.df))}


def coefficients(names: Sequence[str], fit: RegressionFit, level: float) -> list[dict[str, Any]]:
    """Return each coefficient with its test and interval."""
    return [
        coefficient(name, float(b), float(se), fit.df, level)
        for name, b, se in zip(names, fit.beta, fit.se, strict=True)
    ]


def coefficient(name: str, estimate: float, se: float, df: float | None, level: float) -> dict[str, Any]:
    """Return one coefficient with its test and interval: normal where `df` is None."""
    half = float(t_quantile(0.5 + level / 200, df)) * se
    statistic = estimate / se if se > 0 else None
    return {
        "name": name,
        "estimate": estimate,
        "se": se,
        "statistic": statistic,
        "df": df,
        "p_value": 0.0 if statistic is None else float(2 * t_tail(abs(statistic), df)),
        "ci_lower": estimate - half,
        "ci_upper": estimate + half,
    }


def as_dicts(excluded: Sequence[Excluded]) -> list[dict[str, Any]]:
    """Return rows left out, for a record."""
    return [{"line": row.line, "study": row.study, "reason": row.reason} for row in excluded]
