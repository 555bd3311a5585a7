"""Is an absolute effect what the Handbook's and other people's worked examples say it is?"""

import pytest

from livingmeta.absolute import FORMULA_TEXTS, FORMULAS, PEOPLE, AbsoluteError, risk_with

# Worked examples of the help file of abseff (github.com/rlpacheco/abseff): effects, baseline, per 1,000.
ABSEFF = {
    "RR": ((0.83, 0.63, 1.03), 50 / 130, (319, 242, 396)),
    "OR": ((1.57, 1.31, 1.87), 0.14, (204, 176, 233)),
    "HR": ((0.90, 0.61, 1.34), 0.055, (50, 34, 73)),
}


@pytest.mark.parametrize("measure", ABSEFF)
def test_worked_examples_of_abseff(measure):
    effects, baseline, expected = ABSEFF[measure]
    assert tuple(round(PEOPLE * risk_with(measure, x, baseline)) for x in effects) == expected


@pytest.mark.parametrize(("measure", "effect", "fewer"), [("RR", 0.92, 24), ("OR", 0.73, 62)])
def test_worked_examples_of_the_cochrane_handbook(measure, effect, fewer):
    # Handbook 5.1, sections 12.5.4.2 and 12.5.4.3, both at an assumed control risk of 0.3.
    assert round(PEOPLE * (0.3 - risk_with(measure, effect, 0.3))) == fewer


@pytest.mark.parametrize("measure", FORMULAS)
@pytest.mark.parametrize("baseline", [0.0, 0.001, 0.3, 0.999, 1.0])
def test_no_effect_changes_no_risk(measure, baseline):
    none = 0.0 if measure == "RD" else 1.0
    assert risk_with(measure, none, baseline) == pytest.approx(baseline)


@pytest.mark.parametrize("measure", FORMULAS)
def test_a_risk_stays_one(measure):
    for effect in (1e-6, 0.5, 0.9) if measure == "RD" else (1e-6, 0.5, 2, 50, 1e6):
        assert 0 <= risk_with(measure, effect, 0.4) <= 1


def test_rare_events_make_all_ratios_alike():
    risks = [risk_with(measure, 2.0, 1e-6) for measure in ("OR", "RR", "HR")]
    assert risks == pytest.approx([2e-6] * 3, rel=1e-5)


def test_the_odds_ratio_is_that_of_the_two_risks():
    p, q = 0.2, risk_with("OR", 3.0, 0.2)
    assert (q / (1 - q)) / (p / (1 - p)) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("measure", "effect", "baseline", "said"),
    [
        ("SMD", 0.5, 0.2, "must be one of"),
        ("OR", 0.5, 1.2, "must be a proportion"),
        ("OR", 0.5, float("nan"), "must be a proportion"),
        ("RR", 0.0, 0.2, "must be above 0"),
        ("HR", float("nan"), 0.2, "must be above 0"),
    ],
)
def test_what_gives_no_risk_is_refused(measure, effect, baseline, said):
    with pytest.raises(AbsoluteError, match=said):
        risk_with(measure, effect, baseline)


def test_every_formula_is_told():
    assert FORMULA_TEXTS.keys() == FORMULAS.keys()
