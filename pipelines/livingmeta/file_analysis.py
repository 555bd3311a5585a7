"""Any CSV file analysed in one go: rows in, a record out, as JSON or as text for a terminal."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from livingmeta import formats
from livingmeta.effect_sizes import EffectSizes, Measure, ZeroCellRule, effect_sizes, with_field_names
from livingmeta.effect_sizes.columns import ALIASES, NUMERIC
from livingmeta.estimators import Fit, pool
from livingmeta.results import fit_record
from livingmeta.studies import TextTable, number, read_text_table

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_WHERE = re.compile(r"^\s*(?P<column>.+?)\s*(?P<sign>==|!=|<=|>=|<|>)\s*(?P<value>.+?)\s*$")
MISSING_TEXT = ("", "NA", "NaN", "nan")
LABELS = ("study", "slab", "label", "author", "trial", "id")


class RequestError(ValueError):
    """A request that the file cannot answer."""


@dataclass(frozen=True)
class Request:
    """What is asked of a file; the fields are the options of `analyse`."""

    measure: str
    method: str = "REML"
    test: str = "adhoc"
    columns: Mapping[str, str] = field(default_factory=dict)
    where: Sequence[str] = ()
    study: str | None = None
    level: float = 95.0
    pi_df: str = "k-1"
    zero: ZeroCellRule = field(default_factory=ZeroCellRule)


def analyse_file(path: Path, request: Request) -> tuple[EffectSizes, Fit]:
    """Return the effect sizes of a file and their pooled estimate.

    Raises
    ------
    RequestError
        When a column is not there, a condition cannot be read, or no row is usable.
    """
    rows = _chosen(_rows(path), request.where)
    try:
        _refuse_unknown_names(request.columns)
        named = with_field_names(rows, request.columns)
    except KeyError as error:
        raise RequestError(error.args[0]) from None
    named["study"] = _labels(named, request.study)
    effects = effect_sizes(named, request.measure, zero=request.zero, level=request.level)
    if effects.k == 0:
        raise RequestError("no usable row\n" + "\n".join(_excluded_lines(effects, path)))
    return effects, pool(effects, request.method, request.test, request.level, request.pi_df)


def record_of(effects: EffectSizes, fit: Fit) -> dict[str, Any]:
    """Return the record of an analysed file."""
    return fit_record(effects, fit)


def _refuse_unknown_names(columns: Mapping[str, str]) -> None:
    known = {*ALIASES, *NUMERIC}
    unknown = sorted(set(columns) - known)
    if unknown:
        raise RequestError(f"column name {', '.join(unknown)}: must be one of {', '.join(sorted(known))}")


def _rows(path: Path) -> pd.DataFrame:
    table = read_text_table(path)
    _refuse_misread(table, path)
    frame = pd.DataFrame(list(table.rows), columns=list(table.columns), dtype=object)
    frame = frame.where(~frame.isin(MISSING_TEXT), None)
    return frame.assign(line=list(table.lines))


def _refuse_misread(table: TextTable, path: Path) -> None:
    """Raise when cells cannot be told apart: a header twice, or rows of another length."""
    twice = sorted({name for name in table.columns if table.columns.count(name) > 1})
    if twice:
        raise RequestError(f"{path.name}:1: column {', '.join(twice)}: stands twice in the header")
    if table.ragged:
        width = len(table.columns)
        lines = [f"{path.name}:{line}: {cells} cells: the header has {width}" for line, cells in table.ragged]
        raise RequestError("\n".join(lines))


def _chosen(rows: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    for condition in conditions:
        found = _WHERE.match(condition)
        if not found or found["column"] not in rows.columns:
            raise RequestError(
                f"condition {condition!r}: must read 'column == value'; columns are {', '.join(rows.columns)}"
            )
        rows = rows[_holds(rows[found["column"]], found["sign"], found["value"].strip("'\""))]
    return rows


def _holds(values: pd.Series, sign: str, wanted: str) -> pd.Series:
    as_number = number(wanted)
    if as_number is not None:
        return COMPARISONS[sign](pd.to_numeric(values, errors="coerce"), as_number)
    if sign not in ("==", "!="):
        raise RequestError(f"condition {sign} {wanted!r}: order needs a number")
    return COMPARISONS[sign](values, wanted)


def _labels(rows: pd.DataFrame, column: str | None) -> pd.Series:
    if column is not None and column not in rows.columns:
        raise RequestError(f"study column {column!r} is not in the file; it has {', '.join(rows.columns)}")
    chosen = column or next((name for name in LABELS if name in rows.columns), None)
    numbered = "row " + rows["line"].astype(str)
    return numbered if chosen is None else rows[chosen].fillna(numbered).astype(str)


def _excluded_lines(effects: EffectSizes, path: Path) -> list[str]:
    return [f"{path.name}:{item.line}: {item.study}: {item.reason}" for item in effects.excluded]


def as_text(effects: EffectSizes, fit: Fit, path: Path) -> str:
    """Return an analysis as text for a terminal, with every choice named."""
    measure = effects.measure
    shown = [float(measure.to_display(x)) for x in (fit.estimate, fit.ci_lower, fit.ci_upper)]
    lines = [
        f"{measure.name}, {fit.method}, {fit.test}; k = {fit.k}",
        "",
        *_study_lines(effects, fit),
        "",
        f"pooled {measure.label} {formats.with_interval(*shown)}, {formats.p_value(fit.p_value)}",
        *_spread_lines(fit, measure),
    ]
    notes = fit_record(effects, fit)["warnings"]
    left_out = _excluded_lines(effects, path)
    return (
        "\n".join(
            [*lines, *(f"note: {note}" for note in notes), *(f"not entered: {line}" for line in left_out)]
        )
        + "\n"
    )


def _study_lines(effects: EffectSizes, fit: Fit) -> list[str]:
    measure = effects.measure
    width = max(len(str(study)) for study in effects.frame["study"])
    ends = measure.to_display(effects.frame[["yi", "ci_lower", "ci_upper"]].to_numpy(float))
    return [
        f"{study!s:<{width}}  {formats.with_interval(*map(float, row)):>22}  {formats.percent(weight, 1):>7}"
        for study, row, weight in zip(effects.frame["study"], ends, fit.weights, strict=True)
    ]


def _spread_lines(fit: Fit, measure: Measure) -> list[str]:
    lines = []
    if fit.pi_lower is not None and fit.pi_upper is not None:
        ends = [float(measure.to_display(x)) for x in (fit.pi_lower, fit.pi_upper)]
        lines.append(f"{fit.level:g}% prediction interval {formats.interval(*ends)}")
    if fit.q is not None:
        tau2 = f"tau2 = {formats.number(fit.tau2, 4)}, " if fit.tau2 is not None else ""
        lines.append(
            f"{tau2}I2 = {formats.percent(fit.i2)}, Q = {formats.number(fit.q)} on {fit.q_df} df, "
            f"{formats.p_value(fit.q_p)}"
        )
    return lines
