"""A fake engine: a folder that is reached by its name, and knows who it is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_schemas.state import Record

FOLDER = "AMLPLAN_FAKE_ENGINES"
"""The environment variable with the folder that all engines are in."""


class FakeEngine:
    """What a target does: files by the identity of their object, and a note of each call."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.folder = Path(os.environ[FOLDER]) / host

    @property
    def identity(self) -> str:
        """Who the engine is; raises UnreachableError where nothing answers."""
        try:
            return (self.folder / "id").read_text()
        except FileNotFoundError:
            raise UnreachableError("The engine does not answer", f"{self.host}: nothing") from None

    def object(self, key: str) -> dict[str, Any] | None:
        """What is kept for an object's identity."""
        path = self._path(key)
        found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
        return found

    def put(self, key: str, item: Mapping[str, Any]) -> None:
        """Keep an object, and note that it was made."""
        assert self.identity
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(item))
        note(f"make {key.partition('/')[2]} on {self.identity}")

    def remove(self, key: str) -> None:
        """Remove an object, and note that."""
        assert self.identity
        self._path(key).unlink(missing_ok=True)
        note(f"remove {key.partition('/')[2]} on {self.identity}")

    def _path(self, key: str) -> Path:
        return self.folder / "objects" / f"{key.replace('/', '_')}.json"


def note(line: str) -> None:
    """Add a line to what happened at all engines, in its order."""
    with (Path(os.environ[FOLDER]) / "notes").open("a") as file:
        file.write(f"{line}\n")


def engine_of(record: Record | None) -> FakeEngine:
    """The engine of a compute target, as whoever asks reaches it."""
    assert record is not None
    assert record.connection is not None
    return FakeEngine(record.connection.values["connection"]["host"])
