"""Applies a plan to a locked state and concludes it."""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from amlplan.addresses import node_of
from amlplan.applying.perform import Performer
from amlplan.applying.schedule import Outcome, Schedule
from amlplan.applying.steps import steps_of
from amlplan.commit import commit_of
from amlplan.errors import ConfigError
from amlplan.events import Recovered, Skipped, TakenOver
from amlplan.planning.checks import checked
from amlplan.planning.compare import SecretDigests
from amlplan.planning.connections import connected, with_connections
from amlplan.planning.outputs import recorded_output
from amlplan.planning.settle import settle
from amlplan.values import is_wholly_known
from amlplan_schemas.plan import Action, Reason
from amlplan_schemas.state import Applied, Status

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from amlplan.backend import StateWriter
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.errors import AmlplanError
    from amlplan.events import EventSink
    from amlplan.lockfile import LockFile
    from amlplan.planning.connections import Connections
    from amlplan.registry import Registry
    from amlplan.secrets import Secrets
    from amlplan_schemas.plan import Note, Plan
    from amlplan_schemas.state import StateOutput

DEFAULT_PARALLELISM = 10


@dataclass(frozen=True, slots=True)
class Applying:
    """What an apply works with; the state's lock is held for as long as `writer` is used."""

    writer: StateWriter
    evaluation: Evaluation
    registry: Registry
    secrets: Secrets
    lock: LockFile
    emit: EventSink
    stop: threading.Event
    root: Path
    parallelism: int = DEFAULT_PARALLELISM
    connections: Connections = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What an apply did: counts as in the summary, what failed or was not begun, and notes.

    `notes` are checks that do not hold as things are now.
    """

    added: int = 0
    changed: int = 0
    destroyed: int = 0
    imported: int = 0
    failures: tuple[AmlplanError, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    notes: tuple[Note, ...] = ()


def recover(
    writer: StateWriter,
    registry: Registry,
    secrets: Secrets,
    emit: EventSink,
    connections: Connections,
) -> Mapping[str, str]:
    """Settle what an earlier apply left unanswered; gives why the rest stays open, by address."""
    settlement = settle(with_connections(writer.state, connections), registry, secrets)
    for item in settlement.settled:
        writer.finish(item.address, item.record)
        emit(Recovered(item.address, item.text))
    return settlement.unanswered


def apply_plan(plan: Plan, applying: Applying) -> ApplyResult:
    """Carry out a plan's operations and write the snapshot; blocks until all is recorded."""
    writer = applying.writer
    digests = SecretDigests(applying.secrets, writer.state.salt)
    performer = Performer(
        plan.id,
        writer.state.lineage,
        applying.evaluation,
        writer,
        applying.registry,
        digests,
        applying.lock,
        applying.emit,
        applying.stop,
        applying.connections,
    )
    if plan.operations or plan.moves or plan.imports:
        writer.announce(plan.id)
    moves = {name: now for name, now in plan.moves.items() if name in writer.records}
    if moves:
        writer.move(moves)
    for item in plan.imports:
        writer.finish(item.address, item.record)
        applying.emit(TakenOver(item.address, item.id))
    if plan.mode == "normal":
        waiting = {item.address for item in plan.operations} | plan.waiting
        refresh_dependencies(writer, applying.evaluation, waiting)
        remember_connections(writer, applying.connections)
    steps = steps_of(plan, writer.state)
    outcome = Schedule(
        steps, performer.perform, parallelism=applying.parallelism, stop=applying.stop
    ).run()
    for key, because in outcome.skipped.items():
        applying.emit(Skipped(key.address, because))
    if not (applying.stop.is_set() and outcome.abandoned):
        # With steps still under way the journal stays as it is, for the next apply to settle.
        _remember_replacements(plan, writer)
        unsettled = {key.address for key in (*outcome.failed, *outcome.skipped)}
        outputs = _outputs(plan, applying, digests, unsettled)
        complete = not unsettled and not outcome.abandoned
        applied = applied_now(plan.id, applying.root, complete=complete)
        let_go = sorted(step.operation.address for step in outcome.done if step.action == "forget")
        writer.conclude(outputs, applied.model_copy(update={"forgotten": tuple(let_go)}))
    result = _summary(plan, outcome, interrupted=applying.stop.is_set())
    if plan.mode != "normal" or result.failures or result.skipped or result.interrupted:
        return result
    evaluation = applying.evaluation
    problems, notes = checked(evaluation)
    left_out = set(plan.left_out)
    for address in evaluation.blocks:  # also of objects that nothing was done to
        if address in left_out:
            continue
        problems += evaluation.preconditions(address)
        problems += evaluation.postconditions(address)
    problems += evaluation.outputs()[1]
    broken = (ConfigError(problems),) if problems else ()
    return replace(result, failures=broken, notes=tuple(notes))


def _remember_replacements(plan: Plan, writer: StateWriter) -> None:
    """Note which objects were to be replaced and were not, where nothing tells that any more.

    What triggered a replacement may have been done, and an option is not given again.
    """
    for operation in plan.operations:
        record = writer.records.get(operation.address)
        is_old = record is not None and record.generation < operation.generation
        is_asked = operation.reason in {Reason.TRIGGERED, Reason.REQUESTED}
        if record is None or not is_old or not is_asked or operation.action is not Action.REPLACE:
            continue
        if record.status is Status.OK:
            tainted = record.model_copy(update={"status": Status.TAINTED})
            writer.finish(operation.address, tainted)


def _summary(plan: Plan, outcome: Outcome, *, interrupted: bool) -> ApplyResult:
    done = [step.action for step in outcome.done]
    return ApplyResult(
        added=done.count("create"),
        changed=done.count("update"),
        destroyed=done.count("delete") + done.count("remove"),
        imported=len(plan.imports),
        failures=tuple(outcome.failed.values()),
        skipped={key.address: because for key, because in outcome.skipped.items()},
        interrupted=interrupted,
    )


def _outputs(
    plan: Plan, applying: Applying, digests: SecretDigests, unsettled: set[str]
) -> dict[str, StateOutput] | None:
    """The outputs as they are now; None where all stay as they are recorded.

    One that cannot be known, or is made from what was not applied, keeps its recorded value.
    """
    if plan.mode == "destroy":
        return _outputs_kept(plan, applying, unsettled)
    if plan.mode != "normal":
        return None
    recorded = applying.writer.state.outputs
    values, _ = applying.evaluation.outputs()
    found: dict[str, StateOutput] = {}
    unsettled |= plan.waiting
    for name in applying.evaluation.configuration.outputs:
        value = values.get(name)
        settled = applying.evaluation.output_dependencies(name).isdisjoint(unsettled)
        now = None
        if settled and name in values and is_wholly_known(value):
            now = recorded_output(value, digests)
        if now is not None:
            found[name] = now
        elif name in recorded:
            found[name] = recorded[name]
    return found


def _outputs_kept(plan: Plan, applying: Applying, unsettled: set[str]) -> dict[str, StateOutput]:
    """The outputs that outlive a destruction: those that it does not list, or could not do."""
    evaluation = applying.evaluation
    nodes = {node_of(address) for address in unsettled}
    gone = {
        change.name
        for change in plan.outputs
        if not unsettled
        or (
            change.name in evaluation.configuration.outputs
            and evaluation.output_blocks(change.name).isdisjoint(nodes)
        )
    }
    recorded = applying.writer.state.outputs
    return {name: output for name, output in recorded.items() if name not in gone}


def refresh_dependencies(
    writer: StateWriter, evaluation: Evaluation, waiting: Collection[str] = ()
) -> None:
    """Record what resources refer to now, where only that changed: deletes go by it.

    Those that are `waiting` for an operation keep what their object stands on today.
    """
    for address, record in list(writer.records.items()):
        if address in evaluation.dependencies and address not in waiting:
            needed = tuple(sorted(evaluation.dependencies[address]))
            if needed != record.depends_on:
                writer.finish(address, record.model_copy(update={"depends_on": needed}))


def remember_connections(writer: StateWriter, connections: Connections) -> None:
    """Record how targets were reached last, so that they still can be without their blocks."""
    for address in connections:
        record = writer.records.get(address)
        now = None if record is None else connected(record, connections)
        if now is not None and now != record:
            writer.finish(address, now)


def applied_now(plan_id: str, root: Path, *, complete: bool) -> Applied:
    """Who applies a plan here and now."""
    return Applied(
        plan=plan_id,
        complete=complete,
        by=getpass.getuser(),
        host=socket.gethostname(),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit_of(root),
    )
