"""The number that stands before a stamp, in whatever wording, held against the number of the release."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from livingmeta.effect_sizes.measures import MEASURES
from livingmeta.numbers import Number

SYMBOLS = {measure.label for measure in MEASURES.values()} | {"RD"}
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
THIN = "\u00a0\u2009\u202f"  # blanks that may stand between thousands
HYPHENS, DASHES, MINUS = "-‐‑", "–‒", "−"
SHORT = 3  # words of a sentence that only points to the one before it
LONGEST = 100  # characters of a sentence that is quoted as a whole
# What LaTeX and Markdown write around numbers, and digits that are no numbers.
MARKUP = (
    (re.compile(rf"[{INVISIBLE}]"), ""),
    (re.compile(r"\\(?:[a-z]*cite[a-z]*|[a-zA-Z]*ref|label)\*?(?:\[[^\]]*\])*\{[^{}]*\}"), " "),
    (re.compile(r"(?<!\w)@[\w:.-]*\w"), " "),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"(?<=[A-Za-z])(?:\^|\\textsuperscript|\\textsubscript)\s*\{?\d\}?"), ""),
    (re.compile(r"\\[a-zA-Z]+\*? ?|[{}$]"), ""),
    (re.compile(r"(?<![\w.])20\d\d(?:\.\d\d?\.\d+|-\d\d-\d\d)(?![\w.]*\d)"), " "),  # a version, a date
    (re.compile(r"\b(?:I|tau|chi|R|H|Mg|Ca)2(?![\d.,·])"), "_"),
    (re.compile(r"(?i)\bminus\s+(?=\d)"), MINUS),
)
KINDS = (
    r"(?:CIs?\b|C\.I\.|CrI\b|PI\b"
    r"|(?:confidence|credible|compatibility|prediction)(?:\s+(?:interval|limit)s?)?)"
)
# What may stand beside an estimate with its interval; each says itself what it is.
BESIDE = re.compile(
    r"\b[pP](?:[- ]value)?\s*(?:[=<>≤≥]|of|was)\s*[01]?[.·]\d+"
    r"|(?:\bI²|_|τ²|χ²)\s*(?:=|of|was|:)?\s*\d+(?:[.·]\d+)?\s*%?"
    r"|\b[knN]\s*=\s*\d[\d,]*(?![.·]?\d)"
    r"|(?<![\d.,·–−-])\d[\d,]*\s+(?:[a-z]+\s+){0,2}(?:studies|trials|cohorts|participants|patients)\b"
)
NUMERAL = re.compile(
    rf"(?P<digits>(?:\d{{1,3}}(?:[,{THIN}]\d{{3}})+(?!\d)|\d+)(?:[.·]\d+)*(?:[eE][-−+]?\d+)?|[.·]\d+)"
    r"(?P<unit>\s*%|\s+per\s?cent\b)?"
)
SIGN = re.compile(
    rf"(?P<before>.?)(?P<gap>\s*)(?P<sign>[{HYPHENS}{DASHES}{MINUS}])(?P<after>\s*)$", re.DOTALL
)
SENTENCE = re.compile(r"(?P<word>[^\s.]*)[.!?][)\]\"'”’*_]*\s+(?=[A-Z(\[“\"*_])|\n[ \t]*\n")
ABBREVIATIONS = {"vs", "al", "cf", "ca", "approx", "Fig", "Tab", "Eq", "ref", "e", "g", "i", "no", "Dr"}


@dataclass(frozen=True)
class Numeral:
    """One number in a text: sign, digits and percent sign as they are read, and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Claim:
    """What a text says before a stamp, and whether that is what the release says."""

    text: str
    agrees: bool


def claim(before: str, number: Number, levels: set[float]) -> Claim | None:
    """Return what stands before a stamp held against a number, None where no number stands there.

    Parameters
    ----------
    before : str
        The text before the stamp.
    number : Number
        What the release says.
    levels : set of float
        Levels of the intervals of the record, in percent; any other level in the text is a number.
    """
    said = sentence(before)
    plain = _without_level(_plain(said), levels)
    if not any(numerals(plain)):
        return None
    expected = list(numerals(number.text))
    if len(expected) > 1:
        plain = BESIDE.sub(" ", plain)
    last = list(numerals(plain))[-len(expected) :]
    same = [one.text for one in last] == [one.text for one in expected]
    same = same and _symbol_agrees(plain, last[0].start, number.text)
    return Claim(_quoted(said, plain, last), same)


def sentence(before: str) -> str:
    """Return the last sentence of a text; with the one before, where it is but a pointer such as "see"."""
    starts = [0]
    for end in SENTENCE.finditer(before):
        if (end["word"] or "").strip("(") not in ABBREVIATIONS:
            starts.append(end.end())
    last = before[starts[-1] :]
    is_pointer = len(starts) > 1 and len(last.split()) <= SHORT and not any(numerals(_plain(last)))
    return before[starts[-2] :] if is_pointer else last


def _plain(text: str) -> str:
    for pattern, printed in MARKUP:
        text = pattern.sub(printed, text)
    return text


def _without_level(text: str, levels: set[float]) -> str:
    for level in levels:
        shown = re.escape(f"{level:g}")
        percent = rf"(?<![\d.,·]){shown}(?:\s*%|\s+per\s?cent)"
        text = re.sub(rf"{percent}[\s-]*{KINDS}|\b{KINDS}[\s(]*{percent}\)?", ": ", text)
    return text


def numerals(text: str) -> Iterator[Numeral]:
    """Yield the numbers of a text in their order, with their signs."""
    end = 0
    for found in NUMERAL.finditer(text):
        digits = re.sub(rf"[{THIN}]", ",", found["digits"]).replace("·", ".").replace("e-", "e−")
        sign = SIGN.search(text, end, found.start())
        minus = sign is not None and _is_minus(sign, text, found.start())
        unit = "%" if found["unit"] else ""
        start = sign.start("sign") if sign is not None and minus else found.start()
        yield Numeral(f"{MINUS if minus else ''}{digits}{unit}", start, found.end())
        end = max(0, found.end() - 1)


def _is_minus(sign: re.Match[str], text: str, start: int) -> bool:
    """Return whether a dash before a number is its sign; between two numbers it says "to"."""
    before, gap, after = sign["before"], sign["gap"], sign["after"]
    if before.isdigit() or before == "%":
        return bool(gap) and not after and sign["sign"] not in DASHES
    if not before.isalpha() or sign["sign"] == MINUS:
        return True
    word = re.search(r"[A-Za-z]+$", text[: sign.start("gap")])
    return (bool(gap) and not after) or (word is not None and word.group() in SYMBOLS)


def _symbol_agrees(plain: str, start: int, text: str) -> bool:
    """Return whether the symbol before a number is the release's; there may be none."""
    symbol, _, rest = text.partition(" ")
    if not rest or symbol not in SYMBOLS:
        return True
    previous = [one.end for one in numerals(plain[:start])]
    between = plain[previous[-1] if previous else 0 : start]
    named = [
        word for word in re.findall(r"[A-Za-z]+", between) if word in SYMBOLS - {"estimate", "proportion"}
    ]
    return not named or named[-1] == symbol


def _quoted(said: str, plain: str, last: list[Numeral]) -> str:
    """Return a claim as a message quotes it: its sentence, or its end from the first number compared."""
    whole = " ".join(said.split())
    if len(whole) <= LONGEST or not last:
        return whole[-LONGEST:]
    start = max(0, last[0].start - 1)
    lead = re.search(r"\S{1,20}\s*[=:(]*$", plain[:start])
    return "... " + " ".join(plain[lead.start() if lead else start :].split())
