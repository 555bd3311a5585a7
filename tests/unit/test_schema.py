import pytest

from livingmeta.schema import SchemaError, listed, load_schema

PACKAGE = """
name: tiny
resources:
  - name: studies
    path: studies.csv
    schema:
      primaryKey: study_id
      fields:
        - {name: study_id, type: string, constraints: {required: true, pattern: "^[a-z]+$"}}
        - {name: n_total, type: integer, unit: people, constraints: {minimum: 1}}
effectsTemplate:
  base: [effect_id, study_id]
  primaryKey: [effect_id]
  foreignKeys: [{fields: study_id, reference: {resource: studies, fields: study_id}}]
  fields:
    - {name: effect_id, type: string, constraints: {required: true, unique: true}}
    - {name: study_id, type: string, constraints: {required: true}}
    - {name: dose, type: number, unit: mmol, example: 15, constraints: {minimum: 0, maximum: 99}}
    - {name: kind, type: string, constraints: {enum: ["none", some]}}
reservedValues: {kind: [some]}
reservedColumns: [dose]
"""


@pytest.fixture
def schema(tmp_path):
    (tmp_path / "datapackage.yaml").write_text(PACKAGE, encoding="utf-8")
    return load_schema(tmp_path)


def test_tables_and_template(schema):
    assert schema.tables["studies"].columns == ("study_id", "n_total")
    assert schema.tables["studies"].primary_key == ("study_id",)
    assert schema.effects.columns == ("effect_id", "study_id", "dose", "kind")
    assert schema.base_columns == ("effect_id", "study_id")
    assert schema.reserved_values == {"kind": ("some",)}
    assert schema.reserved_columns == ("dose",)


def test_field(schema):
    dose = schema.effects.field("dose")
    assert (dose.type, dose.unit, dose.minimum, dose.maximum, dose.example) == ("number", "mmol", 0, 99, "15")
    assert dose.is_numeric
    assert schema.effects.field("kind").enum == ("none", "some")
    assert schema.effects.field("effect_id").unique
    assert schema.tables["studies"].field("study_id").pattern == "^[a-z]+$"
    assert schema.effects.field("absent") is None


def test_needed_columns(schema):
    assert schema.tables["studies"].needed == ("study_id", "n_total")
    assert schema.effects.needed == ("effect_id", "study_id")


def test_effects_resource_has_the_columns_of_the_file_in_its_order(schema):
    resource = schema.effects_resource("early-death.csv", ["kind", "made_up", "effect_id", "study_id"])
    assert [f["name"] for f in resource["schema"]["fields"]] == ["kind", "effect_id", "study_id"]
    assert resource["name"] == "effects-early-death"
    assert resource["path"] == "effects/early-death.csv"
    assert resource["schema"]["fieldsMatch"] == "partial"
    assert resource["schema"]["missingValues"] == [""]


def test_keys_without_their_columns_or_tables_are_left_out(schema):
    assert "primaryKey" not in schema.effects.resource(["dose"])["schema"]
    whole = schema.effects.resource()["schema"]
    assert whole["primaryKey"] == ["effect_id"]
    assert whole["foreignKeys"][0]["reference"] == {"resource": "studies", "fields": ["study_id"]}
    assert "foreignKeys" not in schema.effects.resource(tables=[])["schema"]


def test_frictionless_accepts_the_descriptor(schema):
    from frictionless import Resource

    resource = schema.effects_resource("x.csv", ["effect_id", "kind"])
    data = [["effect_id", "kind"], ["a", "none"], ["b", "wrong"]]
    report = Resource.from_descriptor(
        {"name": resource["name"], "data": data, "schema": resource["schema"]}
    ).validate()
    assert [error.type for error in report.tasks[0].errors] == ["constraint-error"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "must exist"),
        ("a: [1", "not valid YAML"),
        ("name: x", "effects template"),
        ("", "effects template"),
    ],
)
def test_a_schema_that_cannot_be_read_says_why(tmp_path, text, words):
    if text is not None:
        (tmp_path / "datapackage.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SchemaError, match=words):
        load_schema(tmp_path)


def test_a_cell_that_holds_several_values_is_parted_at_semicolons():
    assert listed(" one; two;three ;; ") == ("one", "two", "three")
    assert listed("") == ()
