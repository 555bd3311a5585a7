"""The test whether groups of studies share one effect."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livingmeta.distributions import chi2_tail, f_tail
from livingmeta.effect_sizes import EffectSizes
from livingmeta.estimators.tau2 import ESTIMATORS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Regression:
    """The omnibus test of group indicators in a random-effects meta-regression."""

    statistic: float
    df: int
    df_residual: float | None
    p_value: float
    tau2: float
    method: str
    test: str


def between_groups(effects: EffectSizes, labels: Array, method: str, test: str) -> Regression:
    """Return the test that groups share one effect, with one tau2 common to all of them.

    Parameters
    ----------
    labels : ndarray of shape (k,)
        The group of each effect.
    method, test : str
        Estimator of tau2, and z (chi-squared) or Knapp-Hartung (F).
    """
    groups = list(dict.fromkeys(labels))
    indicators = [np.asarray(labels) == group for group in groups[1:]]
    X = np.column_stack([np.ones(effects.k), *indicators]).astype(float)
    scale = float(np.sqrt(np.median(effects.vi)))
    y, v = effects.yi[:, None] / scale, effects.vi[:, None] / scale**2
    params = ESTIMATORS[method](test).fit(y, v, X).params_
    beta, cov = params["fe_params"][1:, 0], params["inv_cov"][1:, 1:, 0]
    m = len(beta)
    wald = float(beta @ np.linalg.solve(cov, beta))
    df_residual = None if params["dof"] is None else float(effects.k - X.shape[1])
    p = chi2_tail(wald, m) if df_residual is None else f_tail(wald / m, m, df_residual)
    statistic = wald if df_residual is None else wald / m
    tau2 = float(np.ravel(params["tau2"])[0]) * scale**2
    return Regression(statistic, m, df_residual, float(p), tau2, method, test)
