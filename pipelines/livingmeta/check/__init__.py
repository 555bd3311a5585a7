"""Whether the curated data can be trusted: every fault and warning at once, none fixed."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from livingmeta.check.findings import FAULT, WARNING, Finding, Report, brought, report_of
from livingmeta.check.frictionless_rules import frictionless_findings
from livingmeta.check.header_rules import header_findings
from livingmeta.check.judgement_rules import judgement_findings
from livingmeta.check.published_rules import published_findings
from livingmeta.check.question_rules import question_findings
from livingmeta.check.release_rules import release_findings
from livingmeta.check.row_rules import row_findings
from livingmeta.check.schema_rules import schema_findings
from livingmeta.check.sources import Curated, read_curated, schema_file
from livingmeta.check.table_rules import table_findings
from livingmeta.schema import SchemaError

__all__ = ["FAULT", "WARNING", "Finding", "Report", "brought", "check"]


def check(data_dir: Path, sound: Collection[str] = ()) -> Report:
    """Return everything wrong (faults) or worth a look (warnings) in a data folder.

    Parameters
    ----------
    data_dir : Path
        Folder that holds `datapackage.yaml`, the tables, `effects/` and `questions/`.
    sound : collection of str
        Ids of questions that passed before and of which nothing has changed: they are not gone through again.
    """
    data_dir = Path(data_dir).resolve()
    try:
        curated, unreadable = read_curated(data_dir)
    except SchemaError as error:
        rule = str(error).removeprefix(f"{data_dir}/datapackage.yaml: ")
        return report_of([Finding(schema_file(data_dir), 1, "", "(schema)", rule)])
    in_rows = list(_row_level(curated))
    faulty = {(finding.file, finding.line) for finding in in_rows if finding.level == FAULT}
    tables = [*table_findings(curated), *judgement_findings(curated), *schema_findings(curated)]
    rest = [*tables, *question_findings(curated, faulty, sound)]
    frozen = release_findings(data_dir)
    return report_of([*unreadable, *in_rows, *rest, *frozen])


def _row_level(curated: Curated) -> Iterator[Finding]:
    own = [*header_findings(curated), *row_findings(curated), *published_findings(curated)]
    yield from own
    yield from _without_said(frictionless_findings(curated), own)


def _without_said(findings: Iterable[Finding], said: list[Finding]) -> Iterator[Finding]:
    """Yield findings but those on a limit of a cell on which a sharper rule has spoken."""
    cells = {(f.file, f.line, f.column) for f in said if f.line > 1 and f.level == FAULT}
    for finding in findings:
        is_limit = finding.rule.startswith(("must be >=", "must be <="))
        if not (is_limit and (finding.file, finding.line, finding.column) in cells):
            yield finding
