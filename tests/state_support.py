"""What the tests of the state share: small records, and a backend in a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from amlplan.backend import Holder
from amlplan.errors import StateError
from amlplan_schemas.state import Edit, Intent, Record, Tree
from amlplan_state.local import LocalBackend

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.backend import Replacement
    from amlplan_state.durable import Disk

HOLDER = Holder(
    user="ana",
    host="build7",
    pid=os.getpid(),
    since="2025-01-02T03:04:05Z",
    command="amlplan apply",
)

EDIT = Edit(command="state push", by="ana", host="build7", at="2025-01-02T03:04:05Z")


def record(address: str, size: int = 1, padding: int = 0) -> Record:
    return Record(
        address=address,
        kind="datastore.local",
        name=address.partition(".")[2],
        generation=1,
        identity=f"lineage/{address}/1",
        provider="amlplan 0.1",
        inputs=Tree(values={"size": size, "padding": "x" * padding}),
    )


def intent(
    address: str,
    action: Literal["create", "update", "delete"] = "create",
    size: int = 1,
    padding: int = 0,
) -> Intent:
    return Intent(
        operation=f"{action}-{address}",
        action=action,
        address=address,
        draft=record(address, size, padding),
        plan="plan-1",
    )


def backend(folder: Path, disk: Disk | None = None, path: str = "state.json") -> LocalBackend:
    return LocalBackend(folder, {"path": path}, "0.1.0", disk=disk)


def push(
    folder: Path, name: str | Path, *, force: bool = False, disk: Disk | None = None
) -> Replacement:
    """Make the document in a file the state of a folder, as `amlplan state push` does."""
    kept = backend(folder, disk)
    state = kept.parse(Path(name).read_bytes(), str(name))
    return kept.replace(state, HOLDER, edit=EDIT, force=force, timeout=0, waiting=silent)


def failure_of(action: Callable[[], object]) -> StateError | None:
    """The StateError that an action raises, or None where it succeeds."""
    try:
        action()
    except StateError as failure:
        return failure
    return None


def silent(holder: Holder | None) -> None:
    """Nobody is told who holds the lock."""
