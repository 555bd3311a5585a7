"""The binomial-normal model of sparse counts: conditional likelihoods with normal effects.

No cell is corrected, and a table with a zero weighs what it knows (Stijnen, Hamza and Ozdemir 2010).
Odds ratios have the exact, noncentral hypergeometric likelihood; rate ratios the binomial one, which is
exact for them. Both are integrated over the effects by adaptive Gauss-Hermite quadrature.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from livingmeta.distributions import chi2_tail, normal_quantile, normal_tail
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators.conditional import Binomial, Conditional, Hypergeometric
from livingmeta.estimators.counts import person_time_of, tables_of
from livingmeta.estimators.fit import Fit, FitError, with_prediction
from livingmeta.estimators.newton import safeguarded_newton
from livingmeta.estimators.projection import Projection

Array = NDArray[np.float64]

MEASURES = ("OR", "IRR")
NODES = 41
STEPS = 100
LARGEST_STEP = 2.0
TAUS = (0.0, *(0.02 * 2.0 ** np.arange(10)))
CLOSE = 1e-9  # what a Newton step this short leaves is its square


@dataclass(frozen=True)
class Curvature:
    """The marginal log-likelihood at (estimate, tau) with its derivatives in both."""

    value: float
    score: Array
    hessian: Array


@dataclass(frozen=True)
class CountModel:
    """The maximum of the marginal likelihood: `se` from the observed information of both parameters."""

    estimate: float
    se: float
    tau2: float
    log_likelihood: float
    q: float
    q_df: int


def marginal(model: Conditional, estimate: float, tau: float, nodes: int = NODES) -> Curvature:
    """Return the log-likelihood of effects distributed N(estimate, tau^2), over all tables.

    Derivatives are those of the integral: means and covariances over each table's posterior.
    """
    z, weights = _nodes(model, estimate, tau, nodes)
    value, first, second = model.at(estimate + tau * z)
    exponent = value - z**2 / 2 + weights
    highest = exponent.max(axis=1, keepdims=True)
    p = np.exp(exponent - highest)
    total = p.sum(axis=1, keepdims=True)
    p /= total
    scores = np.stack([first, first * z])
    mean = (p * scores).sum(axis=2)
    spread = np.einsum("kh,akh,bkh->ab", p, scores, scores) - mean @ mean.T
    bend = np.array([[(p * second * z ** (i + j)).sum() for j in (0, 1)] for i in (0, 1)])
    height = float((highest + np.log(total)).sum()) - len(z) * 0.5 * float(np.log(2 * np.pi))
    return Curvature(height, mean.sum(axis=1), bend + spread)


def _nodes(model: Conditional, estimate: float, tau: float, nodes: int) -> tuple[Array, Array]:
    """Return nodes z and log weights, each (k, nodes), around the mode of each table's posterior."""

    def slope(at: Array, chosen: NDArray[np.int_]) -> tuple[Array, Array]:
        here = np.zeros((len(model.events), 1))
        here[chosen, 0] = at
        _, first, second = model.at(estimate + tau * here)
        return tau * first[chosen, 0] - at, tau**2 * second[chosen, 0] - 1

    lower, upper = tau * (model.events - model.upper) - 1, tau * (model.events - model.lower) + 1
    zero, one = np.zeros_like(lower), np.ones_like(lower)
    mode = safeguarded_newton(slope, zero, lower, upper, one, negligible=1e-8)[:, None]
    width = 1 / np.sqrt(1 - tau**2 * model.at(estimate + tau * mode)[2])
    x, w = np.polynomial.hermite.hermgauss(nodes)
    return mode + np.sqrt(2) * width * x, np.log(w) + x**2 + np.log(np.sqrt(2) * width)


def maximised(model: Conditional) -> CountModel:
    """Return the maximum-likelihood estimates of effect and tau.

    The likelihood is concave in the effect at any tau; the highest cell of a grid of tau is then
    searched for the root of the profile score, so that no start decides the answer.

    Raises
    ------
    FitError
        When all events that could be in one arm are there: no finite estimate exists.
    """
    informative = model.upper > model.lower
    if not informative.any():
        raise FitError("method GLMM is undefined for these tables: none has an event in only some patients")
    if (model.events == model.lower).all() or (model.events == model.upper).all():
        raise FitError("method GLMM is undefined for these tables (an arm without any event)")
    estimates = [0.0]
    for tau in TAUS:
        estimates.append(_best_estimate(model, tau, estimates[-1]))
    heights = [marginal(model, at, tau).value for at, tau in zip(estimates[1:], TAUS, strict=True)]
    best = int(np.argmax(heights))
    tau = _best_tau(model, best, estimates[best + 1])
    estimate = _best_estimate(model, tau, estimates[best + 1])
    q = 2 * (_saturated(model) - marginal(model, estimates[1], 0.0).value)
    found = marginal(model, estimate, tau)
    information = -found.hessian if tau > 0 else -found.hessian[:1, :1]
    se = float(np.sqrt(np.linalg.inv(information)[0, 0]))
    return CountModel(estimate, se, tau**2, found.value, max(0.0, q), int(informative.sum()) - 1)


def _best_estimate(model: Conditional, tau: float, start: float) -> float:
    estimate, lower, upper = start, -np.inf, np.inf
    for _ in range(STEPS):
        at = marginal(model, estimate, tau)
        lower, upper = (estimate, upper) if at.score[0] > 0 else (lower, estimate)
        step = float(np.clip(-at.score[0] / at.hessian[0, 0], -LARGEST_STEP, LARGEST_STEP))
        if not lower < estimate + step < upper and np.isfinite(upper - lower):
            step = (lower + upper) / 2 - estimate
        estimate += step
        if abs(step) <= CLOSE * max(1.0, abs(estimate)):
            return estimate
    raise FitError("method GLMM did not converge")


def _best_tau(model: Conditional, best: int, start: float) -> float:
    """Return the root of the profile score in the cells beside the best grid point, or 0."""

    def score(tau: float) -> float:
        return float(marginal(model, _best_estimate(model, tau, start), tau).score[1])

    if best == len(TAUS) - 1:
        raise FitError(f"method GLMM: tau would be {TAUS[-1]} or more")
    if best == 0 and not _rises_from_zero(model, start):
        return 0.0
    lower = TAUS[best - 1] if best > 1 else 1e-6
    if score(lower) <= 0:
        return 0.0
    return float(brentq(score, lower, TAUS[best + 1], xtol=1e-14, rtol=1e-13))


def _rises_from_zero(model: Conditional, estimate: float) -> bool:
    """Return whether the likelihood rises with tau2 at tau2 = 0, where its slope in tau is 0."""
    _, first, second = model.at(np.full((len(model.events), 1), estimate))
    return bool((first**2 + second).sum() > 0)


def _saturated(model: Conditional) -> float:
    """Return the log-likelihood of tables that each have their own effect; certain outcomes give 0."""
    inner = (model.events > model.lower) & (model.events < model.upper)
    effects = np.zeros((len(inner), 1))
    for _ in range(STEPS):
        _, first, second = model.at(effects)
        step = np.clip(np.where(inner[:, None], -first / np.minimum(second, -1e-300), 0.0), -1.0, 1.0)
        effects = effects + step
        if np.abs(step).max() < 1e-10:
            break
    return float(model.at(effects)[0][inner].sum())


def conditional_model(effects: EffectSizes) -> Conditional:
    """Return the likelihood that the counts of a measure have.

    Raises
    ------
    FitError
        When the measure has none or a row has no counts.
    """
    code = effects.measure.code
    if code not in MEASURES:
        raise FitError(f"method GLMM has no {code}; it has {', '.join(MEASURES)}")
    if code == "OR":
        return Hypergeometric(*tables_of(effects, "GLMM"))
    events1, time1, events2, time2 = person_time_of(effects)
    return Binomial(events1, events1 + events2, np.log(time1 / time2))


def fit_glmm(effects: EffectSizes, level: float = 95.0, pi_df: str = "k-1") -> Fit:
    """Return the binomial-normal fit of 2x2 tables or of events in person-time (z interval).

    `q` is the likelihood-ratio statistic against tables that each have their own effect; `i2` and
    `h2` set tau2 beside the typical variance of the tables' own effects. There are no weights of
    studies in this model: `weights` are those of the effects at its tau2.

    Raises
    ------
    FitError
        When rows have no counts, the measure no such likelihood, or no finite estimate exists.
    """
    found = maximised(conditional_model(effects))
    half = float(normal_quantile(0.5 + level / 200)) * found.se
    statistic = found.estimate / found.se
    inverse = 1 / effects.vi
    df = effects.k - 1
    typical = df / Projection(inverse, np.ones((effects.k, 1))).trace()
    weights = 1 / (effects.vi + found.tau2)
    fit = Fit(
        measure=effects.measure.code,
        method="GLMM",
        test="z",
        k=effects.k,
        estimate=found.estimate,
        se=found.se,
        statistic=statistic,
        p_value=float(2 * normal_tail(abs(statistic))),
        ci_lower=found.estimate - half,
        ci_upper=found.estimate + half,
        level=level,
        tau2=found.tau2,
        i2=100 * found.tau2 / (found.tau2 + typical),
        h2=found.tau2 / typical + 1,
        q=found.q if found.q_df > 0 else None,
        q_df=found.q_df if found.q_df > 0 else None,
        q_p=float(chi2_tail(found.q, found.q_df)) if found.q_df > 0 else None,
        log_likelihood=found.log_likelihood,
        weights=100 * weights / weights.sum(),
    )
    return with_prediction(fit, pi_df)
