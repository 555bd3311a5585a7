"""What stands under a chart: how to read it."""

from livingmeta import formats
from livingmeta.analysis import Analysis
from livingmeta.charts.layout import is_split
from livingmeta.charts.statements import has_prediction


def forest_caption(analysis: Analysis) -> str:
    """Return how to read the forest plot of one question."""
    level = formats.percent(analysis.effects.level)
    lines = f"Lines are {level} confidence intervals; an arrow marks one that goes on beyond the axis."
    if analysis.fit is None:
        return f"Each square is the estimate of one study. {lines} Nothing is pooled."
    if analysis.fit.k == 1:
        return f"The square is the estimate of the one study. {lines}"
    said = (_squares(analysis), lines, "Diamonds are pooled estimates.", _pale(analysis))
    return " ".join(filter(None, said))


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
    return f"The pale bar is the {level} prediction interval: where the effect in a new study may lie."


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
        "Each point is one study. The shaded bands are centred on no effect and show which p-value "
        "a study at that place has by itself; the vertical lines are the pooled estimates. A lack of "
        "points on one side, where results would not be significant, suggests missing small studies."
    )
