"""Where everything lives, relative to the root of the project."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA_VARIABLE = "LIVINGMETA_DATA"
RECORDS_VARIABLE = "LIVINGMETA_RECORDS"
MARKERS = ("_toc.yml", "data/datapackage.yaml")


@dataclass(frozen=True)
class Project:
    """The folders of one checkout; every other module asks here and nowhere else."""

    root: Path = ROOT
    data_dir: Path | None = None
    records_dir: Path | None = None

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """Return the checkout around `start` (default: the working directory), else this library's own.

        The variables LIVINGMETA_DATA and LIVINGMETA_RECORDS name other tables and another folder of
        records, so that notebooks read and write where whoever runs them does.
        """
        here = (start or Path.cwd()).resolve()
        around = (
            folder for folder in (here, *here.parents) if all((folder / name).exists() for name in MARKERS)
        )
        data, records = os.environ.get(DATA_VARIABLE), os.environ.get(RECORDS_VARIABLE)
        return cls(next(around, ROOT), Path(data) if data else None, Path(records) if records else None)

    @property
    def data(self) -> Path:
        """Return the folder of the curated tables."""
        return self.data_dir or self.root / "data"

    @property
    def questions(self) -> Path:
        """Return the folder of the question files."""
        return self.data / "questions"

    @property
    def effects(self) -> Path:
        """Return the folder of the effect tables."""
        return self.data / "effects"

    @property
    def notebooks(self) -> Path:
        """Return the folder of the notebook templates."""
        return self.root / "pipelines" / "notebooks"

    @property
    def book(self) -> Path:
        """Return the folder of the book's sources."""
        return self.root / "book"

    @property
    def pages(self) -> Path:
        """Return the folder of the generated question pages."""
        return self.book / "questions"

    @property
    def fragments(self) -> Path:
        """Return the folder of the generated Markdown that static pages include."""
        return self.book / "_generated"

    @property
    def changes(self) -> Path:
        """Return the folder of the generated pages on what changed in each release."""
        return self.book / "changes"

    @property
    def build(self) -> Path:
        """Return the folder of everything built."""
        return self.root / "_build"

    @property
    def contents(self) -> Path:
        """Return the generated table of contents, with question pages in their order."""
        return self.build / "_toc.yml"

    @property
    def records(self) -> Path:
        """Return the folder of the result records."""
        return self.records_dir or self.build / "records"

    @property
    def parcels(self) -> Path:
        """Return the folder of questions that were run by themselves and wait for a build."""
        return self.build / "parcels"

    @property
    def kept_records(self) -> Path:
        """Return the folder of records that comparisons keep, named by the hash of what they follow from."""
        return self.build / "kept"

    @property
    def svg_cache(self) -> Path:
        """Return the folder of rendered charts, named by the hash of what they show."""
        return self.build / "svg"

    @property
    def html(self) -> Path:
        """Return the folder of the built site."""
        return self.build / "html"
