"""Files that others read: the workflow of continuous integration and the citation file."""

import os
import re
import subprocess
import sys

import pytest
import yaml

from browser import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


@pytest.fixture
def workflow():
    return yaml.safe_load(WORKFLOW.read_text())


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize(
    ("schema", "path"),
    [("vendor.github-workflows", WORKFLOW), ("vendor.citation-file-format", ROOT / "CITATION.cff")],
)
def test_it_fits_the_public_schema(schema, path):
    pytest.importorskip("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_pinned_by_hash(workflow):
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", name) for name in used)


def test_it_runs_the_two_commands_and_may_only_read(workflow):
    assert [step["run"] for step in steps(workflow) if "run" in step] == ["make book", "make test"]
    assert workflow["permissions"] == {"contents": "read"}


def test_the_runner_calls_make_test():
    runner = ROOT / ".ci" / "run"
    assert os.access(runner, os.X_OK)
    assert runner.read_text().rstrip().endswith("make test")
