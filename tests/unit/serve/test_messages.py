from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from amlplan_serve import messages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(30)
        yield ours, theirs


def test_a_message_comes_whole_with_its_descriptors(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    messages.send(ours, {"a": "ü"}, b"\0data", (ours.fileno(),))
    about, data, descriptors = messages.receive(theirs, 1)
    assert (about, data) == ({"a": "ü"}, b"\0data")
    with socket.socket(fileno=descriptors[0]) as again:
        again.sendall(b"same socket")
    assert theirs.recv(100) == b"same socket"


@pytest.mark.parametrize(
    "garbage", [b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\2\0\0\0\0[]", b"\0\0\0\1\0\0\0\0{"]
)
def test_garbage_is_no_message(pair: tuple[socket.socket, socket.socket], garbage: bytes) -> None:
    ours, theirs = pair
    ours.sendall(garbage)
    ours.shutdown(socket.SHUT_WR)
    with pytest.raises(messages.BrokenMessageError):
        messages.receive(theirs)


def test_a_socket_is_reached_however_long_its_path_is(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    path = str(folder / "s")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as caller:
        with messages.reachable(path) as short:
            listener.bind(short)
        listener.listen()
        with messages.reachable(path) as short:
            caller.connect(short)
    assert (folder / "s").is_socket()
