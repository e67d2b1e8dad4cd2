"""What a front keeps in its folder: settings, keys, certificate, and documents of its manager.

Everything is written whole or not at all, for the owner's eyes, and is still there after a restart.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from amlplan_serve.memory import Memory, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}(/[A-Za-z0-9][A-Za-z0-9._-]{0,100})?")


class FolderError(Exception):
    """Something cannot be kept or found; the text says why."""


@dataclass(frozen=True)
class FrontSettings:
    """How a front serves. With `auth` "key" nobody gets in until there are keys."""

    auth: str = "key"
    tls: bool = False
    body_limit: int = 100 * 1024 * 1024
    drain_seconds: float = 30.0
    keep_alive: int = 75

    def __post_init__(self) -> None:
        if self.auth not in ("key", "none"):
            raise ValueError(f"auth is key or none, not {self.auth}")


class FrontFolder:
    """The folder of a front, made where it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.documents = path / "documents"
        self.documents.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.keys = path / "keys.json"
        self.certificate = path / "tls.crt"
        self.certificate_key = path / "tls.key"
        self.memory = Memory(path / "serving.json")

    def settings(self) -> FrontSettings:
        """How to serve; raises FolderError."""
        path = self.path / "front.json"
        try:
            told = json.loads(path.read_bytes())
            return settings_of(told)
        except FileNotFoundError:
            return FrontSettings()
        except (OSError, ValueError, TypeError, AttributeError) as failure:
            raise FolderError(f"{path} cannot be used: {failure!r}.") from failure

    def keep_settings(self, settings: FrontSettings) -> None:
        """Serve so after a restart, too; raises OSError."""
        write_whole(self.path / "front.json", json.dumps(asdict(settings), indent=1).encode())

    def write(self, name: str, data: bytes) -> None:
        """Keep a document; raises FolderError for a name that is none, OSError."""
        path = self._place(name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        write_whole(path, data)

    def read(self, name: str) -> bytes | None:
        """A document; None where there is none."""
        try:
            return self._place(name).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Have a document no longer; may be repeated."""
        self._place(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Every document."""
        files = (path for path in self.documents.rglob("[!.]*") if path.is_file())
        return sorted(str(path.relative_to(self.documents)) for path in files)

    def _place(self, name: str) -> Path:
        if not NAMES.fullmatch(name):
            raise FolderError(f"{name!r} is no name of a document: one folder and a file at most.")
        return self.documents / name


def settings_of(told: Mapping[str, Any]) -> FrontSettings:
    """Settings as they were told; raises ValueError or TypeError where they make no sense."""
    known = {item.name for item in fields(FrontSettings)}
    return FrontSettings(**{name: value for name, value in told.items() if name in known})
