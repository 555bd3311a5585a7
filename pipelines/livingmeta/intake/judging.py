"""Whether two records are one report, by rules that can be read.

Identifiers come first, then the text.
The rules are our own; that identifiers decide, that differing ones forbid, and that volume and pages count
for more than a similarity, is common to the tools of the field.
"""

from dataclasses import dataclass, replace

from livingmeta.intake.evidence import (
    ENOUGH_WORDS,
    NOTICES,
    Evidence,
    against,
    evidence_of,
    in_words,
    kinds_apart,
    long_enough,
)
from livingmeta.intake.keys import Key
from livingmeta.intake.record import COMMENT, PREPRINT, REGISTRY_ENTRY
from livingmeta.intake.resemblance import cut_in_a_word


@dataclass(frozen=True)
class Verdict:
    """What a pair is: "same", "possible", "apart" (never merged, not even by way of a third), or "open".

    Parameters
    ----------
    answer : str
        One of the four.
    because : str
        Why, in words.
    tier : int
        How strong: 3 for identifiers, 2 for same title with more, 1 for the rest.
    score : float
        Similarity of the titles, 1 where identifiers decide.
    found : Evidence
        What was compared.
    hard : bool
        They are of kinds that are never one report.
    """

    answer: str
    because: str
    tier: int
    score: float
    found: Evidence
    hard: bool = False


def judge(a: Key, b: Key) -> Verdict:
    """Return whether two records are one report."""
    found = evidence_of(a, b)
    if REGISTRY_ENTRY in (a.kind, b.kind) and (a.kind == b.kind or not found.same):
        return _registry(a, b, found)
    if found.same:
        return _identified(a, b, found)
    if kinds_apart(a, b, identified=False) and not (found.one_place and _title_kinds_agree(a, b)):
        return replace(_verdict("apart", "of different kinds", found), hard=True)
    if found.other:
        return _differently_identified(a, b, found)
    return _by_text(a, b, found)


def _verdict(answer: str, because: str, found: Evidence, tier: int = 1) -> Verdict:
    score = 1.0 if tier == 3 else found.title.score
    return Verdict(answer, because, tier, score, found)


def _title_kinds_agree(a: Key, b: Key) -> bool:
    """Return whether two records in one place may be of one kind: no notice or preprint beside a paper."""
    told = {a.title.kind, b.title.kind}
    if len(told) > 1 and told & (NOTICES | {COMMENT}):
        return False
    return a.kind == b.kind or PREPRINT not in (a.kind, b.kind)


def _registry(a: Key, b: Key, found: Evidence) -> Verdict:
    if a.kind != b.kind:
        return _verdict("apart", "an entry in a register and a report", found)
    if a.registrations & b.registrations:
        number = min(a.registrations & b.registrations)
        return _verdict("same", f"entries in a register with the same number {number}", found, 3)
    if a.registrations and b.registrations:
        return _verdict("apart", "entries in a register with different numbers", found)
    if found.title.grade == "same" and long_enough(a, b):
        return _verdict("same", in_words(found), found, 2)
    return _verdict("open", "", found)


def _identified(a: Key, b: Key, found: Evidence) -> Verdict:
    """Judge a pair with an identifier in common, which may be wrong or that of a whole supplement."""
    names = " and ".join(found.same)
    if kinds_apart(a, b, identified=True):
        return replace(_verdict("apart", f"same {names}, but of different kinds", found), hard=True)
    grade = found.title.grade
    several = len(found.same) > 1
    if grade in ("same", "part", "longer", "missing") or (
        grade == "alike" and not _clearly_other(a, b, found)
    ):
        return _verdict("same", _named(names, found), found, 3)
    backed = found.one_place and found.authors in ("same", "first")
    if grade == "numbers" and backed:
        return _verdict("same", _named(names, found), found, 3)
    foreign = a.title.foreign != b.title.foreign or a.title.cjk != b.title.cjk
    if grade == "different" and _begins(a, b):
        return _verdict("same", f"same {names}, one title is the beginning of the other", found, 3)
    if grade in ("different", "alike") and foreign and found.authors != "differ" and (
        found.authors in ("same", "first") or found.one_place or several
    ):  # fmt: skip
        return _verdict("same", f"same {names}, one title translated", found, 3)
    return _verdict("possible", f"same {names}, but {against(found) or 'the titles are not the same'}", found)


def _begins(a: Key, b: Key) -> bool:
    short, long = sorted((a.title.squeezed, b.title.squeezed), key=len)
    return len(short) > 14 and long.startswith(short)


def _clearly_other(a: Key, b: Key, found: Evidence) -> bool:
    """Return whether alike titles with one identifier still are two reports: other pages or authors."""
    if found.authors == "differ":
        return True
    if found.place == "differ" and found.authors != "same":
        return True
    return found.authors == "missing" and found.title.score < 0.8


def _named(names: str, found: Evidence) -> str:
    alike = f", {in_words(found).split(', ')[len(found.same)]}" if found.title.grade != "missing" else ""
    return f"same {names}{alike}"


def _differently_identified(a: Key, b: Key, found: Evidence) -> Verdict:
    """Judge a pair whose identifiers differ: one report only if it stands in one place under one title."""
    exact = found.title.grade == "same" and found.title.score > 0.9
    if exact and found.place == "same" and found.journal == "same" and found.near and found.authors in (
        "same", "first", "missing"
    ) and (a.place.volume and b.place.volume):  # fmt: skip
        return _verdict("same", f"{in_words(found)}, though {against(found)}", found, 2)
    if exact and found.authors in ("same", "first") and found.near and found.journal != "differ":
        open_place = found.place == "unknown" and long_enough(a, b)
        return _verdict(
            "possible" if open_place else "apart", f"{in_words(found)}, but {against(found)}", found
        )
    return _verdict("apart", against(found), found)


def _by_text(a: Key, b: Key, found: Evidence) -> Verdict:
    grade = found.title.grade
    if grade == "same":
        return _same_title(a, b, found)
    if grade == "part":
        return _part_of_title(a, b, found)
    if grade in ("alike", "longer"):
        return _alike(a, b, found)
    if grade == "missing":
        return _without_title(a, b, found)
    if grade == "different" and _translated(a, b, found):
        return _verdict("same", f"{in_words(found)}, one title translated", found)
    if grade == "numbers" and found.one_place and a.place.volume and b.place.volume and found.years == 0 and (
        found.authors in ("same", "first")
    ):  # fmt: skip
        return _verdict("same", in_words(found), found)
    scripts = a.title.cjk != b.title.cjk and a.place.last == b.place.last and found.years == 0
    if grade == "different" and scripts and found.place == "same" and a.place.volume and b.place.volume:
        return _verdict("possible", "same pages and year, titles in two scripts", found)
    foreign = grade == "different" and (a.title.foreign or b.title.foreign)
    contradicted = found.authors == "differ" or not found.near or found.place == "differ"
    return _verdict("open" if foreign and not contradicted else "apart", against(found), found)


def _same_title(a: Key, b: Key, found: Evidence) -> Verdict:
    words = in_words(found)
    if found.one_place and found.near and found.authors != "differ":
        return _verdict("same", words, found, 2)
    if found.authors == "differ" or not found.near or found.place == "differ":
        return _verdict("apart", f"{words}, but {against(found)}", found)
    if found.journal == "differ":
        return _verdict(
            "possible" if found.place == "unknown" else "apart", f"{words}, but {against(found)}", found
        )
    substantial = long_enough(a, b)
    if found.authors in ("same", "first", "some") and (substantial or found.journal == "same"):
        return _verdict("same", words, found, 2)
    if found.authors == "missing" and substantial and (found.years != 1 or found.journal == "same"):
        return _verdict("same", words, found, 2)
    if found.authors == "missing" and found.journal == "same" and found.years == 0:
        return _verdict("same", words, found)
    return _verdict("possible", words, found)


def _part_of_title(a: Key, b: Key, found: Evidence) -> Verdict:
    words = in_words(found)
    contradicted = found.authors == "differ" or not found.near or found.journal == "differ"
    if found.one_place and not contradicted:
        return _verdict("same", words, found, 2)
    at_once = found.years == 0 and found.journal == "same" and found.authors in ("same", "first")
    if contradicted or found.place == "differ" or (a.title.further != b.title.further and not at_once):
        return _verdict("apart", f"{words}, but {against(found) or 'a further report'}", found)
    known = found.authors in ("same", "first", "some") or (found.journal == "same" and found.years == 0)
    known = known or (found.years == 0 and long_enough(a, b)) or cut_in_a_word(a.title, b.title)
    shorter = min((a.title, b.title), key=lambda title: len(title.squeezed))
    enough = len(shorter.content) >= ENOUGH_WORDS - 1 or len(shorter.squeezed) >= 30
    return _verdict("same" if known and enough else "possible", words, found)


def _alike(a: Key, b: Key, found: Evidence) -> Verdict:
    """Judge two titles in which words differ: only one place makes them one report."""
    words = in_words(found)
    contradicted = found.authors == "differ" or not found.near or found.journal == "differ"
    if found.one_place and not contradicted and a.title.further == b.title.further and (
        found.authors != "missing" or found.title.score > 0.9
    ):  # fmt: skip
        return _verdict("same", words, found)
    if contradicted or found.place == "differ":
        return _verdict("apart", against(found), found)
    near = found.title.score >= 0.9 and found.authors in ("same", "first") and found.years == 0
    return _verdict("possible" if near else "open", words, found)


def _without_title(a: Key, b: Key, found: Evidence) -> Verdict:
    full = found.place == "same" and found.journal == "same" and found.years == 0 and a.place.volume
    if full and found.authors in ("same", "first"):
        return _verdict("same", in_words(found), found)
    return _verdict("apart" if found.place == "differ" or found.authors == "differ" else "open", "", found)


def _translated(a: Key, b: Key, found: Evidence) -> bool:
    """Return whether two different titles stand for one report in two languages."""
    if not (a.title.foreign or b.title.foreign):
        return False
    return (
        found.place == "same"
        and bool(a.place.volume and b.place.volume)
        and found.near
        and (found.authors in ("same", "first") or (found.authors == "missing" and found.journal == "same"))
    )
