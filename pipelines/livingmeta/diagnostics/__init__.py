"""Diagnostics: what a pooled estimate hides, one question a module."""

from livingmeta.diagnostics.groups import Regression, between_groups, subgroups
from livingmeta.diagnostics.meta_regression import meta_regression
from livingmeta.diagnostics.new_study import new_study
from livingmeta.diagnostics.one_table import OneTable, newcombe, one_table, wilson
from livingmeta.diagnostics.permutation import permutation
from livingmeta.diagnostics.robust import robust
from livingmeta.diagnostics.small_studies import (
    MIN_STUDIES_FOR_ASYMMETRY,
    Slope,
    peese,
    peters,
    weighted_line,
)
from livingmeta.diagnostics.three_level import three_level

__all__ = [
    "MIN_STUDIES_FOR_ASYMMETRY",
    "OneTable",
    "Regression",
    "Slope",
    "between_groups",
    "meta_regression",
    "new_study",
    "newcombe",
    "one_table",
    "peese",
    "permutation",
    "peters",
    "robust",
    "subgroups",
    "three_level",
    "weighted_line",
    "wilson",
]
