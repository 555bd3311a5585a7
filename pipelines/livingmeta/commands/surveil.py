"""The verb `surveil`: saved searches asked of PubMed, and what is new handed to the intake."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from livingmeta.commands.options import checkout, epilog, fail, printable
from livingmeta.paths import Project

if TYPE_CHECKING:
    from livingmeta.surveillance.pubmed import Found, PubMed
    from livingmeta.surveillance.saved import SavedSearch


@dataclass(frozen=True)
class Span:
    """The first and the last day that a look asks for."""

    since: date
    until: date


@click.command(
    epilog=epilog(
        "livingmeta surveil --dry-run",
        "livingmeta surveil --search magnesium-kidney",
        "livingmeta surveil --since 2026-01-01",
    )
)
@click.option("--search", "only", multiple=True, metavar="ID", help="This saved search only (repeatable).")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="First day to ask for (default: some days before the last look of each search).",
)
@click.option("--dry-run", is_flag=True, help="Count what would come, and take nothing in.")
def surveil(only: tuple[str, ...], since: datetime | None, dry_run: bool) -> None:
    """Ask PubMed for what is new by every saved search, and take it in as pending records.

    The searches are data/saved_searches.csv. Who asks stands in LIVINGMETA_CONTACT or _config.yml, a key in
    NCBI_API_KEY. A look that is not complete leaves nothing behind. Exit codes: 0 all looks are complete,
    1 one is not or cannot be made, 2 wrong usage.
    """
    from livingmeta.release import RefusedError, today
    from livingmeta.schema import SchemaError
    from livingmeta.studies import DataError
    from livingmeta.surveillance.pubmed import PubMed
    from livingmeta.surveillance.settings import SettingsError, asker

    project = checkout()
    try:
        day = date.fromisoformat(today())
        searches = _chosen(project, only, day)
        pubmed = PubMed(asker(project))
    except (RefusedError, SchemaError, DataError, SettingsError) as error:
        fail(error)
    first = since.date() if since else None
    if first and first > day:
        raise click.UsageError(f"--since {first} lies after today, {day}")
    done = [_looked(project, pubmed, one, Span(one.start(first), day), dry_run) for one in searches]
    if not done:
        click.echo("there is no saved search to ask; they are rows of data/saved_searches.csv")
    sys.exit(0 if all(done) else 1)


def _chosen(project: Project, only: Sequence[str], day: date) -> "list[SavedSearch]":
    from livingmeta.studies import load_studies
    from livingmeta.surveillance.saved import saved_searches

    known = {one.saved_search_id: one for one in saved_searches(load_studies(project.data), before=str(day))}
    if unknown := [name for name in only if name not in known]:
        raise click.UsageError(
            f"--search {', '.join(unknown)}: must be one of {', '.join(known) or '(none saved)'}"
        )
    if retired := [name for name in only if known[name].is_retired]:
        raise click.UsageError(f"--search {', '.join(retired)}: is retired; change its status to ask again")
    return [one for one in known.values() if (one.saved_search_id in only if only else not one.is_retired)]


def _looked(project: Project, pubmed: "PubMed", saved: "SavedSearch", span: Span, dry_run: bool) -> bool:
    """Make one look, say what came of it, and return whether it was complete."""
    from livingmeta.surveillance.pubmed import PubMedError, dated

    name = saved.saved_search_id
    query = dated(saved.query, span.since, span.until)
    try:
        if span.since > span.until:
            raise PubMedError(f"its first day, {span.since}, lies after today, {span.until}")
        found = pubmed.count(query) if dry_run else pubmed.look(query, f"{name}-{span.until}")
        told = f"  nothing is taken in; asked: {query}" if dry_run else _feed(project, saved, found, span)
    except (PubMedError, ValueError, OSError) as error:
        said = printable(f"error: {name}: {error}; nothing of this look was taken in")
        click.echo(said, err=True)
        return False
    click.echo(printable(f"{name}: {found.count} records from {span.since} to {span.until}"))
    for remark in found.remarks:
        click.echo(printable(f"  PubMed took a part of the query otherwise: {remark}"))
    click.echo(printable(told))
    return True


def _feed(project: Project, saved: "SavedSearch", found: "Found", span: Span) -> str:
    """Hand what a look found to the intake, and return in words what it made of it."""
    from livingmeta.intake.summary import alarm_lines, broken_lines, summary
    from livingmeta.surveillance.feeding import feed

    taken = feed(project.data, saved, found, span.since, span.until)
    for line in (*alarm_lines(taken), *broken_lines(taken, project.data)):
        click.echo(printable(line), err=True)
    return summary(taken)
