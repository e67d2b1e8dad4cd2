"""The names that expressions of a module may refer to, and what they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.evaluating.graph import Edge
from amlplan.config.evaluating.parts import REPEATING
from amlplan.config.static import static_value
from amlplan.config.syntax.nodes import Literal, Traversal, TupleConstructor
from amlplan.config.syntax.references import references
from amlplan.diagnostics import SourceRange, error
from amlplan.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from amlplan.config.blocks import Configuration
    from amlplan.config.evaluating.graph import Graph
    from amlplan.config.syntax.nodes import Expression
    from amlplan.diagnostics import SourceFile

_NOT_RESOURCES: Final = frozenset({"var", "local", "path", "module", "each", "count", "self"})
ONE_OF_MANY: Final = {"each": "for_each", "count": "count"}
"""The names that tell the objects of one block apart, by the argument that brings them."""


class ModuleScope:
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
        if root in ONE_OF_MANY:
            text = (
                f'"{root}" tells the objects of one block apart, and is known only in a block with '
                f"{ONE_OF_MANY[root]}."
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
