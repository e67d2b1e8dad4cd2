"""A PostgreSQL server of the tests' own, in a folder that goes with them."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from services.own_process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 120.0
"""How long a server may take to start on a machine that does much else."""
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
max_connections = 120
shared_buffers = 32MB
logging_collector = off
"""
_PDEATHSIG = 1


@dataclass
class Server:
    """A server; `password` is that of its user, and stands in `dsn`."""

    folder: Path
    programs: Path
    user: pwd.struct_passwd
    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    _process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return f"postgresql://aml:{self.password}@127.0.0.1:{self.port}/postgres"

    def query(self, query: str, *values: Any) -> list[Any]:
        """The rows of a statement."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def make(self) -> None:
        """Make the files of the server."""
        words = self.folder / "words"
        words.write_text(self.password)
        words.chmod(0o644)
        command: list[str | Path] = [self.programs / "initdb", "-D", self.folder / "data"]
        command += ["-U", "aml", "-A", "scram-sha-256", "--pwfile", words, "-N"]
        command += ["--no-instructions", "-E", "UTF8", "--locale", "C.UTF-8"]
        subprocess.run(
            command, check=True, capture_output=True, preexec_fn=self._as_user, cwd=self.folder
        )
        with (self.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)

    def start(self) -> None:
        """Start it, and wait until it answers; its port may be another one each first time."""
        deadline = time.monotonic() + SECONDS
        while True:
            port = self.port or free_port()
            data = self.folder / "data"
            command: list[str | Path] = [self.programs / "postgres", "-D", data, "-p", str(port)]
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    command,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    preexec_fn=self._as_user,  # noqa: PLW1509 - tests start it from no thread
                )
            if self._answers(port, deadline):
                self.port = port
                return
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]

    def stop(self) -> None:
        """End it as a machine does that is shut down."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power loss does."""
        self._end(signal.SIGQUIT)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(SECONDS)
            self._process = None

    def _answers(self, port: int, deadline: float) -> bool:
        dsn = f"host=127.0.0.1 port={port} user=aml password={self.password} dbname=postgres"
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                return False  # somebody else took the port meanwhile
            try:
                psycopg.connect(dsn, connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
                continue
            return True
        return False

    def _as_user(self) -> None:
        if os.getuid() == 0:
            os.setgid(self.user.pw_gid)
            os.setgroups([])
            os.setuid(self.user.pw_uid)
        # Also where the tests are killed: it goes with the process that started it.
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGQUIT)


def why_there_is_none() -> str | None:
    """Why no server can be started here, or None where one can."""
    if _programs() is None:
        return "PostgreSQL is not installed: no initdb on the PATH or in /usr/lib/postgresql"
    if os.getuid() == 0 and _user() is None:
        return "PostgreSQL does not run as root, and there is neither a user postgres nor nobody"
    return None


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parent.parent.name), default=None)
    return None if newest is None else newest.parent


def _user() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


@contextmanager
def running_server() -> Iterator[Server]:
    """A server that runs, in a folder of its own; both are gone in the end."""
    programs, user = _programs(), _user()
    assert programs is not None
    assert user is not None
    with tempfile.TemporaryDirectory(prefix="amlplan-postgresql-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if os.getuid() == 0:
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = Server(folder, programs, user)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.kill()
