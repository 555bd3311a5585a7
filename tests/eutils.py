"""A server of this machine that answers in the formats of PubMed's E-utilities; every record is made up."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

ESEARCH = "/entrez/eutils/esearch.fcgi"
EFETCH = "/entrez/eutils/efetch.fcgi"
WEB_ENV = "MCID_madeup0000000000000000"
SEARCH_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch '
    '20060628//EN" "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
)
SET_HEAD = (
    '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, '
    '1st January 2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)
FORGOTTEN = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eEfetchResult PUBLIC "-//NLM//DTD efetch '
    '20131226//EN" "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20131226/efetch.dtd">\n'
    "<eFetchResult>\n\t<ERROR>Unable to obtain query #1</ERROR>\n</eFetchResult>\n"
)
TOO_FAST = '{"error":"API rate limit exceeded","api-key":"the-secret-key","count":"4","limit":"3"}'
Params = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What the server sends: a status, a body, further headers, and how much of the body."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "text/xml; charset=UTF-8"
    sent: int | None = None
    silent: bool = False


Answers = list["Answer | Callable[[Eutils, Params], Answer] | None"]


@dataclass
class Eutils:
    """The server's records, what it is to answer first on each path, and what it was asked."""

    pmids: list[str]
    first: dict[str, Answers] = field(default_factory=dict)
    asked: list[tuple[str, Params]] = field(default_factory=list)
    address: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, params: Params) -> Answer:
        """Return the next answer of a path: that of the list, the usual one where the list says None."""
        self.asked.append((path, params))
        waiting = self.first.get(path, [])
        given = waiting.pop(0) if waiting else None
        if given is None:
            return {ESEARCH: self.search, EFETCH: self.fetch}[path](params)
        return given(self, params) if callable(given) else given

    def search(self, params: Params) -> Answer:
        """Return what a search finds."""
        return Answer(search_text(self.pmids[: int(params.get("retmax", 20))], len(self.pmids)))

    def fetch(self, params: Params) -> Answer:
        """Return records, by their numbers or as they were kept."""
        if "id" in params:
            return Answer(articles(params["id"].split(",")))
        if params.get("WebEnv") != WEB_ENV:
            return Answer(FORGOTTEN, 400)
        start = int(params["retstart"])
        return Answer(articles(self.pmids[start : start + int(params["retmax"])]))

    def paths(self) -> list[str]:
        """Return the names of what was asked, in order."""
        return [path.rpartition("/")[2].removesuffix(".fcgi") for path, _ in self.asked]


def search_text(pmids: list[str], count: int, kept: str = WEB_ENV, more: str = "") -> str:
    """Return the answer to a search."""
    ids = "".join(f"<Id>{pmid}</Id>\n" for pmid in pmids)
    history = f"<QueryKey>1</QueryKey><WebEnv>{kept}</WebEnv>" if kept else ""
    return (
        f"{SEARCH_HEAD}<eSearchResult><Count>{count}</Count><RetMax>{len(pmids)}</RetMax><RetStart>0</RetStart>"
        f"{history}<IdList>\n{ids}</IdList><TranslationSet/>"
        f'<QueryTranslation>"made up"[All Fields]</QueryTranslation>{more}</eSearchResult>\n'
    )


def articles(pmids: list[str]) -> str:
    """Return made-up records as PubMed sends them."""
    return f"{SET_HEAD}<PubmedArticleSet>\n{''.join(map(article, pmids))}</PubmedArticleSet>\n"


def article(pmid: str) -> str:
    """Return one made-up record; it names another one among its references, as PubMed does."""
    return (
        f'<PubmedArticle><MedlineCitation Status="Publisher" Owner="NLM"><PMID Version="1">{pmid}</PMID>'
        '<Article PubModel="Print"><Journal><JournalIssue CitedMedium="Internet"><PubDate><Year>2030</Year>'
        "</PubDate></JournalIssue><Title>A made-up journal</Title></Journal>"
        f"<ArticleTitle>A made-up record, number {pmid}.</ArticleTitle><AuthorList><Author><LastName>Example"
        "</LastName><Initials>A</Initials></Author></AuthorList><Language>eng</Language></Article>"
        '<CommentsCorrectionsList><CommentsCorrections RefType="Cites"><PMID Version="1">1</PMID>'
        "</CommentsCorrections></CommentsCorrectionsList></MedlineCitation><PubmedData><ArticleIdList>"
        f'<ArticleId IdType="pubmed">{pmid}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>\n'
    )


@contextmanager
def serving(pmids: list[str], **first: Answers) -> Iterator[Eutils]:
    """Run the server; `esearch` and `efetch` are what it answers first."""
    known = Eutils(pmids, {ESEARCH: first.get("esearch", []), EFETCH: first.get("efetch", [])})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.reply(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def reply(self, query: str) -> None:
            answer = known.answer(urlsplit(self.path).path, dict(parse_qsl(query, keep_blank_values=True)))
            if answer.silent:
                known.stop.wait(10)
                return
            body = answer.body.encode()
            self.send_response(answer.status)
            headers = {"Content-Type": answer.kind, "Content-Length": str(len(body)), **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: answer.sent])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.address = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        known.stop.set()
        server.shutdown()
        server.server_close()
