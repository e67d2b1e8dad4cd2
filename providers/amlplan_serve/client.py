"""Talks to a server through its control socket: blocking, and bounded in time."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from amlplan_serve import messages
from amlplan_serve.front_folder import FrontSettings
from amlplan_serve.settings import RevisionSpec, ServerConfig, Status, status_from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Ask = Callable[[bytes, float], bytes]

__all__ = [
    "FrontSettings",
    "PortTakenError",
    "RefusedError",
    "RevisionFailedError",
    "RevisionSpec",
    "ServeError",
    "ServerClient",
]
__all__ += ["ServerConfig", "ServerUnreachableError", "Status"]

CONNECTING = 10.0
"""Seconds for a connection to be made, and for the command to be sent."""
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

    Where the socket is in a container, `control` is a function that takes a message there by `ctl`
    and gives the answer within so many seconds, or raises ServerUnreachableError. Every method
    raises that where nobody answers within `timeout` seconds.
    """

    def __init__(self, control: str | Ask, timeout: float = 10.0) -> None:
        self._ask_server = _asking(control) if isinstance(control, str) else control
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

    def scale(
        self, workers: int, timeout: float = 300.0, upstreams: Mapping[str, str] | None = None
    ) -> None:
        """Have that many workers; blocks until they are ready. Raises RevisionFailedError.

        `timeout` bounds their start, in seconds. `upstreams` are the servers that are asked from
        now on, by the name of each replica, of a revision of the kind HTTP.
        """
        about = {"workers": workers, "upstreams": None if upstreams is None else dict(upstreams)}
        self._ask("scale", about, timeout=timeout + SLACK)

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

    # What a front takes besides.

    def configure(self, settings: FrontSettings) -> None:
        """Have a front serve so, also after its next start; raises RefusedError.

        With `tls` it must have a certificate; with `auth` "key" nobody gets in without keys.
        """
        self._ask("configure", {"settings": asdict(settings)})

    def put_keys(self, keys: Mapping[str, str]) -> None:
        """Let who has one of these keys in, and nobody else; raises RefusedError."""
        self._ask("keys", {}, json.dumps(dict(keys)).encode())

    def put_certificate(self, certificate: bytes, key: bytes) -> None:
        """Show this certificate from now on, both in PEM; raises RefusedError."""
        self._ask("certificate", {"size": len(certificate)}, certificate + key)

    def write(self, name: str, data: bytes) -> None:
        """Have a front keep a document, whole or not at all; raises RefusedError."""
        self._ask("write", {"name": name}, data)

    def read(self, name: str) -> bytes | None:
        """A document that a front keeps; None where there is none."""
        answer, data = self._ask("read", {"name": name})
        return data if answer["found"] else None

    def remove(self, name: str) -> None:
        """Have a front keep a document no longer; may be repeated."""
        self._ask("remove", {"name": name})

    def names(self) -> list[str]:
        """The documents that a front keeps."""
        return [str(name) for name in self._ask("list", {})[0]["names"]]

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
        message = messages.encoded({**about, "command": command}, data)
        try:
            answer, result = messages.decoded(self._ask_server(message, timeout or self._timeout))
        except messages.BrokenMessageError as failure:
            raise ServerUnreachableError(f"The server's answer is none: {failure}.") from failure
        if answer.get("error") == "revision":
            raise RevisionFailedError(answer["text"], answer["log"])
        if answer.get("error") == "port_taken":
            raise PortTakenError(answer["text"])
        if "error" in answer:
            raise RefusedError(answer["text"])
        return answer, result


def _asking(control: str) -> Ask:
    """What asks a server at a path; the connection is made at once or not at all."""

    def ask(message: bytes, timeout: float) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(min(timeout, CONNECTING))
                with messages.reachable(control) as short:
                    connection.connect(short)
                connection.sendall(message)
                connection.settimeout(timeout)
                answer, result, _ = messages.receive(connection)
        except (OSError, messages.BrokenMessageError) as failure:
            text = f"No server answers at {control}: {failure}."
            raise ServerUnreachableError(text) from failure
        return messages.encoded(answer, result)

    return ask
