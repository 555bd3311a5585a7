"""Is the data package whole, readable by others, and the same bytes every time?"""

import csv
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest
import yaml

from exported import COMMIT, DAY, ONE_QUESTION, VERSION, release_snapshot, scratch_checkout, today
from livingmeta.export.archive import archive_files, zipped
from livingmeta.export.estimates import csv_files
from livingmeta.paths import ROOT
from livingmeta.releases import Identity
from livingmeta.snapshots import Snapshot

NAME = "data-package-unreleased.zip"


@pytest.fixture(scope="module")
def data():
    return archive_files(today())[NAME]


@pytest.fixture(scope="module")
def archive(data):
    return zipfile.ZipFile(io.BytesIO(data))


def test_every_curated_file_and_every_result_is_in_it(archive):
    names = archive.namelist()
    root = ROOT / "data"
    curated = [*root.glob("*.csv"), *root.glob("effects/*.csv"), *root.glob("questions/*.yml")]
    for path in curated:
        assert archive.read(f"data/{path.relative_to(root).as_posix()}") == path.read_bytes()
    for question, record in today().records.items():
        assert json.loads(archive.read(f"results/{question}.json")) == record
    tables = csv_files(today())
    assert all(archive.read(name) == tables[name] for name in tables if name.endswith(".csv"))
    assert {"LICENSE-DATA", "CITATION.cff", "README.txt", "datapackage.json"} <= set(names)
    assert not [name for name in names if "releases" in name]


def test_the_readme_says_version_hash_and_how_to_verify(archive):
    text = archive.read("README.txt").decode()
    for said in ("release: unreleased", f"commit: {COMMIT}", f"date: {DAY}", "hash: ", "livingmeta verify"):
        assert said in text


def test_the_bytes_follow_from_the_snapshot_alone(data):
    again = Snapshot("now", ROOT / "data", today().identity)
    assert archive_files(again)[NAME] == data
    assert zipped({"b": b"2", "a": b"1"}) == zipped({"a": b"1", "b": b"2"})
    assert zipped({"a": b"1"}) != zipped({"a": b"1"}, (2026, 1, 2))


def test_entries_are_sorted_stored_and_dated_by_the_snapshot(archive):
    entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(2026, 1, 2, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {(entry.create_system, entry.extra, entry.comment) for entry in entries} == {(3, b"", b"")}


def unpacked(archive, folder):
    archive.extractall(folder)
    return folder


def validated(folder):
    from frictionless import Package

    return Package(str(folder / "datapackage.json")).validate()


def test_frictionless_finds_no_fault(archive, tmp_path):
    report = validated(unpacked(archive, tmp_path))
    assert report.valid, report.flatten(["type", "note"])[:5]
    described = {task.place for task in report.tasks}
    assert described == {name for name in archive.namelist() if name.endswith(".csv")}


def test_frictionless_finds_a_broken_key(archive, tmp_path):
    path = unpacked(archive, tmp_path) / "data" / "reports.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
    rows[0]["study_id"] = "nobody1900"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    described = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    described["resources"] = [one for one in described["resources"] if one["name"] in ("studies", "reports")]
    (tmp_path / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    assert [error[0] for error in validated(tmp_path).flatten(["type"])] == ["foreign-key"]


@pytest.mark.parametrize(
    "identity", [today().identity, Identity(), Identity("2026.02.3", COMMIT, "2026-02-04", "2026.02.3")]
)
def test_the_citation_names_this_version_and_no_other(identity, tmp_path):
    snapshot = replace(today(), identity=identity)
    vars(snapshot)["records"] = {}
    made = archive_files(snapshot)[f"data-package-{identity.version}.zip"]
    text = zipfile.ZipFile(io.BytesIO(made)).read("CITATION.cff").decode()
    read = yaml.safe_load(text)
    assert read["version"] == identity.version and read.get("commit", "") == identity.commit
    assert str(read.get("date-released", "")) == (identity.date if identity.is_release else "")
    assert read["title"] == yaml.safe_load((ROOT / "CITATION.cff").read_text())["title"]
    path = tmp_path / "CITATION.cff"
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run(
        [*command, "vendor.citation-file-format", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_release_is_packed_from_its_own_folder(tmp_path):
    project = scratch_checkout(tmp_path, ONE_QUESTION)
    release = release_snapshot(project)
    before = archive_files(release)
    for path in (project.data / "effects").glob("*.csv"):
        path.unlink()
    assert archive_files(release_of(project)) == before
    assert list(before) == [f"data-package-{VERSION}.zip"]


def release_of(project):
    from livingmeta.releases import find_release
    from livingmeta.snapshots import of_release

    return of_release(find_release(project, VERSION))
