"""Is the evidence of a folder, a revision or today found by its name?"""

import shutil
import subprocess

import pytest

from livingmeta.paths import ROOT, Project
from livingmeta.releases import ReleaseError, version_key
from livingmeta.snapshots import SnapshotError, snapshot

QUESTION = "magnesium-supplementation-ckd-deaths"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a small checkout with one question and one commit."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "_toc.yml", root)
    shutil.copytree(ROOT / "data", root / "data", ignore=shutil.ignore_patterns("releases"))
    for path in (root / "data" / "questions").glob("*.yml"):
        if path.stem != QUESTION:
            path.unlink()
    (root / ".gitignore").write_text("_build/\n")
    git = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    return Project(root)


def test_today_and_its_commit_say_the_same(checkout):
    now, then = snapshot("now", checkout), snapshot("main", checkout)
    assert list(now.records) == [QUESTION]
    assert now.records == then.records
    assert then.identity.commit == now.identity.commit != ""


def test_a_revision_keeps_what_the_checkout_has_changed(checkout):
    path = checkout.data / "questions" / f"{QUESTION}.yml"
    text = path.read_text()
    path.write_text(text.replace("level: 95", "level: 90") if "level: 95" in text else text + "\nlevel: 90\n")
    try:
        assert snapshot("now", checkout).questions[QUESTION].level == 90
        assert snapshot("HEAD", checkout).questions[QUESTION].level == 95
    finally:
        path.write_text(text)


def test_a_folder_may_be_a_checkout_or_its_data(checkout):
    assert snapshot(str(checkout.root), checkout).records == snapshot(str(checkout.data), checkout).records


@pytest.mark.parametrize("name", ["2026.01.0", "no-such-branch", "/", "--all"])
def test_a_name_that_means_nothing_says_so(checkout, name):
    with pytest.raises(SnapshotError, match=name):
        snapshot(name, checkout)


@pytest.mark.parametrize(
    "version", ["2026.11", "2026.13.0", "26.1.0", "2026.1.0", "2026.11.01", "v2026.11.0", ""]
)
def test_a_version_is_year_month_patch(version):
    with pytest.raises(ReleaseError, match=r"YYYY\.MM\.PATCH"):
        version_key(version)
    assert version_key("2026.11.10") > version_key("2026.11.9") > version_key("2025.12.99")
