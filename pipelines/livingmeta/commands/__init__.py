"""The verbs of `livingmeta` that have a module of their own."""
