"""The world outside: one file per object, and a ledger that no create escapes."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

WORLD_VARIABLE = "AMLPLAN_BENCH_WORLD"
NAIVE_VARIABLE = "AMLPLAN_BENCH_NAIVE"
UNREACHABLE_FILE = "unreachable"
STUBBORN_FILE = "stubborn"


class World:
    """A folder of objects that carry an identity as their label.

    `ledger` gets a line for each create that makes one, `calls` one for each call that writes when
    it begins and when it ends. A file `unreachable` silences the world,
    or only the addresses that it lists; a file `stubborn` lists those that refuse to be deleted.
    A naive world is a cloud that deduplicates nothing: a
    create goes on with an object that was only begun, and makes another one of what is complete,
    each under a name that is drawn by chance.
    """

    def __init__(self, folder: Path, *, naive: bool = False) -> None:
        self.folder = folder
        self.naive = naive
        self.ledger = folder / "ledger"
        self.call_log = folder / "calls"
        self._objects = folder / "objects"
        self._gone = folder / "gone"

    @classmethod
    def of_environment(cls) -> World | None:
        """The world that the environment names, or None: then objects are free and nowhere."""
        folder = os.environ.get(WORLD_VARIABLE)
        return cls(Path(folder), naive=bool(os.environ.get(NAIVE_VARIABLE))) if folder else None

    def reaches(self, identity: str) -> bool:
        """Whether the object with this identity would answer."""
        try:
            silent = (self.folder / UNREACHABLE_FILE).read_text().split()
        except FileNotFoundError:
            return True
        return bool(silent) and identity.split("/")[1] not in silent

    def silence(self, *addresses: str) -> None:
        """Let these addresses answer no more; without any, nothing answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / UNREACHABLE_FILE).write_text("\n".join(addresses))

    def answer(self) -> None:
        """Let everything answer again."""
        (self.folder / UNREACHABLE_FILE).unlink(missing_ok=True)

    def refuses(self, identity: str) -> bool:
        """Whether the object with this identity would not be deleted."""
        try:
            stubborn = (self.folder / STUBBORN_FILE).read_text().split()
        except FileNotFoundError:
            return False
        return identity.split("/")[1] in stubborn

    def harden(self, *addresses: str) -> None:
        """Let just these addresses refuse to be deleted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / STUBBORN_FILE).write_text("\n".join(addresses))

    def alive(self) -> list[dict[str, Any]]:
        """Every object that there is; in a naive world several may carry one identity."""
        return self._read_all(self._objects)

    def ever(self) -> list[dict[str, Any]]:
        """Every object that there is or was, as it last was."""
        return [*self.alive(), *self._read_all(self._gone)]

    def objects(self) -> dict[str, dict[str, Any]]:
        """Every object by identity."""
        return {item["identity"]: item for item in self.alive()}

    def get(self, identity: str) -> dict[str, Any] | None:
        """The object that carries an identity, or None."""
        found = None if self.naive else _read(self._path(_name_of(identity)))
        return found or next((item for item in self.alive() if item["identity"] == identity), None)

    def name_for(self, identity: str, *, creating: bool) -> str:
        """The name of the object that a call with this identity makes or changes."""
        if not self.naive:
            found = self.get(identity)
            return str(found["name"]) if found is not None else _name_of(identity)
        for item in self.alive():
            if item["identity"] == identity and not (creating and item["complete"]):
                return str(item["name"])
        return secrets.token_hex(12)

    def put(self, identity: str, item: dict[str, Any], name: str | None = None) -> None:
        """Make or change an object, at once and whole."""
        name = name or self.name_for(identity, creating=False)
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            self.note(f"create {identity}")
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps({**item, "identity": identity, "name": name}))
        self.land(temporary, path)

    def remove(self, identity: str) -> None:
        """Remove an object; one that is gone is no error."""
        self.note(f"delete {identity}")
        path = self._path(self.name_for(identity, creating=False))
        if path.exists():
            self._gone.mkdir(exist_ok=True)
            self.land(path, self._gone / f"{path.stem}-{secrets.token_hex(4)}.json")

    def land(self, source: Path, target: Path) -> None:
        """The one moment at which the world changes."""
        source.replace(target)

    def note(self, line: str) -> None:
        """Append a line to the ledger in one write."""
        self._append(self.ledger, line)

    @contextmanager
    def called(self, name: str, identity: str) -> Iterator[None]:
        """Log a call that writes: that it begins, and how it ends unless the process does."""
        line = f"{name} {identity} {os.getpid()}"
        self._append(self.call_log, f"begin {line}")
        try:
            yield
        except BaseException:
            self._append(self.call_log, f"fail {line}")
            raise
        self._append(self.call_log, f"end {line}")

    def _append(self, path: Path, line: str) -> None:
        """Append a line in one write."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)

    def notes(self) -> list[str]:
        """The ledger's lines."""
        return self.ledger.read_text().splitlines() if self.ledger.exists() else []

    def _path(self, name: str) -> Path:
        return self._objects / f"{name}.json"

    def _read_all(self, folder: Path) -> list[dict[str, Any]]:
        found = [_read(path) for path in sorted(folder.glob("*.json"))]
        return [item for item in found if item is not None]


def _name_of(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:24]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return found
