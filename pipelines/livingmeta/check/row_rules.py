"""Rules about one row of effects that a schema cannot state."""

from collections.abc import Iterator

from livingmeta.check.findings import WARNING, Finding
from livingmeta.check.print_rules import print_findings
from livingmeta.check.sources import Curated, Row
from livingmeta.studies import DERIVED_FROM
from livingmeta.units import DERIVATIONS, MMOL_PER_L

ARMS = ("treatment", "control")
BOUNDS = ("exposed_lower", "exposed_upper", "reference_lower", "reference_upper", "increment")
POSITIVE = (
    *(f"{name}_{arm}" for name in ("n", "sd", "baseline_sd", "time") for arm in ARMS),
    *("n_analysed", "se", "increment"),
)
NOT_NEGATIVE = (*(f"events_{arm}" for arm in ARMS), "tp", "fp", "fn", "tn")
# Limits are given as lowest, highest, and whether the limits themselves are allowed.
RANGES = {
    **{f"percent_{arm}": (0.0, 100.0, True) for arm in ARMS},
    "p_value": (0.0, 1.0, True),
    "r": (-1.0, 1.0, False),
    "ci_level": (0.0, 100.0, False),
}
NUMBERS = (
    *("estimate", "r", "tp", "threshold", "p_value"),
    *(f"{name}_{arm}" for name in ("events", "percent", "mean", "median") for arm in ARMS),
)


def row_findings(curated: Curated) -> Iterator[Finding]:
    """Yield what is wrong within single rows of the effects files and of the groups."""
    for source in curated.effects.values():
        for row in source.rows():
            for rule in RULES:
                yield from rule(row)
            yield from print_findings(row)
    if groups := curated.tables.get("groups"):
        for row in groups.rows():
            yield from _at_most(row, "events", "n")


def _unit(row: Row, column: str) -> str:
    declared = row.source.schema.field(column)
    is_outcome = column.startswith(("sd_", "baseline_sd_", "se"))
    unit = (row.text("outcome_unit") if is_outcome else "") or (declared.unit if declared else "")
    return f" ({unit})" if unit else ""


def _signs(row: Row) -> Iterator[Finding]:
    for column in POSITIVE:
        value = row.number(column)
        if value is not None and value <= 0:
            yield row.finding(column, f"must be > 0{_unit(row, column)}")
    for column in NOT_NEGATIVE:
        value = row.number(column)
        if value is not None and value < 0:
            yield row.finding(column, "must be >= 0")


def _ranges(row: Row) -> Iterator[Finding]:
    for column, (low, high, closed) in RANGES.items():
        value = row.number(column)
        if value is None or low < value < high or (closed and value in (low, high)):
            continue
        words = "between {} and {}" if closed else "above {} and below {}"
        yield row.finding(column, "must lie " + words.format(f"{low:g}", f"{high:g}"))


def _at_most(row: Row, part: str, whole: str) -> Iterator[Finding]:
    few, many = row.number(part), row.number(whole)
    if few is not None and many is not None and few > many:
        yield row.finding(part, f"must be <= {whole} ({many:g})")


def _counts(row: Row) -> Iterator[Finding]:
    for arm in ARMS:
        yield from _at_most(row, f"events_{arm}", f"n_{arm}")


def _quartiles(row: Row) -> Iterator[Finding]:
    for arm in ARMS:
        yield from _at_most(row, f"q1_{arm}", f"median_{arm}")
        yield from _at_most(row, f"median_{arm}", f"q3_{arm}")


def _bounds(row: Row) -> Iterator[Finding]:
    for side in ("exposed", "reference"):
        lower, upper = row.number(f"{side}_lower"), row.number(f"{side}_upper")
        if lower is not None and upper is not None and lower >= upper:
            yield row.finding(f"{side}_lower", f"must be < {side}_upper ({upper:g})")


def _magnesium_unit(row: Row) -> Iterator[Finding]:
    if all(row.number(column) is None for column in BOUNDS):
        return
    unit = row.text("exposure_unit")
    if unit == "unknown":
        rule = "cut-off or increment without a known unit cannot be shown in mmol/L"
        yield row.finding("exposure_unit", rule, WARNING)
    elif unit not in MMOL_PER_L:
        yield row.finding("exposure_unit", f"must be one of {', '.join(MMOL_PER_L)}, unknown")


def _derivation(row: Row) -> Iterator[Finding]:
    name = row.text("derivation")
    if not name:
        return
    if name not in DERIVATIONS:
        yield row.finding("derivation", f"must be one of {', '.join(DERIVATIONS)}")
        return
    absent = [column for column in DERIVED_FROM.get(name, ()) if row.number(column) is None]
    if absent:
        yield row.finding("derivation", f"needs a number in {', '.join(absent)}")


def _role(row: Row) -> Iterator[Finding]:
    if row.text("pool_role") in ("sensitivity", "display") and not row.text("pool_reason"):
        yield row.finding("pool_reason", f"must say why the row is {row.text('pool_role')} only")


def _result(row: Row) -> Iterator[Finding]:
    has_number = any(row.number(column) is not None for column in NUMBERS)
    if row.text("result_status") == "numeric" and not has_number:
        yield row.finding("result_status", "a numeric result must have a number")


def _p_value(row: Row) -> Iterator[Finding]:
    if row.text("p_operator") and not row.text("p_value"):
        yield row.finding("p_value", f"must not be blank beside p_operator {row.text('p_operator')}")
    value = row.number("p_value")
    if value == 0 and not row.text("p_operator").startswith("<"):
        yield row.finding("p_value", "a p-value of exactly 0 is a bound; p_operator must be <", WARNING)


RULES = (
    _signs,
    _ranges,
    _counts,
    _quartiles,
    _bounds,
    _magnesium_unit,
    _derivation,
    _role,
    _result,
    _p_value,
)
