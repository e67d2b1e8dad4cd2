"""What a front remembers over its restarts: which revision is active or paused."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from amlplan_serve.settings import spec_from_json

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_serve.settings import RevisionSpec


class UnusableMemoryError(Exception):
    """What was remembered cannot be read; the text says where."""


class Memory:
    """A document in the front's folder, written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, active: RevisionSpec | None, paused: RevisionSpec | None) -> None:
        """Remember these; raises OSError."""
        told = {
            "active": active.as_json() if active is not None else None,
            "paused": paused.as_json() if paused is not None else None,
        }
        write_whole(self._path, json.dumps(told, indent=1).encode())

    def recall(self) -> tuple[RevisionSpec | None, RevisionSpec | None]:
        """The active and the paused revision; raises UnusableMemoryError."""
        try:
            told = json.loads(self._path.read_bytes())
            return _spec(told["active"]), _spec(told["paused"])
        except FileNotFoundError:
            return None, None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
            raise UnusableMemoryError(f"{self._path} cannot be used: {failure!r}.") from failure


def _spec(value: Any) -> RevisionSpec | None:
    return spec_from_json(value) if value is not None else None


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Have these bytes at a path for good, or what was there before; raises OSError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        aside.replace(path)
    except OSError:
        aside.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
