"""Is a new question sound, in the form of the others, and silent on evidence that is not its own?"""

from pathlib import Path

import pytest
import yaml

from checked import check
from curating import BUILDS, DAY, FILE, LIKE, NEW_STUDY, data_folder, put
from livingmeta.curation import Given, MissingError, RequestError, new_question
from livingmeta.curation.new_questions import Wanted, question_keys, template
from livingmeta.curation.question_text import KEYS, question_text
from livingmeta.impact import impact
from livingmeta.paths import ROOT
from livingmeta.questions import Question, load_question, load_questions
from livingmeta.table_files import read_table

FILES = sorted((ROOT / "data" / "questions").glob("*.yml"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return data_folder(tmp_path / "data")


def test_every_key_of_a_question_is_described() -> None:
    assert set(KEYS) == set(Question.__dataclass_fields__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_question_written_anew_says_the_same_in_the_same_order(path: Path) -> None:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    text = question_text(raw)
    assert yaml.safe_load(text) == raw
    assert list(yaml.safe_load(text)) == sorted(raw, key=list(KEYS).index)


def test_a_question_after_another_says_nothing_of_the_other_ones_evidence(data: Path) -> None:
    draft = put(data, BUILDS["new-question"])
    question = load_question(data / "questions" / "another.yml")
    like = load_question(data / "questions" / f"{FILE}.yml")
    assert (question.population, question.measure, question.method) == (like.population, "OR", "REML")
    assert (question.limits, question.sensitivity, question.known_studies) == ((), (), None)
    assert question.living == {**like.living, "status": "exploratory", "because": "It is made up."}
    assert draft.files == ("effects/another.csv", "questions/another.yml")
    assert draft.notes == ("effects/another.csv is a new file without rows.",)
    assert read_table(data, "effects/another").rows == ()
    assert not check(data).faults
    assert question in load_questions(data / "questions")


def test_what_has_to_be_said_anew_is_named_at_once(data: Path) -> None:
    with pytest.raises(MissingError) as refused:
        new_question(data, Wanted("another", {}, FILE))
    said = [line.split("=")[0] for line in refused.value.problems]
    assert said == [f"--set {k}" for k in ("title", "question", "text", "living.status", "living.because")]
    with pytest.raises(MissingError) as refused:
        new_question(data, Wanted("another", {"living": {"status": "x", "because": "y"}}))
    said = [line.split("=")[0] for line in refused.value.problems]
    assert {"--set part", "--set measure", "--set effects"} <= set(said)
    assert not {"--set id", "--set living.status", "--set order"} & set(said)


def test_a_value_is_read_as_yaml_and_may_lie_within_a_key(data: Path) -> None:
    keys = question_keys(["pooled=false", "filter.pool_role=[primary, display]", "order=7"])
    put(data, lambda folder: new_question(folder, Wanted("another", {**LIKE, **keys}, FILE)))
    raw = yaml.safe_load((data / "questions" / "another.yml").read_text())
    assert raw["filter"] == {"pool_role": ["primary", "display"]} and raw["order"] == 7


def test_what_is_no_key_is_refused_all_at_once() -> None:
    with pytest.raises(RequestError) as refused:
        question_keys(["titel=x", "title", "order=[1"])
    assert len(refused.value.problems) == 3 and "did you mean title" in str(refused.value)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("Another One", {}), "lower case words and numbers joined by hyphens"),
        (Wanted("../another", {}), "lower case words and numbers joined by hyphens"),
        (Wanted(FILE, {}), "is there already"),
        (Wanted("another", {}, "synthetic-00"), "must be a question; did you mean synthetic-00"),
        (Wanted("another", {}, text="id: ["), "not a YAML file"),
    ],
)
def test_what_cannot_be_a_question_is_refused(data: Path, wanted: Wanted, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        new_question(data, wanted)


def text_of(data: Path, name: str) -> str:
    text = (data / "questions" / f"{FILE}.yml").read_text()
    return "# A remark.\n" + text.replace(f"id: {FILE}", f"id: {name}")


def test_a_file_is_taken_as_it_is_with_its_remarks(data: Path) -> None:
    text = text_of(data, "another")
    put(data, lambda folder: new_question(folder, Wanted("another", {}, text=text)))
    assert (data / "questions" / "another.yml").read_text() == text


def test_its_estimate_is_seen_before_it_is_written(data: Path) -> None:
    draft = new_question(data, Wanted("another", {}, text=text_of(data, "another")))
    found = impact(data, draft.texts)
    assert not found.faults
    (result,) = [one for one in found.changes["results"] if one["state"] == "added"]
    assert result["question"] == "another" and result["new"]["numbers"]["estimate"] is not None
    assert "another: new question" in found.text


def test_a_question_comes_in_together_with_its_first_study(data: Path) -> None:
    text = text_of(data, "another").replace(f"{FILE}.csv", "another.csv")
    wanted = Wanted("another", {}, text=text)
    alone = impact(data, new_question(data, wanted).texts)
    assert any("must occur in column" in fault.rule for fault in alone.faults)
    rows = Given(NEW_STUDY.rows)
    draft = put(data, lambda folder: new_question(folder, wanted, rows, DAY))
    assert "effects/another.csv" in draft.files and "studies.csv" in draft.files
    assert not check(data).faults


def test_a_template_names_every_key_and_which_are_needed() -> None:
    text = template("another")
    assert yaml.safe_load(text)["id"] == "another"
    assert all(f"\n{key}:" in text or f"\n# {key}:" in text for key in KEYS)
    assert "# * Title of the page." in text and "# Test and interval." in text
