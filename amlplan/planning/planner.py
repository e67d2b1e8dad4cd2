"""Plans resource by resource, in order, then what is left over."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from amlplan.diagnostics import Diagnostic, error
from amlplan.planning.compare import SecretDigests
from amlplan.planning.decide import Subject, decide, drift_of, shown_values
from amlplan.planning.outside import attached, awaited, offers
from amlplan.planning.want import Wanted, resource_value, want
from amlplan.provider import Present, Unreachable
from amlplan.secrets import describe
from amlplan.values import UNKNOWN
from amlplan_schemas.plan import (
    Action,
    Blocked,
    Deferred,
    Drift,
    Note,
    Operation,
    Reason,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.evaluation import Evaluation
    from amlplan.lockfile import LockFile
    from amlplan.provider import Observed
    from amlplan.registry import Registry
    from amlplan.secrets import Secrets
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.plan import Bindings
    from amlplan_schemas.state import Record, State


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan is made from; `state` has interrupted operations settled already.

    `unanswered` says by address why an interrupted operation could not be settled.
    """

    evaluation: Evaluation
    state: State
    registry: Registry
    secrets: Secrets
    lock: LockFile
    bindings: Bindings
    unanswered: Mapping[str, str] = field(default_factory=dict)


class Planner:
    """Collects a plan while resources are looked at in order."""

    def __init__(self, inputs: PlanInputs, observed: Mapping[str, Observed]) -> None:
        self._inputs = inputs
        self._observed = observed
        self.digests = SecretDigests(inputs.secrets, inputs.state.salt)
        self.wanted: dict[str, Wanted] = {}
        self.operations: dict[str, Operation] = {}
        self.deferred: dict[str, Deferred] = {}
        self.blocked: dict[str, Blocked] = {}
        self.drift: list[Drift] = []
        self.notes: list[Note] = []
        self.problems: list[Diagnostic] = []
        self.unchanged = 0

    def resource(self, address: str) -> None:
        """Plan one resource of the configuration and publish it to those that refer to it."""
        inputs = self._inputs
        wanted, problems = want(
            address, inputs.evaluation, inputs.registry, inputs.secrets, inputs.lock
        )
        if wanted is None:
            self.problems.extend(problems)
            inputs.evaluation.publish(address, UNKNOWN)
            return
        self.wanted[address] = wanted
        if inputs.registry.is_configuration_only(wanted.block.kind):
            inputs.evaluation.publish(address, resource_value(wanted, {}, {}, UNKNOWN))
            return
        record = inputs.state.records.get(address)
        known, identity = self._plan(wanted, record)
        provider = inputs.registry.provider(wanted.block.kind)
        value = resource_value(
            wanted, provider.kind.outputs.model_fields, known, identity or UNKNOWN
        )
        inputs.evaluation.publish(address, value)

    def _plan(
        self, wanted: Wanted, record: Record | None
    ) -> tuple[Mapping[str, JsonValue], str | None]:
        """The outputs and the identity that others may rely on."""
        address = wanted.block.address
        if wanted.is_attached:
            return self._attached(wanted, record)
        recorded = (record.outputs.values, record.identity) if record else ({}, None)
        if self._lacks_lock_entries(wanted):
            return recorded
        self._note_offers(wanted)
        silent = self._silent(address, record)
        if silent is not None:
            self._block(address, wanted.block.kind, *silent)
            return recorded
        inputs = self._inputs
        decision = decide(
            Subject(
                wanted=wanted,
                record=record,
                observed=self._observed.get(address, Present()),
                provider=inputs.registry.provider(wanted.block.kind),
                digests=self.digests,
                serial=inputs.state.serial,
                targets=self._targets(wanted),
            )
        )
        if decision.drift is not None:
            self.drift.append(decision.drift)
        for path in decision.unresolved:
            self._note_secret(wanted, path)
        operation = decision.operation
        if operation is None:
            self.unchanged += 1
            self._note_same_content(wanted)
            return recorded
        if self._waits_for_others(operation) or self._is_held(record, operation):
            return recorded
        self.operations[address] = operation.model_copy(
            update={"depends_on": self._dependencies(address)}
        )
        keeps = operation.action is Action.UPDATE and record is not None
        return decision.known_outputs, record.identity if keeps and record else None

    def _targets(self, wanted: Wanted) -> Mapping[str, Record]:
        """The records of what the block refers to, where those stay as they are."""
        records = self._inputs.state.records
        return {
            way: records[item.address]
            for way, item in wanted.checked.referred.items()
            if item.address in records and records[item.address].identity == item.identity
        }

    def _dependencies(self, address: str) -> tuple[str, ...]:
        needed = self._inputs.evaluation.dependencies[address]
        return tuple(sorted(name for name in needed if name in self.operations))

    def _lacks_lock_entries(self, wanted: Wanted) -> bool:
        missing = wanted.unanswered
        block = wanted.block
        for request in missing:
            if request.required:
                self.problems.append(
                    error(
                        "not_locked",
                        "Not locked yet",
                        f"{block.address} needs its {request.type} resolved, and amlplan.lock has "
                        "no entry for them as they stand. Run: amlplan init",
                        block.header,
                        context=block.context,
                        address=block.address,
                    )
                )
            else:
                provider = self._inputs.registry.provider(block.kind)
                configuration = self._inputs.evaluation.configuration
                waits = awaited(provider, request, wanted.draft, configuration)
                self._defer(block.address, block.kind, *waits)
        return bool(missing)

    def _note_offers(self, wanted: Wanted) -> None:
        provider = self._inputs.registry.provider(wanted.block.kind)
        for text in offers(provider, wanted):
            self.notes.append(Note(code="offer", text=text, address=wanted.block.address))

    def _note_same_content(self, wanted: Wanted) -> None:
        """Say that content is the same although something that it is made from changes."""
        contents = wanted.derived.get("contents")
        if isinstance(contents, dict) and self._dependencies(wanted.block.address):
            text = f"unchanged (same {len(contents)} inputs)"
            self.notes.append(Note(code="same_content", text=text, address=wanted.block.address))

    def _attached(
        self, wanted: Wanted, record: Record | None
    ) -> tuple[Mapping[str, JsonValue], str | None]:
        """What an object that somebody else manages is like now."""
        block = wanted.block
        observed = attached(wanted, record, self._inputs.registry.provider(block.kind))
        if isinstance(observed, Diagnostic):
            self.problems.append(observed)
            return {}, None
        if isinstance(observed, Unreachable):
            self._block(block.address, block.kind, observed.reason, "make it reachable")
            return {}, None
        return observed.outputs, str(observed.outputs["id"])

    def _is_held(self, record: Record | None, operation: Operation) -> bool:
        """Whether somebody keeps the object as it is, so that the change is listed and not made."""
        if record is None or record.held is None:
            return False
        held = record.held
        reason = f"held at revision {held.revision} by {held.by}: {held.why}"
        release = f"amlplan {record.kind.partition('.')[0]} release {record.address}"
        self._block(operation.address, operation.kind, reason, release)
        return True

    def _silent(self, address: str, record: Record | None) -> tuple[str, str] | None:
        """Why nothing can be planned for an address, and what to do, or None."""
        pending = self._inputs.unanswered.get(address)
        if pending is not None:
            return (
                f"an interrupted operation cannot be settled: {pending}",
                "make its target reachable, then apply again",
            )
        observed = self._observed.get(address)
        if isinstance(observed, Unreachable):
            if record is not None:
                drift = drift_of(record, observed, self._inputs.registry.provider(record.kind))
                if drift is not None:
                    self.drift.append(drift)
            return observed.reason, "make it reachable, then plan again"
        return None

    def _waits_for_others(self, operation: Operation) -> bool:
        """Whether something it depends on is deferred or blocked, so that it is too."""
        for name in sorted(self._inputs.evaluation.dependencies[operation.address]):
            if name in self.deferred:
                earlier = self.deferred[name]
                self._defer(
                    operation.address, operation.kind, f"{name} is deferred", earlier.next_step
                )
                return True
            if name in self.blocked:
                stuck = self.blocked[name]
                self._block(
                    operation.address, operation.kind, f"{name} is blocked", stuck.next_step
                )
                return True
        return False

    def _defer(self, address: str, kind: str, reason: str, next_step: str) -> None:
        self.deferred[address] = Deferred(
            address=address, kind=kind, reason=reason, next_step=next_step
        )

    def _block(self, address: str, kind: str, reason: str, next_step: str) -> None:
        self.blocked[address] = Blocked(
            address=address, kind=kind, reason=reason, next_step=next_step
        )

    def _note_secret(self, wanted: Wanted, path: str) -> None:
        leaf = wanted.checked.secrets.get(path)
        name = path.lstrip("/").replace("/", ".")
        what = describe(leaf.reference) if leaf is not None and leaf.reference else "its secret"
        self.notes.append(
            Note(
                code="secret_not_compared",
                text=f"{name} was not compared, because {what} cannot be had here.",
                address=wanted.block.address,
            )
        )

    def removals(self, reason: Reason = Reason.NO_CONFIGURATION) -> None:
        """Plan the deletion of what is recorded and no longer wanted, dependants first."""
        state = self._inputs.state
        everything = reason is Reason.DESTROY
        doomed = {
            address: record
            for address, record in state.records.items()
            if everything or address not in self._inputs.evaluation.configuration.resources
        }
        dependants = _dependants(state)
        self._block_unanswered(everything=everything)
        self._keep_what_carries_others(dependants)
        for address in _deletion_order(doomed, dependants):
            record = doomed[address]
            silent = self._silent(address, record)
            if silent is not None:
                self._block(address, record.kind, *silent)
            elif not self._carries_what_waits(address, record.kind, dependants):
                self.operations[address] = self._deletion(record, reason, dependants)

    def _carries_what_waits(
        self, address: str, kind: str, dependants: Mapping[str, set[str]]
    ) -> bool:
        """Block an object that must stay, because another leans on it that cannot move now."""
        for name in dependants.get(address, ()):
            waiting = self.blocked.get(name) or self.deferred.get(name)
            if waiting is not None:
                word = "blocked" if name in self.blocked else "deferred"
                self._block(address, kind, f"{name} is {word} and needs it", waiting.next_step)
                return True
        return False

    def _keep_what_carries_others(self, dependants: Mapping[str, set[str]]) -> None:
        """Block replacements under objects that wait, and then what refers to those."""
        replaced = [item for item in self.operations.values() if item.action is Action.REPLACE]
        stuck = [
            item.address
            for item in replaced
            if self._carries_what_waits(item.address, item.kind, dependants)
        ]
        for address in stuck:
            del self.operations[address]
        if not stuck:
            return
        for address in self._inputs.evaluation.order:
            operation = self.operations.get(address)
            if operation is not None and self._waits_for_others(operation):
                del self.operations[address]
        self._keep_what_carries_others(dependants)

    def _block_unanswered(self, *, everything: bool) -> None:
        """Block what may have been created and is in no record yet, so that it is not forgotten."""
        state, configured = self._inputs.state, self._inputs.evaluation.configuration.resources
        for address, intent in state.pending.items():
            wanted = not everything and address in configured
            silent = self._silent(address, None)
            if silent is not None and address not in state.records and not wanted:
                self._block(address, intent.draft.kind, *silent)

    def _deletion(
        self, record: Record, reason: Reason, dependants: Mapping[str, set[str]]
    ) -> Operation:
        first = tuple(
            sorted(name for name in dependants.get(record.address, ()) if name in self.operations)
        )
        return Operation(
            address=record.address,
            kind=record.kind,
            name=record.name,
            provider=record.provider,
            action=Action.DELETE,
            reason=reason,
            generation=record.generation,
            before=shown_values(record),
            sensitive=tuple(sorted(record.inputs.secrets)),
            depends_on=first,
        )


def _dependants(state: State) -> dict[str, set[str]]:
    """By address, what leans on it, or may: an interrupted create may have made its object."""
    found: dict[str, set[str]] = {}
    for record in (*state.records.values(), *(item.draft for item in state.pending.values())):
        for name in record.depends_on:
            found.setdefault(name, set()).add(record.address)
    return found


def _deletion_order(doomed: Mapping[str, Record], dependants: Mapping[str, set[str]]) -> list[str]:
    """The addresses with every dependant before what it depends on."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for address in sorted(doomed):
        sorter.add(address, *sorted(dependants.get(address, set()) & doomed.keys()))
    return list(sorter.static_order())
