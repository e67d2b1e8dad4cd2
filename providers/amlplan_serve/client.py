"""Talks to a server through its control socket: blocking, and bounded in time."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from amlplan_serve import messages
from amlplan_serve.settings import RevisionSpec, ServerConfig, Status, status_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "PortTakenError",
    "RefusedError",
    "RevisionFailedError",
    "RevisionSpec",
    "ServeError",
    "ServerClient",
]
__all__ += ["ServerConfig", "ServerUnreachableError", "Status"]

SLACK = 30.0
"""Seconds that a command may take beyond what its revision may."""


class ServeError(Exception):
    """Something a server or its client can explain."""


class ServerUnreachableError(ServeError):
    """No server answers at the control socket: it is not there, or does not answer in time."""


class RefusedError(ServeError):
    """The server did not do it; the text says why."""


class PortTakenError(RefusedError):
    """Somebody else listens on the address."""


class RevisionFailedError(ServeError):
    """A revision did not get ready; `log` has the end of what it wrote, with the traceback."""

    def __init__(self, text: str, log: str) -> None:
        super().__init__(text)
        self.log = log


class ServerClient:
    """The server at a control socket; each call makes a connection of its own.

    Every method raises ServerUnreachableError where nobody answers within `timeout` seconds.
    """

    def __init__(self, control: str, timeout: float = 10.0) -> None:
        self._control = control
        self._timeout = timeout

    def status(self) -> Status:
        """How the server is doing."""
        return status_from_json(self._ask("status", {})[0])

    def load(self, spec: RevisionSpec, secrets: Mapping[str, str]) -> None:
        """Start a candidate beside the active revision; blocks until its workers are ready.

        `secrets` are variables that no file may have. A candidate that was there before ends.
        Raises RevisionFailedError; what is active serves on, whatever happens.
        """
        about = {"spec": spec.as_json(), "secrets": dict(secrets)}
        self._ask("load", about, timeout=spec.startup_timeout + SLACK)

    def score(
        self,
        revision: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        timeout: float = 120.0,
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Have a loaded revision answer a request: status, headers, body. It needs no key."""
        about = {"revision": revision, "headers": dict(headers or {})}
        answer, data = self._ask("score", about, body, timeout=timeout)
        return answer["status"], [(name, value) for name, value in answer["headers"]], data

    def activate(self, revision: str) -> None:
        """Switch to the candidate; the revision before it drains by itself. May be repeated."""
        self._ask("activate", {"revision": revision})

    def pause(self, timeout: float = 60.0) -> None:
        """End the workers of the active revision after what they have; blocks until they are gone.

        Requests are refused, with 503, until a revision is activated or this one is resumed. May
        be repeated. `timeout` bounds a request that is in flight, in seconds.
        """
        self._ask("pause", {}, timeout=timeout + SLACK)

    def resume(self, timeout: float = 300.0) -> None:
        """Have what was paused serve again; blocks until its workers are ready.

        `timeout` bounds their start, in seconds. Raises RevisionFailedError, and RefusedError where
        nothing was paused.
        """
        self._ask("resume", {}, timeout=timeout + SLACK)

    def discard(self, revision: str) -> None:
        """End the candidate; blocks until its processes are gone. May be repeated."""
        self._ask("discard", {"revision": revision}, timeout=self._timeout + SLACK)

    def scale(self, workers: int, timeout: float = 300.0) -> None:
        """Have that many workers; blocks until they are ready. Raises RevisionFailedError.

        `timeout` bounds their start, in seconds.
        """
        self._ask("scale", {"workers": workers}, timeout=timeout + SLACK)

    def use_keys(self, path: str | None) -> None:
        """Have requests opened by the keys in a file as it is now; None lets everybody in.

        Raises RefusedError and keeps the keys that there are.
        """
        self._ask("use_keys", {"keys": path})

    def listen(self, port: int) -> None:
        """Have the server listen at another port, where it does once this returns.

        At the old one it no longer does; who is connected there is answered first. Raises
        PortTakenError or RefusedError, and nothing has changed then. May be repeated.
        """
        self._ask("listen", {"port": port})

    def stop(self, drain_seconds: float = 30.0) -> None:
        """Have the server end after what is in flight; returns at once."""
        self._ask("stop", {"drain_seconds": drain_seconds})

    def _ask(
        self,
        command: str,
        about: Mapping[str, Any],
        data: bytes = b"",
        timeout: float | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout)
                with messages.reachable(self._control) as short:
                    connection.connect(short)
                messages.send(connection, {**about, "command": command}, data)
                connection.settimeout(timeout or self._timeout)
                answer, result, _ = messages.receive(connection)
        except (OSError, messages.BrokenMessageError) as failure:
            text = f"No server answers at {self._control}: {failure}."
            raise ServerUnreachableError(text) from failure
        if answer.get("error") == "revision":
            raise RevisionFailedError(answer["text"], answer["log"])
        if answer.get("error") == "port_taken":
            raise PortTakenError(answer["text"])
        if "error" in answer:
            raise RefusedError(answer["text"])
        return answer, result
