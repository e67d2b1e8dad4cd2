"""How an engine is reached: what people write, read and checked."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from amlplan.errors import ProviderError

DEFAULT_SOCKET = "/var/run/docker.sock"
FORMS = "unix:///path/of/docker.sock, tcp://host:2376 or ssh://user@host"
_TCP_PORT, _TLS_PORT = 2375, 2376
Scheme = Literal["unix", "tcp", "ssh"]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where an engine is, and what is shown to it.

    Without a host it is the one that `DOCKER_HOST` names, with `DOCKER_TLS_VERIFY` and
    `DOCKER_CERT_PATH` as the docker command reads them, else the socket of this machine. The files
    are those of TLS; for ssh:// `key_file` is the private key to log in with.
    """

    host: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A connection that was read: complete, and of a known form. `path` is that of a socket."""

    scheme: Scheme
    host: str = ""
    port: int | None = None
    user: str | None = None
    path: str = ""
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme == "tcp" and bool(self.ca_file or self.cert_file)

    @property
    def url(self) -> str:
        """The address as people and the docker command write it."""
        if self.scheme == "unix":
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{host}{port}{self.path}"


def address_of(connection: Connection) -> Address:
    """Read a connection; raises ProviderError that says what is wrong with it."""
    if connection.host is None:
        connection = _of_environment(connection)
    host = (connection.host or "").strip()
    if not host:
        raise _wrong("It is empty.")
    if "://" not in host:
        raise _wrong(f"{host!r} does not say how the engine is reached.")
    scheme = host.partition("://")[0].lower()
    if scheme == "unix":
        return _unix(host, connection)
    if scheme in ("tcp", "https", "http", "ssh"):
        return _remote(host, connection)
    raise _wrong(f"{scheme}:// is no way to reach an engine.")


def command_line(address: Address) -> list[str]:
    """The docker command with the options that let it reach the same engine."""
    command = ["docker", "--host", address.url]
    if address.is_encrypted:
        command.append("--tlsverify")
        files = {"ca": address.ca_file, "cert": address.cert_file, "key": address.key_file}
        for name, path in files.items():
            command += [f"--tls{'cacert' if name == 'ca' else name}", path] if path else []
    return command


def _of_environment(connection: Connection) -> Connection:
    host = os.environ.get("DOCKER_HOST") or f"unix://{DEFAULT_SOCKET}"
    if connection.ca_file or connection.cert_file or not os.environ.get("DOCKER_TLS_VERIFY"):
        return Connection(host, connection.ca_file, connection.cert_file, connection.key_file)
    folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    return Connection(host, *(str(folder / f"{name}.pem") for name in ("ca", "cert", "key")))


def _unix(host: str, connection: Connection) -> Address:
    path = unquote(host.partition("://")[2])
    if not path.startswith("/"):
        raise _wrong(f"{host!r} names no absolute path; write three slashes, as in unix:///run/….")
    if connection.ca_file or connection.cert_file:
        raise _wrong("A socket of this machine speaks no TLS; leave the certificates out.")
    return Address("unix", path=path)


def _remote(host: str, connection: Connection) -> Address:
    try:
        parts = urlsplit(host)
        name, port = parts.hostname or "", parts.port
    except ValueError as failure:
        raise _wrong(f"{_hidden(host)} cannot be read: {failure}.") from None
    if not name:
        raise _wrong(f"{_hidden(host)} names no host.")
    if name.startswith("-") or re.search(r"[\s'\"\\;&|$`<>()]", name):
        raise _wrong(f"{name!r} is no name of a host.")
    if parts.password is not None:
        raise _wrong("It holds a password. Use a key, or an agent that has one.")
    if parts.query or parts.fragment:
        raise _wrong(f"{_hidden(host)} has something behind its path.")
    if parts.scheme.lower() == "ssh":
        return _ssh(name, port, parts.username, parts.path, connection)
    if parts.username is not None:
        raise _wrong(f"{_hidden(host)} names a user, which only ssh:// has.")
    return _tcp(name, port, parts.path, parts.scheme.lower(), connection)


def _ssh(
    name: str, port: int | None, user: str | None, path: str, connection: Connection
) -> Address:
    if connection.ca_file or connection.cert_file:
        raise _wrong("ssh:// needs no certificates; leave them out.")
    if user is not None and (user.startswith("-") or not re.fullmatch(r"[\w.@\\+-]+", user)):
        raise _wrong(f"{user!r} is no name of a user.")
    path = "" if path == "/" else unquote(path)
    return Address("ssh", name, port, user, path, key_file=_file(connection.key_file, "key_file"))


def _tcp(name: str, port: int | None, path: str, scheme: str, connection: Connection) -> Address:
    if path not in ("", "/"):
        raise _wrong(f"tcp:// takes a host and a port, and not the path {path}.")
    if bool(connection.cert_file) != bool(connection.key_file):
        raise _wrong("cert_file and key_file belong together; give both, or neither.")
    is_encrypted = bool(connection.ca_file or connection.cert_file)
    if scheme == "https" and not is_encrypted:
        raise _wrong("https:// needs ca_file, the certificate that the engine's is signed with.")
    return Address(
        "tcp",
        name,
        port or (_TLS_PORT if is_encrypted else _TCP_PORT),
        ca_file=_file(connection.ca_file, "ca_file"),
        cert_file=_file(connection.cert_file, "cert_file"),
        key_file=_file(connection.key_file, "key_file"),
    )


def _file(path: str | None, field: str) -> str | None:
    if path is None:
        return None
    found = Path(path).expanduser()
    try:
        with found.open("rb"):
            return str(found)
    except OSError as failure:
        raise ProviderError(
            "A file of the connection cannot be read",
            f"{field} is {path}: {failure.strerror}. Correct the path in `connection`, or the "
            "rights of the file.",
        ) from None


def _hidden(host: str) -> str:
    return repr(re.sub(r"//([^/@:]*):[^/@]*@", r"//\1:***@", host))


def _wrong(what: str) -> ProviderError:
    return ProviderError(
        "The address of a Docker engine is wrong", f"{what} Write `host` as {FORMS}."
    )
