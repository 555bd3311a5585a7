"""Made-up releases for tests: folders as a release leaves them, each with as little as its readers use."""

import json
from pathlib import Path
from typing import Any

from livingmeta.releases import LAYOUT, Release, read_release

QUESTION = "made-up"
HEAD = "search_id,date,source,kind,question_ids,query,records_found,notes\n"


def said(
    estimate: float | None = 1.5, k: int = 5, question: str = QUESTION, **changes: Any
) -> dict[str, Any]:
    """Return the summary of a made-up record with this estimate and an interval around it."""
    ends = (1.0, 0.8, 1.25, 0.5, 2.0)
    names = ("estimate", "ci_lower", "ci_upper", "pi_lower", "pi_upper")
    shown = {key: None if estimate is None else estimate * end for key, end in zip(names, ends, strict=True)}
    lead = {**shown, "pi_lower": None, "pi_upper": None}
    words = {"status": "pooled", "answer": "More.", "symbol": "OR", "scale": "log", "display": lead}
    return {
        **{"title": f"About {question}", "part": "heart", "measure": "OR", "scale": "log"},
        **{"method": "REML", "test": "adhoc", "level": 95.0, "k": k, "participants": 100 * k},
        **{"pooled": True, "reason": "", "tau2": 0.1, "i2": 50.0, "display": shown, "living": {}},
        **{"verdict": words, "hash": "00000000"},
        **changes,
    }


def search(name: str, *questions: str) -> str:
    """Return a row of the table of searches."""
    return f"{name},2027-01-01,somewhere,systematic,{';'.join(questions)},,,\n"


def release(
    root: Path,
    version: str,
    kind: str = "curation",
    *,
    estimates: dict[str, Any] | None = None,
    searches: str = "",
    studies: tuple[str, ...] = (),
    previous: str | None = None,
    changes: dict[str, Any] | None = None,
) -> Release:
    """Write a release below a checkout's root and read it back."""
    folder = root / "data" / "releases" / version
    (folder / "data").mkdir(parents=True)
    rows = "".join(f"{name},{name.capitalize()}\n" for name in studies)
    (folder / "data" / "searches.csv").write_text(HEAD + searches)
    (folder / "data" / "studies.csv").write_text(f"study_id,label\n{rows}")
    (folder / "estimates.json").write_text(json.dumps(estimates or {QUESTION: said()}))
    (folder / "changes.json").write_text(json.dumps(changes or {}))
    year, month, _ = version.split(".")
    manifest = {
        **{"version": version, "kind": kind, "reason": f"Because of {kind}.", "date": f"{year}-{month}-01"},
        **{"source_commit": "a" * 40, "previous": previous, "python": "3", "layout": LAYOUT},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return read_release(folder)


def changed(added: tuple[str, ...] = (), entered: tuple[str, ...] = (), **flags: bool) -> dict[str, Any]:
    """Return the changes of a release: studies added to the evidence, those that entered the estimate."""
    studies = {"added": [{"id": name, "label": name.capitalize()} for name in added], "dropped": []}
    mine = {"entered": [{"study": name.capitalize()} for name in entered], "left": []}
    return {
        "evidence": {"studies": studies},
        "results": [{"question": QUESTION, "studies": mine, "flags": flags}],
    }
