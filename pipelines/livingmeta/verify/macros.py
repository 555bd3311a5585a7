r"""Manuscripts in LaTeX that print numbers by the macros of a release's `livingmeta.tex`."""

import re
from collections.abc import Mapping
from pathlib import Path

from livingmeta.verify.reading import Content

FILE = "livingmeta.tex"
USED = re.compile(r"\\(lm[A-Z][A-Za-z]*)")
COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
DEFINED = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|def|gdef|DeclareRobustCommand)\*?\s*\{?\s*\\(lm[A-Z][A-Za-z]*)\s*\}?"
    r"\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
INPUT = re.compile(
    r"\\(?:input|include|subfile)\s*(?:\{\s*([^{}]+?)\s*\}|([^\s{}\\]+))|\\(?:sub)?import\*?\s*\{([^{}]*)\}\s*\{([^{}]+)\}"
)


def without_comments(text: str) -> str:
    """Return LaTeX without its comments; lines stay where they are."""
    return COMMENT.sub(r"\1", text)


def used(content: Content) -> dict[str, list[int]]:
    """Return the lines in which each macro of a release is used in a manuscript.

    Nothing is said of a file that is itself a list of macros, as `livingmeta.tex` is.
    """
    if content.kind != "text":
        return {}
    text = without_comments(content.text)
    own = definitions(text)
    found: dict[str, list[int]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        for name in USED.findall(line):
            found.setdefault(name, []).append(number)
    return {} if found.keys() <= own.keys() and not _inputs(text) else found


def definitions(text: str) -> dict[str, str]:
    """Return what each macro expands to, by its name without backslash."""
    return dict(DEFINED.findall(without_comments(text)))


def input_file(path: Path, content: Content) -> Path | None:
    """Return the `livingmeta.tex` that a manuscript takes in, None where it is not beside it."""
    for name in _inputs(without_comments(content.text)):
        found = path.parent / (name if name.endswith(".tex") else f"{name}.tex")
        if found.is_file():
            return found
    return None


def _inputs(text: str) -> list[str]:
    found = [
        "".join(match.groups("")) if match[4] is None else _imported(match) for match in INPUT.finditer(text)
    ]
    return [name for name in found if name.rpartition("/")[2] in (FILE, FILE.removesuffix(".tex"))]


def _imported(match: re.Match[str]) -> str:
    return f"{match[3].rstrip('/')}/{match[4].strip()}".lstrip("/") if match[3] else match[4].strip()


def expanded(text: str, known: Mapping[str, str]) -> str:
    """Return LaTeX with known macros as what they print, and without definitions, which print nothing."""
    plain = DEFINED.sub(lambda found: "\n" * found[0].count("\n"), without_comments(text))
    return USED.sub(lambda found: known.get(found[1], found[0]), plain)


def changed(own: Mapping[str, str], known: Mapping[str, str]) -> list[str]:
    """Return the macros that a file defines otherwise than a release does."""
    return sorted(name for name, text in own.items() if known.get(name) != text)
