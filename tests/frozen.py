"""A small checkout with one release that has exports, written by hand for tests."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import exported
from livingmeta.export.registry import files
from livingmeta.paths import Project
from livingmeta.releases import MANIFEST
from livingmeta.snapshots import of_release

VERSION = "2026.11.0"
QUESTIONS = ("low-magnesium-dialysis-mortality", "magnesium-pth-haemodialysis")


def checkout(root: Path) -> Project:
    """Return a checkout with a few questions and no release."""
    root.mkdir(parents=True, exist_ok=True)
    return exported.scratch_checkout(root, *QUESTIONS)


def freeze(
    project: Project, version: str = VERSION, formats: Iterable[str] = ("r",)
) -> dict[str, dict[str, bytes]]:
    """Write a release of what a checkout holds; return its exports in these formats, by name."""
    release = exported.frozen(project, version)
    state = of_release(release)
    made = {kind: dict(files(kind, state)) for kind in formats}
    hashed = {
        f"{kind}/{name}": hashlib.sha256(raw).hexdigest() for kind in made for name, raw in made[kind].items()
    }
    path = release.folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "exports": hashed}), encoding="utf-8")
    return made
