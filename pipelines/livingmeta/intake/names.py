# ruff: noqa: SIM905
"""Authors as they are compared: abbreviated, transliterated, surname first or last."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from livingmeta.intake.folding import has_cjk, latin, skeleton, without_markup

PARTICLES = frozenset(
    "van von der den de del della di da dos du la le el al ter ten zu zur bin ibn af av".split()
)
NOBODY = frozenset(
    {"anonymous", "anon", "no authors listed", "not available", "unknown", "et al", "others", ""}
)
SUFFIXES = frozenset("jr sr ii iii iv 2nd 3rd md phd".split())
_GROUP = re.compile(
    r"\b(group|committee|investigators?|collaborat\w+|consortium|trialists|society|association|network|team|"
    r"authors|department|ministry|center|centre|university|institute|organi[sz]ation|registry)\b"
)


@dataclass(frozen=True)
class Name:
    """One author: every form the surname may have, and the initials of what is not the surname.

    Parameters
    ----------
    surnames : frozenset of str
        Skeletons; more than one where the order of the names is not known or a part may be left out.
    initials : frozenset of str
        First letters of all that may be a given name; empty where none is given.
    """

    surnames: frozenset[str]
    initials: frozenset[str]


@dataclass(frozen=True)
class Authors:
    """The authors of a record as they are compared: persons in order, groups by their folded name."""

    persons: tuple[Name, ...] = ()
    groups: frozenset[str] = frozenset()
    cjk: bool = False


def authors_of(authors: Sequence[str]) -> Authors:
    """Return what is compared of a list of authors."""
    persons, groups, cjk = [], set(), False
    for author in authors:
        text = re.sub(r"\(.*?\)|\[|\]|\*|\d", " ", without_markup(author))
        text = re.sub(r"\bet al\b\.?", " ", text).strip(" ,;.")
        plain = " ".join(re.findall(r"[^\W_]+", latin(text)))
        if plain in NOBODY:
            continue
        if _GROUP.search(plain):
            groups.add(plain)
            continue
        cjk = cjk or has_cjk(text)
        persons.append(name_of(text))
    return Authors(tuple(persons), frozenset(groups), cjk)


@lru_cache(maxsize=65536)
def name_of(text: str) -> Name:
    """Return an author in the forms that other databases may give."""
    if has_cjk(text):
        return Name(frozenset({re.sub(r"\W", "", text)}), frozenset())
    if "," in text:
        surname, _, given = text.partition(",")
        return Name(_forms(surname.split()), _first_letters(given.replace(",", " ").split()))
    parts = [part for part in text.split() if latin(part).strip(".") not in SUFFIXES or part.isupper()]
    if len(parts) > 1 and _is_initials(parts[-1], parts[:-1]):
        cut = len(parts)
        while cut > 1 and _is_initials(parts[cut - 1], parts[: cut - 1]):
            cut -= 1
        return Name(_forms(parts[:cut]), _first_letters(parts[cut:]))
    cut = 0
    while cut < len(parts) - 1 and _is_initials(parts[cut], parts[cut + 1 :]):
        cut += 1
    left = parts[cut:]
    if len(left) < 2:
        return Name(_forms(left), _first_letters(parts[:cut]))
    letters = _first_letters(parts[:cut]) | _first_letters(left)
    return Name(_forms(left) | {skeleton(part) for part in left if len(part) > 1}, letters)


def _is_initials(part: str, rest: Sequence[str]) -> bool:
    letters = re.sub(r"[.\-]", "", part)
    if len(letters) <= 1 or "." in part:
        return len(letters) <= 4
    shouting = (
        all(other.isupper() for other in rest) and all(len(other) > 4 for other in rest) and len(letters) > 3
    )
    return part.isupper() and len(letters) <= 4 and not shouting


def _forms(parts: Sequence[str]) -> frozenset[str]:
    """Return a surname joined, without particles, and its parts where it is double."""
    words = [word for part in parts for word in re.split(r"[-‐‑–]", part) if word]
    plain = [word for word in words if latin(word).strip(".'’") not in PARTICLES] or words
    forms = {skeleton("".join(words)), skeleton("".join(plain))}
    forms |= {skeleton(word) for word in plain if len(word) > 2}
    # Articles that grew into the name.
    forms |= {form[2:] for form in forms if form.startswith(("el", "al")) and len(form) > 5}
    return frozenset(form for form in forms if form)


def _first_letters(parts: Sequence[str]) -> frozenset[str]:
    """Return the first letters of given names, or each letter of initials; spelled alike where they vary."""
    letters: list[str] = []
    for part in parts:
        for word in re.split(r"[-‐‑–.]", part):
            if not skeleton(word) or latin(word) in SUFFIXES:
                continue
            folded = latin(word)
            letters += list(folded) if word.isupper() and len(word) < 4 else [folded[0]]
    # Letters that transliterations of one given name begin with.
    return frozenset(
        {"y": "i", "j": "i", "w": "v"}.get(letter, letter) for letter in letters if letter.isalnum()
    )


@lru_cache(maxsize=262144)
def same_person(a: Name, b: Name) -> bool:
    """Return whether two names may be one person's."""
    if a.initials and b.initials and not a.initials & b.initials:
        return False
    if a.surnames & b.surnames:
        return True
    return any(
        len(x) > 4 and len(y) > 4 and x[0] == y[0] and OSA.distance(x, y, score_cutoff=2) <= (len(x) > 8) + 1
        for x in a.surnames
        for y in b.surnames
    )


def compare_authors(a: Authors, b: Authors) -> tuple[str, float]:
    """Return how two lists of authors agree, and the share of the shorter list found in the longer.

    The answer is "missing" where one has none or the scripts differ, "same" where the first and most others
    agree, "first" where only the first does, "some" where others overlap, else "differ".
    """
    if not a.persons or not b.persons or a.cjk != b.cjk:
        return ("same", 1.0) if a.groups & b.groups and not (a.persons or b.persons) else ("missing", 0.0)
    short, long = sorted((a.persons, b.persons), key=len)
    shared = sum(any(same_person(x, y) for y in long) for x in short) / len(short)
    first = same_person(short[0], long[0])
    if first:
        return ("same" if shared >= 0.5 else "first"), shared
    return ("some" if shared >= 0.3 else "differ"), shared
