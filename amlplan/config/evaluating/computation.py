"""Computes locals, variables and outputs of modules, and how often blocks stand, when needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.blocks import (
    ModuleCall,
    OutputBlock,
    PlacedExpression,
    ResourceBlock,
    VariableBlock,
)
from amlplan.config.evaluating.repetition import UnknownRepetitionError, repetition_of
from amlplan.config.evaluating.variables import argument_value, default_value
from amlplan.config.expressions.evaluate import EvaluationError, evaluate
from amlplan.values import UNKNOWN, Sensitive, is_sensitive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.config.evaluating.graph import Graph, Node
    from amlplan.config.evaluating.module_instance import ModuleInstance
    from amlplan.config.evaluating.repetition import Repetition
    from amlplan.diagnostics import Diagnostic
    from amlplan.values import Value


class Computation:
    """Computes what is no resource, in each instance of its module, from what is published.

    `broken` are the nodes that cannot be evaluated, as a reference on the way leads nowhere;
    `failed` those with a mistake that was found while they were evaluated.
    """

    def __init__(self, graph: Graph, root: ModuleInstance, diagnostics: list[Diagnostic]) -> None:
        self._graph = graph
        self._root = root
        self._diagnostics = diagnostics
        self._computed, self._dependants = self._ways()
        self._remembering = self._with_memory()
        self.broken = self._led_astray()
        self.failed: set[str] = set()

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

    def _with_memory(self) -> dict[str, list[str]]:
        """The dependants of each node that remember something: all but blocks that stand once."""
        nodes = self._graph.nodes
        return {
            name: kept
            for name, dependants in self._dependants.items()
            if (kept := [item for item in dependants if not _stands_once(nodes[item])])
        }

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

    def instances(self, path: tuple[str, ...]) -> Iterator[ModuleInstance]:
        """The instances of a module, whose calls are computed where they were not yet."""
        return self._below(self._root, path)

    def _below(self, above: ModuleInstance, path: tuple[str, ...]) -> Iterator[ModuleInstance]:
        found = [above]
        for name in path:
            deeper: list[ModuleInstance] = []
            for instance in found:
                node = f"{instance.module.prefix}module.{name}"
                if name not in instance.children and node not in self.broken:
                    problems = self.prepare(node, instance)
                    self.compute(node, instance, problems)
                    self._diagnostics.extend(problems)
                deeper += instance.children.get(name, {}).values()
            found = deeper
        return iter(found)

    def prepare(self, name: str, instance: ModuleInstance) -> list[Diagnostic]:
        """Compute what a node needs that is no resource, each thing after what it needs itself."""
        problems: list[Diagnostic] = []
        waiting = [
            (target, other, False)
            for target in self._computed[name]
            for other in self._referred(name, target, instance)
        ]
        while waiting:
            current, place, is_ready = waiting.pop()
            if self.is_computed(current, place):
                continue
            if is_ready:
                self.compute(current, place, problems)
                continue
            waiting.append((current, place, True))
            waiting += [
                (target, other, False)
                for target in self._computed[current]
                for other in self._referred(current, target, place)
            ]
        return problems

    def repetition(
        self, name: str, instance: ModuleInstance, problems: list[Diagnostic]
    ) -> Repetition | None:
        """The objects that a block or call stands for; None where it is not known, and reported."""
        if name not in instance.repetitions:
            item = self._graph.nodes[name].item
            meta, context = item.meta, item.context  # type: ignore[union-attr]
            if meta:
                problems += self.prepare(name, instance)
            try:
                instance.repetitions[name] = repetition_of(meta, instance.scope, context)
            except EvaluationError as failure:
                if not self._is_told(name, failure):
                    problems += [item.within(context) for item in failure.diagnostics]
                self.failed.add(name)
                return None
        return instance.repetitions[name]

    def _is_told(self, name: str, failure: EvaluationError) -> bool:
        """Whether it is unknown for a mistake or for want of a variable, told elsewhere."""
        needed = self._graph.resources_of(name)
        is_unknown = isinstance(failure, UnknownRepetitionError)
        return is_unknown and (not needed or not self.failed.isdisjoint(needed))

    def value(
        self,
        placed: PlacedExpression,
        instance: ModuleInstance,
        problems: list[Diagnostic],
        names: Mapping[str, Value] | None = None,
    ) -> Value:
        """The value of an expression, which may use `names` too; unknown where it is wrong."""
        scope = instance.scope.with_values(names) if names else instance.scope
        try:
            return evaluate(placed.expression, scope, placed.source)
        except EvaluationError as failure:
            problems += [item.within(placed.context) for item in failure.diagnostics]
            return UNKNOWN

    def is_computed(self, name: str, instance: ModuleInstance) -> bool:
        """Whether a node has its value in an instance of its module; resources always do."""
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

    def compute(self, name: str, instance: ModuleInstance, problems: list[Diagnostic]) -> None:
        """Compute a node whose needs are prepared."""
        node = self._graph.nodes[name]
        item = node.item
        match item:
            case PlacedExpression():
                value = self.value(item, instance, problems)
                instance.locals[name.rpartition(".")[2]] = value
            case OutputBlock():
                value = self.value(item.value, instance, problems)
                marks = item.sensitive and not is_sensitive(value)
                instance.outputs[item.name] = Sensitive(value) if marks else value
            case VariableBlock():
                instance.variables[item.name] = self._argument(item, instance, problems)
            case ModuleCall():
                found = self.repetition(name, instance, problems)
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
            value, found = default_value(variable, caller.scope.without_values())
        else:
            name = f"{caller.module.prefix}module.{call.name}"
            repeated = self.repetition(name, caller, problems) or {}
            names = repeated.get(instance.key, {})
            given = self.value(placed, caller, problems, names)
            outside = caller.scope.without_values()
            value, found = argument_value(variable, given, placed.range, outside)
        problems += found
        return value

    def forget(self, name: str, instance: ModuleInstance) -> None:
        """Forget what was computed from a resource that is published anew."""
        waiting = [(name, instance)]
        while waiting:
            current, place = waiting.pop()
            for dependant in self._remembering.get(current, ()):
                path = self._graph.nodes[dependant].module.path
                shared = self._graph.shared(dependant, current)
                waiting += [
                    (dependant, other)
                    for other in place.others(path, shared)
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

    def _referred(
        self, origin: str, target: str, instance: ModuleInstance
    ) -> Iterator[ModuleInstance]:
        """The instances in which a node finds another that it refers to."""
        shared = self._graph.shared(origin, target)
        path = self._graph.nodes[target].module.path
        return self._below(instance.ancestor(shared), path[shared:])


def _stands_once(node: Node) -> bool:
    return isinstance(node.item, ResourceBlock) and not node.item.meta
