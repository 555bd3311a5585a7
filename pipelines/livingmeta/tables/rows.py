"""Every row of a question as it was reported, by the part it plays."""

import pandas as pd

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.cautions import contrast_mmol
from livingmeta.studies import Studies
from livingmeta.tables.html import Column, Markup, sources, table, text

COLUMNS = (
    Column("Study"),
    Column("Comparison"),
    Column("As printed"),
    Column("Estimate used (95% CI)", numeric=True),
    Column("Weight (random effects)", numeric=True),
    Column("Source"),
)
SHOWN_COLUMNS = (*COLUMNS[:3], Column("Direction"), Column("Why it stands apart"), COLUMNS[-1])
DIRECTIONS = {
    "higher_mg_better": "better with higher magnesium",
    "higher_mg_worse": "worse with higher magnesium",
    "none": "no difference stated",
    "unclear": "not stated",
}
# What was measured and not given is no treatment: words of association, not of getting better.
OBSERVED_DIRECTIONS = {
    "higher_mg_better": "more favourable at higher magnesium",
    "higher_mg_worse": "less favourable at higher magnesium",
}
OBSERVED_RISKS = {
    "higher_mg_better": "lower risk at higher magnesium",
    "higher_mg_worse": "higher risk at higher magnesium",
}
RISK_MEASURES = ("OR", "OR_common", "RR", "RRR", "HR", "SHR", "IRR")
ROLES = {
    "primary": "In the main analysis",
    "sensitivity": "In sensitivity analyses only",
    "display": "Shown, in no analysis",
}


def study_tables(analysis: Analysis, studies: Studies) -> Markup:
    """Return every row of the question as reported, by the part it plays."""
    effects = _effects_used(analysis)
    reports = studies.reports.set_index("report_id")
    parts = [
        f"<h3>{title} ({len(rows)})</h3>{_role_table(rows, effects, reports)}"
        for title, rows in _by_part(analysis)
        if len(rows)
    ]
    return Markup("".join(parts))


def _by_part(analysis: Analysis) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows by their role, or, where nothing is pooled, by whether they share one scale."""
    rows = analysis.rows
    if analysis.fit is not None:
        alone = {"primary": "The one study"} if analysis.fit.k == 1 else {}
        titles = {**ROLES, **alone}
        return [(title, rows[rows["pool_role"].eq(role)]) for role, title in titles.items()]
    frame = analysis.effects.frame
    drawn = rows["effect_id"].isin(frame["effect_id"] if len(frame) else [])
    return [("Shown side by side, not pooled", rows[drawn]), ("Shown as reported", rows[~drawn])]


def _effects_used(analysis: Analysis) -> dict[str, tuple[str, str]]:
    """Return effect with interval, and weight, of each row in the main analysis, by its id."""
    measure, frame = analysis.effects.measure, analysis.effects.frame
    if frame.empty:
        return {}
    ends = measure.to_display(frame[["yi", "ci_lower", "ci_upper"]].to_numpy(float))
    shown = [formats.with_interval(float(e), float(low), float(high)) for e, low, high in ends]
    fit = analysis.fit
    weights = [formats.MISSING] * len(frame) if fit is None else [formats.percent(w, 1) for w in fit.weights]
    return dict(zip(frame["effect_id"], zip(shown, weights, strict=True), strict=True))


def _role_table(rows: pd.DataFrame, effects: dict[str, tuple[str, str]], reports: pd.DataFrame) -> str:
    shared = _shared_outcome(rows)
    outcome = f"<p>Outcome: {text(shared)}.</p>" if shared else ""
    entered = any(effect_id in effects for effect_id in rows["effect_id"])
    body = []
    for _, row in rows.iterrows():
        middle = effects.get(row["effect_id"], (formats.MISSING, formats.MISSING)) if entered else _apart(row)
        own = None if shared else row["outcome_definition"]
        report = reports.loc[row["report_id"]] if row["report_id"] in reports.index else None
        body.append((_study(row), _comparison(row, own), _printed(row), *middle, _source(row, report)))
    columns = COLUMNS if entered else SHOWN_COLUMNS
    return outcome + table(columns, body, "lm-table lm-rows", ids=list(rows["effect_id"]))


def _printed(row: pd.Series) -> object:
    """Return what the source printed, or the counts where only those were entered."""
    counts = row[["events_treatment", "n_treatment", "events_control", "n_control"]]
    if not pd.isna(row["as_printed"]) or counts.isna().any():
        return row["as_printed"]
    a, n1, c, n2 = (formats.count(float(value)) for value in counts)
    return f"{a}/{n1} v {c}/{n2}"


def _apart(row: pd.Series) -> tuple[str, object]:
    """Return which way a result points, as the report says, and why it is not pooled."""
    direction = row["direction_reported"]
    named = direction_words(str(direction), row)
    return "not recorded" if pd.isna(direction) else named, row["pool_reason"]


def direction_words(direction: str, row: pd.Series) -> str:
    """Return which way a result points; risks and measurements in people who were not treated say so."""
    named = DIRECTIONS
    if row["allocation"] == "observational":
        risk = row["measure_reported"] in RISK_MEASURES and row["outcome_valence"] == "bad"
        named = DIRECTIONS | (OBSERVED_RISKS if risk else OBSERVED_DIRECTIONS)
    return named.get(direction, direction.replace("_", " "))


def _shared_outcome(rows: pd.DataFrame) -> str:
    """Return the outcome that all rows share, or nothing when they differ."""
    outcomes = set(rows["outcome_definition"].dropna())
    return str(outcomes.pop()) if len(outcomes) == 1 else ""


def _study(row: pd.Series) -> Markup:
    facts = " · ".join(str(x) for x in (row["country"], row["design"]) if not pd.isna(x))
    anchor = f"../../studies.html#{text(row['study_id'])}"
    name = f'<a href="{anchor}"><strong>{text(row["study"])}</strong></a>'
    return Markup(f"{name}<br><small>{text(facts)}</small>")


def _comparison(row: pd.Series, outcome: object) -> Markup:
    sides = [str(row[name]) for name in ("label_exposed", "label_reference") if not pd.isna(row[name])]
    cut_offs = contrast_mmol(row)
    own = "" if outcome is None or outcome != outcome else str(outcome)
    parts = [" v ".join(sides), f"{cut_offs} mmol/L" if cut_offs else "", own]
    shown = "<br>".join(text(part) for part in parts if part).replace("&gt;=", "≥").replace("&lt;=", "≤")
    return Markup(shown or text(""))


def _source(row: pd.Series, report: pd.Series | None) -> Markup:
    links = sources(None if report is None else report["doi"], None if report is None else report["pmid"])
    named = (row["source_extent"], row["source_locator"])
    parts = [str(value).replace("_", " ") for value in named if not pd.isna(value)]
    where = text(": ".join(dict.fromkeys(parts)))
    return Markup(f"{links}<br><small>{where} [{text(row['extraction_id'])}]</small>")
