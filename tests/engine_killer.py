"""Ends a process between two calls that it makes of a Docker engine.

The process asks the engine through a relay, which counts the requests that change something and
kills the process as it sends the one that it was told; that one never reaches the engine.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CHANGES = re.compile(rb"(POST|PUT|DELETE) /")
_PIECE = 65536


@dataclass
class CountingRelay:
    """A relay of one engine; `count` is how many changes were asked for since `aim`."""

    host: str
    path: Path
    count: int = 0
    nth: int = 0
    victim: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def killed_at(self, nth: int, action: Callable[[], object]) -> bool:
        """Do something in a process of its own, killed at its nth change; whether it was.

        With 0 it is only counted.
        """
        self.count, self.nth = 0, nth
        ready, go = os.pipe()
        pid = os.fork()
        if not pid:
            os.read(ready, 1)
            code = 1
            try:
                action()
                code = 0
            finally:
                os._exit(code)
        self.victim = pid
        os.write(go, b"1")
        _, status = os.waitpid(pid, 0)
        os.close(ready)
        os.close(go)
        if os.WIFSIGNALED(status):
            return True
        assert os.WEXITSTATUS(status) == 0, "what was not killed failed by itself"
        return False

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        engine = socket.socket(socket.AF_UNIX)
        with suppress(OSError), client, engine:
            engine.connect(self.host)
            back = threading.Thread(target=_copied, args=(engine, client), daemon=True)
            back.start()
            while data := client.recv(_PIECE):
                if _CHANGES.match(data) and self._is_the_one():
                    os.kill(self.victim, signal.SIGKILL)
                    return
                engine.sendall(data)
            engine.shutdown(socket.SHUT_WR)
            back.join()

    def _is_the_one(self) -> bool:
        with self._lock:
            self.count += 1
            return self.count == self.nth


def _copied(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_PIECE):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def counting_relay(host: str, folder: Path) -> Iterator[CountingRelay]:
    """A relay to the engine at a unix socket, for as long as it is held."""
    path = folder / "relay.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        relay = CountingRelay(host.removeprefix("unix://"), path)
        threading.Thread(target=relay.serve, args=(listener,), daemon=True).start()
        yield relay
        listener.shutdown(socket.SHUT_RDWR)
