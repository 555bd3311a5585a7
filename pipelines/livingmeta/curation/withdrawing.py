"""A report that was retracted, or of which an expression of concern speaks; nothing is deleted."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from livingmeta.check.header_rules import did_you_mean
from livingmeta.curation.drafts import Draft, RequestError
from livingmeta.curation.ledger import Because, Change, is_same, with_corrections
from livingmeta.questions import Question, QuestionError, load_questions
from livingmeta.schema import load_schema
from livingmeta.table_files import EFFECTS, Cells, Table, files_of, read_table, table_names
from livingmeta.vocabulary import CONCERN, RETRACTED, SHOWN

KINDS = (RETRACTED, CONCERN)
_DOI = re.compile(r"10\..+/.+")
RESOLVER = re.compile(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)


@dataclass(frozen=True)
class Withdrawal:
    """What is withdrawn.

    Parameters
    ----------
    name : str
        A report, or a study, whose main report is then meant.
    kind : str
        One of KINDS.
    notice : str
        DOI or report_id of the notice, empty where there is none.
    every_report : bool
        Whether all reports of the study are meant.
    also_exclude : bool
        Whether results leave the pool on an expression of concern, as they do on a retraction.
    """

    name: str
    kind: str = RETRACTED
    notice: str = ""
    every_report: bool = False
    also_exclude: bool = False


def withdrawn(data: Path, asked: Withdrawal, because: Because) -> Draft:
    """Return the edit that marks reports and takes their results out of every pool.

    Results of a study leave with its main report, but for those that cite another report of it
    which stands. They stay in their tables, shown and not pooled.

    Raises
    ------
    RequestError
        With everything that stands in the way.
    """
    schema = load_schema(data)
    reports = read_table(data, "reports", schema)
    notice = RESOLVER.sub("", asked.notice.strip())
    meant = _meant(reports, read_table(data, "studies", schema), asked)
    problems = [*_unsaid(because), *_notice_problems(notice, reports)]
    if problems:
        raise RequestError(problems)
    effects = [
        read_table(data, name, schema) for name in table_names(data, schema) if name.startswith(EFFECTS)
    ]
    said = (
        because if not notice else Because(because.reason, f"{because.source}; notice {notice}", because.day)
    )
    marks = list(_marks(meant, asked.kind, notice))
    leaves = asked.kind == RETRACTED or asked.also_exclude
    moves = list(_moves(effects, reports, meant, asked.kind, because.reason)) if leaves else []
    if not (marks or moves):
        raise RequestError([f"{asked.name}: is {asked.kind} already, and no result of it is pooled"])
    tables = with_corrections(data, schema, [*marks, *moves], said)
    names = ", ".join(row["report_id"] for row in meant)
    notes = tuple(_notes(effects, reports, meant, moves)) if leaves else ()
    notes += tuple(_still_found(_questions(data), tables, moves))
    return Draft(f"withdraw {names} ({asked.kind})", files_of(tables.values()), notes)


def _unsaid(because: Because) -> list[str]:
    return [
        f"--{name}: must not be empty" for name in ("reason", "source") if not getattr(because, name).strip()
    ]


def _notice_problems(notice: str, reports: Table) -> list[str]:
    if not notice or _DOI.fullmatch(notice) or reports.find(notice):
        return []
    return [f"--notice: {notice}: must be a DOI (10.…/…) or a report_id of reports.csv"]


def _meant(reports: Table, studies: Table, asked: Withdrawal) -> list[Cells]:
    """Return the reports that a name means: one, or those of a study."""
    own = [row for row in reports.rows if row.get("study_id") == asked.name]
    if report := reports.find(asked.name):
        own = [row for row in reports.rows if row.get("study_id") == report.get("study_id")]
        return own if asked.every_report and report.get("study_id") else [report]
    if not own:
        known = {*map(studies.key, studies.rows), *map(reports.key, reports.rows)}
        raise RequestError([f"{asked.name}: must be a study or a report{did_you_mean(asked.name, known)}"])
    return own if asked.every_report else [row for row in own if _is_main(row)] or own


def _is_main(row: Cells) -> bool:
    return row.get("is_main", "").lower() in ("true", "1")


def _marks(meant: Iterable[Cells], kind: str, notice: str) -> Iterator[Change]:
    for report in meant:
        key = report["report_id"]
        if not is_same(report, "retraction_status", kind):
            yield Change("reports", key, "retraction_status", kind)
        word = "Retraction notice" if kind == RETRACTED else "Expression of concern"
        remark = f"{word}: {notice}"
        notes = report.get("notes", "")
        if notice and remark not in notes:
            yield Change("reports", key, "notes", f"{notes} {remark}".strip())


def _moves(
    effects: Iterable[Table], reports: Table, meant: Iterable[Cells], kind: str, reason: str
) -> Iterator[Change]:
    """Yield the changes that take rows out of the pool."""
    chosen = list(meant)
    for table in effects:
        for row in table.rows:
            if row.get("pool_role") != SHOWN and _rests_on(row, reports, chosen):
                key = table.key(row)
                yield Change(table.name, key, "pool_role", SHOWN)
                why = f"{kind}: {reason}"
                if not is_same(row, "pool_reason", why):
                    yield Change(table.name, key, "pool_reason", why)


def _rests_on(row: Cells, reports: Table, meant: Iterable[Cells]) -> bool:
    """Return whether a result falls with reports: it cites one, or its study has no other that it cites."""
    chosen = list(meant)
    if row.get("report_id") in {report["report_id"] for report in chosen}:
        return True
    main = {report.get("study_id") for report in chosen if _is_main(report) and report.get("study_id")}
    if row.get("study_id") not in main:
        return False
    cited = reports.find(row.get("report_id", ""))
    stands = cited is not None and cited.get("study_id") == row.get("study_id")
    return not stands or (cited or {}).get("retraction_status") == RETRACTED


def _notes(
    effects: Iterable[Table], reports: Table, meant: Iterable[Cells], moves: Iterable[Change]
) -> Iterator[str]:
    chosen = list(meant)
    n = len({(change.table, change.key) for change in moves})
    yield f"{n} {'result leaves the pool and is' if n == 1 else 'results leave the pool and are'} shown."
    yield from _kept(effects, reports, chosen)


def _kept(effects: Iterable[Table], reports: Table, chosen: list[Cells]) -> Iterator[str]:
    """Yield which results of the same study stay because another report of it stands."""
    studies = {report.get("study_id") for report in chosen} - {"", None}
    kept: dict[str, int] = {}
    for table in effects:
        for row in table.rows:
            stays = row.get("pool_role") != SHOWN and not _rests_on(row, reports, chosen)
            if row.get("study_id") in studies and stays:
                kept[row["report_id"]] = kept.get(row["report_id"], 0) + 1
    for report, n in sorted(kept.items()):
        what = "result cites" if n == 1 else "results cite"
        yield f"{n} {what} {report}, which stands, and {'stays' if n == 1 else 'stay'} in the pool."


def _still_found(
    questions: Iterable[Question], tables: Mapping[str, Table], moves: Iterable[Change]
) -> Iterator[str]:
    """Yield fits whose filter does not ask for `pool_role` and so still finds rows that left the pool."""
    moved = {(change.table, change.key) for change in moves}
    for question in questions:
        table = tables.get(f"{EFFECTS}{question.effects.removesuffix('.csv')}")
        if table is None or not question.pooled:
            continue
        rows = [row for row in table.rows if (table.name, table.key(row)) in moved]
        fits = [("main analysis", question.filter), *((v.name, v.filter) for v in question.sensitivity)]
        for name, rule in fits:
            n = sum(_is_found(row, rule) for row in rows) if rule is not None else 0
            if n:
                what = "row that left" if n == 1 else "rows that left"
                yield f"{question.id}, {name}: its filter still finds {n} {what}: let it ask for pool_role."


def _questions(data: Path) -> tuple[Question, ...]:
    """Return the questions; none where one cannot be read, which the check then says."""
    try:
        return load_questions(data / "questions")
    except QuestionError:
        return ()


def _is_found(row: Cells, rule: Mapping[str, object]) -> bool:
    """Return whether a filter finds a row, as far as its own cells tell."""
    return all(
        row[column] in [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
        for column, wanted in rule.items()
        if column in row
    )
