"""Hashes of everything a page and the site are made from: what has not changed is not made again.

Only the standard library is imported, so that a build with nothing to do costs nothing.
"""

import csv
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from livingmeta.files import write_atomically
from livingmeta.paths import Project

CODE = ("pipelines/livingmeta/**/*.py", "pipelines/notebooks/*.ipynb", "requirements.lock")
SITE = ("_config.yml", "_toc.yml", "CHANGELOG.md", "book/**/*", "data/**/*")
GENERATED = ("book/questions/", "book/_generated/")
FRAME = (
    "_config.yml",
    "_toc.yml",
    "book/_static/**/*",
    "requirements.lock",
    "pipelines/livingmeta/mathml.py",
)
TITLES = ("book/*.md", "data/questions/*.yml")
TABLES_BY_STUDY = ("studies.csv", "reports.csv")
TABLES_FOR_ALL = ("searches.csv", "datapackage.yaml")


def digest(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of several byte strings, each with its length, as hex."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def files_of(project: Project, patterns: Iterable[str]) -> list[Path]:
    """Return the files that match patterns under the root, sorted, without generated ones."""
    found = {path for pattern in patterns for path in project.root.glob(pattern) if path.is_file()}
    return sorted(path for path in found if _is_source(path.relative_to(project.root).as_posix()))


def _is_source(name: str) -> bool:
    return not name.startswith(GENERATED) and "__pycache__" not in name


def _named(project: Project, paths: Iterable[Path]) -> Iterable[bytes]:
    for path in paths:
        yield path.relative_to(project.root).as_posix().encode()
        yield path.read_bytes()


def code_hash(project: Project) -> str:
    """Return the hash of the library, the notebook templates, the lock file and the interpreter."""
    version = ".".join(map(str, sys.version_info[:3])).encode()
    return digest([version, *_named(project, files_of(project, CODE))])


def site_hash(project: Project) -> str:
    """Return the hash of everything the site is made from, and of the commit it names."""
    data = [] if project.data_dir is None else _outside(project.data_dir)
    return digest(
        [
            code_hash(project).encode(),
            commit(project).encode(),
            *data,
            *_named(project, files_of(project, SITE)),
        ]
    )


def data_hash(project: Project) -> str:
    """Return the hash of all curated data and of the code that checks it."""
    return digest([code_hash(project).encode(), *_outside(project.data)])


def frame_hash(project: Project) -> str:
    """Return the hash of what stands on every page: settings, styles, and all titles in the sidebar."""
    titles = [_title(path).encode() for path in files_of(project, TITLES)]
    return digest([*_named(project, files_of(project, FRAME)), *titles])


def _title(path: Path) -> str:
    marks = ("# ", "title:", "part:")
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return "\n".join([path.stem, *(line for line in lines if line.startswith(marks))])


def _outside(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def page_hash(question_file: Path, project: Project, code: str) -> str:
    """Return the hash of what one page is made from: its file, the rows it uses, and all code."""
    effects = project.effects / _effects_name(question_file)
    rows = effects.read_bytes() if effects.exists() else b""
    studies = _study_ids(rows)
    shared = [(project.data / name).read_bytes() for name in TABLES_FOR_ALL if (project.data / name).exists()]
    used = [_rows_of(project.data / name, studies) for name in TABLES_BY_STUDY]
    return digest([code.encode(), question_file.read_bytes(), rows, *shared, *used])


def _effects_name(question_file: Path) -> str:
    lines = question_file.read_text(encoding="utf-8-sig").splitlines()
    found = [
        line.partition(":")[2].split("#")[0].strip().strip("'\"")
        for line in lines
        if line.startswith("effects:")
    ]
    return found[0] if found else ""


def _records(raw: bytes) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(raw.decode("utf-8-sig", errors="replace"), newline=""))


def _study_ids(effects: bytes) -> set[str]:
    return {row.get("study_id") or "" for row in _records(effects)}


def _rows_of(path: Path, studies: set[str]) -> bytes:
    if not path.exists():
        return b""
    kept = [row for row in _records(path.read_bytes()) if (row.get("study_id") or "") in studies]
    return json.dumps(kept, sort_keys=True).encode()


def commit(project: Project) -> str:
    """Return the short hash of the checkout's commit, nothing outside a repository."""
    command = ["git", "-C", str(project.root), "rev-parse", "--short=10", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@dataclass(frozen=True)
class Manifest:
    """What the last finished build was made from."""

    site: str = ""
    data: str = ""
    frame: str = ""
    pages: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, project: Project) -> "Manifest":
        """Return the manifest on disk, an empty one when there is none or it cannot be read."""
        try:
            raw = json.loads(_path(project).read_text(encoding="utf-8"))
            return cls(str(raw["site"]), str(raw["data"]), str(raw["frame"]), dict(raw["pages"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, project: Project) -> None:
        """Write the manifest as the last step of a build."""
        write_atomically(_path(project), json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")


def _path(project: Project) -> Path:
    return project.build / "manifest.json"


def is_current(project: Project) -> bool:
    """Return whether the built site is what today's inputs would give."""
    return (project.html / "index.html").exists() and Manifest.read(project).site == site_hash(project)
