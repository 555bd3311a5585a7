"""Is a release everything it was made from, refused when anything is wrong, and safe from kills?"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from click.testing import CliRunner

from benchmarks.generate import DAY, change_one_count, question_id
from livingmeta import changelog, citation_file, release
from livingmeta.check import check
from livingmeta.check.release_rules import release_findings
from livingmeta.cli import main
from livingmeta.export import registry
from livingmeta.freezing import export_hashes
from livingmeta.inputs import todays_inputs
from livingmeta.manifest import data_hash, site_hash
from livingmeta.numbers import record_hash, summary
from livingmeta.paths import ROOT, Project
from livingmeta.release import RefusedError, Request, cut
from livingmeta.releases import damage, find_release, folders, identity, releases
from livingmeta.snapshots import now, of_release
from scratch_repository import (
    SECONDS,
    add_search,
    add_study,
    commit,
    correct_a_count,
    git,
    released,
    scratch_repository,
)

FIRST, SECOND = "2026.01.0", "2026.01.1"
REASON = "The first one, of made-up trials."
FEW = ("methods", "tex")


@pytest.fixture(autouse=True, scope="module")
def few_formats():
    """Let releases here hash exports that cost little; a real one of all formats is cut in tests/curation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "FORMATS", {name: registry.FORMATS[name] for name in FEW})
        yield


@pytest.fixture
def project(tmp_path):
    """Return a checkout of one made-up question."""
    return scratch_repository(tmp_path / "checkout", 1)


@pytest.fixture
def run(monkeypatch):
    """Return the command, as it runs in a checkout on the day of the made-up rows."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(SECONDS))

    def invoke(project, *arguments):
        monkeypatch.chdir(project.root)
        return CliRunner().invoke(main, ["release", *arguments])

    return invoke


def ask(version=FIRST, kind="curation", reason=REASON, date=DAY):
    return Request(version, kind, reason, date)


def refused(project, request=None):
    """Return why a release is refused, after seeing that nothing was written."""
    before = tree(project)
    with pytest.raises(RefusedError) as why:
        cut(project, request or ask())
    assert tree(project) == before
    return str(why.value)


def tree(project):
    """Return the hash of every file of a checkout, by name, but of git's own and of what is built."""
    paths = (path for path in sorted(project.root.rglob("*")) if path.is_file())
    names = {path.relative_to(project.root).as_posix(): path for path in paths}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if not name.startswith((".git/", "_build/")) and "__pycache__" not in name
    }


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# What is frozen


def two_files(state):
    """Make an export that holds what a release alone knows."""
    said = state.release
    first = f"{said.version} {said.reason} {sorted(said.files)} {said.changes}"
    return {"b.txt": first.encode(), "a.json": json.dumps(state.records).encode()}


@pytest.fixture
def formats(monkeypatch):
    monkeypatch.setattr(registry, "FORMATS", {"made": registry.Format("Made up.", "made_up_format:files")})
    monkeypatch.setitem(sys.modules, "made_up_format", SimpleNamespace(files=two_files))


def test_a_fresh_clone_of_the_tag_knows_itself_by_the_version(project, run, formats, tmp_path):
    head = git(project, "rev-parse", "HEAD")
    done = run(project, FIRST, "--kind", "curation", "--reason", f"  {REASON}\n")
    assert done.exit_code == 0, done.output
    asked = [line.strip() for line in done.output.splitlines() if line.startswith("  git")]
    subprocess.run(" && ".join(asked), shell=True, cwd=project.root, check=True, capture_output=True)
    assert git(project, "status", "--porcelain") == ""

    clone = Project(tmp_path / "clone")
    git(project, "clone", "-q", "--branch", f"v{FIRST}", str(project.root), str(clone.root))
    found = identity(clone)
    assert (found.version, found.commit, found.date) == (FIRST, head[:10], DAY)
    made = find_release(clone, FIRST)
    assert damage(made) == []
    assert (made.kind, made.reason, made.date, made.previous) == ("curation", REASON, DAY, None)
    assert made.source_commit == head == git(clone, "rev-parse", "HEAD~1")
    assert made.inputs == todays_inputs(clone) == todays_inputs(project)
    assert made.packages["numpy"] and len(made.packages) > 50
    assert list(made.exports) == ["made/a.json", "made/b.txt"]
    assert export_hashes(of_release(made)) == made.exports


def test_tables_records_and_counts_are_those_of_the_day(project):
    before = now(project)
    made = cut(project, ask())
    tables = {name: value for name, value in tree(project).items() if name.startswith("data/")}
    frozen = {name.removeprefix(f"data/releases/{FIRST}/"): value for name, value in tables.items()}
    assert len(made.inputs) > 30
    for name in (name for name in made.inputs if name.startswith("data/")):
        assert frozen[name] == tables[name] == made.inputs[name]
    name = question_id(0)
    record = made.records[name]
    assert record == {**before.records[name], "release": FIRST}
    assert record["hash"] == record_hash(record)
    assert made.estimates == {name: summary(record)}
    counts = json.loads((made.folder / "counts.json").read_text())
    assert counts["questions"] == {name: {"k": 12, "participants": record["participants"], "rows": 12}}
    assert counts["screening"] == {"included": 12} and counts["searches"] == 1
    assert counts["studies"] == counts["reports"] == counts["effects"] == 12
    effects = (made.results / f"{name}.csv").read_text().splitlines()
    assert len(effects) == 13 and "yi,vi" in effects[0]


def test_a_second_release_follows_the_first_and_leaves_it_alone(project):
    released(project, FIRST)
    first = {name: value for name, value in tree(project).items() if name.startswith("data/releases/")}
    name = add_study(project)
    add_search(project)
    commit(project, "Add a study")
    assert not identity(project).is_release
    released(project, SECOND, "new-search", "One trial more.")
    assert first.items() <= tree(project).items()
    old, new = releases(project)
    assert new.previous == FIRST and identity(project).version == SECOND
    assert {row["study"] for row in new.records[question_id(0)]["studies"]} > set()
    assert (
        name in (new.data / "studies.csv").read_text() and name not in (old.data / "studies.csv").read_text()
    )
    assert new.records[question_id(0)]["k"] == old.records[question_id(0)]["k"] + 1


def test_the_same_request_gives_the_same_bytes_elsewhere(expected, tmp_path):
    other = scratch_repository(tmp_path / "elsewhere" / "deeper", 1)
    cut(other, ask())
    assert tree(other) == expected


# What is refused


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("2026.1.0", "must read YYYY.MM.PATCH, such as 2026.01.0"),
        ("v2026.01.0", "must read YYYY.MM.PATCH"),
        ("../2026.01.0", "must read YYYY.MM.PATCH"),
        ("2026.02.0", "lies in the future: today's versions are 2026.01.PATCH"),
        ("2027.01.0", "lies in the future"),
    ],
)
def test_a_version_is_of_this_month_or_earlier(project, version, why):
    assert why in refused(project, ask(version))


def test_a_version_is_newer_than_all_there_are(project):
    released(project, FIRST)
    change_one_count(project)
    commit(project, "Change")
    assert f"must be newer than the newest release, {FIRST}" in refused(project, ask("2025.12.9"))
    said = refused(project, ask(FIRST))
    assert f"release {FIRST} exists and is never edited" in said and "source commit, inputs" in said
    git(project, "tag", f"v{SECOND}")
    assert f"the tag v{SECOND} exists" in refused(project, ask(SECOND))


def test_everything_wrong_is_said_at_once(project):
    edit(project.effects / f"{question_id(0)}.csv", ",numeric,", ",numerical,")
    (project.root / "stray.txt").write_text("x")
    edit(project.root / "CHANGELOG.md", "## Unreleased", "## To come")
    commit(project, "Faults")
    (project.book / "new.md").write_text("# New\n")
    said = refused(project, ask("2026.03.0", "correction"))
    assert re.search(r"effects/synthetic-000\.csv:2:result_status: numerical: ", said)
    for part in ("lies in the future", "1 files differ from the commit", "\nbook/new.md\n"):
        assert part in said
    assert "needs a row in data/corrections.csv" in said and "must have a section '## Unreleased'" in said
    assert "stray.txt" not in said


def test_what_git_ignores_is_no_change_unless_it_counts_as_an_input(project):
    (project.root / "notes.swp").write_text("x")
    (project.data / ".DS_Store").write_text("x")
    said = refused(project)
    assert "1 files count as inputs" in said and "data/.DS_Store" in said and "notes.swp" not in said
    (project.data / ".DS_Store").unlink()
    cut(project, ask())


def test_line_endings_that_a_fresh_checkout_would_not_have_are_found(project):
    path = project.book / "search.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert git(project, "diff", "--stat") == ""
    assert "book/search.md" in refused(project)


def test_outside_a_repository_of_its_own_nothing_is_released(project):
    shutil.rmtree(project.root / ".git")
    assert "must be a git repository with a commit" in refused(project)
    git(Project(project.root.parent), "init", "-q")
    assert "must be a git repository with a commit" in refused(project)


def test_nothing_new_is_no_release(project):
    released(project, FIRST)
    said = refused(project, ask(SECOND, "new-search"))
    assert f"nothing has changed since release {FIRST}" in said and "needs a row in data/searches.csv" in said


@pytest.mark.parametrize(("kind", "add"), [("new-search", add_search), ("correction", correct_a_count)])
def test_a_kind_rests_on_a_row_that_was_not_there(project, kind, add):
    add(project)
    commit(project, "Earlier")
    released(project, FIRST, kind)
    change_one_count(project)
    commit(project, "Something else")
    said = refused(project, ask(SECOND, kind))
    assert f"kind {kind} needs a row" in said
    if kind == "new-search":
        add_search(project, "another")
    else:
        correct_a_count(project, date="2026-01-02")
    commit(project, "A row")
    assert cut(project, ask(SECOND, kind)).kind == kind


def test_other_software_than_the_checkouts_own_is_refused(project):
    edit(project.root / "pipelines" / "livingmeta" / "units.py", '"""', '"""Other. ')
    commit(project, "Other code")
    assert f"the software that runs lies in {ROOT}" in refused(project)


def test_what_changes_meanwhile_is_not_frozen(project, monkeypatch):
    def freeze_slowly(*arguments):
        made = real(*arguments)
        (project.book / "late.md").write_text("# Late\n")
        return made

    real = release.freeze
    monkeypatch.setattr(release, "freeze", freeze_slowly)
    with pytest.raises(RefusedError, match="changed while it was being frozen"):
        cut(project, ask())
    assert list((project.data / "releases").iterdir()) == []


def test_usage_and_refusals_have_their_exit_codes(project, run):
    assert run(project, FIRST, "--kind", "curation").exit_code == 2
    assert run(project, FIRST, "--kind", "curation", "--reason", " \n").exit_code == 2
    assert run(project, FIRST, "--kind", "mood", "--reason", REASON).exit_code == 2
    (project.root / "stray.txt").write_text("x")
    done = run(project, FIRST, "--kind", "curation", "--reason", REASON)
    assert done.exit_code == 1 and "nothing was released" in done.stderr and "stray.txt" in done.stderr


def test_a_folder_that_cannot_be_written_gives_a_message(project, run, monkeypatch):
    def no_folder(path, *arguments, **named):
        if "releases" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **named)

    real = Path.mkdir
    monkeypatch.setattr(Path, "mkdir", no_folder)
    done = run(project, FIRST, "--kind", "curation", "--reason", REASON)
    assert done.exit_code == 1 and "Permission denied" in done.stderr and "releases" in done.stderr
    assert isinstance(done.exception, SystemExit) and folders(project) == []


def test_the_clock_can_be_set_for_a_test_and_not_to_nonsense(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(SECONDS))
    assert release.today() == DAY
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(RefusedError, match="SOURCE_DATE_EPOCH must be seconds"):
        release.today()


# Kills, and two at once


class Killed(BaseException):
    """The end of a run, as an exception that nothing catches."""


@pytest.fixture
def kill_at(monkeypatch):
    """Return a way to end a run before or after its n-th replacement; nothing is tidied up then."""

    def end(n, after):
        count = 0

        def counted(source, target):
            nonlocal count
            count += 1
            if count == n and not after:
                raise Killed
            real(source, target)
            if count == n:
                raise Killed

        patched.setattr(os, "replace", counted)
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)

    real = os.replace
    with monkeypatch.context() as patched:
        end.undo = patched.undo
        yield end


REPLACEMENTS = 3  # the folder, the changelog, the citation file


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("n", range(1, REPLACEMENTS + 1))
def test_a_release_killed_at_any_replacement_is_finished_by_the_next_run(
    project, tmp_path, expected, kill_at, n, after
):
    kill_at(n, after)
    with pytest.raises(Killed):
        cut(project, ask())
    kill_at.undo()
    assert check(project.data).faults == ()
    whole = [damage(one) for one in releases(project)]
    assert whole == ([[]] if n > 1 or after else [])
    # The day after: the release keeps the day it was begun on.
    cut(project, ask(date=DAY if not whole else "2026-01-02"))
    assert tree(project) == expected


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return a checkout after a release that nothing disturbed."""
    project = scratch_repository(tmp_path_factory.mktemp("undisturbed") / "checkout", 1)
    count = 0

    def counted(source, target):
        nonlocal count
        count += 1
        real(source, target)

    real, os.replace = os.replace, counted
    try:
        cut(project, ask())
    finally:
        os.replace = real
    assert count == REPLACEMENTS
    return project


@pytest.fixture(scope="module")
def expected(undisturbed):
    """Return the files of that checkout."""
    return tree(undisturbed)


KILL = """
import os, signal, sys
left, real = int(sys.argv.pop(1)), os.replace
def replace(source, target):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
os.replace = replace
from livingmeta.cli import run
from livingmeta.export import registry
registry.FORMATS = {name: registry.FORMATS[name] for name in FEW}
run()
""".replace("FEW", repr(FEW))


def process(project, *arguments, kill_before=0):
    """Start the command in a process of its own, which kills itself before a replacement."""
    known = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "pipelines"),
        "SOURCE_DATE_EPOCH": str(SECONDS),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", KILL, str(kill_before), "release", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=project.root, env=known, stdout=pipe, stderr=pipe, text=True)


ARGUMENTS = ("--kind", "curation", "--reason", REASON)


@pytest.mark.parametrize("kill_before", [1, 2])
def test_a_killed_process_leaves_nothing_that_the_next_one_minds(project, expected, kill_before):
    killed = process(project, FIRST, *ARGUMENTS, kill_before=kill_before)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    partial = [path for path in project.root.rglob("*.partial") if ".git" not in path.parts]
    assert len(partial) == 1
    assert git(project, "status", "--porcelain", "--untracked-files=all", "--", ".").count(".partial") == 0
    again = process(project, FIRST, *ARGUMENTS)
    assert again.wait(timeout=120) == 0, again.communicate()
    assert tree(project) == expected


@pytest.mark.parametrize("other", [FIRST, SECOND])
def test_of_two_at_once_one_release_comes_out(project, other):
    started = [process(project, version, *ARGUMENTS) for version in (FIRST, other)]
    outputs = [one.communicate(timeout=120) for one in started]
    codes = [one.returncode for one in started]
    assert 0 in codes and set(codes) <= {0, 1}
    assert not any("Traceback" in text for output in outputs for text in output)
    (made,) = releases(project)
    assert damage(made) == []
    text = (project.root / "CHANGELOG.md").read_text()
    assert text.count("\n## 2026") == 1 and f"## {made.version} - {DAY}" in text
    assert not [path for path in project.root.rglob("*.partial") if ".git" not in path.parts]


def test_the_second_of_two_names_the_first(project):
    with release._alone(project.build / "release.lock", "release 2026.01.7, process 4711"):
        assert "release 2026.01.7, process 4711, is at work" in refused(project)
    cut(project, ask())


def test_a_finished_release_is_not_made_twice_and_another_request_is_none_of_it(project):
    cut(project, ask())
    before = tree(project)
    cut(project, ask())
    assert tree(project) == before
    assert "exists and is never edited (it has another reason)" in refused(project, ask(reason="Other."))
    (project.root / "CHANGELOG.md").write_text("# Changed by hand\n")
    assert "CHANGELOG.md" in refused(project)


def test_what_is_half_written_counts_nowhere(project):
    known = (todays_inputs(project), data_hash(project), site_hash(project))
    half = project.data / "releases" / f".{FIRST}.1.partial"
    half.mkdir(parents=True)
    (half / "manifest.json").write_text("{")
    assert (todays_inputs(project), data_hash(project), site_hash(project)) == known
    assert check(project.data).faults == () and releases(project) == ()
    assert git(project, "status", "--porcelain") == ""


# The check of what is frozen


def _tamper(made):
    edit(made.folder / "estimates.json", "log", "Log")


def _lose(made):
    (made.data / "studies.csv").unlink()


def _add(made):
    (made.folder / "note.txt").write_text("x")


def _break_manifest(made):
    (made.folder / "manifest.json").write_text("{")


def _lose_manifest(made):
    (made.folder / "manifest.json").unlink()


def _edit_previous(made):
    edit(made.folder / "manifest.json", '"previous": null', '"previous": "2025.01.0"')


def _rename(made):
    made.folder.rename(made.folder.with_name("2026.01.5"))


def _add_folder(made):
    made.folder.with_name("drafts").mkdir()


@pytest.mark.parametrize(
    ("harm", "where", "what"),
    [
        (_tamper, f"{FIRST}/estimates.json:1:", "changed"),
        (_lose, f"{FIRST}/data/studies.csv:1:", "missing"),
        (_add, f"{FIRST}/note.txt:1:", "not of this release"),
        (_break_manifest, f"{FIRST}/manifest.json:1:", "cannot be read"),
        (_lose_manifest, f"{FIRST}/manifest.json:1:", "cannot be read"),
        (_edit_previous, f"{FIRST}/manifest.json:1:previous", "must be the release before, none"),
        (_rename, "2026.01.5/manifest.json:1:", "must be the name of the folder"),
        (_add_folder, "drafts:1:", "must be a release"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_release_that_was_touched_is_a_fault(undisturbed, tmp_path, harm, where, what):
    shutil.copytree(undisturbed.root, tmp_path / "copy")
    project = Project(tmp_path / "copy")
    assert list(release_findings(project.data)) == []
    harm(find_release(project, FIRST))
    faults = [str(fault) for fault in release_findings(project.data)]
    assert [fault for fault in faults if fault.startswith(f"data/releases/{where}") and what in fault], faults


def test_the_check_of_the_data_says_so_too(undisturbed, tmp_path):
    shutil.copytree(undisturbed.data, tmp_path / "data")
    assert check(tmp_path / "data").faults == ()
    (tmp_path / "data" / "releases" / FIRST / "counts.json").write_text("{}")
    (fault,) = check(tmp_path / "data").faults
    assert str(fault).startswith(f"data/releases/{FIRST}/counts.json:1:: changed: a release is never edited")


# The changelog and the citation file

CHANGES = (
    "# Changelog\n\nWords.\n\n## Unreleased\n\n### Added\n\n- One.\n\n## 2025.01.0 - 2025-01-01\n\n- Old.\n"
)


def test_what_stood_under_unreleased_moves_below_the_version():
    made = changelog.with_release(CHANGES, FIRST, DAY, "new search", "Two *trials* more.")
    head, old = CHANGES.split("### Added")
    said = f"## {FIRST} - {DAY}\n\nKind: new search. Two \\*trials\\* more.\n\n"
    assert made == f"{head}{said}### Added{old}"


@pytest.mark.parametrize("text", ["# Changelog\n", "", CHANGES.replace("2025.01.0", FIRST)])
def test_a_changelog_that_cannot_take_a_release_says_why(text):
    with pytest.raises(changelog.ChangelogError, match=r"CHANGELOG\.md"):
        changelog.with_release(text, FIRST, DAY, "curation", "x")


DOI = 'doi: 10.1234/made-up  # kept\nidentifiers:\n  - {type: doi, value: "10.1234/made-up"}\n'
CITATIONS = {
    "the project's own": (ROOT / "CITATION.cff").read_text(encoding="utf-8"),
    "with a DOI": f"# Head\n{DOI}cff-version: 1.2.0\nversion: 2025.1.0 # now\nmessage: x\n"
    "title: 'version: 3'\nauthors: [{name: A}]\ndate-released: 2025-01-01\n",
    "without a version": f"cff-version: 1.2.0\nmessage: x\n{DOI}title: T\nauthors: [{{name: A}}]",
}


@pytest.mark.parametrize("text", CITATIONS.values(), ids=CITATIONS)
def test_a_citation_file_changes_in_two_values_and_is_valid(text, tmp_path):
    made = citation_file.with_release(text, FIRST, DAY)
    own = re.compile(r"^(version|date-released): *(\S+)", re.MULTILINE)
    assert dict(own.findall(made)) == {"version": f'"{FIRST}"', "date-released": f'"{DAY}"'}
    left = [line for line in text.splitlines() if not own.match(line)]
    assert [line for line in made.splitlines() if not own.match(line)] == left
    assert ("10.1234/made-up" in made) == ("10.1234/made-up" in text) and made.count("doi") == text.count(
        "doi"
    )
    assert citation_file.with_release(made, FIRST, DAY) == made
    path = tmp_path / "CITATION.cff"
    path.write_text(made)
    schema = ("--builtin-schema", "vendor.citation-file-format", "--default-filetype", "yaml")
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, path], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    path.write_text(made.replace(DAY, "soon"))
    assert subprocess.run(checked.args, capture_output=True).returncode == 1


@pytest.mark.parametrize("text", ["", "- a", "a: [", "version: &v x\nother: *v\n", "{version: 1}"])
def test_a_citation_file_that_cannot_be_edited_says_why(text):
    with pytest.raises(citation_file.CitationError, match=r"CITATION\.cff"):
        citation_file.with_release(text, FIRST, DAY)


def test_the_files_beside_a_release_name_it(undisturbed):
    made = find_release(undisturbed, FIRST)
    cited = yaml.safe_load((undisturbed.root / "CITATION.cff").read_text())
    assert (cited["version"], cited["date-released"]) == (made.version, made.date)
    text = (undisturbed.root / "CHANGELOG.md").read_text()
    said = f"## Unreleased\n\n## {FIRST} - {DAY}\n\nKind: curation. {REASON}\n\n### Added"
    assert said in text
