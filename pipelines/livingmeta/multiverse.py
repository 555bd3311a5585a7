"""All defensible analyses of a question at once: the range that its answer can take.

Each choice that a careful analyst could have made otherwise (measure, estimator, test, what is done
with zero cells, which of the declared rows) is combined with every other one (Steegen et al. 2016).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from livingmeta.analysis import Analysis
from livingmeta.distributions import t_quantile
from livingmeta.effect_sizes import EffectSizes, ZeroCellRule, effect_sizes, with_field_names
from livingmeta.estimators import COUNT_METHODS, Fit, FitError, pool
from livingmeta.estimators.batch import ManyFits, fit_many
from livingmeta.estimators.counts import cells_of
from livingmeta.questions import Question, Variant
from livingmeta.selection import doubled, rows_for

Array = NDArray[np.float64]

FEWEST = 3  # studies of a pooled estimate
MAIN_ROWS = "main analysis"
CHOICES = ("measure", "method", "test", "zero", "rows")
ONLY_Z = ("EE", *COUNT_METHODS)  # methods for which no adjusted test is meant


@dataclass(frozen=True)
class Specification:
    """One way to analyse a question, and what it gives on the analysis scale."""

    measure: str
    method: str
    test: str
    zero: str
    rows: str
    k: int
    estimate: float
    ci_lower: float
    ci_upper: float
    is_main: bool = False


@dataclass(frozen=True)
class Multiverse:
    """All specifications of a question, by estimate, and those that could not be computed."""

    specifications: tuple[Specification, ...]
    left_out: tuple[str, ...]

    def options(self, choice: str) -> tuple[str, ...]:
        """Return the options of a choice in the order in which they were declared."""
        return tuple(dict.fromkeys(getattr(one, choice) for one in self._declared))

    @property
    def _declared(self) -> list[Specification]:
        return sorted(self.specifications, key=lambda one: not one.is_main)

    @property
    def varied(self) -> tuple[str, ...]:
        """Return the choices that have more than one option."""
        return tuple(choice for choice in CHOICES if len(self.options(choice)) > 1)


@dataclass(frozen=True)
class _Set:
    """Rows that are pooled together: the effects of a measure, a zero rule, a choice of rows."""

    measure: str
    zero: str
    rows: str
    effects: EffectSizes


@lru_cache(maxsize=4)
def multiverse(analysis: Analysis) -> Multiverse | None:
    """Return all analyses that a question declares as defensible, None when it declares none.

    Raises
    ------
    MeasureError
        When a declared measure does not exist.
    """
    grid = analysis.question.multiverse
    if grid is None or analysis.fit is None:
        return None
    sets, left_out = _sets(analysis)
    found = [*_by_variance(analysis.question, sets), *_by_counts(analysis.question, sets, left_out)]
    found = [replace(one, is_main=_is_main(one, analysis)) for one in found]
    return Multiverse(tuple(sorted(found, key=lambda one: one.estimate)), tuple(dict.fromkeys(left_out)))


def _is_main(one: Specification, analysis: Analysis) -> bool:
    question, fit = analysis.question, analysis.fit
    same = (one.measure, one.method, one.test) == (question.measure, question.method, question.test)
    return same and one.rows == MAIN_ROWS and one.zero == "only0" and fit is not None and one.k == fit.k


def _sets(analysis: Analysis) -> tuple[list[_Set], list[str]]:
    """Return the sets of rows with at least three effects, and why the others were left out."""
    grid, question = analysis.question.multiverse, analysis.question
    assert grid is not None
    sets: list[_Set] = []
    left_out: list[str] = []
    measures, rules = grid.measures or (str(question.measure),), grid.zero or ("only0",)
    for (name, variant), measure in product(_choices_of_rows(question), measures):
        chosen = rows_for(analysis.rows, question, variant)
        if len(doubled(chosen)):
            left_out.append(f"{name}: a study would be counted twice")
            continue
        accepted = question.accept_measures if measure == question.measure else ()
        named = with_field_names(chosen)
        for rule in rules:
            zero, step = ZeroCellRule(to=rule), question.step_mmol_per_l
            effects = effect_sizes(named, measure, accepted, zero, question.level, step=step)
            if effects.k < FEWEST:
                left_out.append(f"{name}, {measure}: fewer than three studies")
            elif rule == rules[0] or _has_zero(effects):
                sets.append(_Set(measure, rule, name, effects))
    return sets, left_out


def _has_zero(effects: EffectSizes) -> bool:
    """Return whether a table has a zero cell: without one there is nothing to choose."""
    return effects.has_counts and any(bool((cell == 0).any()) for cell in cells_of(effects))


def _choices_of_rows(question: Question) -> list[tuple[str, Variant | None]]:
    declared = [item for item in question.sensitivity if item.filter or item.exclude or item.assume_null]
    return [(MAIN_ROWS, None), *((item.name, item) for item in declared)]


def _by_variance(question: Question, sets: list[_Set]) -> Iterator[Specification]:
    """Yield the specifications of inverse-variance methods, all sets in one go."""
    assert question.multiverse is not None
    if not sets:
        return
    y, v, mask = _side_by_side(sets)
    for method, test in product(question.multiverse.methods, question.multiverse.tests):
        if method in COUNT_METHODS or (method in ONLY_Z and test != "z"):
            continue
        fits = fit_many(y, v, method, mask, test)
        yield from _intervals(question, sets, fits, method, test)


def _side_by_side(sets: list[_Set]) -> tuple[Array, Array, NDArray[np.bool_]]:
    most = max(one.effects.k for one in sets)
    mask = np.array([np.arange(most) < one.effects.k for one in sets])
    y, v = np.zeros(mask.shape), np.ones(mask.shape)
    y[mask] = np.concatenate([one.effects.yi for one in sets])
    v[mask] = np.concatenate([one.effects.vi for one in sets])
    return y, v, mask


def _intervals(
    question: Question, sets: list[_Set], fits: ManyFits, method: str, test: str
) -> Iterator[Specification]:
    quantile = t_quantile(0.5 + question.level / 200, None if test == "z" else fits.k - 1)
    half = quantile * fits.se
    for i, one in enumerate(sets):
        estimate, reach = float(fits.estimate[i]), float(np.broadcast_to(half, fits.k.shape)[i])
        yield Specification(
            one.measure,
            method,
            test,
            one.zero,
            one.rows,
            one.effects.k,
            estimate,
            estimate - reach,
            estimate + reach,
        )


def _by_counts(question: Question, sets: list[_Set], left_out: list[str]) -> Iterator[Specification]:
    """Yield the specifications of methods that pool cells as they are: zero rules do not apply."""
    assert question.multiverse is not None
    first = [one for one in sets if one.zero == sets[0].zero]
    for method, one in product((m for m in question.multiverse.methods if m in COUNT_METHODS), first):
        if method == "PETO" and one.measure not in ("OR", "PETO"):
            continue
        try:
            fit = pool(one.effects, method, "z", question.level)
        except FitError as error:
            left_out.append(f"{one.rows}, {one.measure}, {method}: {error}")
            continue
        yield _of_fit(fit, one)


def _of_fit(fit: Fit, one: _Set) -> Specification:
    ends = (fit.estimate, fit.ci_lower, fit.ci_upper)
    return Specification(one.measure, fit.method, fit.test, one.zero, one.rows, fit.k, *ends)
