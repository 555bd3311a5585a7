"""Is a question file read as it is meant, and is every fault in it named?"""

import pytest
import yaml

from livingmeta.paths import ROOT
from livingmeta.questions import (
    ModelChoice,
    QuestionError,
    SubgroupRule,
    Variant,
    load_question,
    load_questions,
)

COMPLETE = {
    **{"id": "made-up", "part": "heart", "title": "T", "question": "Q?", "population": "P"},
    **{"intervention": "I", "comparator": "C", "outcome": "O", "outcome_noun": "o", "outcome_event": "an o"},
    **{"designs": "D", "eligibility": ["Anyone."], "text": "X", "effects": "x.csv", "measure": "OR"},
    **{"verdict": "association", "living": {"status": "exploratory"}},
}


@pytest.fixture
def write(tmp_path):
    def written(name="made-up", text=None, **changes):
        path = tmp_path / f"{name}.yml"
        kept = {key: value for key, value in {**COMPLETE, **changes}.items() if value != "(absent)"}
        path.write_text(yaml.safe_dump(kept) if text is None else text, encoding="utf-8")
        return path

    return written


def test_defaults_are_those_of_the_methods_page(write):
    question = load_question(write())
    assert (question.method, question.test, question.level, question.pi_df) == ("REML", "adhoc", 95, "k-1")
    assert question.common_effect == ModelChoice("EE", "z")
    assert question.pooled and question.sensitivity == question.subgroups == ()


def test_nested_parts_become_their_types(write):
    question = load_question(
        write(
            sensitivity=[{"name": "MH", "method": "MH", "test": "z"}],
            subgroups=[{"name": "s", "title": "S", "column": "n_total", "at_least": 9, "labels": ["a", "b"]}],
            common_effect={"method": "MH"},
            limits=None,
        )
    )
    assert question.sensitivity == (Variant("MH", method="MH", test="z"),)
    assert question.subgroups == (SubgroupRule("s", "S", "n_total", 9, ("a", "b")),)
    assert question.common_effect == ModelChoice("MH", "z")
    assert question.limits == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"populaton": "x"}, "populaton: 'x': unknown key"),
        ({"population": "(absent)"}, "population: missing"),
        ({"id": "other"}, "id: 'other': must be the name of the file"),
        ({"verdict": "good"}, "verdict: 'good': must be one of"),
        ({"part": "liver"}, "part: 'liver': must be one of"),
        ({"pooled": False}, "reason: missing"),
        ({"sensitivity": [{"name": "x", "metod": "DL"}]}, "sensitivity: 'metod': unknown key"),
        ({"subgroups": [{"name": "x", "by": "y"}]}, "subgroups: 'by': unknown key"),
        ({"common_effect": {"model": "EE"}}, "common_effect: 'model': unknown key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_names_file_key_value_and_rule(write, changes, said):
    path = write(**changes)
    with pytest.raises(QuestionError) as caught:
        load_question(path)
    assert f"{path}:{said}" in str(caught.value)


def test_all_faults_are_named_at_once(write):
    with pytest.raises(QuestionError) as caught:
        load_question(write(part="liver", verdict="good", title="(absent)"))
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(("text", "said"), [("a: [", "YAML"), ("- a", "mapping"), ("", "mapping")])
def test_what_is_no_question_at_all(write, text, said):
    with pytest.raises(QuestionError, match=said):
        load_question(write(text=text))


def test_a_byte_order_mark_is_fine(write):
    path = write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_question(path).id == "made-up"


def test_questions_come_in_the_order_of_the_book(write, tmp_path):
    for name, part, order in (("c", "kidney", 2), ("a", "brain", 1), ("b", "kidney", 1), ("d", "heart", 9)):
        write(name, id=name, part=part, order=order)
    assert [question.id for question in load_questions(tmp_path)] == ["b", "c", "d", "a"]


def test_the_book_has_its_seven_questions():
    questions = load_questions(ROOT / "data" / "questions")
    assert {question.id for question in questions} >= {
        "iv-magnesium-ami-mortality",
        "low-magnesium-dialysis-mortality",
        "magnesium-pth-haemodialysis",
        "magnesium-supplementation-ckd-gi-events",
        "magnesium-supplementation-ckd-deaths",
        "magnesium-supplementation-ckd-cv-events",
        "magnesium-intracerebral-haemorrhage",
    }


@pytest.mark.parametrize("title", ["A <b>bold</b> claim", "$x$", "a_b", "[link]", "back\\slash", "`code`"])
def test_a_title_is_plain_text_because_it_stands_in_headings_as_it_is(write, title):
    with pytest.raises(QuestionError, match=r"title: .*must be plain text"):
        load_question(write(title=title))
    assert load_question(write(title="Safety: 50% & more (n > 0 excepted)".replace(">", "over"))).title


def test_a_baseline_risk_is_a_proportion_or_counted_people_with_a_source(write):
    assert load_question(write(baseline_risk=0.12)).baseline_risk == 0.12
    stated = load_question(
        write(baseline_risk={"events": 12, "n": 100, "source": "a registry"})
    ).baseline_risk
    assert (stated.events, stated.n, stated.source) == (12, 100, "a registry")


@pytest.mark.parametrize(
    ("risk", "said"),
    [
        (12, "must lie above 0 and below 1"),
        (0, "must lie above 0 and below 1"),
        ("high", "must be a proportion, a mapping"),
        ({"events": 12, "n": 100}, "source: missing"),
        ({"events": 12, "n": 100, "source": "x", "per": 1000}, "'per': unknown key"),
        ({"events": 120, "n": 100, "source": "x"}, "events not above n"),
        ({"events": 1.5, "n": 100, "source": "x"}, "must be whole numbers"),
        ({"events": 12, "n": 100, "source": " "}, "must be text that says where"),
    ],
)
def test_a_baseline_risk_that_is_none_is_named(write, risk, said):
    with pytest.raises(QuestionError, match=said):
        load_question(write(baseline_risk=risk))


def test_the_known_studies_are_counted_by_somebody(write):
    stated = load_question(write(known_studies={"n": 12, "source": "a review"})).known_studies
    assert (stated.n, stated.source) == (12, "a review")
    assert load_question(write(known_studies=None)).known_studies is None


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (12, "must be a mapping of n and source"),
        ({"n": 12}, "source: missing"),
        ({"n": 0, "source": "a review"}, "must be a whole number from 1"),
        ({"n": 1.5, "source": "a review"}, "must be a whole number from 1"),
        ({"n": 12, "source": " "}, "must be text that says who counted"),
        ({"n": 12, "source": "a review", "of": 13}, "'of': unknown key"),
    ],
)
def test_known_studies_that_are_none_are_named(write, known, said):
    with pytest.raises(QuestionError, match=said):
        load_question(write(known_studies=known))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "not_pooled"}, ":verdict: 'not_pooled': needs `pooled: false`"),
        ({"pooled": False, "reason": "  "}, ":reason: missing"),
        (
            {"per": [{"value": 1, "unit": "mmol/L"}]},
            ":per: [{'unit'",
        ),
        ({"per": {"value": 1, "unit": ["mmol/L"]}}, ":per: unit: ['mmol/L']: must be one of"),
        ({"per": {"value": float("nan"), "unit": "mmol/L"}}, ":per: value: nan: must be a number above 0"),
        ({"per": {"value": float("inf"), "unit": "mmol/L"}}, ":per: value: inf: must be a number above 0"),
        ({"common_effect": None}, ":common_effect: None: must be a mapping"),
        ({"multiverse": 0}, ":multiverse: 0: must be a mapping"),
        ({"limits": [{"a": "b"}]}, ":limits: {'a': 'b'}: must be text; put it in quotes"),
    ],
)
def test_a_value_of_another_form_is_one_fault_with_its_key(write, changes, words):
    with pytest.raises(QuestionError) as error:
        load_question(write(**changes))
    assert words in str(error.value)
