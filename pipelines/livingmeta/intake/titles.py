"""Titles as they are compared, and what kind of report a title says it is."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from livingmeta.intake.folding import has_cjk, is_small, latin, without_markup, words_of
from livingmeta.intake.record import ABSTRACT, COMMENT, CONCERN, ERRATUM, PROTOCOL, REGISTRY_ENTRY, RETRACTION

_NOTICES = (
    (CONCERN, r"(?:editorial )?expressions? of (?:editorial )?concern"),
    (RETRACTION, r"retraction(?: note| notice)?|notice of retraction|retraction and replacement"),
    (
        ERRATUM,
        r"(?:author |publisher |editorial )?(?:published )?(?:erratum|errata|corrigend(?:um|a)|corrections?|addendum)"
        r"(?: notice| note)?|notice of correction",
    ),
    (
        COMMENT,
        r"(?:invited |editorial )?comment(?:ary|s)?(?: on| to)|re|(?:authors?'?s? )?(?:in )?(?:reply|response|replies)"
        r"(?: to letter| from (?:the )?authors?)?|letter(?: to the editor)?(?: regarding)?|the authors? repl(?:y|ies)|"
        r"in response to|letter in response to|editorial comment|invited commentary|comment",
    ),
)
_PREFIXES = tuple(
    (kind, re.compile(rf"^[\[(\"'“]*(?:{words})[\])]?(?:\s*(?:[:.,–—-]|\b(?:to|on|for|of|in|re)\b\s*:?)+\s*|\s*$)", re.I))
    for kind, words in _NOTICES
)
_RETRACTED = re.compile(r"^[\[(]?(?:retracted|withdrawn)(?:\s+(?:article|paper|chapter))?[\])]?\s*[:.]\s*", re.I)
_TRAILING = re.compile(
    r"[.\s]*[\[(](?:abstract(?: no\.? ?\S+)?|letter|retracted|conference abstract|published erratum appears.*|"
    r"erratum appears.*|see comments?|comment|review|editorial)[\])][.\s]*$",
    re.I,
)
_CODE = re.compile(r"^(?=[A-Z0-9 .-]*\d)(?:[A-Z]{1,4}[ -]?){1,2}\d{2,5}[a-z]?[.:]?\s+(?=[A-Z])|^#\d+\s*[.:]?\s+|^\d{3,4}[.:]\s+")
_PROTOCOL = re.compile(
    r"\bprotocol\b|\brationale\b.{0,30}\bdesign\b|\bdesign\b.{0,30}\brationale\b|\bstudy design\b|"
    r"\bdesign and (?:methods|baseline)|\bdesign of (?:the|a)\b",
    re.I,
)
_STATISTICAL_PLAN = re.compile(r"\bstatistical analysis plan\b", re.I)
_REGISTRY = re.compile(r"^\s*(?:NCT\d{8}|ISRCTN\d+|ChiCTR\S+|EUCTR\S+|ACTRN\d+)\s*$", re.I)
FURTHER = re.compile(
    r"\bfollow-?\s?up\b|\blong[- ]term\b|\bpost[- ]?hoc\b|\bsecondary\b|\bsub-?group\b|\bsub-?study\b|\bancillary\b|"
    r"\bextension\b|\binterim\b|\bpreliminary\b|\bpilot\b|\bsub-?analysis\b|\bupdate[sd]?\b|\bexploratory\b|"
    r"\bprespecified\b|\brevisited\b|\bre-?analysis\b|\bbaseline characteristics\b|\bcost",
    re.I,
)
# Words that make another title of one that is alike in everything else.
_OPPOSED = tuple(
    (re.compile(a), re.compile(b))
    for a, b in (
        ("^hypo", "^hyper"), ("^pre", "^post"), ("^intra", "^inter"), ("^intra", "^extra"), ("^micro", "^macro"),
        ("^mono", "^bi"), ("^anti", "^pro"), ("^male$", "^female$"), ("^in", "^de"), ("^systol", "^diastol"),
        ("^endo", "^exo"), ("^un", "^in"), ("ate$", "ite$"),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Title:
    """A title as it is compared.

    Parameters
    ----------
    words, content : tuple of str
        All words, and those that are not small ones.
    text, squeezed : str
        The content words with blanks between them; all words without.
    numbers : frozenset of str
        Every number in it.
    parts : frozenset of str
        Squeezed title and subtitle, where it has both.
    kind : str
        What the title itself says it is (one of `record.TYPES`); empty where it says nothing.
    further : frozenset of str
        Words such as "follow-up" that tell a further report from the first.
    foreign : bool
        It is a translation in brackets or not in English.
    cjk : bool
        It has Chinese, Japanese or Korean characters.
    """

    words: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    text: str = ""
    squeezed: str = ""
    numbers: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    kind: str = ""
    further: frozenset[str] = frozenset()
    foreign: bool = False
    cjk: bool = False


@dataclass(frozen=True)
class Resemblance:
    """How two titles compare: a grade, a similarity between 0 and 1, and the words each has alone.

    The grade is "missing", "same", "part" (one is the beginning, the title without subtitle, or the subtitle of
    the other), "alike", "numbers" (alike but for a number), or "different".
    """

    grade: str
    score: float
    alone: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


MISSING = Resemblance("missing", 0.0)


def titles_of(title: str) -> tuple[Title, ...]:
    """Return the readings of a title: itself, and both halves of "Original [Translation]"."""
    plain = without_markup(title).strip()
    both = re.fullmatch(r"(.{15,}?)[\s.]*\[(.{15,})\][\s.]*", plain)
    if not both or len(both[1].split()) < 3:
        return (title_of(plain),)
    return (title_of(plain), title_of(both[1]), title_of(f"[{both[2]}]"))


def title_of(title: str) -> Title:
    """Return a title as it is compared, without what says only what kind of report it is."""
    kind, core = kind_in(title)
    words = words_of(core)
    content = tuple(word for word in words if not is_small(word)) or words
    squeezed = "".join(words)
    parts = frozenset(
        squeezed_part
        for part in re.split(r"[:?;.–—]\s|\s[-–—]\s", core)
        if len(squeezed_part := "".join(words_of(part))) > 14 and squeezed_part != squeezed
    )
    return Title(
        words, content, " ".join(content), squeezed, frozenset(re.findall(r"\d+", " ".join(words))), parts, kind,
        frozenset(re.sub(r"\W", "", found.lower())[:6] for found in FURTHER.findall(core)),
        _is_foreign(title, words), has_cjk(core),
    )  # fmt: skip


def kind_in(title: str) -> tuple[str, str]:
    """Return what kind of report a title says it is, and the title without those words."""
    core = _TRAILING.sub("", title.strip())
    core = _RETRACTED.sub("", core)
    for kind, pattern in _PREFIXES:
        found = pattern.match(core)
        if found:
            return kind, core[found.end() :].strip(" \"'“”‘’[]().")
    if _REGISTRY.match(core):
        return REGISTRY_ENTRY, core
    code = _CODE.match(core)
    if code and len(core) - code.end() > 20:
        return ABSTRACT, core[code.end() :]
    if _PROTOCOL.search(core) or _STATISTICAL_PLAN.search(core):
        return PROTOCOL, core
    return "", core


def _is_foreign(title: str, words: Sequence[str]) -> bool:
    if re.fullmatch(r"\s*\[.*\]\s*\.?\s*", title):
        return True
    english = sum(word in {"the", "of", "and", "with", "for", "on", "by", "from", "to"} for word in words)
    other = sum(word in SIGNS for word in words)
    return has_cjk(title) or (other > english) or any("а" <= char <= "я" for char in title.lower())


SIGNS = frozenset(
    "der die das und bei von mit le les el los las del des du et une y con para por sobre della nel degli na w "
    "os da dos em och av hos zur einer entre sur dans pacientes patienten".split()
)


def compare_titles(a: Sequence[Title], b: Sequence[Title]) -> Resemblance:
    """Return how alike two titles are, in their best readings."""
    order = {"same": 5, "part": 4, "alike": 3, "numbers": 2, "different": 1, "missing": 0}
    found = [_compare(x, y) for x in a for y in b]
    return max(found, key=lambda one: (order[one.grade], one.score))


def _compare(a: Title, b: Title) -> Resemblance:
    if not a.words or not b.words:
        return MISSING
    if a.squeezed == b.squeezed:
        return Resemblance("same", 1.0)
    score = max(fuzz.ratio(a.text, b.text), fuzz.token_sort_ratio(a.text, b.text)) / 100
    contained = _is_part(a, b)
    if score < 0.5 and not contained:
        return Resemblance("different", score)
    alone = _alone(a, b)
    if a.numbers != b.numbers and not (contained and (a.numbers <= b.numbers or b.numbers <= a.numbers)):
        near = score > 0.6 or not (alone[0] or alone[1])
        return Resemblance("numbers" if near else "different", score, alone)
    if not alone[0] and not alone[1]:
        return Resemblance("same", score, alone)
    if contained:
        return Resemblance("part", score, alone)
    most = max(len(alone[0]), len(alone[1]))
    near = score >= 0.75 and most <= 0.4 * min(len(a.content), len(b.content))
    return Resemblance("alike" if near else "different", score, alone)


def _is_part(a: Title, b: Title) -> bool:
    """Return whether one is the beginning of the other, or its title or subtitle alone."""
    short, long = sorted((a, b), key=lambda one: len(one.squeezed))
    if len(short.squeezed) < (8 if short.cjk else 20):
        return False
    if long.squeezed.startswith(short.squeezed) or short.squeezed in long.parts:
        return True
    if len(short.content) < 4 or len(short.words) + 1 >= len(long.words):
        return False
    # A beginning with a typing error.
    start = "".join(long.words)[: len(short.squeezed)]
    return OSA.normalized_similarity(start, short.squeezed) > 0.95


def _alone(a: Title, b: Title) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the content words that each has alone, after typing errors, compounds and acronyms."""
    left = list((Counter(a.content) - Counter(b.content)).elements())
    right = list((Counter(b.content) - Counter(a.content)).elements())
    _drop_typing_errors(left, right)
    _drop_joined(left, right, b.words)
    _drop_joined(right, left, a.words)
    return tuple(left), tuple(right)


def _drop_typing_errors(left: list[str], right: list[str]) -> None:
    for word in list(left):
        close = next((other for other in right if is_typing_error(word, other)), None)
        if close is not None:
            left.remove(word)
            right.remove(close)


def is_typing_error(a: str, b: str) -> bool:
    """Return whether two words are one with an error of typing or spelling, and no pair of opposites."""
    if a.isdigit() or b.isdigit() or min(len(a), len(b)) < 4:
        return False
    if any((x.search(a) and y.search(b)) or (x.search(b) and y.search(a)) for x, y in _OPPOSED):
        return False
    allowed = 1 if max(len(a), len(b)) < 9 else 2
    return OSA.distance(a, b, score_cutoff=allowed) <= allowed


def _drop_joined(left: list[str], right: list[str], words: Sequence[str]) -> None:
    """Drop from both what is written as one word here and as several, or as an acronym, there."""
    for word in list(left):
        for length in range(2, min(len(word), 7) + 1):
            run = _run(word, length, words, right)
            if run is not None:
                left.remove(word)
                for part in run:
                    if part in right:
                        right.remove(part)
                break


def _run(word: str, length: int, words: Sequence[str], right: Sequence[str]) -> Sequence[str] | None:
    for start in range(len(words) - length + 1):
        run = words[start : start + length]
        if not any(part in right for part in run):
            continue
        if "".join(run) == word or (len(word) == length and "".join(part[0] for part in run) == word):
            return run
    return None


def acronyms(title: str) -> frozenset[str]:
    """Return the names of trials in a title: capitals where a trial's name stands."""
    text = without_markup(title)
    if text.upper() == text:
        return frozenset()
    name = r"(\d?[A-Z][A-Za-z]*[A-Z][A-Za-z]*(?:[- ]?(?:\d+|[IVX]+\b|[A-Z]{2,}[A-Za-z]*))*|[A-Z]{3,}[- ]?\d+)"
    study = r"(?:trial|study|studies|cohort|investigators|registry|protocol|substudy|programme|program)\b"
    found = set(re.findall(rf"^{name}\s?[:—–]", text))
    found |= set(re.findall(rf"[(\[]{name}[)\]]\s*(?:{study}|[:.]|$)", text))
    found |= set(re.findall(rf"\b{name}\)?[ -](?:\w+ )?{study}", text))
    found |= set(re.findall(rf"(?:[Rr]esults (?:of|from)|in|from) (?:the )?{name}\s*$", text))
    found |= set(re.findall(rf":\s*(?:the )?{name}\s*(?:$|\b{study})", text))
    return frozenset(form for each in found for form in _acronym_forms(each))


def _acronym_forms(name: str) -> set[str]:
    whole = re.sub(r"\W", "", latin(name))
    head = re.match(r"([a-z0-9]{5,})[- ][a-z]{2,}$", latin(name))
    forms = {whole} | ({head[1]} if head else set())
    return {form for form in forms if len(form) >= 4 or re.search(r"[a-z]{2,}\d|\d[a-z]{2,}", form)}
