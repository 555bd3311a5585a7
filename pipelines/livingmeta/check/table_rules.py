"""Rules that tie the tables together beyond their foreign keys."""

from collections import Counter
from collections.abc import Iterator

from livingmeta.check.findings import WARNING, Finding
from livingmeta.check.header_rules import did_you_mean
from livingmeta.check.sources import Curated, Row, Source
from livingmeta.schema import TableSchema, listed
from livingmeta.units import parsed_bounds
from livingmeta.vocabulary import RELATIONS

DAY_TAGS = ("[crdt]", "[edat]", "[mhda]")
BOUNDS_FORM = "write `<0.7 mmol/L`, `>=2.4 mg/dL` or `0.7 to 0.9 mmol/L`"


def table_findings(curated: Curated) -> Iterator[Finding]:
    """Yield what does not fit between tables."""
    yield from _effect_ids(curated)
    yield from _group_bounds(curated)
    yield from _own_values(curated)
    yield from _reports(curated)
    yield from _report_of_study(curated)
    yield from _screening(curated)
    yield from _saved_searches(curated)
    yield from _unused_studies(curated)
    yield from _corrections(curated)


def _rows(curated: Curated, table: str) -> Iterator[Row]:
    source = curated.tables.get(table)
    yield from source.rows() if source else ()


def _effect_ids(curated: Curated) -> Iterator[Finding]:
    known = {row.text("effect_id") for source in curated.effects.values() for row in source.rows()}
    for table in ("groups", "risk_of_bias", "certainty"):
        for row in _rows(curated, table):
            yield from _known(row, "effect_id", known, "an effect_id of effects/")


def _known(row: Row, column: str, known: set[str], what: str) -> Iterator[Finding]:
    """Yield values of a cell, parted by `;`, that are not known."""
    values = listed(row.text(column))
    for value in values:
        if value not in known:
            which = f"{value} " if len(values) > 1 else ""
            yield row.finding(column, f"{which}must be {what}{did_you_mean(value, known)}")


def _group_bounds(curated: Curated) -> Iterator[Finding]:
    """Yield bounds of categories of magnesium that no picture can place."""
    categories = {
        row.text("effect_id")
        for source in curated.effects.values()
        for row in source.rows()
        if row.text("contrast_type") == "category"
    }
    for row in _rows(curated, "groups"):
        said = row.text("bounds")
        if not said or row.text("effect_id") not in categories:
            continue
        bounds = parsed_bounds(said)
        if bounds is None:
            yield row.finding("bounds", f"cannot be shown in mmol/L; {BOUNDS_FORM}", WARNING)
        elif None not in bounds and bounds[0] >= bounds[1]:  # type: ignore[operator]
            yield row.finding("bounds", "the lower bound must be below the upper one")


def _own_values(curated: Curated) -> Iterator[Finding]:
    questions = {path.stem for path in (curated.data_dir / "questions").glob("*.yml")}
    for source in curated.tables.values():
        for row in source.rows():
            for column in ("question_id", "question_ids"):
                yield from _known(row, column, questions, "a question of questions/")
    records = curated.values("screening", "record_id")
    for row in _rows(curated, "screening"):
        yield from _known(row, "duplicate_of", records, "a record_id of screening.csv")
        yield from _links(row, curated)


LINKED = {"studies": "study_id", "reports": "report_id", "screening": "record_id"}


def _links(row: Row, curated: Curated) -> Iterator[Finding]:
    """Yield links of a record that name no relation, or no row."""
    for link in listed(row.text("links")):
        relation, _, target = link.partition(" ")
        table, _, key = target.partition(":")
        if relation not in RELATIONS or table not in LINKED:
            form = f"one of {', '.join(RELATIONS)}, then one of {', '.join(LINKED)}, a colon and a key"
            yield row.finding("links", f"{link} must be {form}")
        elif key not in curated.values(table, LINKED[table]):
            yield row.finding("links", f"{link} must name a row of {table}.csv")


def _reports(curated: Curated) -> Iterator[Finding]:
    main: Counter[str] = Counter()
    for row in _rows(curated, "reports"):
        study = row.text("study_id")
        if not study and row.text("report_type") != "dataset":
            yield row.finding("study_id", "must not be blank unless report_type is dataset")
        if study and row.text("is_main").lower() in ("true", "1"):
            main[study] += 1
            if main[study] > 1:
                yield row.finding("is_main", f"must be true for one report of {study} only")
    for row in _rows(curated, "studies"):
        if "reports" in curated.tables and not main[row.text("study_id")]:
            yield row.finding("study_id", "must have a main report in reports.csv")


def _report_of_study(curated: Curated) -> Iterator[Finding]:
    studies = curated.values("studies", "study_id")
    study_of = {row.text("report_id"): row.text("study_id") for row in _rows(curated, "reports")}
    for source in curated.effects.values():
        for row in source.rows():
            study, stated = study_of.get(row.text("report_id")), row.text("study_id")
            if study and stated in studies and study != stated:
                yield row.finding("report_id", f"must be a report of {stated}, is one of {study}")


def _saved_searches(curated: Curated) -> Iterator[Finding]:
    saved = curated.values("saved_searches", "saved_search_id")
    for row in _rows(curated, "searches"):
        yield from _known(row, "saved_search_id", saved, "a saved_search_id of saved_searches.csv")
    for row in _rows(curated, "saved_searches"):
        query = row.text("query")
        if query.count("(") != query.count(")") or query.count('"') % 2:
            yield row.finding("query", "every bracket and quotation mark must be closed")
        if used := [tag for tag in DAY_TAGS if tag in query.lower()]:
            yield row.finding("query", f"must hold no day, `livingmeta surveil` adds it ({', '.join(used)})")


def _screening(curated: Curated) -> Iterator[Finding]:
    if "screening" not in curated.tables:
        return
    for row in _rows(curated, "screening"):
        yield from _decision(row)
    screened = curated.values("screening", "study_id")
    for row in _rows(curated, "studies"):
        if row.text("study_id") not in screened:
            yield row.finding("study_id", "should have a record in screening.csv", WARNING)


def _decision(row: Row) -> Iterator[Finding]:
    needs = {"included": "study_id", "duplicate": "duplicate_of", "excluded": "reason"}
    decision = row.text("decision")
    column = needs.get(decision)
    if decision == "duplicate" and "duplicate " in row.text("links"):
        return
    if column and not row.text(column):
        yield row.finding(column, f"must not be blank where decision is {decision}")


def _unused_studies(curated: Curated) -> Iterator[Finding]:
    used = {row.text("study_id") for source in curated.effects.values() for row in source.rows()}
    for row in _rows(curated, "studies"):
        if row.text("study_id") not in used:
            yield row.finding("study_id", "no row of effects/ uses this study", WARNING)


def _corrections(curated: Curated) -> Iterator[Finding]:
    # Only the last correction of a cell still shows in it.
    rows = sorted(_rows(curated, "corrections"), key=lambda row: (row.text("date"), row.line))
    last = {tuple(row.text(name) for name in ("table", "key", "column")): row for row in rows}
    for row in last.values():
        yield from _correction(row, curated)


def _correction(row: Row, curated: Curated) -> Iterator[Finding]:
    source = _table_called(row.text("table"), curated)
    if source is None:
        yield row.finding("table", "must be a table of the data")
    elif row.text("column") not in source.text.columns:
        hint = did_you_mean(row.text("column"), source.text.columns)
        yield row.finding("column", f"must be a column of {source.file}{hint}")
    else:
        yield from _corrected_cell(row, source)


def _corrected_cell(row: Row, source: Source) -> Iterator[Finding]:
    target = next((r for r in source.rows() if _key(r, source.schema) == row.text("key")), None)
    if target is None:
        yield row.finding("key", f"must be a key of {source.file}")
    elif target.text(row.text("column")) != row.text("new"):
        there = target.text(row.text("column")) or "(blank)"
        yield row.finding("new", f"must stand in {source.file}:{target.line}, which holds {there}")


def _key(row: Row, schema: TableSchema) -> str:
    return "; ".join(row.text(name) for name in schema.primary_key)


def _table_called(name: str, curated: Curated) -> Source | None:
    stem = name.removesuffix(".csv")
    effects = stem.removeprefix("effects/") + ".csv"
    return curated.effects.get(effects) if stem.startswith("effects/") else curated.tables.get(stem)
