"""What would help most, on a question's page and for the whole book."""

from collections.abc import Sequence

from livingmeta import formats
from livingmeta.studies import Studies
from livingmeta.tables.html import Column, Markup, bullets, register_link, table, text
from livingmeta.vocabulary import NOT_RETRIEVED
from livingmeta.wanted import (
    FEWEST,
    NO,
    ORDER,
    FullText,
    Silent,
    Trial,
    Wanted,
    in_order,
    patients,
    silent_anywhere,
    trials,
    untied,
)

STATUSES = {
    "null_no_number": "no association or difference, without a number",
    "direction_only": "a direction in words",
    "p_only": "a p-value only",
    "partial": "part of a number, such as no interval or no second group",
    "absent": "measured, and nothing is reported",
}
SILENT_COLUMNS = (
    Column("Study"),
    Column("Outcome"),
    Column("What is in print"),
    Column("Patients", numeric=True),
    Column("Another result with a number"),
)
TEXT_COLUMNS = (
    Column("Report"),
    Column("What it would add, or why it waits"),
    Column("Patients", numeric=True),
    Column("Could raise k"),
)
UNTIED_COLUMNS = TEXT_COLUMNS[:3]
TRIAL_COLUMNS = (Column("Trial, with dates as recorded"), Column("Number"), Column("What it would add"))
BOOK_COLUMNS = (
    Column("Question"),
    Column("Studies", numeric=True),
    Column("k now", numeric=True),
    Column("“No association” without a number", numeric=True, css="lm-wrap"),
    Column("Other results without a number", numeric=True, css="lm-wrap"),
    Column("k at most, if every text fits", numeric=True, css="lm-wrap"),
)
NOTHING = "Nothing is recorded."


def wanted_section(found: Wanted, root: str = "../../") -> Markup:
    """Return what would help a question: results without a number, full texts, trials.

    Parameters
    ----------
    found : Wanted
        What would help it.
    root : str
        The way from the page to the folder of the book.
    """
    parts = [f'<div class="lm-wanted"><p>{text(_lead(found))}</p>']
    if found.silent:
        parts.append(table(SILENT_COLUMNS, [_silent_row(one, root) for one in found.silent]))
    parts.append(f"<p>{text(_texts_sentence(found))}</p>")
    if found.texts:
        parts.append(table(TEXT_COLUMNS, [_text_row(one, root) for one in found.texts]))
    if found.trials:
        parts.append("<p>Trials to watch:</p>" + _trial_table(found.trials))
    link = f'<a href="{root}what-would-help.html">What would help the whole book</a>'
    return Markup("".join([*parts, f"<p>{link}, and how the list is ordered.</p></div>"]))


def _lead(found: Wanted) -> str:
    return f"{null_sentence(found)} {_others_sentence(found)}".rstrip()


def null_sentence(found: Wanted) -> str:
    """Return how many studies and patients reported no association without a number."""
    nulls, n = found.nulls, found.studies
    if not nulls:
        return (
            f"Of {formats.count(n)} {_plural(n, 'study', 'studies')} on this page, none is recorded as "
            "reporting “no association” or “no difference” without a number."
        )
    return (
        f"Of {formats.count(n)} {_plural(n, 'study', 'studies')} on this page, {formats.count(len(nulls))} "
        f"{_plural(len(nulls), 'reports', 'report')} “no association” or “no difference” without a number: "
        f"{_people_words(nulls)}{_elsewhere(nulls)}. Such results cannot enter any mean."
    )


def _others_sentence(found: Wanted) -> str:
    k = len(found.others)
    if not k:
        return ""
    subject = f"{formats.count(k)} more" if found.nulls else _count_of(k, "study", "studies")
    return (
        f"{subject} {_plural(k, 'gives', 'give')} a direction, a p-value, part of a number or "
        f"nothing: {_people_words(found.others)}{_elsewhere(found.others)}."
    )


def _elsewhere(some: Sequence[Silent]) -> str:
    """Return how many of these studies have another result on the page that has a number."""
    n = sum(one.has_number for one in some)
    if not n:
        return ""
    return f"; {formats.count(n)} of them {_plural(n, 'has', 'have')} another result with a number"


def _people_words(some: Sequence[Silent]) -> str:
    people, unknown = patients(some)
    if people is None:
        return "the number of patients is not recorded"
    said = f"{formats.count(people)} patients"
    return f"{said}, and {formats.count(unknown)} of unrecorded size" if unknown else said


def _count_of(n: int, one: str, many: str) -> str:
    return f"{formats.count(n)} {_plural(n, one, many)}"


def _plural(n: int, one: str, many: str) -> str:
    return one if n == 1 else many


def _texts_sentence(found: Wanted) -> str:
    if not found.texts:
        return "No full text is on the list of those wanted for this question."
    n = len(found.texts)
    said = f"{formats.count(n)} full {_plural(n, 'text is', 'texts are')} wanted"
    if not found.raising:
        if not found.k:
            return f"{said}; none could enter the main analysis, in which no study has a usable number."
        have = _count_of(found.k, "study", "studies")
        return f"{said}; none would add one to the {have} with a usable number."
    if found.could_reach and not found.question.pooled:
        reach = (
            f" That would be enough to compare {FEWEST} or more; whether they may be pooled depends on "
            "whether they ask the same."
        )
    else:
        reach = ""
    now = f"{formats.count(found.k)} {_plural(found.k, 'study has', 'studies have')} a usable number"
    more = f"up to {formats.count(found.raising)} could be added if what they say fits"
    return f"{said}; {now} for the main analysis now, and {more}.{reach}"


def _study_link(study_id: str, label: str, root: str) -> Markup:
    if not study_id:
        return Markup(text(label))
    return Markup(f'<a href="{root}studies.html#{text(study_id)}">{text(label)}</a>')


def _silent_row(one: Silent, root: str) -> tuple:
    said = "; ".join(STATUSES.get(status, status) for status in one.statuses)
    other, label = "yes" if one.has_number else "no", _study_link(one.study_id, one.study, root)
    return label, "; ".join(one.outcomes), said, _count(one.people), other


def _count(people: float | None) -> str | None:
    return None if people is None else formats.count(people)


def _text_row(one: FullText, root: str) -> tuple:
    return _study_link(one.study_id, one.title, root), one.adds, _count(one.people), _raises(one)


def _raises(one: FullText) -> str:
    if not one.raises and one.can_enter != NO:
        return "no, its study is in already"
    return f"{one.can_enter}: {one.because}" if one.because else one.can_enter


def _trial_table(found: Sequence[Trial]) -> Markup:
    rows = [(one.title, register_link(one.registration) or None, one.adds) for one in found]
    return table(TRIAL_COLUMNS, rows)


def what_would_help(found: Sequence[Wanted], studies: Studies) -> Markup:
    """Return the page on what would help the whole book, as Markdown with tables.

    Parameters
    ----------
    found : sequence of Wanted
        What would help each question, in the order of the book.
    studies : Studies
        The curated tables.
    """
    parts = (
        ("Results without a number", _silent_part(found, studies)),
        ("Full texts, the most helpful first", _texts_part(found)),
        ("Full texts that belong to no question yet", _untied_part(studies, found)),
        ("Trials to watch", _trials_part(studies)),
    )
    return Markup("".join(f"\n## {title}\n\n{part}\n" for title, part in parts))


def _silent_part(found: Sequence[Wanted], studies: Studies) -> str:
    every = silent_anywhere(studies)
    nulls = tuple(one for one in every if one.is_null)
    others = tuple(one for one in every if not one.is_null)
    n = len(studies.studies)
    lead = (
        f"Of {formats.count(n)} studies in the book, {formats.count(len(nulls))} "
        f"{_plural(len(nulls), 'reports', 'report')} “no association” or “no difference” on some outcome "
        f"without a number: {_people_words(nulls)}. "
        f"{formats.count(len(others))} more {_plural(len(others), 'gives', 'give')} a direction, a p-value, "
        f"part of a number or nothing: {_people_words(others)}. "
        "A study counts once here, however many of its results lack a number; studies that share patients "
        "each count."
    )
    return f"<p>{text(lead)}</p>\n\n" + table(BOOK_COLUMNS, [_book_row(one) for one in found])


def _book_row(one: Wanted) -> tuple:
    asked = one.question
    link = Markup(
        f'<a href="questions/{asked.part}/{asked.id}.html#what-would-help-most">{text(asked.title)}</a>'
    )
    more = formats.count(one.k + one.raising) if one.raising else formats.MISSING
    return link, one.studies, one.k, _studies_and_people(one.nulls), _studies_and_people(one.others), more


def _studies_and_people(some: Sequence[Silent]) -> Markup:
    if not some:
        return Markup("0")
    people, unknown = patients(some)
    small = "patients not recorded" if people is None else f"{formats.count(people)} patients"
    plus = f" + {formats.count(unknown)} of unrecorded size" if people is not None and unknown else ""
    return Markup(f"{formats.count(len(some))}<br><small>{small}{plus}</small>")


def _texts_part(found: Sequence[Wanted]) -> str:
    texts = in_order([text for one in found for text in one.texts], found)
    rule = f"<p>The order is fixed by rule. First come:</p><ol>{_items(ORDER)}</ol>"
    if not texts:
        return f"{rule}<p>{NOTHING}</p>"
    asked = {one.question.id: one.question for one in found}
    columns = (TEXT_COLUMNS[0], Column("For"), *TEXT_COLUMNS[1:])
    rows = []
    for one in texts:
        report, adds, people, raises = _text_row(one, "")
        about = asked[one.question_id]
        link = Markup(f'<a href="questions/{about.part}/{about.id}.html">{text(about.title)}</a>')
        rows.append((report, link, adds, people, raises))
    return rule + table(columns, rows)


def _items(items: Sequence[str]) -> str:
    return "".join(f"<li>{text(item)}</li>" for item in items)


def _untied_part(studies: Studies, found: Sequence[Wanted]) -> str:
    texts = untied(studies, found)
    screening = studies.screening
    nameless = int((screening["decision"].eq(NOT_RETRIEVED) & screening["title"].isna()).sum())
    counted = f"{formats.count(nameless)} {_plural(nameless, 'record', 'records')}"
    where = '<a href="search.html">the decisions</a>'
    more = f"<p>Looked for and not found, without a title: {counted}; see {where}.</p>" if nameless else ""
    if not texts:
        return f"<p>{NOTHING}</p>{more}"
    return table(UNTIED_COLUMNS, [_text_row(one, "")[:3] for one in texts]) + more


def _trials_part(studies: Studies) -> str:
    known = trials(studies.ongoing)
    return _trial_table(known) if known else bullets([NOTHING])
