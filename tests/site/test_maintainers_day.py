"""Does the maintainer's day work as its page tells it, and does it show the same numbers all the way?"""

import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from walkthrough import PAGE, RECORDINGS, Day, Shown, steps

QUESTION, STUDY, VERSION = "low-magnesium-dialysis-mortality", "example2030", "2030.01.0"
MOVED = re.compile(r"^ +main model: (?P<old>.+) -> (?P<new>.+)$", re.MULTILINE)
RESULTS = re.compile(r"^Results\n(?P<text>.*? other questions: nothing moved)$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    return Day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def shown(day: Day) -> dict[str, Shown]:
    """What every step shows, the steps run one after the other."""
    done: dict[str, Shown] = {}
    for step in steps():
        done[step.name] = day.run(step)
        assert not any(done[step.name].codes), f"{step.name}:\n{done[step.name].output}"
    return done


def results(text: str) -> str:
    """Return the part of a preview or a difference that tells the results."""
    found = RESULTS.search(text)
    assert found is not None, text
    return found["text"].strip()


def test_the_page_goes_all_the_way_from_the_export_to_the_published_version() -> None:
    verbs = re.findall(r"^\$ livingmeta ([\w-]+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert verbs == ["intake", "screen", "add", "add", "build", "diff", "release", "publish"]


def test_every_recording_that_the_page_shows_was_made_of_its_commands() -> None:
    included = re.findall(r"\{literalinclude\} maintainers-day/(day-[\w-]+)\.txt", PAGE.read_text("utf-8"))
    recorded = {step.name: step for step in steps()}
    assert set(included) <= set(recorded)
    assert {path.stem for path in RECORDINGS.glob("day-*.txt")} >= set(included)
    for name in included:
        text = recorded[name].recording.read_text(encoding="utf-8")
        assert text.strip()
        if len(recorded[name].commands) > 1:
            said = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
            assert said == list(recorded[name].commands)


def test_the_export_brings_what_the_page_says(shown: dict[str, Shown]) -> None:
    said = shown["day-intake"].output
    assert "6 records" in said
    assert "3 to screen, 2 duplicates" in said
    assert "record 6" in said
    assert "same registration number NCT00000000" in said


def test_the_same_export_taken_in_again_adds_nothing(day: Day, shown: dict[str, Shown]) -> None:
    before = {path: path.read_bytes() for path in sorted((day.root / "data").glob("*.csv"))}
    again = next(step for step in steps() if step.name == "day-intake")
    assert day.run(again).codes == (0,)
    assert {path: path.read_bytes() for path in sorted((day.root / "data").glob("*.csv"))} == before


def test_the_preview_and_the_difference_say_the_same_of_every_result(shown: dict[str, Shown]) -> None:
    preview, difference = (results(shown[name].output) for name in ("day-preview", "day-diff"))
    assert preview == difference
    assert MOVED.search(preview) is not None


def test_the_published_page_shows_the_number_of_the_preview(day: Day, shown: dict[str, Shown]) -> None:
    moved = MOVED.search(results(shown["day-preview"].output))
    assert moved is not None
    record = json.loads((published(day) / f"api/v1/questions/{QUESTION}.json").read_text(encoding="utf-8"))
    display = record["display"]
    numbers = [display[key] for key in ("estimate", "ci_lower", "ci_upper")]
    symbol, *printed = re.findall(r"[A-Z]+|\d+\.\d+", moved["new"])
    assert symbol == record["measure"]
    assert printed == [f"{number:.2f}" for number in numbers]
    assert record["release"] == VERSION
    html = (published(day) / f"book/questions/kidney/{QUESTION}.html").read_text(encoding="utf-8")
    page = " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())
    assert moved["new"].replace("HR ", "") in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "Example 2030" in page


def test_the_release_froze_what_was_previewed(day: Day, shown: dict[str, Shown]) -> None:
    release = day.root / "data" / "releases" / VERSION
    changes = json.loads((release / "changes.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in changes["evidence"]["studies"]["added"]] == [STUDY]
    assert [one["question"] for one in changes["results"] if one["moved"]] == [QUESTION]


def test_the_versions_that_a_reader_finds_begin_with_the_new_one(day: Day, shown: dict[str, Shown]) -> None:
    assert published(day).is_dir()
    assert (day.site / "latest" / "index.html").exists()
    assert VERSION in (day.site / "versions.json").read_text(encoding="utf-8")


def published(day: Day) -> Path:
    return day.site / f"v{VERSION}"
