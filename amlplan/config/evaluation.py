"""Evaluates a configuration object by object, as what they refer to becomes known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.blocks import (
    ModuleCall,
    OutputBlock,
    PlacedExpression,
    ResourceBlock,
    VariableBlock,
)
from amlplan.config.bodies import BodyReader
from amlplan.config.cycles import ordered
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.config.expressions.typed_collections import plain
from amlplan.config.graph import build_graph
from amlplan.config.module_instance import ModuleInstance
from amlplan.config.repetition import repetition
from amlplan.config.variables import argument_value, default_value
from amlplan.config.workspaces import implied_references
from amlplan.values import UNKNOWN, Sensitive, is_sensitive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amlplan.config.blocks import Configuration
    from amlplan.config.graph import Node
    from amlplan.config.repetition import Repetition
    from amlplan.diagnostics import Diagnostic
    from amlplan.secrets import Secrets
    from amlplan.values import Value
    from amlplan_schemas.base import ResourceInputs

_NOTHING: Final[frozenset[str]] = frozenset()


class Evaluation:
    """The values of one project while it is planned and applied.

    `blocks` and `dependencies` have every object by its address, the latter with those that it
    refers to, as far as `addresses` went. An object may be evaluated when all of its dependencies
    are published; publishing again replaces what was published. Safe for threads that keep that
    rule.
    """

    def __init__(
        self,
        configuration: Configuration,
        models: Mapping[str, type[ResourceInputs]],
        block_types: Iterable[str],
        variables: dict[str, Value],
        secrets: Secrets,
    ) -> None:
        self.configuration = configuration
        self.variables = variables
        self.blocks: dict[str, ResourceBlock] = {}
        self.dependencies: dict[str, frozenset[str]] = {}
        block_types = frozenset(block_types)
        self._implied = implied_references(configuration, models)
        self._graph = graph = build_graph(configuration, block_types, self._implied)
        self._order = [name for name in ordered(graph) if graph.nodes[name].is_resource]
        configuration.diagnostics.extend(graph.problems)
        self._computed, self._dependants = self._ways()
        self._broken = self._led_astray()
        self._needed: dict[str, frozenset[str]] = {}
        self._objects: dict[tuple[str, str], tuple[str, ...]] = {}
        """By node and module instance, the addresses of what the node became there."""
        self._places: dict[str, tuple[Node, ModuleInstance]] = {}
        self._root = ModuleInstance(configuration, variables, block_types, secrets.resolve)

    def _ways(self) -> tuple[dict[str, tuple[str, ...]], dict[str, list[str]]]:
        """What each node refers to that is computed, and for every node those that refer to it."""
        nodes = self._graph.nodes
        computed: dict[str, tuple[str, ...]] = {}
        dependants: dict[str, list[str]] = {}
        for name, edges in self._graph.edges.items():
            targets = dict.fromkeys(edge.target for edge in edges)
            computed[name] = tuple(item for item in targets if not nodes[item].is_resource)
            for target in targets:
                dependants.setdefault(target, []).append(name)
        return computed, dependants

    def _led_astray(self) -> frozenset[str]:
        """The nodes that cannot be evaluated, as a reference on the way leads nowhere."""
        found = set(self._graph.broken)
        waiting = [name for name in found if not self._graph.nodes[name].is_resource]
        while waiting:
            for name in self._dependants.get(waiting.pop(), ()):
                if name not in found:
                    found.add(name)
                    if not self._graph.nodes[name].is_resource:
                        waiting.append(name)
        return frozenset(found)

    # Which objects there are.

    def addresses(self, node: str | None = None) -> Iterator[str]:
        """The address of every object, each after those that it refers to.

        Of those of one block, and what they need, where its `node` is given.
        What comes before must be published before the next is asked for, since the number of
        objects may depend on it. Mistakes go into the configuration's diagnostics; what they are
        about is left out, and unknown to others.
        """
        needed = None if node is None else self._closure(node)
        for name in self._order:
            if name in self._broken or (needed is not None and name not in needed):
                continue
            found = self._graph.nodes[name]
            for instance in self._instances(found.module.path):
                yield from self._expanded(found, instance)

    def blocks_of(self, block: str | None = None) -> list[str]:
        """The blocks of a type, or all, in every module, each by its address without keys."""
        return [
            name
            for name, node in self._graph.nodes.items()
            if isinstance(node.item, ResourceBlock) and block in {None, node.item.block}
        ]

    def _closure(self, node: str) -> set[str]:
        """A resource block and all that it needs, directly or not."""
        found = {node}
        waiting = [node]
        while waiting:
            new = self._graph.resources_of(waiting.pop()) - found
            found |= new
            waiting += new
        return found

    def _instances(self, path: tuple[str, ...]) -> Iterator[ModuleInstance]:
        """The instances of a module, whose calls are computed where they were not yet."""
        found = [self._root]
        for name in path:
            deeper: list[ModuleInstance] = []
            for instance in found:
                node = f"{instance.module.prefix}module.{name}"
                if name not in instance.children and node not in self._broken:
                    problems = self._prepare(node, instance)
                    self._compute(node, instance, problems)
                    self.configuration.diagnostics.extend(problems)
                deeper += instance.children.get(name, {}).values()
            found = deeper
        return iter(found)

    def _expanded(self, node: Node, instance: ModuleInstance) -> tuple[str, ...]:
        """The objects that a resource block stands for in one instance of its module."""
        known = self._objects.get((node.name, instance.prefix))
        if known is not None:
            return known
        block = node.item
        assert isinstance(block, ResourceBlock)  # noqa: S101 - only those are in the order
        problems: list[Diagnostic] = []
        found = self._repetition(node.name, instance, problems)
        self.configuration.diagnostics.extend(problems)
        keys = () if found is None else tuple(found)
        if found is not None:
            instance.repeat(block, keys)
        addresses: list[str] = []
        needed = self._dependencies_in(node, instance)
        for key in keys:
            one = block.instance(instance.prefix, key)
            addresses.append(one.address)
            self.blocks[one.address] = one
            self.dependencies[one.address] = needed
            self._places[one.address] = (node, instance)
        self._objects[(node.name, instance.prefix)] = tuple(addresses)
        return tuple(addresses)

    def _dependencies_in(self, node: Node, instance: ModuleInstance) -> frozenset[str]:
        """The objects that those of a node refer to: in its own instance of each shared module."""
        if node.name not in self._needed:
            self._needed[node.name] = self._graph.resources_of(node.name)
        found: list[str] = []
        for name in self._needed[node.name]:
            for other in self._related(self._graph.nodes[name], instance):
                found += self._objects.get((name, other.prefix), ())
        return frozenset(found) if found else _NOTHING

    def _related(self, node: Node, instance: ModuleInstance) -> Iterator[ModuleInstance]:
        """The instances of a node's module below the ancestors that it shares with another."""
        path = node.module.path
        above: ModuleInstance = instance
        while above.module.path != path[: len(above.module.path)]:
            assert above.parent is not None  # noqa: S101 - the project's own path is empty
            above = above.parent
        return above.instances(path[len(above.module.path) :])

    # What they are.

    def publish(self, address: str, value: Value) -> None:
        """Make an object's value known to those that refer to it."""
        node, instance = self._places[address]
        instance.publish(self.blocks[address], value)
        self._forget(node.name, instance)

    def resource(
        self, address: str, model: type[ResourceInputs]
    ) -> tuple[dict[str, Value] | None, list[Diagnostic]]:
        """The values that a block gives its model's fields, or None with what is wrong.

        `name` is the label, or label-key, where it is left out, and the implied workspace is
        filled in. Local paths are relative to the project's folder.
        """
        node, instance = self._places[address]
        block = self.blocks[address]
        problems = self._prepare(node.name, instance)
        found = self._repetition(node.name, instance, problems)
        names = {} if found is None else found.get(block.key, {})
        scope = instance.scope.with_values(names) if names else instance.scope
        values = BodyReader(block, problems).read(model, scope) if not problems else {}
        if problems:
            return None, problems
        values.setdefault("name", block.default_name)
        for field, target in self._implied.get(node.name, {}).items():
            named = self._graph.nodes[target].item
            values[field] = instance.resource(named.block, named.label)  # type: ignore[union-attr]
        return values, []

    def output_dependencies(self, name: str) -> frozenset[str]:
        """The addresses that an output is made from, through locals and modules as well."""
        return self._dependencies_in(self._graph.nodes[f"output.{name}"], self._root)

    def outputs(self) -> tuple[dict[str, Value], list[Diagnostic]]:
        """The outputs' values, marked where they are declared sensitive, and what is wrong.

        What nothing refers to is evaluated too, so that its mistakes are told.
        """
        problems: list[Diagnostic] = []
        for name, node in self._graph.nodes.items():
            if node.is_resource or name in self._broken:
                continue
            scope = node.module.path
            for instance in self._instances(scope):
                problems += self._prepare(name, instance)
                if not self._is_computed(name, instance):
                    self._compute(name, instance, problems)
        return {name: plain(value) for name, value in self._root.outputs.items()}, problems

    # How it is computed.

    def _prepare(self, name: str, instance: ModuleInstance) -> list[Diagnostic]:
        """Compute what a node needs that is no resource, each thing after what it needs itself."""
        problems: list[Diagnostic] = []
        waiting = [
            (target, other, False)
            for target in self._computed[name]
            for other in self._across(name, target, instance)
        ]
        while waiting:
            current, place, is_ready = waiting.pop()
            if self._is_computed(current, place):
                continue
            if is_ready:
                self._compute(current, place, problems)
                continue
            waiting.append((current, place, True))
            waiting += [
                (target, other, False)
                for target in self._computed[current]
                for other in self._across(current, target, place)
            ]
        return problems

    def _across(
        self, origin: str, target: str, instance: ModuleInstance
    ) -> Iterable[ModuleInstance]:
        """The instances where a node finds another that it refers to, or that refers to it."""
        ours, theirs = self._module_of(origin), self._module_of(target)
        if len(theirs) >= len(ours):
            return instance.instances(theirs[len(ours) :])
        for _ in range(len(ours) - len(theirs)):
            assert instance.parent is not None  # noqa: S101 - only the project's path is empty
            instance = instance.parent
        return (instance,)

    def _module_of(self, name: str) -> tuple[str, ...]:
        return self._graph.nodes[name].module.path

    def _is_computed(self, name: str, instance: ModuleInstance) -> bool:
        item = self._graph.nodes[name].item
        match item:
            case VariableBlock():
                return item.name in instance.variables
            case OutputBlock():
                return item.name in instance.outputs
            case ModuleCall():
                return item.name in instance.children
            case PlacedExpression():
                return name.rpartition(".")[2] in instance.locals
            case _:
                return True

    def _compute(self, name: str, instance: ModuleInstance, problems: list[Diagnostic]) -> None:
        node = self._graph.nodes[name]
        item = node.item
        match item:
            case PlacedExpression():
                value = self._value(item, instance, problems)
                instance.locals[name.rpartition(".")[2]] = value
            case OutputBlock():
                value = self._value(item.value, instance, problems)
                marks = item.sensitive and not is_sensitive(value)
                instance.outputs[item.name] = Sensitive(value) if marks else value
            case VariableBlock():
                instance.variables[item.name] = self._argument(item, instance, problems)
            case ModuleCall():
                found = self._repetition(name, instance, problems)
                instance.call(item, None if found is None else tuple(found))

    def _argument(
        self, variable: VariableBlock, instance: ModuleInstance, problems: list[Diagnostic]
    ) -> Value:
        """The value of a variable in an instance of a module, as its call gives it."""
        caller = instance.parent
        assert caller is not None  # noqa: S101 - the project's variables are given
        call = caller.module.calls[instance.module.path[-1]]
        placed = call.arguments.get(variable.name)
        if placed is None:
            value, found = default_value(variable, caller.scope)
        else:
            name = f"{caller.module.prefix}module.{call.name}"
            repeated = self._repetition(name, caller, problems) or {}
            names = repeated.get(instance.key, {})
            given = self._value(placed, caller, problems, names)
            value, found = argument_value(variable, given, placed.range, caller.scope)
        problems += found
        return value

    def _repetition(
        self, name: str, instance: ModuleInstance, problems: list[Diagnostic]
    ) -> Repetition | None:
        """The objects that a block or call stands for; None where it is not known, and reported."""
        if name not in instance.repetitions:
            item = self._graph.nodes[name].item
            meta, context = item.meta, item.context  # type: ignore[union-attr]
            if meta:
                problems += self._prepare(name, instance)
            try:
                instance.repetitions[name] = repetition(meta, instance.scope, context)
            except EvaluationError as failure:
                problems += [diagnostic.within(context) for diagnostic in failure.diagnostics]
                return None
        return instance.repetitions[name]

    def _value(
        self,
        placed: PlacedExpression,
        instance: ModuleInstance,
        problems: list[Diagnostic],
        names: Mapping[str, Value] | None = None,
    ) -> Value:
        scope = instance.scope.with_values(names) if names else instance.scope
        try:
            return evaluate(placed.expression, scope, placed.source)
        except EvaluationError as failure:
            problems += [item.within(placed.context) for item in failure.diagnostics]
            return UNKNOWN

    def _forget(self, name: str, instance: ModuleInstance) -> None:
        """Forget what was computed from a resource that is published anew."""
        waiting = [(name, instance)]
        while waiting:
            current, place = waiting.pop()
            for dependant in self._dependants.get(current, ()):
                waiting += [
                    (dependant, other)
                    for other in self._across(current, dependant, place)
                    if self._drop(dependant, other)
                ]

    def _drop(self, name: str, instance: ModuleInstance) -> bool:
        """Forget one value; whether others may have been computed from it."""
        item = self._graph.nodes[name].item
        match item:
            case PlacedExpression():
                return instance.locals.pop(name.rpartition(".")[2], self) is not self
            case OutputBlock():
                return instance.outputs.pop(item.name, self) is not self
            case VariableBlock():
                return instance.variables.pop(item.name, self) is not self
            case _:
                # How many objects there are was settled when the plan came here.
                return instance.repetitions.pop(name, None) is not None and isinstance(
                    item, ModuleCall
                )
