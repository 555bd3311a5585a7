"""Tables as text, separated by commas, semicolons or tabs, with the columns of whoever exported them."""

import csv
import re
from collections.abc import Iterator

from livingmeta.intake import normalise
from livingmeta.intake.columns import COLUMNS, by_field, is_header, name_of, understood
from livingmeta.intake.found import Found, Piece, broken, page_range, read_piece, reading
from livingmeta.intake.record import Broken, ExportError, Reading, Record

NAME = "CSV"
DELIMITERS = ",\t;|"
# A header stands among the first lines: some exports print the search before it.
LOOK = 20
# A quote that is never closed must not make one row of the rest of the file.
LONGEST_ROW = 400
# "14(3):1-5" and "Journal. 2015 Mar;14(3):1-5."
PLACE = re.compile(
    r"(?:^|;|\s)\s*(?P<volume>[\w. ]{1,20}?)\s*(?:\((?P<issue>[^)]*)\))?\s*:\s*(?P<pages>[A-Za-z]?\d[\w.–-]*)"
)
Row = tuple[int, str, list[str] | None]


def header_of(text: str) -> tuple[int, str, list[str]] | None:
    """Return the line of the header from 0, the delimiter and the headers; None if the text has none."""
    for i, line in enumerate(text.split("\n", LOOK)[:LOOK]):
        for delimiter in DELIMITERS:
            cells = _cells(line, delimiter)
            if cells is not None and is_header(cells):
                return i, delimiter, cells
    return None


def read(text: str) -> Reading:
    """Return the records of a table, one for each row.

    Raises
    ------
    ExportError
        If no row among the first is a header that names a title, a DOI, a PMID or a registration number.
    """
    header = header_of(text)
    if header is None:
        raise ExportError(_unknown(text))
    start, delimiter, headers = header
    while headers and not headers[-1].strip():
        headers.pop()
    results: list[Record | Broken] = []
    for line, raw, cells in _rows(text.split("\n"), start + 1, delimiter, len(headers)):
        if _says_nothing(cells, headers):
            continue
        piece = Piece(len(results) + 1, line, raw)
        results.append(_result(piece, cells, headers))
    return reading(NAME, results)


def _says_nothing(cells: list[str] | None, headers: list[str]) -> bool:
    """Return whether a row is blank, or the header again where files were put one after the other."""
    return cells is not None and (not any(cell.strip() for cell in cells) or cells == headers)


def _result(piece: Piece, cells: list[str] | None, headers: list[str]) -> Record | Broken:
    if cells is None:
        return broken(piece, "a quotation mark that is opened is not closed")
    if len(cells) != len(headers):
        return broken(piece, f"{len(cells)} columns where the header has {len(headers)}")
    return read_piece(_found(cells, headers), piece)


def _unknown(text: str) -> str:
    """Return what to say of a table whose header is not known."""
    line = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(DELIMITERS, key=line.count)
    headers = [cell.strip() for cell in _cells(line, delimiter) or [line]]
    known = ", ".join(understood(headers)) or "none"
    accepted = "; ".join(f"{field}: {', '.join(names.split('|')[:5])}" for field, names in COLUMNS.items())
    return (
        f"no header of an export found; the first line has the columns {', '.join(headers)[:500]}; "
        f"understood of these: {known}. A table needs a header with a column of titles, DOIs, PMIDs or "
        f"registration "
        f"numbers and one more column that is known. Rename the columns; understood are among others "
        f"{accepted}."
    )


def _cells(text: str, delimiter: str, strict: bool = True) -> list[str] | None:
    """Return the cells of one row; None where its quotes do not close."""
    if delimiter == "\t" and "\n" not in text:
        return [_unquoted(cell) for cell in text.split("\t")]
    try:
        rows = list(
            csv.reader([line + "\n" for line in text.split("\n")], delimiter=delimiter, strict=strict)
        )
    except csv.Error:
        return None
    return [_bare(cell.rstrip("\n")) for cell in rows[0]] if len(rows) == 1 else None


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        cell = cell[1:-1].replace('""', '"')
    return _bare(cell)


def _bare(cell: str) -> str:
    """Return a cell without the sign of equality that keeps a spreadsheet from changing it."""
    found = re.fullmatch(r'\s*="(.*)"\s*', cell, re.S)
    return found[1] if found else cell


def _rows(lines: list[str], start: int, delimiter: str, width: int) -> Iterator[Row]:
    """Yield line, text and cells of each row; cells are None where quotes do not close."""
    i = start
    while i < len(lines):
        if not lines[i].strip():
            i += 1
            continue
        end, cells = _row(lines, i, delimiter, width)
        yield i + 1, "\n".join(lines[i:end]), cells
        i = end


def _row(lines: list[str], start: int, delimiter: str, width: int) -> tuple[int, list[str] | None]:
    """Return where the row that begins at a line ends, and its cells.

    A row goes on over lines as long as a quotation mark is open. Where that does not lead to a row as wide
    as the header, the first line alone is the row, so that the next ones are read for themselves; quotes
    inside its quotes are then taken as they come.
    """
    first = _fitted(_cells(lines[start], delimiter), width)
    quotes = lines[start].count('"')
    if first is not None and (len(first) == width or quotes % 2 == 0):
        return start + 1, first
    for end in range(start + 2, min(start + LONGEST_ROW, len(lines)) + 1):
        quotes += lines[end - 1].count('"')
        if quotes % 2:
            continue
        cells = _fitted(_cells("\n".join(lines[start:end]), delimiter), width)
        if cells is not None and len(cells) == width:
            return end, cells
        if cells is None or len(cells) > width:
            break
    lenient = _fitted(_cells(lines[start], delimiter, strict=False), width)
    return start + 1, lenient if lenient is not None and len(lenient) == width else None


def _fitted(cells: list[str] | None, width: int) -> list[str] | None:
    """Return cells without empty ones after the last column."""
    while cells is not None and len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _found(cells: list[str], headers: list[str]) -> Found:
    places = by_field(headers)

    def of(*fields: str) -> tuple[str, ...]:
        return tuple(
            cells[place] for field in fields for place in places.get(field, []) if cells[place].strip()
        )

    def one(*fields: str) -> str:
        return next(iter(of(*fields)), "")

    volume, issue, pages = _place(one("places"))
    accessions = of("accessions")
    return Found(
        titles=of("titles"),
        authors=_authors(one("authors")),
        years=(*of("years"), one("places")),
        journals=of("journals"),
        volume=one("volumes") or volume,
        issue=one("issues") or issue,
        pages=one("pages") or page_range(one("starts"), one("ends")) or one("numbers") or pages,
        dois=(*of("dois"), *of("addresses")),
        pmids=(*of("pmids"), *map(normalise.named_pmid, (*accessions, *of("addresses")))),
        pmcids=(*of("pmcids"), *accessions, *of("addresses")),
        texts=(*of("registrations"), *accessions, *of("addresses")),
        abstract=one("abstracts"),
        languages=of("languages"),
        kinds=(*of("kinds"), *(["registration"] if _is_register(headers) else [])),
        source=" ".join((*of("databases"), *of("addresses"))),
    )


def _is_register(headers: list[str]) -> bool:
    """Return whether a table has the columns of a trial register."""
    names = {name_of(header) for header in headers}
    return bool(names & {"trialid", "nct number"}) and bool(
        names & {"study title", "public title", "study status", "recruitment status"}
    )


def _place(text: str) -> tuple[str, str, str]:
    """Return volume, issue and pages from a citation."""
    found = PLACE.search(text)
    return (found["volume"], found["issue"] or "", found["pages"].rstrip(".")) if found else ("", "", "")


def _authors(value: str) -> tuple[str, ...]:
    """Return the names in a cell: separated by semicolons or bars, by "and", or by commas after initials."""
    if ";" in value or "|" in value:
        return tuple(re.split(r"[;|]", value))
    if re.search(r"\s+and\s+", value):
        return tuple(re.split(r"\s+and\s+", value))
    parts = [part.strip() for part in value.split(",")]
    if not parts[0].endswith("."):
        parts[-1] = parts[-1].rstrip(".")
    initials = [bool(re.search(r"\S\s+[A-Z][A-Z.-]{0,5}\.?$", part)) for part in parts]
    return tuple(parts) if len(parts) > 1 and sum(initials) > len(parts) / 2 else (value,)
