"""What studies that were not published could have changed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from livingmeta.diagnostics import asymmetry
from livingmeta.diagnostics.absent import Absent
from livingmeta.diagnostics.fail_safe import fail_safe_n
from livingmeta.diagnostics.selection_model import step_selection
from livingmeta.diagnostics.trim_and_fill import trim_and_fill as filled_up
from livingmeta.distributions import t_tail
from livingmeta.effect_sizes import EffectSizes
from reference.blocks_effects import participants
from reference.record import Block, Value, join, values_of

FILLED = {
    **{"side": "side", "k0": "k0", "se_k0": "k0_se", "k": "k", "tau2": "tau2", "I2": "i2", "QE": "q"},
    "p_k0": "k0_p",
}
VECTORS = {"beta": "estimate", "se": "se", "pval": "p_value", "ci_lb": "ci_lower", "ci_ub": "ci_upper"}
LINE = {
    **{"stat": "statistic", "pval": "p_value", "df": "df"},
    **{"limit_est": "intercept", "limit_ci_lb": "intercept_ci_lower", "limit_ci_ub": "intercept_ci_upper"},
}
PREDICTORS = {"ni": "n", "ninv": "1/n", "sqrtninv": "1/sqrt(n)"}
SLOPE = {
    **{"intercept": "intercept", "slope": "slope", "slope_se": "slope_se", "intercept_se": "intercept_se"},
    **{"t_slope": "statistic", "p_slope": "p_value", "df": "df"},
}
BIAS: dict[str, Callable[..., dict[str, Any] | Absent]] = {
    "peters_original": asymmetry.peters_test,
    "macaskill_pooled": asymmetry.macaskill_test,
    "harbord": asymmetry.harbord,
    "egger": asymmetry.egger,
}
# make_reference.R let REML of these stop at 1e-9 of the variance of the effects.
STOPPED_EARLY = 1e-7
SELECTION = {
    **{"tau2": "tau2", "se_tau2": "tau2_se", "LRT": "lrt", "LRTp": "lrt_p", "logLik": "log_likelihood"},
}


def trim_and_fill(block: Block) -> Iterator[Value]:
    """Compare what is filled in and the model of all."""
    _, method, estimator, *side = block.title.split("_")
    found = filled_up(block.effects, method, "z", 95, estimator, side[0] if side else None)
    assert not isinstance(found, Absent), found
    ours = {key: found[mine] for key, mine in FILLED.items()}
    ours |= {key: [found[mine]] for key, mine in VECTORS.items()}
    ours |= {f"filled_{key}": [one[key] for one in found["filled"]] for key in ("yi", "vi")}
    yield from values_of(block.path, ours, 1e-9 if method == "EE" else 1e-6)


def with_sizes(block: Block) -> EffectSizes:
    """Return the effects with what metafor was given as the size of a study."""
    frame = block.effects.frame.assign(n_total=participants(block.analysis))
    return replace(block.effects, frame=frame)


def regression_test(block: Block) -> Iterator[Value]:
    """Compare a regression on precision or size, as a weighted line or as meta-regression."""
    _, predictor, kind = block.title.split("_")
    test = asymmetry.regression_test if kind == "lm" else asymmetry.regression_test_rma
    found = test(with_sizes(block), PREDICTORS.get(predictor, predictor), force=True)
    assert not isinstance(found, Absent), found
    ours = {key: found[mine] for key, mine in LINE.items()}
    if block.content.get("limit_est") is None:  # regtest() has a limit only where x = 0 is its place
        ours |= dict.fromkeys(("limit_est", "limit_ci_lb", "limit_ci_ub"))
    ours |= {"coef": [found["intercept"], found["slope"]]}
    ours |= {"coef_se": [found["intercept_se"], found["slope_se"]]}
    ours = {key: value for key, value in ours.items() if key in block.content}
    is_loose = kind == "rma" and (predictor == "ninv" or block.effects.k > 60)
    yield from values_of(block.path, ours, STOPPED_EARLY if is_loose else 1e-9)


def original_tests(block: Block) -> Iterator[Value]:
    """Compare the tests of Peters, Macaskill, Harbord and Egger with their original weights."""
    for label, test in BIAS.items():
        found = test(block.effects, force=True)
        assert not isinstance(found, Absent), found
        ours = {key: found[mine] for key, mine in SLOPE.items()}
        ours["t_intercept"] = found["intercept"] / found["intercept_se"]
        ours["p_intercept"] = float(2 * t_tail(abs(ours["t_intercept"]), found["df"]))
        yield from values_of(join(block.path, label), ours)


def rank_test(block: Block) -> Iterator[Value]:
    """Compare the rank correlation of effects and variances."""
    found = asymmetry.begg(block.effects, force=True, exact=False if "asymptotic" in block.title else None)
    assert not isinstance(found, Absent), found
    yield from values_of(block.path, {"tau": found["tau"], "pval": found["p_value"]})


def fail_safe(block: Block) -> Iterator[Value]:
    """Compare how many studies without an effect would be needed."""
    found = fail_safe_n(block.effects)[block.title.rpartition("_")[2]]
    keys = {"fsnum": "n", "pval": "p_value", "target": "target"}
    yield from values_of(block.path, {key: found[keys[key]] for key in block.content})


def selection(block: Block) -> Iterator[Value]:
    """Compare step functions; their optimiser in R stops at about 1e-5."""
    for label, reference in block.content.items():
        if not label.startswith("stepfun") or (block.path, label) == UNDEFINED:
            continue
        found = step_selection(
            block.effects, [step for step in reference["steps"] if step < 1], alternative(block, label)
        )
        assert not isinstance(found, Absent), found
        ours = {key: found[mine] for key, mine in SELECTION.items()}
        ours |= {key: [found[mine]] for key, mine in VECTORS.items()}
        ours |= {"delta": [one["weight"] for one in found["weights"]]}
        ours |= {"se_delta": [one["se"] for one in found["weights"]]}
        ours |= {"steps": [one["p_upper"] for one in found["weights"]]}
        yield from values_of(join(block.path, label), ours, 5e-4)


# The chance of publication runs away to infinity: there is no estimate to compare.
UNDEFINED = ("bcg/RR/selmodel", "stepfun_025")


def alternative(block: Block, label: str) -> str:
    """Return the direction that small p-values speak for, as make_reference.R asked."""
    less = label in ("stepfun_025_greater", "stepfun_05_5")
    return str(block.content.get("alternative") or ("less" if less else "greater"))
