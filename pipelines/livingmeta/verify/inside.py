"""Numbers inside a file, checked one by one against the records of the release that they name."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from livingmeta.numbers import FIELDS, Number, number
from livingmeta.releases import UNRELEASED, ReleaseError
from livingmeta.verify.claims import claim
from livingmeta.verify.comparison import MOST, parsed, paths, rows
from livingmeta.verify.evidence import Evidence, record_in
from livingmeta.verify.reading import Content
from livingmeta.verify.stamps import Stamp, stamps, unreadable

Findings = list[tuple[bool, str]]
Record = Mapping[str, Any]
CLOSE = 1e-9  # relative; of values as printed in full
VALUES = ("value", "lower", "upper")
MINUS = re.compile("[‐‑‒–—−]")
SENTENCE = 40  # letters and digits that make sure it is the sentence and no accident
WIDEST = 12  # lines that are listed of a stamp that stands often


def structured(content: Content, evidence: Evidence) -> Findings:
    """Return what was found of each record of a JSON file, or of each row of a CSV file with stamps."""
    by_kind: dict[str, Callable[[Content, Evidence], Findings]] = {"json": _records, "csv": _rows}
    return by_kind[content.kind](content, evidence) if content.kind in by_kind else []


def numbers_inside(content: Content, evidence: Evidence) -> Findings:
    """Return what was found of each number that a file holds: records, rows with a stamp, stamps."""
    return structured(content, evidence) or stamps_inside(content, evidence)


def stamps_inside(content: Content, evidence: Evidence) -> Findings:
    """Return what was found of each stamp in a text, equal ones together."""
    if content.kind in ("bytes", "zip"):
        return []
    places: dict[tuple[bool, str], list[int]] = {}
    known: dict[tuple[str, str], tuple[bool, str]] = {}
    for stamp in stamps(content.text):
        key = stamp.text, stamp.before
        if key not in known:
            known[key] = _of_stamp(_named(stamp, evidence), evidence)
        places.setdefault(known[key], []).append(stamp.line)
    for line, text in unreadable(content.text):
        places.setdefault((False, f"looks like a stamp and cannot be read: {text}"), []).append(line)
    alone = content.text.count("\n") == 0
    return [(ok, said if alone else f"{_at(lines)}: {said}") for (ok, said), lines in places.items()]


def _at(lines: list[int]) -> str:
    distinct = sorted(set(lines))
    more = f" and {len(distinct) - WIDEST} more" if len(distinct) > WIDEST else ""
    word = "line" if len(distinct) == 1 else "lines"
    return f"{word} {', '.join(map(str, distinct[:WIDEST]))}{more}"


def _named(stamp: Stamp, evidence: Evidence) -> Stamp:
    """Return a stamp with the one question and number that it can mean.

    A break over lines may take a hyphen away, and the text of a PDF has no underscores; the hash
    is compared all the same.
    """
    stamp = replace(stamp, field=_only(FIELDS, stamp.field, "_"))
    if not stamp.broken or stamp.release == UNRELEASED:
        return stamp
    try:
        names = evidence.snapshot(stamp.release).records
    except ReleaseError:
        return stamp
    return replace(stamp, question=_only(names, stamp.question, "-"))


def _only(names: Iterable[str], written: str, sign: str) -> str:
    """Return the one name that was written but for a sign, else what was written."""
    alike = [name for name in names if name.replace(sign, "") == written.replace(sign, "")]
    return alike[0] if len(alike) == 1 else written


def _says_the_sentence(before: str, sentence: str) -> bool:
    """Return whether the text right before a stamp is the release's own sentence, as far as it reaches."""
    written, frozen = (re.sub(r"[^\w.%-]|_", "", MINUS.sub("-", text)) for text in (before, sentence))
    n = min(len(written), len(frozen))
    return n >= min(SENTENCE, len(frozen)) and written[-n:] == frozen[-n:]


def _of_stamp(stamp: Stamp, evidence: Evidence) -> tuple[bool, str]:
    fault = _fault(stamp, evidence)
    if fault:
        return False, f"{stamp.text}: {fault}"
    record = evidence.snapshot(stamp.release).records[stamp.question]
    frozen = number(record, stamp.field)
    assert frozen is not None
    today = _today(stamp, frozen, evidence)
    if _says_the_sentence(stamp.before, frozen.sentence):
        said = f"matches release {stamp.release}: its own sentence on {frozen.text}"
        return True, f"{stamp.text}: {said}; {today}"
    found = claim(stamp.before, frozen, _levels(record))
    if found is None:
        said = f"the stamp is genuine; no number was compared; release {stamp.release} says {frozen.text}"
        return True, f"{stamp.text}: {said}; {today}"
    if not found.agrees:
        said = f"{stamp.field} says {found.text} in the text, the release says {frozen.text}"
        where = f"does not match release {stamp.release}: number not found before the stamp"
        return False, f"{stamp.text}: {where}: {said}; {today}"
    return True, f"{stamp.text}: matches release {stamp.release}: {frozen.text}; {today}"


def _levels(record: Record) -> set[float]:
    common = record.get("common_effect") or {}
    return {float(level) for level in (record.get("level"), common.get("level")) if level is not None}


def _fault(stamp: Stamp, evidence: Evidence) -> str:
    """Return why a stamp is not one of the release that it names, nothing where it is."""
    if stamp.release == UNRELEASED:
        return _of_no_release(stamp, evidence)
    try:
        records = evidence.snapshot(stamp.release).records
    except ReleaseError as error:
        return f"cannot be held against release {stamp.release}: {error}"
    record = records.get(stamp.question)
    where = f"does not match release {stamp.release}:"
    if record is None:
        return f"{where} it has no question {stamp.question}; it has {', '.join(records) or 'none'}"
    if number(record, stamp.field) is None:
        fields = ", ".join(name for name in FIELDS if number(record, name) is not None)
        return f"{where} {stamp.question} has no number {stamp.field}; it has {fields or 'none'}"
    expected = evidence.hash_of(stamp.release, stamp.question)
    if stamp.hash != expected:
        return f"{where} hash says {stamp.hash}, the release says {expected}"
    return ""


def _of_no_release(stamp: Stamp, evidence: Evidence) -> str:
    said = "names no release (made from unreleased data): cannot be held against a release"
    version = evidence.holding(stamp.question, stamp.hash)
    if version:
        return f"{said}; release {version} has a record with this hash, and can be cited instead"
    now = evidence.today(stamp.question, stamp.field)
    return f"{said}; today: {now.text}" if now else said


def _today(stamp: Stamp, frozen: Number, evidence: Evidence) -> str:
    if evidence.now is None:
        return "today: cannot be worked out from the data of this checkout"
    now = evidence.today(stamp.question, stamp.field)
    if now is None:
        return "today: there is no such number"
    return f"today: {now.text}, {'unchanged' if now.text == frozen.text else 'changed'}"


def _records(content: Content, evidence: Evidence) -> Findings:
    """Return what was found of each record in a JSON file."""
    return [_of_record(record, evidence) for record in record_in(parsed(content))]


def _of_record(record: Record, evidence: Evidence) -> tuple[bool, str]:
    name, version = str(record["id"]), str(record["release"])
    if version == UNRELEASED:
        return (
            False,
            f"{name}: names no release (made from unreleased data): cannot be held against a release",
        )
    try:
        frozen = evidence.snapshot(version).records.get(name)
    except ReleaseError as error:
        return False, f"{name}: cannot be held against release {version}: {error}"
    if frozen is None:
        return False, f"{name}: does not match release {version}: it has no such question"
    found = list(paths(record, frozen))
    if not found:
        return True, f"{name}: matches release {version}: the same record"
    listed = "".join(f"\n  {one}" for one in found[:MOST]) + ("\n  and more" if len(found) > MOST else "")
    return False, f"{name}: does not match release {version}:{listed}"


def _rows(content: Content, evidence: Evidence) -> Findings:
    """Return what was found of each row of a CSV file that has a column of stamps."""
    table = rows(content) or [[]]
    if "stamp" not in table[0]:
        return []
    found: Findings = []
    for i, cells in enumerate(table[1:], 2):
        row = dict(zip(table[0], cells, strict=False))
        stamp = next(stamps(row.get("stamp", "")), None)
        if stamp is None:
            found.append((False, f"row {i}: no stamp in it"))
            continue
        found.append(_of_row(i, row, stamp, evidence))
    return found


def _of_row(i: int, row: Mapping[str, str], stamp: Stamp, evidence: Evidence) -> tuple[bool, str]:
    fault = _fault(stamp, evidence)
    if fault:
        return False, f"row {i}: {stamp.text}: {fault}"
    frozen = number(evidence.snapshot(stamp.release).records[stamp.question], stamp.field)
    assert frozen is not None
    wrong = [f"text says {row['text']}, the release says {frozen.text}"] if _other_text(row, frozen) else []
    wrong += [
        f"{name} says {row[name]}, the release says {', '.join(f'{v!r}' for v in frozen.values.values())}"
        for name in VALUES
        if row.get(name) and not _is_among(row[name], frozen)
    ]
    k = evidence.snapshot(stamp.release).records[stamp.question]["k"]
    wrong += [f"k says {row['k']}, the release says {k}"] if row.get("k", str(k)) != str(k) else []
    if wrong:
        return False, f"row {i}: {stamp.text}: does not match release {stamp.release}: {'; '.join(wrong)}"
    said = f"matches release {stamp.release}: {frozen.text}; {_today(stamp, frozen, evidence)}"
    return True, f"row {i}: {stamp.text}: {said}"


def _other_text(row: Mapping[str, str], frozen: Number) -> bool:
    return "text" in row and row["text"] != frozen.text


def _is_among(cell: str, frozen: Number) -> bool:
    try:
        value = float(cell)
    except ValueError:
        return False
    return any(math.isclose(value, one, rel_tol=CLOSE) for one in frozen.values.values())
