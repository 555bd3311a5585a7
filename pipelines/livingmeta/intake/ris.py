"""RIS as databases and reference managers write it, split here and parsed by rispy."""

import re
from collections.abc import Iterator

import rispy

from livingmeta.intake import normalise
from livingmeta.intake.found import Found, Piece, broken, numbered, page_range, read_piece, reading
from livingmeta.intake.record import Broken, Reading, Record

NAME = "RIS"
KNOWN = [
    "TY", "A1", "A2", "A3", "A4", "AB", "AD", "AN", "AR", "AU", "BT", "C1", "C2", "C3", "C4", "C5",
    "C6", "C7", "C8", "CA", "CN", "CP", "CT", "CY", "DA", "DB", "DI", "DO", "DP", "ED", "EP", "ER",
    "ET", "FU", "FX", "ID", "IS", "J1", "J2", "J9", "JA", "JF", "JI", "JO", "KW", "L1", "L2", "L3",
    "L4", "LA", "LB", "LK", "M1", "M2", "M3", "N1", "N2", "NV", "OP", "PA", "PB", "PD", "PG", "PI",
    "PM", "PP", "PT", "PU", "PY", "RI", "RN", "RP", "SE", "SN", "SO", "SP", "ST", "T1", "T2", "T3",
    "TA", "TI", "TT", "U1", "U2", "U3", "U4", "U5", "UR", "VL", "VO", "WE", "Y1", "Y2",
]  # fmt: skip
# Two spaces make any tag one; what lost a space must be a known tag, or "B6 - deficient" would be one.
TAG = re.compile(
    rf"^\s{{0,3}}(?:([A-Z][A-Z0-9])(?:  |\t)[-–]|({'|'.join(KNOWN)}|DOI|PMID) ?[-–](?=\s|$))\s*(.*)$"
)
START = re.compile(r"^\s{0,3}TY ?(?: |\t)?[-–](?=\s|$)")
END = re.compile(r"^\s{0,3}ER ?(?: |\t)?[-–]\s*$")
TITLE = re.compile(r"^\s{0,3}(?:TI|T1) {0,2}[-–](?=\s|$)")
# What providers put around records: it belongs to none and says nothing.
PACKING = re.compile(
    r"^\s*(?:Record #\d+ of \d+|Provider:.*|Content:.*|Database:.*|Search Strategy:.*|<?\d+\.?\s*>?|"
    r"-{3,}|={3,}|\*{3,}|Scopus|EXPORT DATE:.*)\s*$"
)
# What Ovid numbers records with where it prints no line that begins or ends one.
OVID = re.compile(r"^<\d+\. ?>\s*$")
# Tags that a database writes in full.
IN_FULL = {"DOI": "DO", "PMID": "PM"}
PROVIDER = re.compile(r"^(?:Record #\d+ of \d+|Provider: |Content: text/)")
SEVERAL = frozenset(
    ["AU", "A1", "A2", "A3", "A4", "ED", "KW", "UR", "SN", "L1", "L2", "L3", "L4", "LK", "AD", "M1"]
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TAGS = {a + b: a + b for a in LETTERS for b in LETTERS + "0123456789"}
PARSER = rispy.RisParser(mapping=TAGS, list_tags=TAGS.keys(), delimiter_tags_mapping={"": ""})
IDENTIFIERS = (
    "AN",
    "ID",
    "PM",
    "C1",
    "C2",
    "C3",
    "C4",
    "C5",
    "C6",
    "C7",
    "C8",
    "M1",
    "U1",
    "U2",
    "U3",
    "U4",
    "RN",
)


def is_ris(line: str) -> bool:
    """Return whether a line begins or ends a record."""
    return bool(START.match(line) or END.match(line) or OVID.match(line))


def read(text: str) -> Reading:
    """Return the records of a RIS file; one without its last line is read, text between records is broken."""
    return reading(NAME, map(_read, pieces(text)))


def pieces(text: str) -> Iterator[Piece]:
    """Yield the records of a file and the text between them, in order."""
    return numbered(part for begun, lines in _stretches(text.split("\n")) for part in _parts(begun, lines))


def _stretches(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield runs of lines from one beginning or end of a record to the next, with the line each begins at."""
    begun, inside = 0, False
    for i, line in enumerate(lines):
        opens = bool(START.match(line)) or (not inside and bool(TAG.match(line)) and not END.match(line))
        packing = bool(OVID.match(line)) or (not inside and bool(PACKING.match(line)))
        if opens or packing:
            yield begun + 1, lines[begun:i]
            begun, inside = i + packing, opens
        elif END.match(line):
            yield begun + 1, lines[begun : i + 1]
            begun, inside = i + 1, False
    yield begun + 1, lines[begun:]


def _parts(begun: int, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield a run of lines, cut where a blank line stands before one more title: both marks were lost."""
    start, blank, titled = 0, 0, False
    for i, line in enumerate(lines):
        if not line.strip():
            blank = i
        elif TITLE.match(line):
            if titled and blank > start and TAG.match(lines[blank + 1]):
                yield begun + start, "\n".join(lines[start:blank])
                start = blank
            titled, blank = True, 0
    yield begun + start, "\n".join(lines[start:])


def _read(piece: Piece) -> Record | Broken:
    lines = list(_whole_lines(piece.text))
    if not any(tag not in ("TY", "ER") for tag, _ in lines):
        stray = not lines
        return broken(piece, "text that belongs to no record" if stray else "a record without any field")
    tagged = [f"{tag}  - {value}" for tag, value in lines if tag not in ("TY", "ER")]
    kind = next((value for tag, value in lines if tag == "TY"), "") or "GEN"
    fields = PARSER.parse("\n".join([f"TY  - {kind}", *tagged, "ER  - "]))[0]
    return read_piece(
        _found(kind, {tag: tuple(values) for tag, values in fields.items() if tag != "TY"}), piece
    )


def _whole_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield tags and values; a line without a tag goes on with the last one, as text or as one value more."""
    tag, value = "", ""
    for line in text.split("\n"):
        match = TAG.match(line)
        if match is None and (not line.strip() or not tag or PROVIDER.match(line)):
            continue
        if match is None and tag not in SEVERAL:
            value = f"{value} {line.strip()}".strip()
            continue
        if tag:
            yield tag, value
        tag, value = (
            (match[1] or IN_FULL.get(match[2], match[2]), match[3].strip()) if match else (tag, line.strip())
        )
    if tag:
        yield tag, value


def _found(kind: str, fields: dict[str, tuple[str, ...]]) -> Found:
    def of(*tags: str) -> tuple[str, ...]:
        return tuple(value for tag in tags for value in fields.get(tag, ()) if value)

    def one(*tags: str) -> str:
        return next(iter(of(*tags)), "")

    database = " ".join(of("DB", "DP"))
    addresses = of("UR", "L2", "L1", "LK")
    book = kind in ("BOOK", "CHAP", "CONF", "EBOOK", "ECHAP", "EDBOOK")
    return Found(
        titles=of("TI", "T1", "CT", "ST", "TT", "BT") or (of("T2") if book else ()),
        authors=of("AU", "A1") or of("A2", "A3", "A4", "ED"),
        years=of("PY", "Y1", "YR", "DA", "PD", "SO"),
        journals=of("JF", "T2", "JO", "JA", "J2", "JI", "J9", "SO", "BT", "T3"),
        volume=one("VL", "VO"),
        issue=one("IS", "CP"),
        pages=page_range(one("SP", "PG", "M2", "PP"), one("EP")) or one("C7", "AR"),
        dois=(
            *of("DO", "DI", "M3", "L3", "ID", "AN", "U1", "U2", "C3"),
            *(v for v in of("N1") if re.match(r"\s*(?:doi\b|Accession Number:.*\bDOI:)", v, re.I)),
            *(value for value in addresses if "cochranelibrary.com/central/doi" not in value),
        ),
        pmids=_pmids(fields, database),
        pmcids=(*of("C2", "PM", "C1", "ID", "AN"), *of("UR", "L1", "L2")),
        texts=(*of("N1", "KW", "ST", "T2", "JO", "JA"), *of(*IDENTIFIERS), *addresses),
        abstract=one("AB") or one("N2"),
        languages=of("LA", "LG"),
        kinds=(kind, *of("M3", "PT", "DT")),
        source=" ".join((database, *addresses)),
    )  # fmt: skip


def _pmids(fields: dict[str, tuple[str, ...]], database: str) -> tuple[str, ...]:
    """Return where a PubMed number stands: named as one, or bare where the database keeps it."""
    bare = [
        ("PM", r""),
        ("C5", r"embase|medline"),
        ("C2", r"scopus"),
        ("AN", r"medline|pubmed|\bNLM\b"),
        ("UI", r"medline"),
    ]
    if not fields.get("AN"):
        bare.append(("ID", r"ovid|medline|pubmed"))
    if re.search(r"embase|cinahl|psycinfo", database, re.I) and not re.search(r"medline", database, re.I):
        bare = [entry for entry in bare if entry[0] not in ("AN", "ID")]
    own = [
        value
        for tag, pattern in bare
        for value in fields.get(tag, ())
        if re.search(pattern, database, re.I) and re.fullmatch(r"\W*(?:\w+:?\s*)?\d{4,8}\W*", value)
    ]
    named = [normalise.named_pmid(value) for tag in IDENTIFIERS for value in fields.get(tag, ())]
    notes = [v for v in fields.get("N1", ()) if re.match(r"\s*(?:pmid\b|Accession Number:)", v, re.I)]
    addresses = [normalise.named_pmid(value) for tag in ("UR", "L1", "L2") for value in fields.get(tag, ())]
    return (*named, *own, *map(normalise.named_pmid, notes), *addresses)
