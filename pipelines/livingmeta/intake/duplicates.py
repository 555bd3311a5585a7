"""Which records are one report, which belong together, and which record stands for the others.

What is found depends on the records alone and not on their order.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from livingmeta.intake.candidates import candidates
from livingmeta.intake.companions import companion, said
from livingmeta.intake.judging import Verdict, judge
from livingmeta.intake.keys import Key, keys_of
from livingmeta.intake.match import Cluster, Comparison, Match
from livingmeta.intake.record import Record
from livingmeta.vocabulary import COMPANIONS, DUPLICATE, POSSIBLE, SECOND_REPORT

Pair = tuple[int, int]


@dataclass
class _Nodes:
    """The different records among those given, in an order that their content alone decides."""

    keys: list[Key]
    places: list[list[int]]
    known: list[bool]
    has_new: list[bool]
    verdicts: dict[Pair, Verdict] = field(default_factory=dict)

    def judged(self, i: int, j: int) -> Verdict:
        """Return the verdict on two nodes, worked out once."""
        pair = (min(i, j), max(i, j))
        if pair not in self.verdicts:
            self.verdicts[pair] = judge(self.keys[pair[0]], self.keys[pair[1]])
        return self.verdicts[pair]

    def one_title(self, i: int, j: int) -> bool:
        """Return whether two nodes are one report with one title, typing errors aside."""
        verdict = self.judged(i, j)
        return verdict.answer == "same" and verdict.found.title.grade == "same"

    def identified(self, i: int, j: int) -> bool:
        """Return whether an identifier makes two different nodes one report."""
        return i != j and self.judged(i, j).answer == "same" and self.judged(i, j).tier == 3


def duplicates(records: Sequence[Record]) -> Comparison:
    """Return which of the records are one report, and every other pair that has to do with each other."""
    return compare(records, ())


def compare(new: Sequence[Record], known: Sequence[Record]) -> Comparison:
    """Return how new records compare among themselves and with those that are known.

    Parameters
    ----------
    new : sequence of Record
        Merged among themselves and with known ones.
    known : sequence of Record
        Never merged among themselves; a cluster has one of them at most.

    Returns
    -------
    Comparison
        Places count through the known records first, then through the new ones: `known` has 0 to
        ``len(known) - 1``. Where a cluster has a known record, that one represents it. A new record that is
        the same as two known ones is in the cluster of one of them, and has a "duplicate" match with each.
    """
    records = (*known, *new)
    nodes = _nodes(records, len(known))
    pairs = sorted((i, j) for i, j in candidates(nodes.keys) if nodes.has_new[i] or nodes.has_new[j])
    parents = _clustered(nodes, pairs)
    members = defaultdict(list)
    for node, parent in enumerate(parents):
        members[parent].append(node)
    matches = _matches(nodes, pairs, parents)
    matches.update(_stated(records, nodes, len(known), matches))
    matches.update(_copies(nodes, len(known)))
    clusters = _clusters(nodes, members.values(), records, len(known), matches)
    return Comparison(clusters, tuple(matches[pair] for pair in sorted(matches)))


def reports_of_one_trial(records: Sequence[Record]) -> tuple[Match, ...]:
    """Return the pairs that may be reports of one trial without being the same report."""
    return duplicates(records).of(SECOND_REPORT)


def links(records: Sequence[Record]) -> tuple[Match, ...]:
    """Return errata, retractions, concerns, comments, protocols and preprints with what they are about."""
    return duplicates(records).of(*COMPANIONS)


def _nodes(records: Sequence[Record], known: int) -> _Nodes:
    keys = keys_of(records)
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key.identity].append(place)
    groups = [places[identity] for identity in sorted(places)]
    return _Nodes(
        [keys[group[0]] for group in groups],
        groups,
        [group[0] < known for group in groups],
        [group[-1] >= known for group in groups],
    )


def _clustered(nodes: _Nodes, pairs: Iterable[Pair]) -> list[int]:
    """Return the cluster of each node: the strongest pairs join first, unless members contradict."""
    same = [(pair, verdict) for pair in pairs if (verdict := nodes.judged(*pair)).answer == "same"]
    unclear = _fits_several(nodes, same)
    same = [(pair, verdict) for pair, verdict in same if pair not in unclear]
    same.sort(key=lambda one: (-one[1].tier, -one[1].score, one[0]))
    parents = list(range(len(nodes.keys)))
    members = [[node] for node in parents]
    for (i, j), _ in same:
        a, b = sorted((parents[i], parents[j]))
        if a != b and _may_join(nodes, members[a], members[b]):
            for node in members[b]:
                parents[node] = a
            members[a] += members[b]
    return parents


def _fits_several(nodes: _Nodes, same: Iterable[tuple[Pair, Verdict]]) -> set[Pair]:
    """Return the pairs by a part of a title, where that part fits two reports that are not the same."""
    wholes: dict[int, list[int]] = defaultdict(list)
    for (i, j), verdict in same:
        if verdict.tier == 1 and verdict.found.title.grade == "part":
            short, long = sorted((i, j), key=lambda node: len(nodes.keys[node].title.squeezed))
            wholes[short].append(long)
    return {
        (min(short, long), max(short, long))
        for short, longs in wholes.items()
        if any(_contradict(nodes.judged(x, y)) for x, y in combinations(longs[:50], 2))
        for long in longs
    }


def _may_join(nodes: _Nodes, a: Sequence[int], b: Sequence[int]) -> bool:
    if any(nodes.known[i] for i in a) and any(nodes.known[j] for j in b):
        return False
    return all(_agree(nodes, i, j, a, b) for i in a for j in b)


def _agree(nodes: _Nodes, i: int, j: int, a: Sequence[int], b: Sequence[int]) -> bool:
    """Return whether node `i` of cluster `a` may be one report with node `j` of cluster `b`.

    A wrong year, page or title does not keep a record from its cluster when an identifier has shown it
    wrong: the record has the identifier of another one of its cluster, and that one is the same as the
    other side.
    """
    verdict = nodes.judged(i, j)
    if not _contradict(verdict):
        return True
    if verdict.found.title.grade == "numbers" or verdict.found.other or verdict.hard:
        return False
    twins = [(k, j) for k in a if nodes.identified(i, k)] + [(i, k) for k in b if nodes.identified(j, k)]
    if any(nodes.judged(x, y).answer == "same" for x, y in twins):
        return True
    # So is the year printed between that of the first day online and a wrong one.
    found = verdict.found
    dated = found.years == 2 and found.title.grade == "same" and found.authors in ("same", "first")
    # Two spoilt copies of one title are further from each other than from the title.
    spoilt = verdict.found.title.grade == "alike" and verdict.score > 0.93 and verdict.answer != "apart"
    between = [(i, k, j) for k in a if k != i] + [(j, k, i) for k in b if k != j]
    drifted = dated and found.place != "differ" and found.journal != "differ"
    return (spoilt or drifted) and any(nodes.one_title(x, k) and nodes.one_title(k, y) for x, k, y in between)


def _contradict(verdict: Verdict) -> bool:
    """Return whether two records cannot be one report, whatever a third one says."""
    if verdict.answer == "same":
        return False
    other_words = verdict.found.title.grade in ("alike", "longer", "numbers")
    other_title = verdict.answer == "possible" and verdict.found.title.grade == "different"
    return verdict.answer == "apart" or other_words or other_title


def _matches(nodes: _Nodes, pairs: Iterable[Pair], parents: Sequence[int]) -> dict[Pair, Match]:
    """Return what every compared pair is, by places in the sequence."""
    matches: dict[Pair, Match] = {}
    for i, j in pairs:
        found = _relation(nodes, i, j, parents)
        if not found:
            continue
        relation, forwards, because = found
        for x in nodes.places[i]:
            for y in nodes.places[j]:
                left, right = (x, y) if forwards else (y, x)
                if relation not in COMPANIONS:
                    left, right = sorted((x, y))
                score = nodes.judged(i, j).score
                matches[min(x, y), max(x, y)] = Match(left, right, relation, because, score)
    return matches


def _relation(nodes: _Nodes, i: int, j: int, parents: Sequence[int]) -> tuple[str, bool, str] | None:
    verdict = nodes.judged(i, j)
    if verdict.answer == "same":
        if parents[i] == parents[j] or (nodes.known[i] or nodes.known[j]):
            return DUPLICATE, True, verdict.because
        return POSSIBLE, True, f"{verdict.because}; but a record that fits one of them contradicts the other"
    other = companion(nodes.keys[i], nodes.keys[j], verdict.found)
    if other and other[0] != SECOND_REPORT:
        return other
    if verdict.answer == "possible":
        return POSSIBLE, True, verdict.because
    return other


def _stated(
    records: Sequence[Record], nodes: _Nodes, known: int, matches: dict[Pair, Match]
) -> dict[Pair, Match]:
    """Return the links that the records state themselves, where they are not taken for one report."""
    keys: list[Key] = [nodes.keys[0]] * len(records)
    for key, places in zip(nodes.keys, nodes.places, strict=True):
        for place in places:
            keys[place] = key
    stated: dict[Pair, Match] = {}
    for left, right, relation, because in said(records, keys):
        pair = (min(left, right), max(left, right))
        before = matches.get(pair)
        if max(pair) >= known and not (before and before.relation == DUPLICATE):
            stated[pair] = Match(left, right, relation, because, 1.0)
    return stated


def _copies(nodes: _Nodes, known: int) -> dict[Pair, Match]:
    """Return the pairs of records that are equal in every field."""
    found: dict[Pair, Match] = {}
    for key, places in zip(nodes.keys, nodes.places, strict=True):
        for place in places[1:]:
            if place >= known:
                relation = DUPLICATE if _stands_alone(key) else POSSIBLE
                found[places[0], place] = Match(places[0], place, relation, "equal in every field", 1.0)
    return found


def _stands_alone(key: Key) -> bool:
    """Return whether a record says enough to be told from all others."""
    return bool(key.doi or key.pmid or key.pmcid or key.registrations) or judge(key, key).answer == "same"


def _clusters(
    nodes: _Nodes, groups: Iterable[Sequence[int]], records: Sequence[Record], known: int,
    matches: dict[Pair, Match],
) -> tuple[Cluster, ...]:  # fmt: skip
    found = [
        sorted(place for node in group for place in _of_one_report(nodes, node, known)) for group in groups
    ]
    found = sorted(places for places in found if len(places) > 1)
    cluster_of = {place: number for number, places in enumerate(found) for place in places}
    reasons: dict[int, list[Match]] = defaultdict(list)
    for pair in sorted(matches):
        number = cluster_of.get(pair[0])
        if matches[pair].relation == DUPLICATE and number is not None and cluster_of.get(pair[1]) == number:
            reasons[number].append(matches[pair])
    return tuple(
        Cluster(tuple(places), representative(places, records, known), tuple(reasons[number]))
        for number, places in enumerate(found)
    )


def _of_one_report(nodes: _Nodes, node: int, known: int) -> list[int]:
    """Return the places of equal records that are one report: one known one, and all new ones."""
    places = nodes.places[node]
    if not _stands_alone(nodes.keys[node]):
        return places[:1]
    return [place for place in places if place == places[0] or place >= known]


def representative(places: Sequence[int], records: Sequence[Record], known: int = 0) -> int:
    """Return the record that stands for a cluster.

    A known one if there is one; else the one with most identifiers, then most fields, then the longest title;
    of equal ones the first by content, so that the order of the records does not matter.
    """
    keys = keys_of([records[place] for place in places])

    def order(one: tuple[int, Key]) -> tuple[object, ...]:
        place, key = one
        record = records[place]
        identifiers = sum(map(bool, (record.doi, record.pmid, record.pmcid, record.registrations)))
        fields = (record.title, record.authors, record.year, record.journal, record.volume, record.issue)
        filled = sum(map(bool, (*fields, record.pages, record.abstract, record.language, record.relations)))
        return (
            place >= known,
            -identifiers,
            -filled,
            -len(record.authors),
            -len(record.title),
            key.identity,
            place,
        )

    return min(zip(places, keys, strict=True), key=order)[0]
