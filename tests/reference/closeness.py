"""Numbers set against those of metafor, with the largest relative difference of each kind."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

CLOSED_FORM = 1e-10
ITERATIVE = 1e-9
# The relative error of a p-value is that of its statistic times the statistic's square.
P_VALUE = 1e-8
# metafor gives 0 exactly; ours may miss it by rounding of numbers near 1.
ABSOLUTE = 1e-11


@dataclass(frozen=True)
class Pair:
    """One number of ours beside metafor's."""

    where: str
    ours: float | None
    theirs: float | None
    tolerance: float

    @property
    def is_close(self) -> bool:
        """Return whether both are missing, or equal within the tolerance."""
        if self.ours is None or self.theirs is None:
            return self.ours is self.theirs
        return math.isclose(self.ours, self.theirs, rel_tol=self.tolerance, abs_tol=ABSOLUTE)

    def __str__(self) -> str:
        return f"{self.where}: {self.ours!r} but metafor has {self.theirs!r}"


def tolerance_of(key: str, default: float = ITERATIVE) -> float:
    """Return the relative tolerance for a key of the record."""
    return P_VALUE if key.endswith("_p") or key == "p_value" else default


def scalars(
    where: str, ours: object, theirs: Mapping[str, Any], default: float = ITERATIVE
) -> Iterator[Pair]:
    """Yield one pair for each number of `theirs`; `ours` has attributes of the same names."""
    for key, value in theirs.items():
        yield Pair(f"{where} {key}", getattr(ours, key), value, tolerance_of(key, default))


def vectors(where: str, ours: Any, theirs: list[float], tolerance: float = CLOSED_FORM) -> Iterator[Pair]:
    """Yield one pair for each element; lengths must agree."""
    array = np.asarray(ours, dtype=float)
    assert len(array) == len(theirs), f"{where}: {len(array)} numbers, metafor has {len(theirs)}"
    for i, (mine, value) in enumerate(zip(array, theirs, strict=True)):
        yield Pair(f"{where}[{i}]", float(mine), value, tolerance)
