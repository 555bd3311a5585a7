"""BibTeX, entry by entry parsed by bibtexparser, so that a brace left open takes no other entry along."""

import logging
import re
from collections.abc import Iterator
from itertools import pairwise

from bibtexparser import Library
from bibtexparser.middlewares import RemoveEnclosingMiddleware, ResolveStringReferencesMiddleware
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import (
    Block,
    DuplicateFieldKeyBlock,
    Entry,
    ExplicitComment,
    Field,
    ImplicitComment,
    Preamble,
    String,
)
from bibtexparser.splitter import Splitter

from livingmeta.intake import normalise
from livingmeta.intake.found import Found, Piece, broken, numbered, read_piece, reading
from livingmeta.intake.latex import plain
from livingmeta.intake.record import Broken, Reading, Record

NAME = "BibTeX"
START = re.compile(r"^\s*@\s*[A-Za-z]+\s*[{(]")
KINDS = {"misc": "", "article": ""}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PACKING = re.compile(r"^\s*(?:%.*|Scopus|EXPORT DATE:.*)?\s*$")
RESOLVE, REMOVE_ENCLOSING = ResolveStringReferencesMiddleware(), RemoveEnclosingMiddleware()
# Says of every broken entry what the result says anyway.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)


def is_bibtex(line: str) -> bool:
    """Return whether a line begins an entry."""
    return bool(START.match(line))


def read(text: str) -> Reading:
    """Return the entries of a BibTeX file; two with one key are two records, an unclosed one is broken."""
    parts = [(piece, _blocks(piece.text)) for piece in _chunks(text)]
    strings = [
        *(String(month, f'"{month}"') for month in MONTHS),
        *(block for _, blocks in parts for block in blocks if isinstance(block, String)),
    ]
    results: list[Record | Broken] = []
    for chunk, blocks in parts:
        results.extend(_results(chunk, blocks, strings, len(results)))
    return reading(NAME, results)


def _chunks(text: str) -> Iterator[Piece]:
    """Yield the file cut before each line that begins an entry."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if START.match(line)]
    limits = [0, *starts, len(lines)]
    return numbered((a + 1, "\n".join(lines[a:b])) for a, b in pairwise(limits))


def _blocks(text: str) -> list[Block | Exception]:
    try:
        return list(Splitter(re.sub(r"^(\s*@)\s*([A-Za-z]+)\s*(?=[{(])", r"\1\2", text)).split().blocks)
    except Exception as error:  # a fault of the parser is a fault of this entry only
        return [error]


def _results(
    chunk: Piece, blocks: list[Block | Exception], strings: list[String], before: int
) -> Iterator[Record | Broken]:
    number = before
    for block in blocks:
        if isinstance(block, String | Preamble | ExplicitComment) or _is_packing(block):
            continue
        number += 1
        raw = getattr(block, "raw", None) or chunk.text
        piece = Piece(number, chunk.line + (getattr(block, "start_line", None) or 0), raw)
        entry = block.ignore_error_block if isinstance(block, DuplicateFieldKeyBlock) else block
        if isinstance(entry, Entry):
            yield read_piece(_found(entry, strings), piece)
        else:
            yield broken(piece, _reason(block))


def _is_packing(block: Block | Exception) -> bool:
    """Return whether a block is what programs print around entries: their name, the day, the encoding."""
    lines = str(block.comment).split("\n") if isinstance(block, ImplicitComment) else [""]
    return isinstance(block, ImplicitComment) and all(PACKING.match(line) for line in lines)


def _reason(block: Block | Exception) -> str:
    error = getattr(block, "error", None) or (block if isinstance(block, Exception) else None)
    reason = getattr(error, "abort_reason", "") or (str(error) if error else "")
    return f"the entry cannot be read: {reason}" if error else "text that belongs to no entry"


def _found(entry: Entry, strings: list[String]) -> Found:
    fields: dict[str, list[str]] = {}
    for field in entry.fields:
        fields.setdefault(field.key.strip().lower(), []).append(_value(field, strings))

    def of(*keys: str) -> tuple[str, ...]:
        return tuple(value for key in keys for value in fields.get(key, []) if value.strip())

    def one(*keys: str) -> str:
        return plain(next(iter(of(*keys)), ""))

    addresses = of("url", "howpublished", "link")
    notes = of("note", "annote", "keywords", "type")
    return Found(
        titles=tuple(map(plain, of("title", "booktitle"))),
        authors=tuple(name for value in of("author") or of("editor") for name in _names(value)),
        years=of("year", "date", "issued", "year_published"),
        journals=tuple(map(plain, of("journal", "journaltitle", "fjournal", "booktitle", "series"))),
        volume=one("volume"),
        issue=one("number", "issue"),
        pages=one("pages", "page", "article-number", "eid"),
        dois=tuple(
            re.sub(r"\\([_%&#<>])", r"\1", value)
            for value in of("doi", "digitalobjectidentifier", *("url", "link", "ee"))
        ),
        pmids=(*of("pmid", "pubmed_id", "pubmed"), *map(normalise.named_pmid, (*notes, *addresses))),
        pmcids=of("pmcid", "pmc", "pmc_id", "note", "url"),
        texts=(*map(plain, notes), *addresses, *of("registration", "nct")),
        abstract=one("abstract"),
        languages=of("language", "langid"),
        kinds=tuple(map(plain, (*of("document_type", "type"), _kind(entry.entry_type)))),
        source=" ".join((*of("source", "archiveprefix", "eprinttype"), *addresses)),
    )


def _kind(entry_type: str) -> str:
    return KINDS.get(entry_type.lower(), entry_type.lower())


def _value(field: Field, strings: list[String]) -> str:
    """Return a value without what encloses it; parts joined by "#" and abbreviations are put in."""
    return "".join(_part(part, strings) for part in _concatenated(str(field.value)))


def _part(value: str, strings: list[String]) -> str:
    entry = Entry("article", "", [Field("value", value)])
    if not value.startswith(("{", '"')) and not value.isdigit():
        latest = {string.key.lower(): String(string.key, string.value) for string in strings}
        library = RESOLVE.transform(Library([*latest.values(), entry]))
        entry = library.entries[0]
    return str(REMOVE_ENCLOSING.transform_entry(entry, Library([]))["value"])


def _concatenated(value: str) -> list[str]:
    """Return the parts of a value that "#" joins outside braces and quotes."""
    if "#" not in value:
        return [value]
    parts, depth, quoted = [""], 0, False
    for sign in value:
        depth += (sign == "{") - (sign == "}")
        quoted ^= sign == '"' and depth == 0
        if sign == "#" and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _names(value: str) -> Iterator[str]:
    """Yield names, the surname first; a group in braces as it is."""
    for name in split_multiple_persons_names(" ".join(value.split())):
        try:
            parts = parse_single_name_into_parts(name, strict=False)
        except Exception:  # a name that the parser cannot take apart stays as it is
            yield plain(name)
            continue
        last = " ".join((*parts.von, *parts.last, *parts.jr))
        yield plain(", ".join(part for part in (last, " ".join(parts.first)) if part))
