"""Two states of the evidence compared: one frozen value with everything that differs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from livingmeta.differences.curated import EFFECTS, NOTHING, Tables, evidence, read_tables, screening
from livingmeta.differences.estimates import is_changed, results
from livingmeta.differences.methods import methods, read_questions
from livingmeta.snapshots import Snapshot

LAYOUT = 1  # of what as_dict returns; a reader of many years knows by it what to expect


@dataclass(frozen=True)
class Difference:
    """What differs between two states of the evidence; each part is ready for JSON.

    Parameters
    ----------
    old, new : dict
        `name version commit date kind reason` of each side; `old` is None when there is no
        earlier version.
    evidence : dict
        `studies`, `reports` and `effects` (each `added` and `dropped`; of effects also which
        rows `moved` to another file), `rows` of the other tables by key, `cells` changed with
        `date`, `reason` and `source`, `columns` and `tables` added or dropped.
    screening : dict
        Records `decided` since, those `awaiting` their full text, and how many are `pending`.
    methods : dict
        Keys of question `questions` with old and new value and their `kind` (method or text),
        `questions_added`, `questions_dropped`, `packages`, `inputs` by group, and a `note` on
        which code worked out the results.
    results : list of dict
        One entry per question: `state` (both, added, dropped), `moved`, the sides `old` and
        `new` (`model`, `numbers` on the scale of the analysis, `display`, `lead`, `verdict`,
        `printed`), `flags`, the `studies` that entered, left or changed with the largest
        changes of weight, and what changed `elsewhere` on the page.
    """

    old: dict[str, Any] | None
    new: dict[str, Any]
    evidence: dict[str, Any] = field(default_factory=dict)
    screening: dict[str, Any] = field(default_factory=dict)
    methods: dict[str, Any] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing differs but the names of the two sides."""
        evidence, methods = (_without(part, "note") for part in (self.evidence, self.methods))
        counted = [self.screening.get(name, {}) for name in ("awaiting", "pending")]
        waiting = any(count.get("old") != count.get("new") for count in counted)
        parts = (evidence, methods, self.screening.get("decided"), waiting)
        return not any(map(_holds, parts)) and not any(map(is_changed, self.results))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it; the keys are those of this class."""
        return {"layout": LAYOUT, "empty": self.is_empty, **asdict(self)}


def _without(part: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}


def _holds(part: Any) -> bool:
    return any(map(_holds, part.values())) if isinstance(part, Mapping) else bool(part)


def compare(old: Snapshot | None, new: Snapshot) -> Difference:
    """Return what differs between two states of the evidence.

    Parameters
    ----------
    old : Snapshot or None
        None when there is no earlier version: then everything is new.
    new : Snapshot
        The later state.
    """
    before, after = read_tables(old.data if old else None), read_tables(new.data)
    asked, asking = read_questions(old.data if old else None), read_questions(new.data)
    records: Mapping[str, dict[str, Any]] = old.records if old else {}
    studies = {**_study_of(before), **_study_of(after)}
    return Difference(
        old=None if old is None else _side(old),
        new=_side(new),
        evidence=evidence(before, after),
        screening=screening(before, after),
        methods=methods(old, new, asked, asking),
        results=results(records, new.records, {**asking, **_without_all(asked, asking)}, studies),
    )


def _without_all(part: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in known}


def _study_of(tables: Tables) -> dict[str, str]:
    return {key: row.get("study_id", "") for key, row in tables.get(EFFECTS, NOTHING).rows.items()}


def _side(snapshot: Snapshot) -> dict[str, Any]:
    release, who = snapshot.release, snapshot.identity
    return {
        "name": snapshot.name,
        "version": who.version,
        "commit": who.commit,
        "date": who.date,
        "kind": release.kind if release else None,
        "reason": release.reason if release else None,
    }
