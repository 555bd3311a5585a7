"""Which pairs of records are worth comparing, without comparing all.

A pair is, when it shares an identifier, a place in print, a trial's name or number, a whole title, or enough
of the rarer words and neighbouring words of its title.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np

from livingmeta.intake.keys import Key

# Groups larger than this are not compared all with all.
LARGEST_GROUP = 60
# A word in more titles than this, or than this share of all, does not bring two records together.
COMMON, COMMON_SHARE = 150, 0.02
ENOUGH_SHARED = 0.4
ROWS_AT_ONCE = 512


def candidates(keys: Sequence[Key]) -> set[tuple[int, int]]:
    """Return the pairs of places in `keys` that are worth comparing, the smaller first."""
    pairs: set[tuple[int, int]] = set()
    for group in _groups(keys):
        pairs.update(_pairs_of(group))
    pairs.update(_same_titles(keys))
    pairs.update(_alike_titles(keys))
    return pairs


def _groups(keys: Sequence[Key]) -> Iterator[list[int]]:
    """Yield the places of records that share something that few share."""
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        for mark in _marks(key):
            found[mark].append(place)
    rare = max(20, len(keys) // 50)
    for mark in found:
        if len(found[mark]) > 1 and not (mark[0] == "acronym" and len(found[mark]) > rare):
            yield found[mark]


def _marks(key: Key) -> Iterator[tuple[str, ...]]:
    for name in ("doi", "pmid", "pmcid"):
        if value := getattr(key, name):
            yield name, value
    yield from (("registration", number) for number in key.registrations)
    yield from (("acronym", name) for name in key.acronyms)
    where = key.place
    if where.volume and where.first:
        yield "place", where.volume, where.first
    if len(where.first) > 2 and key.year and key.authors.persons:
        yield from (("page", str(key.year), where.first, name) for name in key.authors.persons[0].surnames)


def _pairs_of(group: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Return all pairs of a group; of a large one each with the first and with its neighbour."""
    if len(group) <= LARGEST_GROUP:
        return combinations(group, 2)
    return [*pairwise(group), *((group[0], other) for other in group[1:])]


def _same_titles(keys: Sequence[Key]) -> Iterator[tuple[int, int]]:
    """Yield pairs with one title; where many share it, those that share journal, year or author too."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        for form in {title.squeezed for title in key.titles} - {""}:
            found[form].append(place)
    for group in found.values():
        if len(group) <= LARGEST_GROUP:
            yield from combinations(group, 2)
            continue
        finer: dict[tuple[str, object], list[int]] = defaultdict(list)
        for place in group:
            for mark in _finer_marks(keys[place]):
                finer[mark].append(place)
        for smaller in finer.values():
            yield from _pairs_of(smaller)


def _finer_marks(key: Key) -> Iterator[tuple[str, object]]:
    yield "year", (key.year, key.place.journal[:1])
    yield "place", (key.place.volume, key.place.first)
    if key.authors.persons:
        yield from (("author", name) for name in key.authors.persons[0].surnames)


def _features(key: Key) -> set[str]:
    """Return the words of a title and its pairs of neighbouring words."""
    found: set[str] = set()
    for title in key.titles:
        found.update(title.content)
        found.update(f"{a} {b}" for a, b in pairwise(title.content))
    return found


def _alike_titles(keys: Sequence[Key]) -> Iterator[tuple[int, int]]:
    """Yield pairs whose titles share enough, each word weighing the more the rarer it is."""
    from scipy import sparse

    places: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        for feature in _features(key):
            places[feature].append(place)
    limit = max(COMMON, COMMON_SHARE * len(keys))
    shared = [places[feature] for feature in sorted(places) if 1 < len(places[feature]) <= limit]
    if not shared:
        return
    columns = np.repeat(np.arange(len(shared)), [len(group) for group in shared])
    rows = np.concatenate([np.asarray(group) for group in shared])
    weight = np.log(1 + len(keys) / np.array([len(group) for group in shared]))
    matrix = sparse.csr_matrix((np.sqrt(weight)[columns], (rows, columns)), shape=(len(keys), len(shared)))
    total = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    other = matrix.T.tocsr()
    for start in range(0, len(keys), ROWS_AT_ONCE):
        product = (matrix[start : start + ROWS_AT_ONCE] @ other).tocoo()
        left, right = product.row + start, product.col
        enough = (left < right) & (product.data >= ENOUGH_SHARED * np.minimum(total[left], total[right]))
        yield from zip(left[enough].tolist(), right[enough].tolist(), strict=True)
