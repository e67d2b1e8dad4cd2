"""What the control socket can ask of a front besides: settings, keys, certificate, documents.

Secrets come as the data of a command, never as arguments.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan_serve.certificates import Certificate
from amlplan_serve.front_folder import FolderError, settings_of
from amlplan_serve.keys import Keys, NoKeys
from amlplan_serve.memory import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amlplan_serve.front import Front
    from amlplan_serve.front_folder import FrontFolder, FrontSettings
    from amlplan_serve.listener import Listener
    from amlplan_serve.orders import Answer, Order

DONE: Answer = ({}, b"")


class FrontOrders:
    """Commands about a front's folder, carried out in the server's loop."""

    def __init__(
        self,
        folder: FrontFolder,
        front: Front,
        listener: Listener,
        drain: Callable[[float], None],
    ) -> None:
        self._folder = folder
        self._front = front
        self._listener = listener
        self._drain = drain

    def known(self) -> dict[str, Order]:
        """Each command by its name."""
        return {
            "configure": self._configure,
            "keys": self._keys,
            "certificate": self._certificate,
            "write": self._write,
            "read": self._read,
            "remove": self._remove,
            "list": self._list,
        }

    async def _configure(self, about: Mapping[str, Any], _: bytes) -> Answer:
        settings = settings_of(about["settings"])
        certificate = self._kept_certificate() if settings.tls else None
        keys = keys_of(self._folder, settings)
        self._folder.keep_settings(settings)
        self._front.keys = keys
        self._front.limit_bodies(settings.body_limit)
        self._listener.keep_alive(settings.keep_alive)
        self._drain(settings.drain_seconds)
        if self._listener.certificate is None or certificate is None:
            await self._show(certificate)
        else:
            self._listener.certificate.use(*self._paths())
        return DONE

    async def _show(self, certificate: Certificate | None) -> None:
        if certificate is not self._listener.certificate:
            await self._listener.show(certificate)

    async def _keys(self, _: Mapping[str, Any], data: bytes) -> Answer:
        """Let these keys in from now on; the old ones stay where they cannot be used."""
        with tempfile.TemporaryDirectory(dir=self._folder.path) as folder:
            tried = Path(folder) / "keys.json"
            write_whole(tried, data)
            Keys(str(tried))
        write_whole(self._folder.keys, data)
        self._front.keys = keys_of(self._folder, self._folder.settings())
        return DONE

    async def _certificate(self, about: Mapping[str, Any], data: bytes) -> Answer:
        """Show another certificate; `size` tells where it ends and its key begins."""
        size = int(about["size"])
        certificate, key = data[:size], data[size:]
        with tempfile.TemporaryDirectory(dir=self._folder.path) as folder:
            tried = Path(folder) / "tls.crt", Path(folder) / "tls.key"
            write_whole(tried[0], certificate)
            write_whole(tried[1], key)
            Certificate(*map(str, tried))
        write_whole(self._folder.certificate, certificate)
        write_whole(self._folder.certificate_key, key)
        if self._listener.certificate is not None:
            self._listener.certificate.use(*self._paths())
        return DONE

    async def _write(self, about: Mapping[str, Any], data: bytes) -> Answer:
        self._folder.write(str(about["name"]), data)
        return DONE

    async def _read(self, about: Mapping[str, Any], _: bytes) -> Answer:
        data = self._folder.read(str(about["name"]))
        return {"found": data is not None}, data or b""

    async def _remove(self, about: Mapping[str, Any], _: bytes) -> Answer:
        self._folder.remove(str(about["name"]))
        return DONE

    async def _list(self, _: Mapping[str, Any], __: bytes) -> Answer:
        return {"names": self._folder.names()}, b""

    def _kept_certificate(self) -> Certificate:
        if not self._folder.certificate.exists():
            raise FolderError("There is no certificate yet; give one before tls is turned on.")
        return Certificate(*self._paths())

    def _paths(self) -> tuple[str, str]:
        return str(self._folder.certificate), str(self._folder.certificate_key)


def keys_of(folder: FrontFolder, settings: FrontSettings) -> Keys | None:
    """The keys that open a front; None where it is open. Raises UnusableKeysError."""
    if settings.auth == "none":
        return None
    return Keys(str(folder.keys)) if folder.keys.exists() else NoKeys()
