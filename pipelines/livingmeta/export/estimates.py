"""All citable numbers as one table, the effect sizes of each question, and all records in one file."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from livingmeta import TITLE
from livingmeta.export.provenance import (
    Citable,
    citables,
    facts,
    record_texts,
    results_folder,
    schema_of,
    statement,
    whole_hash,
)
from livingmeta.export.question_files import effects_table
from livingmeta.export.registry import ExportError, Files
from livingmeta.export.schemas import ESTIMATES_SCHEMA, RECORD_SCHEMA, schema_bytes
from livingmeta.numbers import symbol
from livingmeta.results import to_json
from livingmeta.schema import TableSchema
from livingmeta.snapshots import Snapshot

ESTIMATES, EFFECTS, ALL_RECORDS, PACKAGE = "estimates.csv", "effects", "estimates.json", "datapackage.json"
RELEASE = "release"
POINTS = ("estimate", "tau2", "i2", "k", "participants")
LOWER, UPPER = ("ci_lower", "pi_lower"), ("ci_upper", "pi_upper")
COLUMNS: dict[str, tuple[str, str]] = {
    "release": ("string", 'Version that the number belongs to; "unreleased" for what no version holds.'),
    "question": ("string", "Id of the question."),
    "title": ("string", "Title of the question."),
    "field": ("string", "Name of the number, as in its stamp."),
    "label": ("string", "What the number is."),
    "text": ("string", "The number as printed, with its interval where it has one."),
    "value": ("number", "The number at full precision; blank where there is only an interval."),
    "lower": ("number", "Lower limit of its interval at full precision."),
    "upper": ("number", "Upper limit of its interval at full precision."),
    "scale": (
        "string",
        'What value and limits are measured in: the measure on its natural scale (such as "OR"), '
        '"squared analysis scale" for a variance, "percent", or "count".',
    ),
    "k": ("integer", "Studies in the estimate of the question's main model."),
    "stamp": ("string", "Proof of the number: [release/question/field#hash]; livingmeta verify reads it."),
}
ADDED: dict[str, tuple[str, str, str]] = {
    "doi": ("string", "Identifier of the report; blank where not recorded.", ""),
    "study": ("string", "Name of the study as readers see it.", ""),
    "yi": (
        "number",
        "Effect size on the analysis scale (logarithm of a ratio, Fisher's z).",
        "analysis scale",
    ),
    "vi": ("number", "Sampling variance of the effect size.", "squared analysis scale"),
    "ci_lower_analysis": ("number", "Lower limit of the effect size.", "analysis scale"),
    "ci_upper_analysis": ("number", "Upper limit of the effect size.", "analysis scale"),
    "derived_from": ("string", "Which reported columns the effect size was made from.", ""),
    "weight": ("number", "Weight in the main model; blank where the row did not enter.", "percent"),
    "release": ("string", 'Version that the row belongs to; "unreleased" for what no version holds.', ""),
}


def csv_files(snapshot: Snapshot) -> Files:
    """Return the table of numbers, one table of effect sizes per question, and their description."""
    effects = effects_files(snapshot)
    described = package_bytes(descriptor(snapshot, effects))
    return {ESTIMATES: estimates_csv(snapshot), **effects, PACKAGE: described}


def json_files(snapshot: Snapshot) -> Files:
    """Return all records in one file, with the schemas that it follows."""
    schemas = {f"schema/{name}": schema_bytes(name) for name in (ESTIMATES_SCHEMA, RECORD_SCHEMA)}
    return {ALL_RECORDS: all_records(snapshot).encode(), **schemas}


def all_records(snapshot: Snapshot) -> str:
    """Return every record under its question's id, and what they belong to, as JSON."""
    head = to_json({**facts(snapshot), "questions": {}}).rstrip("}\n").rstrip("{")
    indented = [
        f'    "{name}": ' + text.rstrip("\n").replace("\n", "\n    ")
        for name, text in record_texts(snapshot).items()
    ]
    return f"{head}{{\n" + ",\n".join(indented) + "\n  }\n}\n"


def package_bytes(package: Mapping[str, Any]) -> bytes:
    """Return a data package as the bytes of a JSON file: one resource a line."""
    about = json.dumps({**package, "resources": []}, ensure_ascii=False, indent=2)
    head, _, tail = about.rpartition("[]")
    lines = ",\n".join(f"    {json.dumps(one, ensure_ascii=False)}" for one in package["resources"])
    return f"{head}[\n{lines}\n  ]{tail}\n".encode()


def csv_bytes(rows: Iterable[Iterable[Any]]) -> bytes:
    """Return rows as the bytes of a CSV file; None becomes a blank cell."""
    made = io.StringIO()
    csv.writer(made, lineterminator="\n").writerows(rows)
    return made.getvalue().encode()


def estimates_csv(snapshot: Snapshot) -> bytes:
    """Return one row per citable number of every question; COLUMNS says what stands where."""
    rows = [list(_row(one, snapshot.version).values()) for one in citables(snapshot)]
    return csv_bytes([list(COLUMNS), *rows])


def _row(one: Citable, release: str) -> dict[str, Any]:
    record, number = one.record, one.number
    cells = {
        **{"release": release, "question": record["id"], "title": record["title"]},
        **{"field": number.field, "label": number.label, "text": number.text},
        **{"value": _first(number.values, POINTS), "lower": _first(number.values, LOWER)},
        **{"upper": _first(number.values, UPPER), "scale": _scale(one)},
        **{"k": _studies_behind(one), "stamp": one.stamp},
    }
    return {name: cells[name] for name in COLUMNS}


def _studies_behind(one: Citable) -> int:
    """Return the studies behind a number: the leading one may be that of a subgroup."""
    own = one.record["verdict"].get("k") if one.number.field == "verdict" else None
    return int(one.record["k"] if own is None else own)


def _first(values: Mapping[str, float], keys: Iterable[str]) -> float | None:
    return next((values[key] for key in keys if key in values), None)


def _scale(one: Citable) -> str:
    by_field = {"tau2": "squared analysis scale", "i2": "percent", "k": "count", "participants": "count"}
    if one.number.field == "verdict":
        return str(one.record["verdict"]["symbol"])
    return by_field.get(one.number.field, symbol(one.record))


def effects_files(snapshot: Snapshot) -> dict[str, bytes]:
    """Return the effect sizes of each question: as frozen or built where they are, else worked out."""
    return {f"{EFFECTS}/{name}.csv": effects_csv(snapshot, name) for name in sorted(snapshot.records)}


def effects_csv(snapshot: Snapshot, question: str) -> bytes:
    """Return every row of a question as reported, with effect size, weight and release.

    Raises
    ------
    ExportError
        When a frozen or built table should be there and is not.
    """
    folder = results_folder(snapshot)
    if folder is None:
        table = effects_table(snapshot.analyses[question], snapshot.studies, snapshot.version)
        return table.to_csv(index=False, lineterminator="\n").encode()
    path = folder / f"{question}.csv"
    try:
        return _released(path.read_text(encoding="utf-8"), snapshot.version)
    except OSError:
        raise ExportError(f"{path}: there are no effect sizes of {question}") from None


def _released(text: str, version: str) -> bytes:
    """Return a table whose last column says the release, whatever it said."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    kept = [i for i, name in enumerate(header) if name != RELEASE]
    named = [[header[i] for i in kept] + [RELEASE]]
    return csv_bytes(named + [[row[i] for i in kept] + [version] for row in rows])


def descriptor(snapshot: Snapshot, effects: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the data package of the numbers and of tables of effect sizes.

    Parameters
    ----------
    effects : mapping of str to bytes
        The tables by path.
    """
    template = schema_of(snapshot).effects
    tables = [estimates_resource(), *(effects_resource(path, effects[path], template) for path in effects)]
    return {**package_facts(snapshot, "living-magnesium-estimates"), "resources": tables}


def package_facts(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Return what a data package says of itself, without its resources."""
    who = facts(snapshot)
    return {
        "name": name,
        "title": TITLE,
        "description": "\n".join(statement(snapshot)),
        "version": who["release"],
        **({"created": f"{who['date']}T00:00:00Z"} if snapshot.identity.date else {}),
        "commit": who["commit"],
        "hash": whole_hash(snapshot),
        "licenses": [
            {
                "name": "CC-BY-4.0",
                "title": "Creative Commons Attribution 4.0",
                "path": "https://creativecommons.org/licenses/by/4.0/",
            }
        ],
    }


def _resource(name: str, path: str, description: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    schema = {"fields": fields, "missingValues": [""]}
    about = {"type": "table", "scheme": "file", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
    return {"name": name, "path": path, "description": description, **about, "schema": schema}


def estimates_resource() -> dict[str, Any]:
    """Return the description of the table of numbers."""
    fields = [{"name": name, "type": kind, "description": said} for name, (kind, said) in COLUMNS.items()]
    resource = _resource("estimates", ESTIMATES, "One row per citable number of every question.", fields)
    resource["schema"]["primaryKey"] = ["question", "field"]
    return resource


def effects_resource(path: str, table: bytes, template: TableSchema) -> dict[str, Any]:
    """Return the description of one table of effect sizes: columns as declared, and those added."""
    question = path.rpartition("/")[2].removesuffix(".csv")
    header = next(csv.reader(io.StringIO(table.decode())))
    fields = [_effects_field(name, template) for name in header]
    said = f"Rows of {question} as reported, with effect size and weight."
    return _resource(f"effect-sizes-{question}", path, said, fields)


def _effects_field(name: str, template: TableSchema) -> dict[str, Any]:
    if name in ADDED:
        kind, said, unit = ADDED[name]
        return {"name": name, "type": kind, "description": said, **({"unit": unit} if unit else {})}
    declared = template.field(name)
    described = dict(declared.raw) if declared else {"name": name, "type": "string"}
    # A column of whole numbers with blanks is written with decimals.
    return {**described, "type": "number"} if described.get("type") == "integer" else described
