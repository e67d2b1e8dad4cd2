"""What the control socket can ask of a server, by the name of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan_serve.keys import Keys
from amlplan_serve.settings import spec_from_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from amlplan_serve.front import Front
    from amlplan_serve.listener import Listener
    from amlplan_serve.revisions import Revisions
    from amlplan_serve.settings import Status

    Answer = tuple[dict[str, Any], bytes]
    Order = Callable[[Mapping[str, Any], bytes], Awaitable[Answer]]

DONE: Answer = ({}, b"")


class Orders:
    """Carries out commands in the server's loop; `handle` raises what a caller is to be told."""

    def __init__(
        self,
        revisions: Revisions,
        front: Front,
        listener: Listener,
        status: Callable[[], Status],
    ) -> None:
        self._revisions = revisions
        self._front = front
        self._listener = listener
        self._status = status
        self._known: dict[str, Order] = {
            "status": self._tell,
            "score": self._score,
            "load": self._load,
            "activate": self._activate,
            "discard": self._discard,
            "scale": self._scale,
            "pause": self._pause,
            "resume": self._resume,
            "use_keys": self._use_keys,
            "listen": self._listen,
            "stop": self._stop,
        }

    def learn(self, more: Mapping[str, Order]) -> None:
        """Obey these commands too."""
        self._known.update(more)

    async def handle(self, command: str, about: Mapping[str, Any], data: bytes) -> Answer:
        """Carry out one command; raises ValueError for one that there is not."""
        order = self._known.get(command)
        if order is None:
            raise ValueError(command)
        return await order(about, data)

    async def _tell(self, _: Mapping[str, Any], __: bytes) -> Answer:
        return self._status().as_json(), b""

    async def _load(self, about: Mapping[str, Any], _: bytes) -> Answer:
        await self._revisions.load(spec_from_json(about["spec"]), about["secrets"])
        return DONE

    async def _activate(self, about: Mapping[str, Any], _: bytes) -> Answer:
        await self._revisions.activate(about["revision"])
        return DONE

    async def _discard(self, about: Mapping[str, Any], _: bytes) -> Answer:
        await self._revisions.discard(about["revision"])
        return DONE

    async def _scale(self, about: Mapping[str, Any], _: bytes) -> Answer:
        await self._revisions.scale(int(about["workers"]), about.get("upstreams"))
        return DONE

    async def _pause(self, _: Mapping[str, Any], __: bytes) -> Answer:
        await self._revisions.pause()
        return DONE

    async def _resume(self, _: Mapping[str, Any], __: bytes) -> Answer:
        await self._revisions.resume()
        return DONE

    async def _use_keys(self, about: Mapping[str, Any], _: bytes) -> Answer:
        path = about["keys"]
        self._front.keys = Keys(path) if path is not None else None
        return DONE

    async def _listen(self, about: Mapping[str, Any], _: bytes) -> Answer:
        await self._listener.move(int(about["port"]))
        return DONE

    async def _stop(self, about: Mapping[str, Any], _: bytes) -> Answer:
        self._listener.end(float(about["drain_seconds"]))
        return DONE

    async def _score(self, about: Mapping[str, Any], data: bytes) -> Answer:
        pool = self._revisions.find(about["revision"])
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in about["headers"].items()
        ]
        response = await self._front.answer(pool, "POST", b"", headers, data)
        told = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers
        ]
        return {"status": response.status, "headers": told}, response.body
