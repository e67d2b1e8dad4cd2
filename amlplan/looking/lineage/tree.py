"""Trees of lineage: up to what something came from, or down to what came from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from amlplan.looking.lineage.world import World, facts_of, node_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Direction = Literal["up", "down"]
DEEPEST = 60
_CAME_FROM_RUNS = ("snapshot:", "commit:", "environment:", "input:", "run_config.")


@dataclass(frozen=True, slots=True)
class Branch:
    """A node with what is below it, `relation` telling how it belongs to what is above.

    `is_repeated` tells that it stands elsewhere in the tree too, with what is below it.
    """

    node: str
    relation: str = ""
    branches: Sequence[Branch] = ()
    is_repeated: bool = False


def tree(world: World, node: str, direction: Direction) -> Branch:
    """All that a node came from, or that came from it; each is followed once."""
    return _grown(world, node, "", direction, seen=set(), depth=0)


def _grown(
    world: World, node: str, relation: str, direction: Direction, *, seen: set[str], depth: int
) -> Branch:
    near: dict[str, str] = {}
    for other, how in _near(world, node, direction):
        near.setdefault(other, how)  # what history says comes first, and says more
    if node in seen or depth > DEEPEST:
        return Branch(node, relation, is_repeated=bool(near))
    seen.add(node)
    below = [
        _grown(world, other, how, direction, seen=seen, depth=depth + 1)
        for other, how in near.items()
    ]
    return Branch(node, relation, below)


def _near(world: World, node: str, direction: Direction) -> Iterator[tuple[str, str]]:
    """The nodes next to one, each with the relation between them; one may come twice."""
    if direction == "up":
        yield from _sources(world, node)
    else:
        yield from _results(world, node)


def _sources(world: World, node: str) -> Iterator[tuple[str, str]]:
    edges = [edge for edge in world.history.lineage(node, "up") if edge.target == node]
    for edge in edges:
        yield edge.source, edge.relation
    if node.startswith("run:"):
        run = world.run(node.removeprefix("run:"))
        for relation, source in facts_of(run) if run is not None else ():
            yield source, relation
        return
    version = world.version(node)
    if version is not None and not edges:
        for kind, name in (("run", "run"), ("registered", "model")):
            if version.lineage.get(kind):
                yield f"{name}:{version.lineage[kind]}", "registered"
    address = world.addresses.get(node)
    for other in world.records[address].depends_on if address is not None else ():
        if other in world.records and world.records[other].kind != "workspace":
            yield node_of(world.records[other]), "refers"


def _results(world: World, node: str) -> Iterator[tuple[str, str]]:
    for edge in world.history.lineage(node, "down"):
        if edge.source == node:
            yield edge.target, edge.relation
    if node.startswith("run:"):
        yield from _of_run(world, node.removeprefix("run:"))
    address = world.addresses.get(node, node)
    if node.startswith(_CAME_FROM_RUNS) or address in world.records:
        for run in world.runs:
            for relation, source in facts_of(run):
                if source in {node, address}:
                    yield f"run:{run.summary.id}", relation
    for record in world.records.values():
        if address in record.depends_on:
            yield node_of(record), "refers"


def _of_run(world: World, run_id: str) -> Iterator[tuple[str, str]]:
    run = world.run(run_id)
    for child in run.children if run is not None else ():
        yield f"run:{child.id}", "parent"
    for versions in world.models.values():
        for version in versions:
            if version.lineage.get("run") == run_id:
                yield f"model:{version.name}:{version.version}", "registered"
