r"""LaTeX macros: every citable number of every question, by names of letters alone.

The name of a macro is `\lm`, the question's id, the number's field and a part, each word with a
capital letter and each digit spelled out: field `tau2` of question `a-b2` is `\lmABTwoTauTwo`.
Parts: none for the text as printed, `Value` for the point alone, `Lower` and `Upper` for the
limits, `Sentence`, `Stamp`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from livingmeta import formats
from livingmeta.export.provenance import Citable, citables, facts, hashes, statement
from livingmeta.export.registry import ExportError, Files
from livingmeta.snapshots import Snapshot

FILE = "livingmeta.tex"
PREFIX = "lm"
BREAK = r"/\allowbreak{}"  # a stamp is longer than most lines have room for
ENDS = (("ci_lower", "ci_upper"), ("pi_lower", "pi_upper"))
ESCAPES = {
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{char: f"\\{char}" for char in "%&_#${}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
    **{"−": r"\ensuremath{-}", "–": "--", "—": "---", "\N{NO-BREAK SPACE}": "~", "…": r"\ldots{}"},
    **{"‘": "`", "’": "'", "“": "``", "”": "''", "×": r"\texttimes{}", "±": r"\textpm{}"},
    **{"°": r"\textdegree{}", "µ": r"\textmu{}", "•": r"\textbullet{}", "→": r"\textrightarrow{}"},
    **{"≤": r"\ensuremath{\leq}", "≥": r"\ensuremath{\geq}", "≈": r"\ensuremath{\approx}"},
    **{"≠": r"\ensuremath{\neq}", "τ": "tau", "χ": "chi", "μ": "mu", "σ": "sigma"},
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ρ": "rho"},
}
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
LAST_PLAIN = 0x17F  # letters up to Latin Extended-A are known to every LaTeX of today as they are


@dataclass(frozen=True)
class Macro:
    """One definition.

    Parameters
    ----------
    name : str
        Without backslash.
    text : str
        What it expands to, as LaTeX.
    source : str
        What it is made from, for messages.
    raw : str
        The numbers behind it at full precision, nothing where there are none.
    """

    name: str
    text: str
    source: str
    raw: str = ""


def letters(*words: str) -> str:
    """Return words as one name of letters: `("tau2", "lower")` is `TauTwoLower`."""
    parts = re.findall(r"[A-Za-z]+|[0-9]", " ".join(words))
    return "".join(_capital(formats.words(int(part)) if part.isdigit() else part) for part in parts)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def escaped(text: str) -> str:
    """Return text as LaTeX for text mode; a character that LaTeX may not know shows its code point."""
    paired = re.sub(r'"([^"]*)"', r"“\1”", text).replace('"', "”")
    return "".join(map(_escaped_character, unicodedata.normalize("NFC", " ".join(paired.split(" ")))))


def _escaped_character(char: str) -> str:
    if char in ESCAPES:
        return ESCAPES[char]
    if char in SUPERSCRIPTS:
        return rf"\textsuperscript{{{SUPERSCRIPTS[char]}}}"
    if char in SUBSCRIPTS:
        return rf"\textsubscript{{{SUBSCRIPTS[char]}}}"
    if char.isspace():
        return " "
    plain = char.isprintable() and ord(char) <= LAST_PLAIN
    return char if plain else f"[U+{ord(char):04X}]"


def macro_files(snapshot: Snapshot) -> Files:
    """Return the file of macros of a snapshot."""
    return {FILE: tex(snapshot).encode()}


def tex(snapshot: Snapshot) -> str:
    """Return a file of macros.

    Raises
    ------
    ExportError
        When two of them would have one name.
    """
    made = macros(snapshot)
    head = [
        *statement(snapshot),
        r"use: \input{livingmeta} in the preamble; write \lmVersion{} before a blank",
        "a name that is taken already stops LaTeX; without packages, in pdfLaTeX and LuaLaTeX",
        "after each number: what it was rounded from, at double precision",
    ]
    lines = [*(f"% {line}" for line in head), *map(_line, made)]
    return "\n".join(lines) + "\n"


def _line(macro: Macro) -> str:
    return rf"\newcommand*{{\{macro.name}}}{{{macro.text}}}% {macro.raw}".rstrip()


def macros(snapshot: Snapshot) -> list[Macro]:
    """Return all macros, those of the whole first; see `tex` for what it raises."""
    whole = dict(zip(("Version", "Date", "Commit", "Hash"), facts(snapshot).values(), strict=True))
    made = [Macro(PREFIX + key, escaped(value), f"the {key.lower()}") for key, value in whole.items()]
    for name, record in sorted(snapshot.records.items()):
        made.append(_macro(name, "", "Title", record["title"]))
        made.append(_macro(name, "", "Hash", hashes(snapshot)[name]))
        made += [m for one in citables(snapshot) if one.record["id"] == name for m in _of_number(one)]
    _refuse_clashes(made)
    return made


def _macro(question: str, field: str, part: str, text: str, raw: str = "") -> Macro:
    source = " ".join(filter(None, (question, field, part)))
    return Macro(PREFIX + letters(question, field) + part, escaped(text), source, raw)


def _of_number(one: Citable) -> Iterator[Macro]:
    question, number = one.record["id"], one.number
    raw = ", ".join(f"{key} = {value!r}" for key, value in number.values.items())
    yield _macro(question, number.field, "", number.text, raw)
    for part, key in _parts(number.values):
        yield _macro(
            question, number.field, part, formats.ratio(number.values[key]), repr(number.values[key])
        )
    yield _macro(question, number.field, "Sentence", number.sentence)
    stamp = _macro(question, number.field, "Stamp", one.stamp)
    yield replace(stamp, text=stamp.text.replace("/", BREAK))


def _parts(values: Any) -> Iterator[tuple[str, str]]:
    """Yield the parts of a number that has an interval: what alone is one number needs none."""
    for lower, upper in ENDS:
        if lower in values and upper in values:
            if "estimate" in values:
                yield "Value", "estimate"
            yield "Lower", lower
            yield "Upper", upper


def _refuse_clashes(made: Iterable[Macro]) -> None:
    by_name: dict[str, list[str]] = {}
    for macro in made:
        by_name.setdefault(macro.name, []).append(macro.source)
    clashes = {name: found for name, found in by_name.items() if len(found) > 1}
    if clashes:
        said = [rf"\{name}: {' and '.join(found)}" for name, found in sorted(clashes.items())]
        raise ExportError(f"two numbers would have one macro; rename a question: {'; '.join(said)}")
