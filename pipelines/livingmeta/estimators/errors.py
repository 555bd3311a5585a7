"""What every model raises when it cannot be fitted."""


class FitError(ValueError):
    """A model that cannot be fitted to the effects at hand."""
