"""What other meta-analyses found, beside the result of this book, and why the two differ."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.estimators import Fit
from livingmeta.questions import Question
from livingmeta.studies import Studies
from livingmeta.tables.glance import PART_NAMES
from livingmeta.tables.html import Column, Markup, missing, sources, table, text
from livingmeta.tables.model_names import METHOD_NAMES, TEST_NAMES
from livingmeta.tables.question import estimate_text

COLUMNS = (
    Column("Review"),
    Column("Outcome and contrast"),
    Column("Model"),
    Column("Studies and people"),
    Column("Pooled result, as printed"),
    Column("I²", numeric=True),
    Column("Why it differs"),
)
LISTED = (*COLUMNS, Column("Remarks"))
CSS = "lm-table lm-others"
NOTHING = (
    "No pooled result on this question is known to this book. "
    "That is no evidence that there is none: nobody has searched for meta-analyses systematically."
)
INTRO = (
    "Pooled results as their authors printed them; none is recalculated. "
    "They were met in an exploratory look, most of them in abstracts, so there may be others."
)
SEVERAL = "A result that concerns several questions stands under each of them."
NO_QUESTION = "On no question of this book"
# Our methods that come closest to what a review says it used.
SAME_METHOD = {"common_effect": ("MH", "EE"), "random_effects": ("DL",), "peto": ("PETO",)}
STATUS = {"absent": "no estimate could be read", "protocol": "a protocol, no result"}


def others(analysis: Analysis, studies: Studies) -> Markup:
    """Return the pooled results of others on a question below our own, or that none is known."""
    rows = pools_on(analysis.question.id, studies)
    if rows.empty:
        return Markup(f"<p>{NOTHING}</p>")
    own = _own(analysis, set(rows["model_kind"]))
    return Markup(f"<p>{INTRO}</p>{table(COLUMNS, [*own, *(_row(row) for row in _each(rows))], CSS)}")


def all_pools(studies: Studies, questions: Sequence[Question]) -> Markup:
    """Return every pooled result of others, by part of the book and by question."""
    published = studies.published
    n, reviews = len(published), published["extraction_id"].nunique()
    source = "extraction" if reviews == 1 else "extractions"
    counted = f"{formats.count(n)} results from {formats.count(reviews)} {source}. {INTRO} {SEVERAL}"
    parts = [_part(name, questions, studies) for name in PART_NAMES]
    known = {question.id for question in questions}
    apart = published[published["question_ids"].map(lambda cell: not known & {*ids_in(cell)}).astype(bool)]
    rest = f"\n\n## {NO_QUESTION}\n\n{_listed(apart)}" if len(apart) else ""
    return Markup(f"{counted}{''.join(parts)}{rest}")


def pools_on(question_id: str, studies: Studies) -> pd.DataFrame:
    """Return the rows of published.csv that name a question, newest review first."""
    named = studies.published["question_ids"].map(lambda cell: question_id in ids_in(cell))
    return _newest_first(studies.published[named.astype(bool)])


def ids_in(cell: object) -> tuple[str, ...]:
    """Return the ids in a cell that holds several, parted by semicolons."""
    parts = () if missing(cell) else str(cell).split(";")
    return tuple(part.strip() for part in parts if part.strip())


def _newest_first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values("year", ascending=False, kind="stable", na_position="last")


def _part(name: str, questions: Sequence[Question], studies: Studies) -> str:
    """Return the pools of one part of the book, and the questions on which none is known."""
    here = [question for question in questions if question.part == name]
    found = [(question, pools_on(question.id, studies)) for question in here]
    shown = "".join(f"\n\n### {_link(q)}\n\n{_listed(rows)}" for q, rows in found if len(rows))
    without = [_link(question) for question, rows in found if rows.empty]
    nothing = f"\n\nNone is known on: {', '.join(without)}." if without else ""
    return f"\n\n## {PART_NAMES[name]}{shown}{nothing}" if here else ""


def _link(question: Question) -> str:
    return f'<a href="questions/{question.part}/{question.id}.html">{text(question.title)}</a>'


def _listed(rows: pd.DataFrame) -> Markup:
    remarks = [Markup("") if missing(row["notes"]) else row["notes"] for row in _each(_newest_first(rows))]
    body = [_row(row) for row in _each(_newest_first(rows))]
    return table(LISTED, [(*row, remark) for row, remark in zip(body, remarks, strict=True)], CSS)


def _each(rows: pd.DataFrame) -> list[pd.Series]:
    return [row for _, row in rows.iterrows()]


def _row(row: pd.Series) -> tuple:
    return (
        _review(row),
        _outcome(row),
        "not stated" if missing(row["model"]) else row["model"],
        _sizes(row),
        _printed(row),
        formats.MISSING if missing(row["i2"]) else f"{row['i2']:g}%",
        _why(row),
    )


def _review(row: pd.Series) -> Markup:
    searched = "" if missing(row["searched_until"]) else f"searched until {row['searched_until']}"
    facts = [text(fact) for fact in (row["journal"], searched) if not missing(fact)]
    links = sources(row["doi"], row["pmid"], "no DOI or PMID recorded")
    small = "<br>".join([*facts, links, f"[{text(row['extraction_id'])}]"])
    return Markup(f"<strong>{text(row['label'])}</strong><br><small>{small}</small>")


def _outcome(row: pd.Series) -> Markup:
    who = "" if missing(row["population"]) else f"<br><small>{text(row['population'])}</small>"
    return Markup(f"{text(row['outcome'])}{who}")


def _sizes(row: pd.Series) -> Markup:
    """Return the numbers behind the result, or those of the whole review, called so."""
    own, whole = _size(row["k"], row["n"]), _size(row["k_total"], row["n_total"])
    if own or not whole:
        return Markup(own or text(""))
    return Markup(f"{whole}<br><small>in the review</small>")


def _size(k: float | None, n: float | None) -> str:
    counted = [(k, "study", "studies"), (n, "person", "people")]
    return "<br>".join(
        f"{formats.count(float(value))} {one if value == 1 else many}"
        for value, one, many in counted
        if value is not None and not missing(value)
    )


def _printed(row: pd.Series) -> Markup:
    status = STATUS.get(row["result_status"])
    said = f"<br><small>{status}</small>" if status else ""
    odd = "" if missing(row["print_flag"]) else f"<br><small>Odd in print: {text(row['print_flag'])}.</small>"
    return Markup(f"{text(row['as_printed'])}{said}{odd}")


def _why(row: pd.Series) -> Markup:
    said = [] if missing(row["why_different"]) else [text(row["why_different"])]
    said += [] if missing(row["our_check"]) else [f"<em>Our check:</em> {text(row['our_check'])}"]
    return Markup("<br>".join(said) or text(""))


def _own(analysis: Analysis, kinds: Iterable[str]) -> Iterator[tuple]:
    """Yield our main result, then ours by the methods that the reviews name, on the same rows."""
    fit = analysis.fit
    if fit is None:
        yield _own_row(analysis, "not pooled", None, _sentence(analysis.reason))
        return
    model = "the study by itself" if fit.k == 1 else METHOD_NAMES[fit.method]
    yield _own_row(analysis, model, fit, f"The main result; {TEST_NAMES[fit.test]}.")
    wanted = {method for kind in kinds for method in SAME_METHOD.get(kind, ())}
    for item in analysis.sensitivity:
        if item.fit and item.fit.method in wanted and item.effects is analysis.effects:
            words = f"The same rows by the method nearest to one below; {TEST_NAMES[item.fit.test]}."
            yield _own_row(analysis, METHOD_NAMES[item.fit.method], item.fit, words)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if words else ""


def _own_row(analysis: Analysis, model: str, fit: Fit | None, words: str) -> tuple:
    measure, people = analysis.effects.measure, analysis.participants
    return (
        Markup("<strong>This book</strong>"),
        analysis.question.outcome,
        model,
        Markup(_size(fit.k, people) if fit else formats.MISSING),
        f"{measure.label} {estimate_text(fit, measure)}" if fit else formats.MISSING,
        formats.percent(fit.i2 if fit else None),
        words,
    )
