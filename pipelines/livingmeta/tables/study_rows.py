"""A study with every row that concerns it: reports, results, records of screening, corrections, overlaps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from livingmeta.questions import Question
from livingmeta.studies import Studies
from livingmeta.tables.html import missing
from livingmeta.tables.study_results import Result, Row, results_by_study


@dataclass(frozen=True)
class Study:
    """A study with all rows that concern it; the fields are rows of the tables of these names."""

    row: Row
    reports: tuple[Row, ...] = ()
    results: tuple[Result, ...] = ()
    screening: tuple[Row, ...] = ()
    corrections: tuple[Row, ...] = ()
    overlaps: tuple[tuple[str, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return its id, which is its anchor."""
        return str(self.row["study_id"])

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return the questions on whose pages it stands, each once."""
        return tuple({q.id: q for one in self.results for q in one.questions}.values())

    @property
    def seeds(self) -> tuple[str, ...]:
        """Return the seed documents that brought in the study or a result of it, sorted."""
        cells = [self.row["seed"], *(one.row["seed"] for one in self.results)]
        return tuple(sorted({name for cell in cells for name in listed(cell)}))


def listed(cell: Any) -> list[str]:
    """Return the parts of a cell that semicolons separate."""
    return [] if missing(cell) else [name.strip() for name in str(cell).split(";") if name.strip()]


def gathered(studies: Studies, questions: Sequence[Question]) -> list[Study]:
    """Return every study with all that concerns it, by label."""
    rows = studies.studies.to_dict("records")
    results, reports = results_by_study(studies, questions), _by_study(studies.reports.to_dict("records"))
    screening = _by_study(studies.screening.to_dict("records"))
    labels = {str(row["study_id"]): str(row["label"]) for row in rows}
    overlaps = _overlaps(rows)
    corrections = studies.corrections.to_dict("records")
    found = []
    for row in rows:
        name = str(row["study_id"])
        one = Study(
            row=row,
            reports=tuple(reports.get(name, ())),
            results=tuple(results.get(name, ())),
            screening=tuple(screening.get(name, ())),
            overlaps=tuple(overlaps.get(name, ())),
            labels=labels,
        )
        found.append(replace(one, corrections=tuple(c for c in corrections if _concerns(c, one))))
    return sorted(found, key=lambda one: (str(one.row["label"]).lower(), one.id))


def _by_study(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if not missing(row["study_id"]):
            found.setdefault(str(row["study_id"]), []).append(row)
    return found


def _overlaps(rows: Sequence[Row]) -> dict[str, list[tuple[str, str]]]:
    """Return what each study overlaps with, in words, and the other study where one is named."""
    known = {str(row["study_id"]) for row in rows}
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        name = str(row["study_id"])
        for words in listed(row["overlaps"]):
            other = words.split()[0].rstrip(",")
            rest = words[len(other) :].strip() if other in known else words
            found.setdefault(name, []).append((other if other in known else "", rest))
    for name, told in sorted(found.items()):
        for other, rest in told:
            if other and name not in {one for one, _ in found.get(other, [])}:
                found.setdefault(other, []).append((name, rest))
    return found


def _concerns(correction: Row, study: Study) -> bool:
    """Return whether a correction changed a row of the study, one of its reports, results or records."""
    name, key = str(correction["table"]).removesuffix(".csv"), str(correction["key"])
    effects = [str(one.row["effect_id"]) for one in study.results]
    ids = {
        "studies": [study.id],
        "reports": [str(one["report_id"]) for one in study.reports],
        "screening": [str(one["record_id"]) for one in study.screening],
    }.get(name, effects)
    return any(key == one or (key.startswith(one) and not _in_name(key[len(one)])) for one in ids)


def _in_name(character: str) -> bool:
    return character.isalnum() or character in "-_"
