"""Whether a file, a text or a stamp says what the release that it names says."""

from livingmeta.verify.checks import Report, UsageFault, verify
from livingmeta.verify.evidence import Evidence

__all__ = ["Evidence", "Report", "UsageFault", "verify"]
