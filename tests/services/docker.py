"""The Docker engine of the tests: one for a machine, whoever runs tests on it.

It is started by a keeper, a process of its own, when the first one holds it, and ends some seconds
after the last one let go of it, or died. `AMLPLAN_TEST_DOCKER_HOST` names another engine to use;
what tests make there goes with the test, the base images stay.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from amlplan.errors import UnreachableError
from amlplan_docker.engine.client import Engine
from amlplan_docker.engine.connection import Connection
from services import docker_base

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "AMLPLAN_TEST_DOCKER_HOST"
FOLDER = Path("/var/tmp/amlplan-tests-docker")
SOCKET = FOLDER / "docker.sock"
HOLDERS = FOLDER.with_suffix(".holders")
"""Locked shared by whoever uses the engine, and alone by the keeper while it ends it."""
STARTING = FOLDER.with_suffix(".starting")
BASE = FOLDER.with_suffix(".base")
LOG = FOLDER.with_suffix(".log")
SECONDS = 300.0
"""How long an engine may take to start on a machine that does much else."""


@dataclass(frozen=True)
class Service:
    """An engine that runs, with the image that tests build on."""

    host: str

    @cached_property
    def engine(self) -> Engine:
        return Engine.connect(Connection(self.host), timeout=SECONDS)

    @cached_property
    def base(self) -> str:
        """The tag of a Debian with the Python of this machine, and nothing else."""
        with locked(BASE):  # one makes it, the others find it
            return docker_base.ensure(self.engine)


def why_there_is_none() -> str | None:
    """Why no engine can be used here, or None where one can."""
    if os.environ.get(OTHER):
        return None
    if sys.platform != "linux" or os.getuid() != 0:
        return f"a Docker engine is started by root on Linux only; {OTHER} may name another one"
    lacking = [name for name in ("dockerd", "containerd", "iptables") if not _has(name)]
    if lacking:
        return f"there is no {' and no '.join(lacking)} here, of which a Docker engine is made"
    if other := _other_engine():
        return (
            f"another Docker engine runs on this machine, as process {other}, and two would break "
            f"each other's networks; {OTHER}=unix:///path/of/docker.sock has the tests use it"
        )
    return docker_base.why_there_is_none()


@contextmanager
def running_engine() -> Iterator[Service]:
    """An engine that runs for as long as it is held here."""
    if os.environ.get(OTHER):
        yield Service(os.environ[OTHER])
        return
    with HOLDERS.open("a") as holders:
        fcntl.flock(holders, fcntl.LOCK_SH)
        with locked(STARTING):
            if not answers(str(SOCKET)):
                _start_keeper()
        yield Service(f"unix://{SOCKET}")


def _start_keeper() -> None:
    with LOG.open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("docker_keeper.py"))],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,  # it outlives whoever started it
        )
    deadline = time.monotonic() + SECONDS
    while not answers(str(SOCKET)):
        assert keeper.poll() is None, f"the engine did not start:\n{LOG.read_text()[-4000:]}"
        assert time.monotonic() < deadline, f"the engine does not start:\n{LOG.read_text()[-4000:]}"
        time.sleep(0.05)
    keeper.returncode = 0  # it is left running on purpose


def answers(socket: str) -> bool:
    """Whether an engine answers at a socket."""
    try:
        with Engine.connect(Connection(f"unix://{socket}"), timeout=10):
            return True
    except UnreachableError:
        return False


@contextmanager
def locked(path: Path) -> Iterator[IO[str]]:
    """Have others of this machine wait meanwhile."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def _has(program: str) -> bool:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _other_engine() -> int | None:
    """An engine in this network that is not ours, by its process."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            is_here = (folder / "ns/net").readlink() == Path("/proc/self/ns/net").readlink()
        except OSError:
            continue
        is_engine = words[0].rpartition(b"/")[2] == b"dockerd"
        if is_engine and is_here and str(FOLDER).encode() not in b" ".join(words):
            return int(folder.name)
    return None
