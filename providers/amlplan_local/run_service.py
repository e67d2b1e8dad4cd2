"""The service of a run: a port that costs nothing until its script connects to it.

The supervisor listens; at the first connection a server is started that takes the connections, and
another one where that was killed. It ends with the run, after what was asked of it is done.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Mapping
    from pathlib import Path

URL, TOKEN = "AMLPLAN_RUN_SERVICE", "AMLPLAN_RUN_TOKEN"
TRACKING = "AMLPLAN_MLFLOW"
"""`leave` or `both` where MLflow is not to be told of the service."""
REPLACED = "AMLPLAN_MLFLOW_REPLACED"
"""Tells that MLflow was to talk to another server."""
LOG = 2
"""The descriptor of the run's log in its supervisor, and in what that starts."""
SERVICE_LOCK = "service.lock"
"""The file in a run's folder whose kernel lock a server holds until it is done."""
BACKLOG = 128
ENDING = 30.0
"""Seconds in which a server finishes what it was asked."""
SOON, MOST = 1.0, 10
"""A server that ends this soon, so many times, is not started again."""
_OTHERS = frozenset(
    {
        "MLFLOW_EXPERIMENT_ID",
        "MLFLOW_EXPERIMENT_NAME",
        "MLFLOW_REGISTRY_URI",
        "MLFLOW_TRACKING_AUTH",
        "MLFLOW_TRACKING_AWS_SIGV4",
        "MLFLOW_TRACKING_CLIENT_CERT_PATH",
        "MLFLOW_TRACKING_PASSWORD",
        "MLFLOW_TRACKING_SERVER_CERT_PATH",
        "MLFLOW_TRACKING_USERNAME",
    }
)
"""Variables about another server, which would get in the way of ours."""
_PROXIES = ("http_proxy", "all_proxy")


class RunService:
    """The port of one run, and its server where there is one."""

    def __init__(self, run_id: str, folder: Path, store: str, cache: str) -> None:
        self._token = os.urandom(24).hex()
        self._task = {
            "run": run_id,
            "folder": str(folder),
            "store": store,
            "cache": cache,
            "token": self._token,
        }
        self._server: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._failures = 0
        self._watched_by: select.poll | None = None
        self._listener: socket.socket | None = None
        with suppress(OSError):  # a host without a loopback: scripts run all the same
            self._listener = _listening()

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The environment of a script, with what leads it, and MLflow in it, to the service."""
        if self._listener is None:
            return dict(given)
        url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        environment = {**given, URL: url, TOKEN: self._token}
        if given.get(TRACKING) not in {"both", "leave"}:
            environment = {key: text for key, text in environment.items() if key not in _OTHERS}
            if given.get("MLFLOW_TRACKING_URI"):
                environment[REPLACED] = "1"
            environment["MLFLOW_TRACKING_URI"] = url
            environment["MLFLOW_TRACKING_TOKEN"] = self._token
            environment["MLFLOW_RUN_ID"] = str(self._task["run"])
            environment.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        return environment | _past_proxies(environment)

    def watch(self, poll: select.poll) -> None:
        """Have the port watched by a poll as long as no server takes its connections."""
        if self._listener is None:
            return
        if self._server is not None and self._server.poll() is not None:
            self._mourn()
        is_watched = self._watched_by is poll
        is_wanted = self._server is None and self._failures < MOST
        if is_wanted and not is_watched:
            poll.register(self._listener.fileno(), select.POLLIN)
        elif is_watched and not is_wanted:
            poll.unregister(self._listener.fileno())
        self._watched_by = poll if is_wanted else None

    def start_if_asked(self, ready: Collection[int]) -> None:
        """Start a server where the port is among what a poll found readable."""
        if self._listener is not None and self._listener.fileno() in ready:
            self._start(self._listener)

    def _start(self, listener: socket.socket) -> None:
        """Start a server, which takes the connections that are waiting."""
        import subprocess

        port = listener.fileno()
        self._started = time.monotonic()
        try:
            self._server = subprocess.Popen(
                [sys.executable, "-I", "-m", "amlplan_endpoint", str(port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(port,),
                cwd="/",
            )
        except OSError as failure:
            _tell(f"its service cannot be started: {failure.strerror}")
            self._give_up()
            return
        assert self._server.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(OSError):  # it has ended already, which the next look finds
            self._server.stdin.write(json.dumps(self._task).encode() + b"\n")
            self._server.stdin.flush()

    def finish(self) -> None:
        """End the service once all that was asked of it is done; blocks."""
        if self._listener is None:
            return
        if self._server is None and self._failures < MOST and _is_waited_at(self._listener):
            self._start(self._listener)  # a client that did not wait for its answer
        if self._server is not None:
            _end(self._server)
        self._listener.close()
        self._listener = None

    def _mourn(self) -> None:
        """Note that a server ended by itself; the next connection starts another."""
        is_soon = time.monotonic() - self._started < SOON
        self._failures = self._failures + 1 if is_soon else 0
        self._server = None
        if self._failures == MOST:
            _tell("its service ends again and again, and is not started any more")
            self._give_up()

    def _give_up(self) -> None:
        """Start no server any more: who connects is refused, rather than left to wait."""
        self._failures = MOST + 1
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)


def await_service(folder: Path) -> None:
    """Wait until the service of a run whose supervisor was killed is done, and for no longer."""
    try:
        lock = os.open(folder / SERVICE_LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # there was none
        return
    deadline = time.monotonic() + ENDING
    try:
        while not _is_free(lock) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        os.close(lock)


def _is_free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _listening() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Let no proxy get between a script and its own host."""
    if not any(environment.get(name) or environment.get(name.upper()) for name in _PROXIES):
        return {}
    told = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if told.strip() == "*":
        return {}
    passed = f"{told},127.0.0.1" if told else "127.0.0.1"
    return {"no_proxy": passed, "NO_PROXY": passed}


def _is_waited_at(listener: socket.socket) -> bool:
    poll = select.poll()
    poll.register(listener.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _end(server: subprocess.Popen[bytes]) -> None:
    import subprocess

    if server.stdin is not None:
        with suppress(OSError):
            server.stdin.close()
    try:
        server.wait(ENDING)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _tell(what: str) -> None:
    """Add a line to the run's log."""
    with suppress(OSError):
        os.write(LOG, f"(amlplan: {what})\n".encode())
