"""The Markdown that the book's hand-written pages include, made from records and tables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from livingmeta.files import write_if_changed
from livingmeta.paths import Project
from livingmeta.questions import Question
from livingmeta.releases import KINDS, Identity, Release, identity, releases

if TYPE_CHECKING:
    from livingmeta.studies import Studies
    from livingmeta.tables.html import Markup

Records = Sequence[dict[str, Any]]


def write_fragments(project: Project, questions: Sequence[Question]) -> None:
    """Write the Markdown that the book's static pages include, from records and tables."""
    # Heavy: after Sphinx's process has been forked.
    from livingmeta.citations import read_book
    from livingmeta.results import read_record
    from livingmeta.schema import load_schema
    from livingmeta.studies import load_studies
    from livingmeta.tables import book, glance, studies_page
    from livingmeta.tables.history import whats_new
    from livingmeta.tables.published import all_pools
    from livingmeta.tables.search_page import search_tables

    studies, today = load_studies(project.data), identity(project)
    released = releases(project)
    records = [read_record(project.records / f"{question.id}.json") for question in questions]
    fragments = {
        "at-a-glance": glance.at_a_glance(records, questions),
        "facts": glance.facts(records, studies),
        **_parts(records, questions, studies),
        "currency": _book_currency(questions, studies, records, released, today),
        **studies_page.study_pages(studies, questions),
        "what-would-help": _what_would_help(records, questions, studies),
        "others": all_pools(studies, questions),
        "search": search_tables(studies),
        "data-dictionary": book.data_dictionary(load_schema(project.data)),
        "cite": book.how_to_cite(today, read_book(project, today)),
        "whats-new": whats_new(released, _unreleased(studies, records, released, today)),
    }
    fragments |= _reporting(studies, questions, records, released, today)
    for name, fragment in fragments.items():
        write_if_changed(project.fragments / f"{name}.md", fragment + "\n")
    _write_changes(project, questions, frozenset(studies.studies["study_id"]))


def _parts(records: Records, questions: Sequence[Question], studies: "Studies") -> "dict[str, Markup]":
    """Return what the page of each part of the book includes."""
    from livingmeta.tables import glance

    found = {}
    for part in glance.PART_NAMES:
        found[f"glance-{part}"] = glance.part_at_a_glance(part, records, questions)
        found[f"facts-{part}"] = glance.part_facts(part, records, studies, questions)
    return found


def _what_would_help(records: Records, questions: Sequence[Question], studies: "Studies") -> "Markup":
    from livingmeta.tables.wanted import what_would_help
    from livingmeta.wanted import wanted

    found = [
        wanted(question, studies, {one["effect_id"] for one in record["studies"]})
        for question, record in zip(questions, records, strict=True)
    ]
    return what_would_help(found, studies)


def write_displays(project: Project, questions: Sequence[Question]) -> None:
    """Write the Markdown with the pictures of the whole book; it draws those that are not kept."""
    from livingmeta.studies import load_studies
    from livingmeta.tables.displays import book_displays

    made = book_displays(load_studies(project.data), questions, project)
    write_if_changed(project.fragments / "displays.md", made + "\n")


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


def _reporting(
    studies: "Studies",
    questions: Sequence[Question],
    records: Records,
    released: Sequence[Release],
    today: Identity,
) -> dict[str, "Markup"]:
    """Return the flows and the checklist."""
    from livingmeta.checklist import Gathered, checklist
    from livingmeta.flow import is_systematic, prisma_flow, stages
    from livingmeta.tables import reporting

    by_id = {question.id: question for question in questions}
    release = released[-1] if today.is_release else None
    gathered = Gathered(studies, by_id, {record["id"]: record for record in records}, today, release)
    return {
        "flow": reporting.flow_section(prisma_flow(studies, records)),
        "flow-versions": reporting.versions_section(stages(released, studies, today), is_systematic(studies)),
        "checklist": reporting.checklist_section(checklist(gathered)),
    }


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
