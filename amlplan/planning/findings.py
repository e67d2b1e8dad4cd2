"""What is found while a plan is made: operations, and what waits or is in the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.planning.decide import drift_of
from amlplan.planning.observe import PARALLEL_READS
from amlplan.provider import Unreachable
from amlplan.wording import in_shell
from amlplan_schemas.plan import Blocked, Deferred, Drift, Import, Note, Operation, PlanOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.diagnostics import Diagnostic
    from amlplan.lockfile import LockFile
    from amlplan.planning.selection import Selection
    from amlplan.planning.want import Wanted
    from amlplan.provider import Kinds, Observed
    from amlplan.secrets import Secrets
    from amlplan_schemas.plan import Bindings
    from amlplan_schemas.state import Record, State


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan is made from; `state` has interrupted operations settled already.

    `moves` has the addresses of recorded objects that moved, with where they are in `state`.
    `unanswered` says by address why an interrupted operation could not be settled. `options` are
    what was asked for beside the configuration, `parallelism` how many objects are looked at at a
    time.
    """

    evaluation: Evaluation
    state: State
    registry: Kinds
    secrets: Secrets
    lock: LockFile
    bindings: Bindings
    unanswered: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[str, str] = field(default_factory=dict)
    options: PlanOptions = field(default_factory=PlanOptions)
    parallelism: int = PARALLEL_READS


@dataclass(slots=True)
class Findings:
    """Collects a plan, by address; `observed` is what was seen outside.

    `records` are those of the state as the options have it: without what is to be forgotten, with
    what is imported. `operations` has those that concern an address as it is wanted or goes,
    `further` the others: of objects that an address had before. `left_out` are the addresses that
    the options keep from being planned, `forgotten` the records that they let go of. `origins`
    has, for what is deferred because of another, the one that it began with.
    """

    inputs: PlanInputs
    selection: Selection
    records: dict[str, Record]
    observed: dict[str, Observed]
    further: list[Operation] = field(default_factory=list)
    imports: dict[str, Import] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    replaced: dict[str, Unreachable] = field(default_factory=dict)
    """The silence of objects that were replaced and are still to be deleted, by identity."""
    forgotten: dict[str, Record] = field(default_factory=dict)
    wanted: dict[str, Wanted] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    deferred: dict[str, Deferred] = field(default_factory=dict)
    blocked: dict[str, Blocked] = field(default_factory=dict)
    drift: list[Drift] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)
    unchanged: int = 0

    def defer(self, address: str, kind: str, reason: str, next_step: str) -> None:
        """Note that a resource cannot be planned yet."""
        self.deferred[address] = Deferred(
            address=address, kind=kind, reason=reason, next_step=next_step
        )

    def block(self, address: str, kind: str, reason: str, next_step: str) -> None:
        """Note that a resource must not be changed now."""
        self.blocked[address] = Blocked(
            address=address, kind=kind, reason=reason, next_step=next_step
        )

    def silence_of(self, address: str, record: Record | None) -> tuple[str, str] | None:
        """Why nothing can be planned for an address, and what to do, or None."""
        pending = self.inputs.unanswered.get(address)
        if pending is not None:
            return (
                f"an interrupted operation cannot be settled: {pending}",
                "make its target reachable, then apply again",
            )
        for item in record.deposed if record is not None else ():
            silence = self.replaced.get(item.identity)
            if silence is not None:
                why = f"its replaced object {item.generation}: {silence.reason}"
                return why, "make it reachable, then plan again"
        observed = self.observed.get(address)
        if isinstance(observed, Unreachable):
            if record is not None:
                drift = drift_of(record, observed, self.inputs.registry.provider(record.kind))
                if drift is not None:
                    self.drift.append(drift)
            return observed.reason, _next_step(address, observed)
        return None

    def waits_for_others(self, operation: Operation) -> bool:
        """Whether something it depends on is deferred or blocked, so that it is too."""
        for name in sorted(self.inputs.evaluation.dependencies[operation.address]):
            if name in self.deferred:
                earlier = self.deferred[name]
                self.origins[operation.address] = self.origins.get(name, name)
                self.defer(
                    operation.address, operation.kind, f"{name} is deferred", earlier.next_step
                )
                return True
            if name in self.blocked:
                stuck = self.blocked[name]
                self.block(operation.address, operation.kind, f"{name} is blocked", stuck.next_step)
                return True
        return False


def _next_step(address: str, silence: Unreachable) -> str:
    """What to do about an object that cannot be looked at."""
    if not silence.is_another:
        return f"make {silence.target or 'it'} reachable, then plan again"
    name, target = in_shell(address), in_shell(silence.target or address)
    return (
        f"reach the one that was recorded; or plan with -accept-identity={target}, to have it be "
        f"the one that answers, or with -forget={name}"
    )
