"""PubMed's XML, article by article, so that a damaged or cut-off file gives all that is whole.

Articles are parsed one at a time without their document type: no entity is defined, none can grow, and
nothing is fetched from anywhere.
"""

import html
import html.entities
import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from livingmeta.intake import types
from livingmeta.intake.found import Found, Piece, broken, numbered, read_piece, reading
from livingmeta.intake.record import Broken, ExportError, Reading, Record, Relation

NAME = "PubMed XML"
ARTICLES = ("PubmedArticle", "PubmedBookArticle")
BEGIN = re.compile(rf"<({'|'.join(ARTICLES)})(?:\s[^>]*)?>")
# What stands around articles and is no record: declarations, the element that holds all, records withdrawn.
AROUND = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>|<!--.*?-->|</?(?:PubmedArticleSet|"
    r"PubmedBookArticleSet)[^>]*>|"
    r"<DeleteCitation>.*?</DeleteCitation>|<DeleteDocument>.*?</DeleteDocument>|"
    r"<(?:DeleteCitation|DeleteDocument|PubmedArticleSet)\s*/>",
    re.S,
)  # fmt: skip
NAMED_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]*);")
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def is_pubmed_xml(text: str) -> bool:
    """Return whether a text is XML with articles of PubMed, or the empty answer to a search."""
    return bool(BEGIN.search(text) or re.search(r"<PubmedArticleSet\b", text[:5000]))


def read(text: str) -> Reading:
    """Return the articles of a PubMed XML file.

    Raises
    ------
    ExportError
        If the file defines entities, which no file of PubMed does.
    """
    if re.search(r"<!ENTITY", text):
        raise ExportError(
            "the XML file defines entities of its own (<!ENTITY ...>), which no export of PubMed does; "
            "it is not read. Export the search from PubMed anew."
        )
    return reading(NAME, map(_read, pieces(text)))


def pieces(text: str) -> Iterator[Piece]:
    """Yield the articles of a file, whole or cut off, and the text between them."""
    return numbered(_lines(text))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the spans of a text with the line each begins at."""
    line, counted = 1, 0
    for start, end in _spans(text):
        line, counted = line + text.count("\n", counted, start), start
        yield line, text[start:end]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where articles and what is between them begin and end."""
    begins = list(BEGIN.finditer(text))
    limits = [*(match.start() for match in begins), len(text)]
    yield from _between(text, 0, limits[0])
    for match, limit in zip(begins, limits[1:], strict=True):
        close = f"</{match[1]}>"
        end = text.find(close, match.end(), limit)
        if end < 0:
            yield match.start(), limit
        else:
            yield match.start(), end + len(close)
            yield from _between(text, end + len(close), limit)


def _between(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what of the text between two articles is not the packing of the file."""
    begun = start
    for around in AROUND.finditer(text, start, end):
        yield begun, around.start()
        begun = around.end()
    yield begun, end


def _read(piece: Piece) -> Record | Broken:
    text = piece.text.strip()
    if not BEGIN.match(text):
        return broken(piece, "text that belongs to no article")
    text = FORBIDDEN.sub("", NAMED_ENTITY.sub(_character, text))
    try:
        article = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        whole = text.endswith(tuple(f"</{name}>" for name in ARTICLES))
        return broken(piece, f"{'not well-formed XML' if whole else 'the article is cut off'}: {error}")
    return read_piece(_found(article), piece)


def _character(entity: re.Match[str]) -> str:
    """Return the character that an entity of HTML stands for, safe in XML; others stay as they are."""
    return (
        html.escape(html.unescape(entity[0]), quote=False)
        if f"{entity[1]};" in html.entities.html5
        else entity[0]
    )


def _texts(article: ElementTree.Element, *paths: str) -> tuple[str, ...]:
    """Return the texts of all elements at some paths, mark-up inside them left out."""
    found = ("".join(element.itertext()) for path in paths for element in article.iterfind(path))
    return tuple(" ".join(text.split()) for text in found if text.strip())


def _found(article: ElementTree.Element) -> Found:
    core = article.find("MedlineCitation/Article")
    book = article.find("BookDocument")
    if core is None and book is None:
        return Found(pmids=_texts(article, ".//PMID"))
    inner = core if core is not None else book
    assert inner is not None
    issue = "Journal/JournalIssue/"
    identifiers = (
        "./PubmedData/ArticleIdList/ArticleId",
        "./PubmedBookData/ArticleIdList/ArticleId",
        "./BookDocument/ArticleIdList/ArticleId",
    )
    return Found(
        titles=_texts(inner, "ArticleTitle", "VernacularTitle", "Book/BookTitle"),
        authors=tuple(_authors(inner.iterfind("AuthorList/Author"))),
        years=_dates(inner, f"{issue}PubDate", "ArticleDate", "Book/PubDate"),
        journals=_texts(
            article,
            "MedlineCitation/Article/Journal/Title",
            "MedlineCitation/MedlineJournalInfo/MedlineTA",
            "BookDocument/Book/BookTitle",
        ),
        volume=next(iter(_texts(inner, f"{issue}Volume")), ""),
        issue=next(iter(_texts(inner, f"{issue}Issue")), ""),
        pages=next(iter(_texts(inner, "Pagination/MedlinePgn", "Pagination/StartPage")), ""),
        dois=(
            *_texts(inner, "ELocationID[@EIdType='doi']"),
            *_texts(article, *(f"{path}[@IdType='doi']" for path in identifiers)),
        ),
        pmids=(
            *_texts(article, "MedlineCitation/PMID", "BookDocument/PMID"),
            *_texts(article, *(f"{path}[@IdType='pubmed']" for path in identifiers)),
        ),
        pmcids=_texts(article, *(f"{path}[@IdType='pmc']" for path in identifiers)),
        texts=_texts(inner, "DataBankList/DataBank/AccessionNumberList/AccessionNumber"),
        abstract=_abstract(inner),
        languages=_texts(inner, "Language"),
        kinds=_texts(inner, "PublicationTypeList/PublicationType", "PublicationType"),
        relations=tuple(_relations(article)),
    )


def _authors(authors: Iterable[ElementTree.Element]) -> Iterator[str]:
    for author in authors:
        last, given, group = (
            next(iter(_texts(author, *paths)), "")
            for paths in (("LastName",), ("ForeName", "Initials"), ("CollectiveName",))
        )
        yield group or (f"{last}, {given}" if given else last)


def _dates(inner: ElementTree.Element, *paths: str) -> tuple[str, ...]:
    return tuple(
        " ".join(_texts(date, "Year", "MedlineDate")) for path in paths for date in inner.iterfind(path)
    )


def _abstract(inner: ElementTree.Element) -> str:
    parts = (
        (part.get("Label", ""), " ".join("".join(part.itertext()).split()))
        for part in inner.iterfind("Abstract/AbstractText")
    )
    return " ".join(f"{label}: {text}" if label else text for label, text in parts if text)


def _relations(article: ElementTree.Element) -> Iterator[Relation]:
    for other in article.iterfind("MedlineCitation/CommentsCorrectionsList/CommentsCorrections"):
        kind = types.PUBMED_RELATIONS.get(other.get("RefType", ""))
        if kind:
            said = types.relation(kind, " ".join(_texts(other, "RefSource")))
            number = next(iter(_texts(other, "PMID")), "") or said.pmid
            yield Relation(kind, said.doi, number, said.text)
