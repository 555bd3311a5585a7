"""A build that a verb asks for: shown while it runs, its faults printed."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from livingmeta.paths import Project


def built(
    project: Project,
    only: tuple[str, ...] = (),
    everything: bool = False,
    jobs: int | None = None,
    engine: str = "fork",
) -> Path:
    """Build the site as `livingmeta build` does and return its front page; leave with 1 when it fails."""
    # Before NumPy is loaded: a parent that forks must have one thread.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from livingmeta import site
    from livingmeta.workers import can_fork

    if engine == "fork" and not can_fork():
        click.echo("this system cannot fork: papermill's own engine is used", err=True)
    try:
        with Progress() as progress:
            return site.build(project, only, everything, jobs or site.default_jobs(), engine, progress)
    except site.BuildError as error:
        click.echo(f"{error}\nnothing was published: the site is as it was", err=True)
        sys.exit(1)


class Progress:
    """A bar on a terminal, one plain line per finished step elsewhere."""

    def __init__(self) -> None:
        self.bar: Any = None

    def __enter__(self) -> "Progress":
        return self

    def start(self, steps: int) -> None:
        """Say how many steps there will be."""
        if sys.stderr.isatty():
            self.bar = click.progressbar(length=steps, label="building", file=sys.stderr)
            self.bar.__enter__()

    def step(self, what: str) -> None:
        """Say that one step is done."""
        if self.bar is not None:
            self.bar.label = what[:40].ljust(40)
            self.bar.update(1)
        else:
            click.echo(f"done: {what}", err=True)

    def __exit__(self, *exc: object) -> None:
        if self.bar is not None:
            self.bar.__exit__(*exc)
