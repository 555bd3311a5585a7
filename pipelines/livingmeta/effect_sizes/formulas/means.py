"""Two groups with means and standard deviations, and one group measured twice.

`m1, sd1, n1` belong to treatment and `m2, sd2, n2` to control, each of shape (k,), means and
standard deviations in one unit. `vtype` names the variance as metafor does: "LS" is the usual
large-sample one.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from livingmeta.effect_sizes.formulas.arrays import Array, Pair, choice, floats, weighted_mean


def small_sample_factor(df: ArrayLike) -> Array:
    """Return the exact factor c(df) of Hedges (1981): a ratio of gamma functions, not 1 - 3/(4 df - 1).

    It is NaN below 2 degrees of freedom, where the mean of the standardised difference does not exist.
    """
    (m,) = floats(df)
    z = (np.maximum(m, 2.0) - 1) / 2
    # gamma(z + 1/2) / gamma(z), exactly for few participants. For many, two large logarithms would
    # be subtracted: their difference is 1/2 log z plus a series in 1/z, good to the last digit.
    series = (-1 / 8 + (1 / 192 + (-1 / 640 + 17 / 14336 / z**2) / z**2) / z**2) / z
    ratio = np.where(z < 30, special.poch(np.minimum(z, 30.0), 0.5), np.exp(series) * np.sqrt(z))
    return np.where(m < 2, np.nan, ratio / np.sqrt(z + 0.5))


def _pooled_variance(sd1: Array, n1: Array, sd2: Array, n2: Array) -> Array:
    return ((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2)


def mean_difference(
    m1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    m2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    vtype: str = "LS",
) -> Pair:
    """Return mean differences and their variances of shape (k,).

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like of shape (k,)
        Means, standard deviations and participants.
    vtype : {"LS", "UB", "HO"}
        Arms with their own variances ("LS" and "UB", the same here), or with a common one.
    """
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    separate = sd1**2 / n1 + sd2**2 / n2
    common = _pooled_variance(sd1, n1, sd2, n2) * (1 / n1 + 1 / n2)
    return m1 - m2, choice({"LS": separate, "UB": separate, "HO": common}, vtype)


def standardised_mean_difference(
    m1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    m2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    vtype: str = "LS",
) -> Pair:
    """Return Hedges' g with the exact small-sample factor (Hedges 1981), and its variance.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like of shape (k,)
        Means, standard deviations and participants.
    vtype : {"LS", "LS2", "UB", "AV"}
        1/n1 + 1/n2 + g^2 / (2 (n1 + n2)); the same of d, times the squared factor; the unbiased
        one; that of the mean effect of all rows.
    """
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    df, total, arms = n1 + n2 - 2, n1 + n2, 1 / n1 + 1 / n2
    factor = small_sample_factor(df)
    d = (m1 - m2) / np.sqrt(_pooled_variance(sd1, n1, sd2, n2))
    g = factor * d
    kinds = {
        "LS": arms + g**2 / (2 * total),
        "LS2": factor**2 * (arms + d**2 / (2 * total)),
        "UB": arms + (1 - (df - 2) / (df * factor**2)) * g**2,
        "AV": arms + weighted_mean(g, total) ** 2 / (2 * total),
    }
    return g, choice(kinds, vtype)


def heteroscedastic_difference(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Pair:
    """Return mean differences over the root of the mean variance, bias-corrected (Bonett 2008).

    The arms may have different variances; the factor is that of n1 + n2 - 2 degrees of freedom.
    """
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    both = sd1**2 + sd2**2
    # Each arm's share of the summed variances: no fourth power of a standard deviation.
    share1, share2 = sd1**2 / both, sd2**2 / both
    factor = small_sample_factor(n1 + n2 - 2)
    y = factor * (m1 - m2) / np.sqrt(both / 2)
    spread = y**2 * (share1**2 / (n1 - 1) + share2**2 / (n2 - 1)) / 2
    return y, factor**2 * (spread + 2 * (share1 / (n1 - 1) + share2 / (n2 - 1)))


def ratio_of_means(
    m1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    m2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    vtype: str = "LS",
) -> Pair:
    """Return log ratios of means and variances (Hedges, Gurevitch and Curtis 1999) of shape (k,).

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like of shape (k,)
        Means (of one sign), standard deviations and participants.
    vtype : {"LS", "HO", "AV", "AVHO"}
        Arms with their own variances; with a common one; with the mean coefficient of variation
        of each arm over all rows; with that of all arms.
    """
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    cv1, cv2 = sd1 / m1, sd2 / m2
    pooled = _pooled_variance(sd1, n1, sd2, n2)
    mean1, mean2 = weighted_mean(cv1, n1), weighted_mean(cv2, n2)
    mean = weighted_mean(np.append(cv1, cv2), np.append(n1, n2))
    kinds = {
        "LS": cv1**2 / n1 + cv2**2 / n2,
        "HO": pooled / m1**2 / n1 + pooled / m2**2 / n2,
        "AV": mean1**2 / n1 + mean2**2 / n2,
        "AVHO": mean**2 * (1 / n1 + 1 / n2),
    }
    return np.log(m1 / m2), choice(kinds, vtype)


def variability_ratio(sd1: ArrayLike, n1: ArrayLike, sd2: ArrayLike, n2: ArrayLike) -> Pair:
    """Return log ratios of standard deviations, bias-corrected (Nakagawa et al. 2015), and variances."""
    sd1, n1, sd2, n2 = floats(sd1, n1, sd2, n2)
    half1, half2 = 1 / (2 * (n1 - 1)), 1 / (2 * (n2 - 1))
    return np.log(sd1 / sd2) + half1 - half2, half1 + half2


def variation_ratio(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Pair:
    """Return log ratios of coefficients of variation (Nakagawa et al. 2015), and their variances.

    Means must be positive; the correlation of mean and standard deviation is taken as 0.
    """
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    y, v = variability_ratio(sd1, n1, sd2, n2)
    cv1, cv2 = sd1 / m1, sd2 / m2
    return y - (np.log(m1) - np.log(m2)), v + cv1**2 / n1 + cv2**2 / n2


def deviation_of_change(sd1: ArrayLike, sd2: ArrayLike, r: ArrayLike) -> Array:
    """Return the standard deviation of a change from those of both times and their correlation."""
    sd1, sd2, r = floats(sd1, sd2, r)
    # (sd1 - sd2)^2 + 2 (1 - r) sd1 sd2: what is left at r near 1 is not lost in rounding.
    return np.sqrt((sd1 - sd2) ** 2 + 2 * (1 - r) * sd1 * sd2)


def mean_change(mean: ArrayLike, sd: ArrayLike, n: ArrayLike) -> Pair:
    """Return mean changes within one group and their variances sd^2 / n of shape (k,).

    Parameters
    ----------
    mean, sd : array_like of shape (k,)
        Mean and standard deviation of the change; see `deviation_of_change`.
    n : array_like of shape (k,)
        Participants measured twice.
    """
    mean, sd, n = floats(mean, sd, n)
    return mean, sd**2 / n
