"""The formats of `livingmeta export`: each a function from a snapshot to named files.

A format gives the same bytes for the same snapshot, on every machine: dates are the snapshot's
own, orders are sorted, and nothing is left to chance. Names may hold folders, as `a/b.csv`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names of the formats are asked for by every --help
    from livingmeta.snapshots import Snapshot

Files = Mapping[str, bytes]


class ExportError(ValueError):
    """What a snapshot holds cannot be written in a format; the message says what and why."""


@dataclass(frozen=True)
class Format:
    """One format: what it is, and `module:function` that makes its files, imported on use.

    `on_site` tells whether every build makes it for the site too: text that costs next to nothing.
    """

    description: str
    maker: str
    on_site: bool = False


FORMATS: dict[str, Format] = {
    "tex": Format("every number as a LaTeX macro", "livingmeta.export.macros:macro_files", True),
    "csv": Format("tables of numbers and effect sizes", "livingmeta.export.estimates:csv_files", True),
    "json": Format("all records in one file", "livingmeta.export.estimates:json_files", True),
    "methods": Format("a methods paragraph", "livingmeta.export.methods:methods_files", True),
    "zip": Format("data, questions and results in one file", "livingmeta.export.archive:archive_files", True),
    "bib": Format("BibTeX of the reports of all studies", "livingmeta.export.references:bib", True),
    "ris": Format("RIS of the reports of all studies", "livingmeta.export.references:ris", True),
    "csl": Format("CSL-JSON of the reports of all studies", "livingmeta.export.references:csl", True),
    "docx": Format(
        "Word tables: summary of findings, study characteristics, reporting checklist",
        "livingmeta.export.documents:docx",
    ),
    "svg": Format("every chart, 180 and 85 mm wide, font embedded", "livingmeta.export.figures:svg"),
    "pdf": Format("every chart, 180 and 85 mm wide, font embedded", "livingmeta.export.figures:pdf"),
    "png": Format("every chart, 180 and 85 mm wide, 300 and 600 dpi", "livingmeta.export.figures:png"),
    "r": Format(
        "an R script that fits every pooled estimate again with metafor",
        "livingmeta.export.r_script:r_script",
    ),
}


def files(name: str, snapshot: "Snapshot") -> Files:
    """Return the files of one format, by file name.

    Parameters
    ----------
    name : str
        A key of FORMATS.
    """
    module, _, function = FORMATS[name].maker.partition(":")
    made: Files = getattr(import_module(module), function)(snapshot)
    return dict(sorted(made.items()))
