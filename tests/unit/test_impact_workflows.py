"""Can a pull request's code reach nothing that writes, and do the workflows do what they say?"""

import os
import re
import subprocess
import sys

import pytest
import yaml

from browser import ROOT
from livingmeta.cli import main

WORKFLOWS = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in WORKFLOWS.glob("*.yml"))
# Each seen with its version in other public repositories' files; a new hash needs the same look.
KNOWN = {
    "actions/checkout": "de0fac2e4500dabe0009e67214ff5f5447ce83dd",
    "actions/setup-python": "a309ff8b426b58ec0e2a45f0f869d46889d02405",
    "actions/upload-artifact": "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a",
}
ON = True  # YAML 1.1 reads the key `on` as true


def loaded(name):
    return yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def scripts(name):
    return [step["run"] for step in steps(loaded(name)) if "run" in step]


@pytest.mark.parametrize("name", ["impact.yml", "impact-comment.yml"])
def test_it_fits_the_public_schema(name):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, WORKFLOWS / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["impact.yml", "impact-comment.yml"])
def test_every_action_is_pinned_to_a_hash_that_was_looked_at(name):
    text = (WORKFLOWS / name).read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)@(\S+) # v[\d.]+$", text, re.MULTILINE)
    assert used and len(used) == text.count("uses:")
    assert all(KNOWN[action] == at for action, at in used)


@pytest.mark.parametrize("name", NAMES)
def test_no_script_has_an_expression_in_it_and_none_runs_with_a_fork_s_target(name):
    workflow = loaded(name)
    assert "pull_request_target" not in (WORKFLOWS / name).read_text(encoding="utf-8")
    assert not [script for script in scripts(name) if "${{" in script]
    assert workflow["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize("name", ["impact.yml", "impact-comment.yml"])
def test_its_scripts_are_bash(name):
    for script in scripts(name):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_what_runs_a_pull_request_s_code_can_only_read():
    workflow = loaded("impact.yml")
    assert workflow[ON] == {"pull_request": None}
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
    checkout = next(step for step in steps(workflow) if "checkout" in step.get("uses", ""))
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    text = (WORKFLOWS / "impact.yml").read_text(encoding="utf-8")
    assert "secrets" not in text and "token" not in text.lower()


def test_what_writes_runs_no_code_of_a_pull_request():
    workflow = loaded("impact-comment.yml")
    assert workflow[ON] == {
        "workflow_run": {"workflows": [loaded("impact.yml")["name"]], "types": ["completed"]}
    }
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "preview": {"actions": "read", "contents": "write", "pull-requests": "read"},
        "comment": {"actions": "read", "contents": "read", "pages": "read", "pull-requests": "write"},
    }
    for step in steps(workflow):
        if "checkout" in step.get("uses", ""):
            assert not {"ref", "repository"} & step["with"].keys()
    ran = "\n".join(scripts("impact-comment.yml"))
    assert not re.search(r"\b(make|pip|bash|sh|source|eval|node)\s", ran)
    assert set(re.findall(r"python3? (\S+)", ran)) == {".github/impact_comment.py"}


def test_only_pull_requests_of_this_very_repository_get_a_preview():
    condition = loaded("impact-comment.yml")["jobs"]["preview"]["if"]
    assert "github.event.workflow_run.head_repository.full_name == github.repository" in condition
    assert (
        "github.event.workflow_run.head_repository"
        not in loaded("impact-comment.yml")["jobs"]["comment"]["if"]
    )


def test_the_artifacts_that_are_taken_are_those_that_are_left():
    left = {step["with"]["name"] for step in steps(loaded("impact.yml")) if "upload" in step.get("uses", "")}
    ran = "\n".join(scripts("impact-comment.yml"))
    assert set(re.findall(r"--name (\S+)", ran)) == left == {"impact", "impact-preview"}


def test_the_verbs_and_options_that_are_run_exist():
    script = "\n".join(scripts("impact.yml"))
    assert re.findall(r"bin/livingmeta (\w+)", script) == ["check", "diff"]
    known = {option for parameter in main.commands["diff"].params for option in parameter.opts}
    assert set(re.findall(r"--(?:format|to|images)", script)) <= known
    assert (ROOT / "pipelines" / "bootstrap.py").exists()


PROGRAM = """#!/bin/bash
echo "$*" >> "$HOME/asked"
case "$1" in
  check) echo "data/x.csv:2:n: x: rule"; exit "${CHECK:-0}" ;;
  diff)
    if [ "${DIFF:-0}" != 0 ]; then echo "error: base: broken"; exit "$DIFF"; fi
    echo "no picture of one: why" >&2
    echo "## Impact" > impact/impact.md; echo x > impact/images/one.png ;;
esac
"""


@pytest.fixture
def compared(tmp_path):
    """Return a function that runs the step that compares and returns its exit code and what it left."""
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", tmp_path]
    subprocess.run([*git, "init", "-q"], check=True)
    for message in ("base", "merged"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True)
    for name, text in ((".venv/bin/livingmeta", PROGRAM), ("tools/python", "#!/bin/bash\n")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def ran(**more):
        script = next(script for script in scripts("impact.yml") if "livingmeta diff" in script)
        known = {"PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}", "HOME": str(tmp_path), "NUMBER": "7"}
        command = ["bash", "-e", "-o", "pipefail", "-c", script]
        done = subprocess.run(command, cwd=tmp_path, env=known | more, capture_output=True, text=True)
        folder = tmp_path / "impact"
        return done.returncode, {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}

    return ran


def test_a_pull_request_is_compared_with_what_it_is_merged_into(compared, tmp_path):
    code, left = compared()
    assert code == 0 and left == {"number": "7\n", "impact.md": "## Impact\n"}
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["check", "diff base now --format markdown --to impact/impact.md --images impact/images"]
    subjects = subprocess.run(
        ["git", "-C", tmp_path, "log", "-1", "--format=%s", "base"], capture_output=True
    )
    assert subjects.stdout == b"base\n"


RULE, BROKEN = "data/x.csv:2:n: x: rule\n", "error: base: broken\n"


@pytest.mark.parametrize(("faults", "said"), [({"CHECK": "1"}, RULE), ({"DIFF": "1"}, BROKEN)])
def test_what_cannot_be_analysed_fails_and_leaves_its_faults(compared, faults, said):
    code, left = compared(**faults)
    assert code == 1 and left == {"number": "7\n", "faults.txt": said}


GH = """#!/bin/bash
echo 7
echo 9
"""
NUMBER = """#!/bin/bash
echo 7
"""


@pytest.fixture
def put(tmp_path):
    """Return a function that runs the step that puts the preview, in a fresh clone, and what it says."""
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q", "--bare", "-b", "main", tmp_path / "origin"], check=True)
    subprocess.run([*git, "clone", "-q", tmp_path / "origin", tmp_path / "first"], check=True)
    commit = [*git, "-C", tmp_path / "first", "commit", "-q", "--allow-empty", "-m", "one"]
    push = [*git, "-C", tmp_path / "first", "push", "-q", "origin"]
    for command in (commit, [*push, "HEAD:refs/heads/main"]):
        subprocess.run(command, check=True, capture_output=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("gh", GH), ("python3", NUMBER), ("sleep", "#!/bin/sh\n")):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)

    def ran(place, built=True, before=""):
        clone, left = tmp_path / place / "clone", tmp_path / place / "left"
        subprocess.run([*git, "clone", "-q", "-b", "main", tmp_path / "origin", clone], check=True)
        (left / "impact" / "images").mkdir(parents=True)
        (left / "impact" / "images" / "one.png").write_text(place)
        (left / "impact" / "images" / "one.svg").write_text(place)
        if built:
            (left / "site" / "book").mkdir(parents=True)
            (left / "site" / "book" / "index.html").write_text(place)
        script = next(script for script in scripts("impact-comment.yml") if "gh pr list" in script)
        known = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(tmp_path), "BRANCH": "gh-pages"}
        known |= {"SITE": str(tmp_path / place / "site"), "LEFT": str(left)}
        known |= {"GITHUB_OUTPUT": str(tmp_path / place / "output")}
        (tmp_path / place / "output").touch()
        command = ["bash", "-e", "-o", "pipefail", "-c", before + script]
        done = subprocess.run(command, cwd=clone, env=known, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        said = (tmp_path / place / "output").read_text().split()
        return dict(line.split("=") for line in said)

    def hosted(*names):
        """Make the branch that hosts the site, with files of these names."""
        first = tmp_path / "first"
        subprocess.run([*git, "-C", first, "checkout", "-q", "--orphan", "gh-pages"], check=True)
        for name in names:
            (first / name).parent.mkdir(parents=True, exist_ok=True)
            (first / name).write_text("old")
        for command in (["add", "."], ["commit", "-qm", "site"], ["push", "-q", "origin", "gh-pages"]):
            subprocess.run([*git, "-C", first, *command], check=True)

    def files():
        listed = ["git", "-C", tmp_path / "origin", "ls-tree", "-r", "--name-only", "gh-pages"]
        return subprocess.run(listed, capture_output=True, text=True).stdout.split()

    ran.hosted, ran.files = hosted, files
    return ran


SITE = ("dev/index.html", "latest/index.html", "v2026.11.0/index.html", "pr-notes.html")
OWN = ["pr-7/book/index.html", "pr-7/images/one.png"]


def test_a_preview_stands_beside_the_site_and_closed_ones_go(put, tmp_path):
    put.hosted(*SITE, "pr-7/old.html", "pr-8/index.html", "pr-9/index.html", "pr-x/index.html")
    said = put("one")
    assert put.files() == sorted([*SITE, *OWN, "pr-9/index.html", "pr-x/index.html"])
    head = subprocess.run(
        ["git", "-C", tmp_path / "origin", "rev-parse", "gh-pages"], capture_output=True, text=True
    )
    assert said == {"number": "7", "commit": head.stdout.strip(), "built": "yes"}
    again = put("two", built=False)
    assert again["number"] == "7" and "built" not in again
    assert put.files() == sorted([*SITE, OWN[1], "pr-9/index.html", "pr-x/index.html"])


def test_without_a_branch_that_hosts_the_site_there_is_no_preview(put):
    assert put("one") == {} and put.files() == []


def test_who_pushes_second_puts_the_preview_upon_the_first(put, tmp_path):
    put.hosted(*SITE)
    other = tmp_path / "other"
    meanwhile = (
        'git() { if [ "$1" = push ] && [ ! -e ../pushed ]; then touch ../pushed; (unset -f git; '
        f"git clone -q -b gh-pages {tmp_path / 'origin'} {other}; cd {other}; echo 1 > other; git add .; "
        "git -c user.name=x -c user.email=x@example.org commit -qm other; git push -q); fi; "
        'command git "$@"; }\n'
    )
    said = put("one", before=meanwhile)
    assert said["built"] == "yes" and put.files() == sorted([*SITE, *OWN, "other"])
