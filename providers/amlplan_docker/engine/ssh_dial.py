"""A connection to an engine behind ssh: the system's own client, asked as the docker command does.

What `ssh HOST` can do here, this can: its configuration, agent, jumps and certificates are used.
Host keys are always checked, and nothing is ever asked.
"""

from __future__ import annotations

import shlex
import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlplan_docker.engine.connection import Address

_PROGRAM = "docker"
"""What passes the engine's socket on, on the other side."""
_NO_SUCH_COMMAND = 127
_PATIENCE = 5.0
"""Seconds that ssh gets to end after it closed the connection."""
_KEPT = 10_000
"""Bytes of its last words that are kept."""
_OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
)
_NO_ENGINE = (
    "no engine runs there, or at another socket. Start it, or write its socket as "
    "ssh://host/path/of/docker.sock"
)
_TOLD = {
    "could not resolve hostname": "the name of the host is not known here. Correct it, or see to "
    "the DNS",
    "host key verification failed": "its host key is not the known one, or not known at all. "
    "Connect once with ssh by hand, compare the key, and let it be kept in known_hosts",
    "permission denied": "the login was refused. Give a user and key_file that may log in there, "
    "or load the key into the agent",
    "too many authentication failures": "the login was refused: too many keys were tried. Give "
    "key_file",
    "connection refused": "no ssh server listens there. Correct the host and port, or start it",
    "timed out": "it did not answer in time. It is down, or a firewall is between",
    "no route to host": "there is no route to the host. See to the network",
    "failed to open the raw stream connection": _NO_ENGINE,
    "cannot connect to the docker daemon": _NO_ENGINE,
    "connect: permission denied": "the user has no permission for the engine's socket there. Have "
    "it added to its group, which is docker in most cases",
}
"""What ssh and the docker command on the other side say, in parts; the last that fits counts."""


class SshError(OSError):
    """ssh gave no connection to an engine; the text says why, for people."""


class SshConnection:
    """A running ssh whose input and output are one socket; it ends when that is closed."""

    def __init__(self, address: Address, timeout: float) -> None:
        if shutil.which("ssh") is None:
            raise SshError("there is no ssh on this machine. Install the OpenSSH client.")
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(timeout)
        with theirs:
            self._process = subprocess.Popen(
                ssh_command(address, timeout),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self._said = b""
        self._waiting = threading.Thread(target=self._wait, name="docker ssh", daemon=True)
        self._waiting.start()

    def failure(self) -> SshError:
        """Why the connection ended before an engine answered."""
        self._waiting.join(_PATIENCE)
        return SshError(_explained(self._process.returncode, self._said))

    def _wait(self) -> None:
        """Read what ssh says, all along so that it never waits for us, and see it end."""
        assert self._process.stderr is not None  # noqa: S101 - for the type checker
        with self._process.stderr as said:
            for line in said:
                self._said = (self._said + line)[-_KEPT:]
        self._process.wait()


def ssh_command(address: Address, timeout: float) -> list[str]:
    """The command whose input and output are the engine's socket."""
    command = ["ssh", "-T"]
    for option in (*_OPTIONS, f"ConnectTimeout={max(1, round(timeout))}"):
        command += ["-o", option]
    command += ["-l", address.user] if address.user else []
    command += ["-p", str(address.port)] if address.port else []
    if address.key_file:
        command += ["-i", address.key_file, "-o", "IdentitiesOnly=yes"]
    host = ["--host", f"unix://{address.path}"] if address.path else []
    return [*command, "--", address.host, shlex.join([_PROGRAM, *host, "system", "dial-stdio"])]


def _explained(code: int | None, said: bytes) -> str:
    text = " ".join(said.decode(errors="replace").split())
    if code == _NO_SUCH_COMMAND:
        return "there is no docker command on the other side, which is what passes the socket on."
    found = [told for part, told in _TOLD.items() if part in text.lower()]
    if found:
        return f"{found[-1]}. ssh says: {text}"
    return f"ssh ended with {code}. It says: {text or 'nothing'}"
