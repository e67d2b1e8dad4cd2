"""`amlplan.lock`: what the outside resolved to, committed beside the configuration."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.diagnostics import SourceFile, SourceRange, error
from amlplan.errors import ConfigError, PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.provider import LockRequest

LOCK_NAME = "amlplan.lock"
LOCK_FORMAT = 1


@dataclass(frozen=True, slots=True)
class LockEntry:
    """One resolution: the request it answers, and the answer; both JSON."""

    type: str
    request: Mapping[str, Any]
    resolved: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LockFile:
    """The entries by the digest of their request."""

    entries: Mapping[str, LockEntry] = field(default_factory=dict)

    def resolved(self, requests: tuple[LockRequest, ...]) -> dict[str, Mapping[str, Any]]:
        """The answers to these requests by key; a missing one is left out."""
        return {
            request.key: self.entries[request.key].resolved
            for request in requests
            if request.key in self.entries
        }

    def with_entry(self, request: LockRequest, resolved: Mapping[str, Any]) -> LockFile:
        """This lock with one more answer."""
        entry = LockEntry(request.type, request.request, resolved)
        return LockFile({**self.entries, request.key: entry})

    def only(self, keys: set[str]) -> LockFile:
        """This lock without the entries that nothing asks for."""
        return LockFile({key: entry for key, entry in self.entries.items() if key in keys})

    def text(self) -> str:
        """The file's text; the same entries give the same bytes."""
        entries = {
            key: {"type": entry.type, "request": entry.request, "resolved": entry.resolved}
            for key, entry in sorted(self.entries.items())
        }
        document = {"format_version": LOCK_FORMAT, "entries": entries}
        return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def digest(self) -> str:
        """A digest over the text."""
        return "sha256:" + hashlib.sha256(self.text().encode()).hexdigest()


def read_lock(folder: Path) -> LockFile:
    """The lock of a folder, empty where there is none; raises ConfigError for a broken one."""
    path = folder / LOCK_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return LockFile()
    except (OSError, UnicodeDecodeError) as failure:
        raise ConfigError([_broken("", f"It cannot be read: {failure}.", 0)]) from None
    try:
        document = json.loads(text)
    except json.JSONDecodeError as failure:
        raise ConfigError([_broken(text, f"It is no JSON: {failure.msg}.", failure.pos)]) from None
    return _read_document(document, text)


def _read_document(document: Any, text: str) -> LockFile:
    try:
        version = document["format_version"]
        if version > LOCK_FORMAT:
            raise ConfigError(
                [_broken(text, f"Format {version} is newer than this amlplan; upgrade it.", 0)]
            )
        entries = {
            key: LockEntry(item["type"], dict(item["request"]), dict(item["resolved"]))
            for key, item in document["entries"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConfigError([_broken(text, "It is not a lock file of amlplan.", 0)]) from None
    return LockFile(entries)


def write_lock(folder: Path, lock: LockFile) -> None:
    """Write the lock, whole or not at all; raises PlanError where the folder refuses."""
    path = folder / LOCK_NAME
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{LOCK_NAME}.", dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(lock.text())
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # noqa: PTH101 - committed, so readable like the files beside it
        os.replace(temporary, path)  # noqa: PTH105 - one atomic step
    except OSError as failure:
        if temporary is not None and os.path.exists(temporary):  # noqa: PTH110
            os.unlink(temporary)  # noqa: PTH108
        raise PlanError(
            "The lock file cannot be written",
            f"{LOCK_NAME} could not be written: {failure.strerror}. The old one is untouched. "
            "Make the folder writable or free some space, then try again.",
        ) from failure


def _broken(text: str, why: str, offset: int) -> Any:
    place = SourceRange(SourceFile(LOCK_NAME, text), offset, min(offset + 1, len(text)))
    return error(
        "invalid_lock_file",
        "Invalid lock file",
        f"{why} Take the committed one back (git checkout {LOCK_NAME}), or delete it and run: "
        "amlplan init",
        place,
    )
