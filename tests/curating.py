"""A small data folder of made-up studies, and edits of it, for the tests of the verbs that edit."""

import shutil
import tempfile
from atexit import register
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.generate import question_id, scratch_project
from livingmeta import edits, files
from livingmeta.curation import (
    Build,
    Given,
    Withdrawal,
    added,
    corrected,
    new_question,
    withdrawn,
)
from livingmeta.curation.ledger import Because
from livingmeta.curation.new_questions import Wanted

DAY = "2030-01-15"
BECAUSE = Because("a misprint", "table 2", DAY)
FILE = question_id(0)
TABLE = f"effects/{FILE}"
FIRST = "syntheticaaa2001"
EFFECT = f"{FIRST}-synthetic-death-1"

STUDY = {"first_author": "Example", "year": "2030", "design_type": "randomised", "n_total": "400"}
REPORT = {"report_type": "article", "title": "A made-up report", "source_extent": "abstract"}
RESULT = {
    **{"pool_role": "primary", "contrast_type": "arms", "allocation": "parallel", "orientation": "none"},
    **{"outcome_id": "synthetic_death", "outcome_definition": "synthetic death, made up"},
    **{"measure_reported": "none", "result_status": "numeric", "source_kind": "primary"},
    **{"source_locator": "abstract", "extracted_by": "a test"},
    **{"events_treatment": "20", "n_treatment": "200", "events_control": "30", "n_control": "200"},
}
DECISION = {"search_id": "synthetic-search", "reason": "a trial", "stage": "abstract"}
NEW_STUDY = Given(
    {"studies": (STUDY,), "reports": (REPORT,), "effects": (RESULT,), "screening": (DECISION,)}, FILE
)
LIKE = {
    **{"title": "Another", "question": "Is it so?", "text": "Made up.", "effects": "another.csv"},
    **{"pooled": False, "reason": "No study yet.", "verdict": "not_pooled", "filter": {}},
    **{"living.status": "exploratory", "living.because": "It is made up."},
}

BUILDS: Mapping[str, Build] = {
    "add": lambda data: added(data, NEW_STUDY, DAY),
    "correct": lambda data: corrected(data, TABLE, EFFECT, {"notes": "Another remark."}, BECAUSE),
    "withdraw": lambda data: withdrawn(data, Withdrawal(FIRST), BECAUSE),
    "new-question": lambda data: new_question(data, Wanted("another", LIKE, FILE)),
}


def data_folder(folder: Path) -> Path:
    """Return a new data folder with two made-up questions of twelve trials each."""
    shutil.copytree(_original(), folder)
    return folder


@lru_cache
def _original() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="livingmeta-data-"))
    register(shutil.rmtree, folder, ignore_errors=True)
    return scratch_project(folder / "checkout", 2).data


def held(data: Path) -> dict[str, bytes]:
    """Return the content of every file of a folder by its path."""
    return {p.relative_to(data).as_posix(): p.read_bytes() for p in sorted(data.rglob("*")) if p.is_file()}


class Killed(BaseException):
    """Stands for a process that ends at once."""


def killing(at: int, after: bool) -> Callable[[Path, Path], None]:
    """Return a replacement of files that ends the run before or after its number `at`."""
    real, count = files.replace, [0]

    def counted(source: Path, target: Path) -> None:
        count[0] += 1
        if count[0] == at and not after:
            raise Killed
        real(source, target)
        if count[0] == at and after:
            raise Killed

    counted.count = count  # type: ignore[attr-defined]
    return counted


def put(data: Path, build: Build) -> Any:
    """Write an edit without looking at its effect first."""
    draft = build(data)
    with edits.editing(data):
        edits.put(data, draft.texts)
    return draft
