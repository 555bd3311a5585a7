"""Does the history of an answer have the right steps, and are only new searches counted as looks?"""

import re

import pytest

from livingmeta.charts.course import NARROW, WIDE, course_of
from livingmeta.charts.trajectory import caption, trajectory, trajectory_html, why_no_trajectory
from livingmeta.history import history, moved, release_moves, searched, studies_since, summary_text
from livingmeta.numbers import SUMMARY_KEYS
from livingmeta.paths import Project
from livingmeta.releases import Identity, releases
from livingmeta.tables.history import history_section, looks_note, unreleased_part, versions_table, whats_new
from livingmeta.tables.html import Markup
from made_releases import QUESTION, changed, release, said, search

TODAY = Identity(commit="abc", date="2028-01-01", newest="2027.03.0")


def record(**changes):
    """Return what `summary` reads of a record."""
    return said(**changes) | {"id": QUESTION}


@pytest.fixture
def three(tmp_path):
    first = search("one", QUESTION)
    release(tmp_path, "2026.11.0", estimates={QUESTION: said(1.5)}, searches=first, studies=("a",))
    release(
        tmp_path,
        "2027.02.0",
        "new-search",
        estimates={QUESTION: said(1.4, 6), "other": said(2.0, question="other")},
        searches=first + search("two", QUESTION, "third"),
        studies=("a", "b"),
        previous="2026.11.0",
        changes=changed(("b",), ("b",), lead_now_excludes_null=True, direction_changed=False),
    )
    release(
        tmp_path,
        "2027.03.0",
        "correction",
        estimates={QUESTION: said(1.3, 6), "other": said(2.0, question="other")},
        searches=first + search("two", QUESTION, "third"),
        studies=("a", "b"),
        previous="2027.02.0",
    )
    return releases(Project(tmp_path))


def test_each_release_is_a_step_and_so_is_what_differs_today(three):
    past = history(QUESTION, three, record(estimate=1.2), TODAY)
    assert [step.version for step in past.steps] == ["2026.11.0", "2027.02.0", "2027.03.0", "unreleased"]
    assert [step.kind_text for step in past.steps] == ["curation", "new search", "correction", ""]


def test_today_is_no_step_when_nothing_differs_or_it_is_the_release(three):
    same = record(estimate=1.3 * (1 + 1e-13), k=6)
    assert history(QUESTION, three, same, TODAY).steps[-1].version == "2027.03.0"
    released = Identity("2027.03.0", "abc", "2027-03-01", "2027.03.0")
    assert history(QUESTION, three, record(estimate=9.0), released).steps[-1].version == "2027.03.0"
    assert history(QUESTION, (), record(), Identity()).steps[-1].version == "unreleased"


def test_a_release_without_the_question_is_no_step(three):
    assert [step.version for step in history("other", three, None, TODAY).steps] == ["2027.02.0", "2027.03.0"]
    assert history("unknown", three, None, TODAY).steps == ()


@pytest.mark.parametrize(
    ("kind", "rows", "looks"),
    [
        ("new-search", search("two", QUESTION), 1),
        ("new-search", search("two", "other"), 0),
        ("correction", search("two", QUESTION), 0),
        ("curation", search("two", QUESTION), 0),
        ("method", search("two", QUESTION), 0),
    ],
)
def test_only_an_added_search_that_names_the_question_is_a_look(tmp_path, kind, rows, looks):
    release(tmp_path, "2026.11.0", searches=search("one", "other"))
    release(tmp_path, "2027.01.0", kind, searches=search("one", "other") + rows)
    assert history(QUESTION, releases(Project(tmp_path)), None, TODAY).looks == looks


def test_a_first_release_may_be_a_look(tmp_path):
    only = release(
        tmp_path, "2026.11.0", "new-search", searches=search("one", "made-up-too", f" {QUESTION} ")
    )
    assert searched(only, None) == {QUESTION, "made-up-too"}


def test_looks_without_change_are_counted_from_the_newest(tmp_path):
    rows = ""
    for number, estimate in enumerate((1.5, 1.4, 1.4, 1.4), start=1):
        rows += search(f"s{number}", QUESTION)
        release(
            tmp_path, f"2027.0{number}.0", "new-search", estimates={QUESTION: said(estimate)}, searches=rows
        )
    past = history(QUESTION, releases(Project(tmp_path)), None, TODAY)
    assert (past.looks, past.looks_without_change) == (4, 2)


def test_what_moved_is_named_with_old_and_new(three):
    (first,) = (one for one in release_moves(three[1], three[0]) if one.question_id == QUESTION)
    assert (first.old, first.new) == (summary_text(said(1.5)), summary_text(said(1.4, 6)))
    assert first.flags == ("its interval no longer includes no effect",)
    assert [(one.question_id, one.old) for one in release_moves(three[1], three[0])][1] == ("other", None)
    assert [one.question_id for one in release_moves(three[2], three[1])] == [QUESTION]
    assert release_moves(three[0], None) == ()


def test_noise_of_computing_moves_nothing():
    assert moved({QUESTION: said(1.5)}, {QUESTION: said(1.5 * (1 + 1e-12))}) == ()
    assert moved({QUESTION: said(1.5)}, {QUESTION: said(1.5, test="z")}) != ()


def test_studies_since_a_release(three):
    since = studies_since(three[-1], {"b": "B", "c": "C et al."})
    assert (since.added, since.dropped) == (("C et al.",), ("A",))


def test_a_summary_has_everything_that_steps_compare():
    assert set(said()) == {*SUMMARY_KEYS, "verdict", "hash"}


@pytest.mark.parametrize("narrow", [False, True])
def test_the_figure_has_a_row_per_step_and_marks_the_looks(three, narrow):
    past = history(QUESTION, three, record(estimate=1.2), TODAY)
    course = course_of(past, {"below": "fewer", "above": "more"}, NARROW if narrow else WIDE)
    assert [mark.step.is_look for mark in course.marks] == [False, True, False, False]
    middles = [y for _, y in course.steps]
    assert middles == sorted(set(middles)) and course.top < middles[0] and middles[-1] < course.bottom
    spec = trajectory(past, narrow=narrow).to_dict(validate=True)
    points = [rows for rows in spec["datasets"].values() if rows and "fill" in rows[0]]
    assert [row["fill"] == row["color"] for row in points[0]] == [False, True, False, False]


def test_a_ratio_is_drawn_on_a_log_axis_and_a_difference_is_not(three):
    past = history(QUESTION, three, None, TODAY)
    course = course_of(past, {}, WIDE)
    assert course.axis.log and course.axis.null == 1.0
    assert all(course.axis.lower <= mark.pi_lower < mark.lower for mark in course.marks)


def test_a_lead_on_the_same_scale_is_drawn_beside_the_main_model(tmp_path):
    lead = said(1.0)["verdict"]
    for version in ("2026.11.0", "2026.12.0"):
        release(tmp_path, version, estimates={QUESTION: said(0.6, verdict=lead)})
    past = history(QUESTION, releases(Project(tmp_path)), None, TODAY)
    course = course_of(past, {}, WIDE)
    assert [mark.estimate for mark in course.marks] == [1.0, 0.6] * 2
    assert [mark.pi_lower is None for mark in course.marks] == [True, False] * 2
    assert "two estimates" in caption(past)


def test_steps_on_another_scale_stay_in_the_table(tmp_path):
    other = {**said(0.1)["verdict"], "symbol": "RD", "scale": "identity"}
    release(tmp_path, "2026.11.0", estimates={QUESTION: said(1.5, verdict=other)})
    release(tmp_path, "2026.12.0", estimates={QUESTION: said(1.5)})
    past = history(QUESTION, releases(Project(tmp_path)), None, TODAY)
    assert "same scale" in why_no_trajectory(past)
    shown = versions_table(past)
    assert "RD 0.10" in shown and shown.count("<tr") == 3


def test_nothing_pooled_has_no_figure(tmp_path):
    for version in ("2026.11.0", "2026.12.0"):
        release(tmp_path, version, estimates={QUESTION: said(None, 0, pooled=False)})
    past = history(QUESTION, releases(Project(tmp_path)), None, TODAY)
    assert why_no_trajectory(past)
    assert "nothing pooled" in versions_table(past)


def test_the_section_says_how_many_looks_and_what_follows(three, tmp_path, monkeypatch):
    from livingmeta.tables import history as tables

    monkeypatch.setattr(tables, "trajectory_html", lambda *_: "<figure></figure>")
    monkeypatch.setattr(tables, "rules_table", lambda current: Markup(""))
    past = history(QUESTION, three, None, TODAY)
    shown = history_section(past, None, Project(tmp_path))
    assert "One look so far" in shown and "nothing is corrected for it" in shown
    assert 'href="../../changes/2027.03.0.html"' in shown and "changes/2026.11.0.html" not in shown
    none = history_section(history(QUESTION, three[:1], None, TODAY), None, Project(tmp_path))
    assert "No look so far" in none and "<figure" not in none


def test_the_number_of_looks_stands_beside_the_estimate(three, tmp_path):
    assert "One look so far, and repeated" in looks_note(history(QUESTION, three, None, TODAY))
    assert "No new search" in looks_note(history(QUESTION, three[:1], None, TODAY))
    shown = said(None, 0, pooled=False)
    assert looks_note(history(QUESTION, (), shown | {"id": QUESTION}, TODAY)) == ""


def test_what_was_never_released_differs_from_no_version():
    shown = versions_table(history(QUESTION, (), record(), Identity()))
    assert "not released yet" in shown and "newest version" not in shown


def test_the_same_history_gives_the_same_bytes(three, tmp_path):
    past = history(QUESTION, three, None, TODAY)
    one, two = (trajectory_html(past, {}, (), tmp_path / name) for name in "ab")
    assert one == two
    assert "var(--lm-" in one and 'id="trajectory"' in one


def test_whats_new_is_newest_first_with_causes_studies_and_moves(three):
    shown = whats_new(three, unreleased_part(three[-1], studies_since(three[-1], {"b": "B"}), ()))
    heads = re.findall(r"^## (.+)$", shown, re.MULTILINE)
    assert heads == ["Unreleased", "2027.03.0", "2027.02.0", "2026.11.0"]
    assert "Because of correction." in shown and "1 study added: B" in shown and "1 study dropped: A" in shown
    assert "its interval no longer includes no effect" in shown
    assert shown.count('href="changes/') == 2
    assert 'data-version-href="../../v2027.03.0/book/index.html"' in shown
    assert "Unreleased" not in whats_new(three)
    assert "v2027" not in "".join(re.findall(r'href="[^"]*"', shown.replace("data-version-href", "")))


def test_what_is_odd_in_a_release_does_not_stop_the_page(tmp_path):
    odd = {"evidence": {"studies": {"added": None}}, "results": [None, {"question": QUESTION, "flags": None}]}
    release(tmp_path, "2026.11.0", estimates={QUESTION: said(1.5)})
    release(tmp_path, "2026.12.0", estimates={QUESTION: said(1.5)}, changes=odd)
    shown = whats_new(releases(Project(tmp_path)))
    assert "No estimate moved" in shown and "No study was added or dropped" in shown
