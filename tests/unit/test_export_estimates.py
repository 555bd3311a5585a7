"""Are numbers, effect sizes and records exported in full, as the published descriptions say?"""

import copy
import csv
import io
import json
import re

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from exported import ONE_QUESTION, VERSION, release_snapshot, scratch_checkout, today, with_records
from livingmeta.api import write_api
from livingmeta.export.estimates import csv_files, effects_csv, json_files
from livingmeta.export.registry import FORMATS
from livingmeta.export.schemas import SCHEMAS
from livingmeta.numbers import numbers, stamp
from livingmeta.paths import ROOT, Project
from livingmeta.results import write_record

AMI = "iv-magnesium-ami-mortality"


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def validator(name):
    made = {key: schema() for key, schema in SCHEMAS.items()}
    registry = Registry().with_resources([(key, Resource.from_contents(one)) for key, one in made.items()])
    return Draft202012Validator(made[name], registry=registry)


def faults(name, value):
    return [f"{list(one.path)}: {one.message}" for one in validator(name).iter_errors(value)]


@pytest.fixture(scope="module")
def tables():
    return csv_files(today())


def test_a_row_for_every_citable_number(tables):
    expected = [(name, one) for name, record in sorted(today().records.items()) for one in numbers(record)]
    rows = rows_of(tables["estimates.csv"])
    assert [(row["question"], row["field"]) for row in rows] == [(name, one.field) for name, one in expected]
    for row, (name, one) in zip(rows, expected, strict=True):
        cells = {float(row[key]) for key in ("value", "lower", "upper") if row[key]}
        assert cells == set(one.values.values())
        assert row["stamp"] == stamp(today().records[name], one.field)
        assert (row["release"], row["text"]) == ("unreleased", one.text)


def test_a_number_says_what_it_is_measured_in(tables):
    rows = {(row["question"], row["field"]): row for row in rows_of(tables["estimates.csv"])}
    assert rows[AMI, "verdict"]["scale"] == rows[AMI, "estimate"]["scale"] == "OR"
    assert rows[AMI, "tau2"]["scale"] == "squared analysis scale" and rows[AMI, "i2"]["scale"] == "percent"
    assert rows["magnesium-supplementation-ckd-cv-events", "verdict"]["scale"] == "RD"


def test_the_last_column_of_effect_sizes_is_the_release(tables):
    for name in today().records:
        rows = rows_of(tables[f"effects/{name}.csv"])
        assert rows and list(rows[0])[-1] == "release"
        assert {row["release"] for row in rows} == {"unreleased"}


def test_frictionless_reads_the_tables_as_described(tables, tmp_path):
    from frictionless import Package

    for name, data in tables.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    package = Package(str(tmp_path / "datapackage.json"))
    report = package.validate()
    assert report.valid, report.flatten(["type", "note"])
    assert {one.path for one in package.resources} == set(tables) - {"datapackage.json"}
    assert all(one.description for r in package.resources for one in r.schema.fields)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_describes_every_key(name):
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)

    def undescribed(part, way=""):
        for key, one in part.get("properties", {}).items():
            if not {"description", "$ref", "allOf", "properties"} & one.keys():
                yield f"{way}/{key}"
            yield from undescribed(one, f"{way}/{key}")

    assert not list(undescribed(schema))


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "data" / "questions").glob("*.yml")))
def test_every_record_fits_its_schema(name):
    assert not faults("record.json", today().records[name])


def test_no_key_of_a_record_is_left_out_of_the_schema():
    schema = SCHEMAS["record.json"]()
    known = {key for part in (*schema["allOf"], schema["$defs"]["fit"]) for key in part.get("properties", {})}
    assert {key for record in today().records.values() for key in record} == known


def _without(*way):
    def change(record):
        *parents, last = way
        for key in parents:
            record = record[key]
        del record[last]

    return change


def _with(value, *way):
    def change(record):
        *parents, last = way
        for key in parents:
            record = record[key]
        record[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        *(_without("tau2"), _without("display", "pi_lower"), _without("studies", 0, "vi")),
        *(_without("sensitivity", 0, "name"), _without("multiverse", "specifications", 3, "estimate")),
        *(_with("0.5", "estimate"), _with(1.5, "p_value"), _with(101, "i2"), _with(-1, "tau2")),
        *(_with("abc", "hash"), _with("2026.13.0", "release"), _with(None, "title")),
        *(_with({}, "verdict", "display"), _with("many", "subgroups", 0, "groups", 0, "k")),
    ],
)
def test_a_broken_record_is_refused(change):
    record = copy.deepcopy(today().records[AMI])
    assert not faults("record.json", record)
    change(record)
    assert faults("record.json", record)


def test_all_records_are_in_one_file():
    made = json_files(today())
    read = json.loads(made["estimates.json"])
    assert not faults("estimates.json", read)
    assert read["questions"] == today().records and list(read["questions"]) == sorted(read["questions"])
    assert json.loads(made["schema/record.json"]) == SCHEMAS["record.json"]()
    read["questions"][AMI]["hash"] = "no hash"
    assert faults("estimates.json", read)


def test_the_numbers_of_one_record_stand_alone():
    alone = with_records(today().records[AMI], version="2026.02.0")
    read = json.loads(json_files(alone)["estimates.json"])
    assert list(read["questions"]) == [AMI] and read["release"] == "2026.02.0"
    assert json.loads(json_files(with_records())["estimates.json"])["questions"] == {}


def test_effect_sizes_of_a_release_are_those_that_were_frozen(tmp_path):
    project = scratch_checkout(tmp_path, ONE_QUESTION)
    release = release_snapshot(project)
    text = (release.release.results / f"{ONE_QUESTION}.csv").read_text(encoding="utf-8")
    assert effects_csv(release, ONE_QUESTION).decode() == text
    assert {row["release"] for row in rows_of(text.encode())} == {VERSION}
    before = Project(tmp_path).data / "effects"
    for path in before.glob("*.csv"):
        path.unlink()
    assert effects_csv(release, ONE_QUESTION).decode() == text


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """Return the API as a build writes it, from records on disk alone."""
    project = Project(tmp_path_factory.mktemp("site"), ROOT / "data")
    for name, record in today().records.items():
        write_record(record, project.records)
        (project.records / f"{name}.csv").write_bytes(effects_csv(today(), name))
    folder = project.root / "v1"
    write_api(project, list(today().questions.values()), folder)
    return folder


def test_the_site_offers_every_cheap_format(api):
    index = json.loads((api / "index.json").read_text(encoding="utf-8"))
    assert not faults("index.json", index)
    assert index["release"] == "unreleased" and re.fullmatch("[0-9a-f]{8}", index["hash"])
    assert set(index["exports"]) == {name for name, form in FORMATS.items() if form.on_site}
    named = [name for form in index["exports"].values() for name in form["files"]]
    assert named and all((api / name).is_file() for name in [*named, *index["schemas"].values()])
    there = {path.relative_to(api).as_posix() for path in (api / "exports").rglob("*") if path.is_file()}
    assert there == set(named)
    broken = {**index, "questions": [{"id": "no title"}]}
    assert faults("index.json", broken)


def test_the_site_exports_what_the_command_exports(api):
    index = json.loads((api / "index.json").read_text(encoding="utf-8"))
    read = json.loads((api / "exports" / "estimates.json").read_text(encoding="utf-8"))
    assert read["questions"] == today().records and read["hash"] == index["hash"]
    assert (api / "exports" / "estimates.csv").read_bytes() == csv_files(today())["estimates.csv"]
    assert not faults("estimates.json", read)


def test_a_record_of_an_older_build_is_named_anew(tmp_path):
    from livingmeta.export.provenance import Built

    record = today().records[ONE_QUESTION]
    write_record({**record, "release": VERSION}, tmp_path)
    now = today()
    made = Built("now", now.data, now.identity, results=tmp_path, known=[now.questions[ONE_QUESTION]])
    assert made.records[ONE_QUESTION] == record
