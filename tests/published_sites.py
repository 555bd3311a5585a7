"""Small built sites for tests of publishing: each says which version it is, none is really built."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from livingmeta.api import VERSION_FILE
from livingmeta.paths import Project
from livingmeta.publish import Published, publish

PAGES = {"book/index.html": "<p>Front</p>", "book/questions/heart/a.html": "<p>A</p>"}
DAYS = {"2026.01.0": "2026-01-31", "2026.02.0": "2026-02-28", "2026.10.0": "2026-10-31"}


def built_site(
    folder: Path, version: str = "unreleased", pages: Mapping[str, str] = PAGES, **more: str
) -> Project:
    """Return a project whose built site says that it is a version; `more` are further files."""
    project = Project(folder.resolve())
    files = {"index.html": "<p>To the book</p>", **pages, **more}
    for name, text in files.items():
        write(project.html / name, f"{text}<p>{version}</p>\n")
    write(project.html / VERSION_FILE, json.dumps(about(version, sorted(pages)), indent=2))
    return project


def about(version: str, pages: list[str]) -> dict[str, object]:
    """Return what a built site says of itself."""
    released = version != "unreleased"
    return {
        "version": version,
        "kind": "new-search" if released else None,
        "reason": f"Why there is {version}." if released else None,
        "date": DAYS.get(version, "2026-11-22"),
        "commit": hashlib.sha256(version.encode()).hexdigest()[:10],
        "previous": None,
        "newest": version if released else None,
        "pages": pages,
    }


def write(path: Path, text: str) -> None:
    """Write a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def put(project: Project, site: Path, **options: str) -> Published:
    """Publish what is built."""
    return publish(project, site, lambda: None, **options)


def bytes_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, hidden ones too, by name."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
