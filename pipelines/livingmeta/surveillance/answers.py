"""Answers of PubMed's E-utilities as text: what a search found, which records came, what went wrong."""

import json
import re
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

FOUND, RECORDS = "eSearchResult", "PubmedArticleSet"
PMID_OF = {"PubmedArticle": "MedlineCitation/PMID", "PubmedBookArticle": "BookDocument/PMID"}
UNKNOWN = {
    "ErrorList/PhraseNotFound": "phrase not found",
    "ErrorList/FieldNotFound": "field not known",
    "WarningList/QuotedPhraseNotFound": "quoted phrase not found",
    "WarningList/PhraseIgnored": "phrase ignored",
}
_LOST = re.compile(r"unable to obtain query|history", re.IGNORECASE)
_LONGEST = 200


class AnswerError(ValueError):
    """An answer that is none: half of it is missing, or it is an error in the clothes of an answer."""


class LostError(AnswerError):
    """PubMed has forgotten the search that an answer was to come from."""


@dataclass(frozen=True)
class Search:
    """What a search found.

    Parameters
    ----------
    count : int
        Number of records.
    pmids : tuple of str
        Their numbers, in PubMed's order; empty where the answer names fewer than it counts.
    web_env, query_key : str
        Where PubMed keeps the search for a while; empty where it keeps nothing.
    remarks : tuple of str
        Parts of the query that PubMed did not take as they were meant.
    """

    count: int
    pmids: tuple[str, ...]
    web_env: str = ""
    query_key: str = ""
    remarks: tuple[str, ...] = ()


def read_search(body: bytes) -> Search:
    """Return what the answer to a search says.

    Raises
    ------
    AnswerError
        When it is an error, or cannot be read to its end.
    """
    root = _root(body, FOUND)
    count = (root.findtext("Count") or "").strip()
    if not count.isdecimal():
        raise AnswerError("the answer to the search counts nothing")
    pmids = tuple((one.text or "").strip() for one in root.iterfind("IdList/Id"))
    remarks = [
        f"{words}: {' '.join((one.text or '').split())}"
        for path, words in UNKNOWN.items()
        for one in root.iterfind(path)
    ]
    kept = [(root.findtext(name) or "").strip() for name in ("WebEnv", "QueryKey")]
    return Search(int(count), pmids if len(pmids) == int(count) else (), kept[0], kept[1], tuple(remarks))


def read_pmids(body: bytes) -> tuple[str, ...]:
    """Return the numbers of the records in an answer, one each, empty for a record without one.

    Raises
    ------
    LostError
        When PubMed has forgotten the search.
    AnswerError
        When it is an error, or cannot be read to its end.
    """
    root = _root(body, RECORDS)
    return tuple((one.findtext(PMID_OF[one.tag]) or "").strip() for one in root if one.tag in PMID_OF)


def reason(body: bytes) -> str:
    """Return what an answer gives as its error, empty when it gives none."""
    if body.lstrip()[:1] == b"{":
        return _said_in_json(body)
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return ""
    return _short(" ".join(one.text or "" for one in root.iter() if one.tag in ("ERROR", "error")))


def is_lost(words: str) -> bool:
    """Return whether the words of an error say that a search has been forgotten."""
    return _LOST.search(words) is not None


def _root(body: bytes, tag: str) -> Element:
    # Not by Biopython's own reader: it may go and fetch a document type from the network.
    if not body.strip():
        raise AnswerError("the answer is empty")
    if said := reason(body):
        raise (LostError if is_lost(said) else AnswerError)(f"PubMed answered: {said}")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise AnswerError(f"the answer ends too early or is no XML ({error})") from None
    if root.tag != tag:
        raise AnswerError(f"the answer must be {tag}, is {_short(root.tag)}")
    return root


def _said_in_json(body: bytes) -> str:
    # Nothing else of it: it also names the key, or the address of the machine that asked.
    try:
        read = json.loads(body.decode("utf-8", "replace"), strict=False)
    except ValueError:
        return "JSON that cannot be read"
    inner = read.get("esearchresult", read)
    said = (inner.get("ERROR") or inner.get("error")) if isinstance(inner, dict) else None
    return _short(str(said or "JSON where XML was asked for"))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
