"""Effect sizes: formulas, the registry of measures, and rows made into effects."""

from livingmeta.effect_sizes.columns import with_field_names
from livingmeta.effect_sizes.derive import EffectSizes, Excluded, effect_sizes
from livingmeta.effect_sizes.measures import MEASURES, Measure, MeasureError, measure_of
from livingmeta.effect_sizes.zero_rule import ZeroCellRule

__all__ = [
    "MEASURES",
    "EffectSizes",
    "Excluded",
    "Measure",
    "MeasureError",
    "ZeroCellRule",
    "effect_sizes",
    "measure_of",
    "with_field_names",
]
