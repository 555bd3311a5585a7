"""Differences between studies that moderators explain: meta-regression, subgroups, clusters."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from livingmeta.diagnostics.groups import subgroups as by_group
from livingmeta.diagnostics.meta_regression import RegressionFit, coefficients, fit_design, meta_regression
from livingmeta.diagnostics.moderators import Design
from livingmeta.diagnostics.robust import robust
from livingmeta.diagnostics.three_level import three_level
from livingmeta.effect_sizes import EffectSizes
from reference.blocks_models import COEFFICIENT, HETEROGENEITY, limits, of_fit
from reference.record import CLOSED_FORM, ITERATIVE, SETS, Analysis, Block, Value, join, values_of

# The record's own coefficients come from normal equations, which lose digits on years such as 1978.
RAW_YEAR = 2e-6
# metafor's R2 starts from a tau2 without moderators that stopped at an absolute 1e-5.
R2_AS_PRINTED = 5e-3
# The optimiser of rma.mv() stops near 1e-7.
OPTIMISED = 1e-6


def regressions(block: Block) -> Iterator[Value]:
    """Compare a meta-regression by every estimator and test, and its Q-profile interval."""
    formula = block.content["formula"]
    moderators = moderators_of(block.effects.frame, formula)
    tolerance = RAW_YEAR if "year" in formula else ITERATIVE
    fit = None
    for label, reference in block.content.items():
        if "_" in label:
            method, test = label.split("_")
            path = join(block.path, label)
            made, fit = designed(block.effects, moderators, method, test)
            yield from regression(path, reference, block.analysis, moderators, method, test, tolerance)
            yield from designed_values(path, reference, made, fit, tolerance)
    assert fit is not None
    _, vi, X = design_of(block.effects, moderators)
    yield from values_of(join(block.path, "qprofile"), limits(fit, vi, X), tolerance)


def moderators_of(frame: pd.DataFrame, formula: str) -> dict[str, Any]:
    """Return the columns that a formula of the record names."""
    if "pmin" in formula:
        return {"weeks, at most 3": np.minimum(frame["weeks"], 3)}
    names = [
        name.strip().removeprefix("factor(").removesuffix(")") for name in formula.strip("~ ").split("+")
    ]
    return {name: frame[name] for name in names}


def design_of(
    effects: EffectSizes, moderators: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return yi, vi and a design matrix, made without the library's own design."""
    table = pd.DataFrame({name: np.asarray(values) for name, values in moderators.items()})
    complete = table.notna().all(axis="columns").to_numpy() & (table != "").all(axis="columns").to_numpy()
    columns = [np.ones(int(complete.sum()))]
    for name in table:
        values = table[name][complete]
        if pd.api.types.is_numeric_dtype(values):
            columns.append(values.to_numpy(float))
        else:
            columns += [values.eq(level).to_numpy(float) for level in sorted(values.unique())[1:]]
    return effects.yi[complete], effects.vi[complete], np.column_stack(columns)


def designed(
    effects: EffectSizes, moderators: Mapping[str, Any], method: str, test: str
) -> tuple[Design, RegressionFit]:
    """Return the model of a design matrix."""
    yi, vi, X = design_of(effects, moderators)
    made = Design(X, tuple(f"column {i}" for i in range(X.shape[1])), True, np.arange(len(X)))
    return made, fit_design(yi, vi, made, method, test, 95.0)


def designed_values(
    path: str, reference: Mapping[str, Any], made: Design, fit: RegressionFit, tolerance: float
) -> Iterator[Value]:
    """Compare what a model of a design matrix says beyond a meta-regression."""
    each = coefficients(made.names, fit, 95.0)
    known = {key: getattr(fit, mine) for key, mine in HETEROGENEITY.items() if hasattr(fit, mine)}
    known |= {key: np.array([one[mine] for one in each]) for key, mine in COEFFICIENT.items()}
    known |= {"k": made.k, "p": made.p, "vb": fit.cov, "ddf": fit.df}
    if "QM_slopes" in reference:
        del known["p"]
    ours = {key: value for key, value in known.items() if key in reference}
    yield from values_of(path, ours, tolerance, p_value=max(1e-8, tolerance))


def regression(
    path: str,
    reference: Mapping[str, Any],
    analysis: Analysis,
    moderators: Mapping[str, Any],
    method: str,
    test: str,
    tolerance: float,
    factors: Sequence[str] = (),
) -> Iterator[Value]:
    """Compare one meta-regression as readers get it."""
    found = meta_regression(analysis.effects, moderators, method, test, factors=factors)
    keys = {"k": "k", "tau2": "tau2", "I2": "i2", "H2": "h2", "QE": "q", "QE_df": "q_df", "QEp": "q_p"}
    ours: dict[str, Any] = {key: found[mine] for key, mine in keys.items()}
    ours |= {"QM": found["qm"], "QMp": found["qm_p"], "QM_df": [found["qm_df"], found["qm_df_residual"]]}
    for key, mine in COEFFICIENT.items():
        ours[key] = [one[mine] for one in found["coefficients"]]
    ours["ddf"] = found["coefficients"][0]["df"]
    yield from values_of(path, ours, tolerance, p_value=max(1e-8, tolerance))
    yield from r_squared(path, reference, analysis, found)


def r_squared(
    path: str, reference: Mapping[str, Any], analysis: Analysis, found: Mapping[str, Any]
) -> Iterator[Value]:
    """Compare R2 as printed, and with the exact tau2 of the same studies without moderators."""
    yield Value(join(path, "R2"), found["r2"], R2_AS_PRINTED)
    whole = analysis.record["models"][found["method"]]["z"]["tau2"]
    if whole and found["k"] == analysis.effects.k:
        exact = 100 * max(0.0, (whole - reference["tau2"]) / whole)
        yield Value(join(path, "R2"), found["r2"], 1e-6, theirs=exact)


def subgroups(block: Block) -> Iterator[Value]:
    """Compare each group's own model and both tests between groups."""
    column = block.title.removeprefix("subgroup_")
    for method, reference in block.content.items():
        path = join(block.path, method)
        plain = by_group(block.effects, column, method, "z", pi_df="normal")
        yield from own_models(join(path, "groups"), reference["groups"], block.effects, column, method, plain)
        ours = {"Q_between": plain["q_between"], "df": plain["df"], "p": plain["p_value"]}
        yield from values_of(join(path, "separate_tau2"), ours)
        if "common_tau2" in reference:
            common = reference["common_tau2"]
            yield from one_tau2(join(path, "common_tau2"), common, block, column, method, plain)


def own_models(
    path: str,
    reference: Mapping[str, Any],
    effects: EffectSizes,
    column: str,
    method: str,
    plain: Mapping[str, Any],
) -> Iterator[Value]:
    """Compare the model of each group."""
    riley = by_group(effects, column, method, "z", pi_df="k-2")
    corrected = by_group(effects, column, method, "knha")
    for own, wide, knha in zip(plain["groups"], riley["groups"], corrected["groups"], strict=True):
        theirs = reference[own["group"]]
        here = join(path, own["group"])
        yield from values_of(here, of_fit(own, theirs, wide))
        if "knha" in theirs:
            keys = {key: COEFFICIENT[key] for key in theirs["knha"]}
            yield from values_of(join(here, "knha"), {key: knha[mine] for key, mine in keys.items()})


def one_tau2(
    path: str,
    reference: Mapping[str, Any],
    block: Block,
    column: str,
    method: str,
    plain: Mapping[str, Any],
) -> Iterator[Value]:
    """Compare the model with one tau2 for all groups, as a test and as a meta-regression."""
    labels = block.effects.frame[column].astype(object)
    moderators = {column: labels.where(labels.isna(), labels.astype(str))}
    tested = plain["common_tau2"]
    ours = {"tau2_common": tested["tau2"], "QM_slopes": tested["statistic"], "df": tested["df"]}
    yield from values_of(path, {**ours, "p": tested["p_value"]})
    made, fit = designed(block.effects, moderators, method, "z")
    yield from designed_values(path, reference, made, fit, ITERATIVE)
    yield from regression(path, reference, block.analysis, moderators, method, "z", ITERATIVE, (column,))


def clusters(name: str) -> Iterator[Value]:
    """Compare three-level models and robust errors."""
    analysis = Analysis(name, "GEN")
    for label, reference in multilevel(analysis).items():
        path = join(name, "multilevel", label)
        kind = label.split("_")[0]
        if kind in CLUSTERED:
            yield from CLUSTERED[kind](path, label, reference, analysis.effects)


def multilevel(analysis: Analysis) -> dict[str, Any]:
    """Return the block of a data set whose effects come in clusters."""
    found: dict[str, Any] = SETS[analysis.name].get("multilevel", {})
    return found


def fitted_levels(label: str, effects: EffectSizes) -> dict[str, Any]:
    """Return the three-level model that a label of the record describes."""
    parts = label.split("_")
    year = effects.frame["year"] - effects.frame["year"].mean()
    moderators = {"year": year} if "year" in parts else {}
    test = "t" if parts[-1] == "t" else "z"
    return three_level(effects, "district", parts[1], test, moderators, pi_df="normal")


def of_levels(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a three-level model under metafor's keys."""
    ours: dict[str, Any] = {"sigma2": [found["sigma2_between"], found["sigma2_within"]]}
    for key, mine in COEFFICIENT.items():
        ours[key] = [one[mine] for one in found["coefficients"]]
    ours |= {"pi_lb": found["pi_lower"], "pi_ub": found["pi_upper"], "k": found["k"], "ddf": found["df"]}
    ours |= {"QM": found["qm"], "QMp": found["qm_p"]}
    if len(found["coefficients"]) == 1:  # metafor tests the intercept where there is nothing else
        ours |= {"QM": found["statistic"] ** 2, "QMp": found["p_value"]}
    return ours


def exact_levels(
    path: str, label: str, reference: Mapping[str, Any], effects: EffectSizes
) -> Iterator[Value]:
    """Compare with the variances that the record solved to the last digit."""
    found = fitted_levels(label, effects)
    ours = of_levels(found)
    if len(found["coefficients"]) > 1:
        del ours["pi_lb"], ours["pi_ub"]
    yield from values_of(path, {key: ours[key] for key in reference if key in ours})


def searched_levels(
    path: str, label: str, reference: Mapping[str, Any], effects: EffectSizes
) -> Iterator[Value]:
    """Compare with rma.mv()."""
    found = fitted_levels(label, effects)
    ours = of_levels(found)
    yield from values_of(path, {key: ours[key] for key in reference if key in ours}, OPTIMISED)
    exact = {"QE": "q", "QEp": "q_p", "logLik": "log_likelihood", "AIC": "aic", "BIC": "bic"}
    yield from values_of(path, {key: found[mine] for key, mine in exact.items()}, CLOSED_FORM)
    if "pi" in reference:
        yield from values_of(join(path, "pi"), {"lb": ours["pi_lb"], "ub": ours["pi_ub"]}, OPTIMISED)


def shares(path: str, label: str, reference: Mapping[str, Any], effects: EffectSizes) -> Iterator[Value]:
    """Compare I2 of each level."""
    found = three_level(effects, "district")
    ours = {"total": found["i2"], "per_level": [found["i2_between"], found["i2_within"]]}
    yield from values_of(path, ours, 1e-7)


def robust_errors(
    path: str, label: str, reference: Mapping[str, Any], effects: EffectSizes
) -> Iterator[Value]:
    """Compare cluster-robust errors of CR0 and CR1."""
    correction = "CR0" if label.endswith("CR0") else "CR1"
    if "threelevel" in label:
        levels = three_level(effects, "district")
        found, tolerance = {**levels["robust"][correction][0], "n_clusters": levels["n_clusters"]}, OPTIMISED
    else:
        method = "EE" if "EE" in label else "REML"
        found, tolerance = robust(effects, "district", method, correction=correction), CLOSED_FORM
    ours: dict[str, Any] = {key: [found[mine]] for key, mine in COEFFICIENT.items()}
    ours |= {"ddf": [found["df"]], "n_clusters": found["n_clusters"]}
    yield from values_of(path, ours, tolerance)


def small_sample_errors(
    path: str, label: str, reference: Mapping[str, Any], effects: EffectSizes
) -> Iterator[Value]:
    """Compare CR2 with its degrees of freedom."""
    found = robust(effects, "district", "EE" if label.endswith("EE") else "REML")
    keys = {"beta": "estimate", "se": "se", "t": "statistic", "p": "p_value", "df_satterthwaite": "df"}
    keys |= {"ci_lb": "ci_lower", "ci_ub": "ci_upper"}
    yield from values_of(path, {key: found[mine] for key, mine in keys.items()}, CLOSED_FORM)


CLUSTERED = {
    "exact": exact_levels,
    "threelevel": searched_levels,
    "I2": shares,
    "robust": lambda path, label, *rest: () if label == "robust_note" else robust_errors(path, label, *rest),
    "CR2": small_sample_errors,
}
