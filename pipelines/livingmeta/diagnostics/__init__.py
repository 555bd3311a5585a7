"""Diagnostics: what a pooled estimate hides, one question a module."""

from livingmeta.diagnostics.absent import Absent
from livingmeta.diagnostics.asymmetry import (
    begg,
    egger,
    egger_rma,
    harbord,
    macaskill_test,
    peters_test,
    regression_test,
    regression_test_rma,
)
from livingmeta.diagnostics.cumulative import cumulative, order_of
from livingmeta.diagnostics.fail_safe import fail_safe_n
from livingmeta.diagnostics.gosh import Gosh, gosh
from livingmeta.diagnostics.groups import Regression, between_groups
from livingmeta.diagnostics.influence import baujat, influence, leave_one_out
from livingmeta.diagnostics.one_table import OneTable, newcombe, one_table, wilson
from livingmeta.diagnostics.selection_model import step_selection
from livingmeta.diagnostics.small_studies import (
    MIN_STUDIES_FOR_ASYMMETRY,
    Slope,
    peese,
    peters,
    weighted_line,
)
from livingmeta.diagnostics.trim_and_fill import trim_and_fill

__all__ = [
    "MIN_STUDIES_FOR_ASYMMETRY",
    "Absent",
    "Gosh",
    "OneTable",
    "Regression",
    "Slope",
    "baujat",
    "begg",
    "between_groups",
    "cumulative",
    "egger",
    "egger_rma",
    "fail_safe_n",
    "gosh",
    "harbord",
    "influence",
    "leave_one_out",
    "macaskill_test",
    "newcombe",
    "one_table",
    "order_of",
    "peese",
    "peters",
    "peters_test",
    "regression_test",
    "regression_test_rma",
    "step_selection",
    "trim_and_fill",
    "weighted_line",
    "wilson",
]
