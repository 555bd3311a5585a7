"""A living meta-analysis of magnesium: curated rows in, a published book out."""

TITLE = "Magnesium: a living meta-analysis"
AUTHOR = "Living Magnesium contributors"
__version__ = "2026.11.0.dev0"
