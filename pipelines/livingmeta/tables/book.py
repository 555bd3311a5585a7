"""Tables of the book's other pages: all questions at a glance, studies, search, data dictionary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from livingmeta import citations, formats
from livingmeta.charts.glance import mini_interval
from livingmeta.citations import Book
from livingmeta.instruments import NOT_ASSESSED, OVERALL
from livingmeta.questions import Question
from livingmeta.releases import Identity
from livingmeta.schema import Field, Schema
from livingmeta.studies import Studies, study_ids
from livingmeta.tables.html import Column, Markup, chips, definitions, missing, sources, table, text

PART_NAMES = {"heart": "Heart", "kidney": "Kidney", "brain": "Brain"}
PILLS = {
    "pooled": "pooled, k = {k}",
    "conflict": "conflict, k = {k}",
    "one": "one trial",
    "shown": "shown, not pooled",
}
RATIO_DOMAIN = (0.2, 8.0)
CORRELATION_DOMAIN = (-1.0, 1.0)
Record = Mapping[str, Any]
Row = Mapping[Any, Any]


def at_a_glance(records: Sequence[Record], questions: Sequence[Question]) -> Markup:
    """Return every question with its answer, estimate, interval and status, by part."""
    by_id = {record["id"]: record for record in records}
    columns = (
        Column("Question"),
        Column("Answer today"),
        Column("Estimate (95% CI)", numeric=True),
        Column("lower ← no effect → higher"),
        Column("Status"),
    )
    rows = [_glance_row(by_id[question.id], question) for question in questions if question.id in by_id]
    return table(columns, rows, "lm-table lm-glance")


def _glance_row(record: Record, question: Question) -> tuple:
    said, shown = record["verdict"], record["verdict"]["display"]
    link = f"questions/{question.part}/{question.id}.html"
    pill = PILLS[said["status"]].format(k=record["k"])
    css = {"pooled": "pooled", "conflict": "conflict", "one": "one", "shown": "shown"}[said["status"]]
    return (
        Markup(
            f'<a href="{link}"><strong>{text(question.title)}</strong></a><br>'
            f"<small>{PART_NAMES[question.part]}</small>"
        ),
        said["answer"],
        _estimate(said["symbol"], shown),
        _mini(record, shown),
        Markup(f'<span class="lm-pill lm-pill-{css}">{text(pill)}</span>'),
    )


def _estimate(symbol: str, shown: Mapping[str, float | None]) -> str:
    if shown["estimate"] is None:
        return formats.MISSING
    return f"{symbol} {formats.with_interval(shown['estimate'], shown['ci_lower'], shown['ci_upper'])}"


def _mini(record: Record, shown: Mapping[str, float | None]) -> Markup:
    estimate, lower, upper = shown["estimate"], shown["ci_lower"], shown["ci_upper"]
    if estimate is None or lower is None or upper is None:
        return Markup("")
    if record["verdict"]["symbol"] == "RD":
        return Markup("<small>difference in risk</small>")
    log = record["verdict"]["scale"] == "log"
    domain, null = (RATIO_DOMAIN, 1.0) if log else (CORRELATION_DOMAIN, 0.0)
    svg = mini_interval(estimate, lower, upper, null, domain, log)
    note = "" if log else "<br><small>correlation scale</small>"
    return Markup(f'<span class="lm-mini">{svg}</span>{note}')


def study_list(studies: Studies, questions: Sequence[Question]) -> Markup:
    """Return every study with its reports and the questions that use it; one anchor per study."""
    where, reports = _where_used(studies, questions), _reports_by_study(studies)
    ordered = studies.studies.sort_values("label", key=lambda labels: labels.str.lower())
    rows = ordered.to_dict("records")
    return Markup(
        "".join(
            _study_card(row, reports.get(row["study_id"], []), where.get(row["study_id"], [])) for row in rows
        )
    )


def _reports_by_study(studies: Studies) -> dict[str, list[Row]]:
    reports: dict[str, list[Row]] = {}
    for report in studies.reports.to_dict("records"):
        reports.setdefault(report["study_id"], []).append(report)
    return reports


def _where_used(studies: Studies, questions: Sequence[Question]) -> dict[str, list[Question]]:
    used: dict[str, list[Question]] = {}
    for question in questions:
        for study_id in study_ids(studies.effects, question.effects):
            used.setdefault(study_id, []).append(question)
    return used


def _study_card(row: Row, reports: Sequence[Row], used: Sequence[Question]) -> str:
    links = [f'<a href="questions/{q.part}/{q.id}.html">{text(q.title)}</a>' for q in used]
    pairs = [
        ("Design", row["design"]),
        ("Population", row["setting_population"]),
        ("Country", row["country"]),
        ("Participants", None if missing(row["n_total"]) else formats.count(float(row["n_total"]))),
        ("Also called", _other_names(row)),
        ("Registration", row["registration"]),
        ("Funding", "not stated" if missing(row["funding"]) else row["funding"]),
        ("Retraction check", _retraction(reports)),
        ("To keep in mind", row["trust_note"]),
        ("Reports", _report_list(reports)),
        ("Questions", Markup("<br>".join(links)) if links else "in no question yet"),
    ]
    shown = [
        (term, value)
        for term, value in pairs
        if not (term in ("Also called", "Registration", "To keep in mind") and missing(value))
    ]
    return f'<h3 id="{row["study_id"]}">{text(row["label"])}</h3>{definitions(shown)}'


def _other_names(row: Row) -> str:
    """Return the names a study also goes by, without mere spellings of its label."""

    def spelled(name: str) -> str:
        return name.replace(" ", "").lower()

    names = [] if missing(row["aliases"]) else [name.strip() for name in str(row["aliases"]).split(";")]
    return ", ".join(name for name in names if spelled(name) != spelled(str(row["label"])))


def _retraction(reports: Sequence[Row]) -> str:
    states = sorted({r["retraction_status"] for r in reports if not missing(r["retraction_status"])})
    return ", ".join(states) or "not checked"


def _report_list(reports: Sequence[Row]) -> Markup:
    items = []
    for report in reports:
        cited = ". ".join(
            text(report[name]).rstrip(".")
            for name in ("authors", "title", "journal", "year", "volume_pages")
            if not missing(report[name])
        )
        kind = str(report["report_type"]).replace("_", " ")
        links = sources(report["doi"], report["pmid"], "(no DOI or PMID recorded)")
        items.append(f"<li><em>{text(kind)}</em>: {cited} {links}</li>")
    return Markup(f"<ul>{''.join(items)}</ul>") if items else Markup(text(""))


def search_tables(studies: Studies) -> Markup:
    """Return the looks for evidence and every record screened, with its decision and reason."""
    looks = [
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
    look_columns = (
        Column("Date", css="lm-nowrap"),
        Column("Kind"),
        Column("Where"),
        Column("Query"),
        Column("Records found", numeric=True),
        Column("Notes"),
    )
    return Markup(
        "\n## Looks\n\n"
        + table(look_columns, looks)
        + "\n\n## Decisions\n\n"
        + _decision_counts(studies)
        + "\n\n"
        + _decisions(studies)
    )


def _found(value: float) -> str | None:
    return None if missing(value) else formats.count(float(value))


def _decision_counts(studies: Studies) -> str:
    counts = studies.screening["decision"].value_counts()
    rows = [(str(name).replace("_", " "), formats.count(n)) for name, n in counts.items()]
    return table((Column("Decision"), Column("Records", numeric=True)), rows)


def _decisions(studies: Studies) -> str:
    columns = (Column("Record"), Column("Title"), Column("Stage"), Column("Decision"), Column("Reason"))
    rows = [
        (
            row["record_id"],
            row["title"],
            row["stage"],
            str(row["decision"]).replace("_", " "),
            row["reason"] if not missing(row["reason"]) else formats.MISSING,
        )
        for _, row in studies.screening.iterrows()
    ]
    return table(columns, rows)


def data_dictionary(schema: Schema) -> Markup:
    """Return every table and column with its type, unit, allowed values and meaning."""
    parts = [_dictionary_of(item.name, item.path, item.fields) for item in schema.tables.values()]
    template = schema.effects
    return Markup(_dictionary_of("effects", "effects/<outcome>.csv", template.fields) + "".join(parts))


def _dictionary_of(name: str, path: str, columns: Iterable[Field]) -> str:
    heads = (Column("Column"), Column("Type"), Column("Unit"), Column("Allowed"), Column("Meaning"))
    rows = [
        (
            Markup(f"<code>{text(field.name)}</code>"),
            field.type + (", required" if field.required else ""),
            field.unit or "",
            _allowed(field),
            field.description,
        )
        for field in columns
    ]
    shown = [tuple(Markup("") if cell == "" else cell for cell in row) for row in rows]
    return f"\n\n(table-{name})=\n## `{path}`\n\n" + table(heads, shown)


def _allowed(field: Field) -> str:
    if field.enum:
        return ", ".join(str(value) for value in field.enum)
    ends = [
        f"≥ {field.minimum}" if field.minimum is not None else "",
        f"≤ {field.maximum}" if field.maximum is not None else "",
    ]
    return " ".join(end for end in ends if end) or (str(field.pattern) if field.pattern else "")


def facts(records: Sequence[Record], studies: Studies) -> Markup:
    """Return what stands behind the front page, as chips."""
    pooled = sum(bool(record["pooled"]) for record in records)
    items = [
        f"{len(records)} questions, {pooled} pooled",
        f"{len(studies.studies)} studies",
        f"risk of bias {_assessed(studies)}",
    ]
    return chips(items)


def _assessed(studies: Studies) -> str:
    """Return how many results have an overall judgement on their risk of bias."""
    table = studies.risk_of_bias
    judged = table.loc[table["domain"].eq(OVERALL), "effect_id"].nunique() if len(table) else 0
    return f"assessed for {formats.count(judged)} results" if judged else NOT_ASSESSED


def how_to_cite(today: Identity, cited: Book) -> Markup:
    """Return the citation of this build as text, BibTeX, RIS and CSL-JSON."""
    item = citations.book_item(cited)
    forms = {
        "BibTeX": ("bibtex", citations.bibtex([item])),
        "RIS": ("text", citations.ris([item])),
        "CSL-JSON": ("json", citations.csl([item])),
    }
    blocks = "".join(
        f"**{name}**\n\n```{kind}\n{form.strip()}\n```\n\n" for name, (kind, form) in forms.items()
    )
    return Markup(f"{_this_build(today)}\n\n```text\n{citations.plain(item)}\n```\n\n{blocks}")


def _this_build(today: Identity) -> str:
    if today.is_release:
        return f"You are reading {today.text}, released on {today.date}."
    made = f" of {today.date}" if today.date else ""
    commit = f" from commit `{today.commit}`{made}" if today.commit else ""
    return (
        f"You are reading a version that is not released, built{commit}. "
        "Add the commit and its date to the citation, or cite a release instead."
    )
