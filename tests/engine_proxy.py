"""A way to an engine that can be cut, frozen and mended: a TCP port in front of its socket.

Run by itself with the path of that socket and a port, it is the process that passes bytes on.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress


class EngineProxy:
    """Passes connections to an engine on, as if it were on another machine."""

    def __init__(self, engine: str) -> None:
        self._engine = engine.removeprefix("unix://")
        self.port = 0
        self._process = self._started()

    @property
    def host(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Refuse connections from now on, and drop those that are open."""
        self._process.kill()
        self._process.communicate()

    def mend(self) -> None:
        """Let connections through again."""
        self._process = self._started()

    def freeze(self) -> None:
        """Pass nothing on; connections are taken."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        if self._process.poll() is None:
            self.cut()

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, __file__, self._engine, str(self.port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        self.port = int(process.stdout.readline())
        return process


def _serve(engine: str, port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        behind = socket.socket(socket.AF_UNIX)
        behind.connect(engine)
        for ends in ((client, behind), (behind, client)):
            threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for each, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with suppress(OSError):
            each.shutdown(how)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
