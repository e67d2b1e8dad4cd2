"""Collection of a run's outputs: out of its working folder, into the content store."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.digests import fingerprint
from amlplan.errors import ProviderError
from amlplan_local.chosen import choose
from amlplan_local.run_state import asked_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan_local.run_events import EventFile
    from amlplan_local.store import ContentStore

PIECE = 1024 * 1024
LONGEST_EVENT = 512 * 1024
"""Characters after which another event is begun; a line of an event file has 1 MiB at most."""
ROOM_OF_A_FILE = 120
"""Characters of a digest, a size, and what stands between them."""


class _LeftOutError(Exception):
    """A file is not kept; the text says why."""


def keep_outputs(
    folder: Path, events: EventFile, include: Sequence[str], max_size: int, store: ContentStore
) -> str | None:
    """Store what is to be kept of a run and tell it by events; why that failed, or None.

    The events come when everything is stored durably. May be repeated until they are complete.
    """
    try:
        outputs = _stored(folder, include, max_size, store)
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
    folder: Path, include: Sequence[str], max_size: int, store: ContentStore
) -> tuple[dict[str, str], dict[str, int], dict[str, str]]:
    """Digests, sizes and reasons by path; raises OSError, and ProviderError of the store."""
    chosen = choose(folder / "work", include, asked_paths(folder), max_size)
    digests: dict[str, str] = {}
    sizes: dict[str, int] = {}
    left_out = dict(chosen.left_out)
    for name, path in sorted(chosen.files.items()):
        try:
            digests[name], sizes[name] = store.take(_pieces(path))
        except _LeftOutError as why:
            left_out[name] = str(why)
    store.settle(digests.values())
    return digests, sizes, left_out


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
