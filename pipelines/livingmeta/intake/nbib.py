"""PubMed's own format, "nbib" or MEDLINE, split here and parsed by Biopython."""

import re
from collections.abc import Iterator

from Bio import Medline

from livingmeta.intake import normalise, types
from livingmeta.intake.found import Found, Piece, broken, numbered, read_piece, reading
from livingmeta.intake.record import Broken, Reading, Record

NAME = "PubMed nbib"
TAG = re.compile(r"^ {0,3}(PMID(?= ?-)|[A-Z][A-Z0-9]{1,3}(?= {0,3}-(?:\s|$))) {0,3}- ?")
START = re.compile(r"^ {0,3}PMID ?- ?")
TITLE = re.compile(r"^ {0,3}(?:TI|BTI|TT) {0,2}-")
TAGGED = re.compile(r"\[([a-z]+)\]\s*$")


def is_nbib(line: str) -> bool:
    """Return whether a line begins a record."""
    return bool(START.match(line))


def read(text: str) -> Reading:
    """Return the records of an nbib file."""
    return reading(NAME, map(_read, pieces(text)))


def pieces(text: str) -> Iterator[Piece]:
    """Yield the records of a file: each begins with a PMID, or after a blank line with a title of its own."""
    return numbered((begun + 1, "\n".join(lines)) for begun, lines in _records(text.split("\n")))


def _records(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    kept: list[str] = []
    begun, tagged, titled = 0, False, False
    for start, block in _blocks(lines):
        if not any(line.strip() for line in block):
            continue
        if kept and not _goes_on(block, tagged, titled):
            yield begun, kept
            kept, tagged, titled = [], False, False
        if not kept:
            begun = start
        kept.extend(block)
        tagged = tagged or any(TAG.match(line) for line in block)
        titled = titled or any(TITLE.match(line) for line in block)
    yield begun, kept


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield runs of lines between blank lines and before each PMID."""
    begun = 0
    for i, line in enumerate(lines):
        if START.match(line) or not line.strip():
            yield begun, lines[begun:i]
            begun = i
    yield begun, lines[begun:]


def _goes_on(block: list[str], tagged: bool, titled: bool) -> bool:
    """Return whether a block goes on with the record before it, torn apart by a blank line."""
    if not tagged or any(START.match(line) for line in block):
        return False
    if titled and any(TITLE.match(line) for line in block):
        return False
    return any(TAG.match(line) for line in block) or any(line.startswith("  ") for line in block[:2])


def _read(piece: Piece) -> Record | Broken:
    lines = list(_aligned(piece.text))
    if not lines:
        return broken(piece, "text that belongs to no record")
    fields = next(Medline.parse(lines))
    return read_piece(
        _found({key: [v] if isinstance(v, str) else list(v) for key, v in fields.items()}), piece
    )


def _aligned(text: str) -> Iterator[str]:
    """Yield one line for each tag, in four columns; a line without a tag goes on with the one before."""
    whole = ""
    for line in text.split("\n"):
        match = TAG.match(line)
        if match:
            if whole:
                yield whole + "\n"
            whole = f"{match[1]:<4}- {line[match.end() :].strip()}"
        elif whole and line.strip():
            whole += f" {line.strip()}"
    if whole:
        yield whole + "\n"


def _found(fields: dict[str, list[str]]) -> Found:
    def of(*tags: str) -> tuple[str, ...]:
        return tuple(
            " ".join(value.split()) for tag in tags for value in fields.get(tag, []) if value.strip()
        )

    def one(*tags: str) -> str:
        return next(iter(of(*tags)), "")

    identifiers = [*of("AID"), *re.findall(r"\S+ \[[a-z]+\]", " ".join(of("LID")))]
    dois = [value for value in identifiers if _kind_of(value) == "doi"]
    others = [value for value in of("AID", "LID", "SO") if normalise.doi(value)]
    return Found(
        titles=of("TI", "BTI", "TT"),
        authors=(*(of("FAU") or of("AU") or of("FED", "ED")), *of("CN")),
        years=of("DP", "DEP", "CRDT", "EDAT"),
        journals=of("JT", "TA"),
        volume=one("VI"),
        issue=one("IP"),
        pages=one("PG") or next((v for v in of("LID") if "[" not in v), ""),
        dois=(*dois, *others),
        pmids=of("PMID"),
        pmcids=of("PMC"),
        texts=(*of("SI", "GN", "OT"),),
        abstract=one("AB") or one("OAB"),
        languages=of("LA"),
        kinds=of("PT"),
        relations=tuple(
            types.relation(kind, value) for tag, kind in types.PUBMED_RELATIONS.items() for value in of(tag)
        ),
    )  # fmt: skip


def _kind_of(identifier: str) -> str:
    found = TAGGED.search(identifier)
    return found[1] if found else ""
