"""Collection of a run's outputs: out of its working folder, into the content store."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.digests import PREFIX, fingerprint
from amlplan.errors import ProviderError
from amlplan.files import sync, sync_folder
from amlplan_local.chosen import choose
from amlplan_local.run_state import asked_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_local.chosen import Wanted
    from amlplan_local.run_events import EventFile
    from amlplan_local.store import ContentStore

PIECE = 1024 * 1024
KEPT = "kept"
"""The folder of a run in which outputs lie that are kept by reference."""
LONGEST_EVENT = 512 * 1024
"""Characters after which another event is begun; a line of an event file has 1 MiB at most."""
ROOM_OF_A_FILE = 120
"""Characters of a digest, a size, and what stands between them."""


class _LeftOutError(Exception):
    """A file is not kept; the text says why."""


def keep_outputs(
    folder: Path, events: EventFile, wanted: Wanted, store: ContentStore
) -> str | None:
    """Store what is to be kept of a run and tell it by events; why that failed, or None.

    The events come when everything is stored durably. May be repeated until they are complete.
    """
    try:
        outputs = _stored(folder, wanted, store)
        for event in _events_of(*outputs):
            events.append(event)
        events.sync()
    except ProviderError as failure:
        return failure.detail
    except OSError as failure:
        return failure.strerror or str(failure)
    return None


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it, and nothing that a link in it leads to.

    What cannot be removed is left.
    """

    def allow(remove: Any, name: str, failure: Any) -> None:
        """Try again with the rights that the script may have taken from folders of its own."""
        if not isinstance(failure[1], PermissionError):
            return
        with contextlib.suppress(OSError):
            for folder in {Path(name).parent, Path(name)} - {path.parent}:
                if stat.S_ISDIR(folder.lstat().st_mode):
                    folder.chmod(0o700)
            if remove in {os.rmdir, os.unlink}:
                remove(name)
            else:
                shutil.rmtree(name, onerror=allow)

    shutil.rmtree(path, onerror=allow)


def _stored(
    folder: Path, wanted: Wanted, store: ContentStore
) -> tuple[dict[str, str], dict[str, int], dict[str, str]]:
    """Digests, sizes and reasons by path; raises OSError, and ProviderError of the store."""
    chosen = choose(
        folder / "work", wanted.include, asked_paths(folder), wanted.max_size, wanted.exclude
    )
    digests: dict[str, str] = {}
    sizes: dict[str, int] = {}
    left_out = dict(chosen.left_out)
    for name, path in sorted(chosen.files.items()):
        try:
            if wanted.by_reference:
                digests[name], sizes[name] = _kept(path, folder / KEPT / name)
            else:
                digests[name], sizes[name] = store.take(_pieces(path))
        except _LeftOutError as why:
            left_out[name] = str(why)
    if not wanted.by_reference:
        store.settle(digests.values())
    return digests, sizes, left_out


def _kept(path: Path, place: Path) -> tuple[str, int]:
    """Keep a file with its run, under another name for the same bytes; its digest and size."""
    digest, size = hashlib.sha256(), 0
    for piece in _pieces(path):
        digest.update(piece)
        size += len(piece)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    try:
        place.hardlink_to(path)
    except OSError:  # a file system that has no such links
        shutil.copyfile(path, place)
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(place.parent)
    return PREFIX + digest.hexdigest(), size


def _pieces(path: Path) -> Iterator[memoryview]:
    """The bytes of a file as it is now; raises _LeftOutError where they cannot be had whole."""
    try:
        # No link is followed any more, and a pipe in the file's place does not block.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise _LeftOutError("it is no file any more")
            buffer = bytearray(PIECE)
            total = 0
            while total <= before.st_size and (count := file.readinto(buffer)):
                total += count
                yield memoryview(buffer)[:count]
            if fingerprint(before) != fingerprint(os.fstat(file.fileno())):
                raise _LeftOutError("it changed while it was read")
    except OSError as failure:
        raise _LeftOutError(f"it cannot be read: {failure.strerror}") from failure


def _events_of(
    digests: dict[str, str], sizes: dict[str, int], left_out: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """The events that tell all of it; those before the last one say that there are `more`."""
    event, length = _empty(), 0
    for name in sorted({*digests, *left_out}):
        if length > LONGEST_EVENT:
            yield {**event, "more": True}
            event, length = _empty(), 0
        if name in left_out:
            event["left_out"][name] = left_out[name]
        else:
            event["files"][name], event["sizes"][name] = digests[name], sizes[name]
        length += len(json.dumps([name, name, left_out.get(name)])) + ROOM_OF_A_FILE
    yield event


def _empty() -> dict[str, Any]:
    return {"type": "outputs", "files": {}, "sizes": {}, "left_out": {}}
