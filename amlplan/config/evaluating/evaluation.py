"""Evaluates a configuration object by object, as what they refer to becomes known."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from amlplan.addresses import key_text
from amlplan.config.blocks import (
    CheckBlock,
    ImportBlock,
    OutputBlock,
    PlacedExpression,
    ResourceBlock,
)
from amlplan.config.evaluating.bodies import BodyReader
from amlplan.config.evaluating.build_graph import build_graph
from amlplan.config.evaluating.computation import Computation
from amlplan.config.evaluating.conditions import Verdict, verdict_on
from amlplan.config.evaluating.cycles import ordered
from amlplan.config.evaluating.module_instance import ModuleInstance
from amlplan.config.evaluating.workspaces import implied_references
from amlplan.config.expressions.evaluate import EvaluationError
from amlplan.config.expressions.typed_collections import plain
from amlplan.config.lifecycle import Lifecycle, lifecycle_of, triggers_of
from amlplan.diagnostics import error
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from amlplan.config.blocks import Condition, Configuration
    from amlplan.config.evaluating.graph import Node
    from amlplan.config.expressions.scope import Scope
    from amlplan.diagnostics import Diagnostic, SourceRange
    from amlplan.secrets import Secrets
    from amlplan.values import Value
    from amlplan_schemas.base import ResourceInputs

FoundTrigger = tuple[frozenset[str], str | None]
FoundImport = tuple["Value", "SourceRange | None"]
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
        self._needed: dict[str, Mapping[str, int]] = {}
        self._objects: dict[tuple[str, str], tuple[str, ...]] = {}
        """By node and module instance, the addresses of what the node became there."""
        self._places: dict[str, tuple[Node, ModuleInstance]] = {}
        self._root = ModuleInstance(configuration, variables, block_types, secrets.resolve)
        self._computation = Computation(graph, self._root, configuration.diagnostics)

    # Which objects there are.

    def addresses(self, nodes: Collection[str] | None = None) -> Iterator[str]:
        """The address of every object, each after those that it refers to.

        Of the objects of some blocks only, and of what they need, where `nodes` are given.
        What comes before must be published before the next is asked for, since the number of
        objects may depend on it. Mistakes go into the configuration's diagnostics; what they are
        about is left out, and unknown to others.
        """
        needed = None if nodes is None else self.needed_by(nodes).union(nodes)
        for name in self._order:
            if name in self._computation.broken or (needed is not None and name not in needed):
                continue
            found = self._graph.nodes[name]
            for instance in self._computation.instances(found.module.path):
                yield from self._expanded(found, instance)

    def blocks_of(self, block: str | None = None) -> list[str]:
        """The blocks of a type, or all, in every module, each by its address without keys."""
        return [
            name
            for name, node in self._graph.nodes.items()
            if isinstance(node.item, ResourceBlock) and block in {None, node.item.block}
        ]

    def needed_by(self, nodes: Iterable[str]) -> frozenset[str]:
        """The blocks that resource blocks need, directly or not."""
        found: set[str] = set()
        waiting = list(nodes)
        while waiting:
            new = self._graph.resources_of(waiting.pop()).keys() - found
            found |= new
            waiting += new
        return frozenset(found)

    def _expanded(self, node: Node, instance: ModuleInstance) -> tuple[str, ...]:
        """The objects that a resource block stands for in one instance of its module."""
        known = self._objects.get((node.name, instance.prefix))
        if known is not None:
            return known
        block = node.item
        assert isinstance(block, ResourceBlock)  # noqa: S101 - only those are in the order
        problems: list[Diagnostic] = []
        found = self._computation.repetition(node.name, instance, problems)
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
        for name, shared in self._needed[node.name].items():
            for other in instance.others(self._graph.nodes[name].module.path, shared):
                found += self._objects.get((name, other.prefix), ())
        return frozenset(found) if found else _NOTHING

    # What they are.

    def publish(self, address: str, value: Value) -> None:
        """Make an object's value known to those that refer to it."""
        node, instance = self._places[address]
        instance.publish(self.blocks[address], value)
        self._computation.forget(node.name, instance)

    def fail(self, address: str) -> None:
        """Have an object be unknown to others, as its block has a mistake that was reported."""
        self._computation.failed.add(self._places[address][0].name)
        self.publish(address, UNKNOWN)

    def resource(
        self, address: str, model: type[ResourceInputs]
    ) -> tuple[dict[str, Value] | None, list[Diagnostic]]:
        """The values that a block gives its model's fields, or None with what is wrong.

        `name` is the label, or label-key, where it is left out, and the implied workspace is
        filled in. Local paths are relative to the project's folder.
        """
        node, instance = self._places[address]
        block = self.blocks[address]
        scope, problems = self._scope_of(address)
        values = BodyReader(block, problems).read(model, scope) if not problems else {}
        if problems:
            return None, problems
        values.setdefault("name", _default_name(block, model))
        for field, target in self._implied.get(node.name, {}).items():
            named = self._graph.nodes[target].item
            values[field] = instance.resource(named.block, named.label)  # type: ignore[union-attr]
        return values, []

    def lifecycle(self, address: str) -> tuple[Lifecycle, list[Diagnostic]]:
        """How an object may change, as its block says now, and what is wrong with that."""
        block = self.blocks[address]
        if block.lifecycle is None:
            return Lifecycle(), []
        scope, problems = self._scope_of(address)
        try:
            return lifecycle_of(block.lifecycle, scope), problems
        except EvaluationError as failure:
            problems += [item.within(block.context, address) for item in failure.diagnostics]
            return Lifecycle(), problems

    def protected(self) -> frozenset[str]:
        """The objects that must not be destroyed, as far as the configuration alone can tell."""
        return frozenset(
            address for address in self.addresses() if self.lifecycle(address)[0].prevent_destroy
        )

    def preconditions(self, address: str) -> tuple[Diagnostic, ...]:
        """What an object requires and does not hold, as far as that is known."""
        return self.verdict(address, "precondition").broken

    def postconditions(self, address: str) -> tuple[Diagnostic, ...]:
        """What an object promises and does not hold for it as it was published."""
        return self.verdict(address, "postcondition").broken

    def verdict(self, address: str, word: str) -> Verdict:
        """What is known of an object's conditions; `word` is precondition or postcondition."""
        block = self.blocks[address]
        conditions = self.conditions(address, word)
        if not conditions:
            return Verdict()
        scope = self._scope_of(address)[0]
        if word == "postcondition":
            scope = scope.with_values({"self": self._places[address][1].value_of(block)})
        summary = f"Resource {word} failed"
        return verdict_on(conditions, scope, f"failed_{word}", summary, block.context)

    def conditions(self, address: str, word: str) -> tuple[Condition, ...]:
        """The preconditions or postconditions of an object."""
        lifecycle = self.blocks[address].lifecycle
        if lifecycle is None:
            return ()
        return lifecycle.preconditions if word == "precondition" else lifecycle.postconditions

    def triggers(self, address: str) -> tuple[list[FoundTrigger], list[Diagnostic]]:
        """What an object is replaced with: other objects, and the one attribute that counts."""
        block = self.blocks[address]
        if block.lifecycle is None:
            return [], []
        node, instance = self._places[address]
        scope, problems = self._scope_of(address)
        found: list[FoundTrigger] = []
        try:
            triggers = triggers_of(block.lifecycle, scope)
        except EvaluationError as failure:
            return [], [item.within(block.context, address) for item in failure.diagnostics]
        for item in triggers:
            name = f"{node.module.prefix}{item.block}.{item.label}"
            objects = self._objects.get((name, instance.prefix), ())
            if item.key is not None:
                objects = tuple(one for one in objects if self.blocks[one].key == item.key)
                if not objects:
                    text = f"There is no {item.block}.{item.label}{key_text(item.key)}."
                    problem = error("invalid_lifecycle", "Invalid lifecycle argument", text)
                    problems.append(replace(problem, range=item.place).within(block.context))
            found.append((frozenset(objects), item.attribute))
        return found, problems

    def _scope_of(self, address: str) -> tuple[Scope, list[Diagnostic]]:
        """The names that the block of an object knows, and what is wrong with them."""
        node, instance = self._places[address]
        problems = self._computation.prepare(node.name, instance)
        found = self._computation.repetition(node.name, instance, problems)
        names = {} if found is None else found.get(self.blocks[address].key, {})
        return (instance.scope.with_values(names) if names else instance.scope), problems

    def checks(self) -> Iterator[tuple[str, bool, Verdict]]:
        """Each check in each instance of its module: its name, whether it is an error, and how."""
        for name, node in self._graph.nodes.items():
            check = node.item
            if not isinstance(check, CheckBlock) or name in self._computation.broken:
                continue
            for instance in self._computation.instances(node.module.path):
                problems = self._computation.prepare(name, instance)
                verdict = verdict_on(
                    check.assertions,
                    instance.scope,
                    "failed_check",
                    "Check block assertion failed",
                    check.context,
                )
                is_error = False
                if check.severity is not None:
                    severity = self._computation.value(check.severity, instance, problems)
                    is_error = severity != "warning"
                    if severity not in ("error", "warning"):
                        problems.append(_no_severity(check.severity, check.context))
                if problems:
                    is_error, verdict = True, Verdict(tuple(problems))
                yield f"{instance.prefix}check.{check.name}", is_error, verdict

    @property
    def scope(self) -> Scope:
        """What an expression of the project's own module sees, as far as it is computed."""
        return self._root.scope

    def imports(self) -> tuple[dict[str, FoundImport], list[Diagnostic]]:
        """What import blocks take over, by address: the id, and the block's place."""
        problems: list[Diagnostic] = []
        found: dict[str, FoundImport] = {}
        for name, node in self._graph.nodes.items():
            block = node.item
            if not isinstance(block, ImportBlock) or name in self._computation.broken:
                continue
            for instance in self._computation.instances(node.module.path):
                problems += self._computation.prepare(name, instance)
                value = self._computation.value(block.id, instance, problems)
                found[f"{instance.prefix}{block.target}"] = value, block.id.range
        return found, problems

    def output_blocks(self, name: str) -> frozenset[str]:
        """The resource blocks that an output is made from, through locals and modules as well."""
        return frozenset(self._graph.resources_of(f"output.{name}"))

    def output_dependencies(self, name: str) -> frozenset[str]:
        """The addresses that an output is made from, through locals and modules as well."""
        return self._dependencies_in(self._graph.nodes[f"output.{name}"], self._root)

    def outputs(self) -> tuple[dict[str, Value], list[Diagnostic]]:
        """The outputs' values, marked where they are declared sensitive, and what is wrong.

        What nothing refers to is evaluated too, so that its mistakes are told.
        """
        problems: list[Diagnostic] = []
        for name, node in self._graph.nodes.items():
            if node.is_resource or name in self._computation.broken:
                continue
            scope = node.module.path
            for instance in self._computation.instances(scope):
                problems += self._computation.prepare(name, instance)
                if not self._computation.is_computed(name, instance):
                    self._computation.compute(name, instance, problems)
                if isinstance(node.item, OutputBlock):
                    problems += self._output_verdict(node.item, instance).broken
        return {name: plain(value) for name, value in self._root.outputs.items()}, problems

    def output_verdicts(self) -> Iterator[tuple[str, Verdict]]:
        """Each output with preconditions in each instance of its module, and what is known of them.

        Every output was asked for before.
        """
        for name, node in self._graph.nodes.items():
            output = node.item
            if not isinstance(output, OutputBlock) or name in self._computation.broken:
                continue
            for instance in self._computation.instances(node.module.path):
                if output.preconditions:
                    found = self._output_verdict(output, instance)
                    yield f"{instance.prefix}output.{output.name}", found

    def _output_verdict(self, output: OutputBlock, instance: ModuleInstance) -> Verdict:
        summary = "Output precondition failed"
        context = f'output "{output.name}"'
        conditions = output.preconditions
        return verdict_on(conditions, instance.scope, "failed_precondition", summary, context)


def _default_name(block: ResourceBlock, model: type[ResourceInputs]) -> str:
    """The label, or label-key; with `_` between them where the kind's names take no dash."""
    name = block.default_name
    joined = f"{block.label}_{block.key}"
    if block.key is None or re.fullmatch(model.name_pattern, name, re.ASCII) is not None:
        return name
    return joined if re.fullmatch(model.name_pattern, joined, re.ASCII) else name


def _no_severity(placed: PlacedExpression, context: str) -> Diagnostic:
    text = 'The severity of a check is "warning" or "error".'
    return error("invalid_check", "Invalid check", text, placed.range, context=context)
