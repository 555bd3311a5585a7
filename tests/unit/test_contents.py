"""Do question pages stand in the order that their files declare?"""

from dataclasses import replace

import yaml

from livingmeta.contents import ordered, write_contents
from livingmeta.paths import ROOT, Project
from livingmeta.questions import load_questions
from made_up import QUESTION

TOC = {"root": "book/index", "parts": [{"chapters": [{"file": "a"}, {"glob": "book/questions/heart/*"}]}]}


def test_pages_stand_in_the_order_of_the_book():
    asked = [replace(QUESTION, id="b", order=1), replace(QUESTION, id="a", order=2)]
    (part,) = ordered(TOC, asked)["parts"]
    assert [entry["file"] for entry in part["chapters"]] == [
        "a",
        "book/questions/heart/b",
        "book/questions/heart/a",
    ]


def test_a_part_without_questions_keeps_its_other_pages():
    (part,) = ordered(TOC, [replace(QUESTION, part="brain")])["parts"]
    assert part["chapters"] == [{"file": "a"}]


def test_other_patterns_stay():
    toc = {"sections": [{"glob": "book/changes/*"}]}
    assert ordered(toc, [QUESTION]) == toc


def test_every_question_has_its_place(tmp_path):
    (tmp_path / "_toc.yml").write_text((ROOT / "_toc.yml").read_text(encoding="utf-8"), encoding="utf-8")
    questions = load_questions(ROOT / "data" / "questions")
    project = Project(tmp_path)
    write_contents(project, questions)
    text = project.contents.read_text(encoding="utf-8")
    assert yaml.safe_load(text)["root"] == "book/index"
    assert all(text.count(f"book/questions/{one.part}/{one.id}\n") == 1 for one in questions)
