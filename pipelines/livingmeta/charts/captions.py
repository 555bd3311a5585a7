"""What stands under a chart: how to read it."""

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.layout import is_split
from livingmeta.charts.statements import called, has_prediction, zero_table
from livingmeta.effect_sizes.measures import LOG


def forest_caption(analysis: Analysis) -> str:
    """Return how to read the forest plot of one question."""
    level = formats.percent(analysis.effects.level)
    lines = f"Lines are {level} confidence intervals; an arrow marks one that goes on beyond the axis."
    if analysis.fit is None:
        squares = "Each square is the estimate of one study."
        return " ".join(filter(None, (squares, lines, "Nothing is pooled.", _recomputed(analysis))))
    if analysis.fit.k == 1:
        square = "The square is the estimate of the one study."
        return " ".join(filter(None, (square, lines, _zero(analysis), _recomputed(analysis))))
    diamonds = "Diamonds are pooled estimates."
    said = (_squares(analysis), lines, diamonds, _pale(analysis), _recomputed(analysis))
    return " ".join(filter(None, said))


def _zero(analysis: Analysis) -> str:
    """Return what was done to a single table with a zero cell, and what leads therefore."""
    table = zero_table(analysis)
    if table is None:
        return ""
    return (
        "A cell of the table is zero: 0.5 was added to each of its cells to draw the "
        f"{analysis.effects.measure.name}, which is unstable; the risk difference with its "
        f"{table.difference_method} interval, in the note below the axis, leads."
    )


def _recomputed(analysis: Analysis) -> str:
    """Return that intervals in print are drawn anew, where any estimate was taken from print."""
    effects = analysis.effects
    if not effects.k or not effects.frame["derived_from"].str.startswith("reported").any():
        return ""
    scale = "log scale" if effects.measure.scale == LOG else "scale of the analysis"
    return (
        f"Intervals of estimates that were taken from print are recomputed, symmetric on the {scale}, and "
        "may differ a little from those in print; as printed, they stand in the table below."
    )


def _squares(analysis: Analysis) -> str:
    if is_split(analysis):
        return (
            "The area of a square follows the study's weight in the common-effect analysis; the bars "
            "compare its share of the participants with its share of the random-effects weight."
        )
    return "The area of a square follows the study's weight in the random-effects analysis."


def _pale(analysis: Analysis) -> str:
    if not has_prediction(analysis.fit):
        return ""
    level = formats.percent(analysis.effects.level)
    what = called(analysis)
    return f"The pale bar is the {level} prediction interval: where the {what} in a new study may lie."


def curve_caption(analysis: Analysis) -> str:
    """Return how to read the specification curve."""
    level = formats.percent(analysis.effects.level)
    return (
        f"Each column is one analysis: above, its estimate and {level} confidence interval, lowest first; "
        "below, the choices it rests on. The coloured one is the main analysis. The analyses share their "
        "studies: the curve shows a range, not how probable an estimate is."
    )


def funnel_caption(analysis: Analysis) -> str:
    """Return how to read the funnel plot."""
    return (
        f"Each point is one study. The shaded bands are centred on no {called(analysis)} and show which "
        "p-value a study at that place has by itself; the vertical lines are the pooled estimates. A lack of "
        "points on one side, where results would not be significant, suggests missing small studies."
    )
