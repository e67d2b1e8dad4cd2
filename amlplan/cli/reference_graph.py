"""What refers to what in a configuration, as `amlplan graph` draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.config.blocks import (
    CheckBlock,
    ImportBlock,
    ModuleCall,
    OutputBlock,
    PlacedExpression,
    ResourceBlock,
)
from amlplan.config.evaluating.build_graph import build_graph
from amlplan.config.evaluating.cycles import ordered
from amlplan.config.evaluating.parts import parts_of
from amlplan.config.evaluating.workspaces import implied_references
from amlplan.config.reading.load import in_source_order, load
from amlplan.config.syntax.references import references
from amlplan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from amlplan.config.blocks import Configuration
    from amlplan.config.evaluating.graph import Graph, Node
    from amlplan.config.syntax.nodes import Expression
    from amlplan.registry import Registry


@dataclass(slots=True)
class Cluster:
    """What stands in one module: its nodes by address, and the modules that it calls."""

    name: str = ""
    nodes: list[str] = field(default_factory=list)
    inner: dict[str, Cluster] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReferenceGraph:
    """Blocks, sorted, in the modules that they stand in, and from which to which a reference goes.

    A node's name is its address in the project; its label leaves the module out.
    """

    root: Cluster
    edges: list[tuple[str, str]]


def reference_graph(root: Path, registry: Registry, *, everything: bool) -> ReferenceGraph:
    """The graph of a folder's configuration; raises ConfigError for one with mistakes.

    Locals, variables, calls of modules and what modules give are left out, and references that
    go through them are drawn as one, unless `everything` is asked for.
    """
    configuration = load(root, registry.block_types, registry.inputs_of)
    blocks = [block for module in configuration.modules() for block in module.resources.values()]
    models = {block.kind: registry.inputs_of(block.kind) for block in blocks}
    implied = implied_references(configuration, models)
    graph = build_graph(configuration, registry.block_types, implied)
    ordered(graph)  # finds circles
    problems = [*configuration.diagnostics, *graph.problems]
    if problems:
        raise ConfigError(in_source_order(problems))
    return _whole(graph, configuration) if everything else _blocks_only(graph)


def _whole(graph: Graph, configuration: Configuration) -> ReferenceGraph:
    edges = {(edge.origin, edge.target) for found in graph.edges.values() for edge in found}
    for name, node in graph.nodes.items():
        if not node.module.path or _is_given_by_project(node):
            edges.update((name, variable) for variable in _project_variables(node, graph))
    variables = [(f"var.{name}", ()) for name in configuration.variables]
    places = [(name, node.module.path) for name, node in graph.nodes.items()]
    return ReferenceGraph(_clusters([*places, *variables]), sorted(edges))


def _is_given_by_project(node: Node) -> bool:
    """Whether a node is a variable of a module that the project itself calls."""
    return len(node.module.path) == 1 and node.name.startswith(f"{node.module.prefix}var.")


def _project_variables(node: Node, graph: Graph) -> Iterator[str]:
    """The project's own variables, which are no nodes, that a node refers to."""
    for expression in _expressions(node, graph):
        for traversal in references(expression):
            if traversal.root == "var" and traversal.steps:
                yield f"var.{traversal.steps[0].key}"


def _expressions(node: Node, graph: Graph) -> Iterator[Expression]:
    item = node.item
    if isinstance(item, ResourceBlock):
        for part in parts_of(item.body):
            yield part.expression
    elif isinstance(item, PlacedExpression):
        yield item.expression
    elif isinstance(item, OutputBlock):
        for placed in (item.value, *item.conditions()):
            yield placed.expression
    elif isinstance(item, ModuleCall):
        for placed in item.meta.values():
            yield placed.expression
    elif isinstance(item, CheckBlock):
        for placed in item.expressions():
            yield placed.expression
    elif isinstance(item, ImportBlock):
        yield item.id.expression
    else:  # a variable of a module: what its call gives it
        call = graph.nodes[f"module.{node.module.path[0]}"].item
        given = call.arguments.get(item.name) if isinstance(call, ModuleCall) else None
        if given is not None:
            yield given.expression


def _blocks_only(graph: Graph) -> ReferenceGraph:
    shown = {
        name: node
        for name, node in graph.nodes.items()
        if node.is_resource or (isinstance(node.item, OutputBlock) and not node.module.path)
    }
    edges = {(name, target) for name in shown for target in graph.resources_of(name)}
    return ReferenceGraph(
        _clusters((name, node.module.path) for name, node in shown.items()), sorted(edges)
    )


def _clusters(places: Iterable[tuple[str, tuple[str, ...]]]) -> Cluster:
    """The nodes sorted into the modules of a project."""
    root = Cluster()
    for name, path in sorted(places):
        cluster = root
        for step in path:
            inner = f"{cluster.name}.module.{step}".removeprefix(".")
            cluster = cluster.inner.setdefault(step, Cluster(inner))
        cluster.nodes.append(name)
    return root
