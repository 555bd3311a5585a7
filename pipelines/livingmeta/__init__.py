"""A living meta-analysis of magnesium: curated rows in, a published book out."""

__version__ = "2026.11.0.dev0"
