"""The reports of included studies as BibTeX, RIS and CSL-JSON, as far as they are recorded.

What is not recorded is left out and named in the note; nothing is filled in.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from livingmeta import citations
from livingmeta.citations import Item
from livingmeta.export.registry import Files
from livingmeta.questions import Question
from livingmeta.snapshots import Snapshot
from livingmeta.studies import Studies, ids_of

Row = Mapping[str, Any]
TYPES = {
    "conference_abstract": "paper-conference",
    "preprint": "article",
    "dataset": "dataset",
    "registry_entry": "document",
}
ARTICLE = "article-journal"
EXPECTED = ("authors", "title", "journal", "year")


def bib(snapshot: Snapshot) -> Files:
    """Return the references of all questions and of each, as BibTeX."""
    return _files(snapshot, "bib", citations.bibtex)


def ris(snapshot: Snapshot) -> Files:
    """Return the references of all questions and of each, as RIS."""
    return _files(snapshot, "ris", citations.ris)


def csl(snapshot: Snapshot) -> Files:
    """Return the references of all questions and of each, as CSL-JSON."""
    return _files(snapshot, "csl.json", citations.csl)


def _files(snapshot: Snapshot, end: str, written: Callable[[Sequence[Item]], str]) -> Files:
    return {f"{name}.{end}": written(found).encode() for name, found in _named_items(snapshot).items()}


@lru_cache(maxsize=1)  # three formats are made of the same items, one after the other
def _named_items(snapshot: Snapshot) -> dict[str, list[Item]]:
    """Return the references of all questions together and of each, by the name of their file."""
    by_report = _items_by_report(snapshot.studies, snapshot.version)
    used = {name: reports_of(snapshot.studies, [one]) for name, one in snapshot.questions.items()}
    every = set().union(*used.values())
    named = {"references": every, **{f"{name}.references": found for name, found in used.items()}}
    return {name: _sorted(by_report, found) for name, found in named.items()}


def items(studies: Studies, questions: Iterable[Question], version: str) -> list[Item]:
    """Return every report behind some questions as a CSL-JSON item, sorted by its name."""
    by_report = _items_by_report(studies, version)
    return _sorted(by_report, reports_of(studies, questions))


def _sorted(by_report: Mapping[str, Item], wanted: set[str]) -> list[Item]:
    return [by_report[report] for report in sorted(wanted) if report in by_report]


def reports_of(studies: Studies, questions: Iterable[Question]) -> set[str]:
    """Return the ids of all reports of the studies that have a row, and of the data sets that rows cite."""
    known = studies.reports[["report_id", "study_id"]].itertuples(index=False)
    used = {
        study for question in questions for study in ids_of(studies.effects, question.effects, "study_id")
    }
    return {report for report, study in known if study in used} | {
        report for question in questions for report in ids_of(studies.effects, question.effects, "report_id")
    }


def _items_by_report(studies: Studies, version: str) -> dict[str, Item]:
    first = dict(zip(studies.studies["study_id"], studies.studies["first_author"], strict=True))
    rows = (_known(row) for row in studies.reports.to_dict("records"))
    return {row["report_id"]: item(row, _text(first.get(row.get("study_id"))), version) for row in rows}


def _known(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if _text(value)}


def _text(value: Any) -> str:
    """Return what a cell holds, nothing when it is blank: a missing value is not equal to itself."""
    return "" if value is None or str(value) in ("nan", "<NA>", "NaT") else str(value).strip()


def item(row: Row, first_author: str, version: str) -> dict[str, Any]:
    """Return one report as a CSL-JSON item.

    Parameters
    ----------
    row : mapping
        Its recorded cells; blank ones are not there.
    first_author : str
        Surname of the study's first author, which tells the order of names; may be empty.
    version : str
        Version of the evidence, for the note.
    """
    named, more = authors(row.get("authors", ""), first_author)
    found = {
        "id": row["report_id"],
        "type": TYPES.get(row["report_type"], ARTICLE),
        "author": named,
        "title": row.get("title"),
        "container-title": row.get("journal"),
        "issued": citations.issued(str(int(row["year"]))) if "year" in row else None,
        **_place(row.get("volume_pages", "")),
        "DOI": row.get("doi"),
        "PMID": _whole(row.get("pmid", "")),
        "PMCID": row.get("pmcid"),
        "note": _note(row, more, version),
    }
    return {name: value for name, value in found.items() if value}


def _whole(number: Any) -> str:
    return str(number).removesuffix(".0")


def _note(row: Row, more: bool, version: str) -> str:
    study = row.get("study_id")
    kind = str(row["report_type"]).replace("_", " ")
    missing = [name for name in EXPECTED if name not in row]
    said = (
        f"{kind[0].upper()}{kind[1:]}{f' of study {study}' if study else ''}",
        f"As recorded in Living Magnesium, version {version}",
        f"Not recorded: {', '.join(missing)}" if missing else "",
        "Further authors are not named" if more else "",
        "Of the authors one surname is recorded; there may be others" if _is_surname(row) else "",
        _unread(row.get("volume_pages", "")),
        f"Retraction: {row.get('retraction_status', 'not checked')}",
    )
    return " ".join(f"{part}." for part in said if part)


def _is_surname(row: Row) -> bool:
    """Return whether all that is recorded of the authors is one surname, as in a data set of trials."""
    recorded = row.get("authors", "")
    return bool(recorded) and not re.search(r"[;,.\s]", recorded)


_VOLUME = re.compile(r"(?P<volume>\d+)(?:\((?P<issue>[^)]+)\))?:(?P<page>[A-Za-z]?\d+(?:-\d+)?)")
_PAGES = re.compile(r"(?P<page>\d+-\d+)")


def _place(recorded: str) -> dict[str, str]:
    """Return volume, issue and pages where they are written in the usual way."""
    found = _VOLUME.fullmatch(recorded) or _PAGES.fullmatch(recorded)
    return {name: value for name, value in found.groupdict().items() if value} if found else {}


def _unread(recorded: str) -> str:
    return f"Place as recorded: {recorded}" if recorded and not _place(recorded) else ""


_INITIALS = re.compile(r"(?:[^\W\d_]\.?-?){1,4}")
_MORE = re.compile(r"(?:^|[\s,;])+et al\.?$")


def authors(recorded: str, first_author: str = "") -> tuple[list[dict[str, str]], bool]:
    """Return CSL names of recorded authors, and whether there are more than are named.

    Names are parted by semicolons. One word is a surname; `Surname, Given` and `Surname AB` say
    which is which; among surnames, several words are a surname too. `Given Surname` is read so
    only when the study's first author confirms it; what stays unclear is kept in one piece.
    """
    text = _MORE.sub("", recorded.strip())
    names = [name.strip() for name in text.split(";") if name.strip()]
    surnames = any(" " not in name for name in names)
    given_first = bool(names) and bool(first_author) and names[0].endswith(f" {first_author}")
    return [_name(name, surnames, given_first) for name in names], text != recorded.strip()


def _name(name: str, surnames: bool, given_first: bool) -> dict[str, str]:
    family, comma, given = (part.strip() for part in name.partition(","))
    if comma:
        return {"family": family, "given": given} if given else {"family": family}
    before, _, last = name.rpartition(" ")
    if not before:
        return {"family": name}
    if last.isupper() and _INITIALS.fullmatch(last):
        return {"family": before, "given": last}
    if surnames:
        return {"family": name}
    return {"family": last, "given": before} if given_first else {"literal": name}
