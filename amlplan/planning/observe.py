"""Looks at the objects of recorded resources, many at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from amlplan.defects import defects_explained
from amlplan.errors import AmlplanError, UnreachableError
from amlplan.events import Looked, Looking, Reading
from amlplan.provider import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    how many are looked at at a time.

    Raises the first failure that is no silence of the target: a missing package, a refused login.
    """

    def look(record: Record) -> Observed:
        known_by = record.address, record.kind, record.outputs.values.get("id", record.name)
        emit(Looking(*known_by))
        seen = read_one(record, known, registry)
        emit(Looked(*known_by))
        return seen

    asked = list(records)
    emit(Reading(len(asked)))
    if len(asked) <= FEW or parallelism == 1:
        return {record.address: look(record) for record in asked}
    waiting = deque(asked)
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
