"""Is a reader told what the rows themselves give reason to doubt?"""

import re

from livingmeta.cautions import contrast_mmol, limits
from made_up import analysed, correlations, ratios, tables

RATIOS = ratios((1.5, 1.2, 1.875), (1.4, 1.2, 1.634), (1.3, 1.1, 1.536))
OBSERVED = {"measure": "HR", "verdict": "association"}


def said(rows, **changes):
    return " ".join(limits(analysed(rows, **changes)))


def each(rows, *changes, **common):
    padded = [*changes, *[{}] * (len(rows) - len(changes))]
    return [{**row, **common, **change} for row, change in zip(rows, padded, strict=True)]


def test_observational_pages_speak_of_association():
    assert "an association, not an effect" in said(RATIOS, **OBSERVED)
    rule = {"measure": "ZCOR", "verdict": "correlation"}
    assert "an association, not an effect" in said(correlations(0.1, 0.2, 0.3), **rule)
    assert "association" not in said(tables(*[(10, 100, 20, 100)] * 3))


def test_rows_from_abstracts_are_counted():
    rows = each(RATIOS, *({"source_extent": kind} for kind in ("abstract", "abstract", "dataset")))
    text = said(rows, **OBSERVED)
    assert "2 of 3 rows come from abstracts, not verified in full text" in text
    assert "1 of 3 rows comes from a published data set" in text
    assert "The only row comes from an abstract, not verified" in said(rows[:1], **OBSERVED)


def test_what_nobody_checked_is_said():
    assert re.search("[Nn]o row was double-checked", said(RATIOS, **OBSERVED))
    one = each(RATIOS, {"verified_by": "someone"})
    assert re.search("1 of the rows .*double-checked", said(one, **OBSERVED))
    assert "double-checked" not in said(each(RATIOS, verified_by="someone"), **OBSERVED)


def null(**more):
    return {"measure_reported": "none", "result_status": "null_no_number", "pool_role": "display", **more}


def test_nulls_without_a_number_are_counted_with_their_patients():
    rows = [*RATIOS, null(n_analysed=1000), null(n_analysed=234)]
    text = said(rows, **OBSERVED, filter={"pool_role": "primary"})
    assert "Two studies report no association without printing a number (1,234 patients)" in text


def test_a_null_of_unknown_size_is_said_to_be_so():
    text = said([*RATIOS, null(n_analysed=1000), null()], **OBSERVED, filter={"pool_role": "primary"})
    assert "(1,000 patients where the number is recorded)" in text
    text = said([*RATIOS, null()], **OBSERVED, filter={"pool_role": "primary"})
    assert re.search(r"One study reports no association without printing a number:", text)


def test_a_study_with_two_nulls_is_one_study():
    rows = [*RATIOS, *(null(n_analysed=50, study_id="same", cohort_id=c) for c in "ab")]
    assert "One study reports" in said(rows, **OBSERVED, filter={"pool_role": "primary"})


def test_results_without_an_effect_size_are_counted():
    rows = [*RATIOS, {"measure_reported": "none", "result_status": "p_only", "pool_role": "display"}]
    text = said(rows, **OBSERVED, filter={"pool_role": "primary"})
    assert "One study gives a direction, a p-value or nothing, but no effect size." in text


def test_albumin_is_said_where_it_applies():
    rows = each(
        RATIOS,
        {"albumin_adjusted": "yes"},
        {"albumin_adjusted": "no", "null_after_albumin": "yes"},
        {"albumin_adjusted": "unclear"},
    )
    text = said(rows, **OBSERVED)
    assert "Adjusted for albumin: yes in one, no in one and unclear in one of the pooled results" in text
    assert "in one (Study1) the association was lost" in text
    assert "albumin" not in said(RATIOS, **OBSERVED)


def test_albumin_is_said_of_all_results_where_none_is_meant_for_a_mean():
    rows = each([{**row, "pool_role": "display"} for row in RATIOS], {"albumin_adjusted": "no"}, {}, {})
    text = said(rows, **OBSERVED)
    assert "Adjusted for albumin: no in one and unclear in two of the results shown." in text


def test_cut_offs_are_shown_in_mmol_per_litre():
    cut = {"contrast_type": "category", "exposure_unit": "mg/dL", "exposed_upper": 1.8}
    rows = each(RATIOS, {**cut, "reference_lower": 2.2, "reference_upper": 2.4})
    assert "Study0: <0.74 v 0.90 to <0.99." in said(rows, **OBSERVED)
    rows = each(RATIOS, {**cut, "exposure_unit": "mEq/L", "reference_lower": 2})
    assert "Study0: <0.90 v ≥1.00." in said(rows, **OBSERVED)


def test_an_unknown_unit_is_not_converted():
    cut = {"contrast_type": "category", "exposure_unit": "unknown", "exposed_upper": 1.8}
    analysis = analysed(each(RATIOS, cut), **OBSERVED)
    assert contrast_mmol(analysis.rows.iloc[0]) == ""
    assert "mmol" not in " ".join(limits(analysis))


def test_what_is_odd_in_print_is_told():
    text = said(each(RATIOS, {"print_flag": "lopsided interval"}), **OBSERVED)
    assert "Odd in print and kept as printed: Study0: lopsided interval." in text


def test_the_limits_of_the_file_come_last():
    found = limits(analysed(RATIOS, **OBSERVED, limits=("The last word.",)))
    assert found[-1] == "The last word."
    assert "Risk of bias and certainty of the evidence: not assessed." in found
    assert all(text.endswith(".") for text in found)


def test_a_study_that_prints_a_number_elsewhere_has_not_vanished():
    lost = null(n_analysed=1000, study_id="Study1", cohort_id="with albumin")
    rows = [{**RATIOS[0], "study_id": "Study1"}, *RATIOS[1:], lost]
    assert "without printing a number" not in said(rows, **OBSERVED, filter={"pool_role": "primary"})
    other = {**lost, "outcome_id": "another_outcome"}
    text = said([*rows, other], **OBSERVED, filter={"pool_role": "primary"})
    assert "One study reports no association without printing a number (1,000 patients)" in text


def test_results_that_are_only_shown_are_not_called_pooled():
    rows = each(RATIOS, albumin_adjusted="no")
    shown = {"pooled": False, "reason": "references differ", "verdict": "not_pooled"}
    assert "no in three of the main results" in said(rows, measure="HR", **shown)
