"""How to cite a question: its citation in four forms, its numbers with their stamps, its files.

The citation names the version alone: a page does not change with every commit.
"""

from collections.abc import Mapping
from typing import Any

from livingmeta import citations
from livingmeta.analysis import Analysis
from livingmeta.charts import CHARTS
from livingmeta.citations import Book
from livingmeta.numbers import cited, numbers
from livingmeta.paths import Project
from livingmeta.releases import identity
from livingmeta.results import question_record
from livingmeta.tables.html import Column, Markup, table, text
from livingmeta.tables.question import API

NUMBER_ANCHOR = "number-"
NUMBER_COLUMNS = (Column("Number"), Column("Value with its stamp, to copy"))


def cite_box(analysis: Analysis, project: Project) -> Markup:
    """Return how to cite this question in this version, its numbers, and the files behind the page."""
    record = question_record(analysis)
    book = citations.read_book(project, identity(project))
    return Markup(
        f'<div class="lm-cite">{citation_blocks(book, record)}{numbers_table(record, book.version)}'
        f"{_files(analysis)}"
        '<p>Forms, versions and fixed addresses: <a href="../../how-to-cite.html">How to cite</a>.</p></div>'
    )


def citation_blocks(book: Book, record: Mapping[str, Any]) -> Markup:
    """Return the citation of one question as text, BibTeX, RIS and CSL-JSON, each to be copied."""
    item = citations.estimate_item(book, record)
    forms = {
        "Text": citations.plain(item),
        "BibTeX": citations.bibtex([item]),
        "RIS": citations.ris([item]),
        "CSL-JSON": citations.csl([item]),
    }
    blocks = (_block(name, form, opened=name == "Text") for name, form in forms.items())
    return Markup(f'<div class="lm-cite-forms">{"".join(blocks)}</div>')


def _block(name: str, form: str, opened: bool) -> str:
    state = " open" if opened else ""
    return f"<details{state}><summary>{name}</summary>{to_copy(form.strip())}</details>"


def to_copy(shown: str) -> Markup:
    """Return text in a box that gets a button to copy it."""
    return Markup(f'<div class="lm-copy"><pre>{text(shown)}</pre></div>')


def numbers_table(record: Mapping[str, Any], version: str) -> Markup:
    """Return the citable numbers of a page with their stamps; each row has the anchor number-<field>."""
    found = numbers(record)
    rows = [(one.label, to_copy(cited(record, one, version))) for one in found]
    anchors = [NUMBER_ANCHOR + one.field for one in found]
    made = table(NUMBER_COLUMNS, rows, "lm-table lm-numbers", anchors)
    return Markup(f'<p class="lm-cite-title">Numbers of this page</p>{made}')


def _files(analysis: Analysis) -> str:
    files = [("record (JSON)", "json"), ("effect sizes (CSV)", "csv")]
    drawn = [
        (f"{chart.title.lower()} (SVG)", f"{name}.svg")
        for name, chart in CHARTS.items()
        if not chart.absence(analysis)
    ]
    base = f"{API}/{analysis.question.id}"
    links = " · ".join(f'<a href="{base}.{end}">{label}</a>' for label, end in (*files, *drawn))
    return f'<p class="lm-downloads">{links}</p>'
