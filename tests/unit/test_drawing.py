"""Pictures drawn by a process of its own are those that are drawn here."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from livingmeta import drawing

PIPELINES = Path(__file__).resolve().parents[2] / "pipelines"
SPEC = {"mark": "point", "data": {"values": [{"a": 1}, {"a": 2}]}, "encoding": {"x": {"field": "a"}}}


def python(*arguments: str, **options) -> subprocess.Popen:
    known = {**os.environ, "PYTHONPATH": str(PIPELINES), **options.pop("env", {})}
    return subprocess.Popen([sys.executable, *arguments], env=known, text=True, **options)


def wait_for(condition, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def server(tmp_path):
    path = tmp_path / "s"
    process = python("-m", "livingmeta.drawing", str(path))
    assert wait_for(path.exists)
    yield process, path
    process.terminate()
    process.wait(10)


def test_a_server_draws_the_same_bytes_and_the_engine_stays_out_of_who_asks(server, monkeypatch):
    monkeypatch.setenv(drawing.SOCKETS, str(server[1]))
    code = (
        "import sys; from livingmeta import drawing; "
        f"sys.stdout.write(drawing.draw({SPEC!r})); assert 'vl_convert' not in sys.modules"
    )
    asking = python("-c", code, stdout=subprocess.PIPE)
    answer = asking.communicate(timeout=60)[0]
    assert asking.returncode == 0
    monkeypatch.delenv(drawing.SOCKETS)
    assert answer == drawing.draw(SPEC)


def test_a_picture_that_fails_is_an_error_with_its_reason_and_the_server_goes_on(server, monkeypatch):
    monkeypatch.setenv(drawing.SOCKETS, f"{server[1]}{os.pathsep}")
    with pytest.raises(drawing.DrawingError) as at_the_server:
        drawing.draw({"mark": 3})
    assert drawing.draw(SPEC).startswith("<svg")
    monkeypatch.delenv(drawing.SOCKETS)
    with pytest.raises(drawing.DrawingError) as here:
        drawing.draw({"mark": 3})
    assert str(at_the_server.value).splitlines()[:2] == str(here.value).splitlines()[:2]


def test_somebody_who_hangs_up_does_no_harm(server, monkeypatch):
    monkeypatch.setenv(drawing.SOCKETS, str(server[1]))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(server[1]))
        connection.sendall(b"s\x00")
    assert drawing.draw(SPEC).startswith("<svg")
    assert server[0].poll() is None


def test_without_a_server_at_the_socket_it_is_drawn_here(tmp_path, monkeypatch):
    monkeypatch.setenv(drawing.SOCKETS, str(tmp_path / "nobody"))
    assert drawing.draw(SPEC).startswith("<svg")


def test_a_server_ends_when_told_and_takes_its_socket_away(server):
    process, path = server
    process.terminate()
    assert process.wait(20) == 0
    assert not path.exists()


def test_a_server_ends_when_the_process_that_started_it_is_gone(tmp_path):
    path = tmp_path / "s"
    start = (
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-m', 'livingmeta.drawing', {str(path)!r}])\n"
        f"while not os.path.exists({str(path)!r}): time.sleep(0.02)\n"
    )
    assert python("-c", start).wait(30) == 0
    assert wait_for(lambda: not path.exists())


def test_the_server_loads_nothing_heavy():
    code = "import sys, livingmeta.drawing; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = set(python("-c", code, stdout=subprocess.PIPE).communicate(timeout=60)[0].split())
    assert "livingmeta" in loaded
    assert not loaded & {"altair", "numpy", "pandas", "scipy", "pymare", "vl_convert"}


def test_servers_that_are_no_longer_needed_end_at_once_and_the_others_draw_on(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(PIPELINES))
    with drawing.servers(2) as dismiss:
        first, second = map(Path, os.environ[drawing.SOCKETS].split(os.pathsep))
        assert wait_for(lambda: first.exists() and second.exists())
        dismiss(1)
        assert wait_for(lambda: not second.exists()) and first.exists()
        assert drawing.draw(SPEC).startswith("<svg")
        dismiss(0)
        assert wait_for(lambda: not first.exists())


def test_servers_of_somebody_else_are_not_ended(monkeypatch):
    monkeypatch.setenv(drawing.SOCKETS, "/nowhere/0.sock")
    with drawing.servers(1) as dismiss:
        dismiss(0)
        assert os.environ[drawing.SOCKETS] == "/nowhere/0.sock"
