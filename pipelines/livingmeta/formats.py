"""The one place where numbers become text.

Everything before this module keeps full double precision.
"""

import math
from collections.abc import Callable

Show = Callable[[float], str]

MINUS = "−"
EN_DASH = "–"
MISSING = "–"
NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)


def signed(value: float, digits: int) -> str:
    """Return `value` with `digits` decimals and a true minus sign, never `-0.00`."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = f"{0:.{digits}f}"
    return text.replace("-", MINUS)


def ratio(value: float | None) -> str:
    """Return a ratio as meta-analysts print it: 0.58, 12.7, 221."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value != 0 and abs(value) < 0.01:
        return f"{value:.2g}".replace("-", MINUS)
    return signed(value, 2 if abs(value) < 100 else 0)


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with `digits` decimals, or a dash when there is none."""
    if value is None or not math.isfinite(value):
        return MISSING
    return signed(value, digits)


def count(value: float | None) -> str:
    """Return a whole number with thousands separators, or a dash."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{round(value):,}".replace("-", MINUS)


def percent(value: float | None, digits: int = 0) -> str:
    """Return a percentage (0-100) with its sign, or a dash."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{signed(value, digits)}%"


def p_value(value: float | None) -> str:
    """Return a p-value as `p = 0.034` or `p < 0.0001`."""
    if value is None or not math.isfinite(value):
        return "p not available"
    if value < 0.0001:
        return "p < 0.0001"
    digits = 2 if value >= 0.1 else 3 if value >= 0.001 else 4
    return f"p = {value:.{digits}f}"


def interval(lower: float | None, upper: float | None, *, show: Show = ratio) -> str:
    """Return an interval as text; a comma separates the limits where one is negative."""
    if lower is None or upper is None:
        return MISSING
    separator = ", " if lower < 0 or upper < 0 else EN_DASH
    return f"{show(lower)}{separator}{show(upper)}"


def alike(*values: float | None) -> Show:
    """Return how the numbers of one estimate are printed: 73 (30–116), not 73.00 (30.00–116).

    From 100 on a number has no decimals; then neither have the others, unless a small positive number
    would lose digits that matter, as in 12.66 (0.73–221).
    """
    found = [value for value in values if value is not None and math.isfinite(value)]
    large = any(abs(value) >= 100 for value in found)
    plain = large and (min(found) < 0 or min(found) >= 10)
    return count if plain else ratio


def with_interval(
    value: float | None, lower: float | None, upper: float | None, *, show: Show | None = None
) -> str:
    """Return an estimate with its interval in brackets: `0.58 (0.44–0.77)`."""
    if value is None:
        return MISSING
    show = show or alike(value, lower, upper)
    if lower is None or upper is None:
        return show(value)
    return f"{show(value)} ({interval(lower, upper, show=show)})"


def words(k: int) -> str:
    """Return a small whole number as a word (zero to twenty), larger ones as digits."""
    return NUMBER_WORDS[k] if 0 <= k < len(NUMBER_WORDS) else count(k)


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number of things: `1 record`, `1,234 records`; `many` where it is more than an added s."""
    return f"{count(n)} {one if n == 1 else many or f'{one}s'}"


def listing(items: list[str], last: str = "and") -> str:
    """Return items as prose: `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
