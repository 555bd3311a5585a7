"""Permutation tests: p-values that assume nothing about the distribution of effects."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import factorial, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.many_fits import Data, statistics
from livingmeta.diagnostics.meta_regression import as_dicts
from livingmeta.diagnostics.moderators import Columns, Design, design, orthogonal
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators.fit import FitError
from livingmeta.estimators.tau2 import CORRECTIONS, ESTIMATORS, validate

Array = NDArray[np.float64]

EXACT_LIMIT = 2**16  # arrangements that are all looked at
SAMPLES = 9_999
SEED = 20_260_101
TIE = 1e-8  # statistics that differ by rounding count as equal
CHUNK = 2_000_000  # numbers held at once


def permutation(
    effects: EffectSizes,
    method: str = "REML",
    test: str = "adhoc",
    moderators: Columns = (),
    *,
    limit: int = EXACT_LIMIT,
    samples: int = SAMPLES,
    seed: int = SEED,
) -> dict[str, Any]:
    """Return permutation p-values of a pooled effect, or of moderators.

    A pooled effect is set against every way to flip the signs of the effects, moderators
    against every way to deal their rows out to the studies; the model, tau2 included, is
    fitted anew each time. Above `limit` arrangements that many are not looked at: a random
    sample is, and the observed one counts among them (Phipson and Smyth 2010).

    Parameters
    ----------
    method, test : str
        Estimator of tau2, and the test whose statistic is compared.
    limit, samples, seed : int
        The largest exact test, the size of a sample, and the seed it is drawn with.

    Returns
    -------
    dict
        `p_value` of the pooled effect or of all moderators together, `coefficients`
        [{name statistic p_value}], `qm qm_p` with moderators, `exact n_permutations seed`,
        `k method test excluded`.

    Raises
    ------
    FitError
        When there are fewer than two studies, or the model cannot be fitted.
    """
    if effects.k < 2:
        raise FitError(f"{effects.k} studies: a permutation test needs at least two")
    if method not in ESTIMATORS or test not in CORRECTIONS:
        raise FitError(f"no permutation test for method {method!r} with test {test!r}")
    made = design(effects, moderators)
    validate(effects.yi[made.rows], effects.vi[made.rows])
    scale = float(np.sqrt(np.median(effects.vi[made.rows])))
    y, v = effects.yi[made.rows] / scale, effects.vi[made.rows] / scale**2
    count = arrangements(made)
    exact = count <= limit
    source = _all(made) if exact else _sampled(made, samples, np.random.default_rng(seed))
    n = count if exact else samples + 1
    found = _p_values(y, v, made, source, n, method, test)
    return {
        "method": method,
        "test": test,
        "k": made.k,
        **found,
        "exact": exact,
        "n_permutations": n,
        "seed": None if exact else seed,
        "excluded": as_dicts(made.excluded),
    }


def arrangements(made: Design) -> int:
    """Return how many different data sets the test is about."""
    if made.p == 1 and made.has_intercept:
        return 2**made.k
    _, counts = np.unique(made.X, axis=0, return_counts=True)
    return factorial(made.k) // prod(factorial(int(c)) for c in counts)


def _is_pooled(made: Design) -> bool:
    return made.p == 1 and made.has_intercept


def _all(made: Design) -> Iterator[NDArray[Any]]:
    """Yield every arrangement once, the observed one first: signs, or positions of rows."""
    if _is_pooled(made):
        # Flipping all signs leaves |z| as it is: half of the arrangements stand for all.
        yield from (np.array((1.0, *signs)) for signs in product((1.0, -1.0), repeat=made.k - 1))
        return
    _, first, kinds = np.unique(made.X, axis=0, return_index=True, return_inverse=True)
    observed = tuple(int(kind) for kind in np.ravel(kinds))
    yield first[list(observed)]
    for other in _distinct(sorted(observed)):
        if other != observed:
            yield first[list(other)]


def _distinct(items: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the distinct orders of sorted items, in lexicographic order."""
    now = list(items)
    while True:
        yield tuple(now)
        i = next((i for i in range(len(now) - 2, -1, -1) if now[i] < now[i + 1]), -1)
        if i < 0:
            return
        j = next(j for j in range(len(now) - 1, i, -1) if now[j] > now[i])
        now[i], now[j] = now[j], now[i]
        now[i + 1 :] = reversed(now[i + 1 :])


def _sampled(made: Design, samples: int, random: np.random.Generator) -> Iterator[NDArray[Any]]:
    if _is_pooled(made):
        yield np.ones(made.k)
        yield from (random.choice((1.0, -1.0), size=made.k) for _ in range(samples))
    else:
        yield np.arange(made.k)
        yield from (random.permutation(made.k) for _ in range(samples))


def _p_values(
    y: Array, v: Array, made: Design, source: Iterator[NDArray[Any]], n: int, method: str, test: str
) -> dict[str, Any]:
    Q, back = orthogonal(made)
    pooled = _is_pooled(made)
    size = max(1, CHUNK // (made.k * made.p))
    observed: Array | None = None
    at_least = np.zeros(made.p + 1)
    seen = 0
    for block in _blocks(source, size):
        data = Data(block * y, v, Q[None]) if pooled else Data(y[None], v, Q[block.astype(int)])
        values = statistics(data, back, method, test, made.has_intercept)
        observed = values[0] if observed is None else observed
        at_least += _reaches(np.abs(values), np.abs(observed)).sum(axis=0)
        seen += len(values)
    assert observed is not None
    p = (at_least / seen).tolist()
    named = [
        {"name": name, "statistic": _plain(observed[i]), "p_value": p[i]} for i, name in enumerate(made.names)
    ]
    if pooled:
        return {"p_value": p[0], "coefficients": named, "qm": None, "qm_p": None}
    return {"p_value": p[-1], "coefficients": named, "qm": _plain(observed[-1]), "qm_p": p[-1]}


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _reaches(values: Array, observed: Array) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        close = values >= observed - TIE * np.maximum(1.0, observed)
    return close | np.isinf(values)


def _blocks(source: Iterator[NDArray[Any]], size: int) -> Iterator[NDArray[Any]]:
    block: list[NDArray[Any]] = []
    for item in source:
        block.append(item)
        if len(block) == size:
            yield np.array(block)
            block = []
    if block:
        yield np.array(block)
