"""The records of two states compared, question by question."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from livingmeta.effect_sizes.measures import LOG, MEASURES, MeasureError
from livingmeta.numbers import SIGNATURE, is_number, numbers
from livingmeta.numbers import same as same_value

Record = Mapping[str, Any]
SHOWN = ("estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper")
NUMBERS = (*SHOWN, "tau2", "i2", "k", "participants")
SAID = ("status", "headline", "sentence", "answer")
MODEL = ("measure", "scale", "method", "test", "level", "pooled", "reason")
# Said elsewhere: the question file, the version, the rows of the estimate.
APART = {*NUMBERS, *MODEL, *SIGNATURE, "id", "part", "title", "pico", "living", "display", "studies"}
WEIGHTS_LISTED = 5
LEAST_WEIGHT = 0.05  # percentage points: weights are printed with one decimal


def results(
    old: Mapping[str, Record],
    new: Mapping[str, Record],
    order: Mapping[str, Mapping[str, Any]],
    study_of: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return each question's results before and after.

    Parameters
    ----------
    old, new : mapping of str to mapping
        Records by question id.
    order : mapping of str to mapping
        Question files by id, in the order of the book, the new side's before the old one's.
    study_of : mapping of str to str
        Study of each row of effects, by effect id.
    """
    names = [name for name in dict.fromkeys((*order, *sorted(new), *sorted(old))) if name in {*old, *new}]
    return [_result(name, old.get(name), new.get(name), order.get(name, {}), study_of) for name in names]


# What an estimate consists of; a sentence in other words moves none.
ESTIMATED = ("model", "numbers", "display", "lead")


def _result(
    name: str, old: Record | None, new: Record | None, raw: Mapping[str, Any], study_of: Mapping[str, str]
) -> dict[str, Any]:
    known = new if new is not None else old
    assert known is not None
    before, after = (None if record is None else side(record) for record in (old, new))
    both = old is not None and new is not None
    limit = raw.get("minimal_important_difference")
    return {
        "question": name,
        "title": known.get("title", ""),
        "part": known.get("part", ""),
        "state": "both" if both else "added" if old is None else "dropped",
        "moved": both and any(not same(before[part], after[part]) for part in ESTIMATED),  # type: ignore[index]
        "old": before,
        "new": after,
        "minimal_important_difference": limit,
        "flags": flags(old, new, limit) if old is not None and new is not None else {},
        "studies": _studies(old or {}, new or {}, study_of),
        "elsewhere": sorted(_elsewhere(old, new)) if old is not None and new is not None else [],
    }


def is_changed(result: Record) -> bool:
    """Return whether anything of a question's results changed, on top of its page or further down."""
    studies = result.get("studies") or {}
    inside = any(studies.get(key) for key in ("entered", "left", "changed"))
    gone = result.get("state") != "both"
    said = any((result.get("flags") or {}).values())
    return bool(gone or result.get("moved") or inside or said or result.get("elsewhere"))


def side(record: Record) -> dict[str, Any]:
    """Return what is compared of a record: model, numbers on both scales, verdict, and all as printed."""
    said = record.get("verdict") or {}
    shown = said.get("display") or {}
    lead = {key: said.get(key) for key in ("symbol", "scale")}
    return {
        "model": {key: record.get(key) for key in MODEL},
        "numbers": {key: record.get(key) for key in NUMBERS},
        "display": {key: (record.get("display") or {}).get(key) for key in SHOWN},
        "lead": {**lead, **{key: shown.get(key) for key in SHOWN[:3]}},
        "verdict": {key: said.get(key) for key in SAID},
        "printed": {number.field: number.text for number in numbers(record)},
    }


def same(old: Any, new: Any) -> bool:
    """Return whether two parts of a record say the same, noise of computing left aside.

    Of mappings, only keys that both have are compared: a later record may say more.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return all(same(old[key], new[key]) for key in old if key in new)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same(a, b) for a, b in zip(old, new, strict=True))
    return same_value(old, new)


def flags(old: Record, new: Record, limit: float | None) -> dict[str, bool | None]:
    """Return what a reader must not miss; None where it cannot be asked.

    `limit` is the minimal important difference, on the natural scale of the measure.
    """
    a, b = side(old), side(new)
    compares = all(_compares(record) for record in (old, new))
    main = _against_null(_ends(a["numbers"], 0.0), _ends(b["numbers"], 0.0)) if compares else _UNKNOWN
    lead = (
        _against_null(*(_ends(one["lead"], _null(one["lead"])) for one in (a, b))) if compares else _UNKNOWN
    )
    said = [{key: one["verdict"][key] for key in ("status", "headline", "answer")} for one in (a, b)]
    return {
        **main,
        **{f"lead_{name}": value for name, value in lead.items()},
        "minimal_important_difference_crossed": _crossed(old, new, limit),
        "newly_pooled": bool(new.get("pooled")) and not old.get("pooled"),
        "no_longer_pooled": bool(old.get("pooled")) and not new.get("pooled"),
        "verdict_changed": said[0] != said[1],
    }


_UNKNOWN: dict[str, bool | None] = dict.fromkeys(
    ("direction_changed", "now_includes_null", "now_excludes_null")
)


def _compares(record: Record) -> bool:
    """Return whether a record compares two groups or correlates: of one proportion, 0 is no null."""
    measure = MEASURES.get(str(record.get("measure")))
    return measure is not None and not measure.is_proportion


def _null(lead: Mapping[str, Any]) -> float:
    return 1.0 if lead["scale"] == LOG else 0.0


def _ends(values: Mapping[str, Any], null: float) -> list[float] | None:
    """Return estimate and limits as distances from no effect, None when one is missing."""
    found = [values[key] for key in SHOWN[:3]]
    return None if any(value is None for value in found) else [value - null for value in found]


def _against_null(old: list[float] | None, new: list[float] | None) -> dict[str, bool | None]:
    if old is None or new is None:
        return _UNKNOWN
    inside = [low <= 0 <= high for _, low, high in (old, new)]
    return {
        "direction_changed": old[0] * new[0] < 0,
        "now_includes_null": inside[1] and not inside[0],
        "now_excludes_null": inside[0] and not inside[1],
    }


def _crossed(old: Record, new: Record, limit: float | None) -> bool | None:
    """Return whether only one estimate lies beyond the limit, away from no effect."""
    beyond = [_beyond(record, limit) for record in (old, new)]
    return None if None in beyond else beyond[0] != beyond[1]


def _beyond(record: Record, limit: float | None) -> bool | None:
    measure, estimate = MEASURES.get(str(record.get("measure"))), record.get("estimate")
    if limit is None or measure is None or estimate is None or measure.is_proportion:
        return None
    try:
        threshold = float(measure.to_analysis(limit))
    except MeasureError:
        return None
    if not math.isfinite(threshold) or threshold == 0:
        return None
    return bool(estimate <= threshold if threshold < 0 else estimate >= threshold)


def _studies(old: Record, new: Record, study_of: Mapping[str, str]) -> dict[str, Any]:
    """Return the rows that entered, left or changed, and the largest changes of weight."""
    before, after = _rows(old), _rows(new)
    both = [key for key in after if key in before]
    keys = ("yi", "vi")
    return {
        "entered": [_row(after[key], study_of) for key in after if key not in before],
        "left": [_row(before[key], study_of) for key in before if key not in after],
        "changed": [
            {
                **_who(after[key], study_of),
                "old": {name: before[key].get(name) for name in keys},
                "new": {name: after[key].get(name) for name in keys},
            }
            for key in both
            if not all(same(before[key].get(name), after[key].get(name)) for name in keys)
        ],
        "weights": _weights([(before[key], after[key]) for key in both], study_of),
    }


def _rows(record: Record) -> dict[str, Record]:
    return {str(row.get("effect_id") or row.get("study")): row for row in record.get("studies") or ()}


def _who(row: Record, study_of: Mapping[str, str]) -> dict[str, Any]:
    effect_id = row.get("effect_id")
    return {"study": row.get("study"), "effect_id": effect_id, "study_id": study_of.get(str(effect_id), "")}


def _row(row: Record, study_of: Mapping[str, str]) -> dict[str, Any]:
    return {**_who(row, study_of), **{key: row.get(key) for key in ("yi", "vi", "weight")}}


def _weights(pairs: list[tuple[Record, Record]], study_of: Mapping[str, str]) -> list[dict[str, Any]]:
    changes = [
        {**_who(new, study_of), "old": old["weight"], "new": new["weight"]}
        for old, new in pairs
        if old.get("weight") is not None and new.get("weight") is not None
    ]
    large = [row for row in changes if abs(row["new"] - row["old"]) >= LEAST_WEIGHT]
    # Rounded, so that noise does not decide the order of equal changes.
    ordered = sorted(large, key=lambda row: (-round(abs(row["new"] - row["old"]), 6), str(row["effect_id"])))
    return ordered[:WEIGHTS_LISTED]


def _elsewhere(old: Record, new: Record) -> Iterator[str]:
    """Yield the further parts of a record that changed, by name."""
    rest = False
    for key in [key for key in old if key in new and key not in APART]:
        a, b = old[key], new[key]
        words = key.replace("_", " ")
        if key == "verdict":
            continue
        if key in ("sensitivity", "subgroups"):
            yield from (f"{words}: {name}" for name in _changed_parts(a or [], b or []))
        elif not same(a, b):
            if is_number(a) or is_number(b):
                rest = True
            else:
                yield words
    if rest:
        yield "further statistics of the model"


def _changed_parts(old: list[Record], new: list[Record]) -> Iterator[str]:
    before, after = ({str(row.get("name")): row for row in rows} for rows in (old, new))
    yield from (f"{name} (added)" for name in after if name not in before)
    yield from (f"{name} (dropped)" for name in before if name not in after)
    yield from (name for name in after if name in before and not same(before[name], after[name]))
