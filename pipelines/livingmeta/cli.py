"""The command `livingmeta`: thin verbs over the library, each with an example.

Heavy modules are imported inside the verbs, so that `--help` and a build with nothing to do
are immediate. Exit codes: 0 done, 1 the data or the request is at fault, 2 wrong usage.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from livingmeta import __version__
from livingmeta.commands.add import add
from livingmeta.commands.building import built
from livingmeta.commands.correct import correct
from livingmeta.commands.diff import diff
from livingmeta.commands.export import export
from livingmeta.commands.intake import intake
from livingmeta.commands.new_question import new_question
from livingmeta.commands.options import DATA, checkout, epilog, refuse_wrong_day
from livingmeta.commands.publish import publish
from livingmeta.commands.release import release
from livingmeta.commands.retractions import retractions
from livingmeta.commands.run import run as run_questions
from livingmeta.commands.screen import screen
from livingmeta.commands.surveil import surveil
from livingmeta.commands.verify import verify
from livingmeta.commands.withdraw import withdraw
from livingmeta.paths import Project


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=epilog("livingmeta check", "livingmeta build"),
)
@click.version_option(__version__, prog_name="livingmeta")
def main() -> None:
    """Check the curated data, analyse it, and publish it as a book."""
    refuse_wrong_day()


main.add_command(release)
main.add_command(run_questions)
main.add_command(export)
main.add_command(diff)
main.add_command(publish)
main.add_command(verify)
main.add_command(add)
main.add_command(correct)
main.add_command(withdraw)
main.add_command(new_question)
main.add_command(surveil)
main.add_command(retractions)
main.add_command(intake)
main.add_command(screen)


def run() -> None:
    """Run the command and leave at once: taking half a million objects down one by one is slow."""
    code: Any = 0
    try:
        main(prog_name="livingmeta")
    except SystemExit as done:
        code = done.code
    if isinstance(code, str):
        click.echo(code, err=True)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(bool(code)))


@main.command(epilog=epilog("livingmeta check", "livingmeta check --data /tmp/copy-of-data"))
@DATA
def check(data: Path | None) -> None:
    """Check every curated table and question; list all faults and warnings.

    A finding reads file:line:column: value: rule. Warnings do not fail.
    """
    sys.exit(0 if _checked(checkout(data)) else 1)


def _checked(project: Project) -> bool:
    from livingmeta.check import check as run_check

    report = run_check(project.data)
    for finding in report.faults:
        click.echo(f"{finding}", err=True)
    for finding in report.warnings:
        click.echo(f"warning: {finding}")
    click.echo(f"{len(report.faults)} faults, {len(report.warnings)} warnings", err=bool(report.faults))
    return not report.faults


@main.command(
    epilog=epilog(
        "livingmeta build",
        "livingmeta build --only iv-magnesium-ami-mortality",
        "livingmeta build --all --jobs 4",
    )
)
@DATA
@click.option(
    "--only", multiple=True, metavar="ID", help="Run the notebook of this question alone (repeatable)."
)
@click.option("--all", "everything", is_flag=True, help="Run every notebook, changed or not.")
@click.option("--jobs", type=click.IntRange(min=1), help="Notebooks at a time (default: one per core).")
@click.option(
    "--engine",
    default="fork",
    show_default=True,
    type=click.Choice(["fork", "papermill"]),
    help="Forked children of one loaded parent, or papermill's own kernels one by one.",
)
def build(data: Path | None, only: tuple[str, ...], everything: bool, jobs: int | None, engine: str) -> None:
    """Check the data, run the notebooks, write the book; print where it is."""
    from livingmeta.manifest import is_current

    project = checkout(data)
    if not everything and not only and is_current(project):
        click.echo(f"nothing changed\n{project.html / 'book' / 'index.html'}")
        return
    click.echo(built(project, only, everything, jobs, engine))


@main.command(epilog=epilog("livingmeta serve", "livingmeta serve --watch", "livingmeta serve --port 9000"))
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--watch", "watching", is_flag=True, help="Build again whenever a file changes.")
def serve(port: int, watching: bool) -> None:
    """Show the built site at an address of this machine, until interrupted."""
    project = checkout()
    if not watching and not (project.html / "index.html").exists():
        click.echo("error: there is no built site; run: livingmeta build", err=True)
        sys.exit(1)
    click.echo(f"http://127.0.0.1:{port}/ (stop with Ctrl-C)")
    with contextlib.suppress(KeyboardInterrupt):
        if watching:
            _watch(project, port)
        else:
            _serve(project.html, port)


def _serve(folder: Path, port: int) -> None:
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    # Opened anew for every request: a build exchanges the folder.
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.serve_forever()


def _watch(project: Project, port: int) -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from livingmeta import site
    from livingmeta.watch import watch

    # In a process of its own: a server has threads, and a builder that forks must not.
    server = os.fork()
    if server == 0:
        with contextlib.suppress(KeyboardInterrupt):
            _serve(project.html, port)
        os._exit(0)
    try:
        watch(project, site.default_jobs(), click.echo)
    finally:
        os.kill(server, signal.SIGTERM)


def _pairs(_context: click.Context, _option: click.Parameter, value: str | None) -> dict[str, str]:
    pairs = [part.partition("=") for part in (value or "").split(",") if part.strip()]
    if any(not sign or not right.strip() for _, sign, right in pairs):
        raise click.BadParameter("must read ai=tpos,n1i=n1")
    return {left.strip(): right.strip() for left, _, right in pairs}


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (value or "").split(",") if name.strip())


@main.command(
    epilog=epilog(
        "livingmeta analyse trials.csv --measure OR",
        "livingmeta analyse trials.csv --measure RR --columns ai=deaths,n1i=n --format json",
        "livingmeta analyse trials.csv --measure OR --method MH --where 'year >= 1990'",
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--measure", required=True, help="OR, RR, RD, HR, IRR, MD, SMD, ROM, ZCOR, COR, PLO, GEN ...")
@click.option(
    "--method",
    default="REML",
    show_default=True,
    help="REML, ML, DL, HE, HS, SJ, EB, PM, EE, MH, PETO or GLMM.",
)
@click.option("--test", default="adhoc", show_default=True, type=click.Choice(["adhoc", "knha", "z"]))
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(["json", "text"]))
@click.option("--columns", callback=_pairs, metavar="NAME=COLUMN,...", help="Which columns hold what.")
@click.option("--where", multiple=True, metavar="'COLUMN == VALUE'", help="Only these rows (repeatable).")
@click.option("--study", metavar="COLUMN", help="Column that names the study.")
@click.option("--pi-df", default="k-1", show_default=True, type=click.Choice(["k-1", "k-2", "normal"]))
@click.option(
    "--add", type=float, help="Added to the cells of tables (default: the measure's own, mostly 0.5)."
)
@click.option(
    "--to", default="only0", show_default=True, type=click.Choice(["only0", "all", "if0all", "none"])
)
@click.option("--keep-double-zero", is_flag=True, help="Keep tables without any event.")
@click.option("--drop00", is_flag=True, help="Leave tables without any event out of differences too.")
@click.option("--vtype", default="LS", show_default=True, help="Kind of sampling variance, as in metafor.")
@click.option("--with", "parts", callback=_names, metavar="PART,...", help="Further parts; see below.")
@click.option(
    "--moderator", "moderators", multiple=True, metavar="COLUMN", help="For the meta-regression (repeatable)."
)
@click.option("--subgroup", metavar="COLUMN", help="Column of groups.")
@click.option("--cluster", metavar="COLUMN", help="Column of clusters.")
@click.option("--order", metavar="COLUMN", help="What a cumulative analysis is ordered by (default: year).")
@click.option("--mid", "minimal_important_difference", type=float, help="Smallest effect that matters.")
@click.option("--force", is_flag=True, help="Test for asymmetry below ten studies too.")
@click.option(
    "--level", default=95.0, show_default=True, type=click.FloatRange(0, 100, min_open=True, max_open=True)
)
def analyse(
    file: Path, form: str, add: float | None, to: str, keep_double_zero: bool, drop00: bool, **options: Any
) -> None:
    """Pool the rows of any CSV file; column names are the field's or metafor's.

    Parts of --with: leave_one_out, cumulative, influence, baujat, gosh, egger, egger_rma, begg,
    peters, harbord, macaskill, trim_and_fill, trim_and_fill_r0, selection, fail_safe_n, peese,
    subgroups, meta_regression, permutation, robust, three_level, new_study, one_table.
    """
    from livingmeta import file_analysis as fa
    from livingmeta.blocks import BlockError
    from livingmeta.effect_sizes import MeasureError, ZeroCellRule
    from livingmeta.estimators import FitError
    from livingmeta.results import to_json
    from livingmeta.studies import DataError

    if not 0 < options["level"] < 100:
        raise click.UsageError("--level must lie between 0 and 100")
    try:
        zero = ZeroCellRule(add, to, keep_double_zero, drop00)
    except ValueError as error:
        raise click.UsageError(f"--{error}") from None
    request = fa.Request(zero=zero, **{**options, "method": options["method"].upper()})
    try:
        analysed = fa.analyse_file(file, request)
    except BlockError as error:
        raise click.UsageError(str(error)) from None
    except (fa.RequestError, MeasureError, FitError, DataError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    text = to_json(fa.record_of(analysed)) if form == "json" else fa.as_text(analysed, file, *_terminal())
    click.echo(text, nl=False)


def _terminal() -> tuple[int, bool]:
    """Return how wide the terminal is, and whether it can show ASCII alone."""
    import shutil

    encoding = (getattr(sys.stdout, "encoding", "") or "ascii").lower()
    return max(80, shutil.get_terminal_size((100, 24)).columns), not encoding.startswith("utf")
