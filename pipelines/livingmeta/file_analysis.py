"""Any CSV file analysed in one go: rows in, a record out, as JSON or as text for a terminal."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pandas as pd

from livingmeta import blocks, terminal
from livingmeta.effect_sizes import EffectSizes, ZeroCellRule, effect_sizes, with_field_names
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
    vtype: str = "LS"
    zero: ZeroCellRule = field(default_factory=ZeroCellRule)
    parts: Sequence[str] = ()
    moderators: Sequence[str] = ()
    subgroup: str | None = None
    cluster: str | None = None
    order: str | None = None
    minimal_important_difference: float | None = None
    force: bool = False

    @property
    def named(self) -> dict[str, str]:
        """Return the columns that must be in the file, by what they are for."""
        single = {"subgroup": self.subgroup, "cluster": self.cluster, "order": self.order}
        several = {f"moderator {name}": name for name in self.moderators}
        return {**{what: name for what, name in single.items() if name}, **several}

    @property
    def all_parts(self) -> tuple[str, ...]:
        """Return the parts asked for by name, and those that a named column asks for."""
        implied = {"meta_regression": self.moderators, "subgroups": self.subgroup, "robust": self.cluster}
        also = {"new_study": self.minimal_important_difference is not None}
        return (*self.parts, *(part for part, asked in {**implied, **also}.items() if asked))


@dataclass(frozen=True)
class Analysed:
    """Effect sizes of a file, their pooled estimate, and the parts that were asked for by name."""

    effects: EffectSizes
    fit: Fit
    parts: Mapping[str, Any]


def analyse_file(path: Path, request: Request) -> Analysed:
    """Return the effect sizes of a file, their pooled estimate and what else is asked.

    Raises
    ------
    RequestError
        When a column is not there, a condition cannot be read, or no row is usable.
    BlockError
        When there is no part of that name, or a column that it needs was not named.
    """
    rows = _chosen(_rows(path), request.where)
    try:
        _refuse_unknown_names(request.columns)
        named = with_field_names(rows, request.columns)
    except KeyError as error:
        raise RequestError(error.args[0]) from None
    named["study"] = _labels(named, request.study)
    _refuse_absent_columns(named, request.named)
    effects = effect_sizes(
        named, request.measure, zero=request.zero, level=request.level, vtype=request.vtype
    )
    if effects.k == 0:
        raise RequestError("no usable row\n" + "\n".join(_excluded_lines(effects, path)))
    fit = pool(effects, request.method, request.test, request.level, request.pi_df)
    return Analysed(effects, fit, blocks.made(request.all_parts, _asked(request, effects, fit)))


def _asked(request: Request, effects: EffectSizes, fit: Fit) -> blocks.Asked:
    shared = {f.name: getattr(request, f.name) for f in fields(blocks.Asked) if hasattr(request, f.name)}
    return blocks.Asked(effects=effects, fit=fit, **shared)


def record_of(analysed: Analysed) -> dict[str, Any]:
    """Return the record of an analysed file."""
    record = fit_record(analysed.effects, analysed.fit)
    notes = [*record["warnings"], *_repeated(analysed.effects)]
    return {**record, "warnings": notes, **analysed.parts}


def _repeated(effects: EffectSizes) -> list[str]:
    """Return a note for each label that more than one row has: the same study would count twice."""
    counts = effects.frame["study"].value_counts(sort=False)
    return [
        f"{label} stands in {n} rows, which are pooled as if they were different studies (--cluster COLUMN)"
        for label, n in counts.items()
        if n > 1
    ]


def _refuse_absent_columns(rows: pd.DataFrame, named: Mapping[str, str]) -> None:
    absent = [f"{what} column {name!r}" for what, name in named.items() if name not in rows.columns]
    if absent:
        raise RequestError(
            f"{', '.join(absent)}: not in the file; it has {', '.join(map(str, rows.columns))}"
        )


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


def as_text(analysed: Analysed, path: Path, width: int = 100, plain: bool = False) -> str:
    """Return an analysis as text for a terminal, with every choice and every row left out.

    Parameters
    ----------
    width : int
        Characters of a line.
    plain : bool
        Draw with ASCII alone.
    """
    effects, fit = analysed.effects, analysed.fit
    notes = [f"note: {note}" for note in record_of(analysed)["warnings"]]
    left_out = [f"not entered: {line}" for line in _excluded_lines(effects, path)]
    paragraphs = [
        [f"{effects.measure.name}, {fit.method}, {fit.test}; k = {fit.k}"],
        terminal.forest(effects, fit, width, plain),
        terminal.summary(effects, fit),
        terminal.choices(effects, fit),
        [*notes, *left_out],
        terminal.parts(analysed.parts, effects.measure),
    ]
    return "\n\n".join("\n".join(lines).strip("\n") for lines in paragraphs if lines) + "\n"
