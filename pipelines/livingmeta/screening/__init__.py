"""Screening: records that await a decision, shown one at a time, each decision an edit of its own."""
