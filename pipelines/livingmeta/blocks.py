"""The further parts that an analysis can be asked for: one function each, and their registry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from livingmeta.diagnostics.absent import Absent
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators import Fit, FitError

NULLS = ("statistic", "df", "p_value", "intercept", "slope", "estimate", "se", "ci_lower", "ci_upper")


class BlockError(ValueError):
    """A part that was asked for by a name that is none, or without what it needs."""


@dataclass(frozen=True)
class Asked:
    """What all parts are made from: the effects, their main model, and the columns that were named.

    Parameters
    ----------
    moderators : sequence of str
        Columns of the meta-regression.
    subgroup, cluster, order : str or None
        Columns that hold the group, the cluster, and what studies are ordered by.
    minimal_important_difference : float or None
        On the natural scale of the measure.
    force : bool
        Test for asymmetry below ten studies too.
    """

    effects: EffectSizes
    fit: Fit
    method: str
    test: str
    level: float
    pi_df: str = "k-1"
    moderators: Sequence[str] = ()
    subgroup: str | None = None
    cluster: str | None = None
    order: str | None = None
    minimal_important_difference: float | None = None
    force: bool = False

    @property
    def model(self) -> tuple[EffectSizes, str, str, float]:
        """Return effects, estimator, test and level."""
        return self.effects, self.method, self.test, self.level

    @property
    def cluster_column(self) -> str:
        """Return the column of clusters; the study where none was named."""
        return self.cluster or "study"


def made(names: Sequence[str], asked: Asked) -> dict[str, Any]:
    """Return the parts that were asked for, by name.

    A part that the effects at hand do not allow is empty or null, and says why: a table under
    its own `reason`, a list in `absent`.

    Raises
    ------
    BlockError
        When there is no part of that name, or a column that it needs was not named.
    """
    unknown = [name for name in names if name not in BLOCKS]
    if unknown:
        raise BlockError(f"no such part: {', '.join(unknown)}; there are {', '.join(BLOCKS)}")
    absent: dict[str, str] = {}
    parts = {name: _part(name, asked, absent) for name in dict.fromkeys(names)}
    return {**parts, "absent": absent} if names else {}


def _part(name: str, asked: Asked, absent: dict[str, str]) -> Any:
    try:
        found = BLOCKS[name](asked)
    except FitError as error:
        found = Absent(str(error))
    if not isinstance(found, Absent):
        return found
    absent[name] = found.reason
    return [] if name in LISTS else {**dict.fromkeys(NULLS), "reason": found.reason}


def _leave_one_out(asked: Asked) -> Any:
    from livingmeta.diagnostics.influence import leave_one_out

    return leave_one_out(*asked.model)


def _cumulative(asked: Asked) -> Any:
    from livingmeta.diagnostics.cumulative import cumulative

    order = asked.order or ("year" if "year" in asked.effects.frame else None)
    return cumulative(asked.effects, order, asked.method, asked.test, asked.level)


def _influence(asked: Asked) -> Any:
    from livingmeta.diagnostics.influence import influence

    return influence(*asked.model)


def _baujat(asked: Asked) -> Any:
    from livingmeta.diagnostics.influence import baujat

    return baujat(asked.effects)


def _gosh(asked: Asked) -> Any:
    from livingmeta.diagnostics.gosh import gosh

    found = gosh(asked.effects)
    return found if isinstance(found, Absent) else found.summary()


def _asymmetry(name: str) -> Callable[[Asked], Any]:
    def test(asked: Asked) -> Any:
        from livingmeta.diagnostics import asymmetry

        return getattr(asymmetry, name)(asked.effects, level=asked.level, force=asked.force)

    return test


def _egger_rma(asked: Asked) -> Any:
    from livingmeta.diagnostics.asymmetry import egger_rma

    return egger_rma(*asked.model, force=asked.force)


def _trim_and_fill(estimator: str) -> Callable[[Asked], Any]:
    def filled(asked: Asked) -> Any:
        from livingmeta.diagnostics.trim_and_fill import trim_and_fill

        return trim_and_fill(*asked.model, estimator=estimator)

    return filled


def _selection(asked: Asked) -> Any:
    from livingmeta.diagnostics.selection_model import step_selection

    return step_selection(asked.effects, level=asked.level)


def _fail_safe_n(asked: Asked) -> Any:
    from livingmeta.diagnostics.fail_safe import fail_safe_n

    return fail_safe_n(asked.effects)


def _peese(asked: Asked) -> Any:
    from livingmeta.diagnostics import peese

    line = peese(asked.effects)
    return (
        Absent("all variances are the same, or there are too few studies") if line is None else asdict(line)
    )


def _meta_regression(asked: Asked) -> Any:
    from livingmeta.diagnostics.meta_regression import meta_regression

    effects, method, test, level = asked.model
    return meta_regression(effects, _named(asked.moderators, "moderator"), method, test, level)


def _subgroups(asked: Asked) -> Any:
    from livingmeta.diagnostics.groups import subgroups

    return subgroups(
        asked.effects, _named(asked.subgroup, "subgroup"), asked.method, asked.test, asked.level, asked.pi_df
    )


def _permutation(asked: Asked) -> Any:
    from livingmeta.diagnostics.permutation import permutation

    return permutation(asked.effects, asked.method, asked.test, asked.moderators)


def _robust(asked: Asked) -> Any:
    from livingmeta.diagnostics.robust import robust

    return robust(asked.effects, asked.cluster_column, asked.method, asked.moderators, level=asked.level)


def _three_level(asked: Asked) -> Any:
    from livingmeta.diagnostics.three_level import three_level

    test = "z" if asked.test == "z" else "t"
    return three_level(
        asked.effects,
        _named(asked.cluster, "cluster"),
        "ML" if asked.method == "ML" else "REML",
        test,
        asked.moderators,
        asked.level,
        pi_df=asked.pi_df,
    )


def _new_study(asked: Asked) -> Any:
    from livingmeta.diagnostics.new_study import new_study

    limit = asked.minimal_important_difference
    if limit is None:
        raise BlockError("new_study needs a minimal important difference (--mid)")
    return new_study(asked.fit, asked.effects.measure, limit)


def _one_table(asked: Asked) -> Any:
    from livingmeta.diagnostics import one_table
    from livingmeta.estimators.counts import cells_of

    if asked.effects.k != 1 or not asked.effects.has_counts:
        return Absent("one table needs exactly one study with events and n of both arms")
    a, b, c, d = (float(cell[0]) for cell in cells_of(asked.effects))
    return asdict(one_table(a, a + b, c, c + d, asked.level))


def _named(value: Any, what: str) -> Any:
    if not value:
        raise BlockError(f"needs a column: --{what} COLUMN")
    return value


LISTS = ("leave_one_out", "cumulative", "influence", "baujat")
BLOCKS: Mapping[str, Callable[[Asked], Any]] = {
    "leave_one_out": _leave_one_out,
    "cumulative": _cumulative,
    "influence": _influence,
    "baujat": _baujat,
    "gosh": _gosh,
    "egger": _asymmetry("egger"),
    "egger_rma": _egger_rma,
    "begg": _asymmetry("begg"),
    "peters": _asymmetry("peters_test"),
    "harbord": _asymmetry("harbord"),
    "macaskill": _asymmetry("macaskill_test"),
    "trim_and_fill": _trim_and_fill("L0"),
    "trim_and_fill_r0": _trim_and_fill("R0"),
    "selection": _selection,
    "fail_safe_n": _fail_safe_n,
    "peese": _peese,
    "subgroups": _subgroups,
    "meta_regression": _meta_regression,
    "permutation": _permutation,
    "robust": _robust,
    "three_level": _three_level,
    "new_study": _new_study,
    "one_table": _one_table,
}
