from __future__ import annotations

import os
import select
import threading

import pytest

from amlplan_local import streams
from amlplan_local.streams import Streams

needs_edges = pytest.mark.skipif(
    not hasattr(select, "epoll"), reason="the system does not tell which stream was first"
)


class Reader:
    """Two pipes, whose writing ends a test holds as a script does."""

    def __init__(self) -> None:
        self.streams = Streams()
        self.out, self.err = self.streams.writing
        self.read: list[tuple[str, bytes]] = []

    def look(self) -> str:
        """Read what is there; all of it that was read until now."""
        self.streams.read(
            lambda data: self.read.append(("out", data)),
            lambda data: self.read.append(("err", data)),
        )
        return b"".join(data for _, data in self.read).decode(errors="replace")

    def of(self, name: str) -> bytes:
        return b"".join(data for stream, data in self.read if stream == name)

    def is_ready(self) -> bool:
        poll = select.poll()
        for descriptor in self.streams.waiting:
            poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))


@pytest.fixture(params=["edges", "none"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that tells which stream was first, or one that does not."""
    if request.param == "none":
        monkeypatch.delattr(select, "epoll", raising=False)


@pytest.mark.usefixtures("system")
def test_a_quick_reader_has_every_line_in_its_place() -> None:
    reader = Reader()
    for number in range(50):
        os.write(reader.err if number % 3 else reader.out, b"%d " % number)
        assert reader.is_ready()
        reader.look()
        assert not reader.is_ready()
    assert reader.look().split() == [str(number) for number in range(50)]


@needs_edges
@pytest.mark.parametrize("order", ["oe", "eo", "o", "e", "oeo"])
def test_the_stream_that_was_first_goes_first(order: str) -> None:
    reader = Reader()
    for round_ in range(3):
        for stream in order:
            os.write(reader.out if stream == "o" else reader.err, stream.encode())
        expected = "".join(sorted(order, key=order.index)) * (round_ + 1)
        assert reader.look() == expected


@pytest.mark.usefixtures("system")
def test_the_end_of_both_is_seen_with_what_came_before() -> None:
    reader = Reader()
    os.write(reader.out, b"last")
    os.write(reader.err, b"words")
    reader.streams.close_writing()
    assert reader.look() == "lastwords"
    assert not reader.streams.is_open
    assert not reader.streams.waiting
    reader.streams.close()


@pytest.mark.usefixtures("system")
def test_a_flood_is_read_in_pieces_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PIECE", 1000)
    reader = Reader()
    data = os.urandom(300_000)

    def write() -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(reader.out, rest) :]
        os.close(reader.out)
        os.close(reader.err)

    writer = threading.Thread(target=write)
    writer.start()
    while reader.streams.is_open:
        if not reader.streams.has_more:
            select.select(reader.streams.waiting, [], [], 30)
        reader.look()
    writer.join()
    assert reader.of("out") == data
    assert max(len(piece) for _, piece in reader.read) <= 1000
