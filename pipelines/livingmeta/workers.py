"""Tasks in forked children: as many at a time as there are cores, each alone with its limits.

A child shares everything that its parent has loaded and nothing that it changes. One that
raises, crashes, exits, loops for ever or eats memory fails alone, with its last lines.
"""

import gc
import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn

LAST_LINES = 15
POLL_SECONDS = 0.004


@dataclass(frozen=True)
class Limits:
    """What one child may use.

    Parameters
    ----------
    seconds : float
        Wall-clock time.
    memory_mb : int
        Memory it may allocate beyond what its parent had, in MiB.
    """

    seconds: float = 300.0
    memory_mb: int = 2048


@dataclass(frozen=True)
class Task:
    """A name and what is to be done; `seed` sets the child's random numbers."""

    name: str
    run: Callable[[], None]
    seed: str = ""


@dataclass
class Child:
    """A running child with its log and the time at which it is killed."""

    task: Task
    pid: int
    log: IO[bytes]
    deadline: float
    overdue: bool = False
    started: float = field(default_factory=time.monotonic)


def can_fork() -> bool:
    """Return whether this system can fork a process that has loaded much (Linux and macOS can)."""
    return hasattr(os, "fork")


class NotSingleThreaded(RuntimeError):
    """A parent that must not fork: a thread might hold a lock that its child would wait for."""


def require_one_thread() -> None:
    """Raise unless this process has one thread, those of C libraries included."""
    tasks = Path("/proc/self/task")
    threads = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
    if threads != 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise NotSingleThreaded(f"{threads} threads run ({names}); a fork needs a parent with one")


class Forked:
    """One task in a forked child, waited for later."""

    def __init__(self, task: Task, limits: Limits | None = None):
        require_one_thread()
        self._limits = limits or Limits()
        self._child = _forked(task, self._limits)

    def wait(self) -> str:
        """Wait for the task; return what went wrong, nothing when it was done."""
        while True:
            for child, status in _finished([self._child]):
                return _problem(child, status, self._limits)
            time.sleep(POLL_SECONDS)


def run_forked(
    tasks: Sequence[Task],
    workers: int,
    limits: Limits | None = None,
    done: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Run tasks in forked children; return the failures by name, with their last lines.

    Raises
    ------
    NotSingleThreaded
        When this process may not fork.
    """
    require_one_thread()
    gc.collect()
    gc.freeze()
    try:
        return _run(list(tasks), workers, limits or Limits(), done or (lambda name: None))
    finally:
        gc.unfreeze()


def _run(waiting: list[Task], workers: int, limits: Limits, done: Callable[[str], None]) -> dict[str, str]:
    running: list[Child] = []
    failures: dict[str, str] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_forked(waiting.pop(0), limits))
            for child, status in _finished(running):
                running.remove(child)
                problem = _problem(child, status, limits)
                if problem:
                    failures[child.task.name] = problem
                done(child.task.name)
            time.sleep(POLL_SECONDS)
    finally:
        for child in running:
            _kill(child)
            os.waitpid(child.pid, 0)
            child.log.close()
    return failures


def _forked(task: Task, limits: Limits) -> Child:
    log = tempfile.TemporaryFile()  # noqa: SIM115
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _child(task, log, limits)
    return Child(task, pid, log, time.monotonic() + limits.seconds)


def _child(task: Task, log: IO[bytes], limits: Limits) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for fd in (1, 2):
            os.dup2(log.fileno(), fd)
        sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        _limit_memory(limits.memory_mb)
        seed_random_numbers(task.seed or task.name)
        task.run()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not sys.exit: what the parent has open must not be closed twice.
        os._exit(code)


def _limit_memory(memory_mb: int) -> None:
    """Limit what this process allocates; reserved address space does not count."""
    try:
        import resource

        used = _data_bytes()
        resource.setrlimit(resource.RLIMIT_DATA, (used + memory_mb * 2**20,) * 2)
    except (ImportError, ValueError, OSError):
        return


def _data_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def seed_random_numbers(seed: str) -> None:
    """Seed Python's and NumPy's random numbers; a fork would otherwise repeat its parent's."""
    value = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big")
    random.seed(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(value)


def _finished(running: Sequence[Child]) -> Iterator[tuple[Child, int]]:
    for child in tuple(running):
        if time.monotonic() > child.deadline and not child.overdue:
            child.overdue = True
            _kill(child)
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if pid:
            _kill(child)  # whatever it started itself
            yield child, status


def _kill(child: Child) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _problem(child: Child, status: int, limits: Limits) -> str:
    tail = _tail(child.log)
    child.log.close()
    code = os.waitstatus_to_exitcode(status)
    if child.overdue:
        return f"took longer than {limits.seconds:g} s and was stopped\n{tail}".rstrip()
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}\n{tail}".rstrip()
    return f"ended with exit code {code}\n{tail}".rstrip() if code else ""


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return "\n".join(lines[-LAST_LINES:])
