"""A complete look handed to the intake: one search, whatever number of files it came in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from livingmeta.intake.exports import read
from livingmeta.intake.record import Reading
from livingmeta.intake.taking import SearchDetails, Taken, take_in_readings
from livingmeta.surveillance.pubmed import Found
from livingmeta.surveillance.saved import SavedSearch
from livingmeta.vocabulary import SURVEILLANCE

SOURCES = {"pubmed": "PubMed, through its E-utilities"}


def feed(data: Path, saved: SavedSearch, found: Found, since: date, until: date) -> Taken:
    """Take in what a look found, and return what became of it.

    Parameters
    ----------
    data : Path
        The data folder.
    saved : SavedSearch
        The search that was asked.
    found : Found
        All that it found.
    since, until : date
        First and last day that were asked for.

    Raises
    ------
    ExportError, IntakeError
        When the records cannot be read, or the tables would not be sound; nothing is written.
    EditError
        When another run is at work, or nothing can be written.
    """
    heard = [f"PubMed took a part of the query otherwise: {remark}." for remark in found.remarks]
    details = SearchDetails(
        name=saved.saved_search_id,
        source=SOURCES[saved.source],
        searched_on=until.isoformat(),
        kind=SURVEILLANCE,
        query=found.query,
        question_ids=saved.question_ids,
        saved_search_id=saved.saved_search_id,
        notes=" ".join([f"Asked for what was added, dated or indexed since {since}.", *heard]),
    )
    whole = joined(read(name, body) for name, body in found.files)
    return take_in_readings(data, [(f"{saved.saved_search_id} of {until}", whole)], details)


def joined(readings: Iterable[Reading]) -> Reading:
    """Return the records of several files as those of one, numbered through."""
    form, records, broken, before = "", [], [], 0
    for one in readings:
        form = one.format
        records += [replace(record, number=record.number + before) for record in one.records]
        broken += [replace(record, number=record.number + before) for record in one.broken]
        before += len(one.records) + len(one.broken)
    return Reading(form, tuple(records), tuple(broken))
