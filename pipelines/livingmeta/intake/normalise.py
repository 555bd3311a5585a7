"""Identifiers in one form and text without mark-up, so that two exports of one record can be compared."""

import html
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

# None is longer; what is, is no DOI to the end.
DOI = re.compile(r"10\.\d{4,9}/[^\s\"“”|]{1,400}")
# Older ones name pages in angle brackets: "10.1002/1097-0142(20010615)91:12<2214::aid-cncr1251>3.0.co;2-y".
SICI = re.compile(r"sici|\d<[a-z]?\d*:")
# What addresses of publishers have after the DOI.
AFTER_DOI = re.compile(
    r"/(?:full|abstract|summary|pdf|epdf|full-?text|meta|html|references)(?:\.(?:html?|pdf))?/?$"
)
PMID = re.compile(
    r"^\W*(?:(?:pmid|pubmed|medline)(?:\s+id)?\W*)?0*(\d{1,8})(?:\.0)?\W*(?:\[[a-z]+\]\s*)?$", re.I
)
NAMED_PMID = re.compile(r"\b(?:pmid|pubmed|medline:?)\s*(?:id)?\s*[:#=]?\s*(?:NLM)?0*(\d{1,8})\b", re.I)
ADDRESS_PMID = re.compile(
    r"(?:pubmed\.ncbi\.nlm\.nih\.gov/|/pubmed/|/article/MED/|/abstract/MED/)0*(\d{1,8})\b", re.I
)
PMCID = re.compile(r"\bPMC\s?0*(\d{3,9})\b", re.I)
YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
PACKED_DATE = re.compile(r"^\s*((?:1[5-9]|20)\d\d)(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\s*$")
TAG = re.compile(
    r"</?(?:jats:|mml:|m:)?(?:i|b|u|p|a|em|strong|sub|sup|small|br|hr|span|div|tt|sc|font|title|sec|"
    r"italic|bold|"
    r"underline|roman|monospace|inline-formula|alternatives|tex-math|math|mrow|mi|mn|mo|msub|msup|"
    r"msubsup|mtext|"
    r"mspace|mstyle|mfrac|semantics|h[1-6]|ul|ol|li|list|list-item|named-content|styled-content|xref|"
    r"inline-graphic)"
    r"(?:\s[^<>]*)?/?>",
    re.I,
)
BLOCKS = re.compile(r"</?(?:jats:)?(?:p|br|hr|div|title|sec|li|h[1-6])\b", re.I)
NO_NAMES = {"et al", "et al.", "others", "and others", "anonymous", "[anonymous]", "no author"}
INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
LANGUAGES = {
    "en": "English", "eng": "English", "de": "German", "ger": "German", "deu": "German", "fr": "French",
    "fre": "French", "fra": "French", "es": "Spanish", "spa": "Spanish", "it": "Italian", "ita": "Italian",
    "pt": "Portuguese", "por": "Portuguese", "nl": "Dutch", "dut": "Dutch", "nld": "Dutch", "pl": "Polish",
    "pol": "Polish", "ru": "Russian", "rus": "Russian", "zh": "Chinese", "chi": "Chinese", "zho": "Chinese",
    "ja": "Japanese", "jpn": "Japanese", "ko": "Korean", "kor": "Korean", "tr": "Turkish", "tur": "Turkish",
    "fa": "Persian", "per": "Persian", "fas": "Persian", "ar": "Arabic", "ara": "Arabic", "da": "Danish",
    "dan": "Danish", "sv": "Swedish", "swe": "Swedish", "no": "Norwegian", "nor": "Norwegian", "cs": "Czech",
    "cze": "Czech", "ces": "Czech", "hu": "Hungarian", "hun": "Hungarian", "he": "Hebrew", "heb": "Hebrew",
    "und": "", "mul": "Multiple languages",
}  # fmt: skip


def text(value: str) -> str:
    """Return text in NFC with entities decoded, mark-up left out and white space collapsed."""
    if "&" in value:
        value = html.unescape(html.unescape(value))
    if "<" in value:
        value = TAG.sub(lambda tag: " " if BLOCKS.match(tag[0]) else "", value)
    value = unicodedata.normalize("NFC", value.translate(INVISIBLE))
    return " ".join(value.split())


def doi(value: str) -> str:
    """Return the first DOI in a text, lower case and without a resolver; empty where there is none."""
    value = html.unescape(value)
    if "%" in value:
        value = unquote(value)
    found = DOI.search(value)
    if found is None:
        return ""
    name = found[0].lower()
    if "://" in value[: found.start()] or "www." in value[: found.start()].lower():
        name = AFTER_DOI.sub("", re.split(r"[?#&]", name)[0])
    if not SICI.search(name):
        name = name.split("<")[0]
    name = _unended(name)
    return name if name.partition("/")[2] else ""


def _unended(name: str) -> str:
    """Return a DOI without what a sentence puts after it."""
    while name and (name[-1] in ".,;:'\"`’*!" or _closes(name)):
        name = name[:-1]
    return name


def _closes(name: str) -> bool:
    """Return whether a DOI ends with a bracket that is not opened in it."""
    return any(
        name.endswith(end) and name.count(end) > name.count(begin) for begin, end in ("()", "[]", "{}", "<>")
    )


def pmid(value: str) -> str:
    """Return the PubMed number that a field of its own holds, with or without its name or as an address."""
    found = PMID.match(value) or NAMED_PMID.search(value) or ADDRESS_PMID.search(value)
    return found[1] if found and found[1] != "0" else ""


def named_pmid(value: str) -> str:
    """Return the PubMed number in a text that names it as one; a bare number is none."""
    found = NAMED_PMID.search(value) or ADDRESS_PMID.search(value)
    return found[1] if found and found[1] != "0" else ""


def pmcid(value: str) -> str:
    """Return the number in PubMed Central, as "PMC" and digits."""
    found = PMCID.search(value)
    return f"PMC{found[1]}" if found else ""


def year(value: str) -> int | None:
    """Return the first year in a date however it is written; None where there is none."""
    found = PACKED_DATE.match(value) or YEAR.search(value)
    return int(found[1]) if found else None


def language(value: str) -> str:
    """Return a language by its English name; as exported where its code is not known."""
    value = text(value)
    return LANGUAGES.get(value.lower(), value)


def pages(value: str) -> str:
    """Return pages with one kind of hyphen and without "p." or an open end."""
    value = re.sub(r"\s*[-‐‑‒–—−]+\s*", "-", text(value))
    return re.sub(r"^(?:pp?\.|pages?\b)\s*", "", value, flags=re.I).strip("- ")


def author(value: str) -> str:
    """Return one author's name without mark-up and what exports put around it."""
    name = text(value).replace("{", "").replace("}", "")
    name = re.sub(r"\s*\(\d{5,}\)$|\s*\((?:orcid|corresponding author)[^)]*\)", "", name, flags=re.I)
    return re.sub(r"( [A-Z]{2,4})\.$", r"\1", name.strip(" ,;"))


def authors(values: Iterable[str]) -> tuple[str, ...]:
    """Return the names in fields that may hold several, each once."""
    names: dict[str, None] = {}
    for value in values:
        for part in _apart(html.unescape(value)):
            name = author(part)
            if name and name.lower() not in NO_NAMES:
                names[name] = None
    return tuple(names)


def _apart(value: str) -> list[str]:
    """Return names apart: between them stand semicolons, or "and" where each has a comma of its own."""
    parts = re.split(r"\s+and\s+", value)
    if len(parts) > 1 and ";" not in value and all(part.count(",") == 1 for part in parts):
        return parts
    return re.split(r";|\s+//\s+", value)
