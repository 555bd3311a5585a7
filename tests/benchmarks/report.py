"""The result of a benchmark as Markdown: medians, ratios within runs, and the machine behind them."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- bench-build: begin -->", "<!-- bench-build: end -->"
PACKAGES = ("jupyter-book", "sphinx", "myst-nb", "papermill", "ipykernel", "pandas", "altair")
KINDS = ("cold", "one study changed", "nothing changed")
NO_R = "R not found"


@dataclass
class Row:
    """One kind of build of one number of questions: the seconds of each run, side by side."""

    n: int
    kind: str
    ours: list[float] = field(default_factory=list)
    naive: list[float] = field(default_factory=list)
    bookdown: list[float] = field(default_factory=list)
    extrapolated: bool = False
    bookdown_absent: str = ""

    def cells(self) -> list[str]:
        """Return the cells of the row."""
        mark = " (extrapolated)" if self.extrapolated else ""
        theirs = _spread(self.bookdown) if self.bookdown else self.bookdown_absent
        return [
            str(self.n),
            self.kind,
            _spread(self.ours),
            _spread(self.naive) + mark if self.naive else "–",
            _ratio(self.naive, self.ours, "{:.0f}×" if self.kind == KINDS[2] else "{:.1f}×"),
            theirs,
            _ratio(self.ours, self.bookdown, "{:.2f}"),
        ]


def _spread(values: Sequence[float]) -> str:
    digits = 2 if median(values) < 10 else 1
    middle = f"{median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def _ratio(above: Sequence[float], below: Sequence[float], form: str) -> str:
    """Return the median of the ratios within runs: a noisy minute then weighs on both sides."""
    pairs = list(zip(above, below, strict=False))
    return form.format(median(a / b for a, b in pairs)) if pairs else "–"


def markdown(rows: Sequence[Row], memory: dict[int, float], sample: int, load: Sequence[float]) -> str:
    """Return everything that stands between the markers.

    Parameters
    ----------
    memory : dict of int to float
        Peak of the process tree in MiB, by number of questions.
    sample : int
        Notebooks from which the naive way is extrapolated.
    load : sequence of float
        Load of the machine before and after.
    """
    heads = ["questions", "build", "ours, s", "naive, s", "naive / ours", "bookdown, s", "ours / bookdown"]
    table = [heads, ["---:", "---", *["---:"] * 5], *(row.cells() for row in rows)]
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    return "\n".join([*lines, "", *_notes(rows, memory, sample), "", *_machine(load)])


def _notes(rows: Sequence[Row], memory: dict[int, float], sample: int) -> Iterable[str]:
    runs = len(rows[0].ours)
    if runs > 1:
        yield f"Median of {runs} runs (smallest–largest); ratios are medians of the ratios within a run."
    else:
        yield "One run."
    if any(row.extrapolated for row in rows):
        yield (
            f"Extrapolated: {sample} notebooks were run, their mean taken for all; "
            "the book was built whole from the executed pages."
        )
    cold = sorted((row.n, median(row.ours)) for row in rows if row.kind == KINDS[0])
    for (few, less), (many, more) in pairwise(cold):
        each = 1000 * (more - less) / (many - few)
        yield f"Cold, ours: from {few} to {many} questions each adds {each:.0f} ms."
    for n, peak in sorted(memory.items()):
        yield f"Peak memory of all processes of a cold build with {n} questions: {peak:.0f} MiB."


def _machine(load: Sequence[float]) -> Iterable[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    yield f"Measured on {today}: {_cores()} cores ({_processor()}), {_memory_gib():.0f} GiB;"
    yield f"{platform.system()} {platform.release()}, Python {platform.python_version()}; {packages};"
    yield f"{_r_versions()}. Load before {load[0]:.1f}, after {load[1]:.1f}."


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def has_bookdown() -> bool:
    """Return whether R, bookdown and metafor are here."""
    return _r("library(bookdown); suppressMessages(library(metafor))") is not None


def _r_versions() -> str:
    code = 'cat(R.version$major, ".", R.version$minor, " ", sep=""); '
    code += 'for (p in c("metafor", "bookdown")) cat(p, as.character(packageVersion(p)), "")'
    said = _r(code)
    return f"R {said.strip()}" if said else NO_R


def _r(code: str) -> str | None:
    try:
        done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def write(text: str, readme: Path = README) -> None:
    """Put the result between the markers of the README."""
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme} has no {BEGIN} ... {END}")
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8", newline="\n")
