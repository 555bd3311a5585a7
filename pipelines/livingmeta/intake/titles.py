"""Titles as they are compared, and what kind of report a title says it is."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from livingmeta.intake.folding import has_cjk, is_small, latin, printed_words, without_markup, words_of
from livingmeta.intake.record import ABSTRACT, COMMENT, CONCERN, ERRATUM, PROTOCOL, REGISTRY_ENTRY, RETRACTION

# Signs that scanning takes for one another.
MISREAD = (("1", "l"), ("0", "o"), ("rn", "m"), ("ci", "d"), ("cl", "d"), ("vv", "w"))
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
    scanned : str
        The letters and figures as printed, those that scanning confuses taken for one.
    printed : tuple of str
        The words as printed, one for each of `words`.
    cut : bool
        It ends as what was cut off ends: with dots, or with a small word.
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
    scanned: str = ""
    printed: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class Resemblance:
    """How two titles compare: a grade, a similarity between 0 and 1, and the words each has alone.

    The grade is "missing", "same", "part" (one is the beginning, the title without subtitle, or the subtitle of
    the other), "longer" (a few words more at the end), "alike", "numbers" (alike but for a number), or "different".
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
    return Title(
        words, content, " ".join(content), squeezed, frozenset(re.findall(r"\d+", " ".join(words))), _parts(core, squeezed), kind,
        frozenset(re.sub(r"\W", "", found.lower())[:6] for found in FURTHER.findall(core)),
        _is_foreign(title, words), has_cjk(core), _as_scanned(core),
        printed_words(core), bool(re.search(r"(?:\.\.|…)\s*$", title)) or bool(words and is_small(words[-1])),
    )  # fmt: skip


def _parts(core: str, whole: str) -> frozenset[str]:
    """Return the parts of a title that may stand for it: each between two marks, and each beginning up to one."""
    pieces = ["".join(words_of(part)) for part in re.split(r"[:?;.–—]\s|\s[-–—]\s", core)]
    starts = ["".join(pieces[:end]) for end in range(1, len(pieces))]
    return frozenset(piece for piece in (*pieces, *starts) if len(piece) > 14 and piece != whole)


def _as_scanned(title: str) -> str:
    text = "".join(re.findall(r"[^\W_]", latin(without_markup(title))))
    for one, other in MISREAD:
        text = text.replace(one, other)
    return text


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
    order = {"same": 6, "part": 5, "longer": 4, "alike": 3, "numbers": 2, "different": 1, "missing": 0}
    found = [_compare(x, y) for x in a for y in b]
    return max(found, key=lambda one: (order[one.grade], one.score))


ENGLISH_SMALL_WORDS = "and for with from the was were are their among between into after of in on to by".split()


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
        for word, number in zip(words, words[1:], strict=False)
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
        few = len(long.words) - len(short.words) <= FEW_WORDS and long.words[: len(short.words)] == short.words
        return "longer" if few and not short.cut else "part"
    if len(short.content) < 4 or len(short.words) + 1 >= len(long.words):
        return ""
    # A beginning with a typing error.
    start = long.squeezed[: len(short.squeezed)]
    return "part" if OSA.normalized_similarity(start, short.squeezed) > 0.95 else ""


def cut_in_a_word(a: Title, b: Title) -> bool:
    """Return whether one title is the long beginning of the other and ends inside a word, as a field too short does."""
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
