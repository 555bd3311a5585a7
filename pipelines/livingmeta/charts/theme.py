"""Colours, sizes and the Vega configuration shared by all charts.

Colours are CSS variables with a fallback: inside a page a chart follows the theme of the
page, light or dark, and by itself it still has its colours.
"""

from typing import Any

INK = "currentColor"
MUTED = "var(--lm-muted, #5b6770)"
ACCENT = "var(--lm-accent, #0b6e69)"
ACCENT_2 = "var(--lm-accent-2, #b5532b)"
SOFT = "var(--lm-soft, #e3efee)"
LINE = "var(--lm-line, #9aa5a8)"

FONT = "'Helvetica Neue', Arial, 'Liberation Sans', Arimo, Helvetica, sans-serif"
TEXT_SIZE = 13
SMALL_SIZE = 12

CONFIG: dict[str, Any] = {
    "aria": False,  # the picture as a whole has a name; its marks are in the table of the page
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None, "fill": None},
    "axis": {
        "grid": False,
        "labelColor": MUTED,
        "labelFontSize": SMALL_SIZE,
        "titleColor": MUTED,
        "titleFontSize": SMALL_SIZE,
        "titleFontWeight": "normal",
        "domainColor": LINE,
        "tickColor": LINE,
        "labelLimit": 0,  # nothing is cut, so nothing is measured to be cut
        "titleLimit": 0,
    },
    "legend": {
        "labelColor": MUTED,
        "labelFontSize": SMALL_SIZE,
        "labelLimit": 0,
        "titleColor": MUTED,
        "titleFontSize": SMALL_SIZE,
        "titleFontWeight": "normal",
        "titleLimit": 0,
    },
    "text": {"color": INK, "fontSize": TEXT_SIZE, "baseline": "middle"},
}
