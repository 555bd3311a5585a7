"""Does a page show what changed, of today and of a release of years ago, alone and in the book?"""

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from livingmeta.fragments import write_fragments
from livingmeta.paths import ROOT, Project
from livingmeta.releases import LAYOUT
from livingmeta.tables.changes import Links, counts, sections
from livingmeta.tables.changes_page import markdown, page

STYLE = (ROOT / "book" / "_static" / "livingmeta.css").read_text(encoding="utf-8")
VOID = {"meta", "br", "path", "rect", "img"}


def side(estimate, lower, upper, scale="log", **printed):
    shown = {"estimate": estimate, "ci_lower": lower, "ci_upper": upper}
    return {
        "numbers": {},
        "display": shown,
        "lead": {"symbol": "OR", "scale": scale, **shown},
        "verdict": {"headline": "Fewer.", "answer": "fewer"},
        "printed": {"verdict": f"OR {estimate}", **printed},
    }


def result(name="first", **others):
    made = {
        "question": name,
        "title": f"The {name} question",
        "part": "heart",
        "state": "both",
        "moved": True,
        "old": side(0.8, 0.7, 0.9, k="3"),
        "new": side(0.9, 0.7, 1.2, k="4"),
        "flags": {"now_includes_null": True, "direction_changed": False},
        "studies": {
            "entered": [{"study": "Alpha", "study_id": "alpha", "effect_id": "alpha-1"}],
            "weights": [{"study": "Beta", "effect_id": "beta-1", "old": 60.0, "new": 44.4}],
        },
        "elsewhere": ["sensitivity: Peto", "sensitivity: Wald", "multiverse"],
    }
    return {**made, **others}


CHANGES = {
    "old": {"name": "2026.11.0", "kind": "curation", "date": "2026-11-22"},
    "new": {"name": "2026.12.0", "kind": "new-search"},
    "evidence": {
        "studies": {"added": [{"id": "alpha", "label": "Alpha"}], "dropped": []},
        "cells": [
            {"table": "studies", "key": "beta", "column": "country", "old": "", "new": "<script>x</script>"}
            | {"date": "2026-12-01", "reason": "read again", "source": "p. 3"}
        ],
    },
    "methods": {
        "questions": [
            {"question": "first", "key": "method", "item": "", "old": "REML", "new": "DL", "kind": "method"}
        ]
    },
    "results": [result(), result("second", moved=False, studies={}, elsewhere=[], flags={})],
}


class Tags(HTMLParser):
    """Holds which tags were opened, and that each was closed in its turn."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links = [], set(), []

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def parsed(html):
    tags = Tags()
    tags.feed(html)
    assert not tags.open
    return tags


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_page_needs_no_script_and_no_network():
    html = page(CHANGES, STYLE)
    tags = parsed(html)
    assert "script" not in tags.seen and not tags.links
    assert "url(" not in html and "@import" not in html
    assert "&lt;script&gt;x&lt;/script&gt;" in html


def test_the_page_has_its_dark_colours():
    html = page(CHANGES, STYLE)
    dark = html.partition("@media (prefers-color-scheme: dark)")[2]
    assert "--lm-paper: #161d22" in dark


def test_what_moved_stands_with_both_values():
    shown = text_of(dict(sections(CHANGES))["Results"])
    for words in (
        *("OR 0.8", "OR 0.9", "Its interval now includes no effect", "Entered the estimate: Alpha"),
        *("Beta 60.0% → 44.4%", "sensitivity (Peto, Wald); multiverse", "as before"),
    ):
        assert words in shown, words
    assert shown.count("The second question") == 1 and shown.count("The first question") == 2


def test_reasons_and_methods_are_told():
    found = {title: text_of(content) for title, content in sections(CHANGES)}
    assert list(found) == ["Results", "Evidence", "Questions and methods"]
    assert "read again (2026-12-01, p. 3)" in found["Evidence"]
    assert "REML DL" in found["Questions and methods"]
    assert counts(CHANGES) == ["1 study added", "1 cell changed", "1 of 2 estimates moved"]


def test_two_intervals_are_drawn_on_one_scale():
    drawn = re.findall(r"<svg.*?</svg>", dict(sections(CHANGES))["Results"])
    nulls = [re.search(r'd="M([\d.]+) 1V', svg).group(1) for svg in drawn]
    assert len(drawn) == 3 and nulls[0] == nulls[1]


@pytest.mark.parametrize(
    "sides",
    [
        (side(0.8, 0.7, 0.9), side(-0.1, -0.2, 0.1, "identity")),
        (side(None, None, None), side(0.8, 0.7, 0.9)),
        (side(0.8, 0.7, 0.9), None),
        (None, side(0.0, 0.0, 0.0, "identity")),
    ],
)
def test_sides_that_cannot_be_drawn_together_are_told(sides):
    old, new = sides
    state = "dropped" if new is None else "added" if old is None else "both"
    shown = page({**CHANGES, "results": [result(old=old, new=new, state=state)]}, STYLE)
    parsed(shown)
    told = [one["printed"]["verdict"] for one in sides if one is not None]
    assert all(words in text_of(shown) for words in told)


def test_only_what_has_a_page_is_linked():
    links = Links("../", frozenset({"first"}), frozenset({"alpha"}))
    found = set(parsed(dict(sections(CHANGES, links))["Results"]).links)
    assert found == {"../questions/heart/first.html", "../studies.html#alpha"}


@pytest.mark.parametrize("changes", [{}, {"layout": 1, "empty": True, "old": None, "new": {"name": "now"}}])
def test_a_file_that_says_less_is_shown(changes):
    parsed(page(changes, STYLE))
    assert not sections(changes)


def test_a_long_list_is_folded_away():
    studies = {"added": [{"id": f"s{i}", "label": f"S {i}"} for i in range(40)]}
    shown = dict(sections({"evidence": {"studies": studies}}))["Evidence"]
    assert "<summary>Studies added (40)</summary>" in shown


def test_a_page_of_the_book_keeps_its_html_in_one_piece():
    text = markdown(CHANGES, "Changes in 2026.12.0")
    assert text.startswith("# Changes in 2026.12.0\n\n") and "\n## Results\n\n" in text
    for block in text.split("\n\n"):
        parsed(block)


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout without questions."""
    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("releases", "*.yml"))
    shutil.copy(ROOT / "CITATION.cff", tmp_path)
    return Project(tmp_path)


def release(project, version):
    folder = project.data / "releases" / version
    folder.mkdir(parents=True)
    told = {"version": version, "kind": "new-search", "reason": "x", "date": "2026-12-01", "layout": LAYOUT}
    manifest = {**told, "source_commit": "0" * 40, "previous": None, "python": "3.11.1"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "changes.json").write_text(json.dumps(CHANGES))
    (folder / "estimates.json").write_text("{}")
    (folder / "counts.json").write_text(json.dumps({"studies": 1, "reports": 1, "effects": 1}))
    (folder / "data").mkdir()
    shutil.copy(ROOT / "data" / "searches.csv", folder / "data")


def pages(project):
    write_fragments(project, ())
    return {path.stem: path.read_text(encoding="utf-8") for path in project.changes.glob("*.md")}


def test_each_release_has_a_page_and_all_have_a_list(checkout):
    assert list(pages(checkout)) == ["index"] and "Nothing has been released" in pages(checkout)["index"]
    for version in ("2026.11.0", "2026.12.0"):
        release(checkout, version)
    (checkout.changes / "2020.01.0.md").write_text("of no release")
    found = pages(checkout)
    assert found.keys() == {"index", "2026.11.0", "2026.12.0"}
    assert found["2026.12.0"].startswith("# Changes in 2026.12.0\n")
    listed = re.findall(r'href="([^"]+)"', found["index"])
    assert listed == ["2026.12.0.html", "2026.11.0.html"]
