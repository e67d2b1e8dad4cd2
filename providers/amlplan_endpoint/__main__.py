"""Serves one run: the task is a line of JSON on standard input, whose end ends the service.

`python -I -m amlplan_endpoint DESCRIPTOR`, the number of the listening socket that is handed over.
"""

from __future__ import annotations

import json
import signal
import socket
import sys

from amlplan_endpoint.server import Server
from amlplan_endpoint.service import Service


def main() -> None:
    """Serve until whoever started this ends or says so; blocks."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the supervisor alone says when it is over
    listener = socket.socket(fileno=int(sys.argv[1]))
    service = Service(json.loads(sys.stdin.buffer.readline()))
    Server(listener, service).serve(sys.stdin.fileno())
    service.close()


if __name__ == "__main__":
    main()
