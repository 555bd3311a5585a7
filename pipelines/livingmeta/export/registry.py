"""The formats of `livingmeta export`: each a function from a snapshot to named files.

A format gives the same bytes for the same snapshot, on every machine: dates are the snapshot's
own, orders are sorted, and nothing is left to chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from livingmeta.snapshots import Snapshot

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Format:
    """One format: what it is, and `module:function` that makes its files, imported on use."""

    description: str
    maker: str


FORMATS: dict[str, Format] = {
    "r": Format(
        "an R script that fits every pooled estimate again with metafor",
        "livingmeta.export.r_script:r_script",
    ),
}


def files(name: str, snapshot: Snapshot) -> Files:
    """Return the files of one format, by file name.

    Parameters
    ----------
    name : str
        A key of FORMATS.
    """
    module, _, function = FORMATS[name].maker.partition(":")
    made: Files = getattr(import_module(module), function)(snapshot)
    return dict(sorted(made.items()))
