"""What differs between two states of the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livingmeta.snapshots import Snapshot


@dataclass(frozen=True)
class Differences:
    """What differs."""

    old: str | None
    new: str

    def as_dict(self) -> Mapping[str, Any]:
        """Return the differences as plain data."""
        return {"old": self.old, "new": self.new}


def compare(old: Snapshot | None, new: Snapshot) -> Differences:
    """Return what differs between two states; nothing came before the first one."""
    return Differences(old.version if old is not None else None, new.version)
