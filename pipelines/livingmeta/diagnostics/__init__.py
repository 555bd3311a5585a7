"""Diagnostics: what a pooled estimate hides, one question a module.

What every page needs is imported here; the rest is imported from its own module.
"""

from livingmeta.diagnostics.groups import Regression, between_groups
from livingmeta.diagnostics.one_table import OneTable, newcombe, one_table, wilson
from livingmeta.diagnostics.small_studies import (
    MIN_STUDIES_FOR_ASYMMETRY,
    Slope,
    peese,
    peters,
    weighted_line,
)

__all__ = [
    "MIN_STUDIES_FOR_ASYMMETRY",
    "OneTable",
    "Regression",
    "Slope",
    "between_groups",
    "newcombe",
    "one_table",
    "peese",
    "peters",
    "weighted_line",
    "wilson",
]
