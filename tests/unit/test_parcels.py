"""Can questions be run by themselves, on any number of machines, and does a build use what they gave?"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.builder import builder
from benchmarks.generate import change_one_count, question_id
from benchmarks.scratch import built_scratch, changed, site_of
from livingmeta import parcels
from livingmeta.manifest import Manifest
from livingmeta.paths import ROOT


@pytest.fixture
def project():
    """Return a built project of synthetic questions, as it was first built."""
    return built_scratch()


def run(project, *arguments):
    """Run the verb itself, in a process of its own."""
    known = {**os.environ, "PYTHONPATH": str(ROOT / "pipelines")}
    command = [sys.executable, "-m", "livingmeta", "run", *map(str, arguments)]
    return subprocess.run(command, cwd=project.root, env=known, capture_output=True, text=True, timeout=120)


def tables(project):
    """Return the bytes of everything a build keeps of its questions."""
    folders = (project.pages, project.records)
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def only_parcel(project):
    (path,) = project.parcels.glob("*.json")
    return path


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_run_leaves_one_file_and_touches_nothing_else(project):
    change_one_count(project, 0)
    before, site, noted = tables(project), site_of(project), Manifest.read(project)
    done = run(project, question_id(0))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(only_parcel(project))
    assert tables(project) == before and site_of(project) == site and Manifest.read(project) == noted


def test_a_build_unpacks_what_was_run_and_gives_the_same_bytes(project):
    change_one_count(project, 0)
    change_one_count(project, 1)
    straight = builder().build(project.root)
    assert straight.ok, straight
    expected = site_of(project)
    project = built_scratch()
    change_one_count(project, 0)
    change_one_count(project, 1)
    assert run(project, question_id(0), question_id(1)).returncode == 0
    assert builder().build(project.root).ok
    assert changed(expected, site_of(project)) == []
    assert list(project.parcels.glob("*")) == []


def test_a_build_runs_no_notebook_of_which_there_is_a_parcel(project):
    change_one_count(project, 0)
    run(project, question_id(0))
    edit(only_parcel(project), "Synthetic question 0", "What was packed")
    assert builder().build(project.root).ok
    page = project.html / "book" / "questions" / "kidney" / f"{question_id(0)}.html"
    assert "What was packed" in page.read_text(encoding="utf-8")


def test_a_parcel_of_other_inputs_is_not_used(project):
    before = site_of(project)
    table = project.effects / f"{question_id(0)}.csv"
    as_it_was = table.read_bytes()
    change_one_count(project, 0)
    run(project, question_id(0))
    table.write_bytes(as_it_was)
    with (project.book / "search.md").open("a", encoding="utf-8") as file:
        file.write("\nOne line more.\n")
    assert builder().build(project.root).ok
    touched = changed(before, site_of(project))
    assert "book/search.html" in touched and f"book/questions/kidney/{question_id(0)}.html" not in touched


@pytest.mark.parametrize("text", ["", "{", "[]", '{"inputs": 1}'])
def test_a_parcel_that_is_damaged_is_made_again(project, text):
    change_one_count(project, 0)
    path = parcels.parcel_path(project, question_id(0), todays(project)[question_id(0)])
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert parcels.packed(project, questions(project), todays(project)) == set()


def questions(project):
    from livingmeta.questions import load_questions

    return load_questions(project.questions)


def todays(project):
    from livingmeta.manifest import page_hashes

    return page_hashes(project, [question.id for question in questions(project)])


def test_faults_that_a_run_did_not_see_are_found_by_the_build(project):
    before = site_of(project)
    edit(project.effects / f"{question_id(0)}.csv", ",numeric,", ",numerical,")
    run(project, question_id(0))
    problem = builder().build(project.root).problem
    assert f"{question_id(0)}.csv:2:result_status: numerical" in problem
    assert changed(before, site_of(project)) == []


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_build_killed_while_it_unpacks_is_finished_by_the_next(project, share):
    change_one_count(project, 0)
    straight = builder().build(project.root)
    expected = site_of(project)
    project = built_scratch()
    change_one_count(project, 0)
    run(project, question_id(0))
    assert not builder().build(project.root, kill_at=max(1, round(share * straight.replacements))).ok
    assert builder().build(project.root).ok
    assert changed(expected, site_of(project)) == []


def test_several_at_once_lose_nothing_also_of_one_question(project):
    for number in range(3):
        change_one_count(project, number)
    names = [question_id(number) for number in (0, 1, 2, 0)]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda name: run(project, name), names))
    assert [one.returncode for one in done] == [0, 0, 0, 0], [one.stderr for one in done]
    found = {json.loads(path.read_text(encoding="utf-8"))["question"] for path in project.parcels.iterdir()}
    assert found == set(names) and len(list(project.parcels.iterdir())) == 3


def test_other_inputs_than_were_asked_for_are_refused(project):
    inputs = todays(project)[question_id(0)]
    assert run(project, question_id(0), "--inputs", inputs).returncode == 0
    done = run(project, question_id(0), "--inputs", "0123456789abcdef")
    assert done.returncode == 1
    assert inputs[:16] in done.stderr and "0123456789abcdef" in done.stderr and question_id(0) in done.stderr


def test_an_unknown_question_is_named_with_those_there_are(project):
    done = run(project, "no-such")
    assert done.returncode == 1 and "no-such" in done.stderr and question_id(0) in done.stderr
    assert not project.parcels.exists()


@pytest.mark.parametrize("arguments", [(), ("--inputs", "00", "a", "b"), ("--to", "x.json", "a", "b")])
def test_wrong_usage_ends_with_2(project, arguments):
    assert run(project, *arguments).returncode == 2


def test_a_notebook_that_fails_leaves_no_parcel_and_names_its_question(project):
    path = project.notebooks / "question.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"].append(
        {"cell_type": "code", "execution_count": None, "id": "fails", "metadata": {}, "outputs": []}
        | {"source": [f"assert question_id != '{question_id(0)}', 'too few trials'"]}
    )
    path.write_text(json.dumps(notebook), encoding="utf-8")
    done = run(project, question_id(0), question_id(1))
    assert done.returncode == 1
    assert f"{question_id(0)}: " in done.stderr and "too few trials" in done.stderr
    assert f"{question_id(1)}:" not in done.stderr and question_id(1) in only_parcel(project).name
