"""Are declared rules evaluated from the data, and does a page say how current it is without a clock?"""

import re
from dataclasses import replace

import pytest

from livingmeta.currency import RULES, Awaiting, Facts, Look, awaiting, currency, evaluated, months_later
from livingmeta.history import History
from livingmeta.questions import LIVING_RULES, QuestionError, load_question
from livingmeta.releases import Identity
from livingmeta.tables.currency import book_strip, currency_strip, rules_table
from made_up import QUESTION, frame, schema, studies, tables

TODAY = Identity(commit="abc1234", date="2026-11-22")
PAST = History(QUESTION.id, QUESTION.title)
FACTS = Facts(Look("2026-01-31", "systematic"), Awaiting(2, 1), 2010, 2026, 4, 2)


def evidence(ongoing=(), screening=(), searches=(), years=()):
    """Return made-up studies with rows in the tables that rules look at."""
    made = studies(tables(*[(1, 10, 2, 10)] * max(1, len(years))))
    own = [
        {"study_id": name, "label": name, "year": year}
        for name, year in zip(made.studies["study_id"], years, strict=False)
    ]
    return replace(
        made,
        studies=frame(own, schema().tables["studies"]) if own else made.studies,
        ongoing=frame(ongoing, schema().tables["ongoing"]),
        screening=frame(screening, schema().tables["screening"]),
        searches=frame(searches, schema().tables["searches"]),
    )


def wanted(number, question=QUESTION.id, kind="full_text_wanted", source=""):
    row = {"ongoing_id": f"o{number}", "kind": kind, "title": "x", "question_id": question}
    return {**row, "what_it_would_add": "x", "source": source}


def screened(number, decision="awaiting_full_text", study="study0", extraction=""):
    row = {"record_id": f"r{number}", "search_id": "s", "decision": decision, "study_id": study}
    return {**row, "reason": "x", "stage": "abstract", "extraction_id": extraction}


def look(day, questions=QUESTION.id, kind="exploratory"):
    return {"search_id": f"s{day}", "date": day, "source": "x", "kind": kind, "question_ids": questions}


def living(**declared):
    return replace(QUESTION, living={"status": "living", "because": "It is.", **declared})


def test_every_rule_that_a_file_may_declare_is_one_that_is_evaluated():
    assert tuple(RULES) == LIVING_RULES


@pytest.mark.parametrize(
    ("rule", "threshold", "met"),
    [
        ("awaiting_at_least", 3, True),
        ("awaiting_at_least", 4, False),
        ("years_without_new_study", 16, True),
        ("years_without_new_study", 17, False),
        ("new_searches_without_change", 2, True),
        ("new_searches_without_change", 3, False),
        ("months_since_last_look", 1, None),
    ],
)
def test_a_rule_is_met_from_its_threshold_on(rule, threshold, met):
    (outcome,) = evaluated([{rule: threshold}], FACTS)
    assert outcome.met is met
    assert str(threshold) in outcome.words


def test_a_rule_says_the_numbers_it_saw():
    said = {name: rule(FACTS, 1).seen for name, rule in RULES.items()}
    assert "2 full texts and 1 ongoing trial" in said["awaiting_at_least"]
    assert "2010" in said["years_without_new_study"] and "16 years" in said["years_without_new_study"]
    assert "2 in a row, of 4" in said["new_searches_without_change"]
    assert "2026-01-31" in said["months_since_last_look"]


def test_what_is_not_known_cannot_be_evaluated():
    nothing = Facts(None, Awaiting(), None, None, 0, 0)
    met = {name: rule(nothing, 1).met for name, rule in RULES.items()}
    assert met == {
        "awaiting_at_least": False,
        "months_since_last_look": None,
        "years_without_new_study": None,
        "new_searches_without_change": False,
    }
    assert RULES["years_without_new_study"](replace(FACTS, year=None), 1).met is None


def test_months_are_counted_to_the_end_of_a_short_one():
    assert months_later("2026-01-31", 1) == "2026-02-28"
    assert months_later("2027-11-30", 3) == "2028-02-29"
    assert months_later("2026-12-05", 12) == "2027-12-05"
    assert RULES["months_since_last_look"](FACTS, 12).due == "2027-01-31"


def test_awaiting_counts_the_question_s_own_and_nothing_twice():
    made = evidence(
        ongoing=[
            wanted(1, source="x1"),
            wanted(2, kind="ongoing_trial"),
            wanted(3, question="another"),
            wanted(4, question=None),
        ],
        screening=[
            screened(1, extraction="x1"),
            screened(2),
            screened(3, decision="excluded"),
            screened(4, study=None),
        ],
    )
    assert awaiting(made, QUESTION.id, ["study0"]) == Awaiting(1, 1, 1)
    assert awaiting(made) == Awaiting(3, 1, 2)


def test_records_that_nobody_has_seen_are_told_and_trigger_nothing():
    looks = [
        {**look("2026-03-01"), "search_id": "own"},
        {**look("2026-05-01", "another"), "search_id": "its"},
    ]
    waiting = [
        {**screened(n, decision="pending", study=None), "search_id": name}
        for n, name in enumerate(("own", "own", "its"))
    ]
    made = evidence(searches=looks, screening=waiting)
    assert awaiting(made, QUESTION.id) == Awaiting(0, 0, 0, 2)
    assert awaiting(made).text == "3 records not screened yet"
    assert awaiting(made).n == 0


def test_the_newest_study_and_the_last_look_are_the_question_s():
    rows = [look("2026-03-01"), look("2026-05-01", "another"), look("2026-01-01", f"another; {QUESTION.id}")]
    made = evidence(searches=rows, years=(1999, 2004))
    question = living(search_every_months=6, retire_when=[{"years_without_new_study": 22}])
    now = currency(question, made, PAST, TODAY)
    assert now.last_look == Look("2026-03-01", "exploratory")
    assert now.next_due == "2026-09-01"
    assert [outcome.met for outcome in now.retirements] == [True]
    assert now.retirement_due == now.retirements and now.update_due == ()


def test_the_strip_says_all_and_only_the_version_never_the_commit():
    made = evidence(ongoing=[wanted(1)], searches=[look("2026-03-01")], years=(1999,))
    question = living(search_every_months=6, update_when=[{"awaiting_at_least": 1}])
    shown = currency_strip(currency(question, made, PAST, TODAY))
    for part in ("unreleased", "2026-03-01", "not a systematic search", "every 6 months", "1 full text"):
        assert part in shown
    assert 'data-next-due="2026-09-01"' in shown and "Update due" in shown
    assert "abc1234" not in shown
    released = currency(question, made, PAST, Identity("2026.11.0", "abc", "2026-11-22", "2026.11.0"))
    assert "2026.11.0" in currency_strip(released) and "abc" not in currency_strip(released)


def test_nothing_agreed_and_nothing_recorded_is_said():
    shown = currency_strip(currency(replace(QUESTION, living={}), evidence(), PAST, Identity()))
    assert "no schedule agreed" in shown and shown.count("not recorded") == 2
    assert "data-next-due" not in shown and "due</span>" not in shown
    assert "No rules" in rules_table(currency(QUESTION, evidence(), PAST, Identity()))


def test_a_schedule_without_a_dated_look_has_no_date():
    shown = currency_strip(currency(living(search_every_months=1), evidence(), PAST, TODAY))
    assert "every month" in shown and "data-next-due" not in shown


def test_the_table_has_every_rule_with_its_outcome():
    question = living(
        update_when=[{"awaiting_at_least": 1}, {"months_since_last_look": 12}],
        retire_when=[{"years_without_new_study": 10}],
    )
    made = evidence(searches=[look("2026-03-01")])
    shown = re.sub(r"<[^>]*>", "|", rules_table(currency(question, made, PAST, TODAY)))
    assert "not met" in shown and "cannot be evaluated" in shown and "2027-03-01" in shown
    assert 'data-due-from="2027-03-01"' in currency_strip(currency(question, made, PAST, TODAY))


def test_the_book_names_the_questions_that_are_due():
    made = evidence(ongoing=[wanted(1), wanted(2, question=None)])
    one = currency(living(update_when=[{"awaiting_at_least": 1}]), made, PAST, TODAY)
    other = currency(replace(QUESTION, id="quiet", title="A quiet one"), made, PAST, TODAY)
    shown = book_strip([one, other], None, awaiting(made), TODAY)
    assert "1 of 2" in shown and f"questions/heart/{QUESTION.id}.html" in shown
    assert "quiet.html" not in shown and "2 full texts" in shown and "abc1234" in shown


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{update_when: [{sometimes: 1}]}", "living.update_when.0.sometimes: 1: unknown rule"),
        (
            "{retire_when: [{awaiting_at_least: 1}, {years_without_new_study: 0}]}",
            "living.retire_when.1.years_without_new_study: 0: must be a whole number from 1",
        ),
        ("{update_when: [{awaiting_at_least: many}]}", "update_when.0.awaiting_at_least: 'many': must be"),
        ("{update_when: [{awaiting_at_least: true}]}", "update_when.0.awaiting_at_least: True: must be"),
        (
            "{update_when: {awaiting_at_least: 1}}",
            "living.update_when: {'awaiting_at_least': 1}: must be a list",
        ),
        ("{update_when: [awaiting_at_least]}", "living.update_when.0: 'awaiting_at_least': must be one rule"),
        ("{search_every_months: 0}", "living.search_every_months: 0: must be a whole number from 1"),
        ("{status: 5}", "living.status: 5: must be text"),
        ("{retire_if: null}", "living.retire_if: None: unknown key"),
    ],
)
def test_what_is_declared_wrongly_is_a_fault_with_its_path(tmp_path, text, fault):
    path = tmp_path / "q.yml"
    path.write_text(f"id: q\nliving: {text}\n")
    with pytest.raises(QuestionError) as error:
        load_question(path)
    assert fault in str(error.value)


def test_null_and_every_rule_may_be_declared(tmp_path):
    path = tmp_path / "q.yml"
    declared = ", ".join(f"{{{name}: 2}}" for name in LIVING_RULES)
    path.write_text(
        f"id: q\nliving: {{update_when: [{declared}], retire_when: null, search_every_months: 3}}\n"
    )
    with pytest.raises(QuestionError) as error:
        load_question(path)
    assert "living" not in str(error.value).replace(f"{path}:living: missing", "")


def test_a_fault_of_a_rule_names_its_own_line(tmp_path):
    from livingmeta.check.question_rules import _loaded

    path = tmp_path / "q.yml"
    path.write_text(
        "id: q\nliving:\n  status: living\n  update_when:\n    - awaiting_at_least: 1\n    - never: 1\n"
    )
    findings, _ = _loaded(path, "questions/q.yml")
    assert [finding.line for finding in findings if "unknown rule" in finding.rule] == [6]
