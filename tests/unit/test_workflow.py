"""Does the workflow ask for the jobs that are needed and no others, and give the bytes of a local build?"""

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from benchmarks.builder import builder
from benchmarks.generate import change_one_count, question_id
from benchmarks.scratch import built_scratch, changed, site_of
from livingmeta.paths import ROOT

PROFILES = ("kubernetes", "local", "slurm")
SCRIPT = ROOT / "tests" / "cluster" / "slurm_on_one_machine.sh"
NO_STORAGE = ("--default-storage-provider", "none")  # the plugin for it is installed by whoever has a cluster
LINT_WITHOUT = "Specify a conda environment or container for each rule."  # the lock file does that


@pytest.fixture
def project():
    """Return a built project of synthetic questions, as it was first built."""
    return built_scratch()


def workflow(project, *arguments, profile="local"):
    """Run the workflow in a process of its own; what it says is in stdout, all of it."""
    known = {**os.environ, "PYTHONPATH": str(ROOT / "pipelines")}
    command = [sys.executable, "-m", "snakemake", "--snakefile", "pipelines/Snakefile"]
    command += ["--profile", f"pipelines/profiles/{profile}", *arguments]
    return subprocess.run(
        command, cwd=project.root, env=known, text=True, timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def dry(project, profile="local"):
    storage = NO_STORAGE if profile == "kubernetes" else ()
    done = workflow(project, "--dry-run", *storage, profile=profile)
    assert done.returncode == 0, done.stdout
    return done.stdout


def jobs(said):
    """Return how many jobs of each rule a dry run lists."""
    table = said.partition("Job stats:")[2].partition("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def append_cell(project, source):
    """Append a cell to the notebook of all questions."""
    path = project.notebooks / "question.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "execution_count": None, "id": "more", "metadata": {}, "outputs": []}
    notebook["cells"].append({**cell, "source": [source]})
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_the_book_alone_is_left_to_do_when_the_pages_are_current(project):
    assert jobs(dry(project)) == {"book": 1, "check": 1}


def test_a_changed_count_asks_for_its_question_alone(project):
    change_one_count(project, 1)
    said = dry(project)
    assert jobs(said) == {"book": 1, "check": 1, "question": 1}
    assert f"question={question_id(1)}," in said and f"question={question_id(0)}," not in said


def test_the_site_is_that_of_a_local_build_and_is_not_made_twice(project):
    change_one_count(project, 0)
    change_one_count(project, 1)
    assert builder().build(project.root).ok
    expected = site_of(project)
    project = built_scratch()
    change_one_count(project, 0)
    change_one_count(project, 1)
    done = workflow(project)
    assert done.returncode == 0, done.stdout
    assert {question_id(0), question_id(1)} == set(re.findall(r"question=([a-z0-9-]+),", done.stdout))
    assert changed(expected, site_of(project)) == []
    assert jobs(dry(project)) == {"book": 1}


def test_a_question_that_fails_is_named_and_nothing_is_published(project):
    before = site_of(project)
    append_cell(project, f"assert question_id != '{question_id(0)}', 'too few trials'")
    done = workflow(project)
    assert done.returncode == 1
    assert f"{question_id(0)}: " in done.stdout and "too few trials" in done.stdout
    assert f"{question_id(1)}: " not in done.stdout
    assert changed(before, site_of(project)) == []
    # The others went on, and are not run again.
    assert len(list(project.parcels.glob("*.json"))) == 3
    assert jobs(dry(project)) == {"book": 1, "question": 1}


def test_a_fault_of_the_data_ends_it_before_any_question(project):
    before = site_of(project)
    path = project.effects / f"{question_id(0)}.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",numeric,", ",numerical,"), encoding="utf-8")
    done = workflow(project)
    assert done.returncode == 1
    assert f"{question_id(0)}.csv:2:result_status: numerical" in done.stdout
    assert not project.parcels.exists() and changed(before, site_of(project)) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_asks_for_the_same_jobs(project, profile):
    change_one_count(project, 0)
    assert jobs(dry(project, profile)) == {"book": 1, "check": 1, "question": 1}


@pytest.mark.parametrize("profile", ["kubernetes", "slurm"])
def test_profiles_of_clusters_put_questions_together(project, profile):
    for number in range(3):
        change_one_count(project, number)
    said = dry(project, profile)
    group = said.partition("Group job questions")[2].partition("\nrule ")[0]
    assert sorted(re.findall(r"question=([a-z0-9-]+),", group)) == [question_id(n) for n in range(3)]


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_are_valid_and_agree_where_they_must(profile):
    path = ROOT / "pipelines" / "profiles" / profile / "config.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert settings["executor"] == profile
    # The command's own hashes decide; Snakemake's other triggers would run what is current.
    assert settings["rerun-triggers"] == ["mtime"]
    assert settings["rerun-incomplete"] is True and settings["keep-going"] is True


def test_nothing_of_the_kubernetes_profile_is_invented():
    path = ROOT / "pipelines" / "profiles" / "kubernetes" / "config.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert settings["container-image"] == "$LIVINGMETA_IMAGE"
    assert settings["default-storage-prefix"] == "$LIVINGMETA_STORAGE"


def test_lint_finds_nothing_but_what_the_lock_file_is_for(project):
    said = workflow(project, "--lint").stdout
    found = re.findall(r"^    \* (.*?):?$", said, re.MULTILINE)
    assert "Lints for rule question" in said and set(found) == {LINT_WITHOUT}


def test_the_script_for_slurm_is_sound_and_uses_the_profile():
    assert subprocess.run(["bash", "-n", SCRIPT]).returncode == 0
    text = SCRIPT.read_text(encoding="utf-8")
    assert "pipelines/profiles/slurm" in text and os.access(SCRIPT, os.X_OK)
    wrong = subprocess.run([SCRIPT, "--everything"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "usage:" in wrong.stderr


def test_the_book_does_without_snakemake():
    assert "snakemake" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(
        r"^snakemake==", (ROOT / "requirements-dev.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
