"""Plans imports: the record of an object that is there, or why it cannot be taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.diagnostics import Diagnostic
from amlplan.planning.connections import reached_by
from amlplan.planning.importing import look_up
from amlplan.pointers import top_field
from amlplan.provider import Unreachable
from amlplan_schemas.plan import Action, Note

if TYPE_CHECKING:
    from amlplan.planning.compare import SecretDigests
    from amlplan.planning.findings import Findings
    from amlplan.planning.importing import WantedImport
    from amlplan.planning.want import Wanted
    from amlplan.provider import Targets
    from amlplan_schemas.plan import Operation
    from amlplan_schemas.state import Record


def take_over(
    findings: Findings,
    wanted: Wanted,
    asked: WantedImport,
    targets: Targets,
    digests: SecretDigests,
) -> Record | None:
    """The record of an object that is to be imported; None where it cannot be, for now."""
    inputs, address, kind = findings.inputs, wanted.block.address, wanted.block.kind
    referred = wanted.checked.referred
    missing = sorted(item.address for way, item in referred.items() if way not in targets)
    if missing:
        why = f"its import needs {missing[0]}, which is not there yet"
        findings.defer(address, kind, why, "apply, then plan again")
        return None
    object_id, place = asked
    generation = inputs.state.serial + 1
    found = look_up(
        wanted,
        inputs.registry.provider(kind),
        targets,
        object_id,
        f"{inputs.state.lineage}/{address}/{generation}",
        generation,
        place,
        findings.records,
        digests,
    )
    if isinstance(found, Unreachable):
        findings.block(address, kind, found.reason, "make it reachable, then plan again")
        return None
    if isinstance(found, Diagnostic):
        findings.problems.append(found)
        return None
    taken, findings.observed[address] = found
    findings.imports[address] = taken
    # How it is reached is personal, and no part of a plan: apply remembers it by itself.
    record = findings.records[address] = reached_by(taken.record, wanted.checked)
    _note_origin(findings, record)
    return record


def _note_origin(findings: Findings, record: Record) -> None:
    """Say that an object was made by another state, which may go on managing it."""
    lineage = record.identity.partition("/")[0]
    if lineage == findings.inputs.state.lineage:
        return
    text = (
        f"it was made by another state (lineage {lineage}). If that one is still in use, each "
        "will undo what the other does: let go of it there first, with amlplan state rm."
    )
    findings.notes.append(Note(code="other_state", text=text, address=record.address))


def import_replaces(findings: Findings, operation: Operation) -> bool:
    """Block the import of what is not as its block has it and cannot be changed to that."""
    address = operation.address
    if operation.action is not Action.REPLACE or address not in findings.imports:
        return False
    del findings.imports[address], findings.records[address]
    forced = sorted({top_field(item.path) for item in operation.changes if item.forces_replacement})
    why = f"its import would have it replaced at once, for {', '.join(forced) or 'an option'}"
    step = "have the block say what the object is like, then plan again"
    findings.block(address, operation.kind, why, step)
    return True
