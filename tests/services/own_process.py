"""What servers of the tests have in common: a port that is free, and an end with their parent."""

from __future__ import annotations

import ctypes
import signal
import socket

_PDEATHSIG = 1


def free_port() -> int:
    """A port of loopback that nobody had a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def goes_with_its_parent() -> None:
    """Have the kernel end this process, just forked, when the one that made it is gone."""
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)
