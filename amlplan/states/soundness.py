"""What is wrong inside a state that can be read: references, identities, operations left open."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from amlplan.addresses import block_type_of, parse_address
from amlplan.wording import in_shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_schemas.state import Record, State

_REFRESH = "The next apply writes anew what refers to what. Run: amlplan apply"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `summary` without names, `detail` with what to do."""

    summary: str
    detail: str
    address: str | None = None


def problems_of(state: State) -> list[Problem]:
    """Everything that is wrong with the records of a state; what is pending is not among it."""
    found: list[Problem] = []
    for name, record in sorted(state.records.items()):
        found += _of_structure(name, record)
        found += _of_references(record, state)
    found += _of_identities(state)
    found += _of_cycles(state)
    return found


def pending_problems(state: State) -> list[Problem]:
    """The operations whose outcome nobody wrote."""
    return [
        Problem(
            "An operation has no outcome",
            f"The {intent.action} of {name} was begun, and what became of it is not known yet. "
            "Run: amlplan apply",
            name,
        )
        for name, intent in sorted(state.pending.items())
    ]


def _of_structure(name: str, record: Record) -> Iterator[Problem]:
    address = parse_address(name)
    if name != record.address:
        yield Problem(
            "A record is at another address than its own",
            f"The record at {name} says that it is {record.address}. Restore an earlier snapshot.",
            name,
        )
    elif address is None or address.block == "module":
        yield Problem(
            "A record has no address",
            f"{name} is not the address of an object. Restore an earlier snapshot.",
            name,
        )
    elif address.block != block_type_of(record.kind):
        yield Problem(
            "A record is of another type than its address",
            f"{name} has a record of the kind {record.kind}. Restore an earlier snapshot.",
            name,
        )


def _of_references(record: Record, state: State) -> Iterator[Problem]:
    for name in record.depends_on:
        if name not in state.records and name not in state.pending:
            yield Problem(
                "A dependency leads nowhere",
                f"{record.address} depends on {name}, which is not in the state. {_REFRESH}",
                record.address,
            )
    for way, target in sorted(record.targets.items()):
        there = state.records.get(target.address)
        if there is None and target.address not in state.pending:
            yield Problem(
                "A reference leads nowhere",
                f"{record.address} refers by {way} to {target.address}, which is not in the "
                f"state. {_REFRESH}",
                record.address,
            )
        elif there is not None and there.identity != target.identity:
            yield Problem(
                "A reference leads to another object",
                f"{record.address} refers by {way} to {target.address} as it was before it was "
                f"replaced. {_REFRESH}",
                record.address,
            )


def _of_identities(state: State) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, record in sorted(state.records.items()):
        for identity in (record.identity, *(old.identity for old in record.deposed)):
            first = seen.setdefault(identity, name)
            if first != name:
                yield Problem(
                    "Two records have one object",
                    f"{first} and {name} both have the object {identity}, so a delete of one "
                    "takes it from the other. Let go of the one that the configuration does not "
                    f"have: amlplan state rm {in_shell(name)}",
                    name,
                )


def _of_cycles(state: State) -> Iterator[Problem]:
    graph = {name: record.depends_on for name, record in state.records.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        names = " -> ".join(cycle.args[1])
        yield Problem(
            "Records depend on each other in a circle",
            f"{names}: nothing of it can be deleted before the rest. {_REFRESH}",
            cycle.args[1][0],
        )
