"""Can a reader cite the book and one number of it, and does what is copied say what it should?"""

import html
import json
import re

import pypandoc
import pytest
import rispy
import yaml

from livingmeta import AUTHOR, TITLE, citations
from livingmeta.charts import CHARTS
from livingmeta.citations import Book, CitationError, bibtex, book_item, csl, estimate_item, plain, ris
from livingmeta.numbers import FIELDS, cited, number, numbers, signed
from livingmeta.paths import ROOT, Project
from livingmeta.releases import Identity
from livingmeta.repository import commit
from livingmeta.results import question_record
from livingmeta.tables.cite import NUMBER_ANCHOR, cite_box
from made_up import analysed, trials_by_size

BOOK = Book("Minerals & more: 50% <alive>", ({"literal": "Made-up Authors"},))
RELEASED = Book(BOOK.title, BOOK.authors, "2026.11.0", "2026-11-22", "10.1/a_b", "https://example.org/m/")
ODD = (
    "A & B: 50% of a_b ~ c ^ # $ {x} \\ y",
    'p < 0.05 > q, `ticks`, it\'s "straight"',
    "“Curly” and ‘single’ don’t – or — do -- or --- not",
    "Pérez-García, Çelik, Łódź, Ångström, Škoda, Őz, ß, Ø, ñ",
    "检验医学 τ² [z] *i* | Capitals MgCaCO3 Stay",
)


@pytest.fixture(scope="module")
def analysis():
    return analysed(trials_by_size(0.7, 0.7))


@pytest.fixture(scope="module")
def record(analysis):
    return signed(question_record(analysis))


def read(text, form):
    """Return what an independent reader makes of a text, by name of the entry."""
    found = json.loads(pypandoc.convert_text(text, "csljson", format=form))
    return {item["id"]: item for item in found}


def spelled(text):
    """Return text without what typography alone changes."""
    return text.replace("’", "'")


@pytest.mark.parametrize("title", ODD)
@pytest.mark.parametrize("form", ["bibtex", "ris"])
def test_an_odd_title_reads_back_as_it_was(title, form):
    item = {"id": "x", "type": "article-journal", "title": title, "container-title": title}
    item["author"] = [{"family": "Pérez-García", "given": "Ñ."}, {"family": "Davey Smith"}]
    written = bibtex([item]) if form == "bibtex" else ris([item])
    found = read(written, form)["x"]
    assert spelled(found["title"]) == spelled(found["container-title"]) == spelled(title)
    names = [name.get("literal") or (name["family"], name.get("given")) for name in found["author"]]
    assert names[0] == ("Pérez-García", "Ñ.")
    assert names[1] in ("Davey Smith", ("Davey Smith", None))


def test_accents_are_plain_ascii_in_bibtex():
    item = {"id": "x", "type": "article-journal", "title": "é ü ç å Š"}
    assert bibtex([item]).isascii()


@pytest.mark.parametrize("book", [BOOK, RELEASED], ids=["unreleased", "released"])
def test_both_forms_say_what_the_item_says(book, record):
    item = estimate_item(book, record)
    for form, text in (("bibtex", bibtex([item])), ("ris", ris([item]))):
        found = read(text, form)[item["id"]]
        assert spelled(found["title"]) == record["title"]
        assert found["container-title"] == BOOK.title
        assert found["type"] == "chapter"
        assert found.get("DOI") == item.get("DOI")
        assert found.get("URL") == item.get("URL")
        assert ("issued" in found) == ("issued" in item)
    assert rispy.loads(ris([item]))[0]["notes"] == [item["note"]]
    assert json.loads(csl([item])) == [item]


def test_the_citation_of_a_number_ends_with_its_stamp(record):
    shown = cited(record, number(record, "verdict"), "2026.11.0")
    item = estimate_item(RELEASED, record)
    assert item["note"] == f"Version: 2026.11.0. {shown}"
    assert shown in plain(item)
    assert "Made-up Authors. A made-up question. In: Minerals & more" in plain(item)


def test_what_is_not_known_is_left_out(record):
    for item in (book_item(BOOK), estimate_item(BOOK, record)):
        assert not {"DOI", "URL", "issued"} & item.keys()
        assert "None" not in bibtex([item]) + ris([item]) + plain(item)
    assert estimate_item(RELEASED, record)["URL"] == (
        "https://example.org/m/v2026.11.0/book/questions/heart/made-up.html"
    )


def test_the_name_of_an_entry_is_safe_and_stays():
    assert citations.key(RELEASED, "iv-magnesium") == "livingmagnesium_2026-11-0_iv-magnesium"
    assert re.fullmatch(r"[A-Za-z0-9_-]+", citations.key(RELEASED, "a{b}c,d"))


def test_the_citation_file_decides_title_author_and_doi(tmp_path):
    (tmp_path / "CITATION.cff").write_text(
        "title: T\nauthors: [{name: Group}, {family-names: B, given-names: A}]\ndoi: 10.1/x\n"
    )
    made = citations.read_book(Project(tmp_path), Identity("2026.11.0", "abc", "2026-11-22"))
    assert made.authors == ({"literal": "Group"}, {"family": "B", "given": "A"})
    assert (made.title, made.doi, made.date, made.address) == ("T", "10.1/x", "2026-11-22", "")
    unreleased = citations.read_book(Project(tmp_path), Identity(commit="abc", date="2026-11-22"))
    assert unreleased.date == ""


@pytest.mark.parametrize("text", ["title: T\n", "authors: []\n", "a: [", None])
def test_a_citation_file_that_says_too_little_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "CITATION.cff").write_text(text)
    with pytest.raises(CitationError, match=r"CITATION\.cff"):
        citations.read_book(Project(tmp_path), Identity())


def test_every_number_of_a_page_has_its_anchor_and_its_stamp(analysis, record):
    shown = str(cite_box(analysis, Project()))
    version = re.search(r"\[([^/]+)/made-up/", shown)[1]
    for one in numbers(record):
        assert shown.count(f'id="{NUMBER_ANCHOR}{one.field}"') == 1
        assert html.escape(cited(record, one, version)) in shown


def test_what_the_page_offers_to_copy_can_be_read(analysis):
    shown = str(cite_box(analysis, Project()))
    blocks = [html.unescape(block) for block in re.findall(r"<pre>(.*?)</pre>", shown, re.DOTALL)]
    entry = next(block for block in blocks if block.startswith("@"))
    reference = next(block for block in blocks if block.startswith("TY"))
    item = next(json.loads(block)[0] for block in blocks if block.startswith("[\n"))
    assert list(read(entry, "bibtex")) == list(read(reference, "ris")) == [item["id"]]
    assert plain(item) in blocks


def test_a_page_does_not_change_with_every_commit(analysis):
    found = commit(Project())
    assert not found or found not in cite_box(analysis, Project())


def test_the_fixed_addresses_are_written_down():
    text = (ROOT / "book" / "how-to-cite.md").read_text(encoding="utf-8")
    for field in FIELDS:
        assert f"`#{NUMBER_ANCHOR}{field}`" in text
    for chart in CHARTS:
        assert f"`#{chart}`" in text


def test_the_book_has_one_title_and_one_author_everywhere():
    book = citations.read_book(Project(ROOT), Identity())
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert (book.title, book.authors) == (TITLE, ({"literal": AUTHOR},))
    assert (settings["title"], settings["author"]) == (TITLE, AUTHOR)
