"""Does a look at PubMed bring all that is there, once, and nothing when something is missing?"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from Bio import Entrez

from eutils import FORGOTTEN, TOO_FAST, WEB_ENV, Answer, articles, search_text, serving
from livingmeta.paths import Project
from livingmeta.surveillance.answers import read_pmids
from livingmeta.surveillance.pubmed import BATCH, MOST, PubMed, PubMedError, dated
from livingmeta.surveillance.settings import Asker, Patience, SettingsError, asker

QUERY = "(made up[tiab])"
FEW = ["90000003", "90000002", "90000001"]
MANY = [str(90001000 - i) for i in range(2 * BATCH + 5)]
BROKEN_XML = articles(FEW)[:-40]
NO_ANSWER = "<eSearchResult><ERROR>Search Backend failed: made up</ERROR></eSearchResult>"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Biopython's pause between requests is real time; tests do without."""
    slept = []
    monkeypatch.setattr(Entrez, "time", SimpleNamespace(time=lambda: 0.0, sleep=slept.append))
    return slept


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def look(pauses):
    """Return a function that looks once at a server, and tells what came and how long it paused."""

    def looked(server, **patience):
        who = Asker("somebody@example.org", "the-secret-key", server.address)
        patient = replace(Patience(sleep=pauses.append, seconds=5.0), **patience)
        return PubMed(who, patient).look(QUERY, "look")

    return looked


def numbers(found):
    return [pmid for _, body in found.files for pmid in read_pmids(body)]


def test_a_look_brings_every_record_in_files_of_some_hundred(look, pauses):
    with serving(MANY) as server:
        found = look(server)
    assert numbers(found) == MANY and found.count == len(MANY)
    assert [name for name, _ in found.files] == ["look-1.xml", "look-2.xml", "look-3.xml"]
    assert server.paths() == ["esearch", *["efetch"] * 3] and pauses == []


def test_the_requests_name_who_asks_and_use_what_pubmed_kept(look):
    with serving(MANY) as server:
        look(server)
    (_, search), (_, second) = server.asked[0], server.asked[2]
    known = {
        "email": "somebody@example.org",
        "tool": "livingmeta",
        "api_key": "the-secret-key",
        "db": "pubmed",
    }
    assert known.items() <= search.items() and known.items() <= second.items()
    assert search["usehistory"] == "y" and search["term"] == QUERY
    wanted = {"WebEnv": WEB_ENV, "query_key": "1", "retstart": str(BATCH), "retmode": "xml"}
    assert wanted.items() <= second.items()


def test_biopython_keeps_its_own_pace_and_its_own_settings(look, at_once):
    before = (Entrez.email, Entrez.api_key, Entrez.tool, Entrez.max_tries, Entrez.urlopen)
    with serving(MANY) as server:
        look(server)
    assert (Entrez.email, Entrez.api_key, Entrez.tool, Entrez.max_tries, Entrez.urlopen) == before
    assert len(at_once) >= len(server.asked) - 1 and min(at_once) >= 0.1


def test_no_new_record_is_a_look_too(look):
    nothing = search_text(
        [], 0, more="<WarningList><OutputMessage>No items found.</OutputMessage></WarningList>"
    )
    with serving([], esearch=[Answer(nothing)]) as server:
        found = look(server)
    assert (found.count, found.files, found.remarks) == (0, (), ())
    assert server.paths() == ["esearch"]


def test_what_pubmed_did_not_understand_is_told(look):
    more = (
        "<ErrorList><PhraseNotFound>magnesiumm[tiab]</PhraseNotFound></ErrorList>"
        '<WarningList><QuotedPhraseNotFound>"made up"[mh]</QuotedPhraseNotFound></WarningList>'
    )
    with serving(FEW, esearch=[Answer(search_text(FEW, 3, more=more))]) as server:
        found = look(server)
    assert found.remarks == ("phrase not found: magnesiumm[tiab]", 'quoted phrase not found: "made up"[mh]')


PASSING = {
    "too fast": Answer(TOO_FAST, 429, kind="application/json"),
    "too fast, as an answer": Answer(TOO_FAST, kind="application/json"),
    "server at fault": Answer("<html>made up</html>", 500),
    "gateway": Answer("", 502),
    "empty": Answer(""),
    "a page": Answer("<html><body>down for a while</body></html>"),
    "plain text": Answer("down for a while", kind="text/plain"),
    "broken off": Answer(articles(FEW), sent=200),
    "cut short": Answer(BROKEN_XML),
    "another kind": Answer('<?xml version="1.0"?><eSummaryResult></eSummaryResult>'),
    "an error as an answer": Answer(NO_ANSWER),
}


@pytest.mark.parametrize("where", ["esearch", "efetch"])
@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_asked_for_again(look, pauses, where, answer):
    with serving(FEW, **{where: [answer, answer]}) as server:
        found = look(server)
    assert numbers(found) == FEW
    assert server.paths().count(where) == 3 and pauses == [2.0, 4.0]


@pytest.mark.parametrize("where", ["esearch", "efetch"])
@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
def test_what_does_not_pass_ends_the_look_without_the_key(look, pauses, where, answer):
    with serving(FEW, **{where: [answer] * 9}) as server, pytest.raises(PubMedError) as caught:
        look(server, tries=3)
    assert "given up after 3 tries" in str(caught.value)
    assert "the-secret-key" not in str(caught.value) and "127.0.0.1" not in str(caught.value)
    assert server.paths().count(where) == 3 and pauses == [2.0, 4.0]


def test_a_server_that_says_nothing_is_given_up(look, pauses):
    with serving(FEW, esearch=[Answer(silent=True)] * 2) as server:
        with pytest.raises(PubMedError, match=r"no answer from PubMed: .*timed out.*given up after 2 tries"):
            look(server, tries=2, seconds=0.05)
        assert numbers(look(server)) == FEW
    assert pauses == [2.0]


def test_no_server_is_said(look):
    with serving(FEW) as server:
        pass
    with pytest.raises(PubMedError, match=r"no answer from PubMed: .*refused.*given up after 2 tries"):
        look(server, tries=2)


@pytest.mark.parametrize("status", [429, 503])
def test_the_pause_that_the_server_asks_for_is_kept(look, pauses, status):
    answers = [Answer("", status, {"Retry-After": "7"}), Answer("", status, {"Retry-After": "soon"})]
    with serving(FEW, efetch=answers) as server:
        assert numbers(look(server)) == FEW
    assert pauses == [7.0, 4.0]


def test_a_pause_until_a_moment_is_kept(look, pauses):
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    with serving(FEW, esearch=[Answer("", 429, {"Retry-After": then})]) as server:
        look(server)
    assert len(pauses) == 1 and 0 < pauses[0] <= 100


def test_a_pause_of_hours_is_left_to_the_next_look(look, pauses):
    with (
        serving(FEW, esearch=[Answer("", 429, {"Retry-After": "7200"})]) as server,
        pytest.raises(PubMedError, match="left alone for 7200 s: come back later"),
    ):
        look(server)
    assert pauses == [] and server.paths() == ["esearch"]


def test_a_refusal_is_not_asked_again(look, pauses):
    wrong_key = Answer('{"error":"API key invalid","api-key":"the-secret-key"}', 400, kind="application/json")
    with serving(FEW, esearch=[wrong_key]) as server, pytest.raises(PubMedError) as caught:
        look(server)
    assert str(caught.value) == "PubMed answered with status 400: API key invalid"
    assert pauses == [] and server.paths() == ["esearch"]


@pytest.mark.parametrize("answer", [Answer(FORGOTTEN), Answer(FORGOTTEN, 400)], ids=["200", "400"])
def test_a_search_that_pubmed_forgot_is_brought_by_numbers(look, pauses, answer):
    with serving(MANY, efetch=[None, answer]) as server:
        found = look(server)
    assert numbers(found) == MANY and pauses == []
    by_number = [params["id"].count(",") + 1 for _, params in server.asked if "id" in params]
    assert by_number == [BATCH, BATCH, 5]


def test_a_search_that_pubmed_forgot_and_never_numbered_ends_the_look(look):
    unnumbered = Answer(search_text(MANY[:20], len(MANY)))
    with (
        serving(MANY, esearch=[unnumbered], efetch=[Answer(FORGOTTEN)]) as server,
        pytest.raises(PubMedError, match="Unable to obtain query #1"),
    ):
        look(server)


def other(pmids):
    return Answer(articles(pmids))


ODD = {
    "a record is missing": other(FEW[:2]),
    "none came": other([]),
    "one came twice": other([*FEW, FEW[0]]),
    "another one came": other([*FEW[:2], "90000009"]),
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
def test_records_that_do_not_fit_the_search_are_asked_for_by_number(look, answer):
    with serving(FEW, efetch=[answer]) as server:
        found = look(server)
    assert numbers(found) == FEW and server.paths() == ["esearch", "efetch", "efetch"]


@pytest.mark.parametrize(
    ("answer", "said"),
    list(
        zip(
            ODD.values(),
            [
                "1 of PubMed's records did not come (90000001)",
                "3 of PubMed's records did not come (90000003, 90000002, 90000001)",
                "1 of PubMed's records came twice (90000003)",
                "1 of PubMed's records were not asked for (90000009)",
            ],
            strict=True,
        )
    ),
    ids=ODD,
)
def test_a_look_that_stays_incomplete_says_what_is_wrong(look, answer, said):
    with serving(FEW, efetch=[answer, answer]) as server, pytest.raises(PubMedError, match=re.escape(said)):
        look(server)


def test_more_records_than_counted_are_seen_without_their_numbers(look):
    short = Answer(search_text([], 3))
    with (
        serving(FEW, esearch=[short], efetch=[other(FEW[:2])]) as server,
        pytest.raises(PubMedError, match="3 records were counted and 2 came"),
    ):
        look(server)


def test_more_than_pubmed_hands_out_is_refused_before_anything_is_fetched(look):
    with (
        serving(FEW, esearch=[Answer(search_text(FEW, MOST + 1))]) as server,
        pytest.raises(PubMedError, match="10000 records are more than the 9999"),
    ):
        look(server)
    assert server.paths() == ["esearch"]


def test_a_long_query_reaches_the_server_whole():
    query = " OR ".join(f'"made up {i}"[tiab]' for i in range(200))
    with serving(FEW) as server:
        PubMed(Asker("somebody@example.org", address=server.address)).count(query)
    assert server.asked[0][1]["term"] == query and "api_key" not in server.asked[0][1]


def test_books_are_records_too():
    book = (
        "<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID>90000007</PMID></BookDocument>"
        "</PubmedBookArticle></PubmedArticleSet>"
    )
    assert read_pmids(book.encode()) == ("90000007",)


def test_a_query_asks_for_what_was_added_dated_or_indexed_between_two_days():
    span = "2026/11/08:2026/11/22"
    made = dated("a OR b", date(2026, 11, 8), date(2026, 11, 22))
    assert made == f"(a OR b) AND ({span}[crdt] OR {span}[edat] OR {span}[mhda])"


# Who asks -----------------------------------------------------------------------------------------------


def settings(tmp_path, text):
    (tmp_path / "_config.yml").write_text(text)
    return Project(tmp_path)


def test_the_environment_goes_before_the_settings(tmp_path):
    project = settings(tmp_path, "surveillance: {contact: book@example.org}\n")
    assert asker(project, {}) == Asker("book@example.org")
    environment = {"LIVINGMETA_CONTACT": " other@example.org ", "NCBI_API_KEY": "k"}
    assert asker(project, environment) == Asker("other@example.org", "k")


@pytest.mark.parametrize(
    "text", ["", "surveillance:\n", "surveillance: {contact: ''}\n", "surveillance: 3\n", "a: [\n"]
)
def test_nobody_is_made_up_where_nobody_is_named(tmp_path, text):
    with pytest.raises(SettingsError, match=r"none is set: set LIVINGMETA_CONTACT .*_config\.yml"):
        asker(settings(tmp_path, text), {})


@pytest.mark.parametrize("email", ["me", "me@here", "@example.org", "a@b@example.org", "a b@example.org"])
def test_what_is_no_address_is_refused(tmp_path, email):
    with pytest.raises(SettingsError, match="is none"):
        asker(settings(tmp_path, ""), {"LIVINGMETA_CONTACT": email})


def test_only_a_server_of_this_machine_may_stand_in(tmp_path):
    who = {"LIVINGMETA_CONTACT": "somebody@example.org"}
    local = asker(settings(tmp_path, ""), who | {"LIVINGMETA_EUTILS": "http://127.0.0.1:8000"})
    assert local.address == "http://127.0.0.1:8000/"
    with pytest.raises(SettingsError, match="must be a server of this machine"):
        asker(settings(tmp_path, ""), who | {"LIVINGMETA_EUTILS": "http://example.org/"})
