"""Quantiles and tails of the distributions that tests and intervals need.

They are SciPy's special functions by their statistical names: the same values as
`scipy.stats` gives, bit for bit, without the second that it takes to load.
"""

from typing import Any

from scipy import special

Real = Any  # a number or an array of numbers


def normal_quantile(p: Real) -> Any:
    """Return the point below which a standard normal lies with probability p."""
    return special.ndtri(p)


def normal_tail(x: Real) -> Any:
    """Return the probability that a standard normal exceeds x."""
    return special.ndtr(-x)


def t_quantile(p: Real, df: Real | None) -> Any:
    """Return the point below which Student's t lies with probability p; normal where df is None."""
    return normal_quantile(p) if df is None else special.stdtrit(df, p)


def t_tail(x: Real, df: Real | None) -> Any:
    """Return the probability that Student's t exceeds x; of the normal where df is None."""
    return normal_tail(x) if df is None else special.stdtr(df, -x)


def chi2_quantile(p: Real, df: Real) -> Any:
    """Return the point below which chi-squared lies with probability p."""
    return 2 * special.gammaincinv(df / 2, p)


def chi2_tail(x: Real, df: Real) -> Any:
    """Return the probability that chi-squared exceeds x."""
    return special.chdtrc(df, x)


def f_tail(x: Real, df_between: Real, df_within: Real) -> Any:
    """Return the probability that F exceeds x."""
    return special.fdtrc(df_between, df_within, x)
