"""How a question is kept alive: the keys of `living`, its rules, and what is wrong with them."""

from pathlib import Path
from typing import Any

LIVING_KEYS = ("status", "because", "search_every_months", "update_when", "retire_when")
# Rules by which an update or a retirement is due; `currency` evaluates each against its threshold.
LIVING_RULES = (
    "awaiting_at_least",
    "months_since_last_look",
    "years_without_new_study",
    "new_searches_without_change",
)


def living_faults(living: Any, path: Path) -> list[str]:
    """Return what is wrong with the key `living` of a question file, one line per fault."""
    if not isinstance(living, dict):
        return []
    faults = [
        f"{path}:living.{key}: {value!r}: unknown key, there are {', '.join(LIVING_KEYS)}"
        for key, value in living.items()
        if key not in LIVING_KEYS
    ]
    faults += [
        f"{path}:living.{key}: {living[key]!r}: must be text"
        for key in ("status", "because")
        if not isinstance(living.get(key, ""), str)
    ]
    months = living.get("search_every_months")
    if months is not None and not is_whole(months):
        faults.append(
            f"{path}:living.search_every_months: {months!r}: must be a whole number from 1, or nothing"
        )
    lists = [(key, living[key]) for key in ("update_when", "retire_when") if living.get(key) is not None]
    return faults + [fault for key, rules in lists for fault in _rule_faults(rules, f"{path}:living.{key}")]


def _rule_faults(rules: Any, where: str) -> list[str]:
    if not isinstance(rules, list):
        return [f"{where}: {rules!r}: must be a list of rules, or nothing"]
    return [fault for i, item in enumerate(rules) for fault in _one_rule_faults(item, f"{where}.{i}")]


def _one_rule_faults(item: Any, where: str) -> list[str]:
    if not isinstance(item, dict) or len(item) != 1:
        return [f"{where}: {item!r}: must be one rule with its threshold, such as {LIVING_RULES[0]} 1"]
    ((name, threshold),) = item.items()
    if name not in LIVING_RULES:
        return [f"{where}.{name}: {threshold!r}: unknown rule, there are {', '.join(LIVING_RULES)}"]
    if not is_whole(threshold):
        return [f"{where}.{name}: {threshold!r}: must be a whole number from 1"]
    return []


def is_whole(value: Any) -> bool:
    """Return whether a value is a whole number from 1; true is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
