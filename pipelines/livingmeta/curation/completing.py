"""What follows from what was given: names of rows, what a screened record says, what is still missing."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

from livingmeta.check.header_rules import did_you_mean
from livingmeta.curation.drafts import RequestError
from livingmeta.curation.given import PARTS, Given
from livingmeta.schema import Schema, load_schema
from livingmeta.table_files import EFFECTS, Cells, Table, read_table
from livingmeta.vocabulary import INCLUDED, NOT_CHECKED, UNSETTLED

DECIDED = ("decision", "reason", "stage", "decided_on")
_INITIALS = re.compile(r"[A-Z][A-Z.\-]*")
_SHARED = ("title", "authors", "year", "doi", "pmid")


@dataclass(frozen=True)
class Tables:
    """The tables that a new study goes into, as they are; `effects` is None for a file yet to be made."""

    schema: Schema
    studies: Table
    reports: Table
    groups: Table
    screening: Table
    effects: Table | None

    def of(self, part: str) -> Table | None:
        """Return the table of a part."""
        found: Table | None = getattr(self, part)
        return found


def tables_for(data: Path, effects_file: str) -> Tables:
    """Return the tables of a data folder that a study with results in one effects file touches."""
    schema = load_schema(data)
    names = ("studies", "reports", "groups", "screening")
    read = {name: read_table(data, name, schema) for name in names}
    there = bool(effects_file) and (data / EFFECTS / f"{effects_file}.csv").exists()
    effects = read_table(data, f"{EFFECTS}{effects_file}", schema) if there else None
    return Tables(schema, **read, effects=effects)


def completed(tables: Tables, given: Given, day: str) -> Given:
    """Return what was given with what follows from it; nothing that was given is changed.

    Raises
    ------
    RequestError
        When the record that is named is not there, or was decided already.
    """
    record = _record(tables, given)
    studies = [named(tables, _study(row, record)) for row in given.of("studies")]
    given = given.with_rows("studies", studies)
    name = _only(
        [row.get("study_id", "") for row in studies]
        or [row.get("study_id", "") for part in ("reports", "effects") for row in given.of(part)]
    )
    given = given.with_rows("reports", _reports(tables, given, name, record))
    given = given.with_rows("effects", _effects(tables, given, name, day))
    effect = _only(row.get("effect_id", "") for row in given.of("effects"))
    groups = [{**_kept("effect_id", effect), **row} for row in given.of("groups")]
    given = given.with_rows("groups", groups)
    return given.with_rows("screening", _screening(tables, given, name, day))


def missing(tables: Tables, given: Given) -> list[str]:
    """Return the flags that are still needed, each with what it is for.

    Parameters
    ----------
    tables : Tables
        The tables as they are.
    given : Given
        What was given, completed.
    """
    wanted = list(_parts_missing(tables, given))
    for part, names in PARTS.items():
        declared = tables.schema.effects if part == "effects" else tables.schema.tables[part]
        for row in given.of(part):
            wanted += [
                f"--{names[0]} {field.name}=…  {field.description}{_taken(tables, row, field.name)}"
                for field in declared.fields
                if field.required and not {**_kept_of(tables, part, row), **row}.get(field.name)
            ]
    return wanted


def _kept_of(tables: Tables, part: str, row: Cells) -> dict[str, str]:
    """Return what a record keeps of its row when it is decided: all but the decision before."""
    there = tables.screening.find(row.get("record_id", "")) if part == "screening" else None
    return {name: value for name, value in (there or {}).items() if name not in DECIDED}


def _parts_missing(tables: Tables, given: Given) -> Iterable[str]:
    if not any(given.of(part) for part in PARTS):
        yield "--study, --report, --effect: what is to be added"
    if given.of("effects") and not given.effects_file:
        yield "--effects-file NAME  the file of data/effects that the result goes into"
    new = [row for row in given.of("studies") if not tables.studies.find(row.get("study_id", ""))]
    if new and not given.of("reports"):
        yield "--report …  a new study has a report"
    screened = {row.get("study_id") for row in tables.screening.rows}
    if new and not given.of("screening") and not any(row.get("study_id") in screened for row in new):
        yield "--record RECORD_ID or --screening …  the decision to include a new study"


def _taken(tables: Tables, row: Cells, column: str) -> str:
    base = proposed_name(row)
    if column != "study_id" or not base or not tables.studies.find(base):
        return ""
    label = (tables.studies.find(base) or {}).get("label", "")
    free = next(
        f"{base}{letter}" for letter in ascii_lowercase[1:] if not tables.studies.find(f"{base}{letter}")
    )
    return f" ({base} is there already: {label}; if this is another study: {free})"


def _record(tables: Tables, given: Given) -> Cells:
    if not given.record:
        return {}
    row = tables.screening.find(given.record)
    if row is None:
        hint = did_you_mean(given.record, map(tables.screening.key, tables.screening.rows))
        raise RequestError([f"--record: {given.record}: must be a record_id of screening.csv{hint}"])
    if row["decision"] not in UNSETTLED:
        was = row["decision"].replace("_", " ")
        raise RequestError([f"--record: {given.record}: was decided already: {was}, {row['reason']}"])
    return row


def _study(row: Cells, record: Cells) -> Cells:
    taken = {"first_author": _surname(record), "year": record.get("year", "")}
    made = {**_filled({**taken, "registration": record.get("registration", "")}), **row}
    if made.get("first_author") and made.get("year"):
        made = {"label": f"{made['first_author']} {made['year']}", **made}
    return made


def named(tables: Tables, row: Cells) -> Cells:
    """Return a study with its name where author and year give one that no other study has."""
    name = proposed_name(row)
    return {"study_id": name, **row} if name and not tables.studies.find(name) else row


def proposed_name(row: Cells) -> str:
    """Return the name that a study has by its first author and year, empty where one is not known."""
    plain = unicodedata.normalize("NFKD", row.get("first_author", "")).lower()
    author = "".join(sign for sign in plain if sign in ascii_lowercase)
    return f"{author}{row['year']}" if author and row.get("year") else ""


def _surname(record: Cells) -> str:
    """Return the surname of the first author of a record, as the record has it."""
    first = record.get("authors", "").split(";")[0].strip()
    if "," in first:
        return first.split(",")[0].strip()
    words = first.split()
    return " ".join(words[:-1]) if len(words) > 1 and _INITIALS.fullmatch(words[-1]) else first


def _reports(tables: Tables, given: Given, name: str, record: Cells) -> list[Cells]:
    mains = {r["study_id"] for r in tables.reports.rows if r.get("is_main", "").lower() in ("true", "1")}
    mains |= {r.get("study_id", name) for r in given.of("reports") if r.get("is_main", "").lower() == "true"}
    years = {row.get("study_id", ""): row.get("year", "") for row in given.of("studies")}
    known = {tables.reports.key(row) for row in tables.reports.rows}
    known |= {row["report_id"] for row in given.of("reports") if row.get("report_id")}
    made: list[Cells] = []
    for at, row in enumerate(given.of("reports")):
        study = row.get("study_id", name)
        told = _of_record(tables, record) if at == 0 else {}
        main = study and study not in mains
        own = {"study_id": study, "is_main": "true" if main else "false", "retraction_status": NOT_CHECKED}
        own["year"] = years.get(study, "") if main else ""
        own["report_id"] = next(n for n in _lettered(study) if n not in known) if study else ""
        full = {**_filled(own), **told, **row}
        known.add(full.get("report_id", ""))
        mains.add(study) if main else None
        made.append(full)
    return made


def _of_record(tables: Tables, record: Cells) -> dict[str, str]:
    told = {name: record.get(name, "") for name in _SHARED}
    citation, year = record.get("citation", ""), record.get("year", "")
    found = re.fullmatch(rf"(.+?) {re.escape(year)}(?:;(.+))?", citation) if year else None
    if found:
        told |= {"journal": found.group(1), "volume_pages": found.group(2) or ""}
    declared = tables.schema.tables["reports"].field("report_type")
    if declared and record.get("record_type") in declared.enum:
        told["report_type"] = record["record_type"]
    return _filled(told)


def _effects(tables: Tables, given: Given, name: str, day: str) -> list[Cells]:
    known = {row["effect_id"] for row in tables.effects.rows} if tables.effects else set()
    known |= {row["effect_id"] for row in given.of("effects") if row.get("effect_id")}
    made: list[Cells] = []
    for row in given.of("effects"):
        study = row.get("study_id", name)
        report = row.get("report_id") or _only_report(tables, given, study)
        own = {"study_id": study, "report_id": report, "cohort_id": study, "extracted_on": day}
        own["source_extent"] = _extent(tables, given, report)
        if study and row.get("outcome_id"):
            stem = f"{study}-{row['outcome_id'].replace('_', '-')}"
            own["effect_id"] = next(n for n in _numbered(stem) if n not in known)
        full = {**_filled(own), **row}
        known.add(full.get("effect_id", ""))
        made.append(full)
    return made


def _only_report(tables: Tables, given: Given, study: str) -> str:
    new = [row.get("report_id", "") for row in given.of("reports") if row.get("study_id") == study]
    there = [row["report_id"] for row in tables.reports.rows if row.get("study_id") == study]
    return _only(new or there)


def _extent(tables: Tables, given: Given, report: str) -> str:
    new = next((row for row in given.of("reports") if row.get("report_id") == report), None)
    said = (new or tables.reports.find(report) or {}).get("source_extent", "")
    field = tables.schema.effects.field("source_extent")
    return said if field and said in field.enum else ""


def _screening(tables: Tables, given: Given, name: str, day: str) -> list[Cells]:
    rows = given.of("screening") or (({},) if given.record else ())
    report: Cells = next(iter(given.of("reports")), {})
    stages = tables.schema.tables["screening"].field("stage")
    extent = report.get("source_extent", "")
    extent = extent if stages and extent in stages.enum else ""
    made: list[Cells] = []
    for row in rows:
        own = {"decision": INCLUDED, "study_id": name, "decided_on": day, "stage": extent}
        if given.record:
            own["record_id"] = given.record
        elif name:
            own |= {"record_id": f"{name}-record", "title": report.get("title", "")}
        made.append({**_filled(own), **row})
    return made


def _only(values: Iterable[str]) -> str:
    found = sorted({value for value in values if value})
    return found[0] if len(found) == 1 else ""


def _filled(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in cells.items() if value}


def _kept(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _lettered(study: str) -> Iterable[str]:
    yield from (f"{study}-{letter}" for letter in ascii_lowercase)


def _numbered(stem: str) -> Iterable[str]:
    yield from (f"{stem}-{at}" for at in range(1, 1000))
