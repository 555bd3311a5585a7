"""Is a reader told what is missing, in the order of the stated rule, and how many patients it is about?"""

import re
from dataclasses import replace

import pytest

from livingmeta.cautions import limits
from livingmeta.tables.wanted import null_sentence, wanted_section, what_would_help
from livingmeta.wanted import people_in, silent_anywhere, untied, wanted
from made_up import QUESTION, analysed, frame, ratios, schema, studies

PRIMARY = {"measure": "HR", "verdict": "association", "filter": {"pool_role": "primary"}}
RATIOS = ratios((1.5, 1.2, 1.875), (1.4, 1.2, 1.634))
TEXT = {"kind": "full_text_wanted", "what_it_would_add": "an interval"}


def without(status, **more):
    common = {"measure_reported": "none", "pool_role": "display", "outcome_definition": "death"}
    return {**common, "result_status": status, **more}


def made(rows, ongoing=(), screening=()):
    tables = studies(rows)
    listed = [{"ongoing_id": f"o{i}", "question_id": QUESTION.id, **row} for i, row in enumerate(ongoing)]
    watched = frame(listed, schema().tables["ongoing"])
    decided = [
        {"decision": "awaiting_full_text", "reason": "cut off", "stage": "abstract", **row}
        for row in screening
    ]
    return replace(tables, ongoing=watched, screening=frame(decided, schema().tables["screening"]))


def found(rows, ongoing=(), screening=()):
    entered = set(analysed(rows, **PRIMARY).effects.frame["effect_id"])
    return wanted(replace(QUESTION, **PRIMARY), made(rows, ongoing, screening), entered)


def test_nulls_are_counted_as_the_cautions_count_them():
    rows = [*RATIOS, without("null_no_number", n_analysed=1000), without("null_no_number", n_analysed=234)]
    said = null_sentence(found(rows))
    assert "Of 4 studies on this page, 2 report" in said and "1,234 patients" in said
    assert "(1,234 patients)" in " ".join(limits(analysed(rows, **PRIMARY)))


def test_every_page_says_it_also_where_there_is_none():
    assert "Of 2 studies on this page, none is recorded" in null_sentence(found(RATIOS))


def test_what_is_not_recorded_is_not_counted_as_nobody():
    rows = [*RATIOS, without("null_no_number", n_analysed=70), without("null_no_number")]
    assert "70 patients, and 1 of unrecorded size" in null_sentence(found(rows))
    assert "number of patients is not recorded" in null_sentence(found([*RATIOS, without("null_no_number")]))


def test_a_study_is_counted_once_and_one_with_another_number_is_told():
    rows = [
        *RATIOS,
        *(
            without("null_no_number", study_id="study0", cohort_id=c, outcome_id="other", n_analysed=50)
            for c in "ab"
        ),
    ]
    one = found(rows)
    assert len(one.nulls) == 1 and one.nulls[0].has_number
    assert "50 patients; 1 of them has another result with a number" in null_sentence(one)


def test_a_study_that_prints_a_number_for_the_same_outcome_has_not_vanished():
    rows = [*RATIOS, without("null_no_number", study_id="study0", cohort_id="with albumin", n_analysed=50)]
    assert found(rows).silent == ()
    assert "without printing a number" not in " ".join(limits(analysed(rows, **PRIMARY)))


@pytest.mark.parametrize("status", ["direction_only", "p_only", "partial", "absent"])
def test_other_results_without_a_number_stand_apart_from_nulls(status):
    one = found([*RATIOS, without(status, n_analysed=10)])
    assert not one.nulls and len(one.others) == 1
    assert "1 study gives a direction" in re.sub("<[^>]*>", "", wanted_section(one))
    both = found([*RATIOS, without("null_no_number"), without(status)])
    assert "1 more gives a direction" in re.sub("<[^>]*>", "", wanted_section(both))


def test_a_sentence_with_nothing_after_it_ends_there():
    assert "without a number.</p>" in wanted_section(found(RATIOS))


def test_a_text_raises_k_only_when_its_study_is_not_in():
    rows = [{**RATIOS[0], "extraction_id": "x0"}, RATIOS[1], without("partial", extraction_id="x2")]
    one = found(rows, [{**TEXT, "title": "In", "source": "x0"}, {**TEXT, "title": "Out", "source": "x2"}])
    assert [(text.title, text.raises, text.study_id) for text in one.texts] == [
        ("Out", True, "study2"),
        ("In", False, "study0"),
    ]
    assert one.k == 2 and one.raising == 1 and one.could_reach


def test_a_text_that_cannot_enter_raises_nothing_and_says_why():
    blocked = {"title": "Cross-over", "can_enter": "no", "can_enter_because": "a <cross-over>"}
    doubtful = {"title": "Doubtful", "can_enter": "unclear", "can_enter_because": "randomised or not"}
    one = found(RATIOS, [{**TEXT, **row, "source": row["title"]} for row in (blocked, doubtful)])
    assert [(text.title, text.raises) for text in one.texts] == [("Doubtful", True), ("Cross-over", False)]
    assert one.k == 2 and one.raising == 1
    shown = wanted_section(one)
    assert "no: a &lt;cross-over&gt;" in shown and "unclear: randomised or not" in shown
    alone = found(RATIOS, [{**TEXT, **blocked, "source": "x"}])
    assert "none would add one to the 2 studies with a usable number" in wanted_section(alone)


def test_a_study_that_is_in_is_told_so_whatever_else_is_unclear():
    rows = [{**RATIOS[0], "extraction_id": "x0"}, RATIOS[1]]
    text = {**TEXT, "title": "In", "source": "x0", "can_enter": "unclear", "can_enter_because": "units"}
    shown = wanted_section(found(rows, [text]))
    assert "no, its study is in already" in shown and "unclear" not in shown


def test_texts_come_with_the_most_patients_first_and_unknown_last():
    titles = ("B, n = 40", "A", "C, n = 1,200", "D n=40")
    one = found(RATIOS, [{**TEXT, "title": title, "source": "somewhere"} for title in titles])
    assert [text.title for text in one.texts] == ["C, n = 1,200", "B, n = 40", "D n=40", "A"]


def test_a_title_names_its_patients_or_not():
    assert people_in("Dalian 2021, n = 757") == people_in("Dalian (n=757)") == 757
    assert people_in("137 centres") is people_in("in = 5") is None


def test_a_screened_record_on_the_list_counts_once_and_belongs_to_its_study():
    rows = [*RATIOS, without("partial", study_id="late")]
    screening = [
        {"record_id": "r1", "study_id": "late", "title": "Late"},
        {"record_id": "r2", "title": "Free"},
    ]
    one = found(rows, [{**TEXT, "title": "Listed", "source": "r1"}], screening)
    assert [(text.title, text.study_id) for text in one.texts] == [("Listed", "late")]
    assert [text.title for text in found(rows, (), screening).texts] == ["Late"]


def test_the_book_puts_the_question_first_that_could_reach_three():
    few = replace(QUESTION, id="few", title="Few", **PRIMARY)
    many = replace(QUESTION, id="many", title="Many", **PRIMARY)
    ongoing = [
        {**TEXT, "title": f"For {name}, n = {n}", "question_id": name}
        for name, n in (("many", 9), ("few", 5))
    ]
    tables = made(ratios(*[(1.5, 1.2, 1.875)] * 4), ongoing)
    ids = list(tables.effects["made-up.csv"]["effect_id"])
    both = [wanted(many, tables, ids), wanted(few, tables, ids[:2])]
    page = what_would_help(both, tables)
    assert page.index("For few") < page.index("For many")
    assert "fewer than 3 such numbers and could reach 3" in page


def test_what_belongs_to_no_question_is_told_apart():
    ongoing = [{**TEXT, "title": "Nowhere", "question_id": None}]
    screening = [{"record_id": "r1", "title": "Screened"}, {"record_id": "r2", "decision": "not_retrieved"}]
    tables = made(RATIOS, ongoing, screening)
    one = wanted(QUESTION, tables, ())
    assert [text.title for text in untied(tables, [one])] == ["Nowhere", "Screened"]
    assert "without a title: 1 record;" in what_would_help([one], tables)


def test_a_trial_has_its_number_as_the_text_of_its_link():
    trial = {"kind": "ongoing_trial", "title": "A trial, until 31 March 2026", "what_it_would_add": "death"}
    shown = wanted_section(found(RATIOS, [{**trial, "registration": "NCT01234567"}]))
    assert '<a href="https://clinicaltrials.gov/study/NCT01234567">NCT01234567</a>' in shown
    assert "until 31 March 2026" in shown
    assert (
        "<a href"
        not in wanted_section(found(RATIOS, [{**trial, "registration": "<b>"}])).partition("<p><a")[0]
    )


def test_the_book_counts_a_study_once_however_many_results_lack_a_number():
    rows = [*RATIOS, *(without("null_no_number", study_id="same", cohort_id=c, n_analysed=8) for c in "abc")]
    assert [(one.study_id, one.people) for one in silent_anywhere(made(rows))] == [("same", 8.0)]


def test_the_page_links_to_the_studies_and_escapes():
    shown = wanted_section(found([*RATIOS, without("null_no_number", outcome_definition="<script>")]))
    assert 'href="../../studies.html#study2"' in shown and "<script>" not in shown
