"""Does every number that metafor gives for 20 published data sets come out here? See README.md."""

from collections.abc import Iterable
from functools import lru_cache

import pytest

from reference.record import DISAGREEMENTS, LEAVES, NOT_COMPARED, RECORD, Value, known, matcher
from reference.registry import CASES, compared

AT_LEAST = 142_000


@lru_cache
def all_values() -> dict[str, list[Value]]:
    """Return every value by its path; a few paths are reached in two ways."""
    found: dict[str, list[Value]] = {}
    for case in CASES:
        for value in compared(*case):
            found.setdefault(value.path, []).append(value)
    return found


def unknown(paths: Iterable[str]) -> list[str]:
    """Return the paths that are neither compared nor in the closed list."""
    left_out, reached = matcher(NOT_COMPARED), all_values()
    return [path for path in paths if path not in reached and not left_out.fullmatch(path)]


@pytest.mark.parametrize(("name", "key"), CASES)
def test_metafor_gives_the_same(name, key):
    excepted = matcher(DISAGREEMENTS)
    values = [value for value in compared(name, key) if not excepted.fullmatch(value.path)]
    wrong = [str(value) for value in values if not value.is_close]
    assert not wrong, f"{len(wrong)} of {len(values)} differ:\n" + "\n".join(wrong[:20])


def test_beside_the_data_sets_there_are_only_versions():
    assert set(RECORD) == {"meta", "datasets", "notes"}
    assert RECORD["notes"] == []
    assert RECORD["meta"]["metafor"] == "3.8.1"


def test_every_value_is_compared_or_on_the_closed_list():
    left = unknown(LEAVES)
    assert not left, f"{len(left)} values of the record are compared by nobody:\n" + "\n".join(left[:20])


def test_nothing_was_left_out():
    excepted = matcher(DISAGREEMENTS)
    agreed = [
        path for path in all_values() if known(LEAVES[path]) is not None and not excepted.fullmatch(path)
    ]
    assert len(agreed) >= AT_LEAST


@pytest.mark.parametrize("path", ["bcg/RR/a_new_block/estimate", "bcg/RR/models/REML/z/a_new_key", "new/k"])
def test_a_block_or_key_that_nobody_knows_is_found(path):
    assert unknown([path]) == [path]


@pytest.mark.parametrize("pattern", NOT_COMPARED)
def test_what_is_not_compared_is_there_and_not_compared(pattern):
    paths = list(filter(matcher([pattern]).fullmatch, LEAVES))
    assert paths
    assert not [path for path in paths if path in all_values()]


@pytest.mark.parametrize("pattern", DISAGREEMENTS)
def test_every_known_disagreement_still_is_one(pattern):
    paths = list(filter(matcher([pattern]).fullmatch, LEAVES))
    assert paths
    assert not [path for path in paths if all(value.is_close for value in all_values()[path])]
