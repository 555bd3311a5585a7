"""The changelog: what stood under "Unreleased" becomes the section of a release."""

import re

FILE = "CHANGELOG.md"
_UNRELEASED = re.compile(r"^## \[?Unreleased\]?[ \t]*$", re.MULTILINE | re.IGNORECASE)
_MARKS = re.compile(r"([\\`*_{}\[\]<>$])")


class ChangelogError(ValueError):
    """A changelog that cannot take a release."""


def with_release(text: str, version: str, date: str, kind: str, reason: str) -> str:
    """Return a changelog with the section of a release below an empty "Unreleased".

    Parameters
    ----------
    text : str
        The changelog before.
    version, date : str
        CalVer and day, for the heading.
    kind, reason : str
        In words, for the line below it; they are shown as typed, not as Markdown.

    Raises
    ------
    ChangelogError
        When there is no section "Unreleased", or already one of this version.
    """
    if re.search(rf"^## \[?{re.escape(version)}\]?(?!\S)", text, re.MULTILINE):
        raise ChangelogError(f"{FILE}: holds a section {version} already: take that out")
    found = _UNRELEASED.search(text)
    if found is None:
        raise ChangelogError(f"{FILE}: must have a section '## Unreleased': add that line")
    said = _MARKS.sub(r"\\\1", f"Kind: {kind}. {reason}")
    return f"{text[: found.end()]}\n\n## {version} - {date}\n\n{said}{text[found.end() :]}"
