"""Is a release read only when it is one, and a build called by a version only when it is that version?"""

import json
import shutil

import pytest

from benchmarks.generate import DAY
from livingmeta.manifest import is_current
from livingmeta.paths import Project
from livingmeta.releases import ReleaseError, damage, find_release, identity, read_release
from livingmeta.snapshots import of_release, snapshot
from scratch_repository import add_study, commit, released, scratch_repository

VERSION = "2026.01.0"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Return a checkout whose last commit is a release."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("livingmeta.export.registry.FORMATS", {})
        return released(scratch_repository(tmp_path_factory.mktemp("releases") / "checkout", 1), VERSION)


@pytest.fixture
def project(original, tmp_path):
    shutil.copytree(original.root, tmp_path / "checkout")
    return Project(tmp_path / "checkout")


def rewritten(project, **changes):
    """Change values of the manifest and return its folder."""
    folder = project.data / "releases" / VERSION
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("version", 5), ("version", "2026.02.0"), ("source_commit", None), ("source_commit", "abc")),
        *(("date", "yesterday"), ("kind", "mood"), ("reason", None), ("previous", 3), ("python", 3.11)),
        *(("inputs", None), ("files", []), ("files", {"a": 1}), ("exports", "none"), ("packages", None)),
        *(("layout", 2), ("new_key", "of another software")),
    ],
)
def test_a_manifest_of_another_form_is_no_release(project, key, value):
    with pytest.raises(ReleaseError, match="manifest"):
        read_release(rewritten(project, **{key: value}))


def test_a_site_is_not_called_current_because_of_a_release_that_cannot_be_read(project):
    rewritten(project, files=None)
    assert is_current(project) is False


def test_a_file_is_too_many_wherever_it_lies_and_whatever_it_is_called(project):
    release = find_release(project, VERSION)
    assert damage(release) == []
    (release.folder / "data" / "effects" / "manifest.json").write_text("{}")
    assert len(damage(release)) == 1
    with pytest.raises(ReleaseError, match="not as it was frozen"):
        of_release(release)


def test_the_commit_of_a_release_is_that_release_and_the_next_one_is_not(project):
    assert identity(project).version == VERSION
    then = snapshot("HEAD", project)
    assert (then.version, then.name, then.release.date) == (VERSION, "HEAD", DAY)
    assert then.records == find_release(project, VERSION).records
    add_study(project)
    commit(project, "Add a study")
    now = snapshot("HEAD", project)
    assert (now.version, now.release) == ("unreleased", None)
    assert snapshot("HEAD~1", project).version == VERSION
