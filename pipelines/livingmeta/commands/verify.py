"""The verb `verify`: a file or a stamp held against the release that it names."""

import sys

import click

from livingmeta.commands.options import checkout, epilog, printable


@click.command(
    # A number may begin with a minus sign; it is no option.
    context_settings={"ignore_unknown_options": True},
    epilog=epilog(
        "livingmeta verify estimates.csv",
        "livingmeta verify manuscript.docx",
        "livingmeta verify 'OR 0.50 (0.25–1.00) [2026.11.0/some-question/estimate#0123abcd]'",
    ),
)
@click.argument("target", metavar="FILE|STAMP")
def verify(target: str) -> None:
    """Say whether a file or a cited number matches the release that it names, and what it is today.

    FILE is anything that was exported or downloaded, or a manuscript with stamps in it (text, LaTeX,
    Markdown, DOCX). Exit codes: 0 all of it matches, 1 something does not, 2 neither file nor stamp.
    """
    from livingmeta.verify import Evidence, UsageFault
    from livingmeta.verify import verify as verified

    try:
        report = verified(target, Evidence(checkout()))
    except UsageFault as fault:
        raise click.UsageError(str(fault)) from None
    for line in report.lines:
        click.echo(printable(line))
    sys.exit(0 if report.matches else 1)
