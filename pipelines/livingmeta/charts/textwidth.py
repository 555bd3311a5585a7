"""How wide text will be, without asking a browser: layouts stay the same everywhere.

Widths are those of Helvetica, which Arial and Liberation Sans share, in thousandths of
the font size.
"""

NO_BREAK = "\u00a0"

_CLASSES = {
    222: "ijl‘’",
    278: " \u00a0ftI.,:;/![]",
    333: "()-r·“”",
    500: "ckJsvxyz",
    556: "abdeghnopquL0123456789–_?",
    584: "=+<>−±×",
    611: "FTZ",
    667: "ABEKPSVXY&",
    722: "CDHNRUw",
    778: "GOQ",
    833: "mM",
    889: "%",
    944: "W",
    1000: "←→—…",
}
_WIDTHS = {character: width for width, characters in _CLASSES.items() for character in characters}
_OTHER = 611
_BOLD = 1.07
_SLACK = 1.05  # other fonts of the stack run a little wider


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return the width of one line of text in pixels, with a little slack.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Font size in pixels.
    bold : bool
        Whether the weight is bold.
    """
    thousandths = sum(_WIDTHS.get(character, _OTHER) for character in text)
    return thousandths / 1000 * size * _SLACK * (_BOLD if bold else 1)


def wrap(text: str, size: float, width: float, bold: bool = False) -> list[str]:
    """Return text broken at spaces into lines no wider than `width` pixels.

    A word that is wider than a line stands on a line of its own.
    """
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shortened(text: str, size: float, width: float, bold: bool = False) -> str:
    """Return text that fits into `width` pixels, cut with an ellipsis where it does not."""
    if text_width(text, size, bold) <= width:
        return text
    while text and text_width(text + "…", size, bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"
