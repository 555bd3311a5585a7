"""Is a question analysed as its file asks, and not otherwise?"""

import numpy as np
import pytest

from livingmeta.analysis import LOW_RISK, DoubleCountError
from livingmeta.charts.forest import description
from livingmeta.questions import SubgroupRule, Variant
from made_up import BY_SIZE, analysed, correlations, ratios, tables, trials_by_size

TWO = tables((10, 100, 20, 100), (12, 110, 22, 100))
MANY = trials_by_size(0.7, 0.7)


def names(analysis):
    return [item.name for item in analysis.sensitivity]


def found(analysis, name):
    return next(item for item in analysis.sensitivity if item.name == name)


def test_the_main_model_is_that_of_the_file():
    fit = analysed(MANY, method="DL", test="knha", level=90, pi_df="k-2").fit
    assert (fit.method, fit.test, fit.level, fit.pi_df) == ("DL", "knha", 90, 13)


@pytest.mark.parametrize(("k", "pooled"), [(0, False), (1, True), (2, False), (3, True)])
def test_two_studies_are_not_pooled_and_one_returns_itself(k, pooled):
    analysis = analysed(MANY[:k] or [{"measure_reported": "none"}])
    assert (analysis.fit is not None) == pooled
    assert bool(analysis.reason) == (not pooled)
    assert (analysis.common is not None) == (k == 3)


def test_a_question_that_is_not_pooled_has_its_reason_and_no_estimate():
    analysis = analysed(MANY, pooled=False, reason="units differ")
    assert (analysis.fit, analysis.reason) == (None, "units differ")
    assert analysis.sensitivity == analysis.subgroups == ()
    assert analysis.effects.k == len(MANY)


def test_a_question_without_a_measure_has_rows_and_no_effects():
    analysis = analysed(MANY, measure=None, pooled=False, reason="nothing fits")
    assert (analysis.effects.k, len(analysis.rows)) == (0, len(MANY))
    assert set(analysis.absent) == {"forest", "funnel", "heterogeneity"}


def test_a_cohort_cannot_be_counted_twice_in_one_fit():
    rows = [{**row, "study_id": "same", "cohort_id": "one"} for row in TWO]
    with pytest.raises(DoubleCountError, match=r"Same \(line 2\), Same \(line 3\)"):
        analysed([*rows, *MANY])


def test_a_study_that_is_shown_repeatedly_is_counted_once():
    same = [{**row, "study_id": "same", "cohort_id": "one"} for row in ratios((0.5, 0.3, 0.8), (2, 1.2, 3.4))]
    rows = [*same, *ratios((0.9, 0.6, 1.4), n=300)]
    shown = analysed(rows, measure="HR", pooled=False, reason="directions differ")
    assert (shown.effects.k, shown.n_studies, shown.participants) == (3, 2, 800)
    assert description(shown).startswith("Forest plot of three results of two studies: ")


def test_two_cohorts_of_a_study_may_be_pooled():
    rows = [{**row, "study_id": "same", "cohort_id": f"c{i}"} for i, row in enumerate(MANY)]
    assert analysed(rows).fit.k == len(MANY)


def test_a_variant_cannot_count_twice_either():
    same = {"study_id": "same", "cohort_id": "one"}
    rows = [{**row, **same, "dataset": name} for row, name in zip(TWO, "ab", strict=True)]
    variant = Variant("Both", filter={"outcome_id": "death"})
    with pytest.raises(DoubleCountError):
        analysed([*rows, *MANY], filter={"dataset": "a"}, sensitivity=(variant,))


def test_every_pooled_question_shows_common_effect_and_both_other_intervals():
    assert names(analysed(MANY)) == ["Common effect", "Wald interval", "Plain Knapp-Hartung", LOW_RISK]
    assert names(analysed(MANY[:1])) == []


def test_a_declared_row_is_not_shown_twice():
    analysis = analysed(MANY, sensitivity=(Variant("Ours", test="knha"),))
    assert names(analysis) == ["Common effect", "Wald interval", "Ours", LOW_RISK]


def test_a_variant_changes_only_what_it_names():
    analysis = analysed(MANY, sensitivity=(Variant("DL", method="DL"),))
    fit = found(analysis, "DL").fit
    assert (fit.method, fit.test, fit.k) == ("DL", "adhoc", len(MANY))


def test_a_variant_of_two_studies_is_not_pooled_unless_tables_add_up():
    chosen = {"study_id": ["study0", "study1"]}
    two, both = Variant("Two", filter=chosen), Variant("MH", filter=chosen, method="MH")
    analysis = analysed(MANY, sensitivity=(two, both))
    assert (found(analysis, "Two").fit, found(analysis, "Two").reason) == (None, "two studies are not pooled")
    assert found(analysis, "MH").fit.k == 2


def test_a_variant_that_cannot_be_fitted_says_why():
    rows = ratios(*[(1.5, 1.2, 1.875)] * 4)
    variants = (Variant("MH", method="MH"), Variant("None", filter={"dataset": "x"}))
    analysis = analysed(rows, measure="HR", sensitivity=variants)
    assert "MH has no HR" in found(analysis, "MH").reason
    assert found(analysis, "None").reason == "no usable row"


def test_nulls_without_a_number_can_be_assumed_zero():
    rows = correlations(-0.4, -0.3, -0.5)
    null = {"result_status": "null_no_number"}
    silent = {"measure_reported": "none", "n_analysed": 80, "pool_role": "display", **null}
    variant = Variant("With nulls", filter={"pool_role": ["primary", "display"]}, assume_null=null)
    rule = {"measure": "ZCOR", "verdict": "correlation", "filter": {"pool_role": "primary"}}
    analysis = analysed([*rows, silent], **rule, sensitivity=(variant,))
    item = found(analysis, "With nulls")
    assert analysis.fit.k == 3
    assert item.fit.k == 4 and item.effects.yi[3] == 0
    assert abs(item.fit.estimate) < abs(analysis.fit.estimate)


def test_subgroups_by_size_put_the_large_first_and_share_the_rows():
    (division,) = analysed(MANY, subgroups=(BY_SIZE,)).subgroups
    large, small = division.groups
    assert (large.label, small.label) == ("1,000 patients or more", "Fewer than 1,000 patients")
    assert sorted(large.rows + small.rows) == list(range(len(MANY)))
    assert large.participants == 3 * 200_000
    assert division.between.df == 1


def test_subgroups_by_value_and_a_group_of_two():
    rows = [{**row, "stratum": "b_type" if i < 2 else "a_type"} for i, row in enumerate(MANY)]
    (division,) = analysed(rows, subgroups=(SubgroupRule("kind", "Kind", "stratum"),)).subgroups
    assert [(g.label, len(g.rows)) for g in division.groups] == [("A type", 13), ("B type", 2)]
    assert (division.groups[1].fit, division.groups[1].reason) == (None, "two studies are not pooled")


def test_one_group_alone_is_not_compared():
    rows = [{**row, "stratum": "a_type"} for row in MANY]
    assert analysed(rows, subgroups=(SubgroupRule("kind", "Kind", "stratum"),)).subgroups[0].between is None


@pytest.mark.parametrize(("k", "shown"), [(9, False), (10, True)])
def test_small_study_effects_from_ten_studies(k, shown):
    analysis = analysed(MANY[:k])
    assert (analysis.peese is not None) == (analysis.peters is not None) == shown
    assert ("funnel" in analysis.absent) == (not shown)


def test_peters_is_for_odds_ratios_of_tables():
    assert analysed(MANY, measure="RR").peters is None
    assert analysed(ratios(*[(1.5, 1.2, 1.875)] * 12, reported="OR")).peters is None


def test_participants_are_unknown_when_one_number_is():
    assert analysed(MANY).participants == 3 * 200_000 + 12 * 200
    rows = ratios((1.5, 1.2, 1.875), (1.4, 1.2, 1.634), (1.3, 1.1, 1.536))
    rows[1]["n_analysed"] = None
    assert analysed(rows, measure="HR").participants is None


def test_a_single_table_is_analysed_by_itself():
    analysis = analysed(tables((6, 75, 0, 73)), measure="RR")
    assert analysis.one_table.risk_treatment == pytest.approx(0.08)
    assert analysed(MANY).one_table is None


def test_order_of_rows_does_not_matter():
    one, other = analysed(MANY), analysed([{**row, "study_id": f"s{i}"} for i, row in enumerate(MANY)][::-1])
    assert other.fit.estimate == pytest.approx(one.fit.estimate, rel=1e-10)
    assert np.sort(other.fit.weights) == pytest.approx(np.sort(one.fit.weights))
