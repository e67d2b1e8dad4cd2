"""Event files as TensorBoard reads them, written without it.

A file is a sequence of records: the length in eight bytes, a checksum of it, the data, a checksum
of that. The data of each is one message of protocol buffers, of which few fields are needed.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan.history import Point

VERSION: Final = b"brain.Event:2"
_POLYNOMIAL: Final = 0x82F63B78
_MASK: Final = 0xA282EAD8
_BITS: Final = 0xFFFFFFFF
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (_POLYNOMIAL if byte & 1 else 0)  # noqa: PLW2901 - shifted out
        found.append(byte)
    return tuple(found)


_TABLE: Final = _table()


def checksum(data: bytes) -> int:
    """The checksum CRC-32C."""
    value = _BITS
    for byte in data:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ _BITS


def masked(data: bytes) -> bytes:
    """The checksum as event files hold it: turned, and a constant added."""
    value = checksum(data)
    return struct.pack("<I", (((value >> 15) | (value << 17)) + _MASK) & _BITS)


def record(data: bytes) -> bytes:
    """A record of an event file."""
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def event_file(
    started: float,
    series: Iterable[tuple[str, Iterable[Point]]],
    texts: Iterable[tuple[str, str]] = (),
) -> Iterator[bytes]:
    """The records of a file: what is in it, then texts, then the values of series."""
    yield record(_double(1, started) + _bytes(3, VERSION))
    for name, text in texts:
        summary = _bytes(1, _text_value(name, text))
        yield record(_double(1, started) + _bytes(5, summary))
    for name, points in series:
        tag = _encoded(name)
        for place, point in enumerate(points):
            value = number_of(point.value)
            if value is not None:
                step = place if point.step is None else point.step
                yield record(_scalar(point.time, step, tag, value))


def number_of(value: object) -> float | None:
    """A value as TensorBoard can draw it, None for a text; it has floats of four bytes."""
    if not isinstance(value, int | float):
        return None
    try:
        struct.pack("<f", number := float(value))
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return number


def _scalar(time: float, step: int, tag: bytes, value: float) -> bytes:
    summary = _bytes(1, _bytes(1, tag) + _key(2, _FIXED32) + struct.pack("<f", value))
    return _double(1, time) + _key(2, _VARINT) + _varint(step) + _bytes(5, summary)


def _text_value(name: str, text: str) -> bytes:
    """A text, as a tensor of one string that the plugin for texts shows."""
    shape = _bytes(2, _key(1, _VARINT) + _varint(1))
    tensor = _key(1, _VARINT) + _varint(7) + _bytes(2, shape) + _bytes(8, _encoded(text))
    plugin = _bytes(1, _bytes(1, b"text"))
    return _bytes(1, _encoded(name)) + _bytes(9, plugin) + _bytes(8, tensor)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _double(field: int, value: float) -> bytes:
    return _key(field, _FIXED64) + struct.pack("<d", value)


def _bytes(field: int, data: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """A whole number in groups of seven bits; a negative one as its complement in 64 bits."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value >= 0x80:  # noqa: PLR2004 - what seven bits hold
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
