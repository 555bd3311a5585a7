"""Does publishing keep every version as it was, whatever happens to it?"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from livingmeta.api import version_of
from livingmeta.cli import main
from livingmeta.paths import ROOT, Project
from livingmeta.publish import PublishError, frozen, publish
from livingmeta.releases import Identity
from livingmeta.theme import version_text
from published_sites import PAGES, built_site, bytes_of, put, write

FIRST, SECOND, LATER = "2026.01.0", "2026.02.0", "2026.10.0"
WITH_FEED = {"feed.xml": "<feed/>"}


@pytest.fixture
def made(tmp_path):
    """Return a function that makes the project whose built site is a version."""
    return lambda version="unreleased", **more: built_site(tmp_path / f"made-{version}", version, **more)


@pytest.fixture
def site(tmp_path):
    return tmp_path / "site"


def listed(site):
    return json.loads((site / "versions.json").read_text(encoding="utf-8"))


def test_what_is_not_released_goes_to_dev_and_the_front_leads_there(made, site):
    done = put(made(), site)
    assert done.is_new and done.folder == site / "dev" and done.newest == ""
    assert sorted(path.name for path in site.iterdir()) == [".nojekyll", "dev", "index.html", "versions.json"]
    assert "url=dev/index.html" in (site / "index.html").read_text()
    assert listed(site)["versions"] == [] and listed(site)["dev"]["pages"] == sorted(PAGES)


def test_a_release_goes_to_its_own_folder_and_to_latest(made, site):
    done = put(made(FIRST, **WITH_FEED), site)
    assert done.is_new and done.folder == site / f"v{FIRST}" and done.newest == FIRST
    assert bytes_of(site / "latest") == bytes_of(site / f"v{FIRST}") == bytes_of(made(FIRST).html)
    assert not any(path.is_symlink() for path in site.rglob("*"))
    assert "url=latest/index.html" in (site / "index.html").read_text()
    assert (site / "feed.xml").read_bytes() == (site / "latest" / "feed.xml").read_bytes()
    (entry,) = listed(site)["versions"]
    assert entry["is_latest"] and entry["folder"] == f"v{FIRST}"
    assert entry["reason"] == f"Why there is {FIRST}." and entry["kind"] == "new-search"
    assert listed(site)["dev"] is None


def test_versions_are_ordered_as_versions_and_latest_is_the_newest_whatever_the_order(made, site):
    for version in (LATER, FIRST, SECOND):
        assert put(made(version), site).newest == LATER
    assert [entry["version"] for entry in listed(site)["versions"]] == [LATER, SECOND, FIRST]
    assert [entry["is_latest"] for entry in listed(site)["versions"]] == [True, False, False]
    assert bytes_of(site / "latest") == bytes_of(site / f"v{LATER}")


def test_an_old_version_keeps_every_byte_when_others_are_published(made, site):
    put(made(FIRST), site)
    before = bytes_of(site / f"v{FIRST}")
    for version in (SECOND, "unreleased", LATER):
        put(made(version), site)
        assert bytes_of(site / f"v{FIRST}") == before
    assert before


def test_the_record_is_what_sha256sum_writes(made, site):
    put(made(FIRST), site)
    command = ["sha256sum", "--check", "--strict", f"../v{FIRST}.sha256"]
    done = subprocess.run(command, cwd=site / f"v{FIRST}", capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count(": OK") == len(bytes_of(site / f"v{FIRST}"))


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("version", [FIRST, "unreleased"])
def test_the_same_bytes_again_rewrite_nothing(made, site, version):
    put(made(version), site)
    before = times(site)
    again = put(made(version), site)
    assert not again.is_new and times(site) == before


def test_other_bytes_of_a_published_version_are_refused(made, site):
    put(made(FIRST), site)
    before = bytes_of(site)
    other = made(FIRST, pages={**PAGES, "book/index.html": "<p>Another front</p>", "book/new.html": ""})
    with pytest.raises(PublishError, match=r"never changes") as refused:
        put(other, site)
    assert "book/index.html: changed" in str(refused.value)
    assert "book/new.html: was not there" in str(refused.value)
    assert bytes_of(site) == before


def edit(site):
    write(site / f"v{FIRST}" / "book" / "index.html", "edited")


def lose_page(site):
    (site / f"v{FIRST}" / "book" / "index.html").unlink()


def add_page(site):
    write(site / f"v{FIRST}" / "book" / "added.html", "added")


def lose_folder(site):
    shutil.rmtree(site / f"v{FIRST}")


def lose_record(site):
    (site / f"v{FIRST}.sha256").unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (edit, "book/index.html: changed"),
        (lose_page, "book/index.html: missing"),
        (add_page, "book/added.html: was not there"),
        (lose_folder, f"v{FIRST}: missing, though v{FIRST}.sha256 records it"),
        (lose_record, f"there is no v{FIRST}.sha256"),
    ],
)
@pytest.mark.parametrize("following", [SECOND, FIRST, "unreleased"])
def test_an_old_version_that_is_no_longer_as_recorded_stops_everything(made, site, damage, said, following):
    put(made(FIRST), site)
    damage(site)
    before = bytes_of(site)
    with pytest.raises(PublishError, match=re.escape(said)):
        put(made(following), site)
    assert bytes_of(site) == before


def test_what_follows_from_the_versions_repairs_itself(made, site):
    for version in (FIRST, SECOND, "unreleased"):
        put(made(version), site)
    whole = bytes_of(site)
    (site / "versions.json").write_text("{}")
    write(site / "latest" / "book" / "index.html", "edited")
    (site / ".nojekyll").unlink()
    put(made(), site)
    assert bytes_of(site) == whole
    shutil.rmtree(site / "latest")
    put(made(), site)
    assert bytes_of(site) == whole


def test_what_else_lies_there_stays(made, site):
    write(site / "CNAME", "example.org\n")
    write(site / ".git" / "HEAD", "ref: refs/heads/gh-pages\n")
    write(site / ".other.7.partial", "somebody else's")
    before = bytes_of(site)
    for version in (FIRST, "unreleased"):
        put(made(version), site)
    after = bytes_of(site)
    assert {name: after.get(name) for name in before} == before


def test_records_of_another_version_are_not_published(made, site):
    project = made("2026.01.0")
    write(project.html / "api" / "v1" / "questions" / "a.json", '{"release": "unreleased"}')
    with pytest.raises(PublishError, match=r"its records do not: a\.json: unreleased"):
        put(project, site)
    assert not (site / "v2026.01.0").exists()


def test_a_record_of_bytes_that_cannot_be_read_is_a_message(made, site):
    put(made("2026.01.0"), site)
    (site / "v2026.01.0.sha256").write_bytes(b"\xff\xfe")
    with pytest.raises(PublishError, match="cannot be read"):
        put(made("2026.02.0"), site)


def test_only_what_was_expected_is_published(made, site):
    with pytest.raises(PublishError, match=f"unreleased, not {FIRST}"):
        put(made(), site, expected=FIRST)
    assert list(site.iterdir()) == []
    assert put(made(FIRST), site, expected=FIRST).is_new


def test_a_release_that_is_expected_by_its_tag_is_built_first(made, site, tmp_path):
    project, asked = made(FIRST), []

    def build():
        asked.append(True)
        built_site(project.root, SECOND)

    assert publish(project, site, build).version == SECOND and asked == [True]


@pytest.mark.parametrize("name", ["", "data", "data/releases", "_build/html", "_build/html/book", "book/x"])
def test_a_folder_of_the_project_itself_is_refused(made, name):
    project = made()
    before = bytes_of(project.root)
    with pytest.raises(PublishError, match="part of the checkout"):
        put(project, project.root / name)
    assert bytes_of(project.root) == before


def test_a_folder_that_cannot_be_written_says_so(made, tmp_path):
    write(tmp_path / "file", "a file")
    with pytest.raises(PublishError, match="cannot be written"):
        put(made(), tmp_path / "file" / "site")


@pytest.mark.parametrize("name", ["dev/index.html", "latest/index.html", "index.html"])
def test_what_somebody_else_put_there_is_not_replaced(made, site, name):
    write(site / name, "somebody else's")
    with pytest.raises(PublishError, match=f"{name.partition('/')[0]} is not of a published site"):
        put(made(), site)
    assert (site / name).read_text() == "somebody else's"


def test_a_build_that_fails_publishes_nothing(made, site):
    put(made(FIRST), site)
    before = bytes_of(site)

    def fail():
        raise SystemExit(1)

    with pytest.raises(SystemExit):
        publish(made(), site, fail)
    assert bytes_of(site) == before


def in_a_child(project, site, kill_at=0, after=False):
    """Publish in a forked child that is killed before or after its n-th replacement; return the signal."""
    pid = os.fork()
    if pid == 0:
        real, count = os.replace, 0

        def counted(source, target):
            nonlocal count
            count += 1
            if count == kill_at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            real(source, target)
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        os.replace = counted
        try:
            put(project, site)
        finally:
            os._exit(count)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def site_before(made, site):
    """Publish one release and something unreleased: the state that a run disturbs."""
    put(made(FIRST, **WITH_FEED), site)
    put(made("unreleased"), site)


KILLED_RUNS = [SECOND, "unreleased"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("killed", KILLED_RUNS)
def test_a_run_killed_at_any_replacement_is_made_good_by_the_next(tmp_path, made, killed, after):
    build = {SECOND: lambda: made(SECOND, more="x", **WITH_FEED)}.get(
        killed, lambda: built_site(tmp_path / "newer", pages={**PAGES, "book/newer.html": "newer"})
    )()
    straight = tmp_path / "straight"
    site_before(made, straight)
    old = bytes_of(straight / f"v{FIRST}")
    replacements = in_a_child(build, straight)
    assert replacements >= {SECOND: 6, "unreleased": 3}[killed]
    wanted = bytes_of(straight)
    for number in range(1, replacements + 1):
        site = tmp_path / f"killed-{number}"
        site_before(made, site)
        assert in_a_child(build, site, number, after) == -signal.SIGKILL
        assert bytes_of(site / f"v{FIRST}") == old
        # A run of another kind may come first.
        other = tmp_path / f"other-{number}"
        shutil.copytree(site, other)
        put(made("unreleased"), other)
        put(build, other)
        put(build, site)
        assert bytes_of(site) == wanted, number
        assert bytes_of(other) == wanted, number
        shutil.rmtree(site)
        shutil.rmtree(other)


def test_a_repair_that_is_killed_is_repaired(tmp_path, made):
    site = tmp_path / "site"
    site_before(made, site)
    # Between the two exchanges of latest, and of a version that was recorded.
    for number in range(1, 7):
        shutil.rmtree(tmp_path / "again", ignore_errors=True)
        shutil.copytree(site, tmp_path / "again")
        in_a_child(made(SECOND), tmp_path / "again", number)
        in_a_child(made(SECOND), tmp_path / "again", 1, after=True)
        put(made(SECOND), tmp_path / "again")
        assert list(frozen(tmp_path / "again")) == [FIRST, SECOND]
        assert bytes_of(tmp_path / "again" / "latest") == bytes_of(made(SECOND).html)
        assert not list((tmp_path / "again").glob(".*.partial")) + list((tmp_path / "again").glob(".*.old"))


RUN = """
import sys, time
from pathlib import Path
from livingmeta import files, publish
from livingmeta.paths import Project
real = publish.replace
def slow(source, target):
    print("replacing", flush=True)
    while not Path(sys.argv[3]).exists():
        time.sleep(0.01)
    real(source, target)
publish.replace = slow
say = lambda text: print(text, flush=True)
done = publish.publish(Project(Path(sys.argv[1])), Path(sys.argv[2]), lambda: None, say=say)
print("new" if done.is_new else "already", flush=True)
"""


def started(project, site, gate):
    """Start a run that makes no replacement before there is a gate, a file."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(project.root), str(site), str(gate)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "pipelines")},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_process_that_is_killed_leaves_no_lock(made, site):
    put(made(FIRST), site)
    with started(made(SECOND), site, site.with_name("never")) as process:
        assert process.stdout.readline() == "replacing\n"
        process.send_signal(signal.SIGKILL)
    assert (site / ".publish.lock").exists() and list(site.glob(".*.partial"))
    put(made(SECOND), site)
    straight = site.with_name("straight")
    for version in (FIRST, SECOND):
        put(made(version), straight)
    assert bytes_of(site) == bytes_of(straight)


@pytest.mark.parametrize("others", [[SECOND, "unreleased"], [FIRST], [FIRST, LATER, SECOND]])
def test_runs_at_the_same_time_wait_for_each_other_and_nothing_is_lost(made, site, others):
    gate = site.with_name("gate")
    with started(made(FIRST), site, gate) as first:
        assert first.stdout.readline() == "replacing\n"
        waiting = [started(made(version), site, gate) for version in others]
        assert all("waiting" in process.stdout.readline() for process in waiting)
        gate.touch()
        said = [process.communicate(timeout=60)[0] for process in waiting]
        assert first.communicate(timeout=60)[0].endswith("new\n")
    assert [process.returncode for process in waiting] == [0] * len(others)
    assert all(("already" in text) == (version == FIRST) for text, version in zip(said, others, strict=True))
    straight = site.with_name("straight")
    for version in (FIRST, *others):
        put(made(version), straight)
    assert bytes_of(site) == bytes_of(straight)


def test_the_verb_refuses_with_1_and_a_message(site, monkeypatch):
    monkeypatch.setattr("livingmeta.commands.publish._up_to_date", lambda project: None)
    monkeypatch.setattr("livingmeta.commands.publish.checkout", lambda: Project(site.with_name("empty")))
    refused = CliRunner().invoke(main, ["publish", "--site", str(site)])
    assert refused.exit_code == 1 and "does not say which version" in refused.stderr
    assert CliRunner().invoke(main, ["publish"]).exit_code == 2


def test_the_verb_says_what_it_did(made, site, monkeypatch):
    monkeypatch.setattr("livingmeta.commands.publish._up_to_date", lambda project: None)
    monkeypatch.setattr("livingmeta.commands.publish.checkout", lambda: made(FIRST))
    for said in ("published: ", "already published: "):
        done = CliRunner().invoke(main, ["publish", "--site", str(site), "--expect", FIRST])
        assert done.exit_code == 0 and done.stdout.startswith(f"{said}{site / f'v{FIRST}'}")
        assert f"newest release: {FIRST}" in done.stdout


def test_a_release_calls_itself_so_and_the_rest_does_not_name_its_commit(tmp_path):
    from livingmeta.inputs import todays_inputs

    root = tmp_path / "checkout"
    write(root / "data" / "studies.csv", "study_id\n")
    assert version_text(root) == "unreleased"
    manifest = {
        **{"version": FIRST, "kind": "curation", "reason": "A reason.", "date": "2026-01-31"},
        **{"source_commit": "ab" * 20, "previous": None, "python": "3.11.2", "layout": 1},
        "inputs": todays_inputs(Project(root)),
    }
    write(root / "data" / "releases" / FIRST / "manifest.json", json.dumps(manifest))
    assert version_text(root) == f"version {FIRST}"
    said = version_of(Project(root), Identity(FIRST, "ab" * 5, "2026-01-31", FIRST))
    assert (said["version"], said["kind"], said["reason"]) == (FIRST, "curation", "A reason.")
    write(root / "data" / "studies.csv", "study_id\nx\n")
    assert version_text(root) == "unreleased"
    said = version_of(Project(root), Identity("unreleased", "cd" * 5, "2026-02-01", FIRST))
    assert said["kind"] is None and said["previous"] == said["newest"] == FIRST


def test_the_verb_warns_of_what_is_not_committed(made, site, monkeypatch):
    project = made()
    subprocess.run(["git", "init", "-q", project.root], check=True)
    monkeypatch.setattr("livingmeta.commands.publish._up_to_date", lambda project: None)
    monkeypatch.setattr("livingmeta.commands.publish.checkout", lambda: project)
    done = CliRunner().invoke(main, ["publish", "--site", str(site)])
    assert done.exit_code == 0 and "files are not as in the commit" in done.stderr
