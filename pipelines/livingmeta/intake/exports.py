"""Any export of a search becomes records; its format is recognised by what it holds, not by its name."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from livingmeta.intake import bibtex, delimited, endnote_xml, nbib, pubmed_xml, ris, web_of_science
from livingmeta.intake.encoding import decode, is_binary
from livingmeta.intake.record import Broken, ExportError, Reading, Record

FORMATS: dict[str, Callable[[str], Reading]] = {
    ris.NAME: ris.read,
    nbib.NAME: nbib.read,
    pubmed_xml.NAME: pubmed_xml.read,
    bibtex.NAME: bibtex.read,
    delimited.NAME: delimited.read,
    web_of_science.NAME: web_of_science.read,
    endnote_xml.NAME: endnote_xml.read,
}
BY_LINE = (
    (ris.NAME, ris.is_ris),
    (nbib.NAME, nbib.is_nbib),
    (web_of_science.NAME, web_of_science.is_web_of_science),
    (bibtex.NAME, bibtex.is_bibtex),
)
# What begins a record in one format and can be nothing else, and what ends one.
BEGINS = {
    ris.NAME: re.compile(r"^TY  - [A-Z]{3,7}\s*$"),
    nbib.NAME: re.compile(r"^PMID ?- ?\d{1,8}\s*$"),
    web_of_science.NAME: re.compile(r"^(?:FN (?:Clarivate|ISI|Thomson)|PT [A-Z]\s*$)"),
    bibtex.NAME: re.compile(r"^\s*@\s*[A-Za-z]+\s*\{[^\s{},]+,"),
}
ENDED = re.compile(r"^(?:ER\s*(?:-.*)?|E[RF]|\}\s*)$")
READ = (
    "Formats that are read: RIS (.ris), PubMed (.nbib or .xml), BibTeX (.bib), tables (.csv, .tsv), "
    "Web of Science plain text (.ciw) and EndNote XML (.xml)."
)
# What a file begins with that is no text, and what to do about it.
SIGNATURES = (
    (b"\x1f\x8b", "a gzip archive", "Unpack it and give the file inside."),
    (b"PK\x05\x06", "an empty zip archive", "Export the search again."),
    (b"PK\x03\x04", "a zip archive or a workbook (.xlsx)", "Unpack it, or save the workbook as CSV."),
    (b"BZh", "a bzip2 archive", "Unpack it and give the file inside."),
    (b"\xfd7zXZ", "an xz archive", "Unpack it and give the file inside."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it and give the file inside."),
    (b"Rar!", "a rar archive", "Unpack it and give the file inside."),
    (b"%PDF", "a PDF file", "Export the search as RIS."),
    (b"\xd0\xcf\x11\xe0", "an old Office file (.xls, .doc)", "Save the table as CSV."),
    (b"SQLite format 3", "a database", "Export the search as RIS."),
    (b"{\\rtf", "a rich text file", "Save it as plain text."),
)  # fmt: skip
HTML = re.compile(
    r"^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|script|div)\b",
    re.I | re.S,
)


def read(name: str, data: bytes) -> Reading:
    """Return the records of an export and what of it could not be read.

    Parameters
    ----------
    name : str
        Of the file, for messages; the format is recognised from the data.
    data : bytes
        The whole file, in any encoding.

    Raises
    ------
    ExportError
        If the file is no export of a known format; the message says what it seems to be and what to do.
    """
    try:
        _refuse_binary(data)
        return _read(decode(data))
    except ExportError as error:
        raise ExportError(f"{name}: {error}") from None


def _read(text: str) -> Reading:
    """Return the records of a text, each stretch of it by the reader of its format."""
    stretches = [(begun, FORMATS[name](part)) for begun, name, part in _stretches(text)]
    if len(stretches) == 1:
        return stretches[0][1]
    formats = sorted({reading.format for _, reading in stretches})
    records: list[Record] = []
    unread: list[Broken] = []
    for begun, reading in stretches:
        before = len(records) + len(unread)
        records += [replace(one, number=one.number + before) for one in reading.records]
        unread += [replace(one, number=one.number + before, line=one.line + begun) for one in reading.broken]
    return Reading(" and ".join(formats), tuple(records), tuple(unread))


def _stretches(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line from 0, the format and the text of each stretch in one format.

    Files may have been put one after the other. Another format begins where a blank line, or the last
    line of a record, stands before a line that begins a record of that format and of no other.
    """
    name = _format(text)
    if name in (delimited.NAME, pubmed_xml.NAME, endnote_xml.NAME):
        yield 0, name, text
        return
    lines, begun = text.split("\n"), 0
    for i, line in enumerate(lines[1:], 1):
        if lines[i - 1].strip() and not ENDED.match(lines[i - 1]):
            continue
        other = next((one for one, begins in BEGINS.items() if begins.match(line)), name)
        if other != name and any(before.strip() for before in lines[begun:i]):
            yield begun, name, "\n".join(lines[begun:i])
            begun = i
        name = other
    yield begun, name, "\n".join(lines[begun:])


def _refuse_binary(data: bytes) -> None:
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise ExportError(f"the file is empty. Export the search again and look at the file. {READ}")
    for signature, what, advice in SIGNATURES:
        if data.startswith(signature):
            raise ExportError(f"this is {what}, not the text of an export. {advice} {READ}")
    if is_binary(data):
        raise ExportError(f"the file is not text. Export the search again. {READ}")


def _format(text: str) -> str:
    """Return the format of a text."""
    if not text.strip():
        raise ExportError(f"the file holds no text. {READ}")
    if text.lstrip().startswith("<") and endnote_xml.is_endnote_xml(text):
        return endnote_xml.NAME
    _refuse_pages(text)
    if pubmed_xml.is_pubmed_xml(text) and text.lstrip().startswith("<"):
        return pubmed_xml.NAME
    header = delimited.header_of(text)
    lines = text.split("\n")
    marked = next(
        ((i, name) for i, line in enumerate(lines) for name, is_one in BY_LINE if is_one(line)), None
    )
    if header is not None and (marked is None or header[0] < marked[0]):
        return delimited.NAME
    if marked is not None:
        return marked[1]
    if pubmed_xml.is_pubmed_xml(text):
        return pubmed_xml.NAME
    if _is_table(lines):
        return delimited.NAME
    raise ExportError(f"the file is of no known format; it begins with {text.strip()[:80]!r}. {READ}")


def _refuse_pages(text: str) -> None:
    """Refuse what a site answers instead of an export, and other kinds of XML and data."""
    if HTML.match(text):
        title = re.search(r"<title[^>]*>\s*(.*?)\s*</title>", text, re.I | re.S)
        said = f' with the title "{title[1][:100]}"' if title else ""
        raise ExportError(
            f"this is a web page{said}, not an export; the site has probably answered with an error or asked "
            f"to log in. Export the search again. {READ}"
        )
    if re.match(r"\s*<(?!\d+\. ?>)", text) and not pubmed_xml.is_pubmed_xml(text):
        root = re.search(r"<([A-Za-z][\w:.-]*)", text)
        fault = re.search(r"<ERROR>\s*(.*?)\s*</ERROR>", text, re.S)
        found = f"<{root[1]}>" if root else "no element"
        error = f' that says "{fault[1][:200]}"' if fault else ""
        raise ExportError(
            f"this is XML of another kind: {found}{error}. Export it as RIS, or from PubMed. {READ}"
        )
    if re.match(r"\s*[{\[]\s*[\"{\[\]}]", text):
        raise ExportError(f"this is JSON. Export the search as RIS or as a table. {READ}")


def _is_table(lines: list[str]) -> bool:
    """Return whether the first lines have the same number of cells, more than one."""
    first = [line for line in lines if line.strip()][:2]
    counts = [{sign: line.count(sign) for sign in delimited.DELIMITERS} for line in first]
    return len(first) > 1 and any(
        counts[0][sign] and counts[0][sign] == counts[1][sign] for sign in delimited.DELIMITERS
    )
