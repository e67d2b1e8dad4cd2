"""What must hold after a kill and one plain apply."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from amlplan.backend import Holder
from amlplan.errors import AmlplanError
from amlplan_schemas.state import Status
from bench.kill.subject import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record, State
    from bench.kill.forks import Ended
    from bench.kill.sites import Site
    from bench.kill.subject import Object, Scenario, Wanted

LOST, ORPHAN, DUPLICATE = "lost state", "orphan", "duplicate"
STUCK, PHANTOM, REPEATED = "stuck lock", "phantom", "repeated step"
NOT_RECOVERED, WRONG, NEEDLESS = "no recovery", "wrong object", "needless replacement"
LEFT_OVER, NOT_KILLED = "left-over", "not killed"
KINDS = {
    LOST: "lost states",
    ORPHAN: "orphans",
    DUPLICATE: "duplicates",
    STUCK: "stuck locks",
    PHANTOM: "phantoms (recorded, never finished)",
    REPEATED: "repeated steps",
    NOT_RECOVERED: "not recovered by one apply",
    WRONG: "objects that are not as asked",
    NEEDLESS: "needless replacements",
    LEFT_OVER: "leavings",
    NOT_KILLED: "kills that did not happen",
}
"""Every kind of violation, with what the table calls them."""

Steps = dict[tuple[str, str], int]
"""How often each step was done when it was first seen to be durable, by identity and name."""


def durable_steps(site: Site) -> Steps:
    """The steps that are written down, which promises that they are not repeated."""
    state = site.state()
    if state is None:
        return {}
    kept = [(intent.draft.identity, intent.steps) for intent in state.pending.values()]
    kept += [(record.identity, record.steps) for record in state.records.values()]
    done = site.subject.ledger(site.base)
    return {
        (identity, step): done[f"{step} {identity}"] for identity, steps in kept for step in steps
    }


def after_recovery(
    ended: Ended, site: Site, scenario: Scenario, before: State | None, steps: Steps
) -> Iterator[Violation]:
    """What is wrong after the one plain apply that had to recover, given how that ended.

    `before` is the state that the scenario began with, `steps` those durable at the kill.
    """
    if ended.code != 0:
        yield Violation(NOT_RECOVERED, f"exit {ended.code}: {ended.text}")
    yield from violations(site, scenario, before, steps)


def violations(
    site: Site, scenario: Scenario, before: State | None, steps: Steps
) -> Iterator[Violation]:
    """What is wrong with a project and its world after the apply that recovered."""
    yield from _lock(site)
    try:
        state = site.state()
    except AmlplanError as failure:
        yield Violation(LOST, str(failure))
        return
    if state is None:
        yield Violation(LOST, "there is none")
        return
    if before is not None and (state.lineage != before.lineage or state.serial <= before.serial):
        yield Violation(LOST, f"it is another one, or older: serial {state.serial}")
    for address in state.pending:
        yield Violation(PHANTOM, f"{address}: its intent is open")
    yield from _objects(site, scenario, state)
    yield from _records(scenario, state, before)
    yield from _ledger(site, steps)
    yield from site.subject.faults(site.base)
    for name in [path.name for path in site.root.iterdir() if path.name.endswith(".new")]:
        yield Violation(LEFT_OVER, name)
    again = site.run(*scenario.check)
    if again.code != 0:
        yield Violation(NOT_RECOVERED, f"the plan is not empty, exit {again.code}: {again.text}")


def _lock(site: Site) -> Iterator[Violation]:
    holder = Holder(user="kill", host="here", pid=os.getpid(), since="now", command="checks")
    try:
        with site.backend.open(holder, timeout=0.0, waiting=lambda _other: None):
            pass
    except AmlplanError as failure:
        yield Violation(STUCK, str(failure))


def _objects(site: Site, scenario: Scenario, state: State) -> Iterator[Violation]:
    alive = site.subject.objects(site.base, state)
    known = {record.identity: record for record in state.records.values()}
    for address, count in Counter(item.address for item in alive).items():
        if count > 1:
            yield Violation(DUPLICATE, f"{address} has {count} objects")
    for item in alive:
        if not _is_known(item, known.get(item.identity)):
            yield Violation(ORPHAN, f"{item.identity}, {item.outputs}")
        elif not item.complete:
            yield Violation(PHANTOM, f"{item.identity} is half-made")
    there = {item.identity for item in alive}
    for address, record in state.records.items():
        if record.identity not in there:
            yield Violation(PHANTOM, f"{address}, {record.identity}")
    wanted = {address: item.says for address, item in scenario.after.wanted.items()}
    got = {item.address: item.says for item in alive}
    for address in sorted(wanted.keys() | got.keys()):
        if wanted.get(address) != got.get(address):
            text = f"{address} is {got.get(address)!r}, not {wanted.get(address)!r}"
            yield Violation(WRONG, text)


def _is_known(item: Object, record: Record | None) -> bool:
    if record is None:
        return False
    outputs = record.outputs.values
    return all(outputs.get(name) == value for name, value in item.outputs.items())


def _records(scenario: Scenario, state: State, before: State | None) -> Iterator[Violation]:
    wanted = scenario.after.wanted
    for address in sorted(wanted.keys() ^ state.records.keys()):
        yield Violation(LOST, f"{address} is recorded, or is not, against all expectation")
    for address, record in state.records.items():
        if address not in wanted:
            continue
        if record.status is not Status.OK or record.steps:
            yield Violation(PHANTOM, f"{address} is {record.status}, steps {record.steps}")
        for old in record.deposed:
            yield Violation(PHANTOM, f"{address} still has {old} to be deleted")
        for name, got, asked in _differences(record, wanted[address]):
            yield Violation(LOST, f"{name} of {address} is recorded as {got!r}, not {asked!r}")
        if address in scenario.keeps and before is not None:
            old = before.records[address]
            if (old.identity, _id(old)) != (record.identity, _id(record)):
                yield Violation(NEEDLESS, address)


def _differences(record: Record, wanted: Wanted) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    for kept, asked in (
        (record.inputs.values, wanted.inputs),
        (record.outputs.values, wanted.outputs),
    ):
        for name, value in asked.items():
            if kept.get(name) != value:
                yield name, kept.get(name), value


def _id(record: Record) -> JsonValue:
    return record.outputs.values.get("id")


def _ledger(site: Site, steps: Steps) -> Iterator[Violation]:
    done = site.subject.ledger(site.base)
    for line, times in sorted(done.items()):
        if line.startswith("create ") and times > 1:
            yield Violation(DUPLICATE, f"{line} was done {times} times")
    for (identity, step), times in sorted(steps.items()):
        if done[f"{step} {identity}"] > times:
            yield Violation(REPEATED, f"{step} of {identity}")
