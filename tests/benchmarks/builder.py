"""Builds for tests, each in a forked child of one process that has everything loaded.

A build then takes as long as its own work, and can be killed at a chosen file replacement.
`python tests/benchmarks/builder.py` reads one JSON request per line and answers with one.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
COUNTED = "LIVINGMETA_TEST_COUNTED"
SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """How a build ended.

    Parameters
    ----------
    ended : str
        Empty when the process of the build ended by itself, else how it was ended.
    problem : str
        Message of a build that failed.
    steps : tuple of str
        What the build said it had done.
    replacements : int
        Files and folders that were put in the place of others, or were about to be.
    """

    ended: str = ""
    problem: str = ""
    steps: tuple[str, ...] = ()
    replacements: int = 0

    @property
    def ok(self) -> bool:
        """Return whether the site was published."""
        return not self.ended and not self.problem


class Builder:
    """The other process; `build` asks it for one build."""

    def __init__(self) -> None:
        library = str(HERE.parents[2] / "pipelines")
        known = {**os.environ, "PYTHONPATH": library, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE)],
            env=known,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def build(self, root: Path, only: Sequence[str] = (), kill_at: int = 0) -> Outcome:
        """Build the project at a root.

        Parameters
        ----------
        only : sequence of str
            Ids of the questions whose notebooks may run.
        kill_at : int
            The process that is about to make this replacement, counted over all processes of
            the build from 1, is killed; 0 for none.
        """
        assert self._process.stdin and self._process.stdout
        request = {"root": str(root), "only": list(only), "kill_at": kill_at}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Outcome(**{**answer, "steps": tuple(answer["steps"])})


@lru_cache
def builder() -> Builder:
    """Return the one builder of this process."""
    return Builder()


@dataclass
class Steps:
    """Progress that is remembered."""

    said: list[str] = field(default_factory=list)

    def start(self, steps: int) -> None:
        """Do nothing."""

    def step(self, what: str) -> None:
        """Remember a step."""
        self.said.append(what)


def count_replacements(counter: Path, kill_at: int) -> None:
    """Count the replacements of this process and its children; kill whoever is about to make the n-th."""
    real = os.replace

    def counted(source: Any, target: Any) -> None:
        # One byte each, appended: the size is the count over all processes.
        with counter.open("ab", buffering=0) as file:
            file.write(b".")
            count = file.tell()
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        real(source, target)

    os.replace = counted


def _built(root: Path, only: Sequence[str], kill_at: int, answer: Path) -> None:
    from livingmeta import site
    from livingmeta.paths import Project

    counter, steps = answer.with_suffix(".count"), Steps()
    os.chdir(root)
    count_replacements(counter, kill_at)
    problem = ""
    try:
        site.build(Project(root), only=only, jobs=2, progress=steps)
    except site.BuildError as error:
        problem = str(error)
    answer.write_text(json.dumps({"problem": problem, "steps": steps.said}))


def _answer(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    from livingmeta.workers import Forked, Limits, Task

    answer = folder / "answer.json"
    counter = answer.with_suffix(".count")
    answer.unlink(missing_ok=True)
    counter.write_bytes(b"")
    task = Task("build", lambda: _built(Path(request["root"]), request["only"], request["kill_at"], answer))
    ended = Forked(task, Limits(SECONDS, 16384)).wait()
    said = json.loads(answer.read_text()) if answer.exists() else {}
    return {"ended": ended or "", "steps": [], **said, "replacements": counter.stat().st_size}


def main() -> None:
    """Answer requests until there are none."""
    from tempfile import TemporaryDirectory

    from livingmeta import book_writer, drawing, pages
    from livingmeta.paths import Project

    pages.preload(Project())
    book_writer.load()
    with TemporaryDirectory() as folder, drawing.servers(1):
        for line in sys.stdin:
            print(json.dumps(_answer(json.loads(line), Path(folder))), flush=True)


if __name__ == "__main__":
    main()
