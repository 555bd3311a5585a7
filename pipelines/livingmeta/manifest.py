"""Hashes of everything a page and the site are made from: what has not changed is not made again.

Only the standard library is imported, so that a build with nothing to do costs nothing.
"""

import csv
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from livingmeta.files import write_atomically
from livingmeta.inputs import CODE, SITE, digest, files_of, is_partial, named
from livingmeta.paths import Project
from livingmeta.releases import Identity, ReleaseError, folders, identity

FRAME = (
    "_config.yml",
    "_toc.yml",
    "book/_static/**/*",
    "book/_templates/**/*",
    "requirements.lock",
    "pipelines/livingmeta/mathml.py",
    "pipelines/livingmeta/theme.py",
)
TITLES = ("book/*.md", "data/questions/*.yml")
CITED_FROM = ("CITATION.cff", "_config.yml")
SCREENING = "screening.csv"
RowsByKey = dict[str, list[str]]
TABLES_BY_STUDY = ("studies.csv", "reports.csv", SCREENING)
TABLES_BY_QUESTION = (
    ("ongoing.csv", "question_id"),
    ("published.csv", "question_ids"),
    ("certainty.csv", "question_id"),
)
TABLES_BY_EFFECT = ("risk_of_bias.csv", "groups.csv")
TABLES_FOR_ALL = ("searches.csv", "instruments.csv", "datapackage.yaml")


def code_hash(project: Project) -> str:
    """Return the hash of the library, the notebook templates, the lock file and the interpreter."""
    version = ".".join(map(str, sys.version_info[:3])).encode()
    return digest([version, *named(project, files_of(project, CODE))])


def site_hash(project: Project, code: str = "", known: Identity | None = None) -> str:
    """Return the hash of everything the site is made from, and of the version and commit it names.

    Here and below `code` is the hash of all code, `known` what the build is, where these are known already.
    """
    today = known or identity(project)
    data = [] if project.data_dir is None else _outside(project.data_dir)
    return digest(
        [
            (code or code_hash(project)).encode(),
            *(part.encode() for part in (today.version, today.commit, today.date)),
            *data,
            *named(project, files_of(project, SITE)),
        ]
    )


def data_hash(project: Project, code: str = "") -> str:
    """Return the hash of all curated data and of the code that checks it."""
    return digest([(code or code_hash(project)).encode(), *_outside(project.data)])


def frame_hash(project: Project, known: Identity | None = None) -> str:
    """Return the hash of what stands on every page: version, settings, styles, titles in the sidebar."""
    titles = [_title(path).encode() for path in files_of(project, TITLES)]
    releases = [folder.name.encode() for folder in folders(project)]
    version = (known or identity(project)).version.encode()
    return digest([version, *releases, *named(project, files_of(project, FRAME)), *titles])


def _title(path: Path) -> str:
    marks = ("# ", "title:", "part:", "order:")
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return "\n".join([path.stem, *(line for line in lines if line.startswith(marks))])


def _outside(folder: Path) -> list[bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.read_bytes() for path in found if not is_partial(path.relative_to(folder).as_posix())]


def page_hashes(
    project: Project, question_ids: Iterable[str], code: str = "", known: Identity | None = None
) -> dict[str, str]:
    """Return the hash of what each page is made from: file, rows, code, version, year, releases."""
    files = [project.root / name for name in CITED_FROM] + [project.data / name for name in TABLES_FOR_ALL]
    files += [folder / "manifest.json" for folder in folders(project)]
    today = known or identity(project)
    year = today.date[:4]  # rules about years look at it
    first = [(code or code_hash(project)).encode(), today.version.encode(), year.encode()]
    shared = digest([*first, *(path.read_bytes() for path in files if path.exists())])
    by_study = [_rows_by(project.data / name, "study_id") for name in TABLES_BY_STUDY]
    by_effect = [_rows_by(project.data / name, "effect_id") for name in TABLES_BY_EFFECT]
    asked = [_rows_by(project.data / name, column) for name, column in TABLES_BY_QUESTION]
    own = {name: [row for table in asked for row in table.get(name, [])] for name in question_ids}
    tables = ByKey(by_study, by_effect, _screened(project))
    return {name: _page_hash(project, name, shared, tables, own[name]) for name in own}


@dataclass(frozen=True)
class ByKey:
    """Rows of shared tables by what a page looks them up by."""

    study: list[RowsByKey]
    effect: list[RowsByKey]
    screened: RowsByKey


def _screened(project: Project) -> RowsByKey:
    """Return the records of screening by their own id and by that of their extraction."""
    path = project.data / SCREENING
    by_record, by_extraction = (_rows_by(path, column) for column in ("record_id", "extraction_id"))
    return by_extraction | by_record


def _page_hash(project: Project, question_id: str, shared: str, tables: ByKey, own: list[str]) -> str:
    question = (project.questions / f"{question_id}.yml").read_bytes()
    effects = project.effects / _effects_name(question)
    rows = effects.read_bytes() if effects.exists() else b""
    own_rows = list(_records(rows))
    # What is wanted names the record that says so, and that record its study.
    told = [row for one in own for row in tables.screened.get(json.loads(one).get("source") or "", [])]
    named = {json.loads(row).get("study_id") or "" for row in told} - {""}
    studies = named | {row.get("study_id") or "" for row in own_rows}
    effect_ids = {row.get("effect_id") or "" for row in own_rows}
    used = [_looked_up(tables.study, studies), _looked_up(tables.effect, effect_ids)]
    return digest([shared.encode(), question, rows, *used, *(part.encode() for part in (*own, *told))])


def _looked_up(tables: list[RowsByKey], keys: set[str]) -> bytes:
    return json.dumps([[table.get(key, []) for key in sorted(keys)] for table in tables]).encode()


def _effects_name(question: bytes) -> str:
    lines = question.decode("utf-8-sig", errors="replace").splitlines()
    found = [
        line.partition(":")[2].split("#")[0].strip().strip("'\"")
        for line in lines
        if line.startswith("effects:")
    ]
    return found[0] if found else ""


def _records(raw: bytes) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(raw.decode("utf-8-sig", errors="replace"), newline=""))


def _rows_by(path: Path, column: str) -> RowsByKey:
    """Return the rows of a table by a column, under each of the names that its cell parts by `;`."""
    rows: RowsByKey = {}
    for row in _records(path.read_bytes()) if path.exists() else ():
        for name in dict.fromkeys((row.get(column) or "").split(";")):
            rows.setdefault(name.strip(), []).append(json.dumps(row, sort_keys=True))
    return rows


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
    try:
        return (project.html / "index.html").exists() and Manifest.read(project).site == site_hash(project)
    except ReleaseError:  # the build says what is wrong with it
        return False
