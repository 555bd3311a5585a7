"""What differs between two states, for a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from livingmeta.differences import sentences as say
from livingmeta.formats import percent

Row = Mapping[str, Any]
MOST = 20  # lines of one list; the JSON has all


def as_text(changes: Mapping[str, Any]) -> str:
    """Return a difference as text, made from its JSON, with a newline at the end.

    Parameters
    ----------
    changes : mapping
        What `Difference.as_dict` returns, of today or as frozen with a release.
    """
    head = [
        f"old: {say.side_name(changes.get('old'))}",
        f"new: {say.side_name(changes.get('new'))}",
    ]
    if changes.get("empty"):
        return "\n".join([*head, "", "nothing differs", ""])
    parts = [_evidence(changes), _screening(changes), _methods(changes), _results(changes)]
    body = [["", *lines] for lines in map(list, parts) if lines]
    note = (changes.get("methods") or {}).get("note")
    return "\n".join([*head, *([note] if note else []), *(line for lines in body for line in lines), ""])


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [title, *(f"  {line}" for line in found)] if found else []


def _limited(lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield from found[:MOST]
    if len(found) > MOST:
        yield f"... and {len(found) - MOST} more (--format json lists all)"


def _evidence(changes: Row) -> list[str]:
    evidence = changes.get("evidence") or {}
    lines = [
        *_limited(
            _added_dropped(evidence.get("studies"), "study", lambda row: f"{row['id']}  {row['label']}")
        ),
        *_limited(_added_dropped(evidence.get("reports"), "report", lambda row: row["id"])),
        *_limited(
            _added_dropped(evidence.get("effects"), "effect row", lambda row: f"{row['id']}  ({row['file']})")
        ),
        *(
            f"  {row['rows']} effect rows moved from {row['old']} to {row['new']}"
            for row in (evidence.get("effects") or {}).get("moved", ())
        ),
        *_other_rows(evidence.get("rows") or ()),
        *_limited(map(_cell, say.shown_cells(changes))),
        *map(_column, evidence.get("columns") or ()),
        *(
            f"  table {name} {change}"
            for change, names in (evidence.get("tables") or {}).items()
            for name in names
        ),
    ]
    return _section("Evidence", lines)


def _added_dropped(part: Row | None, what: str, describe: Any) -> Iterator[str]:
    for sign, change in (("+", "added"), ("-", "dropped")):
        yield from (f"{sign} {what} {describe(row)}" for row in (part or {}).get(change, ()))


def _other_rows(rows: Iterable[Row]) -> Iterator[str]:
    yield from (f"  {rows_counted(row)}" for row in rows)


def rows_counted(row: Row) -> str:
    """Return how many rows of a table were added and dropped."""
    counts = [
        f"{len(row[change])} {'row' if len(row[change]) == 1 else 'rows'} {change}"
        for change in ("added", "dropped")
        if row.get(change)
    ]
    return f"{row['table']}: {', '.join(counts)}"


def _cell(cell: Row) -> str:
    old, new = say.cell_text(cell["old"]), say.cell_text(cell["new"])
    return f"~ {cell['table']}: {cell['key']}: {cell['column']}: {old} -> {new}; {say.cell_reason(cell)}"


def _column(row: Row) -> str:
    filled = f", filled in {row['filled']} rows" if row.get("filled") else ", blank everywhere"
    return f"  column {row['table']}.{row['column']} {row['change']}{filled}"


def _screening(changes: Row) -> list[str]:
    part = changes.get("screening") or {}
    awaiting = part.get("awaiting") or {}
    decided = [f"{row['id']}: {decision(row)}; {row['reason']}" for row in part.get("decided") or ()]
    lines = list(_limited(decided))
    if awaiting.get("old") != awaiting.get("new"):
        lines.append(f"full text awaited: {awaiting.get('old')} records -> {awaiting.get('new')}")
    pending = part.get("pending") or {}
    if pending.get("old") != pending.get("new"):
        lines.append(f"not screened yet: {pending.get('old')} records -> {pending.get('new')}")
    return _section("Screening", lines)


def decision(row: Row) -> str:
    """Return what was decided on a record, and what before."""
    words = str(row["decision"]).replace("_", " ")
    return f"{str(row['before']).replace('_', ' ')} -> {words}" if row.get("before") else words


def _methods(changes: Row) -> list[str]:
    methods = changes.get("methods") or {}
    lines = [
        *(f"+ question {row['id']}  {row['title']}" for row in methods.get("questions_added") or ()),
        *(f"- question {row['id']}  {row['title']}" for row in methods.get("questions_dropped") or ()),
        *_limited(map(_key, methods.get("questions") or ())),
        *_limited(
            f"~ package {row['package']}: {row['old'] or 'none'} -> {row['new'] or 'none'}"
            for row in methods.get("packages") or ()
        ),
        *map(_inputs, methods.get("inputs") or ()),
    ]
    return _section("Questions and methods", lines)


def _key(row: Row) -> str:
    old, new = map(say.cell_text, say.key_change(row))
    words = "" if row.get("kind") == "method" else " (text)"
    return f"~ {row['question']}: {say.key_name(row)}{words}: {old} -> {new}"


def _inputs(group: Row) -> str:
    counts = [
        f"{len(group[change])} files {change}"
        for change in ("changed", "added", "dropped")
        if group.get(change)
    ]
    return f"~ {group['group']}: {', '.join(counts)}"


def _results(changes: Row) -> list[str]:
    results = changes.get("results") or []
    lines = [line for result in results if not say.nothing_of(result) for line in _result(result)]
    still = sum(map(say.nothing_of, results))
    if still and not lines:
        lines.append("no estimate moved")
    elif still:
        lines.append(f"{still} other {'question' if still == 1 else 'questions'}: nothing moved")
    return _section("Results", lines)


def _result(result: Row) -> Iterator[str]:
    states = {"added": "new question", "dropped": "question dropped"}
    state = states.get(result["state"], "moved" if result["moved"] else "estimate as before")
    yield f"{result['question']}: {state}"
    for label, old, new in say.printed_changes(result):
        shown = {"added": new, "dropped": old}.get(result["state"], f"{old} -> {new}")
        yield f"    {label}: {shown}"
    yield from _answers(result)
    yield from (f"    ! {words}" for words in say.raised(result))
    studies = result.get("studies") or {}
    if result["state"] == "both":
        yield from (f"    + {say.row_name(row)}" for row in studies.get("entered") or ())
        yield from (f"    - {say.row_name(row)}" for row in studies.get("left") or ())
        yield from (f"    ~ {say.row_name(row)}: effect changed" for row in studies.get("changed") or ())
        yield from (
            f"    weight of {say.row_name(row)}: {percent(row['old'], 1)} -> {percent(row['new'], 1)}"
            for row in studies.get("weights") or ()
        )
    if result.get("elsewhere"):
        yield f"    further down: {say.further(result)}"


def _answers(result: Row) -> Iterator[str]:
    old, new = (((result.get(side) or {}).get("verdict") or {}).get("answer") for side in ("old", "new"))
    if result["state"] == "both" and old != new:
        yield f"    answer: {old} -> {new}"
