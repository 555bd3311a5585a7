"""Snapshots to export in tests: today's data under a fixed name, and a made-up release."""

import json
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

from livingmeta.export.estimates import effects_csv
from livingmeta.inputs import sha256
from livingmeta.numbers import summary
from livingmeta.paths import ROOT, Project
from livingmeta.releases import LAYOUT, MANIFEST, Identity, Release, read_release
from livingmeta.results import to_json, write_record
from livingmeta.snapshots import Snapshot, of_release

COMMIT, DAY, VERSION = "0123456789", "2026-01-02", "2026.01.0"
ONE_QUESTION = "magnesium-supplementation-ckd-deaths"


@lru_cache
def today() -> Snapshot:
    """Return today's data under an identity that no release and no commit changes."""
    return Snapshot("now", ROOT / "data", Identity(commit=COMMIT, date=DAY))


def with_records(*records: dict[str, Any], version: str = "unreleased") -> Snapshot:
    """Return a snapshot of these records alone."""
    made = Snapshot("now", ROOT / "data", Identity(version, COMMIT, DAY))
    vars(made)["records"] = {record["id"]: record for record in records}
    return made


def scratch_checkout(root: Path, *questions: str) -> Project:
    """Return a checkout with today's data and only these questions, without releases."""
    shutil.copy(ROOT / "_toc.yml", root)
    shutil.copytree(ROOT / "data", root / "data", ignore=shutil.ignore_patterns("releases"))
    for path in (root / "data" / "questions").glob("*.yml"):
        if path.stem not in questions:
            path.unlink()
    return Project(root)


def frozen(project: Project, version: str = VERSION, exports: dict[str, str] | None = None) -> Release:
    """Return a release of today's records of a scratch checkout, written as a release is."""
    folder = project.root / "data" / "releases" / version
    ignored = shutil.ignore_patterns("releases")
    shutil.copytree(project.data, folder / "data", ignore=ignored)
    now = Snapshot("now", project.data, Identity(version, COMMIT, DAY))
    for name, record in now.records.items():
        write_record(record, folder / "results")
        (folder / "results" / f"{name}.csv").write_bytes(effects_csv(now, name))
    said = {"estimates": {name: summary(record) for name, record in now.records.items()}}
    for name in ("estimates", "counts", "changes"):
        (folder / f"{name}.json").write_text(to_json(said.get(name, {})), encoding="utf-8")
    files = {p.relative_to(folder).as_posix(): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    manifest = {
        **{"version": version, "kind": "curation", "reason": "made up", "date": DAY},
        **{"source_commit": COMMIT * 4, "previous": None, "python": "3.11.7", "layout": LAYOUT},
        **{"inputs": {}, "files": files, "exports": exports or {}, "packages": {"numpy": "2.0.0"}},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return read_release(folder)


def release_snapshot(project: Project) -> Snapshot:
    """Return the snapshot of the made-up release of a scratch checkout, freezing it first."""
    return of_release(frozen(project))
