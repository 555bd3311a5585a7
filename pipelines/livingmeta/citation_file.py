"""`CITATION.cff`: a release sets its version and its day, and leaves every other byte as it is."""

from typing import Any

import yaml

FILE = "CITATION.cff"
VERSION, DATE = "version", "date-released"
_TOO_FANCY = f"{FILE}: write {VERSION} and {DATE} as plain lines of their own"


class CitationError(ValueError):
    """A citation file that cannot be read or edited."""


def with_release(text: str, version: str, date: str) -> str:
    """Return a citation file that names a release; a DOI in it stays and none is made.

    Parameters
    ----------
    text : str
        The file before.
    version, date : str
        CalVer and the day it was cut.

    Raises
    ------
    CitationError
        When the file is no mapping in YAML, or cannot be edited without touching more than these two.
    """
    meant = {**_read(text), VERSION: version, DATE: date}
    edited = _with_value(_with_value(text, VERSION, version), DATE, date)
    if _read(edited) != meant:
        raise CitationError(_TOO_FANCY)
    return edited


def _read(text: str) -> dict[str, Any]:
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CitationError(f"{FILE}: must be YAML: {' '.join(str(error).split())}") from None
    if not isinstance(read, dict):
        raise CitationError(f"{FILE}: must be a mapping in YAML")
    return read


def _with_value(text: str, key: str, value: str) -> str:
    """Return the text with a value exchanged in its place, or a line added below the version."""
    try:
        nodes = {name.value: node for name, node in yaml.compose(text, Loader=yaml.SafeLoader).value}
    except yaml.YAMLError:
        raise CitationError(_TOO_FANCY) from None
    if key in nodes:
        start, end = nodes[key].start_mark.index, nodes[key].end_mark.index
        return f'{text[:start]}"{value}"{text[end:]}'
    at = text.find("\n", nodes[VERSION].end_mark.index) + 1 if VERSION in nodes else 0
    if at == 0:
        return f'{text}{"" if text.endswith(chr(10)) else chr(10)}{key}: "{value}"\n'
    return f'{text[:at]}{key}: "{value}"\n{text[at:]}'
