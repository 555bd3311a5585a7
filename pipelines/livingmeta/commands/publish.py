"""The verb `publish`: the built site among the published versions."""

import contextlib
from pathlib import Path

import click

from livingmeta import repository
from livingmeta.commands.building import built
from livingmeta.commands.options import checkout, epilog, fail
from livingmeta.paths import Project
from livingmeta.releases import UNRELEASED


@click.command(
    epilog=epilog("livingmeta publish --site ../site", "livingmeta publish --site ../site --expect 2026.11.0")
)
@click.option(
    "--site",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of all versions, such as a checkout of the branch that hosts the site.",
)
@click.option("--expect", default="", metavar="VERSION", help="Publish only when the build is this version.")
def publish(site: Path, expect: str) -> None:
    """Put the built site among the published versions, which never change.

    A release goes to v<version>/, and to latest/ when it is the newest; anything else to dev/.
    Builds first when something changed.
    """
    from livingmeta import publish as versions

    project = checkout()
    try:
        done = versions.publish(project, site, lambda: _up_to_date(project), expect, _warn)
    except (versions.PublishError, OSError) as error:
        fail(error)
    click.echo(f"{'published' if done.is_new else 'already published'}: {done.folder}")
    click.echo(f"newest release: {done.newest or 'none yet'}")
    if done.version == UNRELEASED:
        _warn_of_uncommitted(project)


def _warn(text: str) -> None:
    click.echo(text, err=True)


def _warn_of_uncommitted(project: Project) -> None:
    with contextlib.suppress(repository.RepositoryError):
        count = len(repository.changed_files(project))
        if count:
            _warn(f"warning: {count} files are not as in the commit that dev/ is named after")


def _up_to_date(project: Project) -> None:
    from livingmeta.manifest import is_current

    if not is_current(project):
        built(project)
