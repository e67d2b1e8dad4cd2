"""What refers to what in a configuration and its modules: nodes, and the edges between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, TypeAlias

from amlplan.config.blocks import (
    CheckBlock,
    ImportBlock,
    ModuleCall,
    OutputBlock,
    PlacedExpression,
    ResourceBlock,
    VariableBlock,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.config.blocks import Configuration
    from amlplan.diagnostics import Diagnostic, SourceRange

Item: TypeAlias = (
    ResourceBlock
    | ModuleCall
    | VariableBlock
    | OutputBlock
    | CheckBlock
    | ImportBlock
    | PlacedExpression
)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One thing to evaluate: a resource, local, output, check, call, import, or module's variable.

    `name` is unique in the project, as in `module.team.local.sizes`; a resource and a call stand
    for all objects that they may become. `module` is where it is written; a variable is written
    in the call, and belongs to the module that is called.
    """

    name: str
    module: Configuration
    item: Item

    @property
    def is_resource(self) -> bool:
        """Whether it is a block that a provider manages."""
        return isinstance(self.item, ResourceBlock)

    @property
    def written_in(self) -> tuple[str, ...]:
        """The path of the module whose names its expressions see."""
        path = self.module.path
        return path[:-1] if isinstance(self.item, VariableBlock) else path


@dataclass(frozen=True, slots=True)
class Edge:
    """One reference: from a node to another, and where it is written."""

    origin: str
    target: str
    place: SourceRange


@dataclass(slots=True)
class Graph:
    """The nodes by name, and the edges that leave each.

    `broken` are the nodes with a reference that leads nowhere; `problems` says which.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[str, list[Edge]] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def resources_of(self, name: str) -> Mapping[str, int]:
        """The resources a node refers to, through what is none as well; their own are theirs.

        With each how much of the module's path an instance of the node shares with the instances
        of the resource: all of it within a module, less where the way leads through a caller.
        """
        found: dict[str, int] = {}
        waiting = [(name, len(self.nodes[name].module.path))]
        while waiting:
            origin, most = waiting.pop()
            for edge in self.edges[origin]:
                depth = min(most, self.shared(origin, edge.target))
                if found.get(edge.target, depth + 1) <= depth:
                    continue
                found[edge.target] = depth
                if not self.nodes[edge.target].is_resource:
                    waiting.append((edge.target, depth))
        return {name: depth for name, depth in found.items() if self.nodes[name].is_resource}

    def shared(self, origin: str, target: str) -> int:
        """How much of the module's path is the same at both ends of a reference."""
        theirs = self.nodes[target].module.path
        ours = self.nodes[origin].written_in if theirs else ()
        if not ours:
            return 0  # as all that stands in no module
        same = takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))
        return sum(1 for _ in same)
