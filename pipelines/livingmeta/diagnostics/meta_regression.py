"""Meta-regression: how much of the difference between studies moderators explain."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.moderators import INTERCEPT, Columns, Design, design, orthogonal
from livingmeta.distributions import chi2_tail, f_tail
from livingmeta.effect_sizes import EffectSizes, Excluded
from livingmeta.estimators.fit import FitError, check_known, heterogeneity, rescaled, tested
from livingmeta.estimators.fit import typical_variance as typical_variance
from livingmeta.estimators.likelihood import likelihood
from livingmeta.estimators.tau2 import ESTIMATORS, validate

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

    The rest is named, and missing, as in `Fit`.
    """

    beta: Array
    cov: Array
    df: int | None
    qm: float | None
    qm_df: int
    tau2: float
    q: float
    q_df: int
    q_p: float | None = None
    i2: float | None = None
    h2: float | None = None
    i2_q: float | None = None
    h2_q: float | None = None
    se_tau2: float | None = None
    tau2_ci_lower: float | None = None
    tau2_ci_upper: float | None = None
    log_likelihood: float | None = None
    aic: float | None = None
    bic: float | None = None
    aicc: float | None = None

    @property
    def se(self) -> Array:
        """Return the standard errors of shape (p,)."""
        return np.sqrt(np.diag(self.cov))


def fit_design(
    y: Array, v: Array, made: Design, method: str, test: str, level: float | None = None
) -> RegressionFit:
    """Return the random-effects regression of effects on a design matrix.

    Effects are scaled by the typical standard error and the design is made orthogonal before
    anything is computed; neither changes the model.

    Parameters
    ----------
    y, v : ndarray of shape (k,)
        Effects and sampling variances.
    level : float, optional
        Level of the Q-profile interval of tau2 in percent; there is none without it.

    Raises
    ------
    FitError
        When the method has no regression, nothing is left to estimate tau2 from (the
        equal-effects model needs k >= p only), or the numbers are beyond what can be computed.
    """
    if method not in ESTIMATORS:
        raise FitError(f"method {method!r} has no regression; these have: {', '.join(ESTIMATORS)}")
    check_known(method, test)
    validate(y, v)
    _check(len(y), made, is_saturable=method == "EE" and test == "z")
    scale = float(np.sqrt(np.median(v)))
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return _fitted(y / scale, v / scale**2, made, method, test, scale, level)
    except (ArithmeticError, np.linalg.LinAlgError, RuntimeWarning) as error:
        raise FitError(f"effects, variances or moderators are too large or too unequal: {error}") from error


def _check(k: int, made: Design, is_saturable: bool) -> None:
    if made.X.ndim != 2 or made.k != k:
        raise FitError(f"the design must have a row for each of {k} studies")
    if not np.isfinite(made.X).all():
        raise FitError("moderators must be finite numbers")
    if k < made.p or (k == made.p and not is_saturable):
        raise FitError(f"{k} studies are too few for {made.p} coefficients and tau2")


def _fitted(
    y: Array, v: Array, made: Design, method: str, test: str, scale: float, level: float | None
) -> RegressionFit:
    Q, back = orthogonal(made)
    params = ESTIMATORS[method](test).fit(y[:, None], v[:, None], Q).params_
    gamma, cov = params["fe_params"][:, 0], params["inv_cov"][:, :, 0]
    tau2 = float(np.ravel(params["tau2"])[0])
    slopes = slice(1 if made.has_intercept else 0, None)
    rest = heterogeneity(y, v, Q, tau2, method, level) | likelihood(method, y, v, Q, tau2, scale)
    return RegressionFit(
        beta=back @ gamma * scale,
        cov=back @ cov @ back.T * scale**2,
        df=None if params["dof"] is None else made.k - made.p,
        qm=wald_statistic(gamma[slopes], cov[slopes, slopes]),
        qm_df=len(gamma[slopes]),
        **{key: rescaled(key, value, scale) for key, value in (rest | {"tau2": tau2}).items()},
    )


def wald_statistic(beta: Array, cov: Array) -> float | None:
    """Return beta' cov^-1 beta, or None where a coefficient has no variance."""
    se = np.sqrt(np.diag(cov))
    if len(beta) == 0 or not (se > 0).all():
        return None
    z = beta / se
    return float(z @ np.linalg.solve(cov / np.outer(se, se), z))


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
        h2 q q_df q_p`, `tau2_ci_lower tau2_ci_upper se_tau2` of what is left, `qm qm_df
        qm_df_residual qm_p` of the moderators together (F for knha and adhoc), `r2` in percent,
        `log_likelihood aic bic aicc`, `k p moderators excluded notes`.

    Raises
    ------
    FitError
        See `design` and `fit_design`.

    Notes
    -----
    R2 is the part of tau2 that goes (see `explained`), over the same rows.
    """
    made = design(effects, moderators, intercept=intercept, references=references, factors=factors)
    y, v, level = effects.yi[made.rows], effects.vi[made.rows], level or effects.level
    fit = fit_design(y, v, made, method, test, level)
    null = fit_design(y, v, _null(made), method, "z") if intercept else None
    return {
        "method": method,
        "test": test,
        "level": level,
        "k": made.k,
        "p": made.p,
        "coefficients": coefficients(made.names, fit, level),
        "tau2": fit.tau2,
        "tau2_null": null.tau2 if null else None,
        **{name: getattr(fit, name) for name in OF_THE_MODEL},
        "r2": explained(fit, null, made, method) if null else None,
        **omnibus(fit),
        "moderators": [moderator.as_dict() for moderator in made.moderators],
        "excluded": as_dicts(made.excluded),
        "notes": [moderator.note for moderator in made.moderators if moderator.note],
    }


OF_THE_MODEL = (
    *("tau2_ci_lower", "tau2_ci_upper", "se_tau2", "i2", "h2", "q", "q_df", "q_p"),
    *("log_likelihood", "aic", "bic", "aicc"),
)


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
    return joint_test(fit.qm, fit.qm_df, fit.df)


def joint_test(wald: float | None, m: int, df: float | None) -> dict[str, Any]:
    """Return the test of a Wald statistic of m coefficients: chi-squared, or F where there are df."""
    if wald is None or df is None:
        p = None if wald is None else float(chi2_tail(wald, m))
        return {"qm": wald, "qm_df": m, "qm_df_residual": df, "qm_p": p}
    return {"qm": wald / m, "qm_df": m, "qm_df_residual": df, "qm_p": float(f_tail(wald / m, m, df))}


def coefficients(names: Sequence[str], fit: RegressionFit, level: float) -> list[dict[str, Any]]:
    """Return each coefficient with its test and interval."""
    return [
        coefficient(name, float(b), float(se), fit.df, level)
        for name, b, se in zip(names, fit.beta, fit.se, strict=True)
    ]


def coefficient(name: str, estimate: float, se: float, df: float | None, level: float) -> dict[str, Any]:
    """Return one coefficient with its test and interval: normal where `df` is None."""
    return {"name": name, **tested(estimate, se, df, level)}


def as_dicts(excluded: Sequence[Excluded]) -> list[dict[str, Any]]:
    """Return rows left out, for a record."""
    return [{"line": row.line, "study": row.study, "reason": row.reason} for row in excluded]
