"""How records became studies: the counts of a flow diagram, from the tables; what nobody counted is None."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from livingmeta import formats
from livingmeta.releases import Identity, Release
from livingmeta.studies import Studies
from livingmeta.vocabulary import AWAITING, DUPLICATE, ERRATUM, EXCLUDED, NOT_RETRIEVED, PENDING, SYSTEMATIC

# Decisions of `screening` in the order of a flow diagram; the first two are taken before screening.
BEFORE_SCREENING = (DUPLICATE, ERRATUM)


@dataclass(frozen=True)
class Box:
    """One box of a flow diagram.

    Parameters
    ----------
    key : str
        Name of the box.
    title : str
        What is counted.
    count : int or None
        None where nobody counted.
    page : str
        Page, with anchor, that lists what is counted; empty where there is none.
    parts : tuple of (str, int or None)
        What the count is made of, or what belongs beside it.
    """

    key: str
    title: str
    count: int | None
    page: str = ""
    parts: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True)
class Flow:
    """A flow diagram: boxes down the middle, each with those that leave beside it."""

    title: str
    steps: tuple[tuple[Box, Box | None], ...]


@dataclass(frozen=True)
class Stage:
    """What one version added and what it holds, for a flow over versions."""

    version: str
    date: str
    kind: str
    screened: int | None
    studies: int
    reports: int
    effects: int
    before: "Stage | None" = None


def is_systematic(studies: Studies) -> bool:
    """Return whether a systematic search has been recorded."""
    return bool(studies.searches["kind"].eq(SYSTEMATIC).any())


def title_of(studies: Studies) -> str:
    """Return what the diagram may call itself, from the kind of the looks."""
    if is_systematic(studies):
        return "Flow of records, after PRISMA 2020"
    return "What an exploratory look found: not the flow of a systematic search"


def prisma_flow(studies: Studies, records: Sequence[Mapping[str, Any]]) -> Flow:
    """Return the flow from looks to studies.

    Parameters
    ----------
    studies : Studies
        All tables.
    records : sequence of mapping
        The records of all questions.

    References
    ----------
    Page 2021, BMJ 372:n71, figure 1 (the boxes).
    """
    decisions = studies.screening["decision"].astype(str)
    n = {name: int(count) for name, count in decisions.value_counts().items()}
    before = sum(n.get(name, 0) for name in BEFORE_SCREENING)
    pending = n.get(PENDING, 0)
    kept = len(decisions) - pending
    sought = kept - before - _at_title(studies)
    assessed = sought - n.get(NOT_RETRIEVED, 0) - n.get(AWAITING, 0)
    return Flow(
        title_of(studies),
        (
            (_identified(studies), _removed(n)),
            (Box("kept", "Records with a decision", kept, "search.html#decisions"), _not_kept(pending)),
            (
                Box("screened", "Records screened by title or abstract", kept - before),
                Box(
                    "excluded-title",
                    "Excluded by title, listing or register entry",
                    _at_title(studies),
                    _records(EXCLUDED),
                ),
            ),
            (
                Box("sought", "Reports sought", sought),
                Box(
                    "not-retrieved",
                    "Reports not at hand",
                    n.get(NOT_RETRIEVED, 0) + n.get(AWAITING, 0),
                    _records(NOT_RETRIEVED),
                    (
                        ("no page found", n.get(NOT_RETRIEVED, 0)),
                        ("full text awaited", n.get(AWAITING, 0)),
                    ),
                ),
            ),
            (
                Box("assessed", "Reports assessed, most of them as abstracts", assessed),
                Box(
                    "excluded-report",
                    "Excluded, each with a reason",
                    n.get(EXCLUDED, 0) - _at_title(studies),
                    _records(EXCLUDED),
                ),
            ),
            (_included(studies, len(pooled_studies(studies, records))), None),
        ),
    )


def _records(decision: str) -> str:
    return f"search.html#records-{decision.replace('_', '-')}"


def _identified(studies: Studies) -> Box:
    looks = [
        (str(row.source), None if pd.isna(row.records_found) else int(row.records_found))
        for row in studies.searches.itertuples()
    ]
    counts = [count for _, count in looks]
    total = None if None in counts or not counts else sum(count or 0 for count in counts)
    return Box("identified", "Records identified", total, "search.html#looks", tuple(looks))


def _removed(n: Mapping[str, int]) -> Box:
    parts = (
        ("duplicates", n.get("duplicate", 0)),
        ("errata of a report", n.get("erratum", 0)),
        ("removed by automation", None),
    )
    total = sum(count for _, count in parts if count is not None)
    return Box("removed", "Removed before screening", total, _records("duplicate"), parts)


def _not_kept(pending: int) -> Box:
    waiting = (("not screened yet", pending),) if pending else ()
    page = _records(PENDING) if pending else ""
    title = "Not screened yet, or left without a record" if pending else "Seen and left without a record"
    return Box("not-kept", title, None, page, waiting)


def _at_title(studies: Studies) -> int:
    """Return how many records were excluded without an abstract being read."""
    screening = studies.screening
    early = screening["stage"].astype(str).isin(("title", "listing", "registry"))
    return int((early & screening["decision"].astype(str).eq(EXCLUDED)).sum())


def _included(studies: Studies, pooled: int) -> Box:
    parts = (
        ("reports of them", int(studies.reports["study_id"].notna().sum())),
        ("in a pooled estimate", pooled),
        ("shown and not pooled", len(studies.studies) - pooled),
    )
    return Box("included", "Studies included", len(studies.studies), "studies.html", parts)


def pooled_studies(studies: Studies, records: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the studies with at least one row in a pooled estimate (not in one that is shown alone)."""
    entering = {
        study["effect_id"]
        for record in records
        if record["pooled"] and record["k"] > 1
        for study in record["studies"]
    }
    return frozenset(
        str(row.study_id)
        for table in studies.effects.values()
        for row in table.itertuples()
        if row.effect_id in entering
    )


def stages(released: Sequence[Release], studies: Studies, today: Identity) -> tuple[Stage, ...]:
    """Return what each version added and holds, oldest first; today's build last, if it is not released.

    References
    ----------
    Akl 2024, BMJ 387:e079183 (a flow diagram over the versions of a living review).
    """
    found: list[Stage] = []
    for release in released:
        held = release.counts
        screened = _decided(held["screening"]) if held.get("screening") is not None else None
        sizes = (int(held["studies"]), int(held["reports"]), int(held["effects"]))
        found.append(
            Stage(release.version, release.date, release.kind, screened, *sizes, found[-1] if found else None)
        )
    if not today.is_release:
        effects = sum(len(table) for table in studies.effects.values())
        sizes = (len(studies.studies), len(studies.reports), effects)
        last = found[-1] if found else None
        decided = int(studies.screening["decision"].ne(PENDING).sum())
        found.append(Stage(today.text, today.date or "", "", decided, *sizes, last))
    return tuple(found)


def _decided(counts: Mapping[str, int]) -> int:
    return sum(count for decision, count in counts.items() if decision != PENDING)


def counted(count: int | None) -> str:
    """Return a count as text; what nobody counted is not recorded."""
    return (
        "not recorded" if count is None else f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{formats.count(count)}"
    )
