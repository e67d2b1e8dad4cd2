"""The control socket of a server: a thread for each caller, the work in the server's loop."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from amlplan_serve import messages
from amlplan_serve.certificates import UnusableCertificateError
from amlplan_serve.front_folder import FolderError
from amlplan_serve.keys import UnusableKeysError
from amlplan_serve.listener import AddressError
from amlplan_serve.pool import RevisionBrokenError
from amlplan_serve.revisions import UnknownRevisionError
from amlplan_serve.sockets import PathListener

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

REFUSALS = (FolderError, UnknownRevisionError, UnusableCertificateError, UnusableKeysError)
PATIENCE = 10.0
"""Seconds in which a caller must have said what it wants."""
HAND_OVER_PATIENCE = 3600.0
"""Seconds in which a successor must have started; its socket closes where it fails."""


class Commands(Protocol):
    """What the control socket can ask for; `handle` runs in the server's loop."""

    async def handle(
        self, command: str, about: Mapping[str, Any], data: bytes
    ) -> tuple[dict[str, Any], bytes]:
        """Do it; gives what to answer."""
        ...

    def heritage(self) -> tuple[dict[str, Any], tuple[int, ...]]:
        """What a successor needs: the active revision, and the descriptors of socket and lock."""
        ...

    def succeeded(self) -> None:
        """Drain and end: a successor has taken over."""
        ...


class Control:
    """Listens on a path that only this user may open."""

    def __init__(self, path: str, commands: Commands, loop: asyncio.AbstractEventLoop) -> None:
        self._commands = commands
        self._loop = loop
        self._listener = PathListener(Path(path), 0o600)
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def close(self) -> None:
        """Take the socket away, unless it is a successor's by now."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            try:
                about, data, _ = messages.receive(connection)
                if about.get("command") == "hand_over":
                    self._hand_over(connection)
                    return
                answer, result = self._handled(about, data)
                messages.send(connection, answer, result)
            except (messages.BrokenMessageError, OSError):
                return

    def _handled(self, about: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        command = str(about.pop("command", ""))
        work = self._commands.handle(command, about, data)
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except RevisionBrokenError as failure:
            return {"error": "revision", "text": str(failure), "log": failure.log}, b""
        except AddressError as failure:
            return {
                "error": "port_taken" if failure.is_taken else "refused",
                "text": str(failure),
            }, b""
        except REFUSALS as failure:
            return {"error": "refused", "text": str(failure)}, b""
        except OSError as failure:
            return {"error": "refused", "text": f"It could not be done: {failure}."}, b""
        except (KeyError, TypeError, ValueError) as failure:
            return {"error": "refused", "text": f"The command makes no sense: {failure!r}"}, b""

    def _hand_over(self, connection: socket.socket) -> None:
        about, descriptors = self._commands.heritage()
        messages.send(connection, about, descriptors=descriptors)
        connection.settimeout(HAND_OVER_PATIENCE)
        said, _, _ = messages.receive(connection)
        if said.get("command") == "took_over":
            self._loop.call_soon_threadsafe(self._commands.succeeded)
            messages.send(connection, {})
