"""Starts a server: `python -m amlplan_serve CONFIG.json [--ready=N] [--take-over]`.

With `--ready` the process leaves its caller: a child of its own serves, and tells on descriptor N
in one line of JSON that it does, or why it cannot.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import json
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan_serve import messages
from amlplan_serve.settings import ServerConfig, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE = 10.0
"""Seconds in which the server before this one must hand over."""
BACKLOG = 2048


class StartError(Exception):
    """The server cannot start; `kind` is for programs."""

    def __init__(self, kind: str, text: str, log: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.log = log


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; the exit code."""
    parser = argparse.ArgumentParser(prog="amlplan_serve")
    parser.add_argument("config", type=Path)
    parser.add_argument("--ready", type=int)
    parser.add_argument("--take-over", action="store_true")
    options = parser.parse_args(arguments)
    config = ServerConfig(**json.loads(options.config.read_text(encoding="utf-8")))
    if options.ready is not None:
        os.set_inheritable(options.ready, False)  # noqa: FBT003 - its only form
        if os.fork():
            os._exit(0)
        os.setsid()
    try:
        _serve(config, options.ready, take_over=options.take_over)
    except StartError as failure:
        sys.stderr.write(f"{failure}\n")
        said = {"error": failure.kind, "text": str(failure), "log": failure.log}
        _tell(options.ready, said)
        return 1
    return 0


def _serve(config: ServerConfig, ready: int | None, *, take_over: bool) -> None:
    from amlplan_serve.keys import UnusableKeysError
    from amlplan_serve.pool import RevisionBrokenError
    from amlplan_serve.server import run

    predecessor: socket.socket | None = None
    heritage: Mapping[str, Any] = {}
    if take_over:
        predecessor, heritage, listener, lock = _inherit(config)
    else:
        lock = _lock(config)
        listener = _bind(config)

    def listening(status: Status) -> None:
        if predecessor is not None:
            messages.send(predecessor, {"command": "took_over"})
            messages.receive(predecessor)
            predecessor.close()
        _tell(ready, status.as_json())

    try:
        run(config, listener, lock, heritage, listening)
    except UnusableKeysError as failure:
        raise StartError("keys", str(failure)) from failure
    except RevisionBrokenError as failure:
        raise StartError("revision", str(failure), failure.log) from failure


def _lock(config: ServerConfig) -> int:
    """Hold the lock of this control socket: one server has it, and loses it with its life."""
    descriptor = os.open(config.control + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as failure:
        text = f"A server for {config.control} is running already."
        raise StartError("running", text) from failure
    return descriptor


def _bind(config: ServerConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen(BACKLOG)
    except OSError as failure:
        kind = "port_taken" if failure.errno == errno.EADDRINUSE else "address"
        text = f"{config.host}:{config.port} cannot be listened on: {failure.strerror}."
        raise StartError(kind, text) from failure
    return listener


def _inherit(config: ServerConfig) -> tuple[socket.socket, dict[str, Any], socket.socket, int]:
    """Ask the running server for its socket, its lock, and what it serves."""
    predecessor = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    predecessor.settimeout(PATIENCE)
    try:
        with messages.reachable(config.control) as short:
            predecessor.connect(short)
        messages.send(predecessor, {"command": "hand_over"})
        heritage, _, descriptors = messages.receive(predecessor, 2)
        listener = socket.socket(fileno=descriptors[0])
    except (OSError, IndexError, messages.BrokenMessageError) as failure:
        text = f"The server at {config.control} did not hand over: {failure}."
        raise StartError("take_over", text) from failure
    return predecessor, heritage, listener, descriptors[1]


def _tell(ready: int | None, said: Mapping[str, Any]) -> None:
    if ready is not None:
        os.write(ready, json.dumps(said).encode() + b"\n")
        os.close(ready)


if __name__ == "__main__":
    sys.exit(main())
