"""A file to fill in for a new study, with each column, what it means and what it may hold."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from livingmeta.check.header_rules import did_you_mean
from livingmeta.curation.completing import tables_for
from livingmeta.curation.drafts import RequestError
from livingmeta.curation.given import FILE_KEY, PARTS, RECORD_KEY, Given
from livingmeta.curation.proposals import wanted_fields
from livingmeta.schema import Field
from livingmeta.table_files import EFFECTS, Cells

HEAD = """\
# A new study for data/{folder}{name}.csv. Fill in what the source says and leave out the rest;
# then run: livingmeta add --from THIS_FILE
# What is marked * is needed; a name that is left empty is made from author, year and outcome.
# A block can be a list of rows (each begun by a dash); a study that is there already needs no
# block `study`; `record` names the row of screening.csv in place of a row of its own.
"""
_MADE = ("study_id", "report_id", "effect_id", "record_id", "label")
_COUNTS = (
    "estimate",
    "ci_lower",
    "ci_upper",
    "events_treatment",
    "n_treatment",
    "events_control",
    "n_control",
)


def template(data: Path, effects_file: str) -> str:
    """Return the text of a file to fill in for a study with results in an effects file.

    Raises
    ------
    RequestError
        When there is no such effects file.
    """
    tables = tables_for(data, effects_file)
    if tables.effects is None:
        there = sorted(path.stem for path in (data / EFFECTS).glob("*.csv"))
        hint = did_you_mean(effects_file, there)
        raise RequestError([f"{effects_file}: must be a file of data/effects{hint}"])
    lines = [HEAD.format(folder=EFFECTS, name=effects_file), f"{FILE_KEY}: {effects_file}", "record:"]
    for part in ("studies", "reports", "effects", "screening"):
        table = tables.of(part)
        declared = tables.schema.effects if part == "effects" else tables.schema.tables[part]
        rows = table.rows if table else ()
        also = _COUNTS if part == "effects" else ()
        lines += ["", f"{PARTS[part][0]}:", *_lines(wanted_fields(declared, rows, also), rows)]
    return "\n".join([*lines, ""])


def given_text(given: Given) -> str:
    """Return what was given as a file that `livingmeta add --from` reads."""
    raw: dict[str, Any] = {FILE_KEY: given.effects_file} if given.effects_file else {}
    raw |= {RECORD_KEY: given.record} if given.record else {}
    raw |= {PARTS[part][0]: [dict(row) for row in given.of(part)] for part in PARTS if any(given.of(part))}
    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=10**6)


def _lines(fields: Iterable[Field], rows: Iterable[Cells]) -> Iterator[str]:
    others = list(rows)
    for field in fields:
        star = "* " if field.required and field.name not in _MADE else ""
        unit = f" In {field.unit}." if field.unit else ""
        yield f"  # {star}{field.description}{unit}"
        if field.enum:
            yield f"  #   one of: {', '.join(field.enum)}"
        values = {row.get(field.name, "") for row in others}
        if len(others) > 1 and len(values) == 1 and (value := values.pop()):
            yield f"  #   in all {len(others)} other rows: {value}"
        yield f"  {field.name}:"
