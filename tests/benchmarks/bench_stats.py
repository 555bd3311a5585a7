"""How long statistics take: ours, PyMARE one by one, statsmodels and metafor, side by side in one run.

Run by `make bench-stats`; writes the table of STATS.md unless `--dry`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import numpy as np
from pymare.estimators import VarianceBasedLikelihoodEstimator

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "pipelines")]
from benchmarks import report  # noqa: E402
from livingmeta.diagnostics.gosh import gosh  # noqa: E402
from livingmeta.diagnostics.series import refits  # noqa: E402
from livingmeta.estimators import fit_many, fit_model  # noqa: E402
from moderated import made  # noqa: E402

HERE = Path(__file__).parent
STATS = HERE / "STATS.md"
BEGIN, END = "<!-- bench-stats: begin -->", "<!-- bench-stats: end -->"
SETS, K, GOSH_K, LARGE_K = 1000, 12, 15, 2000
SEED = 20261122


def simulated(rng: np.random.Generator, *shape: int) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and variances of log odds ratios with tau2 = 0.05."""
    v = rng.uniform(0.02, 0.4, shape)
    return 0.3 + rng.normal(size=shape) * np.sqrt(v + 0.05), v


def seconds(task: Callable[[], object], runs: int) -> float:
    """Return the median duration of a task, after one that does not count."""
    task()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        task()
        found.append(time.perf_counter() - start)
    return median(found)


def pymare_fit(y: np.ndarray, v: np.ndarray) -> None:
    """Fit REML as PyMARE does it by itself."""
    estimator = VarianceBasedLikelihoodEstimator(method="REML", small_sample_correction="wald")
    estimator.fit(y=y[:, None], v=v[:, None], X=np.ones((len(y), 1)))


def statsmodels_fit() -> Callable[[np.ndarray, np.ndarray], object] | None:
    """Return statsmodels' random-effects model (Paule and Mandel: it has no REML), None without it."""
    try:
        from statsmodels.stats.meta_analysis import combine_effects
    except ImportError:
        return None
    return lambda y, v: combine_effects(y, v, method_re="iterated")


def metafor_seconds(sets: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, float] | None:
    """Return what metafor takes on the same data, None without R or metafor."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (y, v) in sets.items():
            np.savetxt(Path(folder) / f"{name}_y.csv", np.atleast_2d(y), delimiter=",", fmt="%.17g")
            np.savetxt(Path(folder) / f"{name}_v.csv", np.atleast_2d(v), delimiter=",", fmt="%.17g")
        command = ["Rscript", str(HERE / "bench_stats.R"), folder]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError:
            return None
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def measured(runs: int) -> tuple[list[list[str]], str]:
    """Return the rows of the table and what is said of metafor."""
    rng = np.random.default_rng(SEED)
    sets = {
        "many": simulated(rng, SETS, K),
        "gosh": simulated(rng, GOSH_K),
        "large": simulated(rng, LARGE_K),
    }
    (y, v), (gosh_y, gosh_v), (large_y, large_v) = sets.values()
    studies = made(gosh_y, gosh_v)
    r = metafor_seconds(sets)
    other = statsmodels_fit()
    ours = {
        "one": seconds(lambda: fit_model(y[0], v[0], measure="GEN", method="REML", test="z"), 20 * runs),
        "many": seconds(lambda: fit_many(y, v, "REML"), 3 * runs),
        "gosh": seconds(lambda: gosh(studies), 3 * runs),
        "large": seconds(lambda: refits(large_y, large_v, "GEN", "REML", "z", 95.0), runs),
    }
    one_by_one = seconds(lambda: [pymare_fit(a, b) for a, b in zip(y, v, strict=True)], 1)
    pymare = {
        "one": seconds(lambda: pymare_fit(y[0], v[0]), 20 * runs),
        "many": one_by_one,
        "large": seconds(lambda: pymare_fit(large_y, large_v), 3 * runs),
    }
    models = {}
    if other:
        models["one"] = seconds(lambda: other(y[0], v[0]), 20 * runs)
        models["many"] = seconds(lambda: [other(a, b) for a, b in zip(y, v, strict=True)], 1)
    names = {
        "one": f"one REML fit, k = {K}, with every number of a record",
        "many": f"{SETS} REML fits, k = {K}",
        "gosh": f"GOSH, k = {GOSH_K}: {2**GOSH_K - 1} subsets",
        "large": f"leave-one-out by REML, k = {LARGE_K}; the others: one fit of that size",
    }
    rows = [
        _row(names[key], ours[key], pymare.get(key), models.get(key), (r or {}).get(key)) for key in names
    ]
    return rows, f"metafor {r['version']}" if r else "metafor: R or metafor not found"


def _row(name: str, ours: float, *others: float | None) -> list[str]:
    cells = [name, _time(ours)]
    for other in others:
        cells += [_time(other), "–" if other is None else f"{other / ours:.3g}×"]
    return cells


def _time(value: float | None) -> str:
    return "–" if value is None else f"{1000 * value:.3g}"


def markdown(rows: Iterable[list[str]], metafor: str, load: tuple[float, float]) -> str:
    """Return the table and what it was measured with."""
    heads = ["task", "ours, ms", "PyMARE, ms", "÷ ours", "statsmodels, ms", "÷ ours", "metafor, ms", "÷ ours"]
    table = [heads, ["---", *["---:"] * 7], *rows]
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    try:
        statsmodels = f"statsmodels {version('statsmodels')} (Paule-Mandel)"
    except PackageNotFoundError:
        statsmodels = "statsmodels: not installed"
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "pymare"))
    machine = f"{report._cores()} cores ({report._processor()}), {report._memory_gib():.0f} GiB"
    python = f"Python {platform.python_version()}, {packages}; {statsmodels}; {metafor}."
    note = "Medians; `÷ ours` is how many times as long. What a package does not do in one call is –."
    said = [f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine};", python]
    return "\n".join([*lines, "", note, "", *said, f"Load before {load[0]:.1f}, after {load[1]:.1f}."])


def write(text: str) -> None:
    """Put the result between the markers of STATS.md."""
    before, begin, rest = STATS.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{STATS} has no {BEGIN} ... {END}")
    STATS.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8", newline="\n")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    rows, metafor = measured(options.runs)
    text = markdown(rows, metafor, (before, os.getloadavg()[0]))
    print(text)
    if not options.dry:
        write(text)


if __name__ == "__main__":
    main()
