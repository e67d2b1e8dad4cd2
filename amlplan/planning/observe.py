"""Looks at the objects of recorded resources, many at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.addresses import CHOSEN
from amlplan.defects import defects_explained
from amlplan.errors import AmlplanError, UnreachableError
from amlplan.events import Looked, Looking, Reading
from amlplan.provider import Unreachable
from amlplan_schemas.base import ChoosesKind, marked_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amlplan.events import EventSink
    from amlplan.provider import Kinds, Observed, Targets
    from amlplan_schemas.state import Record

PARALLEL_READS = 10
FEW = 16
"""Up to this many reads are done one after the other: threads would cost more."""


def targets_of(record: Record, records: Mapping[str, Record]) -> Targets:
    """The records of the blocks that a record refers to, where they are still the same object.

    That may be one which was replaced, and which is there until nothing leans on it any more.
    """
    found: dict[str, Record] = {}
    for field, target in record.targets.items():
        now = records.get(target.address)
        for candidate in () if now is None else (now, *now.deposed):
            if candidate.identity == target.identity:
                found[field] = candidate
    return found


def observe(
    records: Iterable[Record],
    known: Mapping[str, Record],
    registry: Kinds,
    emit: EventSink,
    parallelism: int = PARALLEL_READS,
) -> dict[str, Observed]:
    """What is outside for each record, by address; blocks until the last one answered.

    `known` are all records by address, among them those that a record refers to. `parallelism` is
    how many are looked at at a time. A target that chose the kind of what is on it comes first:
    where it does not answer, or is another one, nothing is looked for there.

    Raises the first failure that is no silence of the target: a missing package, a refused login.
    """

    def look(record: Record) -> Observed:
        known_by = record.address, record.kind, record.outputs.values.get("id", record.name)
        emit(Looking(*known_by))
        silence = _silence_below(record, carriers, known, registry)
        seen = read_one(record, known, registry) if silence is None else silence
        emit(Looked(*known_by))
        return seen

    asked = list(records)
    emit(Reading(len(asked)))
    carriers: dict[str, Observed] = {}
    below = [known[name] for name in _carriers(asked, known, registry)]
    carriers.update(_looked_at(below, look, parallelism))
    others = [record for record in asked if record.address not in carriers]
    found = _looked_at(others, look, parallelism)
    return {record.address: (carriers | found)[record.address] for record in asked}


def _looked_at(
    records: list[Record], look: Callable[[Record], Observed], parallelism: int
) -> dict[str, Observed]:
    """What is outside for each, many at a time where there are many."""
    if len(records) <= FEW or parallelism == 1:
        return {record.address: look(record) for record in records}
    waiting = deque(records)
    found: dict[str, Observed] = {}

    def work() -> None:
        # One task a thread, not one a record: handing over costs more than a cheap read.
        while True:
            try:
                record = waiting.popleft()
            except IndexError:
                return
            found[record.address] = look(record)

    with ThreadPoolExecutor(parallelism, thread_name_prefix="read") as pool:
        for task in [pool.submit(work) for _ in range(parallelism)]:
            task.result()
    return found


def _carriers(asked: list[Record], known: Mapping[str, Record], registry: Kinds) -> dict[str, None]:
    """The targets that chose the kinds of records, by address: they are looked at first."""
    found = (_carrier(record, known, registry) for record in asked if CHOSEN in record.kind)
    return dict.fromkeys(item.address for item in found if item is not None and item.outputs.values)


def _carrier(record: Record, known: Mapping[str, Record], registry: Kinds) -> Record | None:
    """The target that an object is on, where that is still the same one."""
    model = registry.inputs_of(record.kind)
    for way in marked_fields(model, ChoosesKind):
        target = record.targets.get(way)
        now = None if target is None else known.get(target.address)
        if target is not None and now is not None and now.identity == target.identity:
            return now
    return None


def _silence_below(
    record: Record, carriers: Mapping[str, Observed], known: Mapping[str, Record], registry: Kinds
) -> Unreachable | None:
    """Why nothing can be known of an object: its target does not answer, or is another one."""
    carrier = _carrier(record, known, registry) if CHOSEN in record.kind else None
    below = None if carrier is None else carriers.get(carrier.address)
    if carrier is None or not isinstance(below, Unreachable):
        return None
    reason = f"{carrier.address}: {below.reason}"
    return replace(below, reason=reason, target=carrier.address)


def read_one(record: Record, known: Mapping[str, Record], registry: Kinds) -> Observed:
    """What is outside for one record."""
    try:
        with defects_explained(record.kind):
            return registry.provider(record.kind).read(record, targets_of(record, known))
    except UnreachableError as failure:
        return Unreachable(failure.detail or failure.summary)
    except AmlplanError as failure:
        failure.address = failure.address or record.address
        raise
