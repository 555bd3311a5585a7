"""Rules about the schema itself: what it declares must be used or set aside."""

from collections.abc import Iterator, Sequence

from livingmeta.check.findings import WARNING, Finding
from livingmeta.check.sources import Curated, Source, YamlPath, line_of, schema_file, yaml_lines
from livingmeta.schema import SCHEMA_FILE, Field, TableSchema


def schema_findings(curated: Curated) -> Iterator[Finding]:
    """Yield declared columns and values that no row uses and that are not reserved for rows to come."""
    lines = yaml_lines((curated.data_dir / SCHEMA_FILE).read_text(encoding="utf-8-sig"))
    places = _places(curated)
    tables: list[tuple[TableSchema, Sequence[Source]]] = [
        (source.schema, [source]) for source in curated.tables.values()
    ]
    for schema, sources in [*tables, (curated.schema.effects, list(curated.effects.values()))]:
        for position, field in enumerate(schema.fields):
            line = line_of(lines, *places[schema.name], position)
            yield from _values(schema, field, sources, curated, line)
    yield from _columns(curated, line_of(lines, *places["effects"]))
    yield from _reserved(curated, line_of(lines, "reservedValues"))


def _places(curated: Curated) -> dict[str, YamlPath]:
    """Return where the fields of each table stand in the schema file."""
    names = [resource["name"] for resource in curated.schema.descriptor["resources"]]
    places: dict[str, YamlPath] = {
        name: ("resources", position, "schema", "fields") for position, name in enumerate(names)
    }
    nested = "schema" in curated.schema.descriptor["effectsTemplate"]
    places["effects"] = ("effectsTemplate", *(("schema",) if nested else ()), "fields")
    return places


def _values(
    schema: TableSchema, field: Field, sources: Sequence[Source], curated: Curated, line: int
) -> Iterator[Finding]:
    if not field.enum or not any(source.text.rows for source in sources):
        return
    used = {row.text(field.name) for source in sources for row in source.rows()}
    reserved = set(curated.schema.reserved_values.get(_reserved_key(schema, field.name), ()))
    for value in field.enum:
        if value not in used and value not in reserved:
            rule = "declared value that no row uses; use it or list it under reservedValues"
            yield Finding(schema_file(curated.data_dir), line, field.name, value, rule, WARNING)


def _reserved_key(schema: TableSchema, column: str) -> str:
    return column if schema.name == "effects" else f"{schema.name}.{column}"


def _columns(curated: Curated, line: int) -> Iterator[Finding]:
    used = {name for source in curated.effects.values() for name in source.text.columns}
    reserved = set(curated.schema.reserved_columns)
    for name in curated.schema.effects.columns:
        if name not in used | reserved:
            rule = "declared column that no file uses; use it or list it under reservedColumns"
            yield Finding(schema_file(curated.data_dir), line, name, name, rule, WARNING)


def _reserved(curated: Curated, line: int) -> Iterator[Finding]:
    tables = [*curated.schema.tables.values(), curated.schema.effects]
    declared = {_reserved_key(table, field.name): field.enum for table in tables for field in table.fields}
    for column, values in curated.schema.reserved_values.items():
        for value in sorted(set(values) - set(declared.get(column, ()))):
            rule = "reserved value that no column of this name declares"
            yield Finding(schema_file(curated.data_dir), line, column, value, rule, WARNING)
