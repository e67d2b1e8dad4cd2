"""Why an engine cannot be talked to, read off what failed below the SDK."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING

from amlplan.errors import UnreachableError
from amlplan_docker.engine.ssh_dial import SshError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_docker.engine.connection import Address

_SHOWN = 100
"""Characters of an answer that is none that are shown."""
SUMMARY = "The Docker engine cannot be reached"


def unreachable(address: Address, failure: BaseException) -> UnreachableError:
    """The error for an engine that did not answer, or not as one."""
    return UnreachableError(SUMMARY, f"{address.url}: {_reason(address, failure)}")


def no_engine(address: Address, answered: str) -> UnreachableError:
    """The error for something that answers and is no Docker engine."""
    if "HTTPS server" in answered:
        what = "it wants TLS. Give ca_file, and cert_file with key_file, in `connection`."
    else:
        said = " ".join(answered.split())[:_SHOWN]
        what = (
            f"what answers there is no Docker engine ({said}). Correct the host and port in "
            "`connection`."
        )
    return UnreachableError(SUMMARY, f"{address.url}: {what}")


def _reason(address: Address, failure: BaseException) -> str:
    found = list(_chain(failure))
    for told in (_ssh, _tls, _network):
        for each in found:
            reason = told(address, each)
            if reason is not None:
                return reason
    return f"{failure}. See whether the engine runs."


def _ssh(_address: Address, failure: BaseException) -> str | None:
    return str(failure) if isinstance(failure, SshError) else None


def _tls(address: Address, failure: BaseException) -> str | None:
    if isinstance(failure, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not accepted: {failure.verify_message}. Either ca_file is not the "
            "one that the engine's certificate is signed with, or another machine answers."
        )
    if not isinstance(failure, ssl.SSLError):
        return None
    text = str(failure).lower()
    if "alert" in text or "certificate required" in text:
        shown = "the client certificate" if address.cert_file else "a client without certificate"
        return (
            f"it refuses {shown}. Give cert_file and key_file that are signed with the "
            "authority that the engine trusts."
        )
    if isinstance(failure, ssl.SSLEOFError):
        return _dropped(address)
    if "wrong version number" in text or "record layer failure" in text:
        return "it speaks no TLS on this port. Correct the port, or leave ca_file out."
    if "key values mismatch" in text or "pem" in text:
        return f"the certificate or the key cannot be used: {failure.reason or failure}."
    return f"TLS failed: {failure.reason or failure}."


def _network(address: Address, failure: BaseException) -> str | None:
    if isinstance(failure, socket.gaierror):
        return f"the name {address.host} is not known here. Correct it, or see to the DNS."
    if isinstance(failure, FileNotFoundError):
        return "there is no such socket. Start the engine, or correct `host` in `connection`."
    if isinstance(failure, PermissionError):
        return (
            "you have no permission for the socket. Have yourself added to its group, which is "
            "docker in most cases, and log in again."
        )
    if isinstance(failure, ConnectionRefusedError):
        return "nothing listens there. Start the engine, or correct `host` in `connection`."
    if isinstance(failure, TimeoutError):
        return (
            "it did not answer in time. It is frozen or overloaded, or a firewall drops what is "
            "sent to it."
        )
    return _broken(address, failure)


def _broken(address: Address, failure: BaseException) -> str | None:
    if isinstance(failure, (http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return _dropped(address)
    if isinstance(failure, (http.client.HTTPException, UnicodeDecodeError)):
        return "what answers there does not speak HTTP. Correct the host and port in `connection`."
    if isinstance(failure, ConnectionError):
        return _dropped(address)
    if isinstance(failure, OSError) and failure.errno is not None:
        return f"{failure.strerror or failure}. See to the network between here and there."
    return None


def _dropped(address: Address) -> str:
    hint = ""
    if address.scheme == "tcp" and not address.is_encrypted:
        hint = " It may want TLS."
    elif address.is_encrypted and not address.cert_file:
        hint = " It may want a client certificate, as cert_file and key_file."
    return f"it dropped the connection. See whether it was stopped, and try again.{hint}"


def _chain(failure: BaseException) -> Iterator[BaseException]:
    """What failed below: the deepest first. Libraries keep it in several places."""
    seen: list[BaseException] = []
    waiting: list[object] = [failure]
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or any(each is other for other in seen):
            continue
        seen.append(each)
        waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return reversed(seen)
