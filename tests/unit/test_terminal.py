"""Does an analysis as text show every study in its place, and say which choices were made?"""

import re

import numpy as np
import pandas as pd
import pytest

from livingmeta.effect_sizes import effect_sizes
from livingmeta.estimators import pool
from livingmeta.terminal import FULL, PLAIN, choices, forest, parts, summary

NAMES = ("events_treatment", "n_treatment", "events_control", "n_control")
TABLES = [(12, 100, 24, 100), (20, 150, 22, 150), (5, 60, 11, 58), (40, 400, 61, 410)]


def tables(rows=TABLES, measure="OR"):
    frame = pd.DataFrame(rows, columns=NAMES).assign(study=[f"study {i}" for i in range(len(rows))], line=2)
    return effect_sizes(frame, measure)


def generic(y, v):
    frame = pd.DataFrame({"yi": y, "vi": v}).assign(study=[f"s{i}" for i in range(len(y))], line=2)
    return effect_sizes(frame, "GEN")


def drawn(effects, width=100, plain=False, **options):
    return forest(effects, pool(effects, **options), width, plain)


def test_each_study_has_a_line_with_its_estimate_and_weight():
    lines = drawn(tables())
    for i in range(4):
        (line,) = [line for line in lines if line.startswith(f"study {i} ")]
        assert re.search(r"\d\.\d\d \(\d\.\d\d–\d\.\d\d\) +\d+\.\d%$", line)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(map(len, drawn(tables(), width))) <= width


def test_the_null_line_and_the_studies_stand_in_one_order():
    lines = [line for line in drawn(tables()) if line.startswith("study")]
    places = [line.index(FULL.study) if FULL.study in line else line.index(FULL.small) for line in lines]
    assert np.argsort(places).tolist() == np.argsort(tables().yi).tolist()
    assert len({line.index(FULL.null) for line in lines if FULL.null in line}) == 1


def test_an_interval_that_goes_on_has_an_arrow():
    lines = drawn(generic([0.1, 0.2, 0.15, 3.0], [0.01, 0.01, 0.01, 40.0]))
    (wide,) = [line for line in lines if line.startswith("s3")]
    assert FULL.arrows[0] in wide and FULL.arrows[1] in wide


def test_plain_text_is_ascii_in_the_plot():
    lines = drawn(tables(), plain=True)
    shown = "".join(line[10:60] for line in lines if line.startswith(("study", "Pooled")))
    assert shown.isascii() and PLAIN.pooled in shown


@pytest.mark.parametrize("y", [[1e-6, 2e-6, 4e-6], [50.0, 50.0, 50.0], [-3.0, 0.0, 3.0]])
def test_effects_of_any_size_can_be_drawn(y):
    effects = generic(y, (np.abs(np.array(y)) * 0.1 + 1e-7) ** 2)
    assert len(drawn(effects)) >= 6


def test_one_study_has_no_pooled_line_and_the_summary_says_so():
    effects = tables(TABLES[:1])
    fit = pool(effects)
    assert not [line for line in forest(effects, fit) if line.startswith("Pooled")]
    assert summary(effects, fit)[0].startswith("this study: OR 0.43")


def test_a_proportion_has_no_line_of_no_effect():
    frame = pd.DataFrame({"events": [3, 8, 20], "n": [50, 90, 200], "study": list("abc"), "line": 2})
    lines = drawn(effect_sizes(frame, "PLO"))
    assert FULL.null not in "".join(lines)


def test_choices_name_source_model_interval_and_prediction():
    effects = tables()
    said = "\n".join(choices(effects, pool(effects)))
    assert "odds ratio, from counts (4)" in said and "tau2 by REML" in said
    assert "never narrower" in said and "t with 3 df" in said
    assert "Mantel-Haenszel" in "\n".join(choices(effects, pool(effects, "MH")))


def test_parts_say_why_they_are_empty():
    found = {"egger": {"p_value": None, "reason": "4 studies"}, "absent": {"egger": "4 studies"}}
    assert parts(found, tables().measure) == ["", "egger (logarithms)", "  none: 4 studies"]


def test_a_list_becomes_a_table_with_its_keys():
    found = {
        "leave_one_out": [{"study": "a", "estimate": 0.5}, {"study": "b", "estimate": 1.0}],
        "absent": {},
    }
    assert parts(found, tables().measure)[2].split() == ["study", "estimate"]
