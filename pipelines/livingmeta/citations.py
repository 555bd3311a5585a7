"""How the book and one estimate of it are cited: CSL-JSON items, and what is written from items.

An item is a mapping of CSL-JSON, https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html.
What is not known is left out of it. BibTeX, RIS and plain text are written from items alone, for
the book as for the reports of its studies.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rispy
import yaml
from bibtexparser import Library, writer
from bibtexparser.model import Entry, Field

from livingmeta.numbers import cited, number, stamp
from livingmeta.paths import Project
from livingmeta.releases import UNRELEASED, Identity

Item = Mapping[str, Any]
Record = Mapping[str, Any]
KEY = "livingmagnesium"
FILE = "CITATION.cff"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the quick one where it was built


class CitationError(ValueError):
    """The citation file is missing or says too little."""


@dataclass(frozen=True)
class Book:
    """What a citation of the book is made of.

    Parameters
    ----------
    title : str
        Of the book.
    authors : tuple of mapping
        CSL names: {"literal": ...} for a group, {"family": ..., "given": ...} for a person.
    version : str
        A version, or "unreleased".
    date : str
        Day of the release, YYYY-MM-DD; empty before there is one.
    doi : str
        Empty as long as the citation file names none.
    address : str
        Of the site, empty as long as the settings name none.
    """

    title: str
    authors: tuple[Mapping[str, str], ...]
    version: str = UNRELEASED
    date: str = ""
    doi: str = ""
    address: str = ""

    @property
    def folder(self) -> str:
        """Return where this version lies on the site, empty when the site has no address."""
        name = "dev" if self.version == UNRELEASED else f"v{self.version}"
        return f"{self.address.rstrip('/')}/{name}/book" if self.address else ""


def read_book(project: Project, today: Identity) -> Book:
    """Return what the citation file and the settings say of the book, in the version of a build.

    Raises
    ------
    CitationError
        When there is no citation file, or it names no title or no author.
    """
    said = _mapping(project, FILE)
    missing = [key for key in ("title", "authors") if not said.get(key)]
    if missing:
        raise CitationError(f"{FILE}: {' and '.join(missing)}: not there: both are required to cite the book")
    html = _mapping(project, "_config.yml", optional=True).get("html") or {}
    return Book(
        title=str(said["title"]),
        authors=tuple(_author(one) for one in said["authors"]),
        version=today.version,
        date=today.date if today.is_release else "",
        doi=str(said.get("doi") or ""),
        address=str(html.get("baseurl") or ""),
    )


def _mapping(project: Project, name: str, optional: bool = False) -> dict[str, Any]:
    path = project.root / name
    if optional and not path.exists():
        return {}
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, yaml.YAMLError) as error:
        raise CitationError(f"{name}: cannot be read: {error}") from None
    return read if isinstance(read, dict) else {}


def _author(said: Mapping[str, Any]) -> dict[str, str]:
    if "name" in said:
        return {"literal": str(said["name"])}
    names = {"family": said.get("family-names"), "given": said.get("given-names")}
    return {key: str(value) for key, value in names.items() if value}


def key(book: Book, question_id: str = "") -> str:
    """Return the name under which a version of the book, or one question of it, is cited."""
    parts = [KEY, book.version, *([question_id] if question_id else [])]
    return "_".join(re.sub(r"[^A-Za-z0-9]+", "-", part) for part in parts)


def book_item(book: Book) -> dict[str, Any]:
    """Return the item of the whole book."""
    address = f"{book.folder}/index.html" if book.folder else ""
    return _present(
        id=key(book),
        type="dataset",
        author=list(book.authors),
        title=book.title,
        **_version(book, address),
        note=f"Version: {book.version}.",
    )


def estimate_item(book: Book, record: Record) -> dict[str, Any]:
    """Return the item of one question, with the number that its page leads with and its stamp.

    Where the page leads with no number, the stamp stands alone.
    """
    found = number(record, "verdict")
    shown = cited(record, found, book.version) if found else stamp(record, release=book.version)
    page = f"{book.folder}/questions/{record['part']}/{record['id']}.html" if book.folder else ""
    return _present(
        id=key(book, record["id"]),
        type="chapter",
        author=list(book.authors),
        title=record["title"],
        **{"container-title": book.title},
        **_version(book, page),
        note=f"Version: {book.version}. {shown}",
    )


def _version(book: Book, address: str) -> dict[str, Any]:
    return {"version": book.version, "issued": issued(book.date), "DOI": book.doi, "URL": address}


def issued(date: str) -> dict[str, Any] | None:
    """Return a day, a month or a year as CSL has it; None when there is none."""
    return {"date-parts": [[int(part) for part in date.split("-")]]} if date else None


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def csl(items: Sequence[Item]) -> str:
    """Return items as CSL-JSON."""
    return json.dumps(list(items), ensure_ascii=False, indent=2) + "\n"


def plain(item: Item) -> str:
    """Return an item as a line of text; what it lacks is left out."""
    authors = "; ".join(_name(one) for one in item.get("author", ()))
    container = item.get("container-title", "")
    parts = (
        authors,
        item.get("title", ""),
        f"In: {container}" if item["type"] == "chapter" else container,
        _date(item),
        item.get("note", ""),
        f"https://doi.org/{item['DOI']}" if "DOI" in item else "",
        item.get("URL", ""),
    )
    return " ".join(_sentence(part) for part in parts if part)


def _sentence(part: str) -> str:
    ends = part.startswith("https:") or part.endswith((".", "]", "?"))
    return part if ends else f"{part}."


def _name(author: Mapping[str, str]) -> str:
    return author.get("literal") or " ".join(author[key] for key in ("family", "given") if key in author)


def _date(item: Item) -> str:
    return "-".join(f"{part:02d}" for part in item["issued"]["date-parts"][0]) if "issued" in item else ""


def _year(item: Item) -> str:
    return str(item["issued"]["date-parts"][0][0]) if "issued" in item else ""


BIBTEX_TYPES = {
    "article-journal": "article",
    "paper-conference": "inproceedings",
    "chapter": "incollection",
}
CONTAINERS = {"article": "journal", "inproceedings": "booktitle", "incollection": "booktitle"}


def bibtex(items: Sequence[Item]) -> str:
    """Return items as BibTeX that is pure in what LaTeX minds: specials and accents are escaped.

    Titles stand in double braces, so that no style changes their capitals.
    """
    form = writer.BibtexFormat()
    form.indent, form.trailing_comma, form.block_separator = "  ", True, "\n"
    entries = Library([_entry(item) for item in items])
    return str(writer.write(entries, form))


def _entry(item: Item) -> Entry:
    kind = BIBTEX_TYPES.get(item["type"], "misc")
    values = {
        "author": " and ".join(_bibtex_name(one) for one in item.get("author", ())),
        "title": _protected(item.get("title", "")),
        CONTAINERS.get(kind, "howpublished"): _protected(item.get("container-title", "")),
        "year": _year(item),
        "volume": latex(item.get("volume", "")),
        "number": latex(item.get("issue", "")),
        "pages": latex(item.get("page", "")),
        "doi": item.get("DOI", ""),
        "pmid": item.get("PMID", ""),
        "pmcid": item.get("PMCID", ""),
        "url": item.get("URL", ""),
        "note": latex(item.get("note", "")),
    }
    fields = [Field(name, f"{{{value}}}") for name, value in values.items() if value]
    return Entry(kind, item["id"], fields)


def _protected(text: str) -> str:
    return f"{{{latex(text)}}}" if text else ""


def _bibtex_name(author: Mapping[str, str]) -> str:
    if "literal" in author:
        return f"{{{latex(author['literal'])}}}"
    family = latex(author["family"])
    if "given" in author:
        return f"{family}, {latex(author['given'])}"
    return f"{{{family}}}" if " " in family else family


SPECIALS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"{\`{}}",
    "‘": r"\textquoteleft{}",
}
ACCENTS = {
    **{"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0304": "="},
    **{"\u0307": ".", "\u030c": "v", "\u0306": "u", "\u030b": "H", "\u0327": "c", "\u0328": "k"},
    "\u030a": "r",
}


def latex(text: str) -> str:
    """Return text as LaTeX prints it back: specials and accented Latin letters are written as commands."""
    written = "".join(_letter(sign) for sign in unicodedata.normalize("NFC", text))
    return re.sub(r"-(?=-)", "-{}", written)


def _letter(sign: str) -> str:
    if sign in SPECIALS:
        return SPECIALS[sign]
    parts = unicodedata.normalize("NFD", sign)
    if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in ACCENTS:
        return f"{{\\{ACCENTS[parts[1]]}{{{parts[0]}}}}}"
    return sign


RIS_TYPES = {
    "article-journal": "JOUR",
    "paper-conference": "CPAPER",
    "chapter": "CHAP",
    "dataset": "DATA",
    "article": "UNPB",
}


class _Writer(rispy.RisWriter):
    """Writes references one after the other, without the numbers that the library puts between them."""

    def set_header(self, count: int) -> str:
        return ""


def ris(items: Sequence[Item]) -> str:
    """Return items as RIS."""
    return str(rispy.dumps([_ris(item) for item in items], implementation=_Writer))


def _ris(item: Item) -> dict[str, Any]:
    journal = item["type"] == "article-journal"
    first, _, last = item.get("page", "").partition("-")
    fields = {
        "type_of_reference": RIS_TYPES.get(item["type"], "GEN"),
        "id": item["id"],
        "authors": [_ris_name(one) for one in item.get("author", ())],
        "title": item.get("title"),
        "journal_name" if journal else "secondary_title": item.get("container-title"),
        "year": _year(item),
        "volume": item.get("volume"),
        "number": item.get("issue"),
        "start_page": first,
        "end_page": last,
        "doi": item.get("DOI"),
        "accession_number": item.get("PMID"),
        "custom2": item.get("PMCID"),
        "urls": [item["URL"]] if "URL" in item else [],
        "notes": [item["note"]] if "note" in item else [],
    }
    return {name: value for name, value in fields.items() if value}


def _ris_name(author: Mapping[str, str]) -> str:
    """Return a name with the comma that keeps a group, or a surname of several words, in one piece."""
    if "given" in author:
        return f"{author['family']}, {author['given']}"
    name = author.get("literal") or author["family"]
    return f"{name}," if " " in name else name
