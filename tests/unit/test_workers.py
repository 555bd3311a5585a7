"""Does a task that goes wrong fail alone, and leave nothing behind?"""

import ctypes
import faulthandler
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from livingmeta import workers
from livingmeta.workers import Limits, NotSingleThreaded, Task, require_one_thread, run_forked

LIMITS = Limits(seconds=5.0, memory_mb=200)  # time enough to eat it also on a busy machine


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Let this process fork: other tests may have left threads of C libraries behind.

    The children here touch nothing such a thread could hold. The rule has a test of its own.
    """
    monkeypatch.setattr(workers, "require_one_thread", lambda: None)


def writes(path: Path, text: str = "done"):
    return lambda: path.write_text(text)


def raises():
    print("before the end")
    raise ValueError("too few studies")


def reads_nowhere():
    faulthandler.disable()  # pytest's, which would write to the terminal
    ctypes.string_at(0)


def is_killed():
    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGSEGV)


def exits():
    print("leaving", flush=True)
    os._exit(7)


def leaves():
    sys.exit(3)


def loops():
    print("still here", flush=True)
    while True:
        pass


def eats():
    print("hungry", flush=True)
    eaten = []
    while True:
        eaten.append(bytearray(10_000_000))


BAD = {
    "raises": (raises, ("exit code 1", "before the end", "ValueError: too few studies")),
    "reads-nowhere": (reads_nowhere, ("SIGSEGV",)),
    "is-killed": (is_killed, ("SIGSEGV",)),
    "exits": (exits, ("exit code 7", "leaving")),
    "leaves": (leaves, ("exit code 1", "SystemExit: 3")),
    "loops": (loops, ("longer than 5 s", "still here")),
    "eats": (eats, ("exit code 1", "hungry", "MemoryError")),
}


def test_each_bad_task_fails_alone_with_its_name_and_last_lines(tmp_path):
    good = [tmp_path / f"good-{i}" for i in range(4)]
    tasks = [Task(name, run) for name, (run, _) in BAD.items()]
    tasks[1:1] = [Task(path.name, writes(path)) for path in good[:2]]
    tasks += [Task(path.name, writes(path)) for path in good[2:]]
    seen: list[str] = []
    failures = run_forked(tasks, 2, LIMITS, seen.append)
    assert set(failures) == set(BAD)
    for name, (_, parts) in BAD.items():
        assert all(part in failures[name] for part in parts), failures[name]
    assert all(path.read_text() == "done" for path in good)
    assert sorted(seen) == sorted(task.name for task in tasks)


def test_a_long_log_is_cut_to_its_last_lines():
    def talks():
        print(*range(1000), sep="\n")
        raise ValueError("at last")

    text = run_forked([Task("talks", talks)], 1)["talks"]
    assert "at last" in text and "\n100\n" not in text
    assert len(text.splitlines()) <= workers.LAST_LINES + 1


def test_more_tasks_than_workers_all_run_and_never_more_at_once(tmp_path):
    def notes(number: int):
        def run():
            (tmp_path / f"start-{number}").write_text(str(time.monotonic()))
            time.sleep(0.05)
            (tmp_path / f"end-{number}").write_text(str(time.monotonic()))

        return run

    assert run_forked([Task(str(i), notes(i)) for i in range(9)], 3) == {}
    starts, ends = ([float((tmp_path / f"{w}-{i}").read_text()) for i in range(9)] for w in ("start", "end"))
    together = [sum(s <= moment < e for s, e in zip(starts, ends, strict=True)) for moment in starts]
    assert 1 < max(together) <= 3


def test_no_tasks_are_no_failures():
    assert run_forked([], 2) == {}


def drawn(folder: Path, names: list[str], seeds: list[str]) -> list[str]:
    def draw(path: Path):
        return lambda: path.write_text(f"{random.random()} {np.random.random()}")  # noqa: NPY002

    folder.mkdir()
    run_forked(
        [Task(n, draw(folder / n), seed) for n, seed in zip(names, seeds, strict=True)],
        2,
    )
    return [(folder / name).read_text() for name in names]


def test_random_numbers_differ_between_tasks_and_stay_the_same_between_runs(tmp_path):
    names = ["a", "b", "c"]
    random.seed(1)
    first = drawn(tmp_path / "1", names, ["x", "y", ""])
    random.seed(2)
    second = drawn(tmp_path / "2", names, ["x", "y", ""])
    assert len(set(first)) == len({text.split()[1] for text in first}) == 3
    assert first == second
    assert drawn(tmp_path / "3", ["d"], ["x"]) == first[:1]


def test_what_a_child_changes_stays_in_it(tmp_path):
    def changes():
        os.chdir("/")
        os.environ["LEAKED"] = "yes"
        sys.path.append("/leaked")

    here = Path.cwd()
    assert run_forked([Task("changes", changes)], 1) == {}
    assert Path.cwd() == here and "LEAKED" not in os.environ and "/leaked" not in sys.path


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")
@pytest.mark.parametrize("ending", ["ends", "loops"])
def test_what_a_child_started_is_killed_with_it(tmp_path, ending):
    note = tmp_path / "pid"

    def starts():
        sleeper = subprocess.Popen(["sleep", "60"])
        note.write_text(str(sleeper.pid))
        if ending == "loops":
            loops()

    run_forked([Task("starts", starts)], 1, LIMITS)
    pid, end = int(note.read_text()), time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(pid)


def test_an_interrupted_parent_leaves_no_child(tmp_path):
    note = tmp_path / "pid"

    def stays():
        note.write_text(str(os.getpid()))
        time.sleep(60)

    def interrupt(_name: str):
        while not note.exists():
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_forked([Task("stays", stays), Task("ends", lambda: None)], 2, Limits(), interrupt)
    assert not alive(int(note.read_text()))


def in_a_fresh_process(code: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=known)


def test_a_parent_with_a_second_thread_refuses():
    code = """
import threading
from livingmeta.workers import NotSingleThreaded, Task, run_forked
assert run_forked([Task("alone", lambda: None)], 1) == {}
stop = threading.Event()
thread = threading.Thread(target=stop.wait, name="second")
thread.start()
try:
    run_forked([Task("never", lambda: print("ran", flush=True))], 1)
except NotSingleThreaded as error:
    print(error)
finally:
    stop.set()
"""
    done = in_a_fresh_process(code)
    assert done.returncode == 0, done.stderr
    assert "second" in done.stdout and "one" in done.stdout and "ran\n" not in done.stdout


def test_threads_are_counted_here():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with pytest.raises(NotSingleThreaded):
            require_one_thread()
    finally:
        stop.set()
        thread.join()


def test_what_notebooks_need_is_loaded_with_one_thread_and_no_drawing_engine():
    code = """
import sys
from livingmeta import pages, workers
from livingmeta.paths import Project
pages.preload(Project())
workers.require_one_thread()
assert "vl_convert" not in sys.modules
assert "livingmeta.tables.question" in sys.modules and "altair" in sys.modules
"""
    done = in_a_fresh_process(code)
    assert done.returncode == 0, done.stderr
