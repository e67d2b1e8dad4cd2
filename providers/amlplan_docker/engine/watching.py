"""Long calls watched: silence is allowed as long as the engine answers beside them."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)
_AHEAD = 4
"""How many items are read before they are taken: enough to keep going, little in memory."""
_NOTICE = 0.5
"""Seconds after which a thread that can hand on nothing looks whether it still should."""


class Stream(Protocol[Item_co]):
    """Items that come one by one; `close` ends a read that waits, from another thread too."""

    def __iter__(self) -> Iterator[Item_co]:
        """The items, once."""
        ...

    def close(self) -> None:
        """Let go of it; may be called twice, and in the middle of a read."""
        ...


class Watched(Generic[Item]):
    """Items of a stream, as they come; while none does, `is_alive` is asked every `quiet` seconds.

    A thread reads the stream, since a read that waits cannot be given up without breaking the
    stream. What `is_alive` raises ends the iteration, as does what the stream raises.
    """

    def __init__(
        self, opening: Callable[[], Stream[Item]], is_alive: Callable[[], object], quiet: float
    ) -> None:
        self._opening = opening
        self._is_alive = is_alive
        self._quiet = quiet
        self._items: queue.Queue[tuple[str, Any]] = queue.Queue(_AHEAD)
        self._is_closed = threading.Event()
        self._stream: Stream[Item] | None = None

    def __iter__(self) -> Iterator[Item]:
        threading.Thread(target=self._read, name="docker stream", daemon=True).start()
        try:
            while True:
                what, value = self._next()
                if what == "end":
                    return
                if what == "failed":
                    raise value
                yield value
        finally:
            self._is_closed.set()
            if self._stream is not None:
                self._stream.close()

    def _next(self) -> tuple[str, Any]:
        while True:
            try:
                return self._items.get(timeout=self._quiet)
            except queue.Empty:
                self._is_alive()

    def _read(self) -> None:
        try:
            self._stream = self._opening()
            if self._is_closed.is_set():
                self._stream.close()
                return
            for item in self._stream:
                if not self._put("item", item):
                    return
            self._put("end", None)
        except BaseException as failure:  # noqa: BLE001 - raised where the items are taken
            self._put("failed", failure)

    def _put(self, what: str, value: object) -> bool:
        while not self._is_closed.is_set():
            try:
                self._items.put((what, value), timeout=_NOTICE)
            except queue.Full:
                continue
            return True
        return False


class _Once(Generic[Item]):
    """The answer of a call, as a stream of one item."""

    def __init__(self, call: Callable[[], Item]) -> None:
        self._call = call

    def __iter__(self) -> Iterator[Item]:
        yield self._call()

    def close(self) -> None:
        """Nothing is held."""


def watched_call(call: Callable[[], Item], is_alive: Callable[[], object], quiet: float) -> Item:
    """What a call gives that may take long; raises what it raises, and what `is_alive` does."""
    (given,) = Watched(lambda: _Once(call), is_alive, quiet)
    return given
