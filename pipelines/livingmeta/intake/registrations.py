"""Numbers in trial registers, wherever they stand in a text and however they are typed."""

import re
from collections.abc import Callable, Iterable

BEFORE = r"(?<![A-Z0-9])"
GAP = r"[\s:#-]{0,3}"


def _plain(prefix: str) -> Callable[[re.Match[str]], str]:
    return lambda found: prefix + found[1].upper()


def _european(found: re.Match[str]) -> str:
    """Return a European number without its country or version; those from 50 on are of the newer system."""
    number = f"{found[1]}-{found[2]}-{found[3]}"
    return ("CTIS" if found[2].startswith("5") else "EUCTR") + number


def _upper(found: re.Match[str]) -> str:
    return re.sub(r"\s+", "", found[0]).upper()


# Of each register what all its numbers hold, their pattern in capitals, and their one form. A review in
# PROSPERO is no trial and not among them.
REGISTERS: tuple[tuple[str, str, Callable[[re.Match[str]], str]], ...] = (
    ("NCT", rf"NCT{GAP}(\d{{8}})(?!\d)", _plain("NCT")),
    ("ISRCTN", rf"ISRCTN{GAP}(\d{{8}})(?!\d)", _plain("ISRCTN")),
    ("-", r"(?:EUCTR|CTIS|EUDRACT)?[\s:#]{0,3}(?<!\d)((?:19|20)\d\d)-(\d{6})-(\d\d)(?!\d)", _european),
    ("CHICTR", r"CHICTR[-\s]?(?:[A-Z]{2,4}-)*\d{8,10}(?!\d)", _upper),
    (
        "CTRI",
        r"CTRI[/\s-]?((?:19|20)\d\d)[/\s-](\d{2,3})[/\s-](\d{6})(?!\d)",
        lambda f: f"CTRI/{f[1]}/{f[2]}/{f[3]}",
    ),
    ("ACTRN", rf"ACTRN{GAP}(\d{{14}}|\d{{12}})(?!\d)", _plain("ACTRN")),
    ("DRKS", rf"DRKS{GAP}(\d{{8}})(?!\d)", _plain("DRKS")),
    ("UMIN", rf"UMIN{GAP}(?:CTR)?{GAP}(?:UMIN)?{GAP}(?:ID)?{GAP}(\d{{9}})(?!\d)", _plain("UMIN")),
    ("JRCT", r"JRCT(S?\d{9,10})(?!\d)", _plain("JRCT")),
    ("JAPICCTI", rf"JAPICCTI{GAP}(\d{{6}})(?!\d)", _plain("JAPICCTI-")),
    ("IIA", rf"JMA{GAP}(IIA\d{{5}})(?!\d)", _plain("JMA-")),
    ("IRCT", r"IRCT\s?(\d{8,14}N\d{1,3})(?!\d)", _plain("IRCT")),
    ("NTR", rf"NTR{GAP}(\d{{2,5}})(?!\d)", _plain("NTR")),
    ("OMON", r"NL-?(OMON\d{3,6})(?!\d)", _plain("NL-")),
    ("KCT", rf"KCT{GAP}(\d{{7}})(?!\d)", _plain("KCT")),
    ("PACTR", rf"PACTR{GAP}(\d{{15,16}})(?!\d)", _plain("PACTR")),
    ("SLCTR", r"SLCTR[/\s-]?((?:19|20)\d\d)[/\s-](\d{3})(?!\d)", lambda f: f"SLCTR/{f[1]}/{f[2]}"),
    ("TCTR", rf"TCTR{GAP}(\d{{11}})(?!\d)", _plain("TCTR")),
    ("RBR", r"RBR-?([0-9A-Z]{6,8})(?![0-9A-Z])", _plain("RBR-")),
    ("PER-", r"(PER-\d{3}-\d{2})(?!\d)", _plain("")),
    ("RPCEC", r"RPCEC\s?(\d{8})(?!\d)", _plain("RPCEC")),
    ("LBCTR", r"LBCTR\s?(\d{10})(?!\d)", _plain("LBCTR")),
    ("ITMCTR", r"ITMCTR\s?(\d{10})(?!\d)", _plain("ITMCTR")),
)
COMPILED = tuple((word, re.compile(BEFORE + pattern), form) for word, pattern, form in REGISTERS)
# Short numbers of the Dutch register count only where it is named.
DUTCH = re.compile(BEFORE + r"NL\s?(\d{3,5})(?!\d|[.-]\d)")
DUTCH_NAMED = re.compile(r"TRIAL\s?REGISTER|TRIAL\s?NL|\bNTR\b")


def registrations(texts: Iterable[str]) -> tuple[str, ...]:
    """Return all numbers in trial registers that stand in some texts: one form, sorted, each once."""
    text = "\n\n\n\n".join(texts).upper()
    found: set[str] = set()
    for word, pattern, form in COMPILED:
        if word in text:
            found.update(form(match) for match in pattern.finditer(text))
    if "NL" in text and DUTCH_NAMED.search(text):
        found.update(f"NL{match[1]}" for match in DUTCH.finditer(text))
    return tuple(sorted(found))


def is_registration(value: str) -> bool:
    """Return whether a text is a number in a register and nothing else."""
    numbers = registrations([value])
    return len(numbers) == 1 and len(value.strip()) <= len(numbers[0]) + 8
