"""Is a judgement that no instrument allows refused, with its place and what would do?"""

import shutil

import pytest

from livingmeta.check.findings import FAULT, WARNING
from livingmeta.check.judgement_rules import judgement_findings
from livingmeta.check.sources import read_curated
from livingmeta.paths import Project
from livingmeta.studies import read_text_table

BIAS = (
    "effect_id",
    "tool",
    "domain",
    "judgement",
    "direction",
    "support",
    "source",
    "assessor",
    "assessed_on",
)
GRADE = tuple(read_text_table(Project().data / "certainty.csv").columns)


class Copy:
    """A copy of the data with made-up judgements."""

    def __init__(self, data):
        self.data = data
        self.effect = {kind: self._effect(kind) for kind in ("arms", "category", "accuracy")}

    def _effect(self, contrast):
        designs = {row["study_id"]: row["design_type"] for _, row in self._rows("studies.csv")}
        for path in sorted((self.data / "effects").glob("*.csv")):
            for _, row in read_text_table(path).records():
                is_trial = designs[row["study_id"]] == "randomised" and row.get("allocation") == "parallel"
                if row.get("contrast_type") == contrast and (is_trial or contrast != "arms"):
                    return row["effect_id"]
        raise LookupError(contrast)

    def _rows(self, name):
        return read_text_table(self.data / name).records()

    def judge(self, *rows, contrast="arms"):
        base = {"effect_id": self.effect[contrast], "tool": "RoB 2", "domain": "D1", "judgement": "Low"}
        self._write("risk_of_bias.csv", BIAS, [{**base, "assessor": "A", **row} for row in rows])

    def rate(self, *rows):
        base = {"question_id": next((self.data / "questions").glob("*.yml")).stem, "domain": "imprecision"}
        self._write("certainty.csv", GRADE, [{**base, "assessor": "A", **row} for row in rows])

    def _write(self, name, columns, rows):
        lines = [",".join(columns), *(",".join(row.get(c, "") for c in columns) for row in rows)]
        (self.data / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def instruments(self, old, new):
        path = self.data / "instruments.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def found(self, level=FAULT):
        curated, _ = read_curated(self.data)
        return [str(one) for one in judgement_findings(curated) if one.level == level]


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(Project().data, tmp_path / "data", ignore=shutil.ignore_patterns("releases"))
    return Copy(tmp_path / "data")


def test_sound_judgements_pass(copy):
    copy.judge({}, {"domain": "overall"})
    copy.rate({"judgement": "Not serious"}, {"domain": "overall", "judgement": "Low", "reason": "few people"})
    assert copy.found() == copy.found(WARNING) == []


@pytest.mark.parametrize(
    ("row", "place", "said"),
    [
        ({"tool": "RoB2"}, "tool: RoB2", "must be one of RoB 2, ROBINS-I, ROBINS-I V2, ROBINS-E"),
        ({"tool": "GRADE", "domain": "overall"}, "tool: GRADE", "must be one of RoB 2"),
        ({"domain": "D6"}, "domain: D6", "must be one of D1, D2, D3, D4, D5, overall (RoB 2)"),
        ({"judgement": "Moderate"}, "judgement: Moderate", "must be one of Low, Some concerns, High"),
        ({"judgement": "low"}, "judgement: low", "must be one of Low, Some concerns, High"),
    ],
)
def test_what_the_instrument_does_not_know_is_a_fault(copy, row, place, said):
    copy.judge(row)
    (fault,) = copy.found()
    assert fault.startswith(f"data/risk_of_bias.csv:2:{place}: ") and said in fault


def test_an_effect_needs_its_own_instrument(copy):
    copy.judge({}, contrast="category")
    (warning,) = copy.found(WARNING)
    assert "this effect needs ROBINS-E" in warning
    copy.judge({}, contrast="accuracy")
    assert "needs an instrument that is not recorded here" in copy.found(WARNING)[0]
    copy.judge({"tool": "ROBINS-E"}, contrast="category")
    assert copy.found(WARNING) == []


def test_assessors_who_differ_are_asked_for_what_they_agree_on(copy):
    both = [{}, {"assessor": "B", "judgement": "High"}]
    copy.judge(*both)
    (warning,) = copy.found(WARNING)
    assert "assessors differ" in warning and ":3:judgement" in warning
    copy.judge(*both, {"assessor": "consensus", "judgement": "High"})
    assert copy.found(WARNING) == []


def test_an_overall_judgement_better_than_a_domain_is_pointed_out(copy):
    copy.judge({"judgement": "High"}, {"domain": "overall", "judgement": "Some concerns"})
    assert any("better than that of a domain" in one for one in copy.found(WARNING))
    copy.judge({"judgement": "High"}, {"domain": "overall", "judgement": "High"})
    assert copy.found(WARNING) == []


@pytest.mark.parametrize(
    ("row", "place", "said"),
    [
        (
            {"domain": "bias", "judgement": "Serious"},
            "domain: bias",
            "must be one of risk_of_bias",
        ),
        ({"judgement": "High"}, "judgement: High", "must be one of Not serious, Serious, Very serious"),
        ({"judgement": "Serious"}, "reason: (blank)", "must say what the judgement Serious rests on"),
    ],
)
def test_a_rating_is_one_of_grade_and_gives_its_reason(copy, row, place, said):
    copy.rate({"reason": "" if "reason" in place else "x", **row})
    (fault,) = copy.found()
    assert fault.startswith(f"data/certainty.csv:2:{place}: ") and said in fault


def test_instruments_are_whole(copy):
    copy.instruments("overall,Overall risk of bias,6,", "D6,Another,5,")
    copy.instruments(
        "D1,Bias arising from the randomisation process,1,Low; Some concerns; High", "D1,X,1,Low"
    )
    copy.instruments("ROBINS-E,24 March 2024", "ROBINS-E,2023")
    said = "\n".join(copy.found())
    for part in ("must also have a row for overall", "must be different for each domain of RoB 2"):
        assert part in said
    assert "must be two or more" in said and "must be the same for all domains of ROBINS-E" in said


def test_the_whole_check_applies_these_rules(copy):
    from livingmeta.check import check

    copy.judge({"judgement": "Moderate"}, {"effect_id": "nobody-1", "domain": "D2"})
    faults = [str(one) for one in check(copy.data).faults]
    assert len(faults) == 2 and any("must be an effect_id of effects/" in one for one in faults)
