"""How long builds take: ours, the naive way and bookdown with metafor, side by side.

`make bench-build` runs it. Every tool gets the same synthetic questions; ours is measured as
whole processes. Nothing is asserted: times depend on the machine, and the ratios are printed.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "pipelines")]

from benchmarks import report  # noqa: E402
from benchmarks.generate import change_one_count, scratch_project  # noqa: E402
from benchmarks.measure import output_of, peak_memory, seconds  # noqa: E402
from benchmarks.report import KINDS, Row  # noqa: E402
from livingmeta.paths import Project  # noqa: E402

COLD, CHANGED, NOTHING = KINDS
WHOLE = 24  # the most questions that the naive way builds whole: 3 s each
SAMPLE = 8
BOOKDOWN_UP_TO = 96
TIMES_NOTHING = 5


@dataclass(frozen=True)
class Place:
    """A scratch project with its environment, and the folders of the two other tools beside it."""

    project: Project
    naive: Path
    bookdown: Path
    n: int

    @property
    def environment(self) -> dict[str, str]:
        """Return what makes every tool use the scratch copy of the library."""
        return {"PYTHONPATH": str(self.project.root / "pipelines")}


def main() -> None:
    """Measure, print and write the table."""
    asked = _arguments()
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="bench-build-") as folder:
        places = [_place(Path(folder), n) for n in asked.sizes]
        rows = [Row(n, kind) for n in asked.sizes for kind in KINDS]
        for run in range(asked.runs):
            for place in places:
                _say(f"run {run + 1} of {asked.runs}, {place.n} questions")
                _measure(place, {row.kind: row for row in rows if row.n == place.n}, asked)
        memory = {place.n: _memory(place) for place in places}
    text = report.markdown(rows, memory, SAMPLE, (load, os.getloadavg()[0]))
    print(text)
    if not asked.dry:
        report.write(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[24, 96, 300], help="numbers of questions")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ours-only", action="store_true", help="leave the other tools out")
    parser.add_argument("--dry", action="store_true", help="print only, leave the README as it is")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _place(folder: Path, n: int) -> Place:
    project = scratch_project(folder / f"ours-{n}", n)
    place = Place(project, folder / f"naive-{n}", folder / f"bookdown-{n}", n)
    # Compiled once, as an installed library is: no tool pays for it.
    output_of([sys.executable, "-m", "compileall", "-q", "pipelines"], place.project.root, {})
    return place


def _measure(place: Place, rows: dict[str, Row], asked: argparse.Namespace) -> None:
    for kind, value in _ours(place):
        rows[kind].ours.append(value)
        _say(f"  ours, {kind}: {value:.2f} s")
    if asked.ours_only:
        return
    cold, again = _naive_whole(place) if place.n <= WHOLE else _naive_sampled(place)
    _note_naive(rows, cold, again, place.n > WHOLE)
    _note_bookdown(rows, place)


def _note_naive(rows: dict[str, Row], cold: float, again: float, extrapolated: bool) -> None:
    """Neither papermill nor the book skips a notebook that is run again: two rows share a time."""
    for kind, row in rows.items():
        row.naive.append(cold if kind == COLD else again)
        row.extrapolated = extrapolated
    _say(f"  naive: {cold:.1f} s, again {again:.1f} s{' (extrapolated)' if extrapolated else ''}")


def _note_bookdown(rows: dict[str, Row], place: Place) -> None:
    if place.n > BOOKDOWN_UP_TO or not report.has_bookdown():
        for row in rows.values():
            row.bookdown_absent = "–" if place.n > BOOKDOWN_UP_TO else report.NO_R
        return
    shutil.rmtree(place.bookdown, ignore_errors=True)
    cold, again = (_bookdown(place) for _ in range(2))
    for kind, row in rows.items():
        row.bookdown.append(cold if kind == COLD else again)
    _say(f"  bookdown: {cold:.1f} s, again {again:.1f} s")


def _livingmeta() -> list[str]:
    return [str(Path(sys.executable).with_name("livingmeta")), "build"]


def _ours(place: Place) -> Iterator[tuple[str, float]]:
    _clean(place.project)
    root = place.project.root
    yield COLD, seconds(_livingmeta(), root, place.environment)
    change_one_count(place.project)
    yield CHANGED, seconds(_livingmeta(), root, place.environment)
    times = sorted(seconds(_livingmeta(), root, place.environment) for _ in range(TIMES_NOTHING))
    yield NOTHING, times[len(times) // 2]


def _clean(project: Project) -> None:
    for folder in (project.build, project.pages, project.fragments):
        shutil.rmtree(folder, ignore_errors=True)


def _memory(place: Place) -> float:
    """Return the peak of a cold build that is not timed: looking costs time."""
    _clean(place.project)
    return peak_memory(_livingmeta(), place.project.root, place.environment)


def _fresh_naive(place: Place) -> None:
    """Copy the sources, without anything that our build has made."""
    shutil.rmtree(place.naive, ignore_errors=True)
    built = shutil.ignore_patterns("_build", "_generated")
    shutil.copytree(place.project.root, place.naive, ignore=built)


def _naive(place: Place, *options: str) -> dict[str, float]:
    command = [sys.executable, str(HERE / "naive.py"), str(place.naive), *options]
    environment = {"PYTHONPATH": str(place.naive / "pipelines")}
    start = seconds([sys.executable, "-c", "pass"], place.naive, environment)
    return {**json.loads(output_of(command, place.naive, environment)), "start": start}


def _naive_whole(place: Place) -> tuple[float, float]:
    _fresh_naive(place)
    shutil.rmtree(place.naive / "book" / "questions", ignore_errors=True)
    cold, again = (_naive(place) for _ in range(2))
    return _total(cold), _total(again)


def _total(parts: dict[str, float]) -> float:
    return parts["start"] + parts["notebooks"] + parts["book"]


def _naive_sampled(place: Place) -> tuple[float, float]:
    """Return the seconds of a few notebooks taken for all, and of the whole book from executed pages."""
    _fresh_naive(place)
    shutil.copytree(place.project.records, place.naive / "_build" / "records")
    part = _naive(place, "--notebooks", str(SAMPLE))
    notebooks = part["start"] + part["notebooks"] / part["count"] * place.n
    cold = _naive(place, "--book-only")["book"]
    for page in (place.naive / "book" / "questions").rglob("*.ipynb"):
        page.touch()  # as after another run of its notebook
    again = _naive(place, "--book-only")["book"]
    return notebooks + cold, notebooks + again


def _bookdown(place: Place) -> float:
    files = HERE / "bookdown"
    arguments = [str(place.project.root), str(place.bookdown), str(files / "chapter.Rmd")]
    return seconds(["Rscript", str(files / "build.R"), *arguments], place.project.root, {})


if __name__ == "__main__":
    main()
