"""All questions at a glance: those with an estimate as a table, those that are shown as a short list."""

from collections.abc import Mapping, Sequence
from typing import Any

from livingmeta import formats
from livingmeta.charts.glance import mini_interval
from livingmeta.questions import Question
from livingmeta.studies import Studies, study_ids
from livingmeta.tables.html import Column, Markup, chips, table, text

PART_NAMES = {"kidney": "Kidney", "heart": "Heart", "brain": "Brain"}
PILLS = {
    "pooled": "pooled, k = {k}",
    "conflict": "conflict, k = {k}",
    "one": "one trial",
    "shown": "shown, not pooled",
}
RANKS = {"conflict": 0, "pooled": 0, "one": 1, "shown": 2}
RATIO_DOMAIN = (0.2, 8.0)
CORRELATION_DOMAIN = (-1.0, 1.0)
COLUMNS = (
    Column("Question"),
    Column("Answer today"),
    Column("Estimate (95% CI)", numeric=True),
    Column("lower ← 1 → higher"),
    Column("Status"),
)
SHOWN_COLUMNS = (Column("Shown, not pooled"), Column("What there is"))
Record = Mapping[str, Any]
Asked = tuple[Question, Record]


def at_a_glance(records: Sequence[Record], questions: Sequence[Question]) -> Markup:
    """Return every question with its answer and status, under a heading for each part of the book."""
    parts = [
        f"\n### {name}\n\n{shown}\n"
        for part, name in PART_NAMES.items()
        if (shown := part_at_a_glance(part, records, questions))
    ]
    return Markup("".join(parts))


def part_at_a_glance(part: str, records: Sequence[Record], questions: Sequence[Question]) -> Markup:
    """Return the questions of one part: pooled ones first, then single trials, then what is only shown."""
    by_id = {record["id"]: record for record in records}
    asked = [(q, by_id[q.id]) for q in questions if q.part == part and q.id in by_id]
    asked.sort(key=lambda pair: _rank(pair[1]))
    answered = [_row(*pair) for pair in asked if _rank(pair[1]) < RANKS["shown"]]
    shown = [_shown_row(*pair) for pair in asked if _rank(pair[1]) == RANKS["shown"]]
    tables = [
        table(COLUMNS, answered, "lm-table lm-glance") if answered else "",
        table(SHOWN_COLUMNS, shown, "lm-table lm-glance lm-glance-shown") if shown else "",
    ]
    return Markup("".join(tables))


def _rank(record: Record) -> int:
    return RANKS[record["verdict"]["status"]]


def _link(question: Question) -> str:
    address = f"questions/{question.part}/{question.id}.html"
    return f'<a href="{address}"><strong>{text(question.title)}</strong></a>'


def _row(question: Question, record: Record) -> tuple:
    said, shown = record["verdict"], record["verdict"]["display"]
    pill = PILLS[said["status"]].format(k=record["k"])
    return (
        Markup(_link(question)),
        said["answer"],
        _estimate(said["symbol"], shown),
        _mini(record, shown),
        Markup(f'<span class="lm-pill lm-pill-{said["status"]}">{text(pill)}</span>'),
    )


def _shown_row(question: Question, record: Record) -> tuple:
    return Markup(_link(question)), record["verdict"]["answer"]


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
    note = "" if log else "<br><small>lower ← 0 → higher</small>"
    return Markup(f'<span class="lm-mini">{svg}</span>{note}')


def facts(records: Sequence[Record], studies: Studies) -> Markup:
    """Return what stands behind the front page, as chips."""
    results = [status for frame in studies.effects.values() for status in frame["result_status"]]
    without = sum(status != "numeric" for status in results)
    all_of_them, silent = formats.count(len(results)), formats.count(without)
    return chips(
        [
            *_question_chips(records),
            f"{formats.count(len(studies.studies))} studies",
            f"{all_of_them} results as printed, {silent} without a usable number",
            _assessed("risk of bias", studies.risk_of_bias["effect_id"].nunique(), "result", "results"),
            _assessed("certainty", studies.certainty["question_id"].nunique(), "question", "questions"),
        ]
    )


def _question_chips(records: Sequence[Record]) -> list[str]:
    statuses = [record["verdict"]["status"] for record in records]
    counted = (
        (statuses.count("pooled") + statuses.count("conflict"), "pooled"),
        (statuses.count("one"), "with one trial"),
        (statuses.count("shown"), "shown, not pooled"),
    )
    said = [f"{formats.count(n)} {words}" for n, words in counted if n]
    return [f"{_counted(len(records), 'question', 'questions')}: {', '.join(said)}"] if records else []


def _assessed(what: str, n: int, one: str, many: str) -> str:
    return f"{what} assessed for {_counted(n, one, many)}" if n else f"{what} not assessed"


def _counted(n: int, one: str, many: str) -> str:
    return f"{formats.count(n)} {one if n == 1 else many}"


def part_facts(
    part: str, records: Sequence[Record], studies: Studies, questions: Sequence[Question]
) -> Markup:
    """Return what stands behind one part of the book, as chips, with the way to its studies."""
    own = [question for question in questions if question.part == part]
    files = dict.fromkeys(question.effects for question in own)
    ids = {name for file in files for name in study_ids(studies.effects, file)}
    asked = {question.id for question in own}
    link = Markup(f'<a href="studies.html#part={part}">{_counted(len(ids), "study", "studies")}</a>')
    return chips([*_question_chips([record for record in records if record["id"] in asked]), link])
