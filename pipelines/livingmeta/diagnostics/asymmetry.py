"""Tests for funnel-plot asymmetry: regressions on the precision of studies, and rank correlation."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.absent import Absent, unusable
from livingmeta.diagnostics.meta_regression import fit_design
from livingmeta.diagnostics.moderators import INTERCEPT, Design
from livingmeta.diagnostics.small_studies import (
    MIN_STUDIES_FOR_ASYMMETRY,
    RESOLUTION,
    Slope,
    event_totals,
    information,
    tested_line,
)
from livingmeta.distributions import normal_tail, t_quantile, t_tail
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators import ESTIMATORS, FitError
from livingmeta.estimators.counts import cells_of

Array = NDArray[np.float64]

MOST_FOR_EXACT_KENDALL = 300

PREDICTORS: dict[str, Callable[[EffectSizes], Array]] = {
    "sei": lambda effects: np.sqrt(effects.vi),
    "vi": lambda effects: effects.vi,
    "n": lambda effects: effects.frame["n_total"].to_numpy(float),
    "1/n": lambda effects: 1 / effects.frame["n_total"].to_numpy(float),
    "1/sqrt(n)": lambda effects: 1 / np.sqrt(effects.frame["n_total"].to_numpy(float)),
}


def too_few(k: int, force: bool) -> Absent | None:
    """Return the reason why k studies cannot show asymmetry, unless that is waived."""
    if k < 3:
        return Absent(f"{k} studies: a test for asymmetry needs at least 3")
    if k < MIN_STUDIES_FOR_ASYMMETRY and not force:
        return Absent(f"{k} studies: fewer than {MIN_STUDIES_FOR_ASYMMETRY} cannot show asymmetry")
    return None


def regression_test(
    effects: EffectSizes, predictor: str = "sei", level: float = 95.0, force: bool = False
) -> dict[str, Any] | Absent:
    """Return the regression of effects on a predictor, weighted by inverse variance.

    The residual variance is a factor of the sampling variances (a weighted linear model).

    Parameters
    ----------
    effects : EffectSizes
        k effects on the analysis scale.
    predictor : str
        One of PREDICTORS.
    level : float
        Level of the intercept's interval, percent.
    force : bool
        Test fewer than 10 studies too.
    """
    reason = too_few(effects.k, force) or unusable(effects) or _unknown_sizes(effects, predictor)
    if reason:
        return reason
    return _line(f"lm {predictor}", PREDICTORS[predictor](effects), effects.yi, 1 / effects.vi, level)


def regression_test_rma(
    effects: EffectSizes,
    predictor: str = "sei",
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
    force: bool = False,
) -> dict[str, Any] | Absent:
    """Return the meta-regression of effects on a predictor, with additive heterogeneity.

    Parameters
    ----------
    effects : EffectSizes
        k effects on the analysis scale.
    predictor : str
        One of PREDICTORS.
    method, test : str
        Estimator of tau2, and z or a Knapp-Hartung test.
    level : float
        Level of the intercept's interval, percent.
    force : bool
        Test fewer than 10 studies too.
    """
    reason = too_few(effects.k, force) or unusable(effects) or _unknown_sizes(effects, predictor)
    if reason:
        return reason
    if method not in ESTIMATORS:
        return Absent(f"method {method} has no meta-regression")
    try:
        fitted = meta_line(PREDICTORS[predictor](effects), effects.yi, effects.vi, method, test)
    except FitError as error:
        return Absent(str(error))
    (intercept, slope), (intercept_se, slope_se), tau2, df = fitted
    if not slope_se > 0:
        return Absent("the slope has standard error 0: there is nothing to test it against")
    half = float(t_quantile(0.5 + level / 200, df)) * intercept_se
    statistic = slope / slope_se
    return {
        "name": f"rma {predictor}",
        "k": effects.k,
        "statistic": statistic,
        "df": df,
        "p_value": float(2 * t_tail(abs(statistic), df)),
        "intercept": intercept,
        "intercept_se": intercept_se,
        "intercept_ci_lower": intercept - half,
        "intercept_ci_upper": intercept + half,
        "slope": slope,
        "slope_se": slope_se,
        "tau2": tau2,
        "method": method,
        "test": test,
    }


def _unknown_sizes(effects: EffectSizes, predictor: str) -> Absent | None:
    if predictor not in PREDICTORS:
        return Absent(f"predictor {predictor!r}: must be one of {', '.join(PREDICTORS)}")
    with np.errstate(divide="ignore", invalid="ignore"):
        values = PREDICTORS[predictor](effects)
    return None if np.isfinite(values).all() else Absent("the size of some study is not known")


def _line(name: str, x: Array, y: Array, weights: Array, level: float) -> dict[str, Any] | Absent:
    try:
        line = tested_line(x, y, weights, level)
    except FitError as error:
        return Absent(str(error))
    return {"name": name, "k": line.df + 2, **_of_slope(line)}


def _of_slope(line: Slope) -> dict[str, Any]:
    names = ("statistic", "df", "p_value", "intercept", "intercept_se", "intercept_ci_lower")
    return {name: getattr(line, name) for name in (*names, "intercept_ci_upper", "slope", "slope_se")}


def meta_line(
    x: Array, y: Array, v: Array, method: str, test: str
) -> tuple[tuple[float, float], tuple[float, float], float, float | None]:
    """Return coefficients of y = a + b x with random effects, their errors, tau2 and df.

    Raises
    ------
    FitError
        When the predictor does not vary or the effects are beyond what can be computed.
    """
    reach = float(np.abs(x).max())
    if reach == 0 or np.ptp(x) <= RESOLUTION * reach:
        raise FitError("the predictor is the same in every study: there is no slope to test")
    made = Design(np.column_stack([np.ones(len(x)), x]), (INTERCEPT, "slope"), True, np.arange(len(x)))
    fit = fit_design(y, v, made, method, test)
    (a, b), (se_a, se_b) = fit.beta.tolist(), fit.se.tolist()
    return (a, b), (se_a, se_b), fit.tau2, None if fit.df is None else float(fit.df)


def egger(effects: EffectSizes, level: float = 95.0, force: bool = False) -> dict[str, Any] | Absent:
    """Return Egger's test (Egger et al. 1997): the slope on the standard error is the bias.

    Effects on their standard errors, weighted by inverse variance; the same line as Egger's
    regression of the standard normal deviate on precision, with the roles of its two
    coefficients exchanged.
    """
    return _named("egger", regression_test(effects, "sei", level, force))


def egger_rma(
    effects: EffectSizes, method: str = "REML", test: str = "z", level: float = 95.0, force: bool = False
) -> dict[str, Any] | Absent:
    """Return Egger's test as a random-effects meta-regression on the standard error."""
    return _named("egger_rma", regression_test_rma(effects, "sei", method, test, level, force))


def _named(name: str, result: dict[str, Any] | Absent) -> dict[str, Any] | Absent:
    return result if isinstance(result, Absent) else {**result, "name": name}


def _no_tables(effects: EffectSizes) -> Absent | None:
    return None if effects.has_counts else Absent("the test needs events and n of both arms in every row")


def peters_test(effects: EffectSizes, level: float = 95.0, force: bool = False) -> dict[str, Any] | Absent:
    """Return the test of Peters et al. (2006), original weights: effects on 1 / N."""
    return _on_size(effects, "peters", lambda n: 1 / n, level, force)


def macaskill_test(effects: EffectSizes, level: float = 95.0, force: bool = False) -> dict[str, Any] | Absent:
    """Return the test of Macaskill et al. (2001) with pooled weights: effects on N."""
    return _on_size(effects, "macaskill", lambda n: n, level, force)


def _on_size(
    effects: EffectSizes, name: str, predictor: Callable[[Array], Array], level: float, force: bool
) -> dict[str, Any] | Absent:
    reason = too_few(effects.k, force) or unusable(effects) or _no_tables(effects)
    if reason:
        return reason
    events, rest = event_totals(effects)
    weights = information(events, rest)
    few = too_few(int((weights > 0).sum()), force)
    return few or _line(name, predictor(events + rest), effects.yi, weights, level)


def harbord(effects: EffectSizes, level: float = 95.0, force: bool = False) -> dict[str, Any] | Absent:
    """Return the score test of Harbord et al. (2006) for 2x2 tables.

    Z / V on 1 / sqrt(V), weighted by V, where Z is the efficient score of the log odds ratio at
    no effect and V its hypergeometric variance; the slope is the bias. It looks at the cells
    alone, whatever the measure, and leaves out tables whose V is 0.
    """
    reason = too_few(effects.k, force) or unusable(effects) or _no_tables(effects)
    if reason:
        return reason
    a, b, c, d = cells_of(effects)
    n1, n2, events, n = a + b, c + d, a + c, a + b + c + d
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    known = variance > 0
    few = too_few(int(known.sum()), force)
    if few:
        return few
    score, variance = (a - events * n1 / n)[known], variance[known]
    return _line("harbord", 1 / np.sqrt(variance), score / variance, variance, level)


def begg(
    effects: EffectSizes, level: float = 95.0, force: bool = False, exact: bool | None = None
) -> dict[str, Any] | Absent:
    """Return the rank correlation test of Begg and Mazumdar (1994).

    Kendall's tau between variances and effects standardised by what varies of them around the
    equal-effects mean. The p-value is exact without ties and up to 300 studies, otherwise
    (or with `exact=False`) normal with the variance that accounts for ties, without a
    continuity correction.
    """
    reason = too_few(effects.k, force) or unusable(effects)
    if reason:
        return reason
    y, v = effects.yi, effects.vi
    deviate = (y - (y / v).sum() / (1 / v).sum()) / np.sqrt(_variance_around_mean(v))
    concordance, ties_deviate, ties_variance = _kendall(deviate, v)
    pairs = effects.k * (effects.k - 1) / 2
    untied = (pairs - _pairs(ties_deviate)) * (pairs - _pairs(ties_variance))
    if untied == 0:
        return Absent("all variances or all standardised effects are equal: there is no rank to correlate")
    tied = bool(ties_deviate.any() or ties_variance.any())
    exactly = not tied and effects.k <= MOST_FOR_EXACT_KENDALL and exact is not False
    z = concordance / np.sqrt(_kendall_variance(effects.k, ties_deviate, ties_variance))
    p = kendall_exact_p(concordance, effects.k) if exactly else float(2 * normal_tail(abs(z)))
    numbers = {"tau": float(concordance / np.sqrt(untied)), "exact": exactly}
    regression = dict.fromkeys(("df", "intercept", "slope"))
    return {"name": "begg", "k": effects.k, "statistic": float(z), "p_value": p, **numbers, **regression}


def _variance_around_mean(v: Array) -> Array:
    """Return v - 1 / sum(1 / v) without cancellation where one study has nearly all the weight."""
    w = 1 / (v / v.min())
    others = w.sum() - w
    largest = int(np.argmax(w))
    others[largest] = np.delete(w, largest).sum()
    return v * others / w.sum()


def _kendall(x: Array, y: Array) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Return concordant minus discordant pairs, and the sizes of groups of ties in x and in y."""
    difference = sum(
        int((np.sign(x[i + 1 :] - x[i]) * np.sign(y[i + 1 :] - y[i])).sum()) for i in range(len(x) - 1)
    )
    counts = [np.unique(values, return_counts=True)[1] for values in (x, y)]
    return difference, counts[0][counts[0] > 1], counts[1][counts[1] > 1]


def _pairs(ties: NDArray[np.int64]) -> float:
    return float((ties * (ties - 1)).sum() / 2)


def _kendall_variance(n: int, ties_x: NDArray[np.int64], ties_y: NDArray[np.int64]) -> float:
    """Return the variance of concordant minus discordant pairs under independence (Kendall 1970)."""
    t, u = ties_x.astype(float), ties_y.astype(float)
    first = (
        n * (n - 1.0) * (2 * n + 5) - (t * (t - 1) * (2 * t + 5)).sum() - (u * (u - 1) * (2 * u + 5)).sum()
    ) / 18
    second = (t * (t - 1)).sum() * (u * (u - 1)).sum() / (2 * n * (n - 1.0))
    third = (t * (t - 1) * (t - 2)).sum() * (u * (u - 1) * (u - 2)).sum()
    return float(first + second + third / (9 * n * (n - 1.0) * (n - 2)))


def kendall_exact_p(difference: int, n: int) -> float:
    """Return the two-sided exact p-value of concordant minus discordant pairs among n without ties.

    The discordant pairs of a random order are its inversions; each further item adds 0 to
    i - 1 of them with equal probability.
    """
    pairs = n * (n - 1) // 2
    fewest = (pairs - abs(difference)) // 2  # the smaller tail, which sums without cancellation
    probability = np.zeros(fewest + 1)
    probability[0] = 1.0
    for i in range(2, n + 1):
        total = np.cumsum(probability)
        total[i:] -= total[:-i].copy()
        probability = total / i
    return float(min(1.0, 2 * probability.sum()))
