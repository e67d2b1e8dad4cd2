"""Compares what a plan says with what the provider was asked to do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from amlplan_schemas.plan import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from amlplan_schemas.plan import Operation
    from amlplan_schemas.state import Record
    from harness.call_log import Call
    from harness.watched_applies import WatchedApply

Expected = tuple[str, str]
"""The name of a call, and the identity of the object that it is about."""


def untruths(
    applies: Sequence[WatchedApply], calls: Sequence[Call], logged: Collection[str]
) -> Iterator[str]:
    """What was done and not planned, or planned and not done, or done in the wrong order.

    `logged` are the kinds whose providers log their calls.
    """
    unplanned = Counter(call.what for call in calls)
    for apply in applies:
        for operation in apply.plan.operations:
            expected = expected_calls(operation, apply, logged)
            unplanned.subtract(expected)
            found = [call for what in expected for call in calls if call.what == what]
            yield from _of_operation(operation, expected, found, apply)
        yield from _deletes_out_of_order(apply, calls)
        yield from _makes_out_of_order(apply, calls, logged)
    for (name, identity), count in unplanned.items():
        if count > 0 and name != "import":
            yield f"{name} of {identity} was called {count} times more than planned"


def expected_calls(
    operation: Operation, apply: WatchedApply, logged: Collection[str]
) -> list[Expected]:
    """The calls that carry out an operation, in order."""
    if not operation.calls_provider or operation.action in {Action.FORGET, Action.REFRESH}:
        return []
    prior = apply.records.get(operation.address)
    makes = [("create", _new_identity(operation, prior, apply))]
    makes = makes if operation.kind in logged else []
    if operation.action is Action.CREATE:
        return makes
    removed = _removed(operation, prior)
    if removed is None:
        return []
    takes = removed.kind in logged
    if operation.action is Action.UPDATE:
        return [("update", removed.identity)] if takes else []
    deletes = [("delete", removed.identity)] if takes else []
    if operation.action is Action.DELETE:
        return deletes
    return makes + deletes if operation.create_first else deletes + makes


def _new_identity(operation: Operation, prior: Record | None, apply: WatchedApply) -> str:
    if prior is not None and prior.generation == operation.generation:
        return prior.identity
    return f"{apply.before.lineage}/{operation.address}/{operation.generation}"


def _removed(operation: Operation, prior: Record | None) -> Record | None:
    if prior is None or operation.deposed is None:
        return prior
    found = [item for item in prior.deposed if item.generation == operation.deposed]
    return found[0] if found else None


def _of_operation(
    operation: Operation, expected: list[Expected], found: list[Call], apply: WatchedApply
) -> Iterator[str]:
    """What is wrong with the calls of one operation."""
    what = f"{operation.action} of {operation.key}"
    excused = apply.broke_off or operation.address in {*apply.failed, *apply.skipped}
    made = Counter(call.what for call in found)
    for one in expected:
        if made[one] > 1:
            yield f"{what}: {one[0]} was called {made[one]} times"
        elif made[one] == 0 and not excused:
            yield f"{what}: {one[0]} was not called"
    if not excused and not all(call.succeeded for call in found):
        yield f"{what}: a call failed, and nobody was told"
    if len(found) == 2 and not _comes_before(found[0], found[1]):
        yield f"{what}: {found[1].name} began before {found[0].name} had ended"


def _deletes_out_of_order(apply: WatchedApply, calls: Sequence[Call]) -> Iterator[str]:
    """Deletes that did not wait for the delete of what leans on the object."""
    deletes = {call.identity: call for call in calls if call.name == "delete"}
    records = apply.records
    for record in records.values():
        for item in (record, *record.deposed):
            own = deletes.get(item.identity)
            for name in item.depends_on:
                base = records.get(apply.plan.moves.get(name, name))
                for other in _deletes_under(base, deletes, is_old=item is not record):
                    if own is not None and not _comes_before(own, other):
                        yield f"{name} was deleted before {record.address}, which depends on it"


def _deletes_under(base: Record | None, deletes: Mapping[str, Call], *, is_old: bool) -> list[Call]:
    """The deletes of what a record may stand on; an old one may stand on an old one too."""
    if base is None:
        return []
    found = (base, *base.deposed) if is_old else (base,)
    return [deletes[item.identity] for item in found if item.identity in deletes]


def _makes_out_of_order(
    apply: WatchedApply, calls: Sequence[Call], logged: Collection[str]
) -> Iterator[str]:
    """Creates and updates that did not wait for those of what they depend on."""
    makes: Mapping[str, Call] = {
        call.identity: call for call in calls if call.name in {"create", "update"}
    }
    made: dict[str, Call] = {}
    for operation in apply.plan.operations:
        for _, identity in expected_calls(operation, apply, logged):
            if identity in makes:
                made[operation.address] = makes[identity]
    for operation in apply.plan.operations:
        if operation.action is Action.DELETE or operation.address not in made:
            continue
        for name in operation.depends_on:
            if name in made and not _comes_before(made[name], made[operation.address]):
                yield f"{operation.address} was made before {name}, which it depends on"


def _comes_before(earlier: Call, later: Call) -> bool:
    return earlier.ended is not None and earlier.ended < later.began
