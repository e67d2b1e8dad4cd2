"""What stands between a client and an engine: a process that passes bytes on, with TLS or not.

It can be frozen, as an engine may be that answers nobody, without the engine coming to harm.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 120.0
_PIECE = 65536


@dataclass(frozen=True)
class Relay:
    """A relay that runs; `host` is where it listens."""

    process: subprocess.Popen[str]
    host: str

    def freeze(self) -> None:
        """Have it pass on nothing more, and still take connections."""
        os.kill(self.process.pid, signal.SIGSTOP)
        stat = Path(f"/proc/{self.process.pid}/stat")
        deadline = time.monotonic() + SECONDS
        while stat.read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def thaw(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def running_relay(
    host: str, *, listen: Path | None = None, certificates: Path | None = None
) -> Iterator[Relay]:
    """A relay to an engine's unix socket, at a socket or at a port of its own.

    `certificates` has ca.pem, server-cert.pem and server-key.pem: with them TLS is spoken, and a
    certificate is wanted of the client.
    """
    command = [sys.executable, __file__, host.removeprefix("unix://")]
    command += [str(listen or "-"), str(certificates or "-")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        place = process.stdout.readline().strip()
        yield Relay(process, f"unix://{listen}" if listen else f"tcp://127.0.0.1:{place}")
    finally:
        process.kill()
        process.communicate()


def main(target: str, listen: str, certificates: str) -> None:
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    context = None if certificates == "-" else _context(Path(certificates))
    if listen == "-":
        server = socket.create_server(("127.0.0.1", 0), backlog=64)
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind(listen)
        server.listen(64)
    print(server.getsockname()[1] if listen == "-" else listen, flush=True)
    while True:
        client, _ = server.accept()
        threading.Thread(target=_serve, args=(client, target, context), daemon=True).start()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server-cert.pem", folder / "server-key.pem")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    # As in engines, an end without a farewell is the end of what one side says.
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def _serve(client: socket.socket, target: str, context: ssl.SSLContext | None) -> None:
    with suppress(OSError), client:
        if context is not None:
            client = context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
            if not _is_agreed(client):
                return
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(target)
            if context is not None:
                # One thread for both ways: a TLS connection is not for two at once.
                _alternate(client, engine)
                return
            back = threading.Thread(target=_pass_on, args=(engine, client))
            back.start()
            _pass_on(client, engine)
            back.join()


def _is_agreed(client: ssl.SSLSocket) -> bool:
    """Whether both sides accept each other; else the client hears why before it is left."""
    try:
        client.do_handshake()
    except OSError:
        socket.socket.shutdown(client, socket.SHUT_WR)
        while socket.socket.recv(client, _PIECE):
            pass
        return False
    return True


def _alternate(client: socket.socket, engine: socket.socket) -> None:
    """Pass on both ways with short waits, until the engine has no more to say."""
    client.settimeout(0.005)
    is_open = True
    while True:
        if is_open:
            with suppress(TimeoutError):
                data = client.recv(_PIECE)
                engine.settimeout(SECONDS)
                is_open = _is_taken(engine, data)
        engine.settimeout(0.005)
        with suppress(TimeoutError):
            data = engine.recv(_PIECE)
            if not data:
                return
            client.settimeout(SECONDS)
            client.sendall(data)
            client.settimeout(0.005)


def _is_taken(engine: socket.socket, data: bytes) -> bool:
    """Whether the engine takes more; it may have something to say yet where it does not."""
    try:
        engine.sendall(data)
        if not data:
            engine.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return bool(data)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_PIECE):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main(*sys.argv[1:])
