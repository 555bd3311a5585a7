"""Does the reader find every page, and does everything on it come from this site?"""

import csv
import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest

from livingmeta.paths import Project
from livingmeta.questions import load_questions

QUESTIONS = load_questions(Project().questions)
STATIC = (
    "index",
    "methods",
    "protocol",
    "data-dictionary",
    "architecture",
    "studies",
    "search",
    "others",
    "contribute",
    "beyond-one-machine",
    "how-to-cite",
    "whats-new",
)
LOADING = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "link": "href",
    "source": "src",
    "object": "data",
    "use": "href",
}


class Links(HTMLParser):
    """Collects what a page loads, what it links to, and its anchors."""

    def __init__(self, text: str):
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes that name other files or places."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in LOADING and LOADING[tag] in values:
            self.loads.append(values[LOADING[tag]])


def page_of(html: Path, question) -> Path:
    return html / "book" / "questions" / question.part / f"{question.id}.html"


def all_pages(html: Path) -> list[Path]:
    return sorted((html / "book").rglob("*.html"))


@pytest.mark.parametrize("name", STATIC)
def test_is_the_page_in_the_book(html, name):
    assert "<h1>" in (html / "book" / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_has_every_question_a_page_with_a_forest_plot_or_its_reason(html, question):
    text = page_of(html, question).read_text(encoding="utf-8")
    assert question.title in text
    assert 'id="answer"' in text
    assert ('<figure class="lm-figure" id="forest"' in text) != ('<p class="lm-absent" id="forest"' in text)
    assert "What to keep in mind" in text and "risk of bias" in text.lower()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_is_every_question_on_the_front_page(html, question):
    text = (html / "book" / "index.html").read_text(encoding="utf-8")
    assert f"questions/{question.part}/{question.id}.html" in text


def test_does_no_page_load_anything_from_elsewhere(html):
    foreign = {
        (page.name, url)
        for page in all_pages(html)
        for url in Links(page.read_text(encoding="utf-8")).loads
        if urlparse(url).scheme in ("http", "https") or url.startswith("//")
    }
    assert foreign == set()


def test_does_every_internal_link_lead_somewhere(html):
    pages = {page: Links(page.read_text(encoding="utf-8")) for page in all_pages(html)}
    broken = []
    for page, found in pages.items():
        for link in found.links + found.loads:
            target, anchor = urldefrag(link)
            if urlparse(link).scheme or link in ("", "#"):
                continue
            path = (page.parent / unquote(target.split("?")[0])).resolve() if target else page
            # The studies page keeps its filters there: `#part=kidney` is no place on it.
            is_place = bool(anchor) and "=" not in anchor
            lost = is_place and path in pages and unquote(anchor) not in pages[path].anchors
            if lost or not path.exists():
                broken.append((page.name, link))
    assert broken == []


def test_does_the_first_address_lead_to_the_book(html):
    assert "url=book/index.html" in (html / "index.html").read_text(encoding="utf-8")


def test_does_the_api_list_every_question(html):
    index = json.loads((html / "api" / "v1" / "index.json").read_text(encoding="utf-8"))
    assert [entry["id"] for entry in index["questions"]] == [question.id for question in QUESTIONS]
    for entry in index["questions"]:
        for key in ("record", "effect_sizes"):
            assert (html / "api" / "v1" / entry[key]).exists()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_do_record_and_effect_sizes_agree(html, question):
    folder = html / "api" / "v1" / "questions"
    record = json.loads((folder / f"{question.id}.json").read_text(encoding="utf-8"))
    with (folder / f"{question.id}.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["effect_id"]: row for row in csv.DictReader(file)}
    assert len(record["studies"]) == record["k"]
    for study in record["studies"]:
        assert float(rows[study["effect_id"]]["yi"]) == pytest.approx(study["yi"], rel=1e-12)
    if record["pooled"]:
        assert sum(study["weight"] for study in record["studies"]) == pytest.approx(100)


def test_do_chart_files_stand_alone(html):
    charts = sorted((html / "api" / "v1" / "questions").glob("*.svg"))
    assert charts
    for chart in charts:
        text = chart.read_text(encoding="utf-8")
        assert text.startswith("<svg") and "var(--" not in text and "currentColor" not in text
