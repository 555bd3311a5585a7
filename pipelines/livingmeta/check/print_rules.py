"""Rules about what print itself may have got wrong; a row's `print_flag` can explain them.

Without a flag an impossible number is a fault and an unlikely one a warning; with a flag
both are warnings.
"""

import math
from collections.abc import Callable, Iterator

from livingmeta.check.findings import WARNING, Finding
from livingmeta.check.sources import Row
from livingmeta.distributions import t_tail
from livingmeta.studies import decimals

LOPSIDED_PERCENT = 10.0
P_FACTOR = 1.5  # rank correlations and approximate tests may differ from the t-test of r by less
RATIOS = ("OR", "OR_common", "RR", "HR", "SHR", "IRR")
CORRELATIONS = ("r_pearson", "r_spearman", "r_partial", "r_unspecified")
REDUCTIONS = ("RRR",)  # relative risk reduction in percent: 1 - RRR/100 is a ratio


def print_findings(row: Row) -> Iterator[Finding]:
    """Yield what does not fit together in the printed numbers of a row."""
    measure = row.text("measure_reported")
    yield from ratio_findings(row, measure)
    yield from interval_findings(row, measure, _estimate_column(row))
    yield from _percents(row)
    yield from _p_of_r(row)


def scale_of(measure: str) -> tuple[str, Callable[[float], float]]:
    """Return the name of the scale on which a measure's interval is even, and the way to it."""
    if measure in RATIOS:
        return "log", math.log
    if measure in REDUCTIONS:
        return "log", lambda value: -math.log(1 - value / 100)
    if measure in CORRELATIONS:
        return "Fisher z", math.atanh
    return "natural", lambda value: value


def ratio_findings(row: Row, measure: str) -> Iterator[Finding]:
    """Yield parts of a printed ratio that are not above zero."""
    if measure not in RATIOS:
        return
    for column in ("estimate", "ci_lower", "ci_upper"):
        value = row.number(column)
        if value is not None and value <= 0:
            yield row.printed(column, "a ratio must be > 0")


def interval_findings(row: Row, measure: str, estimate: str = "estimate") -> Iterator[Finding]:
    """Yield what does not fit between an estimate, named by its column, and its printed interval."""
    value, lower, upper = (row.number(column) for column in (estimate, "ci_lower", "ci_upper"))
    if lower is None or upper is None:
        return
    if value is None and not row.text(estimate):
        yield row.printed(estimate, "must not be blank beside an interval")
    if lower > upper:
        yield row.printed("ci_lower", f"must be <= ci_upper ({upper:g})")
    elif value is not None and not lower <= value <= upper:
        yield row.printed(estimate, f"must lie within its interval, {lower:g} to {upper:g}")
    elif value is not None:
        yield from _lopsided(row, measure, estimate)


def _estimate_column(row: Row) -> str:
    is_r = row.text("measure_reported") in CORRELATIONS and not row.text("estimate")
    return "r" if is_r else "estimate"


def _lopsided(row: Row, measure: str, estimate: str) -> Iterator[Finding]:
    columns = ("ci_lower", estimate, "ci_upper")
    name, to_scale = scale_of(measure)
    half = 0.5 * 10.0 ** -max(decimals(row.text(column)) for column in columns)
    try:
        share = _asymmetry([row.number(column) or 0.0 for column in columns], half, to_scale)
    except ValueError:  # a limit at the edge of the scale, such as 0.00
        return
    if share > LOPSIDED_PERCENT:
        rule = (
            f"interval is uneven on the {name} scale by {share:.0f}% of its width beyond rounding "
            f"(more than {LOPSIDED_PERCENT:g}%)"
        )
        yield row.printed(estimate, rule, WARNING)


def _asymmetry(printed: list[float], half: float, to_scale: Callable[[float], float]) -> float:
    """Return |upper arm - lower arm| in percent of the width, at the kindest unrounded digits."""
    lower, value, upper = printed
    most = to_scale(upper + half) + to_scale(lower + half) - 2 * to_scale(value - half)
    least = to_scale(upper - half) + to_scale(lower - half) - 2 * to_scale(value + half)
    width = to_scale(upper) - to_scale(lower)
    if least <= 0 <= most or width == 0:
        return 0.0
    return 100 * min(abs(most), abs(least)) / width


def _percents(row: Row) -> Iterator[Finding]:
    for arm in ("treatment", "control"):
        column = f"percent_{arm}"
        percent, events, n = (row.number(f"{name}_{arm}") for name in ("percent", "events", "n"))
        if percent is None or events is None or not n or n < 0:
            continue
        half = 0.5 * 10.0 ** -decimals(row.text(column))
        if abs(100 * events / n - percent) > half * (1 + 1e-9):
            rule = f"must be events_{arm} / n_{arm} ({events:g}/{n:g} = {100 * events / n:.2f}%)"
            yield row.printed(column, rule, WARNING)


def _p_of_r(row: Row) -> Iterator[Finding]:
    r, n, p = (row.number(column) for column in ("r", "n_analysed", "p_value"))
    is_plain = row.text("measure_reported") in CORRELATIONS and row.text("measure_reported") != "r_partial"
    if r is None or n is None or p is None or n < 4 or not is_plain or not abs(r) < 1:
        return
    half = 0.5 * 10.0 ** -decimals(row.text("r"))
    smallest, largest = _p(min(abs(r) + half, 0.9999), n), _p(max(abs(r) - half, 0.0), n)
    if not p_fits(row.text("p_operator"), p, decimals(row.text("p_value")), smallest, largest):
        rule = f"r {r:g} with n {n:g} has p = {_p(abs(r), n):.2g}, off by a factor above {P_FACTOR:g}"
        yield row.printed("p_value", rule, WARNING)


def _p(r: float, n: float) -> float:
    return float(2 * t_tail(r * math.sqrt((n - 2) / (1 - r**2)), n - 2))


def p_fits(operator: str, p: float, digits: int, smallest: float, largest: float) -> bool:
    """Return whether a printed p-value, rounded to `digits`, fits between two possible ones."""
    if operator.startswith("<"):
        return smallest <= p * P_FACTOR
    if operator.startswith(">"):
        return largest >= p / P_FACTOR
    half = 0.5 * 10.0**-digits
    return smallest / P_FACTOR - half <= p <= largest * P_FACTOR + half
