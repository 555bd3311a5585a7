# ruff: noqa: E501
"""Precision and recall over pairs, and what was missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from labelled import Labelled

from livingmeta.intake.duplicates import duplicates
from livingmeta.intake.match import Comparison
from livingmeta.vocabulary import SECOND_REPORT

Pair = tuple[int, int]


@dataclass(frozen=True)
class Score:
    """Pairs that are so and were found, were found and are not so, are so and were missed."""

    hits: tuple[Pair, ...]
    wrong: tuple[Pair, ...]
    missed: tuple[Pair, ...]

    @property
    def precision(self) -> float:
        return len(self.hits) / max(1, len(self.hits) + len(self.wrong))

    @property
    def recall(self) -> float:
        return len(self.hits) / max(1, len(self.hits) + len(self.missed))


def score(true: set[Pair], found: set[Pair]) -> Score:
    return Score(*(tuple(sorted(pairs)) for pairs in (true & found, found - true, true - found)))


def true_duplicates(rows: Sequence[Labelled]) -> set[Pair]:
    reports: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        reports.setdefault(row.report, []).append(place)
    return pairs_of(reports.values())


def pairs_of(groups: Iterable[Sequence[int]]) -> set[Pair]:
    return {(min(pair), max(pair)) for group in groups for pair in combinations(group, 2)}


def true_links(rows: Sequence[Labelled]) -> dict[Pair, str]:
    """Return, for each record that belongs to another report, that report's record as it was recorded."""
    whole = {row.report: place for place, row in enumerate(rows) if row.variation == "as recorded"}
    return {
        (min(place, whole[row.of]), max(place, whole[row.of])): row.relation
        for place, row in enumerate(rows)
        if row.relation
    }


def found_duplicates(found: Comparison) -> set[Pair]:
    return pairs_of(cluster.members for cluster in found.clusters)


def score_links(rows: Sequence[Labelled], found: Comparison) -> tuple[Score, Score]:
    """Return how links, and second reports, were found: each belonging record with the recorded one of its report.

    A link is wrong when it joins two families: the variations of a report and what belongs to it are one family.
    """
    true = true_links(rows)
    second = {pair for pair, relation in true.items() if relation == SECOND_REPORT}
    said = {(min(m.left, m.right), max(m.left, m.right)): m.relation for m in found.matches}
    families = [row.of or row.report.split("-")[0] for row in rows]
    scores = []
    for wanted, kinds in (
        (set(true) - second, lambda r: r not in ("duplicate", "possible_duplicate", SECOND_REPORT)),
        (second, lambda r: r == SECOND_REPORT),
    ):
        hits = {pair for pair in wanted if said.get(pair) == true[pair]}
        wrong = {pair for pair, r in said.items() if kinds(r) and families[pair[0]] != families[pair[1]]}
        scores.append(Score(tuple(sorted(hits)), tuple(sorted(wrong)), tuple(sorted(wanted - hits))))
    return scores[0], scores[1]


def measure(rows: Sequence[Labelled]) -> tuple[Comparison, Score, Score, Score]:
    found = duplicates([row.record for row in rows])
    return (found, score(true_duplicates(rows), found_duplicates(found)), *score_links(rows, found))
