"""The server of a host: `python -m amlplan_serve CONFIG.json [--ready=N] [--take-over]`.

With `--ready` the process leaves its caller: a child of its own serves, and tells on descriptor N
in one line of JSON that it does, or why it cannot.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import select
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


class StartError(Exception):
    """The server cannot start; `kind` is for programs."""

    def __init__(self, kind: str, text: str, log: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.log = log


def main(arguments: Sequence[str]) -> int:
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
    starter = _Starter(options.ready)
    try:
        _serve(config, starter, take_over=options.take_over)
    except StartError as failure:
        sys.stderr.write(f"{failure}\n")
        starter.tell({"error": failure.kind, "text": str(failure), "log": failure.log})
        return 1
    return 0


class _Starter:
    """Who waits for this server on a descriptor, and the server before this one, if any."""

    def __init__(self, ready: int | None) -> None:
        self._ready = ready
        self.predecessor: socket.socket | None = None

    def confirm(self) -> None:
        """Have the server before give way; raises StartError where the caller gave up."""
        if self._ready is not None and _nobody_reads(self._ready):
            raise StartError("gone", "Whoever started this server does not wait for it any more.")
        if self.predecessor is not None:
            try:
                messages.send(self.predecessor, {"command": "took_over"})
                messages.receive(self.predecessor)
            except (OSError, messages.BrokenMessageError) as failure:
                raise StartError("take_over", f"The server before is gone: {failure}.") from failure
            self.predecessor.close()

    def serving(self, status: Status) -> None:
        self.tell(status.as_json())

    def tell(self, said: Mapping[str, Any]) -> None:
        if self._ready is not None:
            with contextlib.suppress(BrokenPipeError):  # it gave up in this very moment
                os.write(self._ready, json.dumps(said).encode() + b"\n")
            os.close(self._ready)


def _nobody_reads(pipe: int) -> bool:
    """Whether the reading end of a pipe is closed."""
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _serve(config: ServerConfig, starter: _Starter, *, take_over: bool) -> None:
    from amlplan_serve.certificates import UnusableCertificateError
    from amlplan_serve.keys import UnusableKeysError
    from amlplan_serve.listener import AddressError, bound
    from amlplan_serve.pool import RevisionBrokenError
    from amlplan_serve.server import Kind, run

    heritage: Mapping[str, Any] = {}
    try:
        if take_over:
            starter.predecessor, heritage, opened, lock = _inherit(config)
        else:
            lock = _lock(config)
            opened = bound(config.host, config.port)
        run(config, opened, lock, Kind(heritage=heritage), starter)
    except AddressError as failure:
        kind = "port_taken" if failure.is_taken else "address"
        raise StartError(kind, str(failure)) from failure
    except UnusableKeysError as failure:
        raise StartError("keys", str(failure)) from failure
    except UnusableCertificateError as failure:
        raise StartError("certificate", str(failure)) from failure
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
