"""A Docker engine, and the only import of its SDK: everything else sees plain data."""

# ruff: noqa: ARG002 - an adapter takes what its protocol gives

from __future__ import annotations

import http.client
import platform
import shutil
import socket
import ssl
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from amlplan.errors import MissingSdkError, ProviderError, UnreachableError
from amlplan_docker.engine.calls import Calls
from amlplan_docker.engine.commands import EngineCommands
from amlplan_docker.engine.connection import Address, Connection, address_of, command_line
from amlplan_docker.engine.containers import EngineContainers
from amlplan_docker.engine.conversations import EngineConversations
from amlplan_docker.engine.images import EngineImages
from amlplan_docker.engine.places import EnginePlaces
from amlplan_docker.engine.reading import facts_of
from amlplan_docker.engine.ssh_dial import SshConnection
from amlplan_docker.engine.unreachable import SUMMARY, no_engine, unreachable

# The SDK's own ssh, which is not used, takes more than half of the time of importing it.
_UNUSED = "docker.transport.sshconn"
sys.modules.setdefault(_UNUSED, None)  # type: ignore[arg-type]
try:
    import docker
    import docker.auth
    import docker.errors
    import docker.tls
    import requests.adapters
    import urllib3
except ImportError as failure:
    raise MissingSdkError(
        "A package is missing",
        f"Docker engines are talked to with the package {failure.name}, which is not installed. "
        "Install it with: pip install 'amlplan[docker]'",
    ) from failure
finally:
    if sys.modules[_UNUSED] is None:
        del sys.modules[_UNUSED]

if TYPE_CHECKING:
    from amlplan_docker.engine.seen import EngineFacts
    from amlplan_docker.engine.specification import Credentials

OLDEST_API, OLDEST_ENGINE = (1, 41), "20.10"
_OLDEST = ".".join(map(str, OLDEST_API))
_NEWEST_API = (1, 45)
"""What this client was written for; an engine that speaks more is asked in this."""
_NO_HOST = "http://docker:2375"
_FAILURES = (
    docker.errors.DockerException,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


class Engine(EngineImages, EngineContainers, EngineCommands, EngineConversations, EnginePlaces):
    """One engine. Each method blocks and raises ProviderError; all may be called by many threads.

    An engine that cannot be talked to, or falls silent, is an UnreachableError from any of them.
    """

    @classmethod
    def connect(cls, connection: Connection, *, timeout: float = 60) -> Self:
        """Reach an engine and agree on a version; `timeout` is how long it may be silent."""
        address = address_of(connection)
        sdk = _session(address, timeout)
        try:
            # Not given to the constructor, which would ask for it itself, or dial a second time.
            sdk._version = _agreed_api(sdk, address)  # noqa: SLF001
        except _FAILURES as failure:
            raise unreachable(address, failure) from failure
        return cls(_SdkCalls(sdk, address, _FAILURES, timeout))

    @property
    def address(self) -> Address:
        """Where it is."""
        return self._calls.address

    @property
    def command_line(self) -> list[str]:
        """The docker command, with the options that let it reach the same engine."""
        return command_line(self.address)

    def close(self) -> None:
        """Close what connections are kept; the engine may be used again after it."""
        self._calls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def identity(self) -> str:
        """What the engine calls itself, the same for everybody and after a restart."""
        found = str(self._calls.call("info").get("ID") or "")
        if not found:
            raise UnreachableError(SUMMARY, f"{self.address.url}: it tells no id of itself.")
        return found

    def facts(self) -> EngineFacts:
        """What it is and what its machine offers, as of now."""
        info = self._calls.call("info")
        seen = facts_of(info, self._calls.call("version"))
        return replace(seen, disk_free=_disk_free(self.address, info))


class _SdkCalls(Calls):
    """The calls, with what only the SDK knows: the logins of the docker command."""

    def registry_headers(self, repository: str, auth: Credentials | None) -> dict[str, str]:
        """The headers with the login for the registry of a repository."""
        with self.told():
            try:
                registry, _ = docker.auth.resolve_repository_name(repository)
            except docker.errors.InvalidRepository as failure:
                raise ProviderError("The name of a repository is wrong", f"{failure}.") from failure
            if auth is None:
                header = docker.auth.get_config_header(self._sdk, registry)
                header = header or docker.auth.encode_header({})  # a push wants one anyway
            else:
                login = {"username": auth.username, "password": auth.password}
                header = docker.auth.encode_header({**login, "serveraddress": registry})
        return {"X-Registry-Auth": _text(header)}

    def build_headers(self) -> dict[str, str]:
        """The headers with all logins of the docker command, for bases of a build."""
        headers: dict[str, str] = {}
        with self.told():
            self._sdk._set_auth_headers(headers)  # noqa: SLF001 - there is no other way to them
        return {name: _text(value) for name, value in headers.items()}

    def close(self) -> None:
        """Close the connections that are kept."""
        self._sdk.close()


class _SocketAdapter(requests.adapters.HTTPAdapter):
    """Sends requests of a session over sockets that are not those of a host and a port."""

    def __init__(self, address: Address, timeout: float) -> None:
        super().__init__()
        self._pool = _Pool(address, timeout)

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> urllib3.HTTPConnectionPool:
        """The one pool there is."""
        return self._pool

    def get_connection(self, url: Any, proxies: Any = None) -> urllib3.HTTPConnectionPool:
        """The one pool there is."""
        return self._pool

    def request_url(self, request: Any, proxies: Any) -> str:
        """The path alone: there is no host that a proxy could be for."""
        return str(request.path_url)

    def close(self) -> None:
        """Close the connections that are kept."""
        super().close()
        self._pool.close()


class _TlsAdapter(requests.adapters.HTTPAdapter):
    """Speaks TLS as the docker command does."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Take authorities without key usage, as Docker's own instructions make them.

        Python refuses those from 3.13 on.
        """
        context = urllib3.util.ssl_.create_urllib3_context()
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        super().init_poolmanager(*arguments, ssl_context=context, **named)


class _Pool(urllib3.HTTPConnectionPool):
    def __init__(self, address: Address, timeout: float) -> None:
        super().__init__(host="docker", timeout=timeout, maxsize=8)
        self._address = address
        self._limit = timeout

    def _new_conn(self) -> _UnixHttp | _SshHttp:
        kind = _SshHttp if self._address.scheme == "ssh" else _UnixHttp
        return kind(self._address, self._limit)


class _UnixHttp(urllib3.connection.HTTPConnection):
    """A connection to a socket of this machine."""

    def __init__(self, address: Address, limit: float) -> None:
        super().__init__(host="docker", timeout=limit)
        self._address = address
        self._limit = limit

    def connect(self) -> None:
        """Open the socket, which the SDK would leave open where nobody listens."""
        opened = socket.socket(socket.AF_UNIX)
        try:
            opened.settimeout(self._limit)
            opened.connect(self._address.path)
        except BaseException:
            opened.close()
            raise
        self.sock = opened


class _SshHttp(urllib3.connection.HTTPConnection):
    """A connection over the input and output of an ssh process."""

    def __init__(self, address: Address, limit: float) -> None:
        super().__init__(host="docker", timeout=limit)
        self._address = address
        self._limit = limit
        self._ssh: SshConnection | None = None

    def connect(self) -> None:
        """Start ssh; whether it arrives shows with the first answer."""
        self._ssh = SshConnection(self._address, self._limit)
        self.sock = self._ssh.socket

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        """The answer; where there is none, why ssh gave no connection."""
        try:
            return super().getresponse()
        except (http.client.RemoteDisconnected, ConnectionError) as failure:
            if self._ssh is None:
                raise
            raise self._ssh.failure() from failure


def _session(address: Address, timeout: float) -> Any:
    """The SDK's client for an address. It asks nothing of the engine yet."""
    base = address.url if address.scheme == "tcp" else _NO_HOST
    encryption = None
    if address.is_encrypted:
        pair = (address.cert_file, address.key_file) if address.cert_file else None
        encryption = docker.tls.TLSConfig(
            client_cert=pair, ca_cert=address.ca_file, verify=address.ca_file or True
        )
    try:
        sdk = docker.APIClient(base, version=_OLDEST, timeout=timeout, tls=encryption or False)
    except docker.errors.DockerException as failure:
        raise ProviderError("The SDK of Docker refuses its settings", f"{failure}.") from failure
    # Variables of the environment for other HTTP, as REQUESTS_CA_BUNDLE, would outdo ca_file.
    sdk.trust_env = False
    if address.is_encrypted:
        sdk.mount("https://", _TlsAdapter())
    elif address.scheme != "tcp":
        sdk.mount(_NO_HOST, _SocketAdapter(address, timeout))
    return sdk


def _agreed_api(sdk: Any, address: Address) -> str:
    """The version of the API that both sides speak."""
    answer = sdk.get(f"{sdk.base_url}/version", timeout=sdk.timeout)
    try:
        said = answer.json()
        newest, oldest = (_version(said.get(name)) for name in ("ApiVersion", "MinAPIVersion"))
    except (ValueError, AttributeError):
        said, newest, oldest = {}, (), ()
    if not newest or "Version" not in said:
        raise no_engine(address, answer.text)
    if newest < OLDEST_API:
        raise UnreachableError(
            "The Docker engine is too old",
            f"{address.url}: it is {said['Version']}. Engines from {OLDEST_ENGINE} on (API "
            f"{_OLDEST}) work; this one speaks {said['ApiVersion']}.",
        )
    return ".".join(map(str, max(min(newest, _NEWEST_API), oldest)))


def _version(text: object) -> tuple[int, ...]:
    return tuple(int(part) for part in str(text).split(".")) if text else ()


def _disk_free(address: Address, info: dict[str, Any]) -> int | None:
    """What is free where the engine keeps its data, if that is on this machine."""
    if address.scheme != "unix" or info.get("Name") != platform.node():
        return None
    try:
        return shutil.disk_usage(str(info.get("DockerRootDir"))).free
    except OSError:
        return None


def _text(header: bytes | str) -> str:
    return header.decode("ascii") if isinstance(header, bytes) else header
