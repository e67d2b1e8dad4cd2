"""What must hold after a kill and one plain apply."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError
from amlplan_schemas.state import Status
from amlplan_state.local import LocalBackend
from state_support import HOLDER, silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_schemas.state import State
    from kill.forks import Ended
    from kill.scenario import Scenario, Site


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken: `kind` is one of the words of the issue."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


Steps = dict[tuple[str, str], int]
"""How often each step was done when it was first seen to be durable, by identity and name."""


def durable_steps(site: Site) -> Steps:
    """The steps that are written down, which promises that they are not repeated."""
    state = site.state()
    if state is None:
        return {}
    kept = [(intent.draft.identity, intent.steps) for intent in state.pending.values()]
    kept += [(record.identity, record.steps) for record in state.records.values()]
    done = Counter(site.world.notes())
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
        yield Violation("no recovery", f"exit {ended.code}: {ended.text}")
    yield from violations(site, scenario, before, steps)


def violations(
    site: Site, scenario: Scenario, before: State | None, steps: Steps
) -> Iterator[Violation]:
    """What is wrong with a project and its world after the apply that recovered."""
    yield from _lock(site)
    try:
        state = site.state()
    except AmlplanError as failure:
        yield Violation("lost state", str(failure))
        return
    if state is None:
        yield Violation("lost state", "there is none")
        return
    if before is not None and (state.lineage != before.lineage or state.serial <= before.serial):
        yield Violation("lost state", f"it is another one, or older: serial {state.serial}")
    for address in state.pending:
        yield Violation("open intent", address)
    yield from _objects(site, scenario, state)
    yield from _records(scenario, state, before)
    yield from _repeated(site, steps)
    left = [path.name for path in site.root.iterdir() if path.name.endswith(".new")]
    for name in left:
        yield Violation("left-over", name)
    again = site.run(*scenario.check)
    if again.code != 0:
        yield Violation("plan not empty", f"exit {again.code}: {again.text}")


def _lock(site: Site) -> Iterator[Violation]:
    backend = LocalBackend(site.root, {}, "0")
    try:
        with backend.open(HOLDER, timeout=0.0, waiting=silent):
            pass
    except AmlplanError as failure:
        yield Violation("stuck lock", str(failure))


def _objects(site: Site, scenario: Scenario, state: State) -> Iterator[Violation]:
    alive = site.world.alive()
    known = {record.identity: record for record in state.records.values()}
    for identity, count in Counter(item["identity"] for item in site.world.ever()).items():
        if count > 1:
            yield Violation("duplicate", f"{identity} was made {count} times")
    for address, count in Counter(_address_of(item["identity"]) for item in alive).items():
        if count > 1:
            yield Violation("duplicate", f"{address} has {count} objects")
    for item in alive:
        record = known.get(item["identity"])
        if record is None or record.outputs.values.get("id") != item["name"]:
            yield Violation("orphan", f"{item['identity']}, {item['name']}")
        elif not item["complete"]:
            yield Violation("half-made", item["identity"])
    there = {item["identity"] for item in alive}
    for address, record in state.records.items():
        if record.identity not in there:
            yield Violation("phantom", f"{address}, {record.identity}")
    wanted = {thing.address: thing.value for thing in scenario.after}
    got = {_address_of(item["identity"]): item["value"] for item in alive}
    for address in sorted(wanted.keys() | got.keys()):
        if wanted.get(address) != got.get(address):
            yield Violation(
                "wrong object", f"{address} is {got.get(address)!r}, not {wanted.get(address)!r}"
            )


def _records(scenario: Scenario, state: State, before: State | None) -> Iterator[Violation]:
    wanted = {thing.address: thing for thing in scenario.after}
    for address in sorted(wanted.keys() ^ state.records.keys()):
        yield Violation("lost state", f"{address} is recorded, or is not, against all expectation")
    for address, record in state.records.items():
        thing = wanted.get(address)
        if thing is None:
            continue
        if record.status is not Status.OK or record.steps:
            yield Violation("lost state", f"{address} is {record.status}, steps {record.steps}")
        kept = (record.inputs.values.get("value"), record.inputs.values.get("shape"))
        if kept != (thing.value, thing.shape) or record.outputs.values.get("echo") != thing.value:
            yield Violation("lost state", f"{address} is recorded as {kept}")
        if address in scenario.keeps and before is not None:
            old = before.records[address]
            if (old.identity, old.outputs.values["id"]) != (
                record.identity,
                record.outputs.values["id"],
            ):
                yield Violation("needless replacement", address)


def _repeated(site: Site, steps: Steps) -> Iterator[Violation]:
    done = Counter(site.world.notes())
    for (identity, step), times in sorted(steps.items()):
        if done[f"{step} {identity}"] > times:
            yield Violation("repeated step", f"{step} of {identity}")


def _address_of(identity: str) -> str:
    return identity.split("/")[1]
