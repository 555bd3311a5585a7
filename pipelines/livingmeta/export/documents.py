"""Tables for a word processor: summary of findings, study characteristics, reporting checklist.

Pandoc writes them; afterwards the pages are turned to landscape, the tables get lines, and the
archive is packed anew, so that the same snapshot gives the same bytes.
"""

import io
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from livingmeta import AUTHOR, TITLE, formats
from livingmeta.checklist import checklist
from livingmeta.citations import plain
from livingmeta.export.references import items
from livingmeta.export.registry import Files
from livingmeta.numbers import Record, number, stamp
from livingmeta.snapshots import Snapshot
from livingmeta.studies import study_ids
from livingmeta.tables.html import missing

EARLIEST = "1980-01-01"  # where no date is known: the first that an archive can hold
BOOK = f"{AUTHOR}. {TITLE}."
NOT_RECORDED = "not recorded"
NOT_ASSESSED = "not assessed"


@dataclass(frozen=True)
class Document:
    """One table with its title and the lines under it.

    Parameters
    ----------
    title : str
        Heading.
    columns : sequence of (str, int)
        Heading and width in percent of each column.
    rows : sequence of sequence of str
        Cells; a line break separates paragraphs.
    notes : sequence of str
        Under the table; version and stamps come last.
    """

    title: str
    columns: Sequence[tuple[str, int]]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]


def docx(snapshot: Snapshot) -> Files:
    """Return the three tables as Word documents."""
    documents = {
        "summary-of-findings": summary_of_findings(snapshot),
        "study-characteristics": study_characteristics(snapshot),
        "checklist": reporting_checklist(snapshot),
    }
    date = snapshot.identity.date or EARLIEST
    return {f"{name}.docx": as_docx(document, date) for name, document in documents.items()}


def _made(snapshot: Snapshot) -> str:
    date = f" of {snapshot.identity.date}" if snapshot.release is not None else ""
    return f"{BOOK} Version: {snapshot.version}{date}."


SUMMARY_COLUMNS = (
    *(("Outcome", 20), ("Studies (k)", 7), ("Participants", 9), ("Effect (95% CI)", 17)),
    *(("Models behind it", 17), ("Certainty", 9), ("Comments", 21)),
)


def summary_of_findings(snapshot: Snapshot) -> Document:
    """Return one row per question: what was found, and how certain that is."""
    rows = [_finding(snapshot, name) for name in snapshot.questions]
    stamps = [stamp(snapshot.records[name], release=snapshot.version) for name in snapshot.questions]
    notes = (
        "CI: confidence interval; the level is 95% where nothing else is said. The effect is the number that "
        "the question's page leads with; where models disagree, the models are shown beside it.",
        f"Absolute effects: {NOT_ASSESSED}. Certainty (GRADE) stands here only where it was rated.",
        _made(snapshot),
        f"Stamps: {' '.join(stamps)}",
    )
    return Document("Summary of findings", SUMMARY_COLUMNS, rows, notes)


def _finding(snapshot: Snapshot, name: str) -> list[str]:
    question, record = snapshot.questions[name], snapshot.records[name]
    lead = number(record, "verdict")
    behind = record["verdict"]
    return [
        f"{question.title}\n{record['pico']['outcome']}",
        _of(behind.get("k"), record["k"]) or formats.count(0),
        _of(behind.get("participants"), record["participants"]) or NOT_RECORDED,
        lead.text if lead else "not pooled",
        _models(record),
        _certainty(snapshot, name),
        record["verdict"]["sentence"],
    ]


def _of(behind: int | None, of_all: int | None) -> str:
    """Return how many stand behind the effect in the row, and of how many where it is not all."""
    if not of_all:
        return ""
    shown = formats.count(of_all)
    return shown if behind in (None, of_all) else f"{formats.count(behind)} of {shown}"


def _models(record: Record) -> str:
    if record["k"] < 2:
        return formats.MISSING
    found = {"random effects": number(record, "estimate"), "common effect": number(record, "common_effect")}
    return "\n".join(f"{name}: {one.text}" for name, one in found.items() if one) or formats.MISSING


def _certainty(snapshot: Snapshot, name: str) -> str:
    table = snapshot.studies.certainty
    rated = table[(table["question_id"] == name) & (table["domain"].astype(str) == "overall")]
    return ", ".join(str(said) for said in rated["judgement"]) or NOT_ASSESSED


STUDY_COLUMNS = (
    *(("Study", 11), ("Design", 13), ("Population", 21), ("Country", 9), ("Participants", 8)),
    *(("Reports", 25), ("Questions", 13)),
)


def study_characteristics(snapshot: Snapshot) -> Document:
    """Return one row per study that has a row in a question."""
    used = _questions_by_study(snapshot)
    table = snapshot.studies.studies
    found = [row for row in table.to_dict("records") if row["study_id"] in used]
    reports = _reports_by_study(snapshot)
    rows = [
        [
            str(row["label"]),
            *(_said(row[name]) for name in ("design", "setting_population", "country")),
            NOT_RECORDED if missing(row["n_total"]) else formats.count(float(row["n_total"])),
            "\n".join(reports.get(row["study_id"], [NOT_RECORDED])),
            "\n".join(used[row["study_id"]]),
        ]
        for row in sorted(found, key=lambda row: str(row["label"]).lower())
    ]
    stamps = [stamp(record, release=snapshot.version) for record in snapshot.records.values()]
    notes = (
        "Studies with a row in at least one question, whether or not it entered an estimate. "
        "Risk of bias: see the checklist.",
        _made(snapshot),
        f"Stamps: {' '.join(stamps)}",
    )
    return Document("Characteristics of studies", STUDY_COLUMNS, rows, notes)


def _said(value: Any) -> str:
    return NOT_RECORDED if missing(value) else str(value)


def _questions_by_study(snapshot: Snapshot) -> dict[str, list[str]]:
    used: dict[str, list[str]] = {}
    for question in snapshot.questions.values():
        for study in study_ids(snapshot.studies.effects, question.effects):
            used.setdefault(study, []).append(question.title)
    return used


def _reports_by_study(snapshot: Snapshot) -> dict[str, list[str]]:
    studies = dict(
        zip(snapshot.studies.reports["report_id"], snapshot.studies.reports["study_id"], strict=True)
    )
    found: dict[str, list[str]] = {}
    for item in items(snapshot.studies, snapshot.questions.values(), snapshot.version):
        kept = {key: value for key, value in item.items() if key != "note"}
        found.setdefault(studies[item["id"]], []).append(plain(kept) or item["id"])
    return found


CHECKLIST_COLUMNS = (
    ("Item", 7),
    ("Topic", 19),
    ("What is asked for", 28),
    ("State", 10),
    ("Where, and what is missing", 36),
)


def reporting_checklist(snapshot: Snapshot) -> Document:
    """Return the reporting checklist, filled as far as the project knows."""
    rows = [[one.item, one.topic, one.asked, one.state, one.where] for one in checklist(snapshot)]
    stamps = [stamp(record, release=snapshot.version) for record in snapshot.records.values()]
    notes = (
        "Topics after PRISMA 2020 (BMJ 2021;372:n71) and its extension for living systematic reviews "
        "(BMJ 2024;387:e079183), in our own words; the checklists themselves are the authority.",
        "States: met, partly met, not met, not recorded, not applicable.",
        _made(snapshot),
        f"Stamps: {' '.join(stamps)}",
    )
    return Document("Reporting checklist", CHECKLIST_COLUMNS, rows, notes)


def as_docx(document: Document, date: str) -> bytes:
    """Return a document as the bytes of a Word file.

    Parameters
    ----------
    date : str
        Day that the file calls its own, YYYY-MM-DD.
    """
    import pypandoc  # only where a document is written

    seconds = int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())
    with tempfile.TemporaryDirectory(prefix="livingmeta-") as folder, _environment(seconds):
        path = Path(folder) / "document.docx"
        pypandoc.convert_text(as_html(document), "docx", format="html", outputfile=str(path))
        return _packed(path.read_bytes())


@contextmanager
def _environment(seconds: int) -> Iterator[None]:
    """Let pandoc take a date for now."""
    name = "SOURCE_DATE_EPOCH"
    before = os.environ.get(name)
    os.environ[name] = str(seconds)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def as_html(document: Document) -> str:
    """Return a document as the HTML that pandoc reads."""
    widths = "".join(f'<col style="width:{width}%">' for _, width in document.columns)
    head = "".join(f"<th>{escape(heading)}</th>" for heading, _ in document.columns)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in document.rows)
    notes = "".join(f"<p>{escape(note)}</p>" for note in document.notes)
    return (
        f"<h1>{escape(document.title)}</h1><table><colgroup>{widths}</colgroup>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"
    )


def _cell(cell: str) -> str:
    return "<td>" + "".join(f"<p>{escape(line)}</p>" for line in cell.split("\n")) + "</td>"


_SECTION = re.compile(r"<w:sectPr\b[^>]*/>|<w:sectPr\b.*?</w:sectPr>", re.DOTALL)
_LANDSCAPE = (
    '<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>'
    '<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" '
    'w:gutter="0"/></w:sectPr>'
)
_TABLE_STYLE = re.compile(r'(<w:style [^>]*w:styleId="Table".*?<w:tblPr>)(.*?)(</w:tblPr>)', re.DOTALL)
_LINES = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="9AA5A8"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


def _packed(raw: bytes) -> bytes:
    """Return a Word file with landscape pages and lined tables, packed without times."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w") as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system, entry.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                0o644 << 16,
            )
            new.writestr(entry, _changed(name, old.read(name)))
    return made.getvalue()


def _changed(name: str, part: bytes) -> bytes:
    if name == "word/document.xml":
        return _SECTION.sub(_LANDSCAPE, part.decode()).encode()
    if name == "word/styles.xml":
        lined = rf"\1\2<w:tblBorders>{_LINES}</w:tblBorders>\3"
        return _TABLE_STYLE.sub(lined, part.decode(), count=1).encode()
    return part
