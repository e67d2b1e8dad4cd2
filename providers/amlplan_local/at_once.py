"""Work on many things at once, on threads that all stop at the first failure."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")


def do_at_once(items: Sequence[Item], do: Callable[[Item], object], threads: int) -> None:
    """Do something with every item; blocks until no thread is left, raises the first failure."""
    _Work(items, do).run(threads)


class _Work(Generic[Item]):
    def __init__(self, items: Sequence[Item], do: Callable[[Item], object]) -> None:
        self._left = iter(list(items))  # of a list, each thread may take the next
        self._do = do
        self._failure: BaseException | None = None

    def run(self, threads: int) -> None:
        others = [threading.Thread(target=self._go_on) for _ in range(threads - 1)]
        for other in others:
            other.start()
        self._go_on()
        for other in others:
            other.join()
        if self._failure is not None:
            raise self._failure

    def _go_on(self) -> None:
        try:
            for item in self._left:
                if self._failure is not None:
                    return
                self._do(item)
        except BaseException as failure:  # noqa: BLE001 - raised again by `run`
            self._failure = self._failure or failure
