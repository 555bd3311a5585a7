"""The numbers of a record that can be cited: each with a name, a text, a sentence and a stamp.

They are made from a record alone, so that those of a release of years ago are made as those
of today.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from livingmeta import formats
from livingmeta.effect_sizes.measures import MEASURES
from livingmeta.releases import UNRELEASED

HASH_DIGITS = 8
SIGNIFICANT_DIGITS = 10  # of what is hashed: machines differ in the last few
# Two computers, or two versions of a package, differ in the last digits of the same sum; one part
# in a thousand million is far above that and far below anything printed. NOISE, an absolute
# bound, is for what is zero but for such noise, such as tau2.
TOLERANCE = 1e-9
NOISE = 1e-12
SIGNATURE = ("release", "hash")  # what a record says of the version it belongs to
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Number:
    """One citable number of a question.

    Parameters
    ----------
    field : str
        Its name in stamps, anchors and macros; letters and underscores.
    label : str
        What it is, for a table.
    text : str
        As printed.
    sentence : str
        A sentence that says it.
    values : mapping of str to float
        What the text is made of, at full precision, on the scale that is shown.
    """

    field: str
    label: str
    text: str
    sentence: str
    values: Mapping[str, float]


def numbers(record: Record) -> tuple[Number, ...]:
    """Return the citable numbers of a record that it has, the one that the page leads with first."""
    found = (make(record) for make in FIELDS.values())
    return tuple(number for number in found if number is not None)


def number(record: Record, field: str) -> Number | None:
    """Return one citable number of a record, None when the record has none of that name."""
    return FIELDS[field](record) if field in FIELDS else None


def symbol(record: Record) -> str:
    """Return how the measure of a record is printed: OR, RR, HR, r."""
    measure = MEASURES.get(record["measure"])
    return measure.label if measure is not None else str(record["measure"])


def _shown(display: Mapping[str, float | None]) -> str:
    return formats.with_interval(display["estimate"], display["ci_lower"], display["ci_upper"])


def _present(display: Mapping[str, float | None], *keys: str) -> dict[str, float]:
    return {key: value for key in keys if (value := display.get(key)) is not None}


ENDS = ("estimate", "ci_lower", "ci_upper")


def _verdict(record: Record) -> Number | None:
    said = record["verdict"]
    if said["display"]["estimate"] is None:
        return None
    text = f"{said['symbol']} {_shown(said['display'])}"
    return Number(
        "verdict",
        "The number that the page leads with",
        text,
        said["sentence"],
        _present(said["display"], *ENDS),
    )


def _estimate(record: Record) -> Number | None:
    shown = record["display"]
    if shown["estimate"] is None:
        return None
    text = f"{symbol(record)} {_shown(shown)}"
    who = (
        "The only study gives"
        if record["k"] == 1
        else f"Pooling {record['k']} studies ({record['method']}) gives"
    )
    sentence = f"{who} {symbol(record)} {_spoken(shown, record['level'])}."
    return Number("estimate", "Estimate of the main model", text, sentence, _present(shown, *ENDS))


def _spoken(shown: Mapping[str, Any], level: float) -> str:
    if shown["ci_lower"] is None or shown["ci_upper"] is None:
        return formats.ratio(shown["estimate"])
    show = formats.alike(*(shown[name] for name in ENDS))
    estimate, lower, upper = (show(shown[name]) for name in ENDS)
    return f"{estimate} ({level:g}% confidence interval {lower} to {upper})"


def _prediction_interval(record: Record) -> Number | None:
    shown = record["display"]
    if shown.get("pi_lower") is None or shown.get("pi_upper") is None:
        return None
    low, high = formats.ratio(shown["pi_lower"]), formats.ratio(shown["pi_upper"])
    sentence = (
        f"In a new study like these, the {symbol(record)} is expected between {low} and {high} "
        f"({record['level']:g}% prediction interval)."
    )
    text = f"{symbol(record)} {formats.interval(shown['pi_lower'], shown['pi_upper'])}"
    return Number(
        "prediction_interval", "Prediction interval", text, sentence, _present(shown, "pi_lower", "pi_upper")
    )


def _common_effect(record: Record) -> Number | None:
    common = record.get("common_effect") or {}
    shown = common.get("display") or {}
    if shown.get("estimate") is None or record["k"] < 2:
        return None
    text = f"{symbol(record)} {_shown(shown)}"
    sentence = (
        f"With one common effect ({common['method']}), the same {common['k']} studies give "
        f"{symbol(record)} {_spoken(shown, common['level'])}."
    )
    return Number(
        "common_effect", "Estimate of the common-effect model", text, sentence, _present(shown, *ENDS)
    )


def _tau2(record: Record) -> Number | None:
    value = record.get("tau2")
    if value is None:
        return None
    text = formats.number(value, 4)
    sentence = f"The estimated variance between studies is {text} on the scale of the analysis."
    return Number("tau2", "Variance between studies (tau2)", text, sentence, {"tau2": value})


def _i2(record: Record) -> Number | None:
    value = record.get("i2")
    if value is None:
        return None
    text = formats.percent(value)
    sentence = f"I2, the share of the variation that lies between studies, is {text}."
    return Number("i2", "I2, from tau2", text, sentence, {"i2": value})


def _k(record: Record) -> Number | None:
    k = record["k"]
    if record["display"]["estimate"] is None:
        return _side_by_side(k)
    sentence = (
        f"{formats.words(k).capitalize()} {'study enters' if k == 1 else 'studies enter'} the estimate."
    )
    return Number("k", "Studies in the estimate (k)", formats.count(k), sentence, {"k": k})


def _side_by_side(k: int) -> Number | None:
    """Return the number of results where there is no mean; studies may have more than one."""
    if k == 0:
        return None
    verb = "result is" if k == 1 else "results are"
    sentence = f"{formats.words(k).capitalize()} {verb} shown side by side; no mean is given."
    return Number("k", "Results shown side by side (k)", formats.count(k), sentence, {"k": k})


def _participants(record: Record) -> Number | None:
    n = record.get("participants")
    if not n:
        return None
    sentence = f"They had {formats.count(n)} participants."
    return Number(
        "participants", "Participants in these studies", formats.count(n), sentence, {"participants": n}
    )


FIELDS: dict[str, Callable[[Record], Number | None]] = {
    "verdict": _verdict,
    "estimate": _estimate,
    "prediction_interval": _prediction_interval,
    "common_effect": _common_effect,
    "tau2": _tau2,
    "i2": _i2,
    "k": _k,
    "participants": _participants,
}


SUMMARY_KEYS = (
    *("title", "part", "measure", "scale", "method", "test", "level", "k", "participants"),
    *("pooled", "reason", "tau2", "i2", "display", "living"),
)
SAID_KEYS = ("status", "answer", "symbol", "scale", "display", "k", "participants", "method")


def summary(record: Record) -> dict[str, Any]:
    """Return the small part of a record that comparisons over versions show."""
    said = {key: record["verdict"].get(key) for key in SAID_KEYS}
    return {**{key: record.get(key) for key in SUMMARY_KEYS}, "verdict": said, "hash": record_hash(record)}


def record_hash(record: Record) -> str:
    """Return the first eight hex digits of the SHA-256 of a record, its numbers to ten digits.

    What a record says of the version it belongs to is not hashed.
    """
    kept = {key: value for key, value in record.items() if key not in SIGNATURE}
    text = json.dumps(_rounded(kept), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return _digits(float(value))


def _digits(value: float) -> str | None:
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return "0" if abs(value) < NOISE else f"{value:.{SIGNIFICANT_DIGITS}g}"


def same(old: Any, new: Any) -> bool:
    """Return whether two values of records are the same, noise of computing left aside."""
    if is_number(old) and is_number(new):
        return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=NOISE)
    return bool(old == new)


def is_number(value: Any) -> bool:
    """Return whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def signed(record: Record, release: str = UNRELEASED) -> dict[str, Any]:
    """Return a record that says which release it belongs to, and its hash."""
    kept = {key: value for key, value in record.items() if key not in SIGNATURE}
    return {"release": release, "hash": record_hash(kept), **kept}


def stamp(record: Record, field: str = "verdict", release: str = UNRELEASED) -> str:
    """Return what proves a cited number: `[release/question/field#hash8]`."""
    return stamp_text(record["id"], field, record_hash(record), release)


def stamp_text(question: str, field: str, digest: str, release: str = UNRELEASED) -> str:
    """Return the stamp of a number whose record has this hash."""
    return f"[{release}/{question}/{field}#{digest}]"


def cited(record: Record, number: Number, release: str = UNRELEASED) -> str:
    """Return a number with its stamp, ready for a manuscript."""
    return f"{number.text} {stamp(record, number.field, release)}"
