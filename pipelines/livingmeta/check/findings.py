"""What a check finds: one line per fault, in one form."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

FAULT, WARNING = "fault", "warning"
_LONGEST = 60


@dataclass(frozen=True, order=True)
class Finding:
    """One thing found wrong or worth a look.

    Parameters
    ----------
    file : str
        Path from the folder above the data, such as `data/effects/x.csv`.
    line : int
        Line of the file; the header is line 1.
    column, value : str
        The cell; `value` is the text that stands there.
    rule : str
        What the value must be.
    level : {"fault", "warning"}
        A fault stops everything, a warning is shown.
    """

    file: str
    line: int
    column: str
    value: str
    rule: str
    level: str = FAULT

    def __str__(self) -> str:
        value = " ".join(self.value.split()) or "(blank)"
        if len(value) > _LONGEST:
            value = value[: _LONGEST - 1] + "…"
        return f"{self.file}:{self.line}:{self.column}: {value}: {self.rule}"

    def as_warning(self) -> "Finding":
        """Return the same finding as a warning."""
        return replace(self, level=WARNING)


@dataclass(frozen=True)
class Report:
    """Everything a check found, sorted by place and without duplicates."""

    faults: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Return whether there is no fault."""
        return not self.faults


def report_of(findings: Iterable[Finding]) -> Report:
    """Return the report of an iterable of findings."""
    unique = sorted(set(findings))
    return Report(
        faults=tuple(f for f in unique if f.level == FAULT),
        warnings=tuple(f for f in unique if f.level == WARNING),
    )


def brought(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that were not there before, wherever their lines have moved to."""
    known = Counter(map(_what, before))
    new = []
    for finding in after:
        if known[_what(finding)] > 0:
            known[_what(finding)] -= 1
        else:
            new.append(finding)
    return tuple(new)


def _what(finding: Finding) -> tuple[str, ...]:
    return finding.file, finding.column, finding.value, finding.rule
