"""EndNote's XML, record by record, with the parser and the care of PubMed's."""

import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

from livingmeta.intake import normalise
from livingmeta.intake.found import Found, Piece, broken, first, numbered, read_piece, reading
from livingmeta.intake.record import Broken, ExportError, Reading, Record

NAME = "EndNote XML"
BEGIN, CLOSE = re.compile(r"<record(?:\s[^>]*)?>"), "</record>"
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
AROUND = re.compile(r"<\?xml[^>]*\?>|</?(?:xml|records)(?:\s[^>]*)?/?>")


def is_endnote_xml(text: str) -> bool:
    """Return whether a text is XML with records of EndNote."""
    return bool(BEGIN.search(text[:5000]) and "<ref-type" in text[:20000])


def read(text: str) -> Reading:
    """Return the records of an EndNote XML file.

    Raises
    ------
    ExportError
        If the file defines entities, which no export of EndNote does.
    """
    if "<!ENTITY" in text:
        raise ExportError(
            "the XML file defines entities of its own (<!ENTITY ...>); it is not read. Export it anew."
        )
    return reading(NAME, map(_read, numbered(_parts(text))))


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield records, whole or cut off, and what stands between them, with the line each begins at."""
    line = 1
    limits = [0, *(match.start() for match in BEGIN.finditer(text)), len(text)]
    for start, end in pairwise(limits):
        part = text[start:end]
        head, close, rest = part.partition(CLOSE)
        if not close and not BEGIN.match(part):
            head, rest = "", part
        if head:
            yield line, head + close
        yield line + (head + close).count("\n"), AROUND.sub("", rest)
        line += part.count("\n")


def _read(piece: Piece) -> Record | Broken:
    text = FORBIDDEN.sub("", piece.text.strip())
    if not BEGIN.match(text):
        return broken(piece, "text that belongs to no record")
    try:
        return read_piece(_found(ElementTree.fromstring(text)), piece)
    except ElementTree.ParseError as error:
        whole = text.endswith(CLOSE)
        return broken(piece, f"{'not well-formed XML' if whole else 'the record is cut off'}: {error}")


def _found(record: ElementTree.Element) -> Found:
    def of(*paths: str) -> tuple[str, ...]:
        found = ("".join(element.itertext()) for path in paths for element in record.iterfind(path))
        return tuple(" ".join(text.split()) for text in found if text.strip())

    def one(*paths: str) -> str:
        return first(of(*paths))

    kind = record.find("ref-type")
    database = " ".join(of("remote-database-name", "remote-database-provider", "source-app"))
    addresses, notes = of("urls/*/url"), of("notes", "custom1", "custom2", "custom3", "custom5", "label")
    numbers = of("accession-num") if re.search(r"medline|pubmed|\bNLM\b", database, re.I) else ()
    return Found(
        titles=of("titles/title", "titles/short-title"),
        authors=of("contributors/authors/author") or of("contributors/secondary-authors/author"),
        years=of("dates/year", "dates/pub-dates/date"),
        journals=of(
            "periodical/full-title", "titles/secondary-title", "titles/alt-title", "alt-periodical/full-title"
        ),
        volume=one("volume"),
        issue=one("number"),
        pages=one("pages"),
        dois=(*of("electronic-resource-num"), *addresses),
        pmids=(*numbers, *map(normalise.named_pmid, (*of("accession-num"), *notes, *addresses))),
        pmcids=(*notes, *addresses),
        texts=(*of("accession-num", "keywords/keyword"), *notes, *addresses),
        abstract=one("abstract"),
        languages=of("language"),
        kinds=(kind.get("name", "") if kind is not None else "", *of("work-type")),
        source=" ".join((database, *addresses)),
    )
