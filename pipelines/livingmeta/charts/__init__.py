"""Charts: one function from an analysis to an altair chart each, and their registry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from livingmeta.analysis import Analysis
from livingmeta.charts import adjustment_ladder, benefit_harm, magnesium_ladder, missing_results, split_forest
from livingmeta.charts.captions import curve_caption, forest_caption, funnel_caption
from livingmeta.charts.curve import specification_curve, why_no_curve
from livingmeta.charts.evidence import Evidence, Table, evidence_from, evidence_of
from livingmeta.charts.forest import forest
from livingmeta.charts.funnel import funnel, why_no_funnel
from livingmeta.charts.glance import mini_interval
from livingmeta.charts.render import figure_html, render_svg, standalone_svg, vega_bundle_js
from livingmeta.charts.traffic_light import (
    risk_of_bias_summary,
    summary_caption,
    traffic_light,
    traffic_light_caption,
    why_no_traffic_light,
)


@dataclass(frozen=True)
class Chart:
    """One kind of chart.

    Parameters
    ----------
    function : callable
        From an analysis (and `narrow`) to an altair chart.
    absence : callable
        From an analysis to the reason why the chart is absent, empty when it is drawn.
    caption : callable
        From an analysis to the text under the chart.
    title : str
        Name of the chart on a page.
    table : callable, optional
        From an analysis to headings and rows of text that say what the chart shows.
    """

    function: Callable[..., Any]
    absence: Callable[[Analysis], str]
    caption: Callable[[Analysis], str]
    title: str
    table: Callable[[Analysis], Table] | None = None


def why_no_forest(analysis: Analysis) -> str:
    """Return why a question has no forest plot, or an empty text when it has one."""
    if analysis.effects.k:
        return ""
    return "No forest plot: no row of this question has an effect size."


def _ladder_table(analysis: Analysis) -> Table:
    return magnesium_ladder.ladder_table([evidence_of(analysis)])


def _benefit_harm_table(analysis: Analysis) -> Table:
    return benefit_harm.benefit_harm_table([evidence_of(analysis)])


# Drawn where the question asks for them.
DISPLAYS: dict[str, Chart] = {
    magnesium_ladder.NAME: Chart(
        magnesium_ladder.magnesium_ladder,
        magnesium_ladder.why_no_ladder,
        magnesium_ladder.caption,
        "Magnesium ladder",
        _ladder_table,
    ),
    adjustment_ladder.NAME: Chart(
        adjustment_ladder.adjustment_ladder,
        adjustment_ladder.why_no_ladder,
        adjustment_ladder.caption,
        "Adjustment ladder",
        adjustment_ladder.ladder_table,
    ),
    missing_results.NAME: Chart(
        missing_results.missing_results,
        missing_results.why_no_matrix,
        missing_results.caption,
        "Missing results",
        missing_results.table_of,
    ),
    split_forest.NAME: Chart(
        split_forest.split_forest,
        split_forest.why_no_split,
        split_forest.caption,
        "Large and small trials apart",
        split_forest.split_table,
    ),
    benefit_harm.NAME: Chart(
        benefit_harm.benefit_harm,
        benefit_harm.why_no_benefit_harm,
        benefit_harm.caption,
        "Benefit and harm per 1,000",
        _benefit_harm_table,
    ),
}
CHARTS: dict[str, Chart] = {
    "forest": Chart(forest, why_no_forest, forest_caption, "Forest plot"),
    "funnel": Chart(funnel, why_no_funnel, funnel_caption, "Funnel plot"),
    "multiverse": Chart(specification_curve, why_no_curve, curve_caption, "Specification curve"),
    "traffic-light": Chart(
        traffic_light, why_no_traffic_light, traffic_light_caption, "Risk of bias, result by result"
    ),
    "risk-of-bias-summary": Chart(
        risk_of_bias_summary, why_no_traffic_light, summary_caption, "Risk of bias, summary"
    ),
    **DISPLAYS,
}


def chart_spec(chart_name: str, analysis: Analysis, narrow: bool = False) -> dict[str, Any]:
    """Return the Vega-Lite specification of one chart; nobody may change it, it is made once."""
    return _chart_spec(chart_name, analysis, narrow)


@lru_cache(maxsize=16)
def _chart_spec(chart_name: str, analysis: Analysis, narrow: bool) -> dict[str, Any]:
    chart = CHARTS[chart_name].function(analysis, narrow=narrow)
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return spec


def chart_html(
    chart_name: str,
    analysis: Analysis,
    *,
    links: Sequence[tuple[str, str]] = (),
    cache_dir: Path | None = None,
) -> str:
    """Return one chart as a figure of a page, or a note that says why it is absent.

    Parameters
    ----------
    chart_name : str
        A key of CHARTS.
    links : sequence of (text, address)
        Shown at the end of the caption.
    cache_dir : Path, optional
        Where drawn pictures are kept.
    """
    chart = CHARTS[chart_name]
    reason = analysis.absent.get(chart_name) or chart.absence(analysis)
    if reason:
        return f'<p class="lm-absent" id="{chart_name}">{escape(reason)}</p>'
    wide, narrow = (chart_spec(chart_name, analysis, narrow=flag) for flag in (False, True))
    return figure_html(chart_name, chart.caption(analysis), wide, narrow, links, cache_dir)


__all__ = [
    "CHARTS",
    "DISPLAYS",
    "Chart",
    "Evidence",
    "chart_html",
    "chart_spec",
    "evidence_from",
    "figure_html",
    "mini_interval",
    "render_svg",
    "standalone_svg",
    "vega_bundle_js",
]
