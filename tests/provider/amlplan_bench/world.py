"""The world outside: one file per object, and a ledger that no create escapes."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

WORLD_VARIABLE = "AMLPLAN_BENCH_WORLD"
UNREACHABLE_FILE = "unreachable"


class World:
    """A folder of objects by identity. `ledger` gets a line for each create that made one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "ledger"
        self._objects = folder / "objects"

    @classmethod
    def of_environment(cls) -> World | None:
        """The world that the environment names, or None: then objects are free and nowhere."""
        folder = os.environ.get(WORLD_VARIABLE)
        return cls(Path(folder)) if folder else None

    @property
    def is_reachable(self) -> bool:
        return not (self.folder / UNREACHABLE_FILE).exists()

    def objects(self) -> dict[str, dict[str, Any]]:
        """Every object by identity."""
        if not self._objects.is_dir():
            return {}
        found = [json.loads(path.read_text()) for path in sorted(self._objects.glob("*.json"))]
        return {item["identity"]: item for item in found}

    def get(self, identity: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._path(identity).read_text())
        except FileNotFoundError:
            return None
        return found

    def put(self, identity: str, item: dict[str, Any]) -> None:
        """Make or change an object, at once and whole."""
        path = self._path(identity)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            self.note(f"create {identity}")
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps({**item, "identity": identity}))
        temporary.replace(path)

    def remove(self, identity: str) -> None:
        self.note(f"delete {identity}")
        self._path(identity).unlink(missing_ok=True)

    def note(self, line: str) -> None:
        """Append a line to the ledger in one write."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)

    def notes(self) -> list[str]:
        """The ledger's lines."""
        return self.ledger.read_text().splitlines() if self.ledger.exists() else []

    def _path(self, identity: str) -> Path:
        return self._objects / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.json"
