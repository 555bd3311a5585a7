"""Rules about the pooled results of others; a row's `print_flag` can explain what print got wrong."""

from collections.abc import Iterator

from livingmeta.check.findings import WARNING, Finding
from livingmeta.check.print_rules import P_FACTOR, interval_findings, p_fits, ratio_findings, scale_of
from livingmeta.check.sources import Curated, Row
from livingmeta.distributions import normal_quantile, normal_tail
from livingmeta.studies import decimals

RESULT = ("estimate", "ci_lower", "ci_upper")
ALL, SOME, NONE = "numeric", "partial", ("absent", "protocol")
PARTS = (("k", "k_total"), ("n", "n_total"))
USUAL_LEVEL = 95.0


def published_findings(curated: Curated) -> Iterator[Finding]:
    """Yield what does not fit together in the rows of published.csv."""
    source = curated.tables.get("published")
    for row in source.rows() if source else ():
        yield from _status(row)
        yield from _parts(row)
        yield from ratio_findings(row, row.text("measure"))
        yield from interval_findings(row, row.text("measure"))
        yield from _p_of_interval(row)


def _status(row: Row) -> Iterator[Finding]:
    status, filled = row.text("result_status"), [name for name in RESULT if row.text(name)]
    if status == ALL:
        for name in RESULT:
            if name not in filled:
                yield row.finding(name, f"must not be blank where result_status is {ALL}")
    if status == SOME and len(filled) == len(RESULT):
        yield row.finding("result_status", f"must be {ALL} where estimate and interval are there")
    if status in NONE:
        for name in filled:
            yield row.finding(name, f"must be blank where result_status is {status}")
    if row.text("estimate") and not row.text("measure"):
        yield row.finding("measure", "must not be blank beside an estimate")


def _parts(row: Row) -> Iterator[Finding]:
    for part, whole in PARTS:
        some, total = row.number(part), row.number(whole)
        if some is not None and total is not None and some > total:
            yield row.finding(part, f"must be <= {whole} ({total:g})")


def _p_of_interval(row: Row) -> Iterator[Finding]:
    """Yield a printed p-value that lies far from what the interval implies, at the kindest rounding."""
    printed = [row.number(name) for name in RESULT]
    p, operator = row.number("p_value"), row.text("p_operator") or "="
    value, lower, upper = printed
    if p is None or value is None or lower is None or upper is None or not lower < upper:
        return
    half = 0.5 * 10.0 ** -max(decimals(row.text(name)) for name in RESULT)
    try:
        smallest, implied, largest = _implied(row, (value, lower, upper), half)
    except ValueError:  # a ratio at or below zero has its own rule
        return
    if not p_fits(operator, p, decimals(row.text("p_value")), smallest, largest):
        rule = f"interval has p = {implied:.2g}, off by a factor above {P_FACTOR:g}"
        yield row.printed("p_value", rule, WARNING)


def _implied(row: Row, printed: tuple[float, float, float], half: float) -> tuple[float, float, float]:
    """Return the smallest, the likeliest and the largest p that estimate and interval can mean."""
    _, to_scale = scale_of(row.text("measure"))
    value, lower, upper = printed
    level = row.number("ci_level") or USUAL_LEVEL
    se = (to_scale(upper) - to_scale(lower)) / (2 * float(normal_quantile(0.5 + level / 200)))
    away = abs(to_scale(value))
    slack = (to_scale(value + half) - to_scale(value - half)) / 2
    z = ((away + slack) / se, away / se, max(away - slack, 0.0) / se)
    smallest, implied, largest = (float(2 * normal_tail(one)) for one in z)
    return smallest, implied, largest
