"""How the world differs from what was applied, and what the configuration asks for beside that."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from amlplan.addresses import parse_address
from amlplan.planning.decide import drift_of
from amlplan.planning.observe import observe
from amlplan.planning.pending import find_pending
from amlplan.planning.unmanaged import find_unmanaged
from amlplan_schemas.drift import BlockPlace, DriftedObject, DriftReport, LookedAt
from amlplan_schemas.plan import DriftClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.events import EventSink
    from amlplan.planning.findings import PlanInputs
    from amlplan_schemas.plan import Drift
    from amlplan_schemas.state import State

DIFFERS = frozenset({DriftClass.CHANGED_OUTSIDE, DriftClass.DELETED_OUTSIDE, DriftClass.UNMANAGED})
"""The classes of which it is known that something is not as it was left."""


def find_drift(inputs: PlanInputs, emit: EventSink, *, with_others: bool = False) -> DriftReport:
    """Look at every recorded object, and for those that no record has; changes nothing.

    What an apply began and never answered counts as what became of it. `with_others` tells of
    objects that this state did not make, too.
    """
    state, evaluation = inputs.state, inputs.evaluation
    drift = [*_drifted(inputs, emit), *_unanswered(inputs)]
    unmanaged = find_unmanaged(state, inputs.registry, evaluation.configuration)
    # Last, since it evaluates the configuration, which may end anywhere.
    pending, configuration = find_pending(inputs)
    places = Places(evaluation)
    found = [
        item.model_copy(update={"place": places.of(item.address)})
        for item in sorted([*drift, *unmanaged.ours], key=lambda item: item.address)
    ]
    return DriftReport(
        amlplan_version=inputs.bindings.amlplan_version,
        lineage=inputs.bindings.lineage,
        serial=inputs.bindings.serial,
        objects=len(state.records),
        has_drift=any(item.drift_class in DIFFERS for item in found),
        drift=tuple(found),
        others=unmanaged.others if with_others else (),
        pending_config=tuple(
            item.model_copy(update={"place": places.of(item.address)}) for item in pending
        ),
        configuration=configuration,
        resources=tuple(_looked_at(state, places)),
        notes=unmanaged.notes,
    )


def _drifted(inputs: PlanInputs, emit: EventSink) -> Iterator[DriftedObject]:
    state, registry = inputs.state, inputs.registry
    records = [record for record in state.records.values() if record.outputs.values]
    observed = observe(records, state.records, registry, emit, inputs.parallelism)
    for record in records:
        item = drift_of(record, observed[record.address], registry.provider(record.kind))
        if item is not None and record.address not in inputs.unanswered:
            yield _reported(item)


def _reported(item: Drift) -> DriftedObject:
    return DriftedObject(
        address=item.address,
        kind=item.kind,
        name=item.name,
        drift_class=item.drift_class,
        changes=item.changes,
        reason=item.reason,
    )


def _unanswered(inputs: PlanInputs) -> Iterator[DriftedObject]:
    """Operations that were interrupted, and of which nobody can say what became."""
    state = inputs.state
    for address, reason in inputs.unanswered.items():
        intent = state.pending.get(address)
        record = state.records.get(address) or (intent and intent.draft)
        yield DriftedObject(
            address=address,
            kind=record.kind if record else "",
            name=record.name if record else "",
            drift_class=DriftClass.UNREACHABLE,
            reason=f"an interrupted operation cannot be settled: {reason}",
        )


def _looked_at(state: State, places: Places) -> Iterator[LookedAt]:
    for address, record in sorted(state.records.items()):
        yield LookedAt(address=address, kind=record.kind, place=places.of(address))


class Places:
    """Where blocks stand, by the address of an object; also where it could not be evaluated."""

    def __init__(self, evaluation: Evaluation) -> None:
        modules = evaluation.configuration.modules()
        blocks = {
            f"{module.prefix}{name}": block.header
            for module in modules
            for name, block in module.resources.items()
        }
        outputs = evaluation.configuration.outputs
        self._headers = blocks | {f"output.{name}": item.header for name, item in outputs.items()}
        self._ends: dict[str, list[int]] = {}
        """By file, where its lines end."""

    def of(self, address: str) -> BlockPlace | None:
        """The place of the block that an object is of; None where no block is left of it."""
        parsed = parse_address(address)
        header = self._headers.get(address if parsed is None else parsed.node)
        if header is None:
            return None
        source = header.source
        ends = self._ends.get(source.filename)
        if ends is None:
            ends = [offset for offset, letter in enumerate(source.text) if letter == "\n"]
            self._ends[source.filename] = ends
        return BlockPlace(filename=source.filename, line=bisect_left(ends, header.start) + 1)
