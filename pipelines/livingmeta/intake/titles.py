# ruff: noqa: SIM905
"""Titles as they are compared, and what kind of report a title says it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from livingmeta.intake.folding import has_cjk, is_small, latin, printed_words, without_markup, words_of
from livingmeta.intake.record import ABSTRACT, COMMENT, CONCERN, ERRATUM, PROTOCOL, REGISTRY_ENTRY, RETRACTION

# Signs that scanning takes for one another.
MISREAD = (("1", "l"), ("0", "o"), ("rn", "m"), ("ci", "d"), ("cl", "d"), ("vv", "w"))
_NOTICES = (
    (CONCERN, r"(?:editorial )?expressions? of (?:editorial )?concern"),
    (RETRACTION, r"retraction(?: note| notice)?|notice of retraction|retraction and replacement"),
    (
        ERRATUM,
        r"(?:author |publisher |editorial )?(?:published )?"
        r"(?:erratum|errata|corrigend(?:um|a)|corrections?|addendum)"
        r"(?: notice| note)?|notice of correction",
    ),
    (
        COMMENT,
        r"(?:invited |editorial )?comment(?:ary|s)?(?: on| to)|re|"
        r"(?:authors?'?s? )?(?:in )?(?:reply|response|replies)"
        r"(?: to letter| from (?:the )?authors?)?|letter(?: to the editor)?(?: regarding)?|"
        r"the authors? repl(?:y|ies)|"
        r"in response to|letter in response to|editorial comment|invited commentary|comment",
    ),
)
_PREFIXES = tuple(
    (
        kind,
        re.compile(
            rf"^[\[(\"'“]*(?:{words})[\])]?"
            r"(?:\s*(?:[:.,–—-]|\b(?:to|on|for|of|in|re)\b\s*:?)+\s*|\s*$)",
            re.I,
        ),
    )
    for kind, words in _NOTICES
)
_RETRACTED = re.compile(
    r"^[\[(]?(?:retracted|withdrawn)(?:\s+(?:article|paper|chapter))?[\])]?\s*[:.]\s*", re.I
)
_TRAILING = re.compile(
    r"[.\s]*[\[(](?:abstract(?: no\.? ?\S+)?|letter|retracted|conference abstract|"
    r"published erratum appears.*|"
    r"erratum appears.*|see comments?|comment|review|editorial)[\])][.\s]*$",
    re.I,
)
_CODE = re.compile(
    r"^(?=[A-Z0-9 .-]*\d)(?:[A-Z]{1,4}[ -]?){1,2}\d{2,5}[a-z]?[.:]?\s+(?=[A-Z])|"
    r"^#\d+\s*[.:]?\s+|^\d{3,4}[.:]\s+"
)
_PROTOCOL = re.compile(
    r"\bprotocol\b|\brationale\b.{0,30}\bdesign\b|\bdesign\b.{0,30}\brationale\b|\bstudy design\b|"
    r"\bdesign and (?:methods|baseline)|\bdesign of (?:the|a)\b",
    re.I,
)
_STATISTICAL_PLAN = re.compile(r"\bstatistical analysis plan\b", re.I)
_REGISTRY = re.compile(r"^\s*(?:NCT\d{8}|ISRCTN\d+|ChiCTR\S+|EUCTR\S+|ACTRN\d+)\s*$", re.I)
FURTHER = re.compile(
    r"\bfollow-?\s?up\b|\blong[- ]term\b|\bpost[- ]?hoc\b|\bsecondary\b|\bsub-?group\b|\bsub-?study\b|"
    r"\bancillary\b|"
    r"\bextension\b|\binterim\b|\bpreliminary\b|\bpilot\b|\bsub-?analysis\b|\bupdate[sd]?\b|\bexploratory\b|"
    r"\bprespecified\b|\brevisited\b|\bre-?analysis\b|\bbaseline characteristics\b|\bcost",
    re.I,
)


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
        words, content, " ".join(content), squeezed, frozenset(re.findall(r"\d+", " ".join(words))),
        _parts(core, squeezed), kind,
        frozenset(re.sub(r"\W", "", found.lower())[:6] for found in FURTHER.findall(core)),
        _is_foreign(title, words), has_cjk(core), _as_scanned(core),
        printed_words(core), bool(re.search(r"(?:\.\.|…)\s*$", title)) or bool(words and is_small(words[-1])),
    )  # fmt: skip


def _parts(core: str, whole: str) -> frozenset[str]:
    """Return the parts of a title that may stand for it: between two marks, and from the beginning to one."""
    pieces = ["".join(words_of(part)) for part in re.split(r"[:?;.–—]\s|\s[-–—]\s", core)]
    starts = ["".join(pieces[:end]) for end in range(1, len(pieces))]
    return frozenset(piece for piece in (*pieces, *starts) if len(piece) > 14 and piece != whole)


def _as_scanned(title: str) -> str:
    text = "".join(re.findall(r"[^\W_]", latin(without_markup(title))))
    for one, other in MISREAD:
        text = text.replace(one, other)
    return text


# Of a notice: after the title of the article where that one was printed, "[Heart 12 (2019) 1-9]".
_CITED = re.compile(r"^(.{20,}?)[\s\"'“”‘’]*[\[(][^\[\]]*\b(?:19|20)\d\d\b[^\[\]]*[\])]?\s*$")


def kind_in(title: str) -> tuple[str, str]:
    """Return what kind of report a title says it is, and the title without those words."""
    core = _TRAILING.sub("", title.strip())
    core = _RETRACTED.sub("", core)
    for kind, pattern in _PREFIXES:
        found = pattern.match(core)
        if found:
            return kind, _CITED.sub(r"\1", core[found.end() :]).strip(" \"'“”‘’[]().")
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
    # As printed: "does" folded like a diphthong would be the French "des".
    other = sum(word in SIGNS for word in re.findall(r"[^\W\d_]+", latin(title)))
    return has_cjk(title) or (other > english) or any("а" <= char <= "я" for char in title.lower())


SIGNS = frozenset(
    "der die das und bei von mit le les el los las del des du et une y con para por sobre della nel degli na "
    "w os da dos em och av hos zur einer entre sur dans pacientes patienten".split()
)


def acronyms(title: str) -> frozenset[str]:
    """Return the names of trials in a title: capitals where a trial's name stands."""
    text = without_markup(title)
    if text.upper() == text:
        return frozenset()
    # Each part can be read in one way only: a title in capitals must not be tried in all.
    part = r"(?:[- ]?\d+|[- ](?:[IVX]\b|[A-Z]{2}[A-Za-z]*))"
    name = rf"(\d?[A-Z][a-z]*[A-Z][A-Za-z]*{part}{{0,6}}|[A-Z]{{3,}}[- ]?\d+)"
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
