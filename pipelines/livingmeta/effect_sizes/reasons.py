"""Why a row cannot enter: the impossible values of each set of columns, in words.

Each function takes the columns of the rows, by name, of shape (k,), and returns checks:
which rows have the fault (bool, shape (k,)), and what is said of one of them.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from livingmeta.effect_sizes.columns import ARMS
from livingmeta.effect_sizes.measures import FISHER_Z, Measure

Array = NDArray[np.float64]
Columns = Mapping[str, Array]
Check = tuple[NDArray[np.bool_], Callable[[int], str]]
Texts = NDArray[np.object_]


def first_reasons(k: int, checks: Iterable[Check]) -> Texts:
    """Return for each of k rows the first fault, empty where there is none."""
    reasons = np.full(k, "", dtype=object)
    for faulty, say in checks:
        for i in np.flatnonzero(faulty & (reasons == "")):
            reasons[i] = say(int(i))
    return reasons


def shown(value: float) -> str:
    """Return a number as it was entered, for a message."""
    return f"{value:.15g}"


def is_broken(*counts: Array) -> NDArray[np.bool_]:
    """Return where one of the counts is not a whole number."""
    return np.logical_or.reduce([~np.isclose(count, np.round(count), rtol=1e-12, atol=0) for count in counts])


def of_counts(at: Columns, _measure: Measure) -> list[Check]:
    """Return the faults of 2x2 tables."""
    a, n1, c, n2 = (at[name] for name in ("events_treatment", "n_treatment", "events_control", "n_control"))

    def table(i: int) -> str:
        return f"counts {shown(a[i])}/{shown(n1[i])} and {shown(c[i])}/{shown(n2[i])}"

    possible = (a >= 0) & (c >= 0) & (a <= n1) & (c <= n2) & (n1 > 0) & (n2 > 0)
    possible &= np.isfinite(n1) & np.isfinite(n2)
    return [
        (~possible, lambda i: f"{table(i)}: events must lie between 0 and n, n must be > 0"),
        (is_broken(a, n1, c, n2), lambda i: f"{table(i)}: must be whole numbers"),
        *(_of_sums(at, f"_{arm}") for arm in ARMS),
    ]


def _of_sums(at: Columns, tail: str) -> Check:
    events, others, n = (at[f"{name}{tail}"] for name in ("events", "non_events", "n"))
    return (
        np.isfinite(others) & (n != events + others),
        lambda i: (
            f"n{tail} {shown(n[i])} is not events{tail} {shown(events[i])} + "
            f"non_events{tail} {shown(others[i])}"
        ),
    )


def of_person_time(at: Columns, _measure: Measure) -> list[Check]:
    """Return the faults of events over person-time."""
    x1, t1, x2, t2 = (
        at[f"{name}_{arm}"]
        for name, arm in (
            ("events", "treatment"),
            ("time", "treatment"),
            ("events", "control"),
            ("time", "control"),
        )
    )

    def rates(i: int) -> str:
        return f"events {shown(x1[i])} and {shown(x2[i])}, person-time {shown(t1[i])} and {shown(t2[i])}"

    possible = (x1 >= 0) & (x2 >= 0) & (t1 > 0) & (t2 > 0) & np.isfinite(x1 + x2 + t1 + t2)
    return [
        (~possible, lambda i: f"{rates(i)}: events must be >= 0, person-time must be > 0"),
        (is_broken(x1, x2), lambda i: f"{rates(i)}: events must be whole numbers"),
    ]


def of_proportion(at: Columns, _measure: Measure) -> list[Check]:
    """Return the faults of events among participants of one group."""
    x, n = at["events"], at["n"]

    def group(i: int) -> str:
        return f"counts {shown(x[i])}/{shown(n[i])}"

    possible = (x >= 0) & (x <= n) & (n > 0) & np.isfinite(n)
    return [
        (~possible, lambda i: f"{group(i)}: events must lie between 0 and n, n must be > 0"),
        (is_broken(x, n), lambda i: f"{group(i)}: must be whole numbers"),
        _of_sums(at, ""),
    ]


def of_deviations(at: Columns, _measure: Measure) -> list[Check]:
    """Return the faults of standard deviations and participants; a shared arm's n may be a fraction."""
    sds = [at[f"sd_{arm}"] for arm in ARMS]
    ns = [at[f"n_{arm}"] for arm in ARMS]
    return [
        (
            ~((sds[0] > 0) & (sds[1] > 0)),
            lambda i: f"sd {shown(sds[0][i])} and {shown(sds[1][i])}: standard deviations must be > 0",
        ),
        (
            ~((ns[0] >= 2) & (ns[1] >= 2)),
            lambda i: f"n {shown(ns[0][i])} and {shown(ns[1][i])}: each arm needs at least 2 participants",
        ),
    ]


def of_means(at: Columns, measure: Measure) -> list[Check]:
    """Return the faults of means, standard deviations and participants of two arms."""
    m1, m2 = (at[f"mean_{arm}"] for arm in ARMS)
    checks = of_deviations(at, measure)
    said = {
        "ROM": ((np.sign(m1) != np.sign(m2)) | (m1 == 0), "a ratio of means needs means of one sign, not 0"),
        "CVR": (~((m1 > 0) & (m2 > 0)), "a coefficient of variation needs a mean > 0"),
    }
    if measure.code in said:
        faulty, rule = said[measure.code]
        checks.append((faulty, lambda i: f"means {shown(m1[i])} and {shown(m2[i])}: {rule}"))
    return checks


def of_change(at: Columns, _measure: Measure) -> list[Check]:
    """Return the faults of a mean change in one group."""
    r, sd, n = at["r"], at["sd_change"], at["n"]
    sds = [at[name] for name in ("sd_post", "sd_pre")]
    return [
        (np.abs(r) > 1, lambda i: f"correlation {shown(r[i])}: must lie between -1 and 1"),
        (
            (sds[0] <= 0) | (sds[1] <= 0),
            lambda i: f"sd {shown(sds[0][i])} and {shown(sds[1][i])}: must be > 0",
        ),
        (~(sd > 0), lambda i: f"standard deviation of the change {shown(sd[i])}: must be > 0"),
        (~(n >= 2), lambda i: f"n {shown(n[i])}: a change needs at least 2 participants"),
    ]


def of_correlation(at: Columns, measure: Measure) -> list[Check]:
    """Return the faults of correlations."""
    r, n = at["r"], at["n"]
    least = 4 if measure.scale == FISHER_Z else 3
    return [
        (~(np.abs(r) < 1), lambda i: f"correlation {shown(r[i])}: must lie between -1 and 1"),
        (~(n >= least), lambda i: f"n {shown(n[i])}: a correlation needs at least {least} participants"),
    ]


CHECKS: dict[str, Callable[[Columns, Measure], list[Check]]] = {
    "counts": of_counts,
    "person_time": of_person_time,
    "proportion": of_proportion,
    "means": of_means,
    "deviations": of_deviations,
    "change": of_change,
    "correlation": of_correlation,
}


def of_result(yi: Array, vi: Array) -> list[Check]:
    """Return the faults of computed or given effects and variances."""
    return [
        (~np.isfinite(yi), lambda i: "effect size is not a finite number"),
        (~np.isfinite(vi), lambda i: "sampling variance is not a finite number"),
        (vi <= 0, lambda i: f"sampling variance {vi[i]:g}: must be > 0"),
    ]
