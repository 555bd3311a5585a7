"""What changed between two versions, as HTML made from the JSON of the difference.

A `changes.json` frozen with a release years ago is shown like one of today: what it lacks is
left out, and all words come from here.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from livingmeta import formats
from livingmeta.charts.glance import mini_interval
from livingmeta.differences import sentences as say
from livingmeta.effect_sizes.measures import LOG
from livingmeta.tables.html import Column, Markup, bullets, chips, table, text

Row = Mapping[str, Any]
Section = tuple[str, Markup]
LONG_LIST = 12  # more than this is folded away
ENDS = ("estimate", "ci_lower", "ci_upper")
ROOM = 0.08  # beside the intervals, as a share of their width
SCALES = "Each question is drawn on a scale of its own; the line is no effect."
SYMBOLS = {"tau2": "τ²", "I2": "I²"}
STATES = {"added": "new question", "dropped": "dropped"}


@dataclass(frozen=True)
class Links:
    """Which questions and studies have a page that can be linked to, and the way to the book's root."""

    root: str = ""
    questions: frozenset[str] = frozenset()
    studies: frozenset[str] = frozenset()


NO_LINKS = Links()


def summary(changes: Row) -> Markup:
    """Return the two sides, and how much changed, as a row of chips."""
    sides = (
        f"<p>Before: <strong>{text(say.side_name(changes.get('old')))}</strong><br>"
        f"Now: <strong>{text(say.side_name(changes.get('new')))}</strong></p>"
    )
    if changes.get("empty"):
        return Markup(f"{sides}<p>Nothing differs.</p>")
    note = (changes.get("methods") or {}).get("note")
    return Markup(sides + chips(counts(changes)) + (f"<p>{text(note)}</p>" if note else ""))


def counts(changes: Row) -> list[str]:
    """Return how much changed, in a few words each."""
    evidence = changes.get("evidence") or {}
    results = changes.get("results") or ()
    moved = sum(bool(result.get("moved")) for result in results)
    both = sum(result.get("state") == "both" for result in results)
    found = [
        _counted((evidence.get(part) or {}).get(change), one, many, change)
        for part, one, many in (("studies", "study", "studies"), ("effects", "effect row", "effect rows"))
        for change in ("added", "dropped")
    ]
    found.append(_counted(say.shown_cells(changes), "cell", "cells", "changed"))
    shown = [count for count in found if count]
    return [*shown, f"{moved} of {both} estimates moved"] if both else shown


def _counted(items: Sequence[Row] | None, one: str, many: str, change: str) -> str:
    n = len(items or ())
    return f"{n} {one if n == 1 else many} {change}" if n else ""


def sections(changes: Row, links: Links = NO_LINKS) -> list[Section]:
    """Return title and content of each section that has something to say.

    Parameters
    ----------
    changes : mapping
        What `Difference.as_dict` returns, of today or as frozen with a release.
    links : Links
        What may be linked to; nothing by default.
    """
    made = (
        ("Results", results(changes, links)),
        ("Evidence", evidence(changes, links)),
        ("Screening", screening(changes)),
        ("Questions and methods", methods(changes)),
    )
    return [(title, content) for title, content in made if content]


def results(changes: Row, links: Links = NO_LINKS) -> Markup:
    """Return the results of all questions before and after, then what moved in each."""
    rows = changes.get("results") or ()
    if not rows:
        return Markup("")
    columns = (Column("Question"), Column("Leading number, before and now"), Column("What changed"))
    body = [(_question(row, links), _sides(row), _happened(row)) for row in rows]
    details = [_detail(row, links) for row in rows if row.get("state") == "both" and not say.nothing_of(row)]
    overview = table(columns, body, "lm-table lm-glance lm-moves")
    return Markup(f'{overview}<p class="lm-caption">{SCALES}</p>{"".join(details)}')


def _question(result: Row, links: Links) -> Markup:
    title = text(result.get("title") or result["question"])
    if result["question"] not in links.questions:
        return Markup(f"<strong>{title}</strong>")
    href = f"{links.root}questions/{escape(str(result['part']))}/{escape(result['question'])}.html"
    return Markup(f'<a href="{href}"><strong>{title}</strong></a>')


def _sides(result: Row) -> Markup:
    old, new = result.get("old"), result.get("new")
    if say.nothing_of(result):
        return Markup(_side("", new, "lm-after", _domain(None, new)))
    domain = _domain(old, new)
    lines = [_side("before", old, "lm-before", domain), _side("now", new, "lm-after", domain)]
    return Markup("".join(line for line in lines if line))


def _side(label: str, side: Row | None, css: str, domain: tuple[float, float]) -> str:
    if side is None:
        return ""
    printed = (side.get("printed") or {}).get("verdict")
    said = f'<span class="lm-side-label">{label}</span> ' if label else ""
    number = f'<span class="lm-side-value">{text(printed, "no estimate")}</span>'
    return f'<div class="lm-side {css}">{said}{number}{_drawn(side.get("lead") or {}, domain)}</div>'


def _domain(old: Row | None, new: Row | None) -> tuple[float, float]:
    """Return a scale of the question's own: both intervals and no effect, with some room."""
    leads = [side.get("lead") or {} for side in (old, new) if side]
    log = any(lead.get("scale") == LOG for lead in leads[-1:])
    there = math.log if log else float
    ends = [value for lead in leads for value in map(lead.get, ENDS) if value is not None]
    places = [0.0, *(there(value) for value in ends if value > 0 or not log)]
    room = (max(places) - min(places) or 1.0) * ROOM
    low, high = min(places) - room, max(places) + room
    return (math.exp(low), math.exp(high)) if log else (low, high)


def _drawn(lead: Row, domain: tuple[float, float]) -> str:
    estimate, lower, upper = map(lead.get, ENDS)
    log = lead.get("scale") == LOG
    fits = log == (domain[0] > 0)  # else the two sides are on different scales
    if estimate is None or lower is None or upper is None or not fits:
        return ""
    drawn = mini_interval(estimate, lower, upper, 1.0 if log else 0.0, domain, log)
    return f'<span class="lm-mini">{drawn}</span>'


def _happened(result: Row) -> Markup:
    state = str(result.get("state"))
    if state in STATES:
        return _pill(STATES[state], "pooled" if state == "added" else "shown")
    if say.nothing_of(result):
        return Markup('<span class="lm-none">as before</span>')
    head = _pill("moved", "conflict") if result.get("moved") else _pill("estimate as before", "shown")
    lines = [*_main_model(result), *say.raised(result)]
    return Markup(head + (bullets(word[:1].upper() + word[1:] for word in lines) if lines else ""))


def _main_model(result: Row) -> list[str]:
    """Return how the main model moved where the page leads with another number."""
    changed = {label: f"{label}: {a} → {b}" for label, a, b in say.printed_changes(result)}
    sides = [(result.get(side) or {}).get("printed") or {} for side in ("old", "new")]
    main = say.PRINTED["estimate"]
    otherwise = any(side.get("estimate") != side.get("verdict") for side in sides)
    return [changed[main]] if otherwise and main in changed else []


def _pill(words: str, css: str) -> Markup:
    return Markup(f'<span class="lm-pill lm-pill-{css}">{text(words)}</span>')


def _detail(result: Row, links: Links) -> str:
    numbers = [(_label(name), a, b) for name, a, b in say.printed_changes(result)]
    columns = (Column("Number"), Column("Before", numeric=True), Column("Now", numeric=True))
    parts = [
        table(columns, numbers, "lm-table lm-numbers") if numbers else "",
        _answer(result),
        _rows_of(result, links),
        _weights(result),
        _further(result),
    ]
    anchor, title = escape(f"moved-{result['question']}"), text(result.get("title") or result["question"])
    return f'<h3 id="{anchor}">{title}</h3>{"".join(parts)}'


def _label(name: str) -> str:
    return SYMBOLS.get(name, f"{name[:1].upper()}{name[1:]}")


def _answer(result: Row) -> str:
    old, new = ((result.get(side) or {}).get("verdict") or {} for side in ("old", "new"))
    changed = [key for key in ("headline", "answer") if old.get(key) != new.get(key)]
    if not changed:
        return ""
    before, after = text(old.get(changed[0]), "nothing"), text(new.get(changed[0]), "nothing")
    return f"<p>The answer was “{before}” and is now “{after}”</p>"


def _rows_of(result: Row, links: Links) -> str:
    studies = result.get("studies") or {}
    words = (
        ("entered", "Entered the estimate"),
        ("left", "Left the estimate"),
        ("changed", "Effect changed"),
    )
    return "".join(
        f"<p>{title}: {', '.join(_study(row, links) for row in studies[key])}.</p>"
        for key, title in words
        if studies.get(key)
    )


def _study(row: Row, links: Links) -> str:
    return _study_link(str(row.get("study_id") or ""), str(row.get("study") or ""), links)


def _study_link(name: str, label: str, links: Links) -> str:
    if name not in links.studies:
        return f"<strong>{text(label)}</strong>"
    return f'<a href="{links.root}studies.html#{escape(name)}">{text(label)}</a>'


def _weights(result: Row) -> str:
    rows = (result.get("studies") or {}).get("weights") or ()
    moved = [
        f"{row['study']} {formats.percent(row['old'], 1)} → {formats.percent(row['new'], 1)}" for row in rows
    ]
    return f"<p>Largest changes of weight: {text('; '.join(moved))}.</p>" if moved else ""


def _further(result: Row) -> str:
    parts = say.further(result)
    return f"<p>Changed further down the page: {text(parts)}.</p>" if parts else ""


def evidence(changes: Row, links: Links = NO_LINKS) -> Markup:
    """Return studies, reports, rows and cells that were added, dropped or changed."""
    part = changes.get("evidence") or {}
    blocks = [
        *_added_dropped(part.get("studies"), "Studies", lambda row: _listed_study(row, links)),
        *_added_dropped(part.get("reports"), "Reports", _listed_report),
        *_added_dropped(part.get("effects"), "Effect rows", _listed_effect),
        _plain_list(
            "Rows moved to another file", map(_moved, (part.get("effects") or {}).get("moved") or ())
        ),
        _cells(say.shown_cells(changes)),
        *_other_rows(part.get("rows") or ()),
        _plain_list("Columns", map(_column, part.get("columns") or ())),
        _plain_list("Tables", _tables(part.get("tables") or {})),
    ]
    return Markup("".join(blocks))


Describe = Callable[[Row], Markup]


def _added_dropped(part: Row | None, what: str, describe: Describe) -> list[str]:
    found = part or {}
    return [
        _plain_list(f"{what} {change}", [describe(row) for row in found.get(change) or ()])
        for change in ("added", "dropped")
    ]


def _plain_list(title: str, items: Iterable[str]) -> str:
    """Return a titled list, folded away when it is long; nothing when it is empty."""
    found = list(items)
    if not found:
        return ""
    if len(found) <= LONG_LIST:
        return f"<h3>{text(title)} ({len(found)})</h3>{bullets(found)}"
    return f"<details><summary>{text(title)} ({len(found)})</summary>{bullets(found)}</details>"


def _listed_study(row: Row, links: Links) -> Markup:
    label = str(row.get("label") or row["id"])
    return Markup(f"{_study_link(row['id'], label, links)} <code>{text(row['id'])}</code>")


def _listed_report(row: Row) -> Markup:
    return Markup(f"<code>{text(row['id'])}</code> {text(row.get('title'), 'title not recorded')}")


def _listed_effect(row: Row) -> Markup:
    return Markup(f"{text(row.get('label'), '')} <code>{text(row['id'])}</code> in {text(row['file'])}")


def _moved(row: Row) -> str:
    return f"{row['rows']} from {row['old']} to {row['new']}"


def _cells(cells: Sequence[Row]) -> str:
    if not cells:
        return ""
    columns = (Column("Row"), Column("Column"), Column("Before"), Column("Now"), Column("Why"))
    body = [
        (
            Markup(f"{text(cell['key'])}<br><small>{text(cell['table'])}</small>"),
            Markup(f"<code>{text(cell['column'])}</code>"),
            Markup(text(cell["old"], "blank")),
            Markup(text(cell["new"], "blank")),
            say.cell_reason(cell),
        )
        for cell in cells
    ]
    return f"<h3>Cells changed ({len(body)})</h3>{table(columns, body, 'lm-table lm-cells')}"


def _other_rows(rows: Iterable[Row]) -> list[str]:
    return [
        _plain_list(f"Rows of {row['table']} {change}", row.get(change) or ())
        for row in rows
        if row["table"] != "screening"
        for change in ("added", "dropped")
    ]


def _column(row: Row) -> str:
    filled = f"filled in {row['filled']} rows" if row.get("filled") else "blank everywhere"
    return f"{row['table']}.{row['column']} {row['change']}, {filled}"


def _tables(tables: Row) -> list[str]:
    return [f"{name} {change}" for change in ("added", "dropped") for name in tables.get(change) or ()]


def screening(changes: Row) -> Markup:
    """Return the records decided since, and how many full texts are awaited."""
    part = changes.get("screening") or {}
    awaiting, decided = part.get("awaiting") or {}, part.get("decided") or ()
    pending = part.get("pending") or {}
    unscreened = pending.get("old") != pending.get("new")
    if not decided and not unscreened and awaiting.get("old") == awaiting.get("new"):
        return Markup("")
    waiting = f"<p>Full text awaited: {awaiting.get('old')} records before, {awaiting.get('new')} now.</p>"
    if unscreened:
        waiting += f"<p>Not screened yet: {pending.get('old')} records before, {pending.get('new')} now.</p>"
    columns = (Column("Record"), Column("Decision"), Column("Why"))
    body = [(_record(row), _decision(row), row.get("reason")) for row in decided]
    listed = table(columns, body, "lm-table lm-cells") if body else ""
    if len(body) > LONG_LIST:
        listed = f"<details><summary>Records decided ({len(body)})</summary>{listed}</details>"
    return Markup(waiting + listed)


def _record(row: Row) -> Markup:
    return Markup(f"{text(row.get('title'))}<br><small>{text(row['id'])}</small>")


def _decision(row: Row) -> str:
    steps = [row["before"], row["decision"]] if row.get("before") else [row["decision"]]
    return " → ".join(str(step).replace("_", " ") for step in steps)


def methods(changes: Row) -> Markup:
    """Return questions added and dropped, keys of questions, packages and inputs that changed."""
    part = changes.get("methods") or {}
    packages = [
        f"{p['package']} {p['old'] or 'none'} → {p['new'] or 'none'}" for p in part.get("packages") or ()
    ]
    blocks = [
        _plain_list("Questions added", [row["title"] for row in part.get("questions_added") or ()]),
        _plain_list("Questions dropped", [row["title"] for row in part.get("questions_dropped") or ()]),
        _keys(part.get("questions") or (), "method", "Choices changed"),
        _keys(part.get("questions") or (), "text", "Wording and upkeep changed"),
        _plain_list("Packages changed", packages),
        _plain_list("Files changed", map(_inputs, part.get("inputs") or ())),
    ]
    return Markup("".join(blocks))


def _keys(rows: Iterable[Row], kind: str, title: str) -> str:
    columns = (Column("Question"), Column("Key"), Column("Before"), Column("Now"))
    body = [_key(row) for row in rows if row.get("kind", "method") == kind]
    return f"<h3>{title} ({len(body)})</h3>{table(columns, body, 'lm-table lm-cells')}" if body else ""


def _key(row: Row) -> tuple[str, Markup, str, str]:
    item = f"<br><small>{text(row['item'])}</small>" if row.get("item") else ""
    return row["question"], Markup(f"<code>{text(row['key'])}</code>{item}"), *say.key_change(row)


def _inputs(group: Row) -> str:
    changes = ("changed", "added", "dropped")
    counts = [f"{len(group[change])} {change}" for change in changes if group.get(change)]
    return f"{group['group']}: {', '.join(counts)}"
