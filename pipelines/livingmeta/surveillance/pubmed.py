"""PubMed asked through its E-utilities by Biopython: all of what is new between two days, or nothing.

What a search found is known by the numbers of its records, so that a record that did not come, came
twice or was not asked for is seen. Whatever may pass by itself is asked for again.
"""

import http.client
import math
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request

from livingmeta.surveillance.answers import (
    AnswerError,
    LostError,
    Search,
    is_lost,
    read_pmids,
    read_search,
    reason,
)
from livingmeta.surveillance.settings import TOOL, Asker, Patience

HOST = "https://eutils.ncbi.nlm.nih.gov/"
MOST = 9999  # PubMed hands out no more of one search
BATCH = 200
# Added to PubMed, dated, or indexed: the date of entry of what comes late is set back to that of print.
SINCE = "({query}) AND ({span}[crdt] OR {span}[edat] OR {span}[mhda])"
TOO_MANY = 429
T = TypeVar("T")


class PubMedError(RuntimeError):
    """A look that was not complete; nothing of it may be used."""


class _AgainError(Exception):
    """What may pass by itself, and how long the server asks to be left alone (seconds)."""

    def __init__(self, words: str, pause: float | None = None):
        super().__init__(words)
        self.pause = pause


@dataclass(frozen=True)
class Found:
    """What a complete look found.

    Parameters
    ----------
    query : str
        As PubMed was asked, days included.
    count : int
        Number of records.
    files : tuple of (str, bytes)
        The records as PubMed's XML, some hundred each, under a name; none for no record.
    remarks : tuple of str
        Parts of the query that PubMed did not take as they were meant.
    """

    query: str
    count: int
    files: tuple[tuple[str, bytes], ...] = ()
    remarks: tuple[str, ...] = ()


def dated(query: str, since: date, until: date) -> str:
    """Return a query for what was added to PubMed, dated or indexed between two days."""
    return SINCE.format(query=query, span=f"{since:%Y/%m/%d}:{until:%Y/%m/%d}")


class PubMed:
    """PubMed as it is asked by somebody, with patience."""

    def __init__(self, asker: Asker, patience: Patience | None = None):
        self._asker, self._patience = asker, patience or Patience()

    def count(self, query: str) -> Found:
        """Return how many records a query finds, without them.

        Raises
        ------
        PubMedError
            When there is no whole answer.
        """
        with self._entrez() as entrez:
            found = self._searched(entrez, query)
        return Found(query, found.count, remarks=found.remarks)

    def look(self, query: str, name: str) -> Found:
        """Return all records that a query finds.

        Parameters
        ----------
        query : str
            In PubMed's language, with days.
        name : str
            Beginning of the names of the files.

        Raises
        ------
        PubMedError
            When a record is missing, or there are more than PubMed hands out.
        """
        with self._entrez() as entrez:
            found = self._searched(entrez, query)
            if found.count > MOST:
                raise PubMedError(
                    f"{found.count} records are more than the {MOST} that PubMed hands out of one search: "
                    "make the search narrower, or ask since a later day"
                )
            bodies = self._records(entrez, found) if found.count else []
        files = tuple((f"{name}-{at}.xml", body) for at, body in enumerate(bodies, start=1))
        return Found(query, found.count, files, found.remarks)

    def _searched(self, entrez: Any, query: str) -> Search:
        asked = partial(entrez.esearch, db="pubmed", term=query, usehistory="y", retmax=MOST)
        return self._ask(asked, read_search)

    def _records(self, entrez: Any, found: Search) -> list[bytes]:
        """Return the records of a search: as PubMed kept it, else by their numbers."""
        try:
            bodies, pmids = self._kept(entrez, found)
            wrong = _wrong(found, pmids)
        except LostError as error:
            wrong = str(error)
        if wrong and found.pmids:
            bodies, pmids = self._by_number(entrez, found.pmids)
            wrong = _wrong(found, pmids)
        if wrong:
            raise PubMedError(wrong)
        return bodies

    def _kept(self, entrez: Any, found: Search) -> tuple[list[bytes], list[str]]:
        if not found.web_env:
            raise LostError("PubMed kept nothing of the search")
        kept = {"WebEnv": found.web_env, "query_key": found.query_key}
        pages = [{**kept, "retstart": start, "retmax": BATCH} for start in range(0, found.count, BATCH)]
        return self._pages(entrez, pages)

    def _by_number(self, entrez: Any, pmids: Sequence[str]) -> tuple[list[bytes], list[str]]:
        parts = [pmids[start : start + BATCH] for start in range(0, len(pmids), BATCH)]
        return self._pages(entrez, [{"id": ",".join(part)} for part in parts])

    def _pages(self, entrez: Any, pages: Sequence[dict[str, Any]]) -> tuple[list[bytes], list[str]]:
        bodies: list[bytes] = []
        pmids: list[str] = []
        for page in pages:
            body, came = self._ask(partial(entrez.efetch, db="pubmed", retmode="xml", **page), _with_pmids)
            bodies.append(body)
            pmids += came
        return bodies, pmids

    def _ask(self, call: Callable[[], Any], read: Callable[[bytes], T]) -> T:
        """Return what is read from an answer; what may pass by itself is asked for again."""
        patience = self._patience
        for attempt in range(patience.tries):
            try:
                return read(_body(call))
            except LostError:
                raise
            except (AnswerError, _AgainError) as error:
                last, asked = error, getattr(error, "pause", None)
            pause = patience.pause(attempt) if asked is None else asked
            if pause > patience.longest_pause:
                raise PubMedError(
                    f"{last}; it asks to be left alone for {math.ceil(pause)} s: come back later"
                )
            if attempt + 1 < patience.tries:
                patience.sleep(pause)
        raise PubMedError(f"{last}; given up after {patience.tries} tries")

    @contextmanager
    def _entrez(self) -> Iterator[Any]:
        """Return Biopython's Entrez under this name, without repeats of its own, and leave it as it was."""
        from Bio import Entrez

        asker = self._asker
        ours: dict[str, Any] = {
            "email": asker.email,
            "api_key": asker.api_key or None,
            "tool": TOOL,
            "max_tries": 1,
        }
        ours["urlopen"] = _opener(asker.address, self._patience.seconds)
        before = {name: getattr(Entrez, name) for name in ours}
        try:
            for name, value in ours.items():
                setattr(Entrez, name, value)
            yield Entrez
        except LostError as error:
            raise PubMedError(str(error)) from None
        finally:
            for name, value in before.items():
                setattr(Entrez, name, value)


def _opener(address: str, seconds: float) -> Callable[[Request], Any]:
    """Return what opens a request: within some time, and at another server where one stands in."""
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if address else []))

    def opened(request: Request) -> Any:
        if address:
            request.full_url = address + request.full_url.removeprefix(HOST)
        return opener.open(request, timeout=seconds)

    return opened


def _body(call: Callable[[], Any]) -> bytes:
    """Return the bytes of an answer.

    Raises
    ------
    PubMedError
        When the server refuses for good.
    """
    try:
        with closing(call()) as handle:
            body: bytes = getattr(handle, "buffer", handle).read()
            return body
    except HTTPError as error:
        raise _of_status(error) from None
    except http.client.IncompleteRead:
        raise _AgainError("the answer broke off") from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise _AgainError(f"no answer from PubMed: {str(why) or type(why).__name__}") from None


def _with_pmids(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    return body, read_pmids(body)


def _of_status(error: HTTPError) -> Exception:
    """Return what a status of HTTP means; the address stays unsaid, for it holds the key."""
    try:
        said = reason(error.read())
    except (OSError, http.client.HTTPException):
        said = ""
    words = f"PubMed answered with status {error.code}" + (f": {said}" if said else "")
    if error.code == TOO_MANY or error.code >= 500:
        return _AgainError(words, _pause(error.headers.get("Retry-After")))
    return LostError(words) if is_lost(said) else PubMedError(words)


def _pause(header: str | None) -> float | None:
    """Return the seconds that a server asks to be left alone; it gives seconds or a moment."""
    text = (header or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _wrong(found: Search, pmids: Sequence[str]) -> str:
    """Return in words how the records that came differ from those that were found, empty when they do not."""
    came = Counter(pmids)
    parts = []
    if found.pmids:
        missing = [pmid for pmid in found.pmids if not came[pmid]]
        parts.append(_listed("did not come", missing))
        parts.append(_listed("were not asked for", sorted(set(came) - set(found.pmids))))
    elif len(came) != found.count:
        parts.append(f"{found.count} records were counted and {len(came)} came")
    parts.append(_listed("came twice", [pmid for pmid, n in came.items() if n > 1]))
    told = "; ".join(part for part in parts if part)
    return f"the look is not complete: {told}" if told else ""


def _listed(words: str, pmids: Sequence[str], most: int = 10) -> str:
    if not pmids:
        return ""
    names = ", ".join(pmid or "(no number)" for pmid in pmids[:most])
    more = f" and {len(pmids) - most} more" if len(pmids) > most else ""
    return f"{len(pmids)} of PubMed's records {words} ({names}{more})"
