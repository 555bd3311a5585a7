"""Every result of a study as it was printed: where it stands, what part it plays, which pages show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from livingmeta import formats
from livingmeta.questions import Question
from livingmeta.selection import NUMERIC
from livingmeta.studies import Studies
from livingmeta.tables.html import Column, Markup, missing, table, text
from livingmeta.tables.wanted import STATUSES

COLUMNS = (
    Column("Result"),
    Column("As printed"),
    Column("Source"),
    Column("Part it plays"),
    Column("Shown in"),
)
ROLES = {"primary": "main analysis", "sensitivity": "sensitivity analyses only", "display": "shown only"}
NO_QUESTION = "no question yet"
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Result:
    """One row of effects with the questions whose pages list it and its further groups."""

    row: Row
    questions: tuple[Question, ...]
    groups: tuple[Row, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Return whether it has a usable number."""
        return self.row["result_status"] == NUMERIC


def results_by_study(studies: Studies, questions: Sequence[Question]) -> dict[str, list[Result]]:
    """Return every result of every study, in the order of the files and their rows."""
    asked: dict[str, list[Question]] = {}
    for question in questions:
        asked.setdefault(question.effects, []).append(question)
    groups: dict[str, list[Row]] = {}
    for group in studies.groups.to_dict("records"):
        groups.setdefault(group["effect_id"], []).append(group)
    found: dict[str, list[Result]] = {}
    for name, frame in studies.effects.items():
        for row in frame.to_dict("records"):
            own = tuple(groups.get(row["effect_id"], ()))
            found.setdefault(row["study_id"], []).append(Result(row, tuple(asked.get(name, ())), own))
    return found


def results_table(results: Sequence[Result]) -> Markup:
    """Return the results of one study as a table."""
    rows = [(_what(one.row), _printed(one), _source(one.row), _part(one.row), _pages(one)) for one in results]
    return table(COLUMNS, rows, "lm-table lm-rows lm-results")


def compared(row: Row) -> str:
    """Return what a result compares, in words; nothing where it is not recorded."""
    return " v ".join(
        str(row[name]) for name in ("label_exposed", "label_reference") if not missing(row[name])
    )


def _what(row: Row) -> Markup:
    comparison = f"<br><small>{text(compared(row))}</small>" if compared(row) else ""
    return Markup(f"{text(row['outcome_definition'])}{comparison}")


def _printed(one: Result) -> Markup:
    row = one.row
    parts = [text(row["as_printed"] if not missing(row["as_printed"]) else _counts(row))]
    if not one.is_numeric:
        parts.append(_small(f"in print: {STATUSES.get(row['result_status'], row['result_status'])}"))
    if not missing(row["print_flag"]):
        parts.append(f'<strong class="lm-odd">Odd in print:</strong> {text(row["print_flag"])}')
    if not missing(row["notes"]):
        parts.append(_small(row["notes"]))
    parts += [_small(_group(group)) for group in one.groups]
    return Markup("<br>".join(parts))


def _small(words: Any) -> str:
    return f"<small>{text(words)}</small>"


def _counts(row: Row) -> str | None:
    cells = [row[name] for name in ("events_treatment", "n_treatment", "events_control", "n_control")]
    if any(missing(cell) for cell in cells):
        return None
    a, n1, c, n2 = (formats.count(float(cell)) for cell in cells)
    return f"{a}/{n1} v {c}/{n2}"


def _group(group: Row) -> str:
    counted = [
        f"{name} = {formats.count(float(group[name]))}"
        for name in ("n", "events")
        if not missing(group[name])
    ]
    bounds = [] if missing(group["bounds"]) else [str(group["bounds"])]
    return ", ".join([f"group “{group['group']}”", *bounds, *counted])


def _source(row: Row) -> Markup:
    parts = [str(row[name]).replace("_", " ") for name in ("source_extent",) if not missing(row[name])]
    if not missing(row["source_locator"]):
        parts.append(str(row["source_locator"]))
    record = "" if missing(row["extraction_id"]) else f" [{row['extraction_id']}]"
    who = "" if missing(row["verified_by"]) else f"; checked by {row['verified_by']}"
    return Markup(f"{text(': '.join(dict.fromkeys(parts)))}{escape(record + who)}")


def _part(row: Row) -> Markup:
    role = text(ROLES.get(row["pool_role"], row["pool_role"]))
    return Markup(role if missing(row["pool_reason"]) else f"{role}: {text(row['pool_reason'])}")


def _pages(one: Result) -> Markup:
    links = [
        f'<a href="questions/{q.part}/{q.id}.html#{text(one.row["effect_id"])}">{text(q.title)}</a>'
        for q in one.questions
    ]
    return Markup("<br>".join(links) or NO_QUESTION)
