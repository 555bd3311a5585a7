"""A step selection model: publication that depends on which side of a p-value a study lies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import minimize

from livingmeta.diagnostics.absent import Absent, unusable
from livingmeta.distributions import chi2_tail, normal_quantile, normal_tail
from livingmeta.effect_sizes import EffectSizes

Array = NDArray[np.float64]

LARGEST_WEIGHT = 1e4  # a relative chance of publication beyond this has no finite estimate
NEWTON_STEPS = 60
STARTS = (1.0, 0.2, 5.0)


@dataclass(frozen=True)
class Steps:
    """Effects whose p-values fall into intervals with their own chance of publication.

    Parameters
    ----------
    y, v : ndarray of shape (k,)
        Effects, positive in the direction of the p-values, and variances.
    cuts : ndarray of shape (k, m + 1)
        Effects at which a study's p-value equals each step, from +inf down to -inf.
    group : ndarray of int, shape (k,)
        The interval each p-value falls into, from 0.
    """

    y: Array
    v: Array
    cuts: Array
    group: NDArray[np.int64]

    @property
    def counts(self) -> Array:
        """Return the number of studies in each interval, of shape (m,)."""
        return np.bincount(self.group, minlength=self.cuts.shape[1] - 1).astype(float)


def step_selection(
    effects: EffectSizes,
    steps: Sequence[float] = (0.025,),
    alternative: str | None = None,
    level: float = 95.0,
) -> dict[str, Any] | Absent:
    """Return the random-effects estimate under selection by p-value (Vevea and Hedges 1995).

    The chance of publication is constant between steps of the one-sided p-value; that of the
    first interval is 1 and those of the others are estimated together with the mean and tau2,
    by maximum likelihood.

    Parameters
    ----------
    effects : EffectSizes
        k effects on the analysis scale.
    steps : sequence of float
        One-sided p-values in (0, 1) at which the chance changes.
    alternative : {"greater", "less"}, optional
        The direction that small p-values speak for; by default that of the equal-effects mean.
    level : float
        Confidence level in percent.

    Returns
    -------
    dict
        Estimate with its Wald test, tau2, `weights` (a list of {p_lower p_upper k weight se})
        and the likelihood-ratio test of the weights against 1.
    """
    edges = sorted({float(s) for s in steps if s != 1})
    if not edges or not all(0 < s < 1 for s in edges):
        return Absent("steps must be p-values between 0 and 1")
    if alternative not in (None, "greater", "less"):
        return Absent("alternative must be greater or less")
    wrong = unusable(effects)
    if wrong:
        return wrong
    if effects.k < len(edges) + 3:
        return Absent(
            f"{effects.k} studies cannot carry the {len(edges) + 2} parameters of this selection model"
        )
    side = alternative or ("less" if (effects.yi / effects.vi).sum() < 0 else "greater")
    sign, scale = (
        (-1.0 if side == "less" else 1.0),
        float(np.sqrt(np.median(effects.vi) + np.var(effects.yi))),
    )
    model = steps_of(sign * effects.yi / scale, effects.vi / scale**2, np.array(edges))
    empty = _empty_intervals(model, edges)
    if empty:
        return Absent(f"no study has a one-sided p-value {empty}: the chance of publication there is unknown")
    return _result(model, edges, side, sign, scale, level)


def steps_of(y: Array, v: Array, edges: Array) -> Steps:
    """Return effects sorted into intervals of the one-sided p-value, for which larger is smaller."""
    z = np.concatenate([[np.inf], -normal_quantile(edges), [-np.inf]])
    p = normal_tail(y / np.sqrt(v))
    return Steps(y, v, np.sqrt(v)[:, None] * z, np.searchsorted(edges, p, side="left"))


def _empty_intervals(model: Steps, edges: Sequence[float]) -> str:
    bounds = [0.0, *edges, 1.0]
    empty = np.flatnonzero(model.counts == 0).tolist()
    return " or ".join(f"between {bounds[i]:g} and {bounds[i + 1]:g}" for i in empty)


def log_likelihood(model: Steps, parameters: Array) -> tuple[float, Array]:
    """Return the log-likelihood and its gradient.

    Parameters
    ----------
    parameters : ndarray of shape (m + 1,)
        Mean, tau2, and the relative chances of the second to the last interval.
    """
    mean, tau2, weights = parameters[0], parameters[1], np.concatenate([[1.0], parameters[2:]])
    variance = model.v + tau2
    sd, residual = np.sqrt(variance), model.y - mean
    u = (model.cuts - mean) / sd[:, None]
    below, density = special.ndtr(u), np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    shares = _differences(u, below)
    published = shares @ weights
    tilted = np.where(np.isinf(u), 0.0, density * np.where(np.isinf(u), 0.0, u))
    by_mean = (density[:, 1:] - density[:, :-1]) @ weights / sd / published
    by_tau2 = (tilted[:, 1:] - tilted[:, :-1]) @ weights / (2 * variance) / published
    likelihood = (
        np.log(weights)[model.group]
        - residual**2 / (2 * variance)
        - np.log(2 * np.pi * variance) / 2
        - np.log(published)
    ).sum()
    gradient = [
        (residual / variance - by_mean).sum(),
        ((residual**2 / variance - 1) / (2 * variance) - by_tau2).sum(),
        *(model.counts / weights - (shares / published[:, None]).sum(axis=0))[1:],
    ]
    return float(likelihood), np.array(gradient)


def _differences(u: Array, below: Array) -> Array:
    """Return the probability of each interval, taken in the tail where it does not cancel."""
    above = special.ndtr(-u)
    in_upper = u[:, 1:] > 0
    return np.where(in_upper, above[:, 1:] - above[:, :-1], below[:, :-1] - below[:, 1:])


def _maximised(model: Steps, free: int) -> tuple[Array, float]:
    """Return parameters and value of the highest maximum; only the first `free` weights are estimated."""
    mean = float((model.y / model.v).sum() / (1 / model.v).sum())
    spread = float(np.var(model.y))
    weights = STARTS if free else (1.0,)
    starts = [np.array([mean, tau2, *[np.log(w)] * free]) for w in weights for tau2 in (0.0, spread)]
    objective = _objective(model, free)
    limit = float(np.log(LARGEST_WEIGHT))
    lower = np.array([-np.inf, 0.0, *[-limit] * free])
    upper = np.array([np.inf, np.inf, *[limit] * free])
    climbed = [_climbed(objective, start, lower, upper) for start in starts]
    x = _polished(objective, min(climbed, key=lambda found: objective(found)[0]), lower, upper)
    return _natural(x, model), -objective(x)[0]


Objective = Callable[[Array], tuple[float, Array]]


def _natural(x: Array, model: Steps) -> Array:
    """Return mean, tau2 and all weights from mean, tau2 and the logarithms of the free ones."""
    return np.concatenate([x[:2], np.exp(x[2:]), np.ones(len(model.counts) + 1 - len(x))])


def _objective(model: Steps, free: int) -> Objective:
    def negative(x: Array) -> tuple[float, Array]:
        value, gradient = log_likelihood(model, _natural(x, model))
        return -value, -gradient[: 2 + free] * np.concatenate([[1.0, 1.0], np.exp(x[2:])])

    return negative


def _climbed(objective: Objective, start: Array, lower: Array, upper: Array) -> Array:
    options = {"maxiter": 500, "ftol": 1e-10, "gtol": 1e-6}
    bounds = list(zip(lower, upper, strict=True))
    found: Array = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return found


def _polished(objective: Objective, x: Array, lower: Array, upper: Array) -> Array:
    """Return the root of the gradient next to x by Newton steps; what lies on a bound stays there."""
    for _ in range(NEWTON_STEPS):
        value, gradient = objective(x)
        free = np.flatnonzero((x > lower) & (x < upper))
        try:
            step = np.linalg.solve(_hessian(lambda z: objective(z)[1], x, free), gradient[free])
        except np.linalg.LinAlgError:
            return x
        proposal = x.copy()
        proposal[free] -= step
        proposal = np.clip(proposal, lower, upper)
        worse = objective(proposal)[0] > value + 1e-12 * (1 + abs(value))
        if worse or not np.isfinite(proposal).all():
            return x
        if np.abs(proposal - x).max() <= 1e-13 * (1 + np.abs(x).max()):
            return proposal
        x = proposal
    return x


def _hessian(gradient: Callable[[Array], Array], x: Array, free: NDArray[np.int64]) -> Array:
    """Return central differences of the gradient in the free directions."""
    columns = []
    for i in free:
        h = 1e-5 * max(1e-3, abs(x[i]))
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        columns.append((gradient(up)[free] - gradient(down)[free]) / (2 * h))
    matrix = np.array(columns)
    return (matrix + matrix.T) / 2


def _result(
    model: Steps, edges: list[float], side: str, sign: float, scale: float, level: float
) -> dict[str, Any] | Absent:
    found, null = _maximised(model, len(edges)), _maximised(model, 0)
    parameters, value = found
    weights = parameters[2:]
    if (weights >= 0.99 * LARGEST_WEIGHT).any() or (weights <= 1.01 / LARGEST_WEIGHT).any():
        return Absent("the likelihood has no maximum: the chance of publication of an interval runs away")
    se = _standard_errors(model, parameters)
    if se is None:
        return Absent("the likelihood is flat at its maximum: the weights cannot be told from the mean")
    ratio = max(0.0, 2 * (value - null[1]))
    estimate, error = sign * scale * float(parameters[0]), scale * float(se[0])
    half, z = float(normal_quantile(0.5 + level / 200)) * error, estimate / error
    return {
        "model": "step function",
        "alternative": side,
        "steps": edges,
        "k": len(model.y),
        "estimate": estimate,
        "se": error,
        "statistic": z,
        "p_value": float(2 * normal_tail(abs(z))),
        "ci_lower": estimate - half,
        "ci_upper": estimate + half,
        "tau2": scale**2 * float(parameters[1]),
        "tau2_se": None if np.isnan(se[1]) else scale**2 * float(se[1]),
        "weights": _weights(model, edges, weights, se[2:]),
        "log_likelihood": value - len(model.y) * float(np.log(scale)),
        "lrt": ratio,
        "lrt_df": len(edges),
        "lrt_p": float(chi2_tail(ratio, len(edges))),
    }


def _weights(model: Steps, edges: list[float], weights: Array, se: Array) -> list[dict[str, Any]]:
    bounds, counts = [0.0, *edges, 1.0], model.counts.astype(int).tolist()
    values = [(1.0, None), *((float(w), float(s)) for w, s in zip(weights, se, strict=True))]
    return [
        {"p_lower": bounds[i], "p_upper": bounds[i + 1], "k": counts[i], "weight": w, "se": s}
        for i, (w, s) in enumerate(values)
    ]


def _standard_errors(model: Steps, parameters: Array) -> Array | None:
    """Return standard errors from the observed information; that of a tau2 of 0 is not defined."""
    free = np.array([i for i in range(len(parameters)) if i != 1 or parameters[1] > 0])
    information = -_hessian(lambda x: log_likelihood(model, x)[1], parameters, free)
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    se = np.full(len(parameters), np.nan)
    se[free] = np.sqrt(np.diag(np.linalg.inv(information)))
    return se
