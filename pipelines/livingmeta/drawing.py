"""The drawing engine, in this process or in one of its own: Vega-Lite in, SVG out.

The engine is a JavaScript machine with threads, so that a process that has used it can no
longer be forked safely. `python -m livingmeta.drawing SOCKET` runs it by itself; whoever
finds that socket in the environment asks there. A message either way is a frame: one byte
that says what it is, four that count the bytes of text, the text.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from tempfile import TemporaryDirectory
from typing import Any

VEGA_LITE = "6.4"
SOCKETS = "LIVINGMETA_RENDERER"  # sockets of running servers, parted like the folders of PATH
TIMEOUT_SECONDS = 60.0
SVG, BUNDLE, QUIT, DONE, FAILED = b"s", b"b", b"q", b"+", b"!"
_HEADER = struct.Struct(">cI")
_TINY = '{"mark": "point", "data": {"values": [{}]}}'


class DrawingError(RuntimeError):
    """A specification that the engine refuses; the message is the engine's."""


def engine_version() -> str:
    """Return which engine draws, without starting it."""
    return f"{version('vl-convert-python')} {VEGA_LITE}"


def draw(spec: dict[str, Any]) -> str:
    """Return a Vega-Lite specification drawn as SVG.

    Raises
    ------
    DrawingError
        When the engine cannot draw it.
    """
    return _done(SVG, json.dumps(spec, ensure_ascii=False))


def bundle(snippet: str) -> str:
    """Return a script that needs no other: the Vega libraries and a snippet that uses them."""
    return _done(BUNDLE, snippet)


def _done(task: bytes, text: str) -> str:
    """Return what a server answers, or do it here when there is none that can be reached."""
    paths = [path for path in os.environ.get(SOCKETS, "").split(os.pathsep) if path]
    if paths:
        with contextlib.suppress(OSError):
            return _asked(paths[os.getpid() % len(paths)], task, text)
    return _here(task, text)


def _here(task: bytes, text: str) -> str:
    import vl_convert  # it starts a JavaScript engine: only where something is drawn

    try:
        if task == BUNDLE:
            return str(vl_convert.javascript_bundle(text, vl_version=VEGA_LITE))
        return str(vl_convert.vegalite_to_svg(text, vl_version=VEGA_LITE))
    except ValueError as error:
        raise DrawingError(str(error)) from error


def _asked(path: str, task: bytes, text: str) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(path)
        _send(connection, task, text)
        outcome, answer = _receive(connection)
    if outcome == FAILED:
        raise DrawingError(answer)
    return answer


def _send(connection: socket.socket, kind: bytes, text: str) -> None:
    body = text.encode()
    connection.sendall(_HEADER.pack(kind, len(body)) + body)


def _receive(connection: socket.socket) -> tuple[bytes, str]:
    with connection.makefile("rb") as stream:
        kind, length = _HEADER.unpack(_exactly(stream.read(_HEADER.size), _HEADER.size))
        return kind, _exactly(stream.read(length), length).decode()


def _exactly(body: bytes, length: int) -> bytes:
    if len(body) != length:
        raise ConnectionError("the other side stopped in the middle of a message")
    return body


def serve(socket_path: str) -> None:
    """Draw whatever is asked for at a Unix socket, one picture at a time.

    It ends, and takes the socket away, on SIGTERM or SIGINT and when the process that started
    it is gone. A picture that fails is answered with the reason.

    Parameters
    ----------
    socket_path : str
        Where the socket will be; it must not exist yet.
    """
    parent = os.getppid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(socket_path)
        try:
            listener.listen(64)
            listener.settimeout(0.5)
            _here(SVG, _TINY)  # the first picture is slow: not for somebody who waits
            while os.getppid() == parent:
                with contextlib.suppress(OSError):  # nobody came, or somebody left
                    _answer(listener.accept()[0])
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(socket_path)


def _answer(connection: socket.socket) -> None:
    with connection:
        connection.settimeout(TIMEOUT_SECONDS)
        task, text = _receive(connection)
        if task == QUIT:
            sys.exit(0)
        try:
            outcome, answer = DONE, _here(task, text)
        except Exception as error:  # the server goes on, whatever one picture does
            outcome, answer = FAILED, str(error)
        _send(connection, outcome, answer)


Dismiss = Callable[[int], None]


@contextlib.contextmanager
def servers(count: int) -> Iterator[Dismiss]:
    """Run `count` drawing servers while the block lasts; charts drawn meanwhile are drawn there.

    Where servers run already, those are used. The block is given a function that ends its servers
    but for so many, because each holds a hundred megabytes.
    """
    if os.environ.get(SOCKETS):
        yield lambda keep: None
        return
    with TemporaryDirectory(prefix="livingmeta-") as folder:
        paths = [os.path.join(folder, f"{number}.sock") for number in range(count)]
        command = [sys.executable, "-m", "livingmeta.drawing"]
        started = [subprocess.Popen([*command, path], stdin=subprocess.DEVNULL) for path in paths]
        os.environ[SOCKETS] = os.pathsep.join(paths)
        try:
            yield lambda keep: _dismiss(paths, keep)
        finally:
            del os.environ[SOCKETS]
            for server in started:
                server.terminate()
            for server in started:
                server.wait()


def _dismiss(paths: list[str], keep: int) -> None:
    """End all servers but the first `keep`; from whichever process of the build."""
    os.environ[SOCKETS] = os.pathsep.join(paths[:keep])
    for path in paths[keep:]:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(path)
            _send(connection, QUIT, "")


if __name__ == "__main__":
    serve(sys.argv[1])
