"""The page of looks, saved searches and decisions: every record screened, grouped by what was decided."""

from typing import Any

import pandas as pd

from livingmeta import formats
from livingmeta.currency import last_look_by
from livingmeta.schema import listed
from livingmeta.studies import Studies
from livingmeta.tables.html import Column, Markup, chips, missing, table, text
from livingmeta.vocabulary import AWAITING, DUPLICATE, ERRATUM, EXCLUDED, INCLUDED, NOT_RETRIEVED, PENDING

# What a group of records is called, in the order of a flow diagram.
DECISIONS = {
    PENDING: "Not screened yet",
    INCLUDED: "Included",
    AWAITING: "Full text awaited",
    NOT_RETRIEVED: "No page found",
    EXCLUDED: "Excluded",
    DUPLICATE: "Duplicates",
    ERRATUM: "Errata",
}
LISTED = 500
LOOK_COLUMNS = (
    Column("Date", css="lm-nowrap"),
    Column("Kind"),
    Column("Where"),
    Column("Query"),
    Column("Records found", numeric=True),
    Column("Notes"),
)
STATUSES = {"proposed": "proposed by the maintainers of this book, not peer reviewed"}
SOURCES = {"pubmed": "PubMed"}
RECORD_COLUMNS = (
    Column("Record", css="lm-nowrap"),
    Column("Title"),
    Column("Stage"),
    Column("Reason"),
    Column("Study"),
)


def search_tables(studies: Studies) -> Markup:
    """Return the looks, the saved searches, and every record screened with its decision and reason."""
    groups = "".join(_group(studies, name) for name in _decisions(studies))
    return Markup(
        f"\n(looks)=\n## Looks\n\n{_looks(studies)}{_saved_searches(studies)}"
        f"\n\n(decisions)=\n## Decisions\n\n{_decision_counts(studies)}{groups}\n"
    )


def anchor(decision: str) -> str:
    """Return the anchor of the records with a decision."""
    return f"records-{decision.replace('_', '-')}"


def _decisions(studies: Studies) -> list[str]:
    """Return the decisions that some record has, known ones first."""
    used = dict.fromkeys(studies.screening["decision"].dropna().astype(str))
    return [name for name in DECISIONS if name in used] + sorted(set(used) - set(DECISIONS))


def _named(decision: str) -> str:
    return DECISIONS.get(decision, decision.replace("_", " ").capitalize())


def _looks(studies: Studies) -> Markup:
    rows = [
        (
            row["date"],
            str(row["kind"]),
            row["source"],
            row["query"],
            _found(row["records_found"]),
            row["notes"],
        )
        for _, row in studies.searches.iterrows()
    ]
    return table(LOOK_COLUMNS, rows)


def _saved_searches(studies: Studies) -> str:
    """Return the section of searches that are asked again and again, nothing where there are none."""
    if studies.saved_searches.empty:
        return ""
    searches = "".join(_saved(row, studies) for _, row in studies.saved_searches.iterrows())
    return f"\n\n(saved-searches)=\n## Saved searches\n{searches}"


def _saved(row: pd.Series, studies: Studies) -> str:
    """Return one saved search: what it is, its query as it is sent, and what to know of it."""
    look = last_look_by(studies, row["saved_search_id"])
    state = STATUSES.get(row["status"], str(row["status"]))
    seen = f"last run on {look.date}" if look else "never run"
    source = SOURCES.get(row["source"], row["source"])
    since = f"asks since {row['since']}"
    name = str(row["saved_search_id"])
    return (
        f"\n### {text(name)}\n\n{chips([str(source), since, seen])}\n"
        f"<p>{text(str(state).capitalize())}. {text(row['notes'])}</p>"
        f'<blockquote class="lm-query"><code>{text(row["query"])}</code></blockquote>'
        f"{_questions(str(row['question_ids']))}\n"
    )


def _questions(cell: str) -> Markup:
    names = listed(cell)
    said = formats.counted(len(names), "question")
    return Markup(f"<details><summary>{said}</summary>{'<br>'.join(map(text, names))}</details>")


def _found(value: float) -> str | None:
    return None if missing(value) else formats.count(float(value))


def _decision_counts(studies: Studies) -> Markup:
    counts = studies.screening["decision"].astype(str).value_counts()
    rows = [
        (Markup(f'<a href="#{anchor(name)}">{_named(name)}</a>'), formats.count(int(counts[name])))
        for name in _decisions(studies)
    ]
    return table((Column("Decision"), Column("Records", numeric=True)), rows)


def _group(studies: Studies, decision: str) -> str:
    chosen = studies.screening[studies.screening["decision"].astype(str).eq(decision)]
    labels = dict(studies.studies[["study_id", "label"]].itertuples(index=False))
    rows = [_record(row, labels) for _, row in chosen.iterrows()]
    ids = [str(record) for record in chosen["record_id"]]
    heading = f"\n\n({anchor(decision)})=\n### {_named(decision)}\n\n"
    shown = table(RECORD_COLUMNS, rows[:LISTED], ids=ids[:LISTED])
    return heading + shown + _more(len(rows) - LISTED)


def _more(n: int) -> str:
    """Return how many records a group has beyond those listed: an export can bring thousands."""
    return f"\n\n{formats.count(n)} more stand in `data/screening.csv`.\n" if n > 0 else ""


def _record(row: pd.Series, labels: dict[str, str]) -> tuple[Any, ...]:
    title = row["title"] if not missing(row["title"]) else row["citation"]
    return row["record_id"], title, row["stage"], row["reason"], _study(row["study_id"], labels)


def _study(study_id: Any, labels: dict[str, str]) -> str | Markup:
    if missing(study_id):
        return Markup("")
    name = labels.get(str(study_id), str(study_id))
    return Markup(f'<a href="studies.html#{text(study_id)}">{text(name)}</a>')
