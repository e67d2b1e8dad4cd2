"""The layers of an image that an engine saved, for archives that have to have them all."""

from __future__ import annotations

import io
import tarfile
import zlib
from typing import TYPE_CHECKING

from amlplan.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    from amlplan_images.layer_cache import LayerCache
    from amlplan_images.layers import Layer

_GZIP = b"\x1f\x8b"
_MAGIC = slice(257, 262)
_BLOCK, _PIECE = 512, 1 << 20


def saved_layers(pieces: Iterable[bytes], cache: LayerCache) -> dict[str, Layer]:
    """The layers in what `docker save` gives, by their diff id; they are kept in the cache.

    Layers of any age of engine, also packed by gzip. Blocks; raises ProviderError where the bytes
    are no such archive.
    """
    found: dict[str, Layer] = {}
    try:
        with tarfile.open(fileobj=_Stream(iter(pieces)), mode="r|") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                content = None if file is None else _archive_in(file)
                if content is not None:
                    layer = cache.store("base image", content)
                    found[layer.diff_id] = layer
    except (tarfile.TarError, zlib.error) as failure:
        raise ProviderError(
            "The base image cannot be read",
            f"What the engine saved of it is no archive of an image: {failure}. Try again.",
        ) from failure
    return found


def _archive_in(file: IO[bytes]) -> Iterator[bytes] | None:
    """The bytes of a member that is a layer, unpacked; None for another one."""
    head = file.read(_BLOCK)
    if head.startswith(_GZIP):
        return _unpacked(head, file)
    if head[_MAGIC] == b"ustar" or (len(head) == _BLOCK and not any(head)):
        return _rest(head, file)
    return None


def _rest(head: bytes, file: IO[bytes]) -> Iterator[bytes]:
    piece = head
    while piece:
        yield piece
        piece = file.read(_PIECE)


def _unpacked(head: bytes, file: IO[bytes]) -> Iterator[bytes]:
    unpacking = zlib.decompressobj(wbits=31)
    for piece in _rest(head, file):
        yield unpacking.decompress(piece)
    yield unpacking.flush()


class _Stream(io.RawIOBase):
    """Pieces as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        taken: list[memoryview] = []
        while size > 0:
            if not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._left = memoryview(piece)
            taken.append(self._left[:size])
            self._left = self._left[len(taken[-1]) :]
            size -= len(taken[-1])
        return b"".join(taken)
