"""The static API: records, effect sizes and charts as files at fixed addresses."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from livingmeta.paths import Project
from livingmeta.questions import Question


def write_api(project: Project, questions: Sequence[Question], folder: Path) -> None:
    """Write everything below `api/v1/`."""
    target = folder / "questions"
    target.mkdir(parents=True)
    entries = []
    for question in questions:
        for path in sorted(project.records.glob(f"{question.id}.*")):
            shutil.copyfile(path, target / path.name)
        entries.append(_entry(question))
    index = json.dumps({"questions": entries}, ensure_ascii=False, indent=2)
    (folder / "index.json").write_text(index + "\n", encoding="utf-8")


def _entry(question: Question) -> dict[str, str]:
    return {
        "id": question.id,
        "part": question.part,
        "title": question.title,
        "record": f"questions/{question.id}.json",
        "effect_sizes": f"questions/{question.id}.csv",
        "page": f"../../book/questions/{question.part}/{question.id}.html",
    }
