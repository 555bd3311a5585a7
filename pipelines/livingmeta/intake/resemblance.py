# ruff: noqa: SIM905
"""How alike two titles are: the same words, a part, a few words more, other words, another number."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from livingmeta.intake.titles import Title

# Words that make another title of one that is alike in everything else.
_OPPOSED = tuple(
    (re.compile(a), re.compile(b))
    for a, b in (
        ("^hypo", "^hyper"), ("^pre", "^post"), ("^intra", "^inter"), ("^intra", "^extra"),
        ("^micro", "^macro"),
        ("^mono", "^bi"), ("^anti", "^pro"), ("^male$", "^female$"), ("^in", "^de"), ("^systol", "^diastol"),
        ("^endo", "^exo"), ("^un", "^in"), ("ate$", "ite$"),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Resemblance:
    """How two titles compare: a grade, a similarity between 0 and 1, and the words each has alone.

    The grade is "missing", "same", "part" (one is the beginning, the title without subtitle, or the subtitle
    of the other), "longer" (a few words more at the end), "alike", "numbers" (alike but for a number), or
    "different".
    """

    grade: str
    score: float
    alone: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


MISSING = Resemblance("missing", 0.0)


def compare_titles(a: Sequence[Title], b: Sequence[Title]) -> Resemblance:
    """Return how alike two titles are, in their best readings."""
    order = {"same": 6, "part": 5, "longer": 4, "alike": 3, "numbers": 2, "different": 1, "missing": 0}
    found = [_compare(x, y) for x in a for y in b]
    return max(found, key=lambda one: (order[one.grade], one.score))


ENGLISH_SMALL_WORDS = (
    "and for with from the was were are their among between into after of in on to by".split()
)


def _compare(a: Title, b: Title) -> Resemblance:
    if not a.words or not b.words:
        return MISSING
    if a.squeezed == b.squeezed or a.scanned == b.scanned:
        return Resemblance("same", 1.0)
    score = max(fuzz.ratio(a.text, b.text), fuzz.token_sort_ratio(a.text, b.text)) / 100
    contained = _is_part(a, b)
    if score < 0.6 and not contained:
        return Resemblance("different", score)
    alone = _alone(a, b)
    if _instalment(a.words) != _instalment(b.words):
        return Resemblance("numbers", score, alone)
    if a.numbers != b.numbers and not (contained and (a.numbers <= b.numbers or b.numbers <= a.numbers)):
        near = score > 0.6 or not (alone[0] or alone[1])
        return Resemblance("numbers" if near else "different", score, alone)
    if not alone[0] and not alone[1]:
        return Resemblance("same", score, alone)
    if contained:
        return Resemblance(contained, score, alone)
    most = max(len(alone[0]), len(alone[1]))
    near = score >= 0.75 and most <= 0.4 * min(len(a.content), len(b.content))
    return Resemblance("alike" if near else "different", score, alone)


INSTALMENTS = frozenset("part parte teil partie paper report volume chapter section episode series".split())


def _instalment(words: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Return which instalments of a series a title names: "Part 2", "Part B"."""
    return frozenset(
        (word, number)
        for word, number in pairwise(words)
        if word in INSTALMENTS and (number.isdigit() or number in {"a", "b", "c", "d", "e"})
    )


FEW_WORDS = 3


def _is_part(a: Title, b: Title) -> str:
    """Return "part" where one is the beginning of the other, or its title or subtitle alone, else "".

    A few words more at the end narrow a title, "in children" makes another report: then "longer".
    """
    short, long = sorted((a, b), key=lambda one: len(one.squeezed))
    if len(short.squeezed) < (8 if short.cjk else 20):
        return ""
    if short.squeezed in long.parts:
        return "part"
    if long.squeezed.startswith(short.squeezed):
        few = (
            len(long.words) - len(short.words) <= FEW_WORDS and long.words[: len(short.words)] == short.words
        )
        return "longer" if few and not short.cut else "part"
    if len(short.content) < 4 or len(short.words) + 1 >= len(long.words):
        return ""
    # A beginning with a typing error.
    start = long.squeezed[: len(short.squeezed)]
    return "part" if OSA.normalized_similarity(start, short.squeezed) > 0.95 else ""


def cut_in_a_word(a: Title, b: Title) -> bool:
    """Return whether one title is a long beginning of the other and ends inside a word."""
    short, long = sorted((a, b), key=lambda one: len(one.squeezed))
    if len(short.squeezed) < 40 or not long.squeezed.startswith(short.squeezed):
        return False
    return short.words[-1] != long.words[len(short.words) - 1]


def _alone(a: Title, b: Title) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the content words that each has alone, after typing errors, compounds and acronyms."""
    left = list((Counter(a.content) - Counter(b.content)).elements())
    right = list((Counter(b.content) - Counter(a.content)).elements())
    _drop_typing_errors(left, right, dict(zip((*a.words, *b.words), (*a.printed, *b.printed), strict=True)))
    _drop_joined(left, right, b.words)
    _drop_joined(right, left, a.words)
    _drop_shortened(left, right)
    _drop_shortened(right, left)
    return tuple(filter(_says_something, left)), tuple(filter(_says_something, right))


@lru_cache(maxsize=65536)
def _says_something(word: str) -> bool:
    """Return whether a word is no small word with two letters exchanged or one left out."""
    if not word.isalpha():
        return True
    return not any(
        sorted(word) == sorted(small) or (len(word) == len(small) - 1 > 1 and OSA.distance(word, small) == 1)
        for small in ENGLISH_SMALL_WORDS
    )


def _drop_typing_errors(left: list[str], right: list[str], printed: Mapping[str, str]) -> None:
    for word in list(left):
        for other in right:
            if is_typing_error(word, other) or is_typing_error(printed[word], printed[other]):
                left.remove(word)
                right.remove(other)
                break


@lru_cache(maxsize=262144)
def is_typing_error(a: str, b: str) -> bool:
    """Return whether two words are one with an error of typing or spelling, and no pair of opposites."""
    if a.isdigit() or b.isdigit() or min(len(a), len(b)) < 4:
        return len(a) > 1 and a.isalpha() and sorted(a) == sorted(b)
    allowed = 1 if max(len(a), len(b)) < 9 else 2
    if abs(len(a) - len(b)) > allowed:
        return False
    distance = OSA.distance(a.replace("z", "s"), b.replace("z", "s"), score_cutoff=allowed)
    return distance <= allowed and not any(
        (x.search(a) and y.search(b)) or (x.search(b) and y.search(a)) for x, y in _OPPOSED
    )


def _drop_joined(left: list[str], right: list[str], words: Sequence[str]) -> None:
    """Drop from both what is written as one word here and as several, or as an acronym, there."""
    for word in list(left):
        run = _run(word, words, right) if right else None
        if run:
            left.remove(word)
            for part in run:
                if part in right:
                    right.remove(part)


def _drop_shortened(left: list[str], right: list[str]) -> None:
    """Drop from both the short form of a single long word: first letter, and the others in their order."""
    for word in list(left):
        if word.isalpha() and 2 <= len(word) <= 4:
            long = next((other for other in right if len(other) > 7 and shortens(word, other)), None)
            if long:
                left.remove(word)
                right.remove(long)


def shortens(word: str, long: str) -> bool:
    """Return whether the letters of `word` stand in `long` in their order, the first at its beginning."""
    letters = iter(long)
    return word[0] == long[0] and all(letter in letters for letter in word)


def _run(word: str, words: Sequence[str], right: Sequence[str]) -> Sequence[str] | None:
    """Return the neighbouring words that `word` joins or abbreviates, one of them at least in `right`."""
    for start, first in enumerate(words):
        if first[0] != word[0]:
            continue
        joined, letters = first, first[0]
        for end in range(start + 1, min(len(words), start + 7)):
            joined, letters = joined + words[end], letters + words[end][0]
            if word in (joined, letters) and any(part in right for part in words[start : end + 1]):
                return words[start : end + 1]
    return None
