"""The rows of one question or of one of its variants, labelled and with derived cells filled."""

import numpy as np
import pandas as pd

from livingmeta.questions import Question, Variant
from livingmeta.studies import Studies, matches, select, with_derived

NUMERIC, PARTIAL, NULL = "numeric", "partial", "null_no_number"
IN_WORDS = ("direction_only", "p_only", "absent")
STUDY_COLUMNS = ("year", "design", "design_type", "country", "setting_population", "trust_note")


def all_rows(studies: Studies, question: Question) -> pd.DataFrame:
    """Return every row of the question's table, pooled or not, labelled and derived."""
    rows = studies.effects[question.effects].merge(
        _study_facts(studies), on="study_id", how="left", validate="many_to_one"
    )
    rows["study"] = rows["label"].fillna(rows["study_label"])
    rows["n_total"] = rows["study_n_total"]
    return with_derived(rows)


def rows_for(rows: pd.DataFrame, question: Question, variant: Variant | None = None) -> pd.DataFrame:
    """Return the rows of the main analysis, or of a variant that says what differs.

    Parameters
    ----------
    rows : DataFrame
        All rows of the question, from `all_rows`.
    variant : Variant, optional
        Its `filter` replaces the question's; `exclude` drops rows after that; `assume_null`
        marks rows whose effect is set to no effect with its own precision.
    """
    rule = question.filter if variant is None or variant.filter is None else variant.filter
    kept = select(rows, rule, variant.exclude if variant else None)
    if variant is not None and variant.assume_null:
        chosen = pd.Series(matches(kept, variant.assume_null), index=kept.index)
        kept = with_null_effects(kept, chosen)
    return kept


def unprinted(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without a usable number whose study prints none for the same outcome elsewhere.

    Part of a number counts as a number beside a row that has nothing of one.
    """
    named = rows.set_index(["study_id", "outcome_id"]).index
    status = rows["result_status"]
    printed = named[status.eq(NUMERIC).to_numpy()]
    begun = named[status.isin((NUMERIC, PARTIAL)).to_numpy()]
    is_open = (status.eq(PARTIAL) & ~named.isin(printed)) | (
        status.isin((NULL, *IN_WORDS)) & ~named.isin(begun)
    )
    return rows[is_open]


def with_null_effects(rows: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Return rows in which the chosen ones report no effect, as precisely as they were reported.

    A ratio and its limits are divided by the ratio; a correlation becomes 0, which needs
    only the number of participants.
    """
    changed = rows.copy()
    has_ratio = chosen & rows["estimate"].notna()
    for column in ("ci_lower", "ci_upper", "estimate"):
        changed.loc[has_ratio, column] = rows.loc[has_ratio, column] / rows.loc[has_ratio, "estimate"]
    changed.loc[chosen & rows["estimate"].isna() & rows["n_analysed"].notna(), "r"] = 0.0
    return changed


def _study_facts(studies: Studies) -> pd.DataFrame:
    facts = studies.studies[["study_id", "label", "n_total", *STUDY_COLUMNS]].copy()
    facts["n_total"] = pd.to_numeric(facts["n_total"], errors="coerce").astype(float)
    return facts.rename(columns={"label": "study_label", "n_total": "study_n_total"})


def doubled(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose study and cohort stand more than once among `rows`."""
    cohort = rows["cohort_id"].fillna("") if "cohort_id" in rows else pd.Series("", index=rows.index)
    return rows[pd.DataFrame({"s": rows["study_id"], "c": cohort}).duplicated(keep=False)]


def labels_of(rows: pd.DataFrame, column: str, at_least: float | None, labels: tuple[str, ...]) -> np.ndarray:
    """Return the subgroup of each row: a column's value, or which side of a threshold it is on."""
    if at_least is None:
        return rows[column].fillna("not recorded").str.replace("_", " ").str.capitalize().to_numpy(object)
    below, above = labels or (f"Below {at_least:g}", f"{at_least:g} or more")
    return np.where(rows[column].to_numpy(float) >= at_least, above, below).astype(object)
