"""Does the weekly workflow keep one pull request, lose no decision, and may it do no more than it must?"""

import os
import re
import subprocess
import sys

import pytest
import yaml

from browser import ROOT
from livingmeta.cli import main
from livingmeta.surveillance.settings import CONTACT_VARIABLE, KEY_VARIABLE

WORKFLOWS = ROOT / ".github" / "workflows"
GIT = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
# Stand-ins: the command adds a line to a table; the host's program keeps what it is asked and what is open.
LIVINGMETA = """#!/bin/bash
[ "$1" = check ] && exit 0
[ "$*" = surveil ] || exit 2
[ -n "$SAYS" ] && echo "$SAYS" >> data/screening.csv
echo "told: $SAYS"
exit ${CODE:-0}
"""
GH = """#!/bin/bash
echo "$*" >> "$STATE/asked"
case "$2" in
  list) cat "$STATE/open" 2>/dev/null ;;
  view) cat "$STATE/body" ;;
  create) echo 7 > "$STATE/open" ;;
esac
while [ $# -gt 0 ]; do [ "$1" = --body-file ] && cp "$2" "$STATE/body"; shift; done
exit 0
"""


@pytest.fixture
def workflow():
    return yaml.safe_load((WORKFLOWS / "surveillance.yml").read_text(encoding="utf-8"))


@pytest.fixture
def steps(workflow):
    return workflow["jobs"]["look"]["steps"]


def test_it_fits_the_public_schema():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, WORKFLOWS / "surveillance.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_uses_only_the_actions_of_ci_at_the_same_hashes(steps):
    ci = yaml.safe_load((WORKFLOWS / "ci.yml").read_text(encoding="utf-8"))
    known = {step["uses"] for job in ci["jobs"].values() for step in job["steps"] if "uses" in step}
    used = {step["uses"] for step in steps if "uses" in step}
    assert used and used <= known


def test_only_its_one_job_may_write(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "write", "pull-requests": "write"}


def test_it_runs_once_a_week_and_by_hand_and_one_at_a_time(workflow):
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}
    (when,) = workflow[True]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", when["cron"])
    assert workflow["concurrency"] == {"group": "${{ github.workflow }}", "cancel-in-progress": False}


def test_secrets_reach_only_the_step_that_asks(steps):
    with_secrets = [step for step in steps if "secrets." in str(step)]
    assert [step["name"] for step in with_secrets] == ["Ask"]
    assert set(with_secrets[0]["env"]) == {CONTACT_VARIABLE, KEY_VARIABLE}
    assert all("${{" not in step.get("run", "") for step in steps)


def test_its_verbs_exist(steps):
    text = "\n".join(step.get("run", "") for step in steps)
    verbs = set(re.findall(r"\.venv/bin/livingmeta ([\w-]+)", text))
    assert verbs == {"surveil", "check"} and verbs <= main.commands.keys()


@pytest.fixture
def run(steps, tmp_path):
    """Return a function that runs the workflow's scripts in a fresh checkout, a week each."""
    subprocess.run([*GIT, "init", "-q", "--bare", "-b", "main", tmp_path / "origin"], check=True)
    for name, text in (("gh", GH), ("livingmeta", LIVINGMETA)):
        tool = tmp_path / "tools" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(text)
        tool.chmod(0o755)
    change(tmp_path, "main", "header\n", clone="first")

    def ran(week, says="", code=0):
        clone = tmp_path / week
        subprocess.run([*GIT, "clone", "-q", "-b", "main", tmp_path / "origin", clone], check=True)
        (clone / ".venv" / "bin").mkdir(parents=True)
        (clone / ".venv" / "bin" / "livingmeta").symlink_to(tmp_path / "tools" / "livingmeta")
        known = {"PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}", "HOME": str(tmp_path), "SAYS": says}
        known |= {"CODE": str(code), "STATE": str(tmp_path), "RUNNER_TEMP": str(tmp_path)}
        known |= {"BRANCH": "surveillance", "TITLE": "t", "GITHUB_OUTPUT": str(tmp_path / f"{week}.out")}
        for step in steps:
            script = step.get("run", "")
            if not script or "bootstrap" in script or "if" in step:
                continue
            own = {"NUMBER": output(tmp_path / f"{week}.out", "number")} if "NUMBER" in step["env"] else {}
            command = ["bash", "-e", "-o", "pipefail", "-c", script]
            done = subprocess.run(command, cwd=clone, env=known | own, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
        return output(tmp_path / f"{week}.out", "code")

    return ran


def output(path, name):
    return dict(line.split("=", 1) for line in path.read_text().splitlines())[name]


def change(tmp_path, branch, line, clone):
    """Push a line of the table to a branch, as a person would."""
    folder = tmp_path / clone
    subprocess.run([*GIT, "clone", "-q", tmp_path / "origin", folder], check=True, capture_output=True)
    subprocess.run([*GIT, "-C", folder, "checkout", "-q", branch], capture_output=True)
    (folder / "data").mkdir(exist_ok=True)
    with (folder / "data" / "screening.csv").open("a") as file:
        file.write(line)
    for command in (
        ["add", "."],
        ["commit", "-qm", line],
        ["push", "-q", "origin", f"HEAD:refs/heads/{branch}"],
    ):
        subprocess.run([*GIT, "-C", folder, *command], check=True)


def hosted(tmp_path, branch="surveillance"):
    """Return the table on a branch, nothing where there is no such branch."""
    show = [*GIT, "-C", tmp_path / "origin", "show", f"{branch}:data/screening.csv"]
    return subprocess.run(show, capture_output=True, text=True).stdout.split()


def calls(tmp_path):
    return [line.split()[1] for line in (tmp_path / "asked").read_text().splitlines()]


def test_new_records_become_one_pull_request(run, tmp_path):
    assert run("one", says="a") == "0"
    assert hosted(tmp_path) == ["header", "a"] and hosted(tmp_path, "main") == ["header"]
    assert calls(tmp_path) == ["list", "create"]
    assert "told: a" in (tmp_path / "body").read_text()


def test_nothing_new_opens_nothing(run, tmp_path):
    run("one")
    assert hosted(tmp_path) == [] and calls(tmp_path) == ["list"]


def test_an_open_pull_request_is_continued_with_what_people_did_there(run, tmp_path):
    run("one", says="a")
    change(tmp_path, "surveillance", "decision\n", clone="person")
    run("two", says="b")
    assert hosted(tmp_path) == ["header", "a", "decision", "b"]
    assert calls(tmp_path) == ["list", "create", "list", "view", "edit"]
    body = (tmp_path / "body").read_text()
    assert body.index("told: b") < body.index("told: a") < body.index("pending")


def test_what_earlier_looks_said_is_cut_before_it_is_more_than_the_host_takes(run, tmp_path):
    run("one", says="a")
    with (tmp_path / "body").open("a") as body:
        body.write("said before\n" * 10_000)
    run("two", says="b")
    text = (tmp_path / "body").read_text()
    assert 50_000 < len(text) < 65_536
    assert text.index("told: b") < text.index("told: a") < text.index("said before")


def test_a_look_that_brings_nothing_leaves_an_open_pull_request_alone(run, tmp_path):
    run("one", says="a")
    run("two")
    assert hosted(tmp_path) == ["header", "a"] and calls(tmp_path) == ["list", "create", "list"]


def test_a_closed_pull_request_is_not_continued(run, tmp_path):
    run("one", says="a")
    (tmp_path / "open").unlink()
    run("two", says="b")
    assert hosted(tmp_path) == ["header", "b"]
    assert calls(tmp_path) == ["list", "create", "list", "create"]


def test_complete_looks_come_in_beside_one_that_was_not(run, steps, tmp_path):
    assert run("one", says="a", code=1) == "1"
    assert hosted(tmp_path) == ["header", "a"]
    last = steps[-1]
    assert last["if"] == "steps.ask.outputs.code != '0'" and "exit 1" in last["run"]
