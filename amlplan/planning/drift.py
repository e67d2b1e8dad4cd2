"""How the world differs from what was applied, without any regard to what is wanted now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.planning.decide import drift_of
from amlplan.planning.observe import observe

if TYPE_CHECKING:
    from amlplan.registry import Registry
    from amlplan_schemas.plan import Drift
    from amlplan_schemas.state import State


def find_drift(state: State, registry: Registry) -> tuple[Drift, ...]:
    """The drift of every recorded object, by address; reads only."""
    records = [record for record in state.records.values() if record.outputs.values]
    observed = observe(records, state.records, registry, lambda _event: None)
    found = [
        drift_of(record, observed[record.address], registry.provider(record.kind))
        for record in sorted(records, key=lambda item: item.address)
    ]
    return tuple(item for item in found if item is not None)
