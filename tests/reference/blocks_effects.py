"""Effect sizes and what is known of a file before any model."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from livingmeta.effect_sizes import EffectSizes, ZeroCellRule
from livingmeta.effect_sizes.formulas.means import small_sample_factor
from livingmeta.estimators import fit_model
from reference.record import AS_ESCALC, CLOSED_FORM, Analysis, Block, Value, join, raw, values_of

ZERO_RULES = {
    "only0_half": AS_ESCALC,
    "all_half": ZeroCellRule(to="all", keep_double_zero=True),
    "if0all_half": ZeroCellRule(to="if0all", keep_double_zero=True),
    "none": ZeroCellRule(to="none", keep_double_zero=True),
    "only0_half_drop00": ZeroCellRule(drop00=True),
}
CELLS = tuple(f"{what}_{arm}" for arm in ("treatment", "control") for what in ("events", "n"))


def about(name: str) -> Iterator[Value]:
    """Is the data file the one that the record was made from?"""
    table = raw(name)
    found = {"csv": f"data/{name}.csv", "nrow": len(table), "columns": list(table.columns)}
    yield from values_of(name, found)


def aligned(effects: EffectSizes, k: int) -> dict[str, list[float | None]]:
    """Return yi and vi in the order of the file."""
    return {"yi": in_file_order(effects, effects.yi, k), "vi": in_file_order(effects, effects.vi, k)}


def in_file_order(effects: EffectSizes, values: Iterable[float], k: int) -> list[float | None]:
    """Return a value for each row of the file; None where a row did not enter."""
    found = dict(zip(effects.frame["line"] - 2, values, strict=True))
    return [float(found[i]) if i in found else None for i in range(k)]


def escalc(block: Block) -> Iterator[Value]:
    """Compare yi, vi and the participants of each row."""
    if "yi" not in block.content:
        return
    k = len(block.content["yi"])
    yield from values_of(block.path, aligned(block.effects, k), CLOSED_FORM)
    ni = in_file_order(block.effects, participants(block.analysis), k)
    yield from values_of(block.path, {"ni": ni}, CLOSED_FORM)


def participants(analysis: Analysis) -> list[float]:
    """Return the participants of each row, or the person-time where that is what was counted."""
    frame = analysis.effects.frame
    total = frame["n_total"]
    if analysis.measure in ("IRR", "IRD", "IRSD"):
        total = frame["time_treatment"] + frame["time_control"]
    return [float(x) for x in total]


def zero_variants(block: Block) -> Iterator[Value]:
    """Compare yi and vi by every rule for cells of zero."""
    for label, reference in block.content.items():
        effects = block.analysis.sizes(ZERO_RULES[label])
        yield from values_of(join(block.path, label), aligned(effects, len(reference["yi"])), CLOSED_FORM)


def vtype(block: Block) -> Iterator[Value]:
    """Compare yi and vi with another kind of sampling variance."""
    effects = block.analysis.sizes(vtype=block.title.rpartition("_")[2])
    yield from values_of(block.path, aligned(effects, len(block.content["yi"])), CLOSED_FORM)


def uncorrected(block: Block) -> Iterator[Value]:
    """Compare Cohen's d: ours before the small-sample factor."""
    frame = block.effects.frame
    factor = small_sample_factor(frame["n_treatment"] + frame["n_control"] - 2)
    yield from values_of(block.path, {"yi": block.effects.yi / factor}, CLOSED_FORM)


def rows_counted(block: Block) -> Iterator[Value]:
    """Compare how many rows there are, how many enter, how many have a zero."""
    counts = {"k": block.effects.k, "k_all": len(raw(block.analysis.name))}
    if block.title == "n_zero_cell_studies":
        counts[block.title] = with_a_zero(block.effects)
    yield Value(block.path, counts[block.title], 0.0)


def with_a_zero(effects: EffectSizes) -> int:
    """Return how many 2x2 tables have a cell of zero."""
    a, n1, c, n2 = (effects.frame[cell].to_numpy(float) for cell in CELLS)
    return int(np.sum((a == 0) | (c == 0) | (a == n1) | (c == n2)))


def backtransformed(block: Block) -> Iterator[Value]:
    """Compare the pooled proportion on the scale that readers see."""
    fit = fit_model(
        block.effects.yi, block.effects.vi, measure=block.analysis.measure, test="z", pi_df="normal"
    )
    shown = block.effects.measure.to_display
    limits: dict[str, Any] = {
        "est": fit.estimate,
        "ci_lb": fit.ci_lower,
        "ci_ub": fit.ci_upper,
        "pi_lb": fit.pi_lower,
        "pi_ub": fit.pi_upper,
    }
    yield from values_of(block.path, {key: float(shown(x)) for key, x in limits.items()})
