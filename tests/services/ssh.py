"""An ssh server of the tests' own on loopback, and an `ssh` that has only their configuration."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from services.own_process import free_port, goes_with_its_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 120.0
_SETTINGS = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv DOCKER_HOST={docker} PATH=/usr/local/bin:/usr/bin:/bin
MaxSessions 50
MaxStartups 100
"""
_CLIENT = """
UserKnownHostsFile {folder}/known
GlobalKnownHostsFile /dev/null
"""


@dataclass
class SshServer:
    """A server that runs. `programs` is a folder for the PATH: its ssh knows the server's key.

    `key_file` may log in there, `other_key_file` may not.
    """

    folder: Path
    docker: str
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}"

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    @property
    def key_file(self) -> Path:
        return self.folder / "user"

    @property
    def other_key_file(self) -> Path:
        return self.folder / "stranger"

    def know(self, key: str) -> None:
        """Have the client know a host key, or nothing where it is empty."""
        known = f"[127.0.0.1]:{self.port} {key}\n" if key else ""
        (self.folder / "known").write_text(known)

    def know_it(self) -> None:
        """Have the client know the server's own key."""
        self.know((self.folder / "host.pub").read_text().strip())

    def make(self) -> None:
        for name in ("host", "user", "stranger"):
            asked = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(asked, check=True, capture_output=True)
        (self.folder / "authorized").write_text((self.folder / "user.pub").read_text())
        (self.folder / "config").write_text(_CLIENT.format(folder=self.folder))
        self.programs.mkdir()
        program = self.programs / "ssh"
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self.folder}/config "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def start(self) -> None:
        deadline = time.monotonic() + SECONDS
        while not self._started(free_port(), deadline):
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
        self.know_it()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(SECONDS)
            self._process = None

    def _started(self, port: int, deadline: float) -> bool:
        settings = _SETTINGS.format(port=port, folder=self.folder, docker=self.docker)
        (self.folder / "server").write_text(settings)
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it does not start without
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_server(), "-D", "-e", "-f", str(self.folder / "server")],
                stdin=subprocess.DEVNULL,
                stderr=log,
                preexec_fn=goes_with_its_parent,  # noqa: PLW1509 - tests start it from no thread
            )
        while time.monotonic() < deadline and self._process.poll() is None:
            if _greets(port):
                self.port = port
                return True
            time.sleep(0.05)
        self.stop()  # somebody else took the port meanwhile
        return False


@contextmanager
def running_ssh_server(docker: str) -> Iterator[SshServer]:
    """A server on which the docker command reaches an engine, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="amlplan-ssh-") as name:
        server = SshServer(Path(name), docker)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def why_there_is_none() -> str | None:
    """Why no server can be started here, or None where one can."""
    lacking = [name for name in ("ssh", "ssh-keygen", "docker") if shutil.which(name) is None]
    lacking += [] if Path(_server()).exists() else ["sshd"]
    return f"there is no {' and no '.join(lacking)} here" if lacking else None


def _server() -> str:
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "/usr/sbin/sshd"


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
