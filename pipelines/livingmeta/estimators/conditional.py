"""Likelihoods of counts given their totals: what a table says of its effect and of nothing else.

Given the events of both arms together, those of the treatment follow a distribution that depends on the
log odds ratio, or log rate ratio, alone: baseline risks drop out, and so do tables without events.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]
Derivatives = tuple[Array, Array, Array]

MOST_PADDED = 100


class Conditional(Protocol):
    """Log-likelihoods of k tables as functions of their effects."""

    @property
    def events(self) -> Array:
        """Return the events of the treatment."""

    @property
    def lower(self) -> Array:
        """Return the fewest events that were possible."""

    @property
    def upper(self) -> Array:
        """Return the most events that were possible."""

    def at(self, effects: Array) -> Derivatives:
        """Return log-likelihood, first and second derivative at effects of shape (k, h)."""


def _log_choose(n: Array, x: Array) -> Array:
    return np.asarray(gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1))


def _log_counts(x: Array, n1: float, n2: float, events: float) -> Array:
    """Return the log number of tables with x events of the treatment, up to a constant.

    Ratios of neighbours are summed: logarithms of large factorials would lose digits.
    """
    before = x[:-1]
    up, down = (n1 - before) * (events - before), (before + 1) * (n2 - events + before + 1)
    return np.concatenate([[0.0], np.cumsum(np.log(up / down))])


@dataclass(frozen=True)
class Binomial:
    """Events of the treatment among all events: exact for rates, approximate for rare events.

    Parameters
    ----------
    events, total : ndarray of shape (k,)
        Events of the treatment, and of both arms.
    offset : ndarray of shape (k,)
        Log ratio of the arms' person-time, or of their sizes.
    """

    events: Array
    total: Array
    offset: Array

    @property
    def lower(self) -> Array:
        """Return the fewest events that were possible."""
        return np.zeros_like(self.total)

    @property
    def upper(self) -> Array:
        """Return the most events that were possible."""
        return self.total

    def at(self, effects: Array) -> Derivatives:
        """Return log-likelihood, first and second derivative at effects of shape (k, h)."""
        x, n = self.events[:, None], self.total[:, None]
        logit = effects + self.offset[:, None]
        p = np.exp(-np.logaddexp(0.0, -logit))
        value = _log_choose(n, x) + x * logit - n * np.logaddexp(0.0, logit)
        return value, x - n * p, -n * p * np.exp(-np.logaddexp(0.0, logit))


class Hypergeometric:
    """Events of the treatment given all margins of a 2x2 table: exact for odds ratios.

    Parameters
    ----------
    a, b, c, d : ndarray of shape (k,)
        Events and non-events of the treatment, then of the control.
    """

    def __init__(self, a: Array, b: Array, c: Array, d: Array):
        n1, n2, events = a + b, c + d, a + c
        self.events = a
        self.lower, self.upper = np.maximum(0.0, events - n2), np.minimum(n1, events)
        margins = list(zip(self.lower, self.upper, n1, n2, events, strict=True))
        sizes = np.array([high - low + 1 for low, high, *_ in margins])
        # Small tables share one padded array; a large one has its own, so that padding stays small.
        small = np.flatnonzero(sizes <= MOST_PADDED)
        groups: list[NDArray[np.int_]] = [
            small,
            *(np.array([i]) for i in np.flatnonzero(sizes > MOST_PADDED)),
        ]
        self._groups = [(group, *_padded([margins[i] for i in group])) for group in groups if len(group)]

    def at(self, effects: Array) -> Derivatives:
        """Return log-likelihood, first and second derivative at effects of shape (k, h)."""
        value, mean, variance = (np.empty_like(effects) for _ in range(3))
        for group, x, counts in self._groups:
            own = effects[group][:, :, None]
            exponent = counts[:, None, :] + own * x[:, None, :]
            highest = exponent.max(axis=2, keepdims=True)
            p = np.exp(exponent - highest)
            total = p.sum(axis=2, keepdims=True)
            p /= total
            mean[group] = np.einsum("khx,kx->kh", p, x)
            variance[group] = np.einsum("khx,khx->kh", p, (x[:, None, :] - mean[group][:, :, None]) ** 2)
            seen = self.events[group]
            place = (seen - self.lower[group]).astype(int)
            at_seen = counts[np.arange(len(group)), place][:, None] + effects[group] * seen[:, None]
            value[group] = at_seen - highest[:, :, 0] - np.log(total[:, :, 0])
        return value, self.events[:, None] - mean, -variance


def _padded(margins: list[tuple[float, ...]]) -> tuple[Array, Array]:
    """Return possible events and their log counts, both (tables, most); -inf where there is no table."""
    most = int(max(high - low for low, high, *_ in margins)) + 1
    x, counts = np.zeros((len(margins), most)), np.full((len(margins), most), -np.inf)
    for i, (low, high, *others) in enumerate(margins):
        support = np.arange(low, high + 1)
        x[i, : len(support)] = support
        counts[i, : len(support)] = _log_counts(support, *others)
    return x, counts
