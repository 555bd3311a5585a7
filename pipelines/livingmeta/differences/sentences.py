"""What changed, in the words that the text and the page share; made from the JSON of a difference."""

from collections.abc import Mapping
from typing import Any

from livingmeta import formats
from livingmeta.differences.estimates import is_changed, same
from livingmeta.numbers import FIELDS
from livingmeta.releases import KINDS

Row = Mapping[str, Any]
FLAGS = {
    "direction_changed": "the estimate has changed its direction",
    "now_includes_null": "its interval now includes no effect",
    "now_excludes_null": "its interval no longer includes no effect",
    "lead_direction_changed": "the number that the page leads with has changed its direction",
    "lead_now_includes_null": "the leading interval now includes no effect",
    "lead_now_excludes_null": "the leading interval no longer includes no effect",
    "minimal_important_difference_crossed": "the estimate has crossed the minimal important difference",
    "newly_pooled": "newly pooled",
    "no_longer_pooled": "no longer pooled",
    "verdict_changed": "the verdict has changed",
}
PRINTED = {
    "verdict": "leading number",
    "estimate": "main model",
    "prediction_interval": "prediction interval",
    "common_effect": "common-effect model",
    "tau2": "tau2",
    "i2": "I2",
    "k": "studies (k)",
    "participants": "participants",
}
# Where the printed texts agree though the number moved: the numbers behind them.
BEHIND = {
    "verdict": ("lead", ("estimate", "ci_lower", "ci_upper")),
    "estimate": ("display", ("estimate", "ci_lower", "ci_upper")),
    "prediction_interval": ("display", ("pi_lower", "pi_upper")),
    "tau2": ("numbers", ("tau2",)),
    "i2": ("numbers", ("i2",)),
}
DECIMALS = range(3, 13)
LONG = 90


def side_name(side: Row | None) -> str:
    """Return a side in words: its name, and what is known of version, kind, commit and date."""
    if side is None:
        return "nothing: there is no earlier version"
    kind = KINDS.get(str(side.get("kind")), "")
    version, name = side.get("version"), side.get("name")
    commit, date = side.get("commit"), side.get("date")
    known = [
        str(version) if version and version != name else "",
        kind,
        f"commit {commit}" if commit else "",
        str(date or ""),
    ]
    facts = ", ".join(filter(None, known))
    return f"{name} ({facts})" if facts else str(name)


def raised(result: Row) -> list[str]:
    """Return the flags of a question that are up, in words."""
    flags = result.get("flags") or {}
    return [words for name, words in FLAGS.items() if flags.get(name)]


def printed_changes(result: Row) -> list[tuple[str, str, str]]:
    """Return label, old and new text of each number of a question that changed."""
    old, new = result.get("old") or {}, result.get("new") or {}
    before, after = old.get("printed") or {}, new.get("printed") or {}
    rows = []
    for name in dict.fromkeys((*FIELDS, *before, *after)):
        a, b = before.get(name, formats.MISSING), after.get(name, formats.MISSING)
        if a == b and old and new:
            a, b = _behind(name, old, new)
        if a != b:
            rows.append((PRINTED.get(name, name), a, b))
    return rows


def _behind(name: str, old: Row, new: Row) -> tuple[str, str]:
    """Return the numbers behind a text that both sides share, with as many decimals as tell them apart."""
    part, keys = BEHIND.get(name, ("", ()))
    values = [[(side.get(part) or {}).get(key) for key in keys] for side in (old, new)]
    if same(*values):
        return "", ""
    texts = ["", ""]
    for digits in DECIMALS:
        texts = [_with_decimals(row, digits) for row in values]
        if texts[0] != texts[1]:
            break
    return texts[0], texts[1]


def _with_decimals(values: list[float | None], digits: int) -> str:
    """Return one number, an interval, or an estimate with its interval."""

    def show(value: float) -> str:
        return formats.number(value, digits)

    if len(values) == 3:
        return formats.with_interval(*values, show=show)
    if len(values) == 2:
        return formats.interval(*values, show=show)
    return formats.number(values[0], digits)


def value_text(value: Any) -> str:
    """Return a value of a question file as text."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {value_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(map(value_text, value)) or "nothing"
    return str(value)


def key_change(row: Row) -> tuple[str, str]:
    """Return old and new value of a changed key; of two lists, only what each has alone."""
    old, new = row.get("old"), row.get("new")
    if isinstance(old, list) and isinstance(new, list):
        alone = [[one for one in a if one not in b] for a, b in ((old, new), (new, old))]
        if any(alone):
            return value_text(alone[0]), value_text(alone[1])
    return value_text(old), value_text(new)


def key_name(row: Row) -> str:
    """Return the path of a changed key, with the name of the item it lies in."""
    return f"{row['key']} ({row['item']})" if row.get("item") else str(row["key"])


def cell_text(value: Any) -> str:
    """Return a cell, shortened, with a word for a blank one."""
    text = str(value or "") or "(blank)"
    return text if len(text) <= LONG else f"{text[: LONG - 1].rstrip()}…"


def row_name(row: Row) -> str:
    """Return a row of an estimate: its study, and which row where the two names differ."""
    study, effect_id = str(row.get("study") or ""), str(row.get("effect_id") or "")
    return f"{study} [{effect_id}]" if effect_id else study


def shown_cells(changes: Row) -> list[Row]:
    """Return the changed cells, without those that the list of decided records tells already."""
    decided = {row["id"] for row in (changes.get("screening") or {}).get("decided") or ()}
    cells = (changes.get("evidence") or {}).get("cells") or ()
    return [cell for cell in cells if cell["table"] != "screening" or cell["key"] not in decided]


def cell_reason(cell: Row) -> str:
    """Return why a cell changed, with date and source as far as they are recorded."""
    known = ", ".join(str(cell[name]) for name in ("date", "source") if cell.get(name))
    return f"{cell.get('reason', '')} ({known})" if known else str(cell.get("reason", ""))


def further(result: Row) -> str:
    """Return what changed further down the page of a question, rows of one kind together."""
    groups: dict[str, list[str]] = {}
    for part in result.get("elsewhere") or ():
        kind, _, name = str(part).partition(": ")
        groups.setdefault(kind, []).extend([name] if name else [])
    return "; ".join(f"{kind} ({', '.join(names)})" if names else kind for kind, names in groups.items())


def nothing_of(result: Row) -> bool:
    """Return whether nothing at all changed in the results of a question."""
    return not is_changed(result)
