"""The Markdown that the book's hand-written pages include, made from records and tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from livingmeta.files import write_if_changed
from livingmeta.paths import Project
from livingmeta.questions import Question
from livingmeta.releases import Identity, Release, identity, releases

if TYPE_CHECKING:
    from livingmeta.studies import Studies
    from livingmeta.tables.html import Markup

Records = Sequence[dict[str, Any]]


def write_fragments(project: Project, questions: Sequence[Question]) -> None:
    """Write the Markdown that the book's static pages include, from records and tables."""
    # Heavy: after Sphinx's process has been forked.
    from livingmeta.results import read_record
    from livingmeta.schema import load_schema
    from livingmeta.studies import load_studies
    from livingmeta.tables import book
    from livingmeta.tables.history import whats_new

    studies, today = load_studies(project.data), identity(project)
    released = releases(project)
    records = [read_record(project.records / f"{question.id}.json") for question in questions]
    fragments = {
        "at-a-glance": book.at_a_glance(records, questions),
        "facts": book.facts(records, studies),
        "currency": _book_currency(questions, studies, records, released, today),
        "studies": book.study_list(studies, questions),
        "search": book.search_tables(studies),
        "data-dictionary": book.data_dictionary(load_schema(project.data)),
        "cite": book.how_to_cite(today),
        "whats-new": whats_new(released, _unreleased(studies, records, released, today)),
    }
    for name, fragment in fragments.items():
        write_if_changed(project.fragments / f"{name}.md", fragment + "\n")


def _book_currency(
    questions: Sequence[Question],
    studies: "Studies",
    records: Records,
    released: Sequence[Release],
    today: Identity,
) -> "Markup":
    from livingmeta.currency import awaiting, currency, last_look
    from livingmeta.history import history
    from livingmeta.tables.currency import book_strip

    currencies = [
        currency(question, studies, history(question.id, released, record, today), today)
        for question, record in zip(questions, records, strict=True)
    ]
    return book_strip(currencies, last_look(studies), awaiting(studies), today)


def _unreleased(
    studies: "Studies", records: Records, released: Sequence[Release], today: Identity
) -> "Markup | None":
    from livingmeta.history import Changes, moved, studies_since
    from livingmeta.numbers import summary
    from livingmeta.tables.history import unreleased_part

    if today.is_release:
        return None
    newest = released[-1] if released else None
    said = {record["id"]: summary(record) for record in records}
    labels = dict(studies.studies[["study_id", "label"]].itertuples(index=False))
    since = studies_since(newest, labels) if newest else Changes()
    return unreleased_part(newest, since, moved(newest.estimates if newest else {}, said))
