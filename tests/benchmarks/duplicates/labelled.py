# ruff: noqa: E501
"""The labelled set: real records of the curated tables, varied; and how it is read back.

``python tests/benchmarks/duplicates/labelled.py`` writes it anew from `base.csv`, byte for byte the same.
With ``--base`` it takes the base records anew from `data/reports.csv` and `data/published.csv` first.
"""

import csv
import io
import random
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(ROOT / "pipelines")]

import variations  # noqa: E402

from livingmeta.intake.record import Record, Relation  # noqa: E402

FILE, BASE = HERE / "labelled.csv", HERE / "base.csv"
SEED = 20261122
FIELDS = ("title", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid", "registrations", "type",
          "language", "relation")  # fmt: skip
HEADER = ("part", "record", "report", "relation_to_report", "of_report", "variation", *FIELDS)
PER_REPORT = 3


@dataclass(frozen=True)
class Labelled:
    """One record of the set: its part, its report, and the report that it belongs to, if another."""

    part: str
    report: str
    relation: str
    of: str
    variation: str
    record: Record


def base_rows() -> list[dict[str, str]]:
    """Return the real records: title, authors, year, citation and identifiers as the curated tables have them."""
    found: dict[str, dict[str, str]] = {}
    for name in ("reports", "published"):
        with (ROOT / "data" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                title = row["title"].strip()
                mark = "".join(re.findall(r"\w", title.lower()))
                if len(title.split()) < 3 and not re.search(r"[\u4e00-\u9fff]{8}", title):
                    continue
                doi, known = row["doi"].lower(), {one["doi"] for one in found.values() if one["doi"]}
                if (
                    row.get("report_type", "article") in ("article", "secondary_analysis", "")
                    and doi not in known
                ):
                    found.setdefault(mark, _base(row, title))
    return [found[mark] for mark in sorted(found)]


def _base(row: dict[str, str], title: str) -> dict[str, str]:
    journal = re.split(r"\s\d{4}|\s\(online", row["journal"])[0]
    place = re.match(r"^(\d+)(?:\(([^)]*)\))?:(\S+)$", row.get("volume_pages", ""))
    volume, issue, pages = place.groups() if place else ("", "", "")
    return {
        "title": title, "authors": row.get("authors") or row.get("first_author", ""), "year": row["year"],
        "journal": journal, "volume": volume, "issue": issue or "", "pages": pages,
        "doi": row["doi"].lower(), "pmid": row["pmid"],
    }  # fmt: skip


def record_of(row: dict[str, str]) -> Record:
    """Return the record of a row of either file."""
    relation = row.get("relation", "").split("|")
    return Record(
        title=row["title"], authors=tuple(name.strip() for name in row["authors"].split(";") if name.strip()),
        year=int(row["year"]) if row["year"] else None, journal=row["journal"], volume=row["volume"],
        issue=row["issue"], pages=row["pages"], doi=row["doi"], pmid=row["pmid"],
        registrations=tuple(row.get("registrations", "").split()), type=row.get("type") or "article",
        language=row.get("language", ""),
        relations=(Relation(relation[0], relation[1], relation[2]),) if len(relation) == 3 else (),
    )  # fmt: skip


def cells_of(record: Record) -> dict[str, str]:
    """Return the cells of a record."""
    relation = "".join(f"{one.kind}|{one.doi}|{one.pmid}" for one in record.relations)
    return {
        "title": record.title, "authors": "; ".join(record.authors), "year": str(record.year or ""),
        "journal": record.journal, "volume": record.volume, "issue": record.issue, "pages": record.pages,
        "doi": record.doi, "pmid": record.pmid, "registrations": " ".join(record.registrations),
        "type": record.type, "language": record.language, "relation": relation,
    }  # fmt: skip


def made() -> list[Labelled]:
    """Return the set, made from the frozen base records; each part has a source of chance of its own."""
    with BASE.open(encoding="utf-8", newline="") as file:
        bases = [record_of(row) for row in csv.DictReader(file)]
    found: list[Labelled] = []
    for part, kinds in variations.PARTS.items():
        chance = random.Random(f"{SEED} {part}")
        for number, base in enumerate(bases):
            more = chance.sample(variations.MADE_UP, 3)
            own = replace(base, authors=(*base.authors, *(one for one, _ in more)) if base.authors else ())
            own = replace(own, registrations=(f"NCT{90000000 + number}",)) if number % 6 == 0 else own
            report = f"r{number:03d}"
            found.append(Labelled(part, report, "", "", "as recorded", own))
            found += _varied(part, report, own, kinds, chance)
            found += _others(part, report, own, number, chance)
    return found


def _varied(part: str, report: str, base: Record, kinds: dict, chance: random.Random) -> list[Labelled]:
    found: list[Labelled] = []
    for name in chance.sample(sorted(kinds), len(kinds)):
        varied = kinds[name](base, chance)
        if varied is not None and len(found) < PER_REPORT:
            found.append(Labelled(part, report, "", "", name, varied))
    return found


def _others(part: str, report: str, base: Record, number: int, chance: random.Random) -> list[Labelled]:
    found: list[Labelled] = []
    companions = [name for name, (_, _, where) in variations.COMPANIONS.items() if where == part]
    name = companions[number % len(companions)]
    if name == "same_number" and not base.registrations:
        name = "retraction"
    change, relation, _ = variations.COMPANIONS[name]
    other = change(base, chance)
    if other is not None and len(base.title.split()) > 4:
        keep = base.registrations if relation == "second_report" else ()
        found.append(
            Labelled(part, f"{report}-{name}", relation, report, name, replace(other, registrations=keep))
        )
    alike = [name for name, (_, where) in variations.LOOK_ALIKES.items() if where == part]
    for name in alike if number % 2 else alike[:1]:
        other = variations.LOOK_ALIKES[name][0](base, chance)
        if other is not None:
            found.append(Labelled(part, f"{report}-{name}", "", "", name, replace(other, registrations=())))
    return found


def text_of(rows: list[dict[str, str]], header: tuple[str, ...]) -> str:
    """Return rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def labelled_text() -> str:
    """Return the whole set as CSV."""
    rows = [
        {"part": one.part, "record": f"{number:04d}", "report": one.report, "relation_to_report": one.relation,
         "of_report": one.of, "variation": one.variation, **cells_of(one.record)}
        for number, one in enumerate(made())
    ]  # fmt: skip
    return text_of(rows, HEADER)


def read(part: str) -> list[Labelled]:
    """Return one part of the committed set."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [
            Labelled(row["part"], row["report"], row["relation_to_report"], row["of_report"], row["variation"],
                     record_of(row))
            for row in csv.DictReader(file)
            if row["part"] == part
        ]  # fmt: skip


if __name__ == "__main__":
    if "--base" in sys.argv:
        BASE.write_text(text_of(base_rows(), FIELDS[:9]), encoding="utf-8")
    FILE.write_text(labelled_text(), encoding="utf-8")
