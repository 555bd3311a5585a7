"""Effects per unit of magnesium: are they brought to one step as published?"""

import numpy as np
import pytest

from livingmeta.cautions import limits
from livingmeta.estimators import pool
from livingmeta.questions import QuestionError, Step, load_question
from livingmeta.verdicts import verdict
from made_up import analysed

# Ishimura 2007 (per 1 mg/dL), de Roij van Zuijdewijn 2015 (per 0.1 mmol/L) and a Shaoxing cohort of 2020
# (per 1 mmol/L, presumed), as their abstracts print them.
PRINTED = [
    (0.485, 0.241, 0.975, 1, "mg/dL", "printed"),
    (0.85, 0.77, 0.94, 0.1, "mmol/L", "printed"),
    (0.137, 0.02, 0.946, 1, "mmol/L", "presumed"),
]
SHOWN = {"measure": "HR", "pooled": False, "reason": "one step is presumed", "verdict": "not_pooled"}


def rows(contrast: str = "per_unit"):
    names = ("estimate", "ci_lower", "ci_upper", "increment", "exposure_unit", "increment_status")
    common = {"measure_reported": "HR", "ci_level": 95, "contrast_type": contrast}
    return [common | dict(zip(names, row, strict=True)) for row in PRINTED]


def per(value=0.1, unit="mmol/L", made=None):
    return analysed(made or rows(), **SHOWN, per=Step(value, unit))


def test_steps_are_brought_to_one_as_metafor_pools_them():
    # metafor 3.8-1: rma(yi, sei, method = "REML", test = "knha" and "adhoc") of the rescaled logarithms.
    effects = per().effects
    fits = [pool(effects, "REML", test, 95.0, "k-1") for test in ("knha", "adhoc")]
    shown = [np.exp([fit.estimate, fit.ci_lower, fit.ci_upper]).round(3).tolist() for fit in fits]
    assert shown == [[0.842, 0.809, 0.877], [0.842, 0.709, 1.001]]
    assert fits[0].q == pytest.approx(0.11, abs=0.005)


def test_the_printed_numbers_stay_in_the_rows():
    frame = per().effects.frame
    assert frame["estimate"].tolist() == [0.485, 0.85, 0.137]
    assert frame["reported_ci_upper"].tolist() == [0.975, 0.94, 0.946]


def test_a_step_in_another_unit_is_the_same_step():
    assert per(0.2, "mEq/L").effects.yi == pytest.approx(per().effects.yi)


def test_the_step_stands_beside_the_number():
    said = verdict(per())
    assert said.answer == "Three usable results, HR per 0.1 mmol/L from 0.82 to 0.85."
    assert any("per 1.00 mmol/L (presumed)" in item for item in limits(per()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"contrast_type": "category"}, "not an effect per unit of magnesium"),
        ({"increment": None}, "the step of magnesium that it refers to is not known"),
        ({"exposure_unit": "unknown"}, "the step of magnesium that it refers to is not known"),
    ],
)
def test_a_row_without_a_known_step_is_left_out_with_its_reason(change, reason):
    made = rows()
    made[1] |= change
    effects = per(made=made).effects
    assert effects.k == 2
    assert [item.reason for item in effects.excluded] == [reason]


def test_a_difference_grows_in_proportion():
    made = [
        {**row, "measure_reported": "MD", "estimate": 10, "ci_lower": 5, "ci_upper": 15, "increment": 0.5}
        | {"exposure_unit": "mmol/L"}
        for row in rows()
    ]
    effects = analysed(made, **{**SHOWN, "measure": "MD"}, per=Step(0.1, "mmol/L")).effects
    assert effects.yi.tolist() == pytest.approx([2.0] * 3)


@pytest.mark.parametrize("step", ["{value: 0, unit: mmol/L}", "{value: 0.1, unit: g}", "{value: 1}", "0.1"])
def test_an_impossible_step_is_refused(step, tmp_path):
    path = tmp_path / "made-up.yml"
    path.write_text(f"id: made-up\nper: {step}\n", encoding="utf-8")
    with pytest.raises(QuestionError, match=r"made-up\.yml:per: "):
        load_question(path)


@pytest.mark.parametrize(
    ("units", "label"), [(["min", "min"], "MD (min)"), (["min", "s"], "MD"), (["min", None], "MD")]
)
def test_a_difference_stands_with_its_unit(units, label):
    made = [
        {"measure_reported": "MD", "estimate": 73, "ci_lower": 30, "ci_upper": 116, "ci_level": 95}
        | {"outcome_unit": unit}
        for unit in units
    ]
    found = analysed(made, **{**SHOWN, "measure": "MD"})
    assert found.effects.measure.label == label
    assert verdict(found).answer == f"Two usable results: {label} 73.00."
