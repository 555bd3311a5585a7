"""Wall clock and memory of a command with all its children."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SAMPLES_PER_SECOND = 10


class CommandFailed(RuntimeError):
    """A command that ended with an error; its time would mean nothing."""


def seconds(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Return how long a command takes, from before it starts to after it ends."""
    start = time.perf_counter()
    output_of(command, folder, environment)
    return time.perf_counter() - start


def output_of(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Return what a command prints.

    Raises
    ------
    CommandFailed
        When it does not end with 0.
    """
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if done.returncode:
        raise CommandFailed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def peak_memory(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Return the largest sum of memory of a command and its descendants, in MiB.

    Shared pages count once: each process is charged its share of them (PSS).
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_pss_kb(pid) for pid in _tree(process.pid)))
        time.sleep(1 / SAMPLES_PER_SECOND)
    if process.returncode:
        raise CommandFailed(" ".join(command))
    return peak / 1024


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of a program may hold blanks and brackets: what counts stands after the last one.
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
