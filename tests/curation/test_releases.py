"""Is every release as it was frozen, and was none ever edited?"""

import shutil

import pytest

from livingmeta.check.release_rules import release_findings
from livingmeta.numbers import record_hash, summary
from livingmeta.paths import Project
from livingmeta.release import Request, cut
from livingmeta.releases import find_release, releases
from livingmeta.repository import git
from scratch_repository import DAY, scratch_repository

PROJECT = Project()
SCRATCH = "2026.01.0"


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """Return a checkout with a release, so that each test has one to look at."""
    project = scratch_repository(tmp_path_factory.mktemp("releases") / "checkout", 1)
    cut(project, Request(SCRATCH, "curation", "Made up.", DAY))
    return project


@pytest.fixture(params=["the project's own", "made up"])
def project(request, made_up):
    return PROJECT if request.param == "the project's own" else made_up


def test_every_release_holds_to_its_manifest(project):
    assert [str(finding) for finding in release_findings(project.data)] == []


def test_a_changed_digit_would_be_found(made_up, tmp_path):
    shutil.copytree(made_up.data, tmp_path / "data")
    path = tmp_path / "data" / "releases" / SCRATCH / "estimates.json"
    path.write_text(path.read_text().replace("1", "2", 1))
    assert [finding.value for finding in release_findings(tmp_path / "data")] == ["changed"]


def test_what_a_release_says_of_its_records_is_what_they_say(project):
    for release in releases(project):
        assert release.records and release.estimates.keys() == release.records.keys()
        for name, record in release.records.items():
            assert (record["id"], record["release"]) == (name, release.version)
            assert record["hash"] == record_hash(record)
            assert release.estimates[name]["hash"] == summary(record)["hash"]
    assert find_release(project, SCRATCH) if project is not PROJECT else True


def test_no_commit_has_changed_or_removed_what_was_frozen():
    touched = git(PROJECT, "log", "--diff-filter=MDRT", "--format=%h", "--name-only", "--", "data/releases/")
    assert touched.decode() == ""
