"""Equal-effects estimates of every subset of studies: where the pooled number could have been."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livingmeta.diagnostics.absent import Absent, unusable
from livingmeta.effect_sizes import EffectSizes

Array = NDArray[np.float64]

MOST_SUBSETS = 2**20
MOST_INCLUSIONS = 2**27  # of studies in sampled subsets: beyond k = 128 fewer subsets are drawn
SEED = 20260101
LOW_BITS = 14  # subsets of so many studies are held at a time: small enough for the cache
ROWS_AT_A_TIME = 2**26  # bytes of a chunk of sampled subsets
PROBABILITIES = (0, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 1)


@dataclass(frozen=True)
class Gosh:
    """Equal-effects results of subsets of k studies.

    `estimate` (analysis scale), `q`, `i2` (percent), `h2` and `size` are arrays with one value
    per subset. When all subsets are there, subset number i (from 0) holds the studies whose
    bits are set in i + 1.
    """

    k: int
    sampled: bool
    seed: int | None
    estimate: Array = field(repr=False)
    q: Array = field(repr=False)
    size: NDArray[np.int32] = field(repr=False)

    @property
    def i2(self) -> Array:
        """Return I2 of each subset, percent: Q-based, 0 for a single study."""
        df = self.size - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = 100 * (self.q - df) / self.q
        return np.where(self.q > df, excess, 0.0)

    @property
    def h2(self) -> Array:
        """Return H2 of each subset, 1 for a single study."""
        return np.where(self.size > 1, self.q / np.maximum(self.size - 1, 1), 1.0)

    def summary(self) -> dict[str, Any]:
        """Return quantiles and means as plain numbers, in all and by the number of studies."""
        values = {"estimate": self.estimate, "i2": self.i2, "h2": self.h2, "q": self.q}
        quantiles = {f"{n}_quantiles": np.quantile(x, PROBABILITIES).tolist() for n, x in values.items()}
        count = np.bincount(self.size, minlength=self.k + 1)
        return {
            "method": "EE",
            "k": self.k,
            "subsets": len(self.estimate),
            "sampled": self.sampled,
            "seed": self.seed,
            "probabilities": list(PROBABILITIES),
            **quantiles,
            "estimate_mean": float(self.estimate.mean()),
            "estimate_sd": float(self.estimate.std(ddof=1)) if len(self.estimate) > 1 else None,
            "i2_mean": float(values["i2"].mean()),
            "by_size": [
                {"size": s, "subsets": int(count[s]), "estimate_mean": m, "i2_mean": i}
                for s, m, i in _means_by_size(self.size, self.estimate, values["i2"], count)
            ],
        }


def gosh(effects: EffectSizes, *, seed: int = SEED, most: int = MOST_SUBSETS) -> Gosh | Absent:
    """Return equal-effects estimates of all subsets of studies (Olkin, Dahabreh and Trikalinos 2012).

    Parameters
    ----------
    effects : EffectSizes
        k effects on the analysis scale.
    seed : int
        Start of the random numbers when subsets are sampled.
    most : int
        With more subsets than this, so many are drawn instead, each study in with probability 1/2
        (uniform over subsets, with replacement; empty ones are left out). Above 128 studies the
        number drawn falls as 1 / k.
    """
    if effects.k < 2:
        return Absent("subsets need at least 2 studies")
    wrong = unusable(effects)
    if wrong:
        return wrong
    y, w = effects.yi, 1 / effects.vi
    sampled = 2**effects.k > most
    centre, scale = float(w @ y / w.sum()), float(1 / w.max())
    with np.errstate(under="ignore"):
        pooled = (
            _sample(y - centre, w * scale, min(most, MOST_INCLUSIONS // effects.k), seed)
            if sampled
            else _all(y - centre, w * scale)
        )
    mean, q, size = pooled
    return Gosh(effects.k, sampled, seed if sampled else None, mean + centre, q / scale, size)


Pooled = tuple[Array, Array, NDArray[np.int32]]


def _doubled(y: Array, w: Array) -> tuple[Array, Array, Array]:
    """Return weight, mean and Q of all subsets, the empty one first; a study doubles the list.

    A study enters a subset by the update of a mean and its sum of squares, which subtracts
    nothing large from anything large.
    """
    weight, mean, q = np.zeros(1), np.zeros(1), np.zeros(1)
    for own_y, own_w in zip(y, w, strict=True):
        joint = _joined(weight, mean, q, own_w, own_y, 0.0)
        weight, mean, q = (np.concatenate(pair) for pair in zip((weight, mean, q), joint, strict=True))
    return weight, mean, q


def _joined(
    weight: Array, mean: Array, q: Array, own_w: float, own_y: float, own_q: float
) -> tuple[Array, Array, Array]:
    total, difference = weight + own_w, own_y - mean
    share = own_w / total
    return total, mean + share * difference, q + own_q + difference**2 * share * weight


def _all(y: Array, w: Array) -> Pooled:
    low = _doubled(y[:LOW_BITS], w[:LOW_BITS])
    high = _doubled(y[LOW_BITS:], w[LOW_BITS:])
    n = len(low[0])
    mean, q = np.empty(n * len(high[0])), np.empty(n * len(high[0]))
    mean[:n], q[:n] = low[1], low[2]
    for i in range(1, len(high[0])):
        own_w, own_y, own_q = (float(part[i]) for part in high)
        _, mean[i * n : (i + 1) * n], q[i * n : (i + 1) * n] = _joined(*low, own_w, own_y, own_q)
    return mean[1:], q[1:], _bits(len(y))[1:]


def _bits(k: int) -> NDArray[np.int32]:
    size = np.zeros(1, dtype=np.int32)
    for _ in range(k):
        size = np.concatenate([size, size + 1])
    return size


def _sample(y: Array, w: Array, number: int, seed: int) -> Pooled:
    random, k = np.random.default_rng(seed), len(y)
    rows = max(1, min(number, ROWS_AT_A_TIME // (8 * k)))
    moments = np.column_stack([w, w * y, w * y**2, np.ones(k)])
    parts = []
    for start in range(0, number, rows):
        count = min(rows, number - start)
        bits = np.unpackbits(random.integers(0, 256, (count, -(-k // 8)), dtype=np.uint8), axis=1, count=k)
        parts.append(bits.astype(float) @ moments)
    total, first, second, size = np.concatenate(parts).T
    some = size > 0
    mean = first[some] / total[some]
    q = np.maximum(0.0, second[some] - first[some] * mean)
    return mean, np.where(size[some] > 1, q, 0.0), size[some].astype(np.int32)


def _means_by_size(
    size: NDArray[np.int32], estimate: Array, i2: Array, count: NDArray[np.int64]
) -> list[tuple[int, float, float]]:
    sums = [np.bincount(size, weights=x, minlength=len(count)) for x in (estimate, i2)]
    sizes = np.flatnonzero(count)
    return [(int(s), float(sums[0][s] / count[s]), float(sums[1][s] / count[s])) for s in sizes]
