"""Rules about the shape of a file: its header, its rows, and cells that are not of their type."""

import difflib
import re
from collections.abc import Iterable, Iterator

from livingmeta.check.findings import Finding
from livingmeta.check.sources import Curated, Source
from livingmeta.studies import TYPE_RULES, is_whole, number

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def header_findings(curated: Curated) -> Iterator[Finding]:
    """Yield unknown, missing and repeated columns, rows of the wrong length, text in numbers."""
    for source in curated.sources:
        yield from _repeated(source)
        yield from _unknown(source)
        yield from _ragged(source)
        yield from _not_numbers(source)
        yield from _invisible(source)
    for source in curated.tables.values():
        yield from _missing(source, source.schema.needed)
    for source in curated.effects.values():
        yield from _missing(source, {*curated.schema.base_columns, *source.schema.needed})


def _invisible(source: Source) -> Iterator[Finding]:
    """Yield cells with characters that nobody sees and that no page may carry."""
    for row in source.rows():
        for column, cell in row.cells.items():
            if found := _CONTROL.search(cell):
                name = f"U+{ord(found.group()):04X}"
                yield Finding(
                    source.file, row.line, column, repr(cell), f"must not hold the control character {name}"
                )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean x?` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _repeated(source: Source) -> Iterator[Finding]:
    seen: set[str] = set()
    for name in source.text.columns:
        if name in seen:
            yield Finding(source.file, 1, name, name, "column must stand in the header once")
        seen.add(name)


def _unknown(source: Source) -> Iterator[Finding]:
    absent = set(source.schema.columns) - set(source.text.columns)
    for name in source.text.columns:
        if source.schema.field(name) is None:
            hint = did_you_mean(name, absent)
            yield Finding(source.file, 1, name, name or "(no name)", f"unknown column{hint}")


def _missing(source: Source, needed: Iterable[str]) -> Iterator[Finding]:
    for name in sorted(set(needed) - set(source.text.columns)):
        yield Finding(source.file, 1, name, "(missing)", "column must be in the file")


def _ragged(source: Source) -> Iterator[Finding]:
    width = len(source.text.columns)
    for line, cells in source.text.ragged:
        yield Finding(source.file, line, "", f"{cells} cells", f"row must have {width} cells, as the header")


def _not_numbers(source: Source) -> Iterator[Finding]:
    # Stricter than Frictionless, which reads NaN, INF and 1_000 as numbers.
    columns = {f.name: f.type for f in source.schema.fields if f.is_numeric}
    for row in source.rows():
        for name in columns.keys() & row.cells.keys():
            text = row.text(name)
            plain = number(text) is not None if columns[name] == "number" else is_whole(text)
            if text and not plain:
                yield row.finding(name, TYPE_RULES[columns[name]])
