"""A small checkout with one release, written by hand for tests."""

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from livingmeta.export.question_files import effects_table
from livingmeta.export.registry import files
from livingmeta.numbers import signed, summary
from livingmeta.paths import ROOT, Project
from livingmeta.releases import LAYOUT, MANIFEST, read_release
from livingmeta.results import to_json
from livingmeta.snapshots import now, of_release

VERSION = "2026.11.0"
QUESTIONS = ("low-magnesium-dialysis-mortality", "magnesium-pth-haemodialysis")


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def checkout(root: Path) -> Project:
    """Return a checkout with a few questions and no release."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "_toc.yml", root)
    shutil.copytree(ROOT / "data", root / "data", ignore=shutil.ignore_patterns("releases"))
    for path in (root / "data" / "questions").glob("*.yml"):
        if path.stem not in QUESTIONS:
            path.unlink()
    return Project(root)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def freeze(
    project: Project, version: str = VERSION, formats: Iterable[str] = ("r",)
) -> dict[str, dict[str, bytes]]:
    """Write a release of what a checkout holds; return its exports in these formats, by name."""
    folder = project.root / "data" / "releases" / version
    today = now(project)
    records = {name: signed(record, version) for name, record in today.records.items()}
    shutil.copytree(project.data, folder / "data", ignore=shutil.ignore_patterns("releases"))
    for name, record in records.items():
        write(folder / "results" / f"{name}.json", to_json(record))
        table = effects_table(today.analyses[name], today.studies)
        if "release" in table:
            table["release"] = version
        write(folder / "results" / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    write(folder / "estimates.json", to_json({name: summary(record) for name, record in records.items()}))
    for name in ("counts", "changes"):
        write(folder / f"{name}.json", "{}\n")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        **{"layout": LAYOUT, "version": version, "kind": "curation", "reason": "made up for a test"},
        **{"date": "2026-11-22", "source_commit": "0" * 40, "previous": None, "python": "3.11"},
        **{"inputs": {}, "packages": {}, "exports": {}},
        "files": {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in paths},
    }
    write(folder / MANIFEST, json.dumps(manifest))
    frozen = of_release(read_release(folder))
    exports = {kind: dict(files(kind, frozen)) for kind in formats}
    manifest["exports"] = {f"{k}/{n}": sha256(raw) for k, made in exports.items() for n, raw in made.items()}
    write(folder / MANIFEST, json.dumps(manifest))
    return exports
