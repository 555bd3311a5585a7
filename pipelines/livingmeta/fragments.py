"""The Markdown that the book's hand-written pages include, made from records and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from livingmeta.files import write_if_changed
from livingmeta.paths import Project
from livingmeta.questions import Question
from livingmeta.releases import KINDS, Release, identity, releases


def write_fragments(project: Project, questions: Sequence[Question]) -> None:
    """Write the Markdown that the book's static pages include, from records and tables."""
    # Heavy: after Sphinx's process has been forked.
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
        "cite": book.how_to_cite(today),
    }
    for name, fragment in fragments.items():
        write_if_changed(project.fragments / f"{name}.md", fragment + "\n")
    _write_changes(project, questions, frozenset(studies.studies["study_id"]))


def _write_changes(project: Project, questions: Sequence[Question], study_ids: frozenset[str]) -> None:
    """Write a page on what changed in each release, and one that lists them; remove those of no release."""
    from livingmeta.tables.changes import Links
    from livingmeta.tables.changes_page import markdown, overview

    links = Links("../", frozenset(question.id for question in questions), study_ids)
    known = releases(project)
    pages = {one.version: markdown(one.changes, f"Changes in {one.version}", links) for one in known}
    pages["index"] = overview({one.version: _cut(one) for one in known})
    for name, page in pages.items():
        write_if_changed(project.changes / f"{name}.md", page)
    for path in project.changes.glob("*.md"):
        if path.stem not in pages:
            path.unlink()


def _cut(release: Release) -> tuple[str, str, Mapping[str, Any]]:
    return release.date, KINDS.get(release.kind, release.kind), release.changes
