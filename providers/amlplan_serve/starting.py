"""Starts a server that outlives its caller, or puts a new one in the place of the old."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan_serve.client import PortTakenError, RevisionFailedError, ServeError
from amlplan_serve.logs import LogMark, private_log
from amlplan_serve.settings import Status, status_from_json

if TYPE_CHECKING:
    from amlplan_serve.settings import ServerConfig


class ServerStartError(ServeError):
    """The server did not start; `log` has the end of what it wrote."""

    def __init__(self, text: str, log: str = "") -> None:
        super().__init__(text)
        self.log = log


class AlreadyRunningError(ServerStartError):
    """A server for this control socket is running."""


def start_server(config: ServerConfig, *, timeout: float = 30.0, take_over: bool = False) -> Status:
    """Start a server in a session of its own; blocks until it listens, and gives its status.

    With `take_over` it gets socket and active revision of the server at the same control socket,
    which then finishes what it has and ends; no request fails. `timeout`, in seconds, must be
    longer than the start of that revision takes; a server whose caller gave up ends, and the old
    one serves on. The configuration is written beside the control socket. Raises ServerStartError,
    PortTakenError, or RevisionFailedError where the revision that was taken over does not start;
    then too the old server serves on.
    """
    path = Path(config.control + ".json")
    path.write_text(config.encode(), encoding="utf-8")
    mark = LogMark(config.log)
    ready, told = os.pipe()
    command = [sys.executable, "-P", "-m", "amlplan_serve", str(path), f"--ready={told}"]
    try:
        with os.fdopen(private_log(config.log), "ab") as log:
            process = subprocess.Popen(
                [*command, *(["--take-over"] if take_over else [])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=(told,),
            )
        os.close(told)
        told = -1
        try:
            said = _line(ready, time.monotonic() + timeout)
        finally:
            process.wait()  # it left a child of its own
    finally:
        os.close(ready)
        if told >= 0:
            os.close(told)
    return _status(said, mark)


def _status(said: dict[str, Any] | None, mark: LogMark) -> Status:
    if said is None:
        raise ServerStartError("The server ended before it listened.", mark.tail())
    kind = said.get("error")
    if kind is None:
        return status_from_json(said)
    if kind == "port_taken":
        raise PortTakenError(said["text"])
    if kind == "running":
        raise AlreadyRunningError(said["text"], mark.tail())
    if kind == "revision":
        raise RevisionFailedError(said["text"], said["log"])
    raise ServerStartError(said["text"], mark.tail())


def _line(descriptor: int, deadline: float) -> dict[str, Any] | None:
    """The line that the server tells; None where it ended without one."""
    data = b""
    while not data.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise ServerStartError("The server did not listen in time.")
        part = os.read(descriptor, 65536)
        if not part:
            return None
        data += part
    found: dict[str, Any] = json.loads(data)
    return found
