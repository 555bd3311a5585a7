"""The Markdown that the book's hand-written pages include, made from records and tables."""

from collections.abc import Sequence

from livingmeta.files import write_if_changed
from livingmeta.paths import Project
from livingmeta.questions import Question
from livingmeta.releases import identity


def write_fragments(project: Project, questions: Sequence[Question]) -> None:
    """Write the Markdown that the book's static pages include, from records and tables."""
    # Heavy: after Sphinx's process has been forked.
    from livingmeta.citations import read_book
    from livingmeta.results import read_record
    from livingmeta.schema import load_schema
    from livingmeta.studies import load_studies
    from livingmeta.tables import book

    studies, today = load_studies(project.data), identity(project)
    records = [read_record(project.records / f"{question.id}.json") for question in questions]
    fragments = {
        "at-a-glance": book.at_a_glance(records, questions),
        "facts": book.facts(records, studies, today),
        "studies": book.study_list(studies, questions),
        "search": book.search_tables(studies),
        "data-dictionary": book.data_dictionary(load_schema(project.data)),
        "cite": book.how_to_cite(today, read_book(project, today)),
    }
    for name, fragment in fragments.items():
        write_if_changed(project.fragments / f"{name}.md", fragment + "\n")
