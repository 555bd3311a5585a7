"""What stands under a forest plot: heterogeneity, tests, and what was not pooled."""

import re
from collections.abc import Callable

from livingmeta import formats
from livingmeta.analysis import Analysis, Subgroups
from livingmeta.charts.textwidth import NO_BREAK
from livingmeta.diagnostics import OneTable
from livingmeta.effect_sizes import Measure
from livingmeta.effect_sizes.measures import FISHER_Z
from livingmeta.estimators import Fit

MIN_STUDIES_FOR_PREDICTION = 5  # with fewer the interval says little but its own uncertainty
METHOD_NAMES = {
    "EE": "Equal effects",
    "DL": "Random effects (DerSimonian–Laird)",
    "REML": "Random effects (REML)",
    "MH": "Mantel–Haenszel",
    "PETO": "Peto",
}
INTERVAL_NAMES = {"knha": "Knapp–Hartung interval", "adhoc": "Knapp–Hartung interval, never narrower than z"}


def shown_as(measure: Measure) -> Callable[..., str]:
    """Return the function that prints a value of the measure's natural scale."""
    return formats.ratio if measure.is_ratio else formats.number


def natural(measure: Measure, *values: float | None) -> tuple[float | None, ...]:
    """Return values of the analysis scale on the natural scale, None staying None."""
    return tuple(None if value is None else float(measure.to_display(value)) for value in values)


def effect_text(measure: Measure, *values: float | None) -> str:
    """Return estimate and limits of the analysis scale as text on the natural scale."""
    estimate, lower, upper = natural(measure, *values)
    return formats.with_interval(estimate, lower, upper, show=shown_as(measure))


def has_prediction(fit: Fit | None) -> bool:
    """Return whether a prediction interval is shown."""
    return fit is not None and fit.pi_lower is not None and fit.k >= MIN_STUDIES_FOR_PREDICTION


def is_observational(analysis: Analysis) -> bool:
    """Return whether a question is answered by observation alone, so that it has no effect of a treatment."""
    if analysis.question.verdict in ("association", "correlation"):
        return True
    rows = analysis.effects.frame if analysis.effects.k else analysis.rows
    return len(rows) > 0 and "allocation" in rows and bool(rows["allocation"].eq("observational").all())


def called(analysis: Analysis) -> str:
    """Return what an estimate of the question is: an effect, an association or a correlation."""
    if not is_observational(analysis):
        return "effect"
    return "correlation" if analysis.effects.measure.scale == FISHER_Z else "association"


def zero_table(analysis: Analysis) -> OneTable | None:
    """Return the table of the only trial where a cell of it is zero, so that its risk difference leads."""
    table = analysis.one_table
    return table if table is not None and table.has_zero else None


def difference_text(table: OneTable, level: float) -> str:
    """Return the risk difference of a table: `8.0 more per 100 (95% CI 1.2 to 15.9, Newcombe)`."""
    way = 1 if table.difference >= 0 else -1
    limits = sorted(100 * way * x for x in (table.difference_ci_lower, table.difference_ci_upper))
    low, high = (formats.number(limit, 1) for limit in limits)
    more = f"{formats.number(abs(100 * table.difference), 1)} {'more' if way > 0 else 'fewer'} per 100"
    return f"{more} ({formats.percent(level)} CI {low} to {high}, {table.difference_method})"


def statements(analysis: Analysis) -> tuple[str, ...]:
    """Return the sentences under the forest plot of one question."""
    fit, common = analysis.fit, analysis.common
    if fit is None:
        return (f"Not pooled: {analysis.reason}",) if analysis.reason else ("Not pooled.",)
    if fit.k == 1:
        return _of_one(analysis, fit)
    said = [_heterogeneity(fit), _overall(analysis, fit)]
    if common is not None:
        said.append(f"{_pooled(analysis)}, {_in_prose(common.method)}: {_test(common)}.")
    for subgroups in analysis.subgroups[:1]:
        said.extend(_between(subgroups))
    return tuple(_unbroken(sentence) for sentence in said)


def _of_one(analysis: Analysis, fit: Fit) -> tuple[str, ...]:
    table, own = zero_table(analysis), "estimate" if is_observational(analysis) else "effect"
    level = formats.percent(fit.level)
    said = f"One study: its own {own} with a {level} confidence interval; nothing was pooled."
    if table is None:
        return (said,)
    difference = difference_text(table, analysis.effects.level)
    return (f"Risk difference, which leads: {difference}; exact {formats.p_value(table.p_exact)}.", said)


def _pooled(analysis: Analysis) -> str:
    return "Pooled estimate" if is_observational(analysis) else "Overall effect"


def _unbroken(text: str) -> str:
    """Return text in which no line ends between a sign and its number."""
    return re.sub(r" (?=[=<%])|(?<=[=<]) ", NO_BREAK, text)


def _in_prose(method: str) -> str:
    name = METHOD_NAMES.get(method, method)
    return name if method in ("MH", "PETO") else name[0].lower() + name[1:]


def _heterogeneity(fit: Fit) -> str:
    tau2 = f"τ² = {formats.number(fit.tau2, 3)}"
    if fit.tau2_ci_lower is not None and fit.tau2_ci_upper is not None:
        limits = formats.interval(fit.tau2_ci_lower, fit.tau2_ci_upper, show=lambda x: formats.number(x, 3))
        tau2 += f" ({formats.percent(fit.level)} CI {limits})"
    q = f"Q = {formats.number(fit.q, 1)}, df = {fit.q_df}, {formats.p_value(fit.q_p)}"
    return f"Heterogeneity: {tau2}; {q}; I² = {formats.percent(fit.i2)}."


def _overall(analysis: Analysis, fit: Fit) -> str:
    named = ", ".join(filter(None, (_in_prose(fit.method), INTERVAL_NAMES.get(fit.test))))
    text = f"{_pooled(analysis)}, {named}: {_test(fit)}"
    if not has_prediction(fit):
        return text + "."
    measure = analysis.effects.measure
    lower, upper = natural(measure, fit.pi_lower, fit.pi_upper)
    limits = formats.interval(lower, upper, show=shown_as(measure))
    return f"{text}; {formats.percent(fit.level)} prediction interval {limits}."


def _test(fit: Fit) -> str:
    letter = "z" if fit.df is None else "t"
    df = "" if fit.df is None else f", df = {fit.df:g}"
    return f"{letter} = {formats.number(fit.statistic)}{df}, {formats.p_value(fit.p_value)}"


def _between(subgroups: Subgroups) -> list[str]:
    said = []
    test = subgroups.between
    if test is not None:
        f = test.df_residual is not None
        df = f"df = {test.df}, {test.df_residual:g}" if f else f"df = {test.df}"
        statistic = f"{'F' if f else 'χ²'} = {formats.number(test.statistic)}"
        said.append(f"Difference between subgroups: {statistic}, {df}, {formats.p_value(test.p_value)}.")
    for group in subgroups.groups:
        if group.fit is None and group.reason:
            said.append(f"{group.label}: {group.reason}.")
    return said
