"""What each release said of a question: a step per release, and which steps looked for new evidence.

A step is made from what a release keeps for this purpose and never from its tables, so that
those of years ago read as those of today. Only the standard library and the records' numbers
are used.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from livingmeta import formats
from livingmeta.differences.sentences import FLAGS
from livingmeta.numbers import same, summary, symbol
from livingmeta.releases import KINDS, UNRELEASED, Identity, Release

NEW_SEARCH = "new-search"
PLAIN_KEYS = ("measure", "scale", "method", "test", "level", "k", "participants", "pooled", "tau2", "i2")
Summary = Mapping[str, Any]


@dataclass(frozen=True)
class Changes:
    """What a release changed of one question: studies by name, and what is remarkable, in words."""

    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """What one version said of a question.

    Parameters
    ----------
    version, kind, reason, date : str
        The release's; an unreleased step has no kind and no reason.
    summary : mapping
        The small part of its record that `numbers.summary` keeps.
    is_look : bool
        Whether the release searched anew for this question.
    changes : Changes
        What differs from the release before.
    """

    version: str
    kind: str
    reason: str
    date: str
    summary: Summary
    is_look: bool = False
    changes: Changes = field(default_factory=Changes)

    @property
    def is_release(self) -> bool:
        """Return whether this was released."""
        return self.version != UNRELEASED

    @property
    def kind_text(self) -> str:
        """Return the kind in words."""
        return KINDS.get(self.kind, self.kind) if self.is_release else ""

    @property
    def display(self) -> Mapping[str, float | None]:
        """Return estimate and intervals of the main model on the natural scale."""
        shown: Mapping[str, float | None] = self.summary["display"]
        return shown

    @property
    def lead(self) -> Mapping[str, float | None]:
        """Return the estimate that the page led with, on its own natural scale."""
        shown: Mapping[str, float | None] = self.summary["verdict"]["display"]
        return shown

    @property
    def symbol(self) -> str:
        """Return how the measure of the main model is printed."""
        return symbol(self.summary)

    @property
    def lead_symbol(self) -> str:
        """Return how the measure of the leading estimate is printed."""
        return str(self.summary["verdict"]["symbol"])

    @property
    def leads_otherwise(self) -> bool:
        """Return whether the page led with another number than the main model's."""
        return leads_otherwise(self.summary)


@dataclass(frozen=True)
class History:
    """All steps of a question, oldest first."""

    question_id: str
    title: str
    steps: tuple[Step, ...] = ()

    @property
    def looks(self) -> int:
        """Return how many released new searches named the question."""
        return sum(step.is_look for step in self.steps)

    @property
    def looks_without_change(self) -> int:
        """Return how many looks in a row, up to the newest, left studies and numbers as they were."""
        count = 0
        for before, step in reversed(list(pairwise(self.steps))):
            if step.is_look and _differs(before.summary, step.summary):
                break
            count += step.is_look
        return count


@dataclass(frozen=True)
class Moved:
    """An estimate that a version changed: its text before and after; None where there is none."""

    question_id: str
    part: str
    title: str
    old: str | None
    new: str | None
    flags: tuple[str, ...] = ()


def history(
    question_id: str, released: Sequence[Release], record: Mapping[str, Any] | None, today: Identity
) -> History:
    """Return the steps of a question.

    Parameters
    ----------
    question_id : str
        Its id.
    released : sequence of Release
        All releases, oldest first.
    record : mapping or None
        Today's record; without it the history ends with the newest release.
    today : Identity
        What the build is: today's numbers are a step when it is unreleased and they differ
        from the newest release's.
    """
    previous = [None, *released][: len(released)]
    steps = [
        _step(question_id, release, before)
        for before, release in zip(previous, released, strict=True)
        if question_id in release.estimates
    ]
    if record is not None and not today.is_release:
        said, newest = summary(record), released[-1].estimates.get(question_id) if released else None
        if newest is None or _differs(newest, said):
            steps.append(Step(UNRELEASED, "", "", today.date, said))
    title = str(steps[-1].summary["title"]) if steps else question_id
    return History(question_id, title, tuple(steps))


def _step(question_id: str, release: Release, before: Release | None) -> Step:
    return Step(
        version=release.version,
        kind=release.kind,
        reason=release.reason,
        date=release.date,
        summary=release.estimates[question_id],
        is_look=question_id in searched(release, before),
        changes=changes_of(release, question_id),
    )


def searched(release: Release, before: Release | None) -> frozenset[str]:
    """Return the questions that a release searched anew: those named by rows it added to the searches."""
    if release.kind != NEW_SEARCH:
        return frozenset()
    known = {row.get("search_id") for row in _searches(before)}
    added = [row for row in _searches(release) if row.get("search_id") not in known]
    named = (part.strip() for row in added for part in (row.get("question_ids") or "").split(";"))
    return frozenset(name for name in named if name)


def _searches(release: Release | None) -> list[dict[str, str]]:
    return _rows(release, "searches.csv") if release is not None else []


def _rows(release: Release, table: str) -> list[dict[str, str]]:
    path = release.data / table
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def changes_of(release: Release, question_id: str) -> Changes:
    """Return what a release changed of one question, as far as it wrote that down.

    Studies are those that entered or left the estimate.
    """
    results = release.changes.get("results") or ()
    items = results if isinstance(results, list | tuple) else ()
    named = (item for item in items if isinstance(item, Mapping))
    result = next((item for item in named if item.get("question") == question_id), {})
    studies = result.get("studies") or {}
    flags = result.get("flags") or {}
    return Changes(_names(studies.get("entered")), _names(studies.get("left")), _flags(flags))


def studies_changed(release: Release) -> Changes:
    """Return the studies that a release added to and dropped from the whole evidence."""
    evidence = release.changes.get("evidence") or {}
    studies = evidence.get("studies") or {}
    return Changes(_names(studies.get("added")), _names(studies.get("dropped")))


def studies_since(release: Release, labels: Mapping[str, str]) -> Changes:
    """Return the studies that are in the evidence and were not in a release, and the reverse.

    Parameters
    ----------
    release : Release
        The version to compare with.
    labels : mapping of str to str
        Names of the studies in the evidence now, by id.
    """
    then = {row["study_id"]: row.get("label") or row["study_id"] for row in _rows(release, "studies.csv")}
    added = tuple(label for name, label in sorted(labels.items()) if name not in then)
    return Changes(added, tuple(label for name, label in sorted(then.items()) if name not in labels))


def _flags(flags: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is true of flags in words, the same of the leading and of the main estimate once."""
    raised = (name.removeprefix("lead_") for name, value in flags.items() if value)
    return tuple(dict.fromkeys(FLAGS.get(name, name.replace("_", " ")) for name in raised))


def _names(items: Any) -> tuple[str, ...]:
    """Return how each item of a list is called, each name once."""
    listed = items if isinstance(items, list | tuple) else ()
    return tuple(dict.fromkeys(_name(item) for item in listed))


def _name(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    keys = ("label", "study", "study_id", "id")
    return str(next((item[key] for key in keys if item.get(key)), "not recorded"))


def moved(
    old: Mapping[str, Summary], new: Mapping[str, Summary], flags: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Moved, ...]:
    """Return the questions whose numbers differ between two versions, in the order of their ids.

    Parameters
    ----------
    old, new : mapping of str to mapping
        Summaries by question id.
    flags : mapping of str to tuple of str, optional
        What is remarkable about a change, by question id.
    """
    return tuple(
        _moved(name, old.get(name), new.get(name), (flags or {}).get(name, ()))
        for name in sorted({*old, *new})
        if name not in old or name not in new or _differs(old[name], new[name])
    )


def _moved(name: str, old: Summary | None, new: Summary | None, flags: tuple[str, ...]) -> Moved:
    said = new or old or {}
    before, after = (None if one is None else summary_text(one) for one in (old, new))
    return Moved(name, str(said.get("part", "")), str(said.get("title", name)), before, after, flags)


def leads_otherwise(said: Summary) -> bool:
    """Return whether a page leads with another number than the main model's."""
    lead, main = said["verdict"]["display"], said["display"]
    agrees = all(same(lead[key], main[key]) for key in ("estimate", "ci_lower", "ci_upper"))
    return lead["estimate"] is not None and not (agrees and said["verdict"]["symbol"] == symbol(said))


def summary_text(said: Summary) -> str:
    """Return the estimate that leads, the main model's where it is another, and k, as text."""
    lead = said["verdict"]
    if lead["display"]["estimate"] is None:
        return f"not pooled, {_k(said['k'])}" if said["k"] else "nothing pooled"
    k = said["k"] if lead.get("k") is None else lead["k"]
    texts = [f"{lead['symbol']} {interval_text(lead['display'])}, {_k(k)}"]
    if leads_otherwise(said) and said["display"]["estimate"] is not None:
        who = f"{said['method']}: " if said["pooled"] else ""
        texts.append(f"{who}{symbol(said)} {interval_text(said['display'])}, {_k(said['k'])}")
    return "; ".join(texts)


def _k(studies: int) -> str:
    return f"k\u00a0=\u00a0{studies}"


def interval_text(shown: Mapping[str, float | None]) -> str:
    """Return an estimate with its confidence interval as text."""
    if shown["estimate"] is None:
        return formats.MISSING
    return formats.with_interval(shown["estimate"], shown["ci_lower"], shown["ci_upper"])


def release_moves(release: Release, before: Release | None) -> tuple[Moved, ...]:
    """Return the estimates that a release moved, none for the first one."""
    if before is None:
        return ()
    flags = {name: changes_of(release, name).flags for name in release.estimates}
    return moved(before.estimates, release.estimates, flags)


def _differs(one: Summary, other: Summary) -> bool:
    """Return whether anything that is shown over versions differs between two summaries."""
    pairs = [(one.get(key), other.get(key)) for key in PLAIN_KEYS]
    pairs += _both(one["display"], other["display"])
    pairs += _both(one["verdict"]["display"], other["verdict"]["display"])
    pairs.append((one["verdict"]["symbol"], other["verdict"]["symbol"]))
    return not all(same(a, b) for a, b in pairs)


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[tuple[Any, Any]]:
    return [(one.get(key), other.get(key)) for key in sorted({*one, *other})]
