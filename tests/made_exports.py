"""Made-up exports and a small data folder to take them in: nothing touches `data/`."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from livingmeta.intake.record import Reading, Record
from livingmeta.paths import ROOT
from livingmeta.table_files import read_table

DATA = ROOT / "data"
KEPT = ("selim2017", "wei2025", "kim2025", "bressendorff2023", "")


def data_folder(folder: Path) -> Path:
    """Return a copy of the curated tables, without releases."""
    data = folder / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("releases", ".*"))
    return data


def small_folder(folder: Path) -> Path:
    """Return a data folder with few rows, for many runs; a column of the screening is missing."""
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(DATA / "datapackage.yaml", data)
    for path, text in _few_rows().items():
        (data / path).write_text(text)
    return data


@lru_cache
def _few_rows() -> dict[str, str]:
    texts = {}
    for name in ("searches", "screening", "reports", "studies"):
        table = read_table(DATA, name)
        columns = tuple(column for column in table.columns if column != "links")
        kept = [row for row in table.rows if row.get("study_id", "") in KEPT]
        texts[table.path] = replace(table, columns=columns, rows=tuple(kept)).text
    return texts


def reading(records: Iterable[Record]) -> Reading:
    """Return records as if they had been read of a file."""
    return Reading("RIS", tuple(records))


def ris(record: Record) -> str:
    """Return a record as RIS."""
    lines = ["TY  - JOUR", *(f"AU  - {name}" for name in record.authors)]
    pairs = (("TI", record.title), ("PY", record.year), ("JO", record.journal), ("VL", record.volume))
    more = (("SP", record.pages), ("DO", record.doi), ("AN", record.pmid), ("AB", record.abstract))
    lines += [f"{tag}  - {value}" for tag, value in (*pairs, *more) if value]
    return "\n".join([*lines, "ER  - ", "", ""])


def rows_of(data: Path) -> dict[str, dict[str, str]]:
    """Return the rows of `screening.csv` that are not those of the curated tables, by record."""
    there = {row["record_id"] for row in read_table(DATA, "screening").rows}
    rows = read_table(data, "screening").rows
    return {row["record_id"]: dict(row) for row in rows if row["record_id"] not in there}


def tables(data: Path) -> dict[str, str]:
    """Return the text of all tables."""
    return {path.relative_to(data).as_posix(): path.read_text() for path in sorted(data.rglob("*.csv"))}
