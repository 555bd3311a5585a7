"""A scratch copy of the project whose questions, studies and counts are made up, for benchmarks and tests.

Nothing in it is about a real study: every title, label and note says that it is synthetic.
`python tests/benchmarks/generate.py FOLDER 24` writes one with 24 questions.
"""

import csv
import random
import shutil
import string
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from livingmeta.paths import ROOT, Project
from livingmeta.questions import PARTS
from livingmeta.schema import load_schema

K = 12
SEED = 20_000
SEARCH = "synthetic-search"
DAY = "2026-01-01"
NOTE = "Synthetic: made up by a seeded generator; no such study exists."
LEFT_OUT = (
    *(".git", ".github", ".venv", ".ci", "_build", "tests", "*.egg-info"),
    *("__pycache__", ".hypothesis", ".*_cache", ".ipynb_checkpoints", ".snakemake"),
)
GENERATED = ("book/questions", "book/_generated", "book/changes")
CURATED = ("data/questions", "data/effects", "data/releases")
EXTRA_COLUMNS = (
    *("comparator_type", "label_exposed", "label_reference", "unit_of_analysis", "time_value", "time_unit"),
    *("events_treatment", "n_treatment", "events_control", "n_control"),
)
QUESTION = """\
id: {id}
part: {part}
order: {number}
title: Synthetic question {number}
question: Does synthetic treatment {number} change the number of synthetic deaths? (Made up; about nobody.)
population: Synthetic people
intervention: Synthetic treatment {number}
comparator: Synthetic placebo
outcome: Synthetic death
outcome_noun: synthetic deaths
outcome_event: synthetic death
designs: Randomised trials
eligibility:
  - Synthetic trials of a seeded generator.
text: Every number on this page is made up, to measure how long a build takes.
effects: {id}.csv
filter: {{outcome_id: synthetic_death, pool_role: primary}}
measure: OR
method: REML
test: adhoc
level: 95
accept_measures: []
pooled: true
verdict: conflict_aware
direction: {{below: fewer synthetic deaths, above: more synthetic deaths}}
arms: {{treatment: Treatment, control: Control}}
common_effect: {{method: MH, test: z}}
minimal_important_difference: null
baseline_risk: null
subgroups: []
moderators: []
sensitivity:
  - {{name: Peto, difference: common-effect model for rare events, method: PETO, test: z}}
  - {{name: DerSimonian-Laird, difference: other estimate of between-trial variance, method: DL, test: adhoc}}
charts: default
limits:
  - Nothing here is real.
living:
  status: not living
  because: It is synthetic.
  search_every_months: null
  retire_when: null
"""
Row = Mapping[str, object]


def scratch_project(folder: Path, n: int) -> Project:
    """Copy the checkout to a new folder, with n synthetic questions in place of its own.

    Parameters
    ----------
    folder : Path
        Folder that does not exist yet, or is empty.
    n : int
        Number of questions, each with K trials of its own.
    """
    project = copied_project(folder, without=CURATED)
    for name in (project.questions, project.effects):
        name.mkdir(parents=True)
    for path in project.data.glob("*.csv"):
        _write(path, _header(path), ())
    _append(project.data / "searches.csv", [_search(n)])
    for number in range(n):
        add_question(project, number)
    return project


def copied_project(folder: Path, without: Sequence[str] = ()) -> Project:
    """Copy the checkout as it is, without what is built, installed or only tests it."""

    def ignored(parent: str, names: list[str]) -> set[str]:
        here = Path(parent).resolve().relative_to(ROOT)
        unwanted = {name for name in names if (here / name).as_posix() in (*GENERATED, *without)}
        return set(shutil.ignore_patterns(*LEFT_OUT)(parent, names)) | unwanted

    shutil.copytree(ROOT, folder, ignore=ignored, dirs_exist_ok=True)
    return Project(folder.resolve())


def add_question(project: Project, number: int) -> Path:
    """Write a synthetic question with its effects, studies and records; return the question's file."""
    columns = (*load_schema(project.data).base_columns, *EXTRA_COLUMNS)
    name = question_id(number)
    _write(project.effects / f"{name}.csv", columns, _effects(number))
    for table, row in (("studies", _study), ("reports", _report), ("screening", _record)):
        _append(project.data / f"{table}.csv", [row(number, trial) for trial in range(K)])
    path = project.questions / f"{name}.yml"
    text = QUESTION.format(id=name, number=number, part=PARTS[number % len(PARTS)])
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def change_one_count(project: Project, number: int = 0) -> None:
    """Add one event to the treatment arm of the first trial of a question."""
    path = project.effects / f"{question_id(number)}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["events_treatment"] = str(int(rows[0]["events_treatment"]) + 1)
    _write(path, rows[0].keys(), rows)


def question_id(number: int) -> str:
    """Return the id of a synthetic question."""
    return f"synthetic-{number:03}"


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def _append(path: Path, rows: Iterable[Row]) -> None:
    columns = _header(path)
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, columns, lineterminator="\n", restval="").writerows(rows)


def _write(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


def _letters(number: int) -> str:
    low, middle, high = number % 26, number // 26 % 26, number // 676
    return "".join(string.ascii_lowercase[place] for place in (high, middle, low))


def _study_id(number: int, trial: int) -> str:
    return f"synthetic{_letters(number)}{_year(trial)}"


def _year(trial: int) -> int:
    return 2001 + trial


def _search(n: int) -> Row:
    questions = ";".join(question_id(number) for number in range(n))
    return {
        "search_id": SEARCH,
        "date": DAY,
        "source": "synthetic, made up",
        "kind": "exploratory",
        "question_ids": questions,
        "notes": NOTE,
    }


def _study(number: int, trial: int) -> Row:
    counts = _counts(number, trial)
    return {
        "study_id": _study_id(number, trial),
        "label": f"Synthetic {_letters(number).upper()} {_year(trial)}",
        "first_author": "Synthetic",
        "year": _year(trial),
        "design": "synthetic randomised trial",
        "design_type": "randomised",
        "setting_population": "synthetic people",
        "n_total": counts["n_treatment"] + counts["n_control"],
        "trust_note": NOTE,
    }


def _report(number: int, trial: int) -> Row:
    study = _study_id(number, trial)
    return {
        "report_id": f"{study}-a",
        "study_id": study,
        "report_type": "article",
        "is_main": "true",
        "title": "Synthetic report",
        "authors": "Synthetic",
        "year": _year(trial),
        "source_extent": "abstract",
        "retraction_status": "not checked",
        "notes": NOTE,
    }


def _record(number: int, trial: int) -> Row:
    study = _study_id(number, trial)
    return {
        "record_id": f"{study}-record",
        "search_id": SEARCH,
        "title": "Synthetic record",
        "decision": "included",
        "reason": "synthetic trial",
        "stage": "abstract",
        "study_id": study,
        "decided_on": DAY,
        "notes": NOTE,
    }


def _counts(number: int, trial: int) -> dict[str, int]:
    """Return a made-up table of deaths: large trials near no effect, small ones scattered below it."""
    chance = random.Random(SEED + number * K + trial)
    n = round(10 ** chance.uniform(1.7, 3.5))
    risk = chance.uniform(0.05, 0.3)
    treated = min(risk * chance.lognormvariate(-0.15, 0.25), 0.9)
    return {
        "events_treatment": _events(chance, n, treated),
        "n_treatment": n,
        "events_control": _events(chance, n, risk),
        "n_control": n,
    }


def _events(chance: random.Random, n: int, risk: float) -> int:
    # One event at least and one person without: no row then depends on a rule for zero cells.
    return min(max(sum(chance.random() < risk for _ in range(n)), 1), n - 1)


def _effects(number: int) -> Iterable[Row]:
    for trial in range(K):
        counts = _counts(number, trial)
        study = _study_id(number, trial)
        yield {
            "effect_id": f"{study}-synthetic-death-1",
            "study_id": study,
            "report_id": f"{study}-a",
            "cohort_id": study,
            "pool_role": "primary",
            "contrast_type": "arms",
            "allocation": "parallel",
            "orientation": "none",
            "comparator_type": "placebo",
            "label_exposed": "synthetic treatment",
            "label_reference": "synthetic placebo",
            "outcome_id": "synthetic_death",
            "outcome_definition": "synthetic death, made up",
            "outcome_valence": "bad",
            "unit_of_analysis": "person",
            "measure_reported": "none",
            **counts,
            "result_status": "numeric",
            "as_printed": "{events_treatment}/{n_treatment} v {events_control}/{n_control}".format(**counts),
            "source_kind": "primary",
            "source_extent": "abstract",
            "source_locator": "made up",
            "extracted_by": "seeded generator",
            "extracted_on": DAY,
            "notes": NOTE,
        }


if __name__ == "__main__":
    made = scratch_project(Path(sys.argv[1]), int(sys.argv[2]))
    print(made.root)
