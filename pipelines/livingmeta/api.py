"""The static API: records, effect sizes, charts, schemas and exports as files at fixed addresses."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from livingmeta.export.provenance import Built, built, facts
from livingmeta.export.registry import FORMATS, files
from livingmeta.export.schemas import SCHEMAS, schema_bytes
from livingmeta.paths import Project
from livingmeta.questions import Question
from livingmeta.releases import Identity, find_release, identity
from livingmeta.results import to_json

VERSION_FILE = "api/v1/version.json"

EXPORTS, SCHEMA_FOLDER = "exports", "schema"


def write_api(project: Project, questions: Sequence[Question], folder: Path) -> None:
    """Write everything below `api/v1/`."""
    target = folder / "questions"
    target.mkdir(parents=True)
    for question in questions:
        for path in sorted(project.records.glob(f"{question.id}.*")):
            shutil.copyfile(path, target / path.name)
    today = built(project, questions)
    index = {
        **facts(today),
        "schemas": _write_schemas(folder),
        "exports": _write_exports(today, folder),
        "questions": [_entry(question) for question in questions],
    }
    (folder / "index.json").write_text(to_json(index), encoding="utf-8", newline="\n")


def _write_schemas(folder: Path) -> dict[str, str]:
    named = {f"{SCHEMA_FOLDER}/{name}": schema_bytes(name) for name in SCHEMAS}
    _write(named, folder)
    return {Path(path).stem: path for path in named}


def _write_exports(today: Built, folder: Path) -> dict[str, Any]:
    """Write the whole book in the formats that cost next to nothing; return where they lie."""
    written = {}
    for name, form in FORMATS.items():
        if form.on_site:
            named = {f"{EXPORTS}/{path}": data for path, data in files(name, today).items()}
            _write(named, folder)
            written[name] = {"description": form.description, "files": list(named)}
    return written


def _write(named: Mapping[str, bytes], folder: Path) -> None:
    for path, data in named.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def _entry(question: Question) -> dict[str, str]:
    return {
        "id": question.id,
        "part": question.part,
        "title": question.title,
        "record": f"questions/{question.id}.json",
        "effect_sizes": f"questions/{question.id}.csv",
        "page": f"../../book/questions/{question.part}/{question.id}.html",
    }


def write_version(project: Project, html: Path) -> None:
    """Write what the site below `html` is: its version, since when, and the pages of its book."""
    said = version_of(project, identity(project))
    pages = sorted(path.relative_to(html).as_posix() for path in (html / "book").rglob("*.html"))
    (html / VERSION_FILE).write_text(to_json({**said, "pages": pages}), encoding="utf-8", newline="\n")


def version_of(project: Project, today: Identity) -> dict[str, Any]:
    """Return version, kind, reason, date, commit, the version before and the newest known here.

    What is not released has no kind and no reason, and comes after the newest release.
    """
    release = find_release(project, today.version) if today.is_release else None
    return {
        "version": today.version,
        "kind": release.kind if release else None,
        "reason": release.reason if release else None,
        "date": today.date or None,
        "commit": today.commit or None,
        "previous": release.previous if release else today.newest or None,
        "newest": today.newest or None,
    }
