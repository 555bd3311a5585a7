"""Does the comment on a pull request say what the text says, and can nobody's words make mark-up in it?"""

import html
import json
import re
import shutil

import pytest
from click.testing import CliRunner

from livingmeta.cli import main
from livingmeta.differences import as_markdown, as_text, compare
from livingmeta.differences import sentences as say
from livingmeta.differences.markdown import CUT, LIMIT, plain
from livingmeta.kept_records import KeptRecords
from livingmeta.paths import Project
from livingmeta.snapshots import snapshot
from scratch_repository import add_study, correct_a_count, rows_of, scratch_repository, write_rows

ALLOWED = {"p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "colgroup", "col"}
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "a | b | c",
    "`code` ``x``",
    "@someone and @some/team",
    "#1 and owner/repo#22 and GH-3",
    "[text](https://example.org)",
    "![picture](https://example.org/x.png)",
    "<!-- hidden",
    "</details>",
    "**bold** _it_ ~~gone~~",
    "https://example.org www.example.org",
    "$x^2$ and $$y$$",
    ":tada:",
    "# heading",
    "- list",
    "1. list",
    "1) list",
    "---",
    "===",
    "two\nlines\r\n\r\n# three",
    "&lt;b&gt; &amp;",
    "back\\slash\\",
    "\u202eover\u202c",
    "end |",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return scratch_repository(tmp_path_factory.mktemp("markdown") / "checkout", 4)


@pytest.fixture(scope="module")
def kept():
    return KeptRecords()


@pytest.fixture
def changed(project, kept, tmp_path):
    """Return a function that compares the project with a copy that a test has changed."""

    def compared(*changes):
        copy = Project(tmp_path / "copy")
        shutil.copytree(project.data, copy.data)
        for change in changes:
            change(copy)
        sides = (snapshot(str(one.data), project, kept) for one in (project, copy))
        return json.loads(json.dumps(compare(*sides).as_dict()))

    return compared


def rendered(markdown):
    """Return the HTML that GitHub's dialect of Markdown gives."""
    pandoc = pytest.importorskip("pypandoc")
    return pandoc.convert_text(markdown, "html", format="gfm", extra_args=["--wrap=none"])


def words(markup):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).replace("\u200b", "").split())


def test_it_has_every_number_that_the_text_has(changed):
    changes = changed(add_study, lambda copy: correct_a_count(copy, 2))
    moved = [result for result in changes["results"] if result["moved"]]
    assert len(moved) == 2
    page, text = words(rendered(as_markdown(changes))), as_text(changes)
    for result in moved:
        rows = say.printed_changes(result)
        assert len(rows) > 4
        for _, old, new in rows:
            assert f"{old} → {new}" in page and f"{old} -> {new}" in text
        for row in result["studies"]["weights"]:
            assert say.row_name(row) in page
    (entered,) = moved[0]["studies"]["entered"]
    assert f"{say.row_name(entered)}: {entered['weight']:.1f}%" in page
    assert "2 estimates moved" in page and "2 other questions: nothing moved" in page
    assert "Made up." in page and "study added" in page


def test_every_row_of_its_table_has_all_columns(changed):
    changes = changed(add_study, correct_a_count)
    markup = rendered(as_markdown(changes))
    rows = re.findall(r"<tr>(.*?)</tr>", markup, re.DOTALL)
    assert len(rows) == 2
    assert {len(re.findall(r"<t[hd]", row)) for row in rows} == {7}


def test_nothing_that_differs_is_one_sentence(changed):
    assert as_markdown(changed()).endswith("Nothing differs.\n")


def test_flags_are_said_in_words(changed):
    changes = changed(add_study)
    result = next(result for result in changes["results"] if result["moved"])
    result["flags"] = dict.fromkeys(say.FLAGS, True)
    page = words(rendered(as_markdown(changes)))
    assert all(words in page for words in say.FLAGS.values())


def test_rows_that_went_and_questions_that_came_and_went_are_named(changed):
    def drop(copy):
        path = next(iter(sorted((copy.data / "effects").glob("*.csv"))))
        write_rows(path, rows_of(path)[1:])
        questions = sorted((copy.data / "questions").glob("*.yml"))
        text = questions[1].read_text(encoding="utf-8").replace(questions[1].stem, "another-one")
        text = re.sub(r"^effects: .*$", f"effects: {questions[1].stem}.csv", text, flags=re.MULTILINE)
        questions[1].with_name("another-one.yml").write_text(text, encoding="utf-8")
        questions[2].unlink()

    page = words(rendered(as_markdown(changed(drop))))
    assert "effect row withdrawn" in page and "left:" in page
    assert "New questions" in page and "another-one" in page and "Questions dropped" in page


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_mark_up(text):
    shown = plain(text)
    assert "\n" not in shown
    for place in ("{}", "- {}", "| a | b |\n| --- | --- |\n| {} | end |"):
        markup = rendered(place.format(shown))
        tags = set(re.findall(r"<(\w+)", markup))
        assert tags <= {*ALLOWED, *(["span"] if "$" in text else [])}, markup
        said = "".join(re.sub(r"[\u202a-\u202e]", "", text).split())
        assert said in words(markup).replace(" ", "")
        # What GitHub looks for in the text itself, after the mark-up: none of it is there.
        seen = html.unescape(re.sub(r"<[^>]+>", " ", markup))
        assert not re.search(r"@\w|#\d|GH-\d|\w://|www\.|:\w+:|\$\w+\$", seen)
    assert "$" not in shown and shown.count("&#36;") == shown.count("<span>&#36;</span>")


def test_hostile_words_in_the_data_stay_words(changed):
    def attack(copy):
        add_study(copy)
        for name, column in (("studies.csv", "label"), ("screening.csv", "reason")):
            rows = rows_of(copy.data / name)
            for row, text in zip(rows, HOSTILE, strict=False):
                row[column] = f"{text} "
            write_rows(copy.data / name, rows)

    changes = changed(attack)
    for result in changes["results"]:
        result["title"] = "<b>@someone</b> | #1 `x` </details> <script>"
    markdown = as_markdown(changes)
    markup = rendered(markdown)
    others = {"h2", "h3", "br", "strong", "em", "code", "details", "summary", "span"}
    assert set(re.findall(r"<(\w+)", markup)) <= ALLOWED | others
    assert not re.search(r"@\w|#\d", html.unescape(re.sub(r"<[^>]+>", "", markup)))
    assert markdown.count("<details>") == markdown.count("</details>") >= 1
    rows = re.findall(r"<tr>(.*?)</tr>", markup, re.DOTALL)
    assert {len(re.findall(r"<t[hd]", row)) for row in rows} == {7}


@pytest.mark.parametrize("limit", [LIMIT, 20_000, 3_000, 800])
def test_what_is_too_long_is_cut_between_lines_and_says_so(changed, limit):
    changes = changed(add_study)
    moved = next(result for result in changes["results"] if result["moved"])
    changes["results"] = [moved | {"question": f"q{n}", "title": "t" * 200} for n in range(400)]
    whole = as_markdown(changes, 10**9)
    cut = as_markdown(changes, limit)
    assert CUT not in whole and len(whole) > LIMIT
    assert len(cut) <= limit and cut.endswith(f"{CUT}\n")
    assert cut.count("<details>") == cut.count("</details>")
    rows = [line for line in cut.splitlines() if line.startswith("| ")]
    assert set(rows) <= set(whole.splitlines())


def test_the_verb_writes_it_with_pictures(project, tmp_path, monkeypatch):
    copy = tmp_path / "copy"
    shutil.copytree(project.data, copy)
    add_study(Project(tmp_path, copy))
    monkeypatch.chdir(project.root)
    asked = ["diff", "main", str(copy), "--format", "markdown", "--to", str(tmp_path / "x.md")]
    done = CliRunner().invoke(main, [*asked, "--images", str(tmp_path / "pictures")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "x.md").read_text(encoding="utf-8").startswith("## Impact on the results")
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["synthetic-000.png", "synthetic-000.svg"]
    png = (tmp_path / "pictures" / "synthetic-000.png").read_bytes()
    assert png[1:4] == b"PNG" and int.from_bytes(png[16:20], "big") < 1200


def test_a_side_that_cannot_be_read_is_said_and_nothing_is_written(project, tmp_path, monkeypatch):
    copy = tmp_path / "copy"
    shutil.copytree(project.data, copy)
    (copy / "studies.csv").write_text('study_id,"label\n')
    monkeypatch.chdir(project.root)
    asked = ["diff", "main", str(copy), "--format", "markdown", "--to", str(tmp_path / "x.md")]
    done = CliRunner().invoke(main, [*asked, "--images", str(tmp_path / "pictures")])
    assert done.exit_code == 1 and "studies.csv" in done.output
    assert not (tmp_path / "x.md").exists() and not (tmp_path / "pictures").exists()


def test_a_study_that_counts_twice_is_said_without_a_traceback(project, tmp_path, monkeypatch):
    copy = tmp_path / "copy"
    shutil.copytree(project.data, copy)
    path = min((copy / "effects").glob("*.csv"))
    rows = rows_of(path)
    write_rows(path, [*rows, rows[-1] | {"effect_id": "once-more"}])
    monkeypatch.chdir(project.root)
    done = CliRunner().invoke(main, ["diff", "main", str(copy), "--format", "markdown"])
    assert done.exit_code == 1 and "error: " in done.output and "counted twice" in done.output
