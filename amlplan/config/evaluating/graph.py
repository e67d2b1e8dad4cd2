"""What refers to what in a configuration and its modules, before anything is evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Final, TypeAlias

from amlplan.config.blocks import (
    CheckBlock,
    ModuleCall,
    OutputBlock,
    PlacedExpression,
    ResourceBlock,
    VariableBlock,
)
from amlplan.config.evaluating.parts import REPEATING, parts_of
from amlplan.config.static import static_value
from amlplan.config.syntax.nodes import Literal, Traversal, TupleConstructor
from amlplan.config.syntax.references import references
from amlplan.diagnostics import Diagnostic, SourceRange, error
from amlplan.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from amlplan.config.blocks import Configuration
    from amlplan.config.syntax.nodes import Expression
    from amlplan.diagnostics import SourceFile

Item: TypeAlias = (
    ResourceBlock | ModuleCall | VariableBlock | OutputBlock | CheckBlock | PlacedExpression
)

_NOT_RESOURCES: Final = frozenset({"var", "local", "path", "module", "each", "count", "self"})
_ONE_OF_MANY: Final = {"each": "for_each", "count": "count"}


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One thing to evaluate: a resource, local, output, check, call, or a module's variable.

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
        if module.path:
            for variable in module.variables.values():
                self._node(f"{prefix}var.{variable.name}", module, variable)

    def _node(self, name: str, module: Configuration, item: Item) -> None:
        self._graph.nodes[name] = Node(name, module, item)
        self._graph.edges[name] = []

    def connect(self, module: Configuration) -> None:
        """Make the edges of what is written in a module."""
        scope = _ModuleScope(module, self._block_types, self._graph)
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
        for call in module.calls.values():
            self._connect_call(scope, f"{prefix}module.{call.name}", call)
        if module.path:
            self._connect_to_call(module)

    def _connect_resource(self, scope: _ModuleScope, name: str, block: ResourceBlock) -> None:
        own = frozenset(word for word, by in _ONE_OF_MANY.items() if by in block.body.attributes)
        context = block.context
        for part in parts_of(block.body):
            bound = part.bound | own if own and part.place not in REPEATING else part.bound
            scope.add(name, part.expression, block.source, context, bound)
        if "depends_on" in block.body.attributes:
            expression = block.body.attributes["depends_on"].expression
            scope.add_depends_on(name, expression, block.source, block.context)
        for target in self._implied.get(name, {}).values():
            self._graph.edges[name].append(Edge(name, target, block.header))

    def _connect_call(self, scope: _ModuleScope, name: str, call: ModuleCall) -> None:
        for word, placed in call.meta.items():
            if word == "depends_on":
                scope.add_depends_on(name, placed.expression, placed.source, call.context)
            else:
                scope.add(name, placed.expression, placed.source, call.context)
        if call.module is None:
            self._graph.broken.add(name)
            return
        bound = frozenset(word for word, by in _ONE_OF_MANY.items() if by in call.meta)
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
        for name in names:
            origin = f"{module.prefix}{name}"
            self._graph.edges[origin].append(Edge(origin, call, place))


class _ModuleScope:
    """What may be referred to in one module."""

    def __init__(self, module: Configuration, block_types: frozenset[str], graph: Graph) -> None:
        self._module = module
        self._block_types = block_types
        self._graph = graph
        labels: dict[str, dict[str, None]] = {block: {} for block in block_types}
        for block in module.resources.values():
            labels[block.block][block.label] = None
        self._declared: dict[str, Collection[str]] = {
            **labels,
            "var": module.variables,
            "local": module.locals,
            "module": module.calls,
        }

    def add(
        self,
        origin: str,
        expression: Expression,
        source: SourceFile,
        context: str,
        bound: frozenset[str] = frozenset(),
    ) -> None:
        """Add an edge for each reference of an expression, where `bound` names are known too."""
        edges = self._graph.edges[origin]
        for traversal in references(expression):
            if traversal.root in bound or traversal.root == "path":
                continue
            place = SourceRange(source, traversal.start, traversal.end)
            targets = self._targets(traversal, place, context)
            if targets is None:
                self._graph.broken.add(origin)
            else:
                edges.extend(Edge(origin, target, place) for target in targets)

    def add_depends_on(
        self, origin: str, expression: Expression, source: SourceFile, context: str
    ) -> None:
        """The blocks that `depends_on` lists; anything else in it is a mistake."""
        if static_value(expression, source) == (None, True):
            return  # null is as good as left out
        if not isinstance(expression, TupleConstructor):
            self._not_a_block(origin, expression, source, context)
            return
        for item in expression.items:
            if not (isinstance(item, Traversal) and _is_block(item)):
                self._not_a_block(origin, item, source, context)
                continue
            place = SourceRange(source, item.start, item.end)
            targets = self._targets(item, place, context)
            if targets is None:
                self._graph.broken.add(origin)
            elif item.root == "module":
                inside = f"{self._module.prefix}module.{item.steps[0].key}."
                targets = [
                    node.name
                    for node in self._graph.nodes.values()
                    if node.is_resource and node.name.startswith(inside)
                ]
            self._graph.edges[origin].extend(Edge(origin, name, place) for name in targets or ())

    def _not_a_block(self, origin: str, item: Expression, source: SourceFile, context: str) -> None:
        address = "model.other"
        if isinstance(item, Traversal) and item.steps and item.root in self._block_types:
            address = f"{item.root}.{item.steps[0].key}"
        elif isinstance(item, Literal) and str(item.value) in self._module.resources:
            address = str(item.value)
        self._graph.broken.add(origin)
        self._report(
            "invalid_depends_on",
            "Invalid depends_on",
            'The argument "depends_on" takes a list of blocks, each by its type and label, without '
            f"quotes and without an attribute behind it. Write: depends_on = [{address}]",
            SourceRange(source, item.start, item.end),
            context,
        )

    def _targets(self, traversal: Traversal, place: SourceRange, context: str) -> list[str] | None:
        """The nodes that a traversal leads to; None where it leads nowhere, which is reported."""
        root = traversal.root
        known = self._declared.get(root)
        if known is None:
            self._unknown_root(root, place, context)
            return None
        name = str(traversal.steps[0].key) if traversal.steps else ""
        if not name:
            text = f'"{root}" must be followed by a name, as in {root}.name.'
            self._report("invalid_reference", "Invalid reference", text, place, context)
            return None
        if name not in known:
            near = nearest(name, known)
            hint = f" Did you mean {root}.{near}?" if near else ""
            word = {"var": "variable", "local": "local value"}.get(root, f"{root} block")
            self._report(
                "undeclared_reference",
                "Reference to undeclared name",
                f"There is no {word} named {name} in this {self._place}.{hint}",
                place,
                context,
            )
            return None
        if root == "module":
            return self._outputs(traversal, name, place, context)
        if root == "var" and not self._module.path:
            return []
        return [f"{self._module.prefix}{root}.{name}"]

    @property
    def _place(self) -> str:
        return "module" if self._module.path else "configuration"

    def _outputs(
        self, traversal: Traversal, name: str, place: SourceRange, context: str
    ) -> list[str] | None:
        """The outputs of a module that a traversal takes: one where that is plain, else all."""
        call = self._module.calls[name]
        node = f"{self._module.prefix}module.{name}"
        if call.module is None:
            return [node]
        attributes = [step for step in traversal.steps[1:] if step.is_attribute]
        keyed = [step for step in traversal.steps[1:] if not step.is_attribute]
        is_repeated = bool(call.meta.keys() & REPEATING)
        if not attributes or (is_repeated and not keyed):
            return [node, *(f"{call.module.prefix}output.{item}" for item in call.module.outputs)]
        wanted = str(attributes[0].key)
        if wanted not in call.module.outputs:
            near = nearest(wanted, call.module.outputs)
            hint = f" Did you mean module.{name}.{near}?" if near else ""
            self._report(
                "undeclared_reference",
                "Reference to undeclared name",
                f"The module {name} has no output named {wanted}.{hint}",
                place,
                context,
            )
            return None
        return [node, f"{call.module.prefix}output.{wanted}"]

    def _unknown_root(self, root: str, place: SourceRange, context: str) -> None:
        if root in _ONE_OF_MANY:
            text = (
                f'"{root}" tells the objects of one block apart, and is known only in a block with '
                f"{_ONE_OF_MANY[root]}."
            )
            self._report("invalid_reference", "Invalid reference", text, place, context)
            return
        if root == "self":
            text = '"self" is the object itself, and is known in a postcondition only.'
            self._report("invalid_reference", "Invalid reference", text, place, context)
            return
        known = ["var", "local", "path", "module", *sorted(self._block_types)]
        near = nearest(root, known)
        hint = f" Did you mean {near}?" if near else f' A string is written in quotes: "{root}".'
        self._report(
            "invalid_reference",
            "Invalid reference",
            f'"{root}" is neither a block type nor var, local, module or path.{hint}',
            place,
            context,
        )

    def _report(
        self, code: str, summary: str, detail: str, place: SourceRange, context: str
    ) -> None:
        self._graph.problems.append(error(code, summary, detail, place, context=context))


def _is_block(item: Traversal) -> bool:
    """Whether it has the form of a block's address; whether there is one comes later."""
    is_call = item.root == "module"
    is_named = item.root not in _NOT_RESOURCES or is_call
    return is_named and len(item.steps) == 1 and item.steps[0].is_attribute
