from __future__ import annotations

import pytest

from amlplan_serve import frames
from amlplan_serve.frames import BrokenFrameError, Frame, FrameReader
from amlplan_serve.inside import wire


def sent(*payloads: bytes) -> bytes:
    return b"".join(
        frames.HEADER.pack(len(payload), number, 7, frames.VALUE) + payload
        for number, payload in enumerate(payloads)
    )


@pytest.mark.parametrize("size", [1, 2, 13, 14, 1000])
def test_frames_are_found_however_they_are_cut(size: int) -> None:
    payloads = [b"", b"one", b"x" * 300, b"", b"last"]
    data = sent(*payloads)
    reader = FrameReader()
    found = [
        frame
        for start in range(0, len(data), size)
        for frame in reader.feed(data[start : start + size])
    ]
    assert found == [Frame(n, frames.VALUE, 7, payload) for n, payload in enumerate(payloads)]


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        frames.HEADER.pack(frames.LONGEST + 1, 1, 0, frames.VALUE),
        frames.HEADER.pack(0, 1, 0, frames.BODY),
    ],
)
def test_garbage_is_no_frame(garbage: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        FrameReader().feed(garbage)


@pytest.mark.parametrize("payload", [b"", b"\0\0\0\2[]", b"\0\0\0\xff{}", b"\0\0\0\1{"])
def test_a_head_that_is_none_is_told(payload: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        frames.parted(payload)


def test_head_and_body_come_apart_again() -> None:
    assert frames.parted(frames.with_head({"a": 1}, b"rest")) == ({"a": 1}, b"rest")


def test_the_worker_speaks_of_the_same_frames() -> None:
    for name in ("SETUP", "BODY", "REQUEST", "HELLO", "READY", "FAILED", "VALUE", "ANSWER"):
        assert getattr(wire, name) == getattr(frames, name)
    assert wire.HEADER.format == frames.HEADER.format
