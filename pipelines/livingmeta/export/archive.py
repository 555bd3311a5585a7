"""The data package: tables, questions, records and effect sizes in one file that stays readable.

The entries are stored, not compressed: what a compressor makes differs between its versions, and
the bytes of an export must not.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livingmeta.export.estimates import (
    EFFECTS,
    ESTIMATES,
    PACKAGE,
    effects_files,
    effects_resource,
    estimates_csv,
    estimates_resource,
    package_bytes,
    package_facts,
)
from livingmeta.export.provenance import record_texts, schema_of, statement
from livingmeta.export.registry import ExportError, Files
from livingmeta.export.schemas import RECORD_SCHEMA, schema_bytes
from livingmeta.paths import ROOT
from livingmeta.schema import SCHEMA_FILE, Schema
from livingmeta.snapshots import Snapshot
from livingmeta.studies import read_text_table

LICENCE, CITATION, README = "LICENSE-DATA", "CITATION.cff", "README.txt"
EARLIEST = (1980, 1, 1)  # a ZIP archive knows no earlier day
MODE = 0o100644 << 16
UNIX = 3
OF_ONE_VERSION = re.compile(
    r"^(version|date-released|commit|doi|identifiers):.*\n(?:[ \t-].*\n)*", re.MULTILINE
)
ABOUT = """\
What lies where
  data/               the curated tables as they are edited, and the question files
  results/            one record per question (JSON, full double precision)
  effects/            the rows of each question with effect sizes and weights
  estimates.csv       every citable number, with its stamp
  datapackage.json    every column: type, unit, meaning (Frictionless Data Package)
  schema/record.json  every key of a record (JSON Schema 2020-12)
  LICENSE-DATA, CITATION.cff

How to verify
  livingmeta verify THIS_FILE.zip    whether anything differs from the version it names
  livingmeta verify 'STAMP'          whether a cited number is what that version says

Risk of bias and certainty are assessed only where data/risk_of_bias.csv and
data/certainty.csv say so; data/searches.csv says how studies were found.
"""


def archive_files(snapshot: Snapshot) -> Files:
    """Return the data package of a snapshot as one ZIP archive."""
    return {f"data-package-{snapshot.version}.zip": zipped(contents(snapshot), _day(snapshot))}


def _day(snapshot: Snapshot) -> tuple[int, int, int]:
    if not snapshot.identity.date:
        return EARLIEST
    year, month, day = map(int, snapshot.identity.date.split("-"))
    return year, month, day


def zipped(entries: Mapping[str, bytes], day: tuple[int, int, int] = EARLIEST) -> bytes:
    """Return a ZIP archive whose bytes follow from its entries and a day alone."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, (*max(day, EARLIEST), 0, 0, 0))
            entry.create_system, entry.external_attr = UNIX, MODE
            archive.writestr(entry, data)
    return made.getvalue()


def contents(snapshot: Snapshot) -> dict[str, bytes]:
    """Return what lies in the archive, by path.

    Raises
    ------
    ExportError
        When the licence or the citation is not where a checkout has it.
    """
    curated, effects = _curated(snapshot.data), effects_files(snapshot)
    records = {f"results/{name}.json": text.encode() for name, text in record_texts(snapshot).items()}
    readme = "\n".join([*statement(snapshot), "", ABOUT])
    return {
        **curated,
        **effects,
        **records,
        ESTIMATES: estimates_csv(snapshot),
        PACKAGE: package_bytes(package(snapshot, effects)),
        f"schema/{RECORD_SCHEMA}": schema_bytes(RECORD_SCHEMA),
        LICENCE: _beside(snapshot, LICENCE),
        CITATION: _citation(snapshot),
        README: readme.encode(),
    }


def _curated(data: Path) -> dict[str, bytes]:
    """Return the curated files as they are, without frozen releases."""
    found = [
        data / SCHEMA_FILE,
        *data.glob("*.csv"),
        *data.glob("effects/*.csv"),
        *data.glob("questions/*.yml"),
    ]
    return {f"data/{path.relative_to(data).as_posix()}": path.read_bytes() for path in found if path.exists()}


def _beside(snapshot: Snapshot, name: str) -> bytes:
    """Return a file at the root of the checkout that the data lie in, else of this library's."""
    roots = (*snapshot.data.resolve().parents, ROOT)
    path = next((root / name for root in roots if (root / name).is_file()), None)
    if path is None:
        raise ExportError(f"{name}: must lie at the root of the checkout")
    return path.read_bytes()


def _citation(snapshot: Snapshot) -> bytes:
    """Return the citation file with the version, day and commit of the snapshot."""
    kept = OF_ONE_VERSION.sub("", _beside(snapshot, CITATION).decode().rstrip("\n") + "\n")
    who = snapshot.identity
    own = [f'version: "{who.version}"']
    own += [f'date-released: "{who.date}"'] if who.is_release and who.date else []
    own += [f'commit: "{who.commit}"'] if who.commit else []
    return (kept + "\n".join(own) + "\n").encode()


def package(snapshot: Snapshot, effects: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the Frictionless descriptor of all tables of the archive."""
    schema = schema_of(snapshot)
    sizes = [effects_resource(path, effects[path], schema.effects) for path in sorted(effects)]
    resources = [*_tables(snapshot.data, schema), estimates_resource(), *sizes]
    return {**package_facts(snapshot, "living-magnesium"), "resources": resources}


def _tables(data: Path, schema: Schema) -> list[dict[str, Any]]:
    """Return the curated tables that are there, as the schema describes them."""
    paths = {name: table.path for name, table in schema.tables.items() if (data / table.path).exists()}
    tables = [
        schema.tables[name].resource(read_text_table(data / path).columns, path=f"data/{path}", tables=paths)
        for name, path in paths.items()
    ]
    found = sorted((data / EFFECTS).glob("*.csv"))
    effects = [schema.effects_resource(path.name, read_text_table(path).columns, paths) for path in found]
    return [*tables, *({**one, "path": f"data/{one['path']}"} for one in effects)]
