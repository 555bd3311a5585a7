"""The axis of an effect: its limits, its ticks, and intervals clipped to it.

Everything is on the natural scale of the measure; `log` says how it is drawn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

NULL_SHARE = 0.27  # room on either side of the null line for its direction label
MANY = 8  # from here on the widest intervals are clipped
TICK_GAP = 30  # pixels
# Steps within a decade, densest first, each with the pixels that its ticks must be apart.
MANTISSAS: tuple[tuple[float, tuple[float, ...]], ...] = (
    (40, (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)),
    (40, (1, 1.5, 2, 3, 5, 7)),
    (TICK_GAP, (1, 2, 5)),
    (TICK_GAP, (1, 3)),
    (TICK_GAP, (1,)),
)


@dataclass(frozen=True)
class Clipped:
    """The visible part of an interval, and on which sides it goes on."""

    lower: float
    upper: float
    beyond_left: bool
    beyond_right: bool


@dataclass(frozen=True)
class Axis:
    """Limits, null value and ticks of the effect axis."""

    lower: float
    upper: float
    null: float
    log: bool
    ticks: tuple[float, ...] = ()

    def share(self, value: float) -> float:
        """Return where a value stands between the limits (0 to 1)."""
        place, low, high = (_place(x, self.log) for x in (value, self.lower, self.upper))
        return (place - low) / (high - low)

    def clip(self, lower: float, upper: float) -> Clipped:
        """Return the visible part of an interval."""
        left, right = lower < self.lower, upper > self.upper
        return Clipped(max(lower, self.lower), min(upper, self.upper), left, right)


def effect_axis(
    estimates: Sequence[float],
    lowers: Sequence[float],
    uppers: Sequence[float],
    pooled: Sequence[float],
    *,
    null: float,
    log: bool,
    width: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Axis:
    """Return the axis that shows every estimate and every pooled limit.

    Parameters
    ----------
    estimates, lowers, uppers : sequence of float
        Studies and the limits of their intervals; of many, the widest are clipped.
    pooled : sequence of float
        Values that must be visible, such as the limits of the diamonds.
    null : float
        Value of no effect; it keeps room on both sides.
    log : bool
        Whether the axis is logarithmic.
    width : float
        Pixels, which decide how many ticks fit.
    bounds : tuple of float
        Limits that the measure itself has, such as -1 and 1.
    """
    share = 0.1 if len(estimates) >= MANY else 0.0
    places = [_place(x, log) for x in (*estimates, *pooled, null)]
    low = min(*places, float(np.quantile([_place(x, log) for x in lowers or [null]], share)))
    high = max(*places, float(np.quantile([_place(x, log) for x in uppers or [null]], 1 - share)))
    low, high = _with_room(low, high, _place(null, log))
    limits = [math.exp(x) if log else x for x in (low, high)]
    lower, upper = max(limits[0], bounds[0]), min(limits[1], bounds[1])
    return Axis(lower, upper, null, log, ticks(lower, upper, log, width))


def _place(value: float, log: bool) -> float:
    return math.log(value) if log else value


def _with_room(low: float, high: float, null: float) -> tuple[float, float]:
    span = (high - low) or 1.0
    left, right = null - low + 0.04 * span, high - null + 0.04 * span
    least = NULL_SHARE / (1 - NULL_SHARE)
    return null - max(left, least * right), null + max(right, least * left)


def ticks(lower: float, upper: float, log: bool, width: float) -> tuple[float, ...]:
    """Return round values between the limits that leave room for their labels."""
    if not log:
        return _linear(lower, upper, width)
    for gap, mantissas in MANTISSAS:
        values = _decades(lower, upper, mantissas)
        places = [math.log(x / lower) / math.log(upper / lower) * width for x in values]
        if len(values) < 3:
            break
        if all(b - a >= gap for a, b in pairwise(places)):
            return values
    sparse = _decades(lower, upper, (1,))
    if len(sparse) >= 3:
        step = math.ceil(TICK_GAP * len(sparse) / width)
        return tuple(x for x in sparse if round(math.log10(x)) % step == 0)
    return _linear(lower, upper, width)


def _decades(lower: float, upper: float, mantissas: Sequence[float]) -> tuple[float, ...]:
    first, last = math.floor(math.log10(lower)), math.ceil(math.log10(upper))
    values = (float(f"{m}e{e}") for e in range(first, last + 1) for m in mantissas)
    return tuple(x for x in values if lower <= x <= upper)


def _linear(lower: float, upper: float, width: float) -> tuple[float, ...]:
    rough = (upper - lower) * TICK_GAP * 1.4 / width
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.ceil(lower / step - 1e-9), math.floor(upper / step + 1e-9)
    return tuple(round(i * step, 12) + 0.0 for i in range(first, last + 1))
