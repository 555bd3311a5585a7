"""A small git checkout of made-up questions, to release and to publish from in tests.

Everything of the project is in it but its own evidence, its releases and its tests; rows go
through the real schema. Commits are of one author and one day.
"""

import csv
import os
import shutil
import subprocess
import tempfile
from atexit import register
from functools import lru_cache
from pathlib import Path

from benchmarks.generate import DAY, NOTE, question_id, scratch_project
from livingmeta.paths import Project

SECONDS = 1_767_225_600  # 2026-01-01, the day of the rows
IDENTITY = {"name": "Scratch", "email": "scratch@example.org"}
Row = dict[str, str]


def scratch_repository(folder: Path, questions: int = 2) -> Project:
    """Return a checkout with one commit in a folder that does not exist yet.

    Parameters
    ----------
    folder : Path
        Where it is to lie.
    questions : int
        Number of made-up questions, `question_id(0)` and so on, of twelve trials each.
    """
    shutil.copytree(_original(questions), folder)
    return Project(folder.resolve())


@lru_cache
def _original(questions: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="livingmeta-repository-"))
    register(shutil.rmtree, folder, ignore_errors=True)
    project = scratch_project(folder / "checkout", questions)
    changelog = "# Changelog\n\n## Unreleased\n\n### Added\n\n- Made-up questions.\n"
    (project.root / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    git(project, "init", "-q", "-b", "main")
    for key, value in IDENTITY.items():
        git(project, "config", f"user.{key}", value)
    for key in ("commit.gpgsign", "tag.gpgsign"):
        git(project, "config", key, "false")
    commit(project, "Begin")
    return project.root


def git(project: Project, *arguments: str) -> str:
    """Return what a git command prints in a checkout."""
    day = f"{SECONDS} +0000"
    known = {**os.environ, "GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
    command = ["git", "-C", str(project.root), *arguments]
    done = subprocess.run(command, env=known, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(project: Project, message: str) -> str:
    """Commit everything there is and return the full hash."""
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", message)
    return git(project, "rev-parse", "HEAD")


def released(
    project: Project, version: str, kind: str = "curation", reason: str = "Made up.", date: str = DAY
) -> Project:
    """Cut a release, commit and tag it as the printed commands do, and return the checkout."""
    from livingmeta.release import Request, cut

    cut(project, Request(version, kind, reason, date))
    commit(project, f"Release {version}")
    git(project, "tag", "-a", f"v{version}", "-m", f"Release {version}")
    return project


def rows_of(path: Path) -> list[Row]:
    """Return the rows of a CSV file as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[Row]) -> None:
    """Write the rows of a CSV file under the columns of its header, which stays."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        columns = next(csv.reader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


def add_study(project: Project, number: int = 0) -> str:
    """Add a trial to a question, of the last one's patients as it were, and return its study_id."""
    effects = f"effects/{question_id(number)}.csv"
    last = rows_of(project.data / effects)[-1]["study_id"]
    year = int(last[-4:]) + 1
    name = f"{last[:-4]}{year}"
    for table in ("studies.csv", "reports.csv", "screening.csv", effects):
        rows = rows_of(project.data / table)
        new = dict(next(row for row in reversed(rows) if row["study_id"] == last))
        new = {column: cell.replace(last, name) for column, cell in new.items()}
        new |= {"label": new["label"].replace(str(year - 1), str(year))} if table == "studies.csv" else {}
        new |= {"year": str(year)} if "year" in new else {}
        if table == effects:
            events = int(new["events_treatment"]) + 1
            printed = f"{events}/{new['n_treatment']} v {new['events_control']}/{new['n_control']}"
            new |= {"events_treatment": str(events), "as_printed": printed}
        write_rows(project.data / table, [*rows, new])
    return name


def add_search(project: Project, name: str = "synthetic-search-2") -> None:
    """Add a search that found nothing that is not there."""
    path = project.data / "searches.csv"
    rows = rows_of(path)
    write_rows(path, [*rows, {**rows[0], "search_id": name}])


def correct_a_count(project: Project, number: int = 0, date: str = DAY) -> None:
    """Add one event to the control arm of a question's first trial, and say so in corrections.csv."""
    table = f"effects/{question_id(number)}"
    path = project.data / f"{table}.csv"
    rows = rows_of(path)
    old = rows[0]["events_control"]
    rows[0]["events_control"] = str(int(old) + 1)
    write_rows(path, rows)
    row = {"table": table, "key": rows[0]["effect_id"], "column": "events_control", "date": date}
    row |= {"old": old, "new": rows[0]["events_control"], "reason": "Made up.", "source": NOTE}
    corrections = project.data / "corrections.csv"
    write_rows(corrections, [*rows_of(corrections), row])
