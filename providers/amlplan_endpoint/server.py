"""Accepts connections on a socket that was handed over, one thread each, and drains at the end."""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from contextlib import suppress
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from amlplan_endpoint.handler import Handler

if TYPE_CHECKING:
    from typing import Any

    from amlplan_endpoint.service import Service

DRAIN = 20.0
"""Seconds that requests get to be finished when the run is over."""
TICK = 0.005
LOG = 2
"""The descriptor of the run's log, which the supervisor hands over."""


class Server(ThreadingHTTPServer):
    """Serves one run."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, service: Service) -> None:
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.service = service
        self._open: set[socket.socket] = set()

    def serve(self, lifeline: int) -> None:
        """Serve until the lifeline's other end is closed, then finish what was asked; blocks."""
        self.socket.setblocking(False)  # noqa: FBT003 - its only form
        poll = select.poll()
        for descriptor in (self.socket.fileno(), lifeline):
            poll.register(descriptor, select.POLLIN)
        while lifeline not in {descriptor for descriptor, _ in poll.poll()}:
            self._accept()
        self._drain()

    def _accept(self) -> bool:
        try:
            request, address = self.get_request()
        except OSError:  # nobody any more, or no descriptor is free
            return False
        request.setblocking(True)  # noqa: FBT003 - its only form
        self._open.add(request)
        self.process_request(request, address)
        return True

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that is over."""
        self._open.discard(request)
        super().shutdown_request(request)

    def _drain(self) -> None:
        """Answer what is in the sockets already; nothing that comes later is read."""
        while self._accept():
            pass
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        deadline = time.monotonic() + DRAIN
        while self._open and time.monotonic() < deadline:
            time.sleep(TICK)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Tell the run's log of a defect in one line; of a connection that broke, nothing."""
        failure = sys.exception()
        if not isinstance(failure, OSError):
            os.write(LOG, f"(amlplan: a request could not be served: {failure!r})\n".encode())
