"""What a diagnostic returns when it is not defined for the effects at hand."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Absent:
    """A result that does not exist, and the sentence that says why."""

    reason: str
