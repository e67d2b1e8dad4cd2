"""The front of a deployment: the container that has the port, whatever revision serves."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import NotFoundError, ProviderError
from amlplan_deployments.keys import new_keys
from amlplan_docker.deployments.control import client_of
from amlplan_docker.deployments.documents import read_files, write_document, write_keys
from amlplan_docker.deployments.front_container import (
    DRAIN,
    front_files,
    front_spec,
    remade_reasons,
)
from amlplan_docker.deployments.ports import is_taken, port_taken, ports_to_try, published_of
from amlplan_docker.engine.failures import ConflictError, NotThereError, RefusedError
from amlplan_serve.client import ServeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_docker.deployments.documents import Document
    from amlplan_docker.deployments.front_container import FrontWish
    from amlplan_docker.deployments.replica import Place
    from amlplan_docker.engine.client import Engine
    from amlplan_docker.engine.seen import ContainerSeen
    from amlplan_serve.client import ServerClient
    from amlplan_serve.settings import Status

BEGINNING = 60.0
"""Seconds in which a front that was started answers."""
LOOK = 0.1
SHOWN_LINES = 40


@dataclass(frozen=True, slots=True)
class FrontContainer:
    """Works on the front of one deployment; everything may be repeated at any point."""

    engine: Engine
    where: Place

    @property
    def name(self) -> str:
        """What its container is called."""
        return self.where.names.front

    def seen(self) -> ContainerSeen | None:
        """The container as it is."""
        return self.engine.container(self.name)

    def client(self, seen: ContainerSeen) -> ServerClient:
        """What it is commanded through."""
        return client_of(self.engine, seen)

    def status(self) -> Status | None:
        """How it is doing, None where it does not answer."""
        seen = self.seen()
        if seen is None or not seen.is_running:
            return None
        try:
            return self.client(seen).status()
        except ServeError:
            return None

    def ensure(self, document: Document, wish: FrontWish) -> tuple[Document, ServerClient]:
        """Have the front run as it is wished for, and what it is commanded by.

        One that must be made again serves on until the new one has its port, or, where that is the
        same port, until the new one is about to start. Raises ProviderError.
        """
        self.settle()
        self._make_volumes()
        seen = self.seen()
        if seen is not None and not seen.is_running:
            self._remove(seen.name)  # it may be at a port or a network that cannot be had any more
            seen = None
        if seen is None:
            document = self._made(document, wish)
        elif remade_reasons(seen, wish, self.where):
            document = self._made_again(seen, document, wish)
        else:
            self._put(seen.id, wish)
        client = self.awaited()
        self._configured(client, wish)
        return self._noted(document), client

    def settle(self) -> None:
        """Finish, or take back, what an interrupted making again left."""
        before = self.engine.container(self.where.names.leaving)
        if before is None:
            return
        seen = self.seen()
        if seen is not None and seen.is_running:
            self._remove(before.name)
            return
        if seen is not None:
            self._remove(seen.name)
        self.engine.rename(before.id, self.name)
        self.engine.start(before.id)

    def started(self) -> ServerClient:
        """What the front is commanded by, which is started where it is down."""
        self.settle()
        seen = self.seen()
        if seen is None:
            raise NotFoundError("The front is gone", f"{self.name} is no longer there.")
        self._start(seen)
        return self.awaited()

    def awaited(self) -> ServerClient:
        """What the front is commanded by, once it answers; raises ProviderError with its log."""
        deadline = time.monotonic() + BEGINNING
        while time.monotonic() < deadline:
            seen = self.seen()
            if seen is None or seen.state in ("exited", "dead"):
                break
            client = self.client(seen)
            with contextlib.suppress(ServeError):
                client.status()
                return client
            time.sleep(LOOK)
        lines = b""
        with contextlib.suppress(NotFoundError):
            lines = b"".join(self.engine.logs(self.name, tail=SHOWN_LINES))
        raise ProviderError(
            "The front did not start",
            f"{self.name} does not answer. The end of its log:\n\n{lines.decode(errors='replace')}",
        )

    def rotate(self, keys: Mapping[str, str]) -> None:
        """Have the front opened by these keys, at once where it runs."""
        seen = self.seen()
        if seen is None or not seen.is_running:
            write_keys(self.engine, self.name, keys)
            return
        try:
            self.client(seen).put_keys(keys)
        except ServeError as failure:
            raise ProviderError("The keys were not replaced", f"{failure}") from failure

    def _made(self, document: Document, wish: FrontWish) -> Document:
        """Make and start the front at the first port that can be had."""
        for port in ports_to_try(document, wish.port):
            document = self._created(document, wish, port)
            try:
                self.engine.start(self.name)
            except RefusedError as failure:
                self._remove(self.name)
                if not is_taken(failure):
                    raise ProviderError("The front did not start", failure.detail) from failure
                if wish.port is not None:
                    raise port_taken(wish.listen, port, failure) from failure
                continue
            return document
        raise ProviderError(
            "No port is free",
            "Every port that was tried on the engine's host is taken. Set port to one that is "
            "free.",
        )

    def _created(self, document: Document, wish: FrontWish, port: int) -> Document:
        """The container, not started, with its files in it."""
        spec = front_spec(wish, port, self.where)
        with contextlib.suppress(ConflictError):
            self.engine.create_container(spec)
        kept = read_files(self.engine, self.name, document.identity).document
        document = (kept or document).changed(listen=wish.listen, port=port)
        self._put(self.name, wish)
        return write_document(self.engine, self.name, document)

    def _made_again(self, seen: ContainerSeen, document: Document, wish: FrontWish) -> Document:
        """Put a new front in the place of the one that is there, which comes back where it fails.

        Both have the volumes; the replicas go over to the new one as the old one ends.
        """
        leaving = self.where.names.leaving
        found = published_of(seen)
        port = wish.port or document.port or (None if found is None else found.port)
        is_beside = found is None or port != found.port
        self.engine.rename(seen.id, leaving)
        try:
            if not is_beside and seen.is_running:
                self._created(document, wish, int(port or 0))
                self.engine.stop(leaving, timeout=DRAIN)
            document = self._made(document.changed(port=port), wish)
            self.awaited()
        except BaseException:
            with contextlib.suppress(ProviderError):  # the next apply takes it back
                self._remove(self.name)
                self.engine.rename(leaving, self.name)
                self.engine.start(self.name)
            raise
        self._remove(leaving)
        return document

    def _put(self, container: str, wish: FrontWish) -> None:
        """Put in what the front reads; keys that there are stay."""
        files = read_files(self.engine, container, self.where.names.identity)
        if not files.keys:
            write_keys(self.engine, container, new_keys())
        front_files(self.engine, container, wish)

    def _configured(self, client: ServerClient, wish: FrontWish) -> None:
        try:
            client.configure(wish.settings)
        except ServeError as failure:
            raise ProviderError("The front was not changed", f"{failure}") from failure

    def _start(self, seen: ContainerSeen) -> None:
        if seen.is_running:
            return
        try:
            self.engine.start(seen.id)
        except RefusedError as failure:
            found = published_of(seen)
            if is_taken(failure) and found is not None:
                raise port_taken(found.address, found.port, failure) from failure
            raise ProviderError("The front did not start", failure.detail) from failure

    def _make_volumes(self) -> None:
        names = self.where.names
        for name in (names.data, names.link):
            if self.engine.volume(name) is None:
                self.engine.create_volume(name, dict(self.where.labels))

    def _remove(self, container: str) -> None:
        """End a front after what it has in hand, and take its container away."""
        with contextlib.suppress(NotThereError):
            self.engine.stop(container, timeout=DRAIN)
        with contextlib.suppress(NotThereError):
            self.engine.remove_container(container, force=True)

    def _noted(self, document: Document) -> Document:
        """The document with the port that the front has, written where that was another one."""
        seen = self.seen()
        found = None if seen is None else published_of(seen)
        if found is None or (found.address, found.port) == (document.listen, document.port):
            return document
        document = document.changed(listen=found.address, port=found.port)
        return write_document(self.engine, self.name, document)
