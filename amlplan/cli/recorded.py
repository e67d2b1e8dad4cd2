"""Records that commands other than apply look up, or change under the lock of the state."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.addresses import block_type_of, parse_address
from amlplan.errors import PlanError
from amlplan.planning.connections import with_connections
from amlplan.planning.observe import targets_of
from amlplan.project.connected import connected_state, connections_here
from amlplan.project.opening import holder, read_state, state_backend
from amlplan.states.edits import edit_now
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.backend import StateWriter
    from amlplan.provider import Targets
    from amlplan_schemas.state import Record, State


def recorded(block: str, name: str) -> Record:
    """The record of a block by its address, label or outside name; raises PlanError."""
    return _find(read_state(), block, name)


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record with those of the blocks that it refers to."""

    record: Record
    targets: Targets


def recorded_with_targets(block: str, name: str) -> FoundRecord:
    """The record of a block and those that it refers to; raises PlanError."""
    state = connected_state(read_state())
    record = _find(state, block, name)
    assert state is not None  # noqa: S101 - it has the record
    return FoundRecord(record, targets_of(record, state.records))


@dataclass(slots=True)
class RecordChange:
    """A record under the state's lock; what is put into `after` is written at the end."""

    before: Record
    targets: Targets
    after: Record | None = None


@contextmanager
def changed_record(block: str, name: str, command: str) -> Iterator[RecordChange]:
    """Change one record outside of an apply; blocks others, and raises LockedError at once."""
    opened = state_backend().open(holder(command), timeout=0, waiting=lambda _other: None)
    with opened as writer:
        record = _find(writer.state, block, name)
        reached = with_connections(writer.state, connections_here(writer.state))
        change = RecordChange(record, targets_of(record, reached.records))
        _refuse_pending(writer, change.before)
        yield change
        if change.after is not None:
            writer.finish(change.after.address, change.after)
            writer.conclude(None, None, edit=edit_now(command))


def _refuse_pending(writer: StateWriter, record: Record) -> None:
    """Raise PlanError where an apply was interrupted at this record."""
    if record.address in writer.state.pending:
        raise PlanError(
            "An apply was interrupted here",
            f"What became of {record.address} is not known yet. Run: amlplan apply",
            address=record.address,
        )


def _find(state: State | None, block: str, name: str) -> Record:
    records = state.records.values() if state is not None else ()
    mine = [item for item in records if block_type_of(item.kind) == block]
    parsed = parse_address(name)
    is_address = parsed is not None and parsed.block == block
    address = name if is_address else f"{block}.{name}"
    found = [item for item in mine if item.address == address]
    found = found or [item for item in mine if item.name == name]
    if len(found) == 1 and found[0].outputs.values:
        return found[0]
    if len(found) > 1:
        several = ", ".join(sorted(item.address for item in found))
        raise PlanError(
            f"More than one {block}", f"Several are called {name}: {several}. Give the address."
        )
    known = [item.address for item in mine]
    hint = suggestion(address, known) or f" Applied here: {', '.join(known) or 'none'}."
    raise PlanError(f"No such {block}", f"There is no {address} in the state.{hint}")
