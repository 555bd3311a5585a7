"""HTML primitives: escaping, tables and links, in one place."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

NOT_RECORDED = "not recorded"
BREAKS = re.compile(r"\s*\n\s*\n\s*")  # an empty line would end the HTML inside a page of Markdown


class Markup(str):
    """Text that is HTML already and must not be escaped again."""

    def _repr_html_(self) -> str:
        """Return the markup, so that a notebook shows it."""
        return str(self)


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, whether it holds numbers, an explanation and a class."""

    heading: str
    numeric: bool = False
    title: str = ""
    css: str = ""


def missing(value: Any) -> bool:
    """Return whether a cell holds nothing."""
    return value is None or value is pd.NA or value == "" or (isinstance(value, float) and value != value)


def text(value: Any, otherwise: str = NOT_RECORDED) -> str:
    """Return a cell as escaped text, or `otherwise` when it holds nothing."""
    if isinstance(value, Markup):
        return str(value)
    if missing(value):
        return f'<span class="lm-none">{otherwise}</span>'
    shown = f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
    return escape(BREAKS.sub(" ", shown))


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[Any]], css: str = "lm-table", ids: Sequence[str] = ()
) -> Markup:
    """Return an HTML table inside a box that scrolls sideways on a narrow screen."""
    head = "".join(f'<th scope="col"{_class(c)}{_title(c)}>{escape(c.heading)}</th>' for c in columns)
    body = "".join(_row(columns, row, ids[i] if i < len(ids) else "") for i, row in enumerate(rows))
    return Markup(
        f'<div class="lm-scroll" tabindex="0"><table class="{css}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(columns: Sequence[Column], row: Sequence[Any], anchor: str) -> str:
    cells = "".join(f"<td{_class(c)}>{text(value)}</td>" for c, value in zip(columns, row, strict=True))
    mark = f' id="{escape(anchor)}"' if anchor else ""
    return f"<tr{mark}>{cells}</tr>"


def _class(column: Column) -> str:
    css = " ".join(name for name in ("lm-num" if column.numeric else "", column.css) if name)
    return f' class="{css}"' if css else ""


def _title(column: Column) -> str:
    return f' title="{escape(column.title)}"' if column.title else ""


def doi_link(doi: Any) -> Markup:
    """Return a link to a DOI, or nothing."""
    return (
        Markup("")
        if missing(doi)
        else Markup(f'<a href="https://doi.org/{escape(doi)}">doi:{escape(doi)}</a>')
    )


def pmid_link(pmid: Any) -> Markup:
    """Return a link to a PubMed record, or nothing."""
    if missing(pmid):
        return Markup("")
    number = str(pmid).removesuffix(".0")
    return Markup(f'<a href="https://pubmed.ncbi.nlm.nih.gov/{escape(number)}/">PMID {escape(number)}</a>')


def pmc_link(pmcid: Any) -> Markup:
    """Return a link to the text in PubMed Central, or nothing."""
    if missing(pmcid):
        return Markup("")
    number = escape(str(pmcid))
    return Markup(f'<a href="https://pmc.ncbi.nlm.nih.gov/articles/{number}/">{number}</a>')


def register_link(registration: Any) -> Markup:
    """Return a number in a trial register, as a link where it is one of ClinicalTrials.gov."""
    number = "" if missing(registration) else str(registration)
    if not re.fullmatch(r"NCT\d{8}", number):
        return Markup(escape(number))
    return Markup(f'<a href="https://clinicaltrials.gov/study/{number}">{number}</a>')


def sources(doi: Any, pmid: Any, otherwise: str = NOT_RECORDED) -> Markup:
    """Return the links a report has, or `otherwise`."""
    links = [link for link in (doi_link(doi), pmid_link(pmid)) if link]
    return Markup("<br>".join(links) if links else text("", otherwise))


def bullets(items: Iterable[str]) -> Markup:
    """Return a list; items are escaped unless they are markup."""
    return Markup("<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>")


def definitions(pairs: Iterable[tuple[str, Any]], css: str = "lm-pico") -> Markup:
    """Return a definition list."""
    body = "".join(f"<dt>{escape(term)}</dt><dd>{text(value)}</dd>" for term, value in pairs)
    return Markup(f'<dl class="{css}">{body}</dl>')


def chips(items: Iterable[str]) -> Markup:
    """Return short facts as a row of chips."""
    return Markup(
        '<p class="lm-chips">'
        + " ".join(f'<span class="lm-chip">{text(item)}</span>' for item in items)
        + "</p>"
    )
