"""Reads off a configuration what refers to what, before anything is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.blocks import ModuleCall
from amlplan.config.evaluating.graph import Edge, Graph, Node
from amlplan.config.evaluating.module_scope import ONE_OF_MANY, ModuleScope
from amlplan.config.evaluating.parts import REPEATING, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amlplan.config.blocks import Configuration, ImportBlock, ResourceBlock
    from amlplan.config.evaluating.graph import Item


def build_graph(
    configuration: Configuration,
    block_types: Iterable[str],
    implied: Mapping[str, Mapping[str, str]],
) -> Graph:
    """Every reference of a project, and what refers to nothing.

    `implied` has, by the name of a node, the references that the configuration may leave out: the
    field and the node it takes.
    """
    graph = Graph()
    builder = _Builder(graph, frozenset(block_types), implied)
    for module in configuration.modules():
        builder.declare(module)
    for module in configuration.modules():
        builder.connect(module)
    return graph


class _Builder:
    """Makes nodes, then turns traversals into edges and reports those that lead nowhere."""

    def __init__(
        self,
        graph: Graph,
        block_types: frozenset[str],
        implied: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._graph = graph
        self._block_types = block_types
        self._implied = implied

    def declare(self, module: Configuration) -> None:
        """Make the nodes of a module."""
        prefix = module.prefix
        for block in module.resources.values():
            self._node(f"{prefix}{block.address}", module, block)
        for name, placed in module.locals.items():
            self._node(f"{prefix}local.{name}", module, placed)
        for call in module.calls.values():
            self._node(f"{prefix}module.{call.name}", module, call)
        for output in module.outputs.values():
            self._node(f"{prefix}output.{output.name}", module, output)
        for check in module.checks.values():
            self._node(f"{prefix}check.{check.name}", module, check)
        for name, imported in module.named_imports().items():
            self._node(f"{prefix}{name}", module, imported)
        if module.path:
            for variable in module.variables.values():
                self._node(f"{prefix}var.{variable.name}", module, variable)

    def _node(self, name: str, module: Configuration, item: Item) -> None:
        self._graph.nodes[name] = Node(name, module, item)
        self._graph.edges[name] = []

    def connect(self, module: Configuration) -> None:
        """Make the edges of what is written in a module."""
        scope = ModuleScope(module, self._block_types, self._graph)
        prefix = module.prefix
        for block in module.resources.values():
            self._connect_resource(scope, f"{prefix}{block.address}", block)
        for name, placed in module.locals.items():
            scope.add(f"{prefix}local.{name}", placed.expression, placed.source, "locals")
        for output in module.outputs.values():
            name = f"{prefix}output.{output.name}"
            for placed in (output.value, *output.conditions()):
                scope.add(name, placed.expression, placed.source, placed.context)
        for check in module.checks.values():
            for placed in check.expressions():
                name = f"{prefix}check.{check.name}"
                scope.add(name, placed.expression, placed.source, placed.context)
        for name, imported in module.named_imports().items():
            self._connect_import(scope, f"{prefix}{name}", imported)
        for call in module.calls.values():
            self._connect_call(scope, f"{prefix}module.{call.name}", call)
        if module.path:
            self._connect_to_call(module)

    def _connect_resource(self, scope: ModuleScope, name: str, block: ResourceBlock) -> None:
        if block.is_broken:
            self._graph.broken.add(name)
        own = frozenset(word for word, by in ONE_OF_MANY.items() if by in block.body.attributes)
        context = block.context
        for part in parts_of(block.body):
            bound = part.bound | own if own and part.place not in REPEATING else part.bound
            scope.add(name, part.expression, block.source, context, bound)
        if "depends_on" in block.body.attributes:
            expression = block.body.attributes["depends_on"].expression
            scope.add_depends_on(name, expression, block.source, block.context)
        for target in self._implied.get(name, {}).values():
            self._graph.edges[name].append(Edge(name, target, block.header))

    def _connect_import(self, scope: ModuleScope, name: str, block: ImportBlock) -> None:
        """What an import is about comes after what its id is made from."""
        scope.add(name, block.id.expression, block.id.source, block.id.context)
        target = f"{self._graph.nodes[name].module.prefix}{block.target.node}"
        if target in self._graph.nodes:
            self._graph.edges[target].append(Edge(target, name, block.header))

    def _connect_call(self, scope: ModuleScope, name: str, call: ModuleCall) -> None:
        for word, placed in call.meta.items():
            if word == "depends_on":
                scope.add_depends_on(name, placed.expression, placed.source, call.context)
            else:
                scope.add(name, placed.expression, placed.source, call.context)
        if call.module is None:
            self._graph.broken.add(name)
            return
        bound = frozenset(word for word, by in ONE_OF_MANY.items() if by in call.meta)
        for argument, placed in call.arguments.items():
            variable = f"{call.module.prefix}var.{argument}"
            if variable in self._graph.nodes:
                scope.add(variable, placed.expression, placed.source, call.context, bound)

    def _connect_to_call(self, module: Configuration) -> None:
        """What a module holds comes after its call; how often that stands decides how often it."""
        call = module.prefix.removesuffix(".")
        item = self._graph.nodes[call].item
        place = item.header if isinstance(item, ModuleCall) else None
        assert place is not None  # noqa: S101 - a module is called by a call
        names = [block.address for block in module.resources.values()]
        names += [f"output.{name}" for name in module.outputs]
        names += [f"var.{name}" for name in module.variables]
        names += [f"module.{name}" for name in module.calls]
        names += [f"check.{name}" for name in module.checks]
        names += list(module.named_imports())
        for name in names:
            origin = f"{module.prefix}{name}"
            self._graph.edges[origin].append(Edge(origin, call, place))
