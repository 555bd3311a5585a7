"""Which function compares which block of the record."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from reference import blocks_asymmetry as asymmetry
from reference import blocks_effects as effects
from reference import blocks_models as models
from reference import blocks_moderators as moderators
from reference import blocks_series as series
from reference.record import SETS, Analysis, Block, Value

BLOCKS: dict[str, Callable[[Block], Iterator[Value]]] = {
    "escalc": effects.escalc,
    "escalc_zero_variants": effects.zero_variants,
    "escalc_vtype_(AV|HO|UB)": effects.vtype,
    "cohen_d_uncorrected": effects.uncorrected,
    "k|k_all|n_zero_cell_studies": effects.rows_counted,
    "backtransformed_REML_z": effects.backtransformed,
    "models": models.models,
    "qprofile": models.q_profile,
    "leave1out_(EE|REML)": series.leave_one_out,
    "cumul_year_(EE|REML)": series.cumulative,
    "influence_REML": series.influence,
    "gosh_FE": series.gosh,
    "permutest_REML_exact": series.permuted,
    "trimfill_(EE|REML)_[LR]0(_left|_right)?": asymmetry.trim_and_fill,
    "regtest_(sei|vi|ni|ninv|sqrtninv)_(lm|rma)": asymmetry.regression_test,
    "bias_2x2": asymmetry.original_tests,
    "ranktest(_asymptotic)?": asymmetry.rank_test,
    "fsn_(rosenthal|orwin|rosenberg)": asymmetry.fail_safe,
    "selmodel": asymmetry.selection,
    "metareg_.*": moderators.regressions,
    "subgroup_.*": moderators.subgroups,
}
# Blocks of a data set beside its analyses.
BESIDE: tuple[Callable[[str], Iterator[Value]], ...] = (
    effects.about,
    models.mantel_haenszel,
    moderators.clusters,
)
CASES = [(name, key) for name, item in SETS.items() for key in ("beside", *item["analyses"])]


@lru_cache
def compared(name: str, key: str) -> tuple[Value, ...]:
    """Return every value of one analysis of a data set, or of what stands beside the analyses."""
    if key == "beside":
        return tuple(value for compare in BESIDE for value in compare(name))
    blocks = [Block(Analysis(name, key), title) for title in SETS[name]["analyses"][key]]
    return tuple(value for block in blocks for value in of_block(block))


def of_block(block: Block) -> Iterator[Value]:
    """Yield the values of a block; a block that nobody knows has none, and its leaves stay open."""
    for pattern, compare in BLOCKS.items():
        if re.fullmatch(pattern, block.title):
            yield from compare(block)
