"""Kills at each file operation of the local state: of opening, of a line, and of compaction."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from amlplan_state.durable import Disk
from amlplan_state.local import LocalBackend
from amlplan_state.writer import LocalWriter
from bench.kill.phases import AFTER_RENAME, BEFORE_RENAME, OPENING, WITHIN_ENTRY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.kill.phases import Killer


def arm(killer: Killer) -> None:
    """Put the kills there; once in a process."""
    if getattr(Disk.write, "is_armed", False):
        return
    where = threading.local()
    concludes, renames, writes = LocalWriter._conclude, Disk.rename, Disk.write

    def conclude(writer: LocalWriter, request: Any) -> None:
        where.phase = BEFORE_RENAME
        concludes(writer, request)
        killer.pass_by(AFTER_RENAME)
        where.phase = ""

    def rename(disk: Disk, source: Path, target: Path) -> None:
        phase = getattr(where, "phase", "")
        if phase:
            killer.pass_by(phase)
        renames(disk, source, target)
        if phase == BEFORE_RENAME:
            where.phase = AFTER_RENAME
            killer.pass_by(AFTER_RENAME)

    def write(disk: Disk, descriptor: int, data: bytes) -> None:
        if getattr(where, "phase", ""):
            killer.pass_by(where.phase)
            writes(disk, descriptor, data)
            return
        end = 0
        for line in data.splitlines(keepends=True):
            if killer.is_time(WITHIN_ENTRY):
                writes(disk, descriptor, data[: end + len(line) * 2 // 3])
                killer.strike()
            end += len(line)
        writes(disk, descriptor, data)

    write.is_armed = True  # type: ignore[attr-defined]

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(Disk, name)

        @functools.wraps(real)
        def operation(*arguments: Any) -> Any:
            if getattr(where, "phase", ""):
                killer.pass_by(where.phase)
            return real(*arguments)

        return operation

    opens = LocalBackend._writer

    def open_writer(backend: LocalBackend, lock: Any) -> LocalWriter:
        where.phase = OPENING
        writer = opens(backend, lock)
        where.phase = ""
        return writer

    for name in ("create", "sync", "close", "link", "unlink", "truncate", "sync_folder"):
        setattr(Disk, name, counted(name))
    for owner, name, replacement in (
        (Disk, "write", write),
        (Disk, "rename", rename),
        (LocalWriter, "_conclude", conclude),
        (LocalBackend, "_writer", open_writer),
    ):
        setattr(owner, name, replacement)
