"""Does the deploy workflow run commands that exist, and may it do no more than it must?"""

import os
import re
import subprocess
import sys

import pytest
import yaml

from browser import ROOT
from livingmeta.cli import main

WORKFLOWS = ROOT / ".github" / "workflows"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def loaded(name):
    return yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.fixture
def deploy():
    return loaded("deploy.yml")


@pytest.fixture
def script(deploy):
    return "\n".join(step["run"] for step in steps(deploy) if "run" in step)


def test_it_fits_the_public_schema():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, WORKFLOWS / "deploy.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_uses_only_the_actions_of_ci_at_the_same_hashes(deploy):
    used = {step["uses"] for step in steps(deploy) if "uses" in step}
    assert used and used <= {step["uses"] for step in steps(loaded("ci.yml")) if "uses" in step}
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", name) for name in used)


def test_only_the_job_that_pushes_may_write(deploy):
    assert deploy["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in deploy["jobs"].items()} == {
        "publish": {"contents": "write"}
    }


def test_it_runs_for_main_and_for_versions_and_never_ends_a_run_half_way(deploy):
    # YAML 1.1 reads the key `on` as true.
    assert deploy[True] == {"push": {"branches": ["main"], "tags": ["v*"]}}
    assert deploy["concurrency"]["cancel-in-progress"] is False
    assert "github.ref" in deploy["concurrency"]["group"]


def test_every_command_that_it_names_exists(script):
    targets = re.findall(r"\bmake ([\w-]+)", script)
    assert targets and all(re.search(rf"^{name}:", MAKEFILE, re.MULTILINE) for name in targets)
    verbs = re.findall(r"livingmeta ([\w-]+)", script)
    assert verbs == ["publish"] and set(verbs) <= main.commands.keys()
    known = {option for parameter in main.commands["publish"].params for option in parameter.opts}
    assert {"--site", "--expect"} <= known and "--site" in script and "--expect" in script


def test_it_reads_the_whole_history_and_its_scripts_are_bash(deploy, script):
    checkout = next(step for step in steps(deploy) if "checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == 0
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


PUBLISH = """#!/bin/bash
[ "$1 $2" = "publish --site" ] || exit 2
echo "${*:4}" >> "$3/../asked"
echo "$SAYS" > "$3/$FILE"
if [ -e "$3/../meanwhile" ]; then bash "$3/../meanwhile"; rm "$3/../meanwhile"; fi
"""


@pytest.fixture
def run(deploy, tmp_path):
    """Return a function that runs the workflow's scripts in a checkout, with a stand-in for the command."""
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q", "--bare", tmp_path / "origin"], check=True)
    subprocess.run([*git, "clone", "-q", tmp_path / "origin", tmp_path / "first"], check=True)
    (tmp_path / "first" / "README.md").write_text("of main\n")
    for command in (["add", "."], ["commit", "-qm", "one"], ["push", "-q", "origin", "HEAD:refs/heads/main"]):
        subprocess.run([*git, "-C", tmp_path / "first", *command], check=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sleep").write_text("#!/bin/sh\n")
    (tools / "sleep").chmod(0o755)

    def ran(place, ref, file, says):
        clone = tmp_path / place / "clone"
        command = [*git, "clone", "-q", "-b", "main", tmp_path / "origin", clone]
        subprocess.run(command, check=True)
        program = clone / ".venv" / "bin" / "livingmeta"
        program.parent.mkdir(parents=True)
        program.write_text(PUBLISH)
        program.chmod(0o755)
        kind = "tag" if ref.startswith("v") else "branch"
        known = {"GITHUB_REF_TYPE": kind, "GITHUB_REF_NAME": ref, "GITHUB_SHA": "0" * 40}
        known |= {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(tmp_path), "BRANCH": "gh-pages"}
        known |= {"SITE": str(tmp_path / place / "published"), "FILE": file, "SAYS": says}
        for step in steps(deploy):
            if "run" in step and not step["run"].startswith("make"):
                command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
                subprocess.run(command, cwd=clone, env=known, check=True, capture_output=True)
        return (tmp_path / place / "asked").read_text().splitlines()

    return ran


def hosted(tmp_path):
    """Return the files of the branch that hosts the site, and how many commits it has."""
    git = ["git", "-C", tmp_path / "origin"]
    names = subprocess.run([*git, "ls-tree", "-r", "--name-only", "gh-pages"], capture_output=True, text=True)
    count = subprocess.run([*git, "rev-list", "--count", "gh-pages"], capture_output=True, text=True)
    return names.stdout.split(), int(count.stdout)


def test_its_scripts_make_the_branch_and_add_to_it(run, tmp_path):
    assert run("one", "main", "dev", "1") == [""]
    assert hosted(tmp_path) == (["dev"], 1)
    assert run("two", "v2026.11.0", "v2026.11.0", "1") == ["--expect 2026.11.0"]
    assert hosted(tmp_path) == (["dev", "v2026.11.0"], 2)
    run("three", "main", "dev", "1")
    assert hosted(tmp_path) == (["dev", "v2026.11.0"], 2)


def test_who_pushes_second_publishes_again_upon_the_first(run, tmp_path):
    run("one", "main", "dev", "1")
    other = tmp_path / "two" / "other"
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "meanwhile").write_text(
        f"git clone -q -b gh-pages {tmp_path / 'origin'} {other} && cd {other} && echo 1 > v2026.11.0\n"
        "git add . && git -c user.name=x -c user.email=x@example.org commit -qm other && git push -q\n"
    )
    assert run("two", "main", "dev", "2") == ["", ""]
    assert hosted(tmp_path) == (["dev", "v2026.11.0"], 3)
