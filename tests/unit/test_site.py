"""Does a build publish all or nothing, whatever happens to it, and the same bytes on every way there?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.builder import builder
from benchmarks.generate import add_question, change_one_count, question_id
from benchmarks.scratch import built_scratch, changed, site_of, without_built
from livingmeta.paths import ROOT

COMMAND = Path(sys.executable).with_name("livingmeta")


@pytest.fixture
def project():
    """Return a built project of synthetic questions, as it was first built."""
    return built_scratch()


def command(project, *arguments):
    """Run the command itself, in a process of its own."""
    known = {**os.environ, "PYTHONPATH": str(ROOT / "pipelines")}
    return subprocess.run(
        [COMMAND, *arguments], cwd=project.root, env=known, capture_output=True, text=True, timeout=120
    )


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_much(project):
    """Change a count, a title and the text of a page, and add a question."""
    change_one_count(project, 0)
    edit(project.questions / f"{question_id(1)}.yml", "title: Synthetic", "title: Renamed")
    edit(project.book / "search.md", "# ", "# Renamed ")
    add_question(project, 4)


def fail_in(project, *lines):
    """Append a cell with these lines to the notebook template."""
    path = project.notebooks / "question.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    source = "\n".join(lines)
    notebook["cells"].append(
        {"cell_type": "code", "execution_count": None, "id": "fails", "metadata": {}, "outputs": []}
        | {"source": [source]}
    )
    path.write_text(json.dumps(notebook), encoding="utf-8")


ENDINGS = (
    "import os, ctypes",
    f"assert question_id != '{question_id(0)}', 'too few trials'",
    f"question_id != '{question_id(1)}' or os._exit(7)",
    f"question_id != '{question_id(2)}' or os.kill(os.getpid(), 11)",
    "print('all is well')",
)


def test_notebooks_that_fail_do_so_alone_and_the_site_stays(project):
    before, template = site_of(project), (project.notebooks / "question.ipynb").read_bytes()
    fail_in(project, *ENDINGS)
    done = command(project, "build")
    assert done.returncode == 1
    for number, reason in enumerate(("too few trials", "exit code 7", "SIGSEGV")):
        assert question_id(number) in done.stderr and reason in done.stderr
    assert f"{question_id(3)}:" not in done.stderr
    assert (
        "the site is as it was" in done.stderr
        and "Traceback (most recent call last):\n  File" not in done.stdout
    )
    finished = project.pages / "kidney" / f"{question_id(3)}.ipynb"
    assert "all is well" in finished.read_text(encoding="utf-8")
    assert changed(before, site_of(project)) == []

    # What the failed build left behind must not pass for what the old template gave.
    (project.notebooks / "question.ipynb").write_bytes(template)
    edit(project.book / "search.md", "# ", "# Renamed ")
    assert builder().build(project.root).ok
    after = site_of(project)
    without_built(project)
    assert builder().build(project.root).ok
    assert changed(after, site_of(project)) == []


def test_faults_of_the_data_are_listed_and_the_site_stays(project):
    before = site_of(project)
    edit(project.effects / f"{question_id(0)}.csv", ",numeric,", ",numerical,")
    edit(project.questions / f"{question_id(1)}.yml", "measure: OR", "measure: ORR")
    problem = builder().build(project.root).problem
    assert f"{question_id(0)}.csv:2:result_status: numerical" in problem
    assert f"{question_id(1)}.yml" in problem and "ORR" in problem
    assert changed(before, site_of(project)) == []


def test_a_question_file_that_cannot_be_read_is_a_fault(project):
    before = site_of(project)
    (project.questions / f"{question_id(1)}.yml").write_text("id: [", encoding="utf-8")
    outcome = builder().build(project.root)
    assert f"{question_id(1)}.yml" in outcome.problem
    assert changed(before, site_of(project)) == []


def edit_counts(project):
    """Change what two pages are made from, and nothing that stands on every page."""
    change_one_count(project, 0)
    change_one_count(project, 1)


@pytest.mark.parametrize(("edits", "shares"), [(edit_much, (0.5, 1.0)), (edit_counts, (0.02, 0.3, 0.6, 0.8))])
def test_every_way_to_a_site_gives_the_same_bytes(project, edits, shares):
    """Built upon the last build, after a kill at a share of all replacements, and from nothing."""
    edits(project)
    straight = builder().build(project.root)
    assert straight.ok and straight.replacements > 15, straight
    expected = site_of(project)
    for share in shares:
        project = built_scratch()
        edits(project)
        kill_at = max(1, round(share * straight.replacements))
        killed = builder().build(project.root, kill_at=kill_at)
        assert not killed.ok, kill_at
        again = builder().build(project.root)
        assert again.ok, (kill_at, again)
        assert changed(expected, site_of(project)) == [], kill_at
    without_built(project)
    assert builder().build(project.root).ok
    assert changed(expected, site_of(project)) == []


def test_one_changed_count_changes_its_page_and_what_lists_it(project):
    before = site_of(project)
    change_one_count(project, 0)
    outcome = builder().build(project.root)
    assert outcome.ok and [step for step in outcome.steps if step.startswith("synthetic")] == [question_id(0)]
    after = site_of(project)
    assert before.keys() == after.keys()
    touched = set(changed(before, after))
    pages = {f"book/questions/{part}/{question_id(n)}.html" for n, part in ((1, "heart"), (2, "brain"))}
    assert f"book/questions/kidney/{question_id(0)}.html" in touched and not touched & pages


def test_only_runs_the_named_question_and_keeps_the_others(project):
    before = site_of(project)
    change_one_count(project, 0)
    change_one_count(project, 1)
    done = builder().build(project.root, only=[question_id(0)])
    assert done.ok and question_id(0) in done.steps and question_id(1) not in done.steps
    touched = changed(before, site_of(project))
    assert f"book/questions/kidney/{question_id(0)}.html" in touched
    assert f"book/questions/heart/{question_id(1)}.html" not in touched
    later = builder().build(project.root)
    assert later.ok and question_id(1) in later.steps and question_id(0) not in later.steps
    assert f"book/questions/heart/{question_id(1)}.html" in changed(before, site_of(project))


def test_only_also_makes_what_has_no_page_yet(project):
    builder().build(project.root)
    (project.records / f"{question_id(1)}.json").unlink()
    done = builder().build(project.root, only=[question_id(0)])
    assert done.ok, done.problem
    assert question_id(1) in done.steps and (project.records / f"{question_id(1)}.json").is_file()


def test_only_with_an_unknown_name_says_which_there_are(project):
    problem = builder().build(project.root, only=["no-such"]).problem
    assert "no-such" in problem and question_id(0) in problem


def test_a_question_that_is_gone_leaves_no_page(project):
    (project.questions / f"{question_id(3)}.yml").unlink()
    edit(project.data / "searches.csv", f";{question_id(3)}", "")
    assert builder().build(project.root).ok
    assert not [name for name in site_of(project) if question_id(3) in name]


def test_nothing_changed_loads_next_to_nothing(project):
    code = (
        "import sys\nfrom livingmeta.cli import main\n"
        "try:\n    main(['build'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    known = {**os.environ, "PYTHONPATH": str(ROOT / "pipelines")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, env=known, capture_output=True, text=True, check=True
    )
    assert "nothing changed" in done.stdout
    loaded = set(done.stdout.split())
    assert "livingmeta" in loaded
    assert not loaded & {"sphinx", "pandas", "numpy", "IPython", "papermill", "yaml", "altair", "asyncio"}


def test_a_site_lost_between_two_exchanges_is_there_again_even_when_the_next_build_fails(project):
    before = site_of(project)
    project.html.rename(project.build / "html.old")  # what a kill leaves behind between the two
    edit(project.questions / f"{question_id(1)}.yml", "measure:", "measure_of: x\nmeasure:")
    assert not builder().build(project.root).ok
    assert changed(before, site_of(project)) == []
