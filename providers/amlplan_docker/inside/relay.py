"""Passes on what the runner of a container and whoever started this say to each other."""

import os
import select
import socket
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

PIECE = 256 * 1024
COMING = 20.0
"""Seconds in which the runner has to be there."""


def connected(path: str) -> "Optional[socket.socket]":
    """A connection to the runner, which may be starting; None where it does not come."""
    deadline = time.time() + COMING
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            if time.time() > deadline:
                return None
            time.sleep(0.005)
        else:
            return connection


def relay(connection: "socket.socket") -> None:
    """Pass everything on until one of both is gone."""
    while True:
        ready, _, _ = select.select([0, connection.fileno()], [], [])
        if connection.fileno() in ready:
            data = connection.recv(PIECE)
            if not data:
                return
            _write(data)
        if 0 in ready:
            data = os.read(0, PIECE)
            if not data:
                return
            connection.sendall(data)


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    found = connected(sys.argv[1])
    if found is None:
        sys.stderr.write("the runner of the container is not there\n")
        sys.exit(1)
    try:
        relay(found)
    except OSError:
        sys.exit(1)
