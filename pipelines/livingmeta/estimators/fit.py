"""One fitted model: the numbers that every record carries, at full precision."""

import warnings
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livingmeta.distributions import chi2_tail, normal_quantile, normal_tail, t_quantile, t_tail
from livingmeta.estimators.likelihood import likelihood, se_tau2
from livingmeta.estimators.projection import Projection
from livingmeta.estimators.q_profile import q_profile
from livingmeta.estimators.tau2 import CORRECTIONS, ESTIMATORS, FitError, Tau2Estimator, validate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Everything one model says; the names are the keys of the record.

    All estimates are on the analysis scale. `i2`, `h2` are tau2-based (Q-based for the
    equal-effects model, as in metafor), `i2_q`, `h2_q` Q-based; percentages are 0-100.
    `weights` are in percent, of shape (k,). `log_likelihood` and the criteria are there for
    EE, ML and REML, `se_tau2` for everything but EE.
    """

    measure: str
    method: str
    test: str
    k: int
    estimate: float
    se: float
    statistic: float | None
    p_value: float
    ci_lower: float
    ci_upper: float
    level: float = 95.0
    df: float | None = None
    pi_lower: float | None = None
    pi_upper: float | None = None
    pi_df: float | None = None
    tau2: float | None = None
    tau2_ci_lower: float | None = None
    tau2_ci_upper: float | None = None
    i2: float | None = None
    h2: float | None = None
    i2_q: float | None = None
    h2_q: float | None = None
    q: float | None = None
    q_df: int | None = None
    q_p: float | None = None
    se_tau2: float | None = None
    log_likelihood: float | None = None
    aic: float | None = None
    bic: float | None = None
    aicc: float | None = None
    weights: Array = field(default_factory=lambda: np.array([]), repr=False)
    warnings: tuple[str, ...] = ()

    def numbers(self) -> dict[str, Any]:
        """Return every key but weights and warnings, for a record."""
        left_out = {"weights", "warnings"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}


def fit_model(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    measure: str,
    method: str = "REML",
    test: str = "adhoc",
    level: float = 95.0,
    pi_df: str = "k-1",
) -> Fit:
    """Return the pooled estimate of independent effects.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effects and sampling variances on the analysis scale.
    measure, method, test : str
        Codes; `method` is one of ESTIMATORS, `test` one of z, knha, adhoc.
    level : float
        Confidence level in percent.
    pi_df : {"k-1", "k-2", "normal"}
        Degrees of freedom of the prediction interval.

    Raises
    ------
    FitError
        When there is no effect, or a value is not finite, or a variance is not positive.
    """
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    validate(y, v)
    if len(y) == 1:
        return _single(y[0], v[0], measure, method, level)
    check_known(method, test)
    scale = float(np.sqrt(np.median(v)))
    fitted = _computed(y, v, scale, method, test, level)
    fit = Fit(measure=measure, method=method, test=test, k=len(y), level=level, **_rescaled(fitted, scale))
    return with_prediction(fit, pi_df)


def check_known(method: str, test: str) -> None:
    """Refuse a method or test that is not there, naming those that are."""
    if method not in ESTIMATORS:
        raise FitError(f"method {method!r}: must be one of {', '.join(ESTIMATORS)}")
    if test not in CORRECTIONS:
        raise FitError(f"test {test!r}: must be one of {', '.join(CORRECTIONS)}")


def _computed(y: Array, v: Array, scale: float, method: str, test: str, level: float) -> dict[str, Any]:
    """Return the fit of scaled effects, or say that they are beyond what can be computed."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return _pooled(y / scale, v / scale**2, scale, method, test, level)
    except FitError:
        raise
    except (ArithmeticError, np.linalg.LinAlgError, RuntimeWarning) as error:
        raise FitError(f"effects or variances are too large, too small or too unequal: {error}") from error


def _single(y: float, v: float, measure: str, method: str, level: float) -> Fit:
    se = float(np.sqrt(v))
    half = float(normal_quantile(0.5 + level / 200)) * se
    return Fit(
        measure=measure,
        method=method,
        test="z",
        k=1,
        estimate=float(y),
        se=se,
        statistic=float(y) / se,
        p_value=float(2 * normal_tail(abs(y) / se)),
        ci_lower=float(y) - half,
        ci_upper=float(y) + half,
        level=level,
        weights=np.array([100.0]),
        warnings=("one study: its own effect with a z interval, nothing was pooled",),
    )


def _pooled(y: Array, v: Array, scale: float, method: str, test: str, level: float) -> dict[str, Any]:
    X = np.ones((len(y), 1))
    model = ESTIMATORS[method](test).fit(y[:, None], v[:, None], X)
    tau2 = float(np.ravel(model.params_["tau2"])[0])
    result = {
        **wald(model, 0, level),
        **heterogeneity(y, v, X, tau2, method, level),
        **likelihood(method, y, v, X, tau2, scale),
    }
    weights = 1 / (v + tau2)
    return {**result, "weights": 100 * weights / weights.sum()}


def wald(model: Tau2Estimator, column: int, level: float) -> dict[str, Any]:
    """Return estimate, se, statistic, p-value and interval of one coefficient."""
    params: dict[str, Any] = model.params_
    estimate = float(params["fe_params"][column, 0])
    se = float(np.sqrt(params["inv_cov"][column, column, 0]))
    df = None if params["dof"] is None else float(params["dof"][column, 0])
    return tested(estimate, se, df, level)


def tested(estimate: float, se: float, df: float | None, level: float) -> dict[str, Any]:
    """Return a coefficient with its test and interval: t with `df`, normal where that is None."""
    half = float(t_quantile(0.5 + level / 200, df)) * se
    statistic = estimate / se if se > 0 else None
    return {
        "estimate": estimate,
        "se": se,
        "statistic": statistic,
        "df": df,
        "p_value": 0.0 if statistic is None else float(2 * t_tail(abs(statistic), df)),
        "ci_lower": estimate - half,
        "ci_upper": estimate + half,
    }


def heterogeneity(
    y: Array, v: Array, X: Array, tau2: float, method: str, level: float | None
) -> dict[str, Any]:
    """Return Q, tau2 with its Q-profile interval, and both kinds of I2 and H2.

    The tau2-based I2 uses the typical variance, as metafor does. Without a level there is no interval.
    """
    df = len(y) - X.shape[1]
    if df <= 0:
        return {"tau2": None, "q": 0.0, "q_df": 0}
    q = Projection(1 / v, X).rss(y)
    i2_q, h2_q = (max(0.0, 100 * (q - df) / q) if q > 0 else 0.0), q / df
    typical = typical_variance(v, X)
    lower, upper = (None, None) if level is None else q_profile(y, v, X, level)
    tau2_based = {"i2": 100 * tau2 / (typical + tau2), "h2": tau2 / typical + 1}
    shown = {"i2": i2_q, "h2": h2_q} if method == "EE" else tau2_based
    return {
        "tau2": tau2,
        "se_tau2": se_tau2(method, y, v, X, tau2),
        "tau2_ci_lower": lower,
        "tau2_ci_upper": upper,
        **shown,
        "i2_q": i2_q,
        "h2_q": h2_q,
        "q": q,
        "q_df": df,
        "q_p": float(chi2_tail(q, df)),
    }


def typical_variance(v: Array, X: Array) -> float:
    """Return (k - p) / trace(P), the sampling variance of a typical study (Higgins and Thompson 2002)."""
    # Leverages, not a difference of sums: one study may carry nearly all the weight.
    U, _ = np.linalg.qr(X / np.sqrt(v)[:, None])
    return (len(v) - X.shape[1]) / float(((1 - (U**2).sum(axis=1)) / v).sum())


LINEAR = ("estimate", "se", "ci_lower", "ci_upper")
SQUARED = ("tau2", "se_tau2", "tau2_ci_lower", "tau2_ci_upper")


def _rescaled(result: dict[str, Any], scale: float) -> dict[str, Any]:
    return {key: rescaled(key, value, scale) for key, value in result.items()}


def rescaled(key: str, value: Any, scale: float) -> Any:
    """Return a number, or an array, of scaled effects on the scale of the effects."""
    power = 1 if key in LINEAR else 2 if key in SQUARED else 0
    return value if value is None or not power else value * scale**power


def with_prediction(fit: Fit, pi_df: str) -> Fit:
    """Return the fit with its prediction interval; there is none below three studies."""
    if fit.k < 3 or fit.method == "EE" or fit.tau2 is None:
        return fit
    df = {"k-1": fit.k - 1.0, "k-2": max(1.0, fit.k - 2.0), "normal": None}[pi_df]
    half = float(t_quantile(0.5 + fit.level / 200, df) * np.sqrt(fit.tau2 + fit.se**2))
    return replace(fit, pi_lower=fit.estimate - half, pi_upper=fit.estimate + half, pi_df=df)
