# ruff: noqa: SIM905
"""Text as it is compared: one spelling for what databases and transliterations write differently."""

import html
import re
import unicodedata
from functools import lru_cache

GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψωςϕϵϑ",
        (
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma "
            "tau upsilon phi chi psi omega sigma phi epsilon theta"
        ).split(),
        strict=True,
    )
)
CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch . y . e yu ya i i e g".split(),
        strict=True,
    )
)
# Letters that Unicode does not take apart.
LETTERS = {
    "ø": "o", "œ": "oe", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
    "ŋ": "n", "ʼ": "", "'": "", "’": "", "‘": "", "`": "", "´": "", "ʹ": "", "×": "x",
}  # fmt: skip
NUMBER_WORDS = dict(zip("two three four five six seven eight nine ten".split(), range(2, 11), strict=True))
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
# Only after these is a Roman numeral a number: "IV magnesium" is not the fourth.
COUNTED = frozenset(
    "part phase type stage study trial grade class series report chapter volume paper".split()
)
SMALL_WORDS = frozenset(
    "a an the of in on for and with to by at from as is are was were its their among between into after "
    "der die das und in bei von mit la le les el los las de del des du en et y e o un une".split()
)
_INLINE = re.compile(
    r"</?(?:su[bp]|i|b|em|strong|span|font|inf|jats:\w+|mml:\w+|sc|scp|bold|italic)\b[^<>]*>", re.I
)
_TAG = re.compile(r"</?[a-z][^<>]{0,80}>", re.I)
_TEX_ACCENT = re.compile(r"\{?\\[\"'`^~=.uvHcrk]\s?\{?\\?(\w)\}?\}?")
_TEX = re.compile(r"\\(?:text\w+|math\w+|emph|rm|it|bf|ensuremath)\b")
_THOUSANDS = re.compile(r"(?<=\d)[ ,](?=\d{3}(?!\d))")
_MISREAD = re.compile(r"(?<=[a-z]{2})[10](?=[a-z]{3})")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)


def without_markup(text: str) -> str:
    """Return `text` without what HTML, XML or TeX left in it."""
    for _ in range(2):
        text = html.unescape(text)
    text = _TAG.sub(" ", _INLINE.sub("", text))
    if "\\" in text or "{" in text or "$" in text:
        text = _TEX_ACCENT.sub(r"\1", text)
        text = _TEX.sub("", text).replace("\\", " ").translate(str.maketrans("", "", "{}$^_"))
    return text


def latin(text: str) -> str:
    """Return `text` in lower-case letters without accents; Greek letters by name, Cyrillic ones in Latin."""
    text = unicodedata.normalize("NFKD", text.casefold().replace("µ", "μ"))
    if text.isascii():
        return text.replace("'", "").replace("`", "")
    # Korean syllables come apart into letters; put them together again.
    kept = "".join(char for char in text if not unicodedata.combining(char))
    kept = unicodedata.normalize("NFC", kept)
    # A Greek letter alone has a name; a word in Greek is not named letter by letter.
    kept = re.sub(r"(?<![α-ω])[α-ωϕϵϑ](?![α-ω])", lambda found: f" {GREEK[found.group()]} ", kept)
    kept = "".join(LETTERS.get(char, CYRILLIC.get(char, char)) for char in kept)
    return re.sub(r"(?<=\w)\.(?=[a-z])", "", kept)


@lru_cache(maxsize=65536)
def spelled(word: str) -> str:
    """Return a word in one spelling for British, American, transliterated, single and plural forms."""
    if word.isdigit() or not word.isascii():
        return word.lstrip("0") or word
    if word in NUMBER_WORDS:
        return str(NUMBER_WORDS[word])
    word = re.sub(r"[ao]e(?=[a-z])", "e", word)
    for old, new in (("sulph", "sulf"), ("our", "or"), ("ph", "f"), ("geing", "ging")):
        word = word.replace(old, new)
    word = re.sub(r"(?<=[iy])s(?=[aeiou])", "z", word)
    word = re.sub(r"([bt])re$", r"\1er", word)
    word = re.sub(r"(am|lit|kilo)me$", r"\1m", word) if word.startswith("program") else word
    word = re.sub(r"ogue$", "og", word).replace("aluminium", "aluminum")
    if len(word) > 3 and word.endswith("s") and not word.endswith(("is", "us", "ss")):
        word = word[:-1]
    return re.sub(r"([a-z])\1", r"\1", word)


def printed_words(text: str) -> tuple[str, ...]:
    """Return the words of a title in Latin letters as they are printed; CJK characters one by one."""
    text = without_markup(text).replace("%", " percent ").replace("&", " and ").replace("+", " ")
    text = _THOUSANDS.sub("", latin(text))
    # "Mel1itus": a digit inside a word is a letter that was misread.
    text = _MISREAD.sub(lambda found: "l" if found.group() == "1" else "o", text)
    return tuple(_WORD.findall(text))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a title as they are compared, one for each printed word."""
    raw = printed_words(text)
    return tuple(
        _compared(word, raw[place - 1] if place else "", place, len(raw)) for place, word in enumerate(raw)
    )


def _compared(word: str, before: str, place: int, length: int) -> str:
    if word in ROMAN and (before in COUNTED or word in {"ii", "iii", "vii", "viii"}):
        return str(ROMAN[word])
    if word == "one" and before in COUNTED:
        return "1"
    if word in {"v", "vs"} and 0 < place < length - 1:
        return "versus"
    return "magnesium" if word == "mg" and not before.isdigit() else spelled(word)


def is_small(word: str) -> bool:
    """Return whether a word says nothing about the content of a title."""
    return word in SMALL_WORDS


def has_cjk(text: str) -> bool:
    """Return whether `text` has Chinese, Japanese or Korean characters."""
    return bool(_CJK.search(text))


@lru_cache(maxsize=65536)
def skeleton(name: str) -> str:
    """Return a surname without what transliterations disagree on."""
    text = "".join(char for char in latin(name) if char.isalnum())
    for old, new in (
        ("shch", "s"), ("sch", "s"), ("sh", "s"), ("tch", "c"), ("ch", "c"), ("cz", "c"), ("sz", "s"),
        ("zh", "z"), ("kh", "h"), ("tz", "c"), ("ts", "c"), ("ph", "f"), ("ck", "k"), ("w", "v"), ("ks", "x"),
        ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ia", "a"), ("ya", "a"), ("ja", "a"), ("iu", "u"),
        ("yu", "u"), ("ju", "u"), ("ye", "e"), ("ie", "e"), ("je", "e"), ("y", "i"), ("j", "i"),
    ):  # fmt: skip
        text = text.replace(old, new)
    text = re.sub(r"(.)\1+", r"\1", text)
    return re.sub(r"(?<=..)(?:v|f)$", "v", text)
