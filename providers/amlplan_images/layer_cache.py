"""Layers on this machine: what they measure by what they are made of, and those that were built."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from typing import TYPE_CHECKING

from amlplan.aside import drop_left_behind, made_folder, make_file
from amlplan.digests import PREFIX
from amlplan.errors import ProviderError
from amlplan.files import encode, failure_at, make_folder, write_file
from amlplan_images.layers import LAYER_FORMAT, Layer, Measured, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from amlplan_schemas.base import JsonValue

_PIECE = 1 << 20
_PART, _ROOM = ".part", ".room"
UNUSED = 60 * 86_400.0
"""Seconds after which a built layer goes that nothing asked for."""


def key_of(document: JsonValue) -> str:
    """A key for what a layer is made of: a digest, other where layers are written otherwise."""
    text = json.dumps([LAYER_FORMAT, document], sort_keys=True, separators=(",", ":"))
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


class LayerCache:
    """A folder that may be deleted at any time, and whose content is believed by nobody.

    What an archive measures is compared as it is sent, so that a cache which was meddled with
    costs time only.
    """

    def __init__(self, cache_folder: Path) -> None:
        self._folder = cache_folder / "layers"

    def measured(self, key: str) -> Measured | None:
        """What the layer of a key measures, None where it is not remembered."""
        try:
            document = json.loads(self._note(key).read_bytes())
            return Measured.from_lock(document)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, key: str, measured: Measured) -> None:
        """Keep what a layer measures; a cache that cannot be written is done without."""
        try:
            make_folder(self._folder)
            write_file(
                self._note(key), encode({"diff_id": measured.diff_id, "size": measured.size})
            )
        except ProviderError:
            return

    def forget(self, key: str) -> None:
        """Drop what is remembered under a key."""
        self._note(key).unlink(missing_ok=True)

    @contextlib.contextmanager
    def room(self) -> Iterator[Path]:
        """An empty folder for a moment, on the file system of the cache; raises ProviderError.

        Installers link files into it from a cache of their own where that lies there too.
        """
        make_folder(self._folder)
        drop_left_behind(self._folder, "", _ROOM)
        folder = self._folder / f"{secrets.token_hex(8)}{_ROOM}"
        try:
            with made_folder(folder):
                yield folder.resolve()
        except OSError as failure:
            raise failure_at(folder, "used", failure) from failure
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def built(self, name: str, measured: Measured) -> Layer | None:
        """The layer that was built earlier, None where it is not here."""
        path = self._archive(measured.diff_id)
        try:
            if path.stat().st_size != measured.size:
                return None
            os.utime(path)  # it is in use
        except OSError:
            return None
        return self._layer(name, measured, path)

    def keep(
        self,
        name: str,
        key: str,
        pieces: Iterable[bytes | memoryview],
        check: Callable[[], None] = lambda: None,
    ) -> Layer:
        """Write a layer into the cache and remember it; raises ProviderError."""
        layer = self.store(name, pieces, check)
        self.remember(key, Measured(layer.diff_id, layer.size))
        return layer

    def store(
        self,
        name: str,
        pieces: Iterable[bytes | memoryview],
        check: Callable[[], None] = lambda: None,
    ) -> Layer:
        """Write a layer into the cache, where its digest finds it; raises ProviderError."""
        make_folder(self._folder)
        drop_left_behind(self._folder, "", _PART)
        self._drop_unused()
        part = self._folder / f"{secrets.token_hex(8)}{_PART}"
        try:
            with os.fdopen(make_file(part), "wb") as file:
                measured = measure(_written(pieces, file.write), check)
                file.flush()
                path = self._archive(measured.diff_id)
                part.replace(path)
        except OSError as failure:
            raise failure_at(part, "written", failure) from failure
        finally:
            part.unlink(missing_ok=True)
        return self._layer(name, measured, path)

    def _drop_unused(self) -> None:
        """Remove layers that nothing asked for in a long time."""
        before = time.time() - UNUSED
        for path in self._folder.glob("*.tar"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _layer(self, name: str, measured: Measured, path: Path) -> Layer:
        def damaged() -> ProviderError:
            path.unlink(missing_ok=True)
            return ProviderError(
                "A cached layer is damaged",
                f"{path} no longer had the bytes of its digest, and was removed. Apply again: the "
                f"layer of {name} is built anew.",
            )

        return Layer(name, measured.diff_id, measured.size, lambda: _read(path), damaged)

    def _note(self, key: str) -> Path:
        return self._folder / f"{key.removeprefix(PREFIX)}.json"

    def _archive(self, diff_id: str) -> Path:
        return self._folder / f"{diff_id.removeprefix(PREFIX)}.tar"


def _written(
    pieces: Iterable[bytes | memoryview], write: Callable[[bytes | memoryview], object]
) -> Iterator[bytes | memoryview]:
    for piece in pieces:
        write(piece)
        yield piece


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as failure:
        raise failure_at(path, "read", failure) from failure
