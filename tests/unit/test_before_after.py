"""Does a picture show both states of a question on one axis, and say when it cannot?"""

import struct
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from livingmeta import charts
from livingmeta.charts.before_after import before_after, both, why_no_before_after
from livingmeta.charts.layout import HEADING, STUDY
from livingmeta.export.moved import lines_of, pictures
from made_up import BY_SIZE, analysed, correlations, ratios, tables, trials_by_size

NAMES = ("main", "now")
OLD = ratios((0.8, 0.6, 1.1), (0.9, 0.7, 1.2), (1.1, 0.9, 1.4))
NEW = [*OLD, *ratios((4.0, 2.0, 8.0))]


def pair():
    return analysed(OLD, measure="HR"), analysed(NEW, measure="HR")


def test_both_states_stand_under_a_heading_and_the_new_study_is_marked():
    forest = both(*pair(), NAMES)
    headings = [row.label for row in forest.rows if row.kind == HEADING]
    assert headings == ["Before: main", "After: now"]
    labels = [row.label for row in forest.rows if row.kind == STUDY]
    old = ["Study0", "Study1", "Study2"]
    assert labels == [*old, *old, "new: Study3"]


def test_both_have_one_axis_that_holds_all_of_them():
    old, new = pair()
    spec = before_after(old, new, NAMES).to_dict(validate=False)
    domains = {
        tuple(layer["encoding"]["x"]["scale"]["domain"])
        for layer in spec["layer"]
        if layer["encoding"]["x"].get("scale", {}).get("type") == "log"
    }
    ((lower, upper),) = domains
    assert lower < 0.6 and upper > 4.0
    svg = charts.render_svg(spec)
    for text in ("0.80 (0.59–1.08)", "4.00 (2.00–8.00)", "Before: main", "After: now", "new: Study3"):
        assert text in svg


@pytest.mark.parametrize("rows", [NEW[:2], NEW[:1], trials_by_size(1.0, 0.5)], ids=["two", "one", "split"])
def test_it_draws_what_is_not_pooled_and_what_is_divided(rows):
    changes = {"measure": "OR", "subgroups": (BY_SIZE,)} if len(rows) > 10 else {"measure": "HR"}
    one = analysed(rows, **changes)
    svg = charts.render_svg(before_after(one, one, NAMES).to_dict(validate=False))
    assert svg.count("Before: main") == svg.count("After: now") == 1 and ET.fromstring(svg) is not None


def test_other_measures_and_no_effects_have_a_reason():
    old, new = pair()
    assert why_no_before_after(old, new) == ""
    other = analysed(tables((1, 10, 2, 10)), measure="OR")
    assert "the measure was HR and is OR" in why_no_before_after(old, other)
    nothing = analysed(correlations(0.1), measure="OR")
    assert "no effect size" in why_no_before_after(nothing, new)


def state(name, analysis, **more):
    """Return a snapshot of one question, as far as pictures look at it."""
    studies = SimpleNamespace(found=analysis)
    known = {"name": name, "version": "unreleased", "release": None, "records": {}}
    return SimpleNamespace(questions={"made-up": analysis}, studies=studies, **{**known, **more})


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setattr("livingmeta.export.moved.analyse", lambda question, studies: studies.found)
    old, new = pair()
    return old, new


MOVED = [{"question": "made-up", "moved": True}, {"question": "another", "moved": False}]


def test_each_moved_question_has_one_picture_as_svg_and_png(known):
    old, new = known
    made = pictures(state("main", old), state("now", new), MOVED)
    assert list(made.files) == ["made-up.png", "made-up.svg"] and not made.without
    png = made.files["made-up.png"]
    width, height = struct.unpack(">II", png[16:24])
    assert 900 < width < 1200 and 200 < height < 1200 and len(png) < 500_000
    assert b"new: Study3" in made.files["made-up.svg"]
    assert made == pictures(state("main", old), state("now", new), MOVED)


def test_a_question_that_cannot_be_drawn_is_named_with_its_reason(known):
    old, _ = known
    other = state("now", analysed(tables((1, 10, 2, 10)), measure="OR"))
    made = pictures(state("main", old), other, MOVED)
    assert not made.files
    assert list(lines_of(made)) == ["no picture of made-up: the measure was HR and is OR"]


def test_a_release_that_todays_software_finds_otherwise_is_not_drawn(known):
    old, new = known
    frozen = state("2026.1.0", old, release=object(), records={"made-up": {"id": "made-up", "k": 99}})
    frozen.version = "2026.1.0"
    made = pictures(frozen, state("now", new), MOVED)
    assert not made.files and "other numbers than release 2026.1.0" in made.without["made-up"]
