"""What a reader has to bear in mind, worked out from the rows of a question."""

from collections.abc import Iterator

import pandas as pd

from livingmeta import formats, units
from livingmeta.analysis import Analysis
from livingmeta.instruments import NOT_ASSESSED, OVERALL, status
from livingmeta.selection import IN_WORDS, NULL, unprinted
from livingmeta.vocabulary import CONCERN, RETRACTED


def limits(analysis: Analysis) -> list[str]:
    """Return the cautions of a question: computed ones first, then those its file adds."""
    rows = analysis.rows
    computed = [
        *_withdrawn(analysis),
        _kind(analysis),
        _extent(rows),
        _nulls(rows),
        _without_number(rows),
        _albumin(analysis),
        _cut_offs(rows),
        _steps(analysis),
        _flags(rows),
        _judged(analysis),
    ]
    return [item for item in (*computed, *analysis.question.limits) if item]


def in_doubt(analysis: Analysis) -> list[str]:
    """Return how many reports behind a question were retracted or are in doubt, in words; often none."""
    marks = analysis.marked["retraction_status"] if len(analysis.marked) else ()
    n = {mark: sum(one == mark for one in marks) for mark in (RETRACTED, CONCERN)}
    said = {
        RETRACTED: f"{formats.counted(n[RETRACTED], 'report')} retracted",
        CONCERN: f"{formats.counted(n[CONCERN], 'report')} with an expression of concern",
    }
    return [words for mark, words in said.items() if n[mark]]


def _withdrawn(analysis: Analysis) -> Iterator[str]:
    """Yield which studies have a report that was retracted or is in doubt, and whether they count."""
    rows, used = analysis.rows, analysis.effects.frame["effect_id"]
    words = {RETRACTED: "Retracted", CONCERN: "Expression of concern"}
    for report in analysis.marked.itertuples():
        own = rows["study_id"].eq(report.study_id) & pd.notna(report.study_id)
        behind = rows[rows["report_id"].eq(report.report_id) | own]
        counted = behind["effect_id"].isin(used).any()
        said = "a result is in the estimate" if counted else "no result is in the estimate"
        who = formats.listing(list(dict.fromkeys(behind["study"])))
        yield f"{words[report.retraction_status]}: {who} (report {report.report_id}); {said}."


def _kind(analysis: Analysis) -> str:
    if analysis.question.verdict in ("association", "correlation"):
        return "The studies are observational: what is shown is an association, not an effect."
    return ""


def _extent(rows: pd.DataFrame) -> str:
    abstracts, n = int(rows["source_extent"].eq("abstract").sum()), len(rows)
    unverified = int(rows["verified_by"].isna().sum())
    parts = []
    if abstracts:
        parts.append(f"{_come(abstracts, n, 'an abstract', 'abstracts')}, not verified in full text")
    datasets = int(rows["source_extent"].eq("dataset").sum())
    if datasets:
        parts.append(_come(datasets, n, "a published data set", "published data sets"))
    if unverified:
        parts.append(f"{_checked(n - unverified)} double-checked by a second person")
    return _sentence(parts)


def _come(some: int, n: int, one: str, many: str) -> str:
    """Return how many of n rows come from a kind of source."""
    if n == 1:
        return f"the only row comes from {one}"
    verb, what = ("comes", one) if some == 1 else ("come", many)
    return f"{formats.count(some)} of {formats.count(n)} rows {verb} from {what}"


def _checked(n: int) -> str:
    if n == 0:
        return "no row was"
    return f"{formats.count(n)} of the rows {'was' if n == 1 else 'were'}"


def _nulls(rows: pd.DataFrame) -> str:
    missing = unprinted(rows)
    nulls = missing[missing["result_status"].eq(NULL)]
    if nulls.empty:
        return ""
    known = nulls.drop_duplicates("study_id")
    k, n = len(known), known["n_analysed"].fillna(known["n_total"])
    people = (
        f" ({formats.count(n.sum())} patients{' where the number is recorded' if n.isna().any() else ''})"
    )
    verb = "study reports" if k == 1 else "studies report"
    return (
        f"{formats.words(k).capitalize()} {verb} no association without printing a number"
        f"{people if n.notna().any() else ''}: such results cannot enter a mean, which then looks stronger "
        "than the evidence."
    )


def _without_number(rows: pd.DataFrame) -> str:
    missing = unprinted(rows)
    nulls = missing.loc[missing["result_status"].eq(NULL), "study_id"]
    others = missing[missing["result_status"].isin(IN_WORDS) & ~missing["study_id"].isin(nulls)]
    k = others["study_id"].nunique()
    if not k:
        return ""
    more = " more" if len(nulls) else ""
    who = f"{formats.words(k).capitalize()}{more} {'study gives' if k == 1 else 'studies give'}"
    return f"{who} a direction, a p-value or nothing, but no effect size."


def _albumin(analysis: Analysis) -> str:
    rows = analysis.rows
    if rows["albumin_adjusted"].isna().all():
        return ""
    pooled = rows["pool_role"].eq("primary")
    named = "pooled results" if analysis.question.pooled else "main results"
    used, which = (rows[pooled], named) if pooled.any() else (rows, "results shown")
    counts = used["albumin_adjusted"].fillna("unclear").value_counts()
    lost = used[used["null_after_albumin"].eq("yes")]
    listed = formats.listing(
        [
            f"{value} in {formats.words(int(counts[value]))}"
            for value in ("yes", "no", "unclear")
            if value in counts
        ]
    )
    tail = (
        f"; in {formats.words(len(lost))} ({formats.listing(list(lost['study']))}) the association was lost "
        "once albumin or laboratory values entered the model"
        if len(lost)
        else ""
    )
    return f"Adjusted for albumin: {listed} of the {which}{tail}."


def _judged(analysis: Analysis) -> str:
    appraisal = analysis.appraisal
    bias = status(len(appraisal.assessed), len(appraisal.effects))
    made = appraisal.rating(OVERALL)
    if bias == NOT_ASSESSED and not made.is_made:
        return "Risk of bias and certainty of the evidence: not assessed."
    rated = f"{made.judgement}, judged by {made.assessor}" if made.is_made else NOT_ASSESSED
    return f"Risk of bias: {bias}. Certainty of the evidence: {rated}."


def _cut_offs(rows: pd.DataFrame) -> str:
    used = rows[rows["pool_role"].eq("primary") & rows["contrast_type"].eq("category")]
    texts = [f"{row.study}: {contrast_mmol(row)}" for _, row in used.iterrows() if contrast_mmol(row)]
    if not texts:
        return ""
    return "“Low” and reference magnesium differ between studies (mmol/L): " + "; ".join(texts) + "."


def _steps(analysis: Analysis) -> str:
    if analysis.question.per is None:
        return ""
    texts = [
        f"{row.study}: per {formats.number(row.increment, 2)} {row.exposure_unit} ({row.increment_status})"
        for row in analysis.effects.frame.itertuples()
    ]
    return (
        "Steps of magnesium differ in print (" + "; ".join(texts) + ") and were brought to one, "
        "which takes the association for a straight line."
    )


def _flags(rows: pd.DataFrame) -> str:
    flagged = rows[rows["print_flag"].notna()]
    texts = [f"{row.study}: {str(row.print_flag).rstrip('.')}" for row in flagged.itertuples()]
    return "Odd in print and kept as printed: " + "; ".join(dict.fromkeys(texts)) + "." if texts else ""


def contrast_mmol(row: pd.Series) -> str:
    """Return exposed against reference category in mmol/L, or nothing when no bound is recorded."""
    unit = row["exposure_unit"]
    if unit not in units.MMOL_PER_L:
        return ""
    sides = [
        _range(row[f"{side}_lower"], row[f"{side}_upper"], unit, str(row[f"label_{side}"]))
        for side in ("exposed", "reference")
    ]
    return " v ".join(side for side in sides if side)


def _range(lower: float, upper: float, unit: str, label: str) -> str:
    """Return the bounds of a category in mmol/L, with the signs that its label has."""
    low, high = (None if pd.isna(x) else f"{units.to_mmol_per_l(float(x), unit):.2f}" for x in (lower, upper))
    below = "≤" if "<=" in label or "≤" in label else "<"
    if low and high:
        return f"{low} to {below}{high}"
    above = ">" if ">" in label.replace(">=", "≥") else "≥"
    return f"{below}{high}" if high else f"{above}{low}" if low else ""


def _sentence(parts: list[str]) -> str:
    if not parts:
        return ""
    joined = "; ".join(parts)
    return f"{joined[0].upper()}{joined[1:]}."
