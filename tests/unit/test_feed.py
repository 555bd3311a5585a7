"""Is the feed valid Atom, the same for the same releases, and without an address nobody gave?"""

import re
import uuid
from xml.etree import ElementTree

import pytest

from livingmeta.feed import atom, write_feed
from livingmeta.paths import Project
from livingmeta.releases import Identity, releases
from made_releases import QUESTION, changed, release, said

ATOM = "{http://www.w3.org/2005/Atom}"
TODAY = Identity(commit="abc", date="2027-05-01")
WHO = ("Magnesium & more", "Some contributors")


@pytest.fixture
def released(tmp_path):
    release(tmp_path, "2026.11.0", estimates={QUESTION: said(1.5)})
    release(
        tmp_path,
        "2027.02.0",
        "new-search",
        estimates={QUESTION: said(1.4, title="Risk < 1 & so on")},
        changes=changed(("b",), now_excludes_null=True),
        previous="2026.11.0",
    )
    return releases(Project(tmp_path))


def parsed(released, address=""):
    return ElementTree.fromstring(atom(released, TODAY, *WHO, address))


def one(element, name):
    """Return the text of the only child of a name."""
    (child,) = element.findall(ATOM + name)
    return child.text


def test_feed_and_entries_have_what_the_standard_asks_for(released):
    feed = parsed(released)
    assert feed.tag == f"{ATOM}feed"
    assert one(feed, "title") == WHO[0]
    assert feed.find(f"{ATOM}author/{ATOM}name").text == WHO[1]
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 2
    ids = [one(element, "id") for element in (feed, *entries)]
    assert len(set(ids)) == 3
    assert all(uuid.UUID(name.removeprefix("urn:uuid:")).version == 5 for name in ids)
    for element in (feed, *entries):
        assert one(element, "title")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", one(element, "updated"))


def test_entries_are_newest_first_and_say_what_changed(released):
    newest, first = parsed(released).findall(f"{ATOM}entry")
    assert "2027.02.0: new search" in one(newest, "title") and one(newest, "updated").startswith("2027-02-01")
    content = one(newest, "content")
    assert "Because of new-search." in content and "Studies added: B." in content
    assert "Risk < 1 & so on: OR 1.50" in content and "→ OR 1.40" in content
    assert "no longer includes no effect" in content
    assert "first version" in one(first, "content")
    assert one(parsed(released), "updated") == one(newest, "updated")


def test_without_an_address_there_is_no_link_and_with_one_there_are(released):
    assert "http" not in atom(released, TODAY, *WHO).replace(ATOM.strip("{}"), "")
    feed = parsed(released, "https://example.org/book/")
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == "https://example.org/book/latest/feed.xml"
    entry = feed.find(f"{ATOM}entry")
    assert entry.find(f"{ATOM}link").get("href").startswith("https://example.org/book/v2027.02.0/")
    assert one(entry, "id") == one(parsed(released).find(f"{ATOM}entry"), "id")


def test_an_entry_keeps_its_bytes_when_a_release_follows(released):
    before, after = (atom(some, TODAY, *WHO) for some in (released[:1], released))
    entry = re.search(r"<entry>.*?</entry>", before, re.DOTALL).group()
    assert entry in after
    assert atom(released, TODAY, *WHO) == after


def test_before_the_first_release_the_feed_is_empty_and_sound():
    feed = parsed(())
    assert feed.findall(f"{ATOM}entry") == []
    assert one(feed, "updated") == "2027-05-01T00:00:00Z"
    assert ElementTree.fromstring(atom((), Identity(), *WHO)) is not None


def test_title_author_and_address_are_the_book_s_settings(released, tmp_path):
    settings = "title: A book\nauthor: Its author\nhtml:\n  baseurl: https://example.org\n"
    (tmp_path / "_config.yml").write_text(settings)
    write_feed(Project(tmp_path), released, TODAY, tmp_path)
    text = (tmp_path / "feed.xml").read_text()
    assert "A book" in text and "Its author" in text and "https://example.org/latest/feed.xml" in text


def test_every_page_names_the_feed_in_its_head():
    from livingmeta.theme import _with_feed

    context = {"metatags": "<meta>", "pathto": lambda name, resource: f"../../{name}"}
    _with_feed(None, "book/questions/x", "", context, None)
    assert context["metatags"].startswith("<meta>")
    assert 'type="application/atom+xml"' in context["metatags"]
    assert 'href="../../feed.xml"' in context["metatags"]
