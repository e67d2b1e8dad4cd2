"""Long calls: they go on while the engine answers, and end where it falls silent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import UnreachableError
from amlplan_docker.engine.watching import Watched, watched_call

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 60.0


class Waiting:
    """A stream that gives some items, then waits until it is closed."""

    def __init__(self, *items: int) -> None:
        self.items = items
        self.is_closed = threading.Event()
        self.is_over = threading.Event()

    def __iter__(self) -> Iterator[int]:
        yield from self.items
        assert self.is_closed.wait(LIMIT)
        self.is_over.set()

    def close(self) -> None:
        self.is_closed.set()


def alive() -> None:
    pass


def silent() -> None:
    raise UnreachableError("silent", "It says nothing.")


def test_a_silent_stream_ends_with_what_is_said_of_the_engine() -> None:
    stream = Waiting(1, 2)
    got: list[int] = []
    with pytest.raises(UnreachableError, match="silent"):
        got.extend(Watched(lambda: stream, silent, 0.01))
    assert stream.is_closed.is_set()
    assert stream.is_over.wait(LIMIT)


def test_silence_is_no_failure_while_the_engine_answers() -> None:
    stream = Waiting(1)
    asked: list[int] = []

    def is_alive() -> None:
        asked.append(1)
        if len(asked) == 3:
            stream.close()

    assert list(Watched(lambda: stream, is_alive, 0.01)) == [1]
    assert len(asked) >= 3


def test_a_consumer_that_stops_early_lets_go_of_the_stream() -> None:
    stream = Waiting(1, 2, 3, 4, 5, 6, 7, 8, 9)
    items = iter(Watched(lambda: stream, alive, LIMIT))
    assert next(items) == 1
    items.close()  # type: ignore[attr-defined]
    assert stream.is_closed.is_set()


def test_little_is_read_ahead() -> None:
    given: list[int] = []

    class Counting(Waiting):
        def __iter__(self) -> Iterator[int]:
            for number in range(1000):
                given.append(number)
                yield number

    items = iter(Watched(lambda: Counting(), alive, LIMIT))  # noqa: PLW0108
    assert next(items) == 0
    assert len(given) < 10
    assert list(items) == list(range(1, 1000))


def test_what_a_call_raises_is_raised_here() -> None:
    def failing() -> int:
        raise ValueError("this")

    with pytest.raises(ValueError, match="this"):
        watched_call(failing, alive, LIMIT)
    assert watched_call(lambda: 7, silent, LIMIT) == 7


def test_a_call_that_never_ends_is_given_up() -> None:
    ending = threading.Event()
    with pytest.raises(UnreachableError):
        watched_call(lambda: ending.wait(LIMIT), silent, 0.01)
    ending.set()
