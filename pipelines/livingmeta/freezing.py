"""The files of a release: curated tables, records, effect sizes, counts, changes, and the manifest.

They are made in a folder that nobody reads yet; `release` puts it in place.
"""

import hashlib
import platform
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from livingmeta import differences, numbers
from livingmeta.analysis import Analysis
from livingmeta.export import registry
from livingmeta.export.question_files import effects_table
from livingmeta.inputs import hashes_below, sha256
from livingmeta.paths import Project
from livingmeta.releases import MANIFEST, Release
from livingmeta.results import to_json
from livingmeta.snapshots import Snapshot, of_release

_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.MULTILINE)


class FreezeError(ValueError):
    """Curated files that changed while they were copied."""


def packages(project: Project) -> dict[str, str]:
    """Return the versions of the installed packages that the lock file names."""
    lock = project.root / "requirements.lock"
    names = _LOCKED.findall(lock.read_text(encoding="utf-8")) if lock.exists() else []
    found = {name: _installed(name) for name in sorted(set(names))}
    return {name: version for name, version in found.items() if version is not None}


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # for another system, or another Python
        return None


def freeze(project: Project, planned: Release, previous: Release | None) -> Release:
    """Write all files of a release into its folder, the manifest last, and return it.

    Parameters
    ----------
    project : Project
        The checkout whose curated tables are frozen.
    planned : Release
        Its folder and everything that is known before: version, kind, reason, date, commit, inputs.
    previous : Release or None
        The release before.

    Raises
    ------
    FreezeError
        When a curated file is no longer the one that the inputs name.
    ReleaseError
        When the release before is not as it was frozen.
    """
    _copy_tables(project, planned)
    _write_results(planned)
    before = None if previous is None else of_release(previous)
    changes = differences.compare(before, of_release(_with_files(planned)))
    _write(planned.folder / "changes.json", to_json(changes.as_dict()))
    frozen = _with_files(planned)
    frozen = replace(frozen, exports=export_hashes(of_release(frozen)))
    _write(frozen.folder / MANIFEST, to_json(_manifest(frozen)))
    return frozen


def this_python() -> str:
    """Return the version of the interpreter."""
    return platform.python_version()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _copy_tables(project: Project, planned: Release) -> None:
    for name, expected in planned.inputs.items():
        if name.startswith("data/"):
            copy = planned.folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((project.root / name).read_bytes())
            if sha256(copy) != expected:
                raise FreezeError(f"{name}: changed while it was being frozen: begin again")


def _write_results(planned: Release) -> None:
    """Write what today's code makes of the frozen tables."""
    state = Snapshot(planned.version, planned.data, planned.identity)
    for name, record in state.records.items():
        table = effects_table(state.analyses[name], state.studies, planned.version)
        _write(planned.results / f"{name}.json", to_json(record))
        _write(planned.results / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    summaries = {name: numbers.summary(record) for name, record in state.records.items()}
    _write(planned.folder / "estimates.json", to_json(summaries))
    _write(planned.folder / "counts.json", to_json(counts(state)))


def counts(state: Snapshot) -> dict[str, Any]:
    """Return how much evidence there is: rows of each table, decisions, and what each question uses.

    Of a question, `k` and `participants` are those of the estimate, `rows` all that its page shows.
    """
    studies = state.studies
    decisions = Counter(str(decision) for decision in studies.screening["decision"].dropna())
    return {
        "studies": len(studies.studies),
        "reports": len(studies.reports),
        "effects": sum(len(table) for table in studies.effects.values()),
        "screening": dict(sorted(decisions.items())),
        "searches": len(studies.searches),
        "questions": {
            name: _question_counts(state.analyses[name], record) for name, record in state.records.items()
        },
    }


def _question_counts(analysis: Analysis, record: Mapping[str, Any]) -> dict[str, Any]:
    return {"k": record["k"], "participants": record["participants"], "rows": len(analysis.rows)}


def _with_files(planned: Release) -> Release:
    return replace(planned, files=hashes_below(planned.folder))


def export_hashes(state: Snapshot) -> dict[str, str]:
    """Return the SHA-256 of the files of every format, named `format/file`."""
    return {
        f"{form}/{name}": hashlib.sha256(content).hexdigest()
        for form in sorted(registry.FORMATS)
        for name, content in registry.files(form, state).items()
    }


def _manifest(frozen: Release) -> dict[str, Any]:
    said = asdict(frozen)
    del said["folder"]
    return {"layout": said.pop("layout"), **said}
