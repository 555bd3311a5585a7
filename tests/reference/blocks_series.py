"""Diagnostics that fit a model many times: leave-one-out, cumulative, influence, subsets, permutation."""

from collections.abc import Iterator
from typing import Any

from livingmeta.diagnostics import cumulative as in_order
from livingmeta.diagnostics.gosh import gosh as all_subsets
from livingmeta.diagnostics.influence import influence as one_by_one
from livingmeta.diagnostics.influence import leave_one_out as without_one
from livingmeta.diagnostics.permutation import permutation
from reference.record import Block, Value, values_of

ENTRIES = {
    **{"estimate": "estimate", "se": "se", "zval": "statistic", "pval": "p_value"},
    **{"ci_lb": "ci_lower", "ci_ub": "ci_upper", "Q": "q", "Qp": "q_p"},
    **{"tau2": "tau2", "I2": "i2", "H2": "h2"},
}
INFLUENCE = {
    **{"rstudent": "rstudent", "dffits": "dffits", "cook_d": "cook_d", "cov_r": "cov_r", "hat": "hat"},
    **{"tau2_del": "tau2_del", "QE_del": "q_del", "weight": "weight", "dfbs": "dfbetas"},
    "is_infl": "influential",
}


def collected(entries: list[dict[str, Any]], keys: dict[str, str]) -> dict[str, list[Any]]:
    """Return one list for each of metafor's keys."""
    return {key: [entry[mine] for entry in entries] for key, mine in keys.items()}


def leave_one_out(block: Block) -> Iterator[Value]:
    """Compare the model without each study."""
    method = block.title.rpartition("_")[2]
    entries = without_one(block.effects, method, "z")
    yield from values_of(block.path, collected(entries, ENTRIES))


def cumulative(block: Block) -> Iterator[Value]:
    """Compare the model as studies come in."""
    method = block.title.rpartition("_")[2]
    entries = in_order.cumulative(block.effects, "year", method, "z")
    order = {"order_1based": [entry["position"] + 1 for entry in entries]}
    found = {**collected(entries, ENTRIES), **order}
    yield from values_of(block.path, found)


def influence(block: Block) -> Iterator[Value]:
    """Compare what each study does to the model."""
    entries = one_by_one(block.effects, "REML", "z")
    yield from values_of(block.path, collected(entries, INFLUENCE), 1e-6)


def gosh(block: Block) -> Iterator[Value]:
    """Compare the distribution over all subsets."""
    found = all_subsets(block.effects).summary()
    ours = {
        "n_fits": found["subsets"],
        "probs": found["probabilities"],
        "estimate_quantiles": found["estimate_quantiles"],
        "I2_quantiles": found["i2_quantiles"],
        "H2_quantiles": found["h2_quantiles"],
        "QE_quantiles": found["q_quantiles"],
        "estimate_mean": found["estimate_mean"],
        "estimate_sd": found["estimate_sd"],
        "I2_mean": found["i2_mean"],
        "by_k_mean_estimate": [one["estimate_mean"] for one in found["by_size"]],
        "by_k_mean_I2": [one["i2_mean"] for one in found["by_size"]],
    }
    yield from values_of(block.path, ours)


def permuted(block: Block) -> Iterator[Value]:
    """Compare the exact permutation test."""
    found = permutation(block.effects, "REML", "z")
    ours = {"pval": found["p_value"], "n_perm": found["n_permutations"]}
    yield from values_of(block.path, ours, 1e-12, p_value=1e-12)
