"""What must hold after every command, and what after an apply."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from amlplan.addresses import node_of
from amlplan_schemas.plan import Action
from amlplan_schemas.state import Status
from properties.nodes import ALWAYS_FAILS, FOLLOWS, addresses_of, edges_of, groups_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from amlplan_bench.world import World

    from amlplan_schemas.plan import Operation
    from amlplan_schemas.state import Record, State
    from harness.watched_applies import WatchedApply
    from properties.nodes import Node, Nodes


def nothing_is_lost(world: World, state: State | None, strays: Iterable[str]) -> Iterator[str]:
    """Objects that nobody knows of, and such as were made twice; strays were let go of."""
    known = {*strays, *(_identities(state) if state is not None else ())}
    for item in world.alive():
        if item["identity"] not in known:
            yield f"orphan: {item['identity']}"
    for identity, count in Counter(item["identity"] for item in world.alive()).items():
        if count > 1:
            yield f"duplicate: {identity} is there {count} times"


def _identities(state: State) -> Iterator[str]:
    drafts = [intent.draft for intent in state.pending.values()]
    for record in (*state.records.values(), *drafts):
        yield record.identity
        yield from (item.identity for item in record.deposed)


def secrets_told(
    folders: Iterable[Path], texts: Iterable[str], canaries: set[str]
) -> Iterator[str]:
    """Files and texts with a secret in them."""
    raw = [canary.encode() for canary in canaries]
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and any(canary in path.read_bytes() for canary in raw):
                yield f"a secret is in {path}"
    yield from (
        f"a secret was printed: {text}"
        for text in texts
        if any(canary in text for canary in canaries)
    )


def prints_of(folders: Iterable[Path]) -> dict[str, str]:
    """A digest of every file, and when it was written; who held the lock last does not count."""
    return {
        str(path): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}"
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.name != "amlplan.state.json.lock"
    }


class AfterApply:
    """What is wrong after one apply; `nodes` was applied, on a world that is as `world` is."""

    def __init__(
        self, apply: WatchedApply, state: State, world: World, nodes: Nodes, *, silent: set[str]
    ) -> None:
        self._apply = apply
        self._state = state
        self._world = world
        self._nodes: Mapping[str, Node] = addresses_of(nodes)
        self._silent = silent
        self._edges = set(edges_of(nodes))
        for record in (*apply.records.values(), *state.records.values()):
            for item in (record, *record.deposed):
                self._edges |= {(record.address, name) for name in item.depends_on}
        self._blocked = {item.address for item in apply.plan.blocked}
        self._trouble = {*apply.failed, *apply.skipped, *self._blocked}

    @property
    def is_whole(self) -> bool:
        """Whether all of the configuration was applied."""
        return not self._trouble

    def problems(self) -> Iterator[str]:
        """All that is wrong."""
        yield from self._failures()
        yield from self._waiting()
        yield from self._protected()
        yield from self._records()
        yield from self._objects()
        if self.is_whole and self._state.pending:
            yield f"open intents: {sorted(self._state.pending)}"

    def _failures(self) -> Iterator[str]:
        for operation in self._apply.plan.operations:
            address = operation.address
            if self._must_fail(operation) and address not in self._trouble:
                yield f"{operation.action} of {address} was told to fail, and did not"
        for address, summary in self._apply.failed.items():
            if not self._may_fail(address):
                yield f"{address} failed without being told to: {summary}"

    def _must_fail(self, operation: Operation) -> bool:
        node = self._nodes.get(operation.address)
        makes = operation.action in {Action.CREATE, Action.UPDATE, Action.REPLACE}
        fails = node is not None and node.fail in ALWAYS_FAILS
        inner = not operation.address.endswith(".bench.outer")
        return makes and operation.calls_provider and fails and inner

    def _may_fail(self, address: str) -> bool:
        node = self._nodes.get(address)
        told = node is not None and bool(node.fail)
        return told or self._is_silent(address) or self._world.refuses(f"/{address}/")

    def _is_silent(self, address: str) -> bool:
        return address in self._silent or "*" in self._silent

    def _waiting(self) -> Iterator[str]:
        """What was skipped or blocked although nothing that it has to do with was in the way."""
        for address, because in self._apply.skipped.items():
            if because not in self._apply.failed:
                yield f"{address} was skipped because of {because}, which did not fail"
            if address not in self._stopped_by(because):
                yield f"{address} was skipped because of {because}, which it does not touch"
        for item in self._apply.plan.blocked:
            others = self._blocked - {item.address}
            if not self._is_root(item.address) and not any(
                self._touch(item.address, other) for other in others
            ):
                yield f"{item.address} is blocked for no reason: {item.reason}"

    def _stopped_by(self, address: str) -> set[str]:
        """What a failure may stop: what touches it, directly or through what was skipped."""
        found, new = {address}, {address}
        while new:
            new = {
                other for other in self._apply.skipped if any(self._touch(other, it) for it in new)
            } - found
            found |= new
        return found

    def _touch(self, one: str, other: str) -> bool:
        same = one == other  # the two steps of a replacement
        return same or (one, other) in self._edges or (other, one) in self._edges

    def _is_root(self, address: str) -> bool:
        record = self._apply.records.get(address)
        node = self._nodes.get(address)
        protected = (record is not None and record.protected) or (
            node is not None and node.protected
        )
        return protected or self._is_silent(address)

    def _protected(self) -> Iterator[str]:
        for operation in self._apply.plan.operations:
            record = self._apply.records.get(operation.address)
            destroys = operation.action in {Action.DELETE, Action.REPLACE}
            destroys = destroys and operation.deposed is None
            if destroys and record is not None and record.protected and not record.steps:
                yield f"{operation.address} is protected, and was planned to be destroyed"

    def _records(self) -> Iterator[str]:
        """Records that are not what the configuration asks for, beside those in trouble."""
        fine = self._state.records.keys() - self._trouble
        for address in self._nodes.keys() - self._trouble - fine:
            yield f"{address} is not recorded, and nothing was in its way"
        for address in fine - self._nodes.keys():
            yield f"{address} is still recorded, and nothing was in its way"
        for address in fine & self._nodes.keys():
            record, node = self._state.records[address], self._nodes[address]
            if record.deposed:
                yield f"{address} still has {record.deposed}, and nothing was in its way"
            if record.status is not Status.OK:
                yield f"{address} is {record.status}, and nothing was in its way"
            wanted = {} if node.ignores or _is_secret(record) else {"value": node.value}
            if node.shape != FOLLOWS and not address.endswith(".bench.outer"):
                wanted["shape"] = node.shape
            got = {name: record.inputs.values[name] for name in wanted}
            if got != wanted:
                yield f"{address} is recorded with {got}, and should have {wanted}"
            if record.protected != (node.protected and not address.endswith(".bench.outer")):
                yield f"{address} is protected: {record.protected}"

    def _objects(self) -> Iterator[str]:
        """Objects that are not what the records say, beside those in trouble."""
        objects = self._world.objects()
        for address, record in self._state.records.items():
            node = self._nodes.get(address)
            if address in self._trouble:
                continue
            item = objects.get(record.identity)
            if item is None or not item["complete"]:
                yield f"phantom: {record.identity} is recorded, and is {item}"
            elif node is not None and (node.ignores or _is_secret(record)):
                continue
            elif (item["value"], item["weight"]) != (record.inputs.values["value"], 1):
                yield f"{address} is {item}, and is recorded with {record.inputs.values}"
            elif record.outputs.values["weight"] != 1:
                yield f"{address} is recorded with {record.outputs.values}"


def _is_secret(record: Record) -> bool:
    return "/value" in record.inputs.secrets


def touched_beyond(option: str, address: str, apply: WatchedApply, nodes: Nodes) -> set[str]:
    """The addresses that an apply made or changed although an option left them out."""
    wanted = addresses_of(nodes)
    edges = set(edges_of(nodes))
    # What had no key before names all of its block, which has keys now.
    named = {address, *(one for one in wanted if node_of(one) == address)}
    made = {
        item.address
        for item in apply.plan.operations
        if item.action in {Action.CREATE, Action.UPDATE, Action.REPLACE} and item.address in wanted
    }
    if option == "-exclude":
        return made & _reached(named, {(base, top) for top, base in edges})
    # What is needed comes with all of its block.
    labels = {node: set(group) for node, group in groups_of(nodes).items()}
    blocks = {top: group for group in labels.values() for top in group}
    return made - _reached(
        named, edges | {(a, b) for a, g in blocks.items() for b in g if a not in named}
    )


def _reached(start: set[str], edges: set[tuple[str, str]]) -> set[str]:
    found, new = set(start), set(start)
    while new:
        new = {other for one, other in edges if one in new} - found
        found |= new
    return found


def expected_drift(
    state: State | None, world: World, silent: set[str], strays: Iterable[str]
) -> int | None:
    """The exit code of drift, or None where interruptions leave it open."""
    if state is None:
        return 0
    if state.pending or any(record.status is not Status.OK for record in state.records.values()):
        return None
    objects = world.objects()
    differs = bool(objects.keys() & set(strays))
    if differs and not state.records:
        return None  # which kinds are asked for their objects depends on what there is
    for address, record in state.records.items():
        if "*" in silent or address in silent:
            return 1
        item = objects.get(record.identity)
        if item is None:
            differs = True
        else:
            seen = (record.inputs.values["value"], record.outputs.values["weight"])
            value = None if _is_secret(record) else item["value"]
            differs = differs or seen != (value, item["weight"])
    return 2 if differs else 0
