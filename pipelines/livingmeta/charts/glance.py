"""A miniature interval for the table of all questions, drawn by hand as inline SVG."""

import math

from livingmeta.charts.theme import ACCENT, LINE

WIDTH, HEIGHT, EDGE = 120.0, 18.0, 6.0


def mini_interval(
    estimate: float, lower: float, upper: float, null: float, domain: tuple[float, float], log: bool
) -> str:
    """Return a square with its interval on a scale that all rows share.

    Parameters
    ----------
    estimate, lower, upper, null : float
        On the natural scale of the measure.
    domain : tuple of float
        Limits of the common scale; an interval that goes on beyond them ends in an arrow.
    log : bool
        Whether the scale is logarithmic.
    """
    x0, x, x1, at_null = (_place(value, domain, log) for value in (lower, estimate, upper, null))
    middle = HEIGHT / 2
    shapes = [
        f'<path d="M{at_null:.1f} 1V{HEIGHT - 1:g}" stroke="{LINE}" stroke-width="1"/>',
        f'<path d="M{x0:.1f} {middle:g}H{x1:.1f}" stroke="{ACCENT}" stroke-width="1.8"/>',
    ]
    if domain[0] <= estimate <= domain[1]:
        shapes.append(f'<rect x="{x - 3.5:.1f}" y="{middle - 3.5:g}" width="7" height="7" fill="{ACCENT}"/>')
    shapes += [_arrow(EDGE, -1)] if lower < domain[0] else []
    shapes += [_arrow(WIDTH - EDGE, 1)] if upper > domain[1] else []
    return (
        f'<svg class="lm-mini" xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{HEIGHT:g}" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" fill="none" aria-hidden="true">{"".join(shapes)}</svg>'
    )


def _place(value: float, domain: tuple[float, float], log: bool) -> float:
    inside = min(max(value, domain[0]), domain[1])
    at, low, high = (math.log(x) if log else x for x in (inside, *domain))
    return EDGE + (at - low) / (high - low) * (WIDTH - 2 * EDGE)


def _arrow(x: float, way: int) -> str:
    middle = HEIGHT / 2
    tip, back = x + 4 * way, x - 1 * way
    return f'<path d="M{tip:g} {middle:g}L{back:g} {middle - 4:g}V{middle + 4:g}Z" fill="{ACCENT}"/>'
