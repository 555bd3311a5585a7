"""What differs between two states, as Markdown for a comment on a pull request.

Titles, notes and reasons are other people's text: here they can make no mark-up, mention nobody
and link to nothing. The numbers are those of the text, which come from the same sentences.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livingmeta.differences import sentences as say
from livingmeta.differences.text import decision, rows_counted
from livingmeta.formats import MISSING, counted, percent

Row = Mapping[str, Any]
LIMIT = 60_000  # characters; a comment may have 65,536, and whoever posts it adds a few lines
MOST = 20  # entries of one list
MOST_ENTERED = 5  # new rows that the table names
CUT = (
    "*Cut here: the whole is longer than a comment may be. "
    "`livingmeta diff` with `--format text` or `json` shows all of it.*"
)
COLUMNS = ("Question", "Estimate (interval)", "k", "tau²", "I²", "Weight of what is new", "To be looked at")
IN_TABLE = ("verdict", "estimate", "k", "tau2", "i2")
_BREAK = "&#8203;"  # of no width: what follows is no mention, number of an issue, link or picture
_MARKS = re.compile(r"([\\`*_{}\[\]|~!])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "<span>&#36;</span>"}
_FOUND_IN_TEXT = (
    (re.compile(r"@(?=\S)"), f"@{_BREAK}"),
    (re.compile(r"#(?=\d)"), f"#{_BREAK}"),
    (re.compile(r"\b(gh)-(?=\d)", re.IGNORECASE), rf"\1-{_BREAK}"),
    (re.compile(r"(?<=\w)://"), f":{_BREAK}//"),
    (re.compile(r"\b(www)\.", re.IGNORECASE), rf"\1{_BREAK}."),
    (re.compile(r":(?=[\w+-]+:)"), f":{_BREAK}"),
)
_BLOCK = re.compile(r"^(#(?=#*(?:\s|$))|[+-](?=\s|-|$)|=(?==*$)|\d(?=\d*[.)](?:\s|$)))")


@dataclass(frozen=True)
class Block:
    """Lines that can be cut after any of them, with what opens and closes them."""

    head: tuple[str, ...]
    lines: tuple[str, ...]
    tail: tuple[str, ...] = ()


def as_markdown(changes: Mapping[str, Any], limit: int = LIMIT) -> str:
    """Return a difference as GitHub-flavoured Markdown, made from its JSON.

    Parameters
    ----------
    changes : mapping
        What `Difference.as_dict` returns.
    limit : int
        Characters that the answer may have; what is beyond is cut, and a sentence says so.
    """
    head = (
        "## Impact on the results",
        "",
        f"Old: {plain(say.side_name(changes.get('old')))}<br>",
        f"New: {plain(say.side_name(changes.get('new')))}",
    )
    if changes.get("empty"):
        return "\n".join([*head, "", "Nothing differs.", ""])
    parts = (_moved, _other_results, _further, _evidence, _screening, _methods)
    blocks = [Block(head, ()), *(block for part in parts for block in part(changes))]
    note = (changes.get("methods") or {}).get("note")
    return _fitted([*blocks, *([Block((plain(note),), ())] if note else [])], limit)


def plain(value: Any) -> str:
    """Return text that shows as itself on one line: no mark-up, mention, link, number or symbol of any."""
    words = "".join(char for char in str(value) if char.isspace() or unicodedata.category(char)[0] != "C")
    words = " ".join(words.split())
    for pattern, found in _FOUND_IN_TEXT:
        words = pattern.sub(found.replace(_BREAK, "\0"), words)
    words = "".join(_ENTITIES.get(char, char) for char in _MARKS.sub(r"\\\1", words))
    words = _BLOCK.sub(lambda at: f"&#{ord(at[1])};", words)
    return words.replace("\0", _BREAK)


def _fitted(blocks: Iterable[Block], limit: int) -> str:
    """Return as many blocks and lines as there is room for."""
    written: list[str] = []
    room = limit - len(CUT) - 4
    for block in blocks:
        whole = [*block.head, *block.lines, *block.tail]
        if _length(whole) > room:
            frame = _length([*block.head, *block.tail])
            kept = list(_first(block.lines, room - frame))
            written += [*block.head, *kept, *block.tail, ""] if kept else []
            return "\n".join([*written, CUT, ""])
        written += [*whole, ""]
        room -= _length(whole)
    return "\n".join(written)


def _length(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines) + 1


def _first(lines: Iterable[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return
        yield line


def _results(changes: Row) -> list[Row]:
    return list(changes.get("results") or ())


def _moved(changes: Row) -> Iterator[Block]:
    """Yield the table of the questions whose estimate moved, and how many did not."""
    moved = [result for result in _results(changes) if result["moved"]]
    if moved:
        widths = tuple("---" for _ in COLUMNS)
        head = (f"### {counted(len(moved), 'estimate')} moved", "", _line(COLUMNS), _line(widths))
        yield Block(head, tuple(_line(_cells(result)) for result in moved))
    still = sum(map(say.nothing_of, _results(changes)))
    if still:
        words = counted(still, "other question" if moved else "question")
        yield Block((f"{words}: nothing moved.",), ())


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(result: Row) -> tuple[str, ...]:
    """Return one row of the table: old -> new where a number changed, else the number as it is."""
    said = {name: _number(result, name) for name in IN_TABLE}
    said |= {name: said[name].replace(" → ", "<br>→ ") for name in ("verdict", "estimate")}
    lead, main = said["verdict"], said["estimate"]
    shown = lead if lead == main else f"{lead}<br>main model: {main}"
    flags = "<br>".join(f"⚠ {plain(words)}" for words in say.raised(result))
    title = f"**{plain(result['title'])}**<br>{plain(result['question'])}"
    return (title, shown, said["k"], said["tau2"], said["i2"], _entered(result), flags)


def _number(result: Row, name: str) -> str:
    label = say.PRINTED.get(name, name)
    for changed, old, new in say.printed_changes(result):
        if changed == label:
            return f"{plain(old)} → {plain(new)}"
    return plain(((result.get("new") or {}).get("printed") or {}).get(name, MISSING))


def _entered(result: Row) -> str:
    rows = list((result.get("studies") or {}).get("entered") or ())
    named = [f"{plain(say.row_name(row))}: {_weight(row)}" for row in rows[:MOST_ENTERED]]
    more = [f"and {len(rows) - MOST_ENTERED} more"] if len(rows) > MOST_ENTERED else []
    return "<br>".join([*named, *more]) or "no new row"


def _weight(row: Row) -> str:
    return "no weight" if row.get("weight") is None else percent(row["weight"], 1)


def _other_results(changes: Row) -> Iterator[Block]:
    """Yield questions that are new, gone, or as before on top while something below changed."""
    results = _results(changes)
    for state, title, side in (("added", "New questions", "new"), ("dropped", "Questions dropped", "old")):
        rows = [result for result in results if result["state"] == state]
        if rows:
            yield Block((f"### {title}", ""), tuple(f"- {_named(row)}: {_all(row, side)}" for row in rows))
    below = [row for row in results if not (row["moved"] or row["state"] != "both" or say.nothing_of(row))]
    if below:
        head = ("### Estimate as before, but something else changed", "")
        yield Block(head, tuple(f"- {_named(row)}: {'; '.join(_inside(row))}" for row in below))


def _named(result: Row) -> str:
    return f"**{plain(result['title'])}** ({plain(result['question'])})"


def _all(result: Row, side: str) -> str:
    pick = 2 if side == "new" else 1
    texts = [f"{plain(row[0])} {plain(row[pick])}" for row in say.printed_changes(result)]
    return "; ".join(texts) or "no number"


def _inside(result: Row) -> list[str]:
    """Return what changed in a question apart from the numbers of the table, item by item."""
    studies = result.get("studies") or {}
    entered = () if result["moved"] else studies.get("entered") or ()
    told = [
        *(
            f"{plain(label)}: {plain(old)} → {plain(new)}"
            for label, old, new in say.printed_changes(result)
            if not result["moved"] or label not in {say.PRINTED[name] for name in IN_TABLE}
        ),
        *([] if result["moved"] else map(plain, say.raised(result))),
        *(
            []
            if result["moved"]
            else (f"new row {plain(say.row_name(r))}" for r in studies.get("entered", ()))
        ),
        *(f"new row: {plain(say.row_name(row))}" for row in entered),
        *(f"left: {plain(say.row_name(row))}" for row in studies.get("left") or ()),
        *(f"effect changed: {plain(say.row_name(row))}" for row in studies.get("changed") or ()),
    ]
    weights = [
        f"{plain(say.row_name(row))} {percent(row['old'], 1)} → {percent(row['new'], 1)}"
        for row in studies.get("weights") or ()
    ]
    told += [f"weights: {'; '.join(weights)}"] if weights else []
    answers = [((result.get(side) or {}).get("verdict") or {}).get("answer") for side in ("old", "new")]
    told += [f"answer: {plain(answers[0])} → {plain(answers[1])}"] if answers[0] != answers[1] else []
    told += [f"further down: {plain(say.further(result))}"] if result.get("elsewhere") else []
    return told


def _further(changes: Row) -> Iterator[Block]:
    """Yield, folded, what else changed in the questions of the table."""
    rows = [(result, _inside(result)) for result in _results(changes) if result["moved"]]
    lines = [
        line
        for result, told in rows
        if told
        for line in (f"- {_named(result)}", *(f"  - {one}" for one in told))
    ]
    yield from _folded("Further numbers, weights and analyses of these questions", lines)


def _folded(title: str, lines: Iterable[str]) -> Iterator[Block]:
    found = tuple(lines)
    if found:
        yield Block(("<details>", f"<summary>{title}</summary>", ""), found, ("", "</details>"))


def _limited(lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield from found[:MOST]
    if len(found) > MOST:
        yield f"- ... and {len(found) - MOST} more"


def _evidence(changes: Row) -> Iterator[Block]:
    """Yield rows that were added, changed or withdrawn."""
    part = changes.get("evidence") or {}
    tables = part.get("tables") or {}
    lines = [
        *_rows(part.get("studies"), "study", lambda row: f"{plain(row['id'])} ({plain(row['label'])})"),
        *_rows(part.get("reports"), "report", lambda row: plain(row["id"])),
        *_rows(part.get("effects"), "effect row", lambda row: f"{plain(row['id'])} in {plain(row['file'])}"),
        *(
            f"- {row['rows']} effect rows moved from {plain(row['old'])} to {plain(row['new'])}"
            for row in (part.get("effects") or {}).get("moved", ())
        ),
        *(f"- {plain(rows_counted(row))}" for row in part.get("rows") or ()),
        *_limited(map(_cell, say.shown_cells(changes))),
        *(
            f"- column {plain(row['table'])}.{plain(row['column'])} {row['change']}"
            for row in part.get("columns") or ()
        ),
        *(f"- table {plain(name)} {word}" for word in ("added", "dropped") for name in tables.get(word, ())),
    ]
    if lines:
        yield Block(("### Rows added, changed and withdrawn", ""), tuple(lines))


def _rows(part: Row | None, what: str, describe: Any) -> Iterator[str]:
    for word, change in (("added", "added"), ("withdrawn", "dropped")):
        yield from _limited(f"- {what} {word}: {describe(row)}" for row in (part or {}).get(change, ()))


def _cell(cell: Row) -> str:
    old, new = plain(say.cell_text(cell["old"])), plain(say.cell_text(cell["new"]))
    where = f"{plain(cell['table'])}: {plain(cell['key'])}: {plain(cell['column'])}"
    return f"- changed: {where}: {old} → {new}; {plain(say.cell_reason(cell))}"


def _screening(changes: Row) -> Iterator[Block]:
    part = changes.get("screening") or {}
    awaiting = part.get("awaiting") or {}
    rows = part.get("decided") or ()
    lines = list(
        _limited(f"- {plain(row['id'])}: {plain(decision(row))}; {plain(row['reason'])}" for row in rows)
    )
    if awaiting.get("old") != awaiting.get("new"):
        lines.append(f"- full text awaited: {awaiting.get('old')} records → {awaiting.get('new')}")
    yield from _folded("Screening", lines)


def _methods(changes: Row) -> Iterator[Block]:
    """Yield keys of question files that changed; a method is shown open, words are folded."""
    part = changes.get("methods") or {}
    keys = list(part.get("questions") or ())
    methods = [_key(row) for row in keys if row.get("kind") == "method"]
    methods += [
        f"- package {plain(row['package'])}: {plain(row['old'] or 'none')} → {plain(row['new'] or 'none')}"
        for row in part.get("packages") or ()
    ]
    if methods:
        yield Block(("### Methods", ""), tuple(_limited(methods)))
    yield from _folded(
        "Texts of questions", _limited(_key(row) for row in keys if row.get("kind") != "method")
    )


def _key(row: Row) -> str:
    old, new = (plain(say.cell_text(value)) for value in say.key_change(row))
    return f"- {plain(row['question'])}: {plain(say.key_name(row))}: {old} → {new}"
