"""The one schema of the curated tables, read from `datapackage.yaml`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SCHEMA_FILE = "datapackage.yaml"
NUMERIC_TYPES = ("integer", "number", "year")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def listed(cell: str) -> tuple[str, ...]:
    """Return the values of a cell that holds several, separated by semicolons."""
    return tuple(part.strip() for part in cell.split(";") if part.strip())


class SchemaError(ValueError):
    """A schema file that cannot be read, or that describes no tables."""


@dataclass(frozen=True)
class Field:
    """One declared column: what it means and what it may hold."""

    name: str
    type: str = "string"
    description: str = ""
    unit: str = ""
    required: bool = False
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    unique: bool = False
    example: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_numeric(self) -> bool:
        """Return whether cells of the column are numbers."""
        return self.type in NUMERIC_TYPES


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values must exist in another table."""

    fields: tuple[str, ...]
    table: str
    reference_fields: tuple[str, ...]


@dataclass(frozen=True)
class TableSchema:
    """One declared table: its columns, its key, and the tables it points to.

    `partial` tells whether columns may be absent from the file.
    """

    name: str
    path: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    partial: bool = False
    title: str = ""
    description: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of all declared columns."""
        return tuple(f.name for f in self.fields)

    def field(self, name: str) -> Field | None:
        """Return the field called `name`, None when the table declares none."""
        return next((f for f in self.fields if f.name == name), None)

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the columns that a file cannot do without."""
        if not self.partial:
            return self.columns
        keys = {*self.primary_key, *(name for key in self.foreign_keys for name in key.fields)}
        return tuple(f.name for f in self.fields if f.required or f.name in keys)

    def resource(
        self,
        columns: Iterable[str] | None = None,
        name: str | None = None,
        path: str | None = None,
        tables: Iterable[str] | None = None,
    ) -> dict[str, Any]:
        """Return the Frictionless resource descriptor of a file with these columns.

        Parameters
        ----------
        columns : iterable of str, optional
            Columns of the file, in file order; undeclared ones are left out. Default: all declared.
        name, path : str, optional
            Name and path of the resource; default those of the table.
        tables : iterable of str, optional
            Tables at hand; foreign keys to others are left out. Default: keep all.
        """
        declared = [f for f in map(self.field, self.columns if columns is None else columns) if f]
        present = {f.name for f in declared}
        schema: dict[str, Any] = {
            "fields": [dict(f.raw) for f in declared],
            "missingValues": [""],
            "fieldsMatch": "partial",
        }
        if self.primary_key and present.issuperset(self.primary_key):
            schema["primaryKey"] = list(self.primary_key)
        if keys := [_key_descriptor(k) for k in self.foreign_keys if _usable(k, present, tables)]:
            schema["foreignKeys"] = keys
        return {
            "name": name or self.name,
            "path": path or self.path,
            "format": "csv",
            "encoding": "utf-8",
            "schema": schema,
        }


@dataclass(frozen=True)
class Schema:
    """All declared tables, and the template that every table of effects follows."""

    tables: Mapping[str, TableSchema]
    effects: TableSchema
    base_columns: tuple[str, ...]
    reserved_values: Mapping[str, tuple[str, ...]]
    reserved_columns: tuple[str, ...]
    descriptor: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def effects_resource(
        self, file_name: str, columns: Iterable[str], tables: Iterable[str] | None = None
    ) -> dict[str, Any]:
        """Return the resource descriptor of one effects file, such as `ami-early-death.csv`."""
        name = "effects-" + file_name.removesuffix(".csv").lower()
        return self.effects.resource(columns, name=name, path=f"effects/{file_name}", tables=tables)


def load_schema(data_dir: Path) -> Schema:
    """Return the schema of a data folder.

    Raises
    ------
    SchemaError
        When `datapackage.yaml` is missing, is not valid YAML, or lacks its tables.
    """
    path = data_dir / SCHEMA_FILE
    try:
        raw = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_LOADER)
        return _schema(raw)
    except FileNotFoundError as error:
        raise SchemaError(f"{path}: file must exist") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SchemaError(f"{path}: not valid YAML: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise SchemaError(f"{path}: not a data package with an effects template: {error!r}") from error


def _schema(raw: Mapping[str, Any]) -> Schema:
    template = raw["effectsTemplate"]
    base = tuple(template["base"])
    reserved = raw.get("reservedValues") or {}
    tables = {r["name"]: _table(r["name"], r["path"], r["schema"], r) for r in raw["resources"]}
    effects = _table("effects", "effects/*.csv", template.get("schema", template), template)
    return Schema(
        tables=tables,
        effects=effects,
        base_columns=base,
        reserved_values={column: tuple(map(str, values)) for column, values in reserved.items()},
        reserved_columns=tuple(raw.get("reservedColumns") or ()),
        descriptor=raw,
    )


def _table(name: str, path: str, schema: Mapping[str, Any], about: Mapping[str, Any]) -> TableSchema:
    match = schema.get("fieldsMatch") or about.get("fieldsMatch") or ()
    return TableSchema(
        name=name,
        path=path,
        fields=tuple(_field(f) for f in schema["fields"]),
        primary_key=_names(schema.get("primaryKey")),
        foreign_keys=tuple(_foreign_key(k) for k in schema.get("foreignKeys") or ()),
        partial="partial" in match or name == "effects",
        title=about.get("title", ""),
        description=about.get("description", ""),
    )


def _field(raw: Mapping[str, Any]) -> Field:
    rules = raw.get("constraints") or {}
    return Field(
        name=raw["name"],
        type=raw.get("type", "string"),
        description=raw.get("description", ""),
        unit=raw.get("unit", ""),
        required=bool(rules.get("required", False)),
        enum=tuple(str(value) for value in rules.get("enum") or ()),
        minimum=rules.get("minimum"),
        maximum=rules.get("maximum"),
        pattern=rules.get("pattern", ""),
        unique=bool(rules.get("unique", False)),
        example=str(raw.get("example", "")),
        raw=raw,
    )


def _foreign_key(raw: Mapping[str, Any]) -> ForeignKey:
    reference = raw["reference"]
    return ForeignKey(_names(raw["fields"]), reference["resource"], _names(reference["fields"]))


def _names(value: str | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _usable(key: ForeignKey, present: set[str], tables: Iterable[str] | None) -> bool:
    return present.issuperset(key.fields) and (tables is None or key.table in tables)


def _key_descriptor(key: ForeignKey) -> dict[str, Any]:
    reference = {"resource": key.table, "fields": list(key.reference_fields)}
    return {"fields": list(key.fields), "reference": reference}
