"""What leaves a question as files: its record, its effect sizes and its charts."""

from typing import Any

import pandas as pd

from livingmeta import charts
from livingmeta.analysis import Analysis
from livingmeta.files import write_atomically
from livingmeta.numbers import signed
from livingmeta.paths import Project
from livingmeta.releases import UNRELEASED, identity
from livingmeta.results import question_record, write_record
from livingmeta.studies import Studies

KEYS = ("effect_id", "study_id", "report_id")  # there also in a file without rows
COMPUTED = ("yi", "vi", "ci_lower", "ci_upper", "derived_from")
LEFT_OUT = ("file", "line")


def keep(analysis: Analysis, studies: Studies, project: Project) -> dict[str, Any]:
    """Write record, effect sizes and charts of a question; return the record."""
    record = signed(question_record(analysis), identity(project).version)
    write_record(record, project.records)
    table = effects_table(analysis, studies, record["release"])
    name = analysis.question.id
    write_atomically(project.records / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    _draw(analysis, project)
    return record


def _draw(analysis: Analysis, project: Project) -> None:
    """Write the charts that a question has, and take away one that it had before."""
    name = analysis.question.id
    drawn = set()
    for chart, kind in charts.CHARTS.items():
        if not kind.absence(analysis):
            path = project.records / f"{name}.{chart}.svg"
            svg = charts.render_svg(charts.chart_spec(chart, analysis), project.svg_cache)
            write_atomically(path, charts.standalone_svg(svg))
            drawn.add(path)
    for path in {*project.records.glob(f"{name}.*.svg")} - drawn:
        path.unlink()


def effects_table(analysis: Analysis, studies: Studies, release: str = UNRELEASED) -> pd.DataFrame:
    """Return every row of a question as reported, with effect size and weight where it entered.

    Effects and limits are on the analysis scale; weights are in percent. The last column says
    which release the rows belong to.
    """
    reported = studies.effects[analysis.question.effects].drop(columns=list(LEFT_OUT))
    filled = reported.notna().any() | reported.columns.isin(KEYS)
    reported = reported.loc[:, filled].set_index("effect_id", drop=False)
    links = reported["report_id"].map(studies.reports.set_index("report_id")["doi"])
    labels = analysis.rows.set_index("effect_id")["study"]
    computed = _computed(analysis, reported.index)
    return reported.assign(doi=links, study=labels, **computed, release=release).reset_index(drop=True)


def _computed(analysis: Analysis, index: pd.Index) -> dict[str, pd.Series]:
    if analysis.effects.k == 0:
        return {}
    frame = analysis.effects.frame.set_index("effect_id")
    columns = {
        f"{name}_analysis" if name.startswith("ci_") else name: frame[name].reindex(index)
        for name in COMPUTED
    }
    if analysis.fit is not None:
        columns["weight"] = pd.Series(analysis.fit.weights, index=frame.index).reindex(index)
    return columns
