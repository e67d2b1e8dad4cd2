"""A way to an engine that can be cut, frozen and mended: a TCP port in front of its socket."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class EngineProxy:
    """Passes connections to an engine on, as if it were on another machine."""

    def __init__(self, engine: str) -> None:
        self._engine = engine.removeprefix("unix://")
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._flows = threading.Event()
        self._flows.set()
        self._listener = self._listening(0)
        self.port: int = self._listener.getsockname()[1]

    @property
    def host(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Refuse connections from now on, and drop those that are open."""
        with suppress(OSError):  # closing alone leaves a thread in accept
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._flows.set()
        self._listener = self._listening(self.port)

    def freeze(self) -> None:
        """Take connections and bytes, and pass nothing on."""
        self._flows.clear()

    def thaw(self) -> None:
        """Pass on what came meanwhile, and what comes."""
        self._flows.set()

    def close(self) -> None:
        self._flows.set()
        self.cut()

    def _listening(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self._engine)
                with self._lock:
                    self._open |= {client, engine}
                for one, other in ((client, engine), (engine, client)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
        for each, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
            with suppress(OSError):
                each.shutdown(how)
