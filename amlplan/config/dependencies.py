"""Which resource refers to which, directly or through locals, and the order that follows."""

from __future__ import annotations

import difflib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.config.static import static_value
from amlplan.config.syntax.nodes import Literal, Traversal, TupleConstructor
from amlplan.config.syntax.references import references
from amlplan.diagnostics import Diagnostic, SourceRange, error

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from amlplan.config.blocks import Configuration, ResourceBlock
    from amlplan.config.syntax.nodes import Body, Expression
    from amlplan.diagnostics import SourceFile

META_ARGUMENTS = frozenset({"depends_on"})
_NOT_RESOURCES = frozenset({"var", "local", "path"})
_LOOP_STARTS = 100
"""From how many nodes of a cycle the smallest loop is looked for."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One reference: from a node to another, and where it is written."""

    origin: str
    target: str
    place: SourceRange


@dataclass(slots=True)
class Dependencies:
    """The nodes (`model.x`, `local.y`, `output.z`) with the edges that leave each.

    `broken` are the nodes with a reference that leads nowhere; `problems` says which.
    """

    edges: dict[str, list[Edge]] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def resources_of(self, node: str) -> frozenset[str]:
        """The resources a node refers to, through locals as well; its own steps are direct."""
        found: set[str] = set()
        seen: set[str] = set()
        stack = [node]
        while stack:
            for edge in self.edges.get(stack.pop(), ()):
                if edge.target in seen:
                    continue
                seen.add(edge.target)
                if edge.target.startswith("local."):
                    stack.append(edge.target)
                elif not edge.target.startswith("var."):
                    found.add(edge.target)
        return frozenset(found)

    def locals_of(self, node: str) -> list[str]:
        """The locals a node needs, each after those that it needs itself."""
        ordered: dict[str, None] = {}
        stack = [(node, False)]
        entered: set[str] = set()
        while stack:
            current, leaving = stack.pop()
            if leaving:
                if current != node:
                    ordered[current] = None
                continue
            if current in entered:
                continue
            entered.add(current)
            stack.append((current, True))
            stack.extend(
                (edge.target, False)
                for edge in self.edges.get(current, ())
                if edge.target.startswith("local.")
            )
        return list(ordered)


def find_dependencies(
    configuration: Configuration,
    block_types: Iterable[str],
    implied: Mapping[str, Mapping[str, str]],
) -> Dependencies:
    """Every reference of a configuration, and what refers to nothing.

    `implied` has, by address, the references that the configuration may leave out: the field
    and the address it takes.
    """
    found = Dependencies()
    checker = _Checker(configuration, frozenset(block_types), found)
    for name, placed in configuration.locals.items():
        checker.add(f"local.{name}", placed.expression, placed.source, "locals")
    for address, block in configuration.resources.items():
        found.edges[address] = []  # also where it refers to nothing: others refer to it
        for expression in _expressions_of(block.body, META_ARGUMENTS):
            checker.add(address, expression, block.source, block.context)
        if "depends_on" in block.body.attributes:
            checker.add_depends_on(block, block.body.attributes["depends_on"].expression)
        for target in implied.get(address, {}).values():
            found.edges.setdefault(address, []).append(Edge(address, target, block.header))
    for name, output in configuration.outputs.items():
        checker.add(
            f"output.{name}", output.value.expression, output.value.source, f'output "{name}"'
        )
    return found


def _expressions_of(body: Body, but: frozenset[str] = frozenset()) -> Iterator[Expression]:
    """Every expression of a block and of the blocks in it, without those of some arguments."""
    for name, attribute in body.attributes.items():
        if name not in but:
            yield attribute.expression
    for block in body.blocks:
        yield from _expressions_of(block.body)


class _Checker:
    """Turns traversals into edges and reports those that lead nowhere."""

    def __init__(
        self, configuration: Configuration, block_types: frozenset[str], found: Dependencies
    ) -> None:
        self._configuration = configuration
        self._block_types = block_types
        self._found = found
        self._declared = _declared(configuration, block_types)

    def add_depends_on(self, block: ResourceBlock, expression: Expression) -> None:
        """The blocks that `depends_on` lists; anything else in it is a mistake."""
        if static_value(expression, block.source) == (None, True):
            return  # null is as good as left out
        if not isinstance(expression, TupleConstructor):
            self._not_a_block(block, expression)
            return
        for item in expression.items:
            if isinstance(item, Traversal) and _is_block(item):
                self.add(block.address, item, block.source, block.context)
            else:
                self._not_a_block(block, item)

    def _not_a_block(self, block: ResourceBlock, item: Expression) -> None:
        address = f"{block.block}.other"
        if isinstance(item, Traversal) and item.steps and item.root in self._block_types:
            address = f"{item.root}.{item.steps[0].key}"
        elif isinstance(item, Literal) and str(item.value) in self._configuration.resources:
            address = str(item.value)
        self._found.broken.add(block.address)
        self._report(
            "invalid_depends_on",
            "Invalid depends_on",
            'The argument "depends_on" takes a list of blocks, each by its type and label, without '
            f"quotes and without an attribute behind it. Write: depends_on = [{address}]",
            SourceRange(block.source, item.start, item.end),
            block.context,
        )

    def add(self, origin: str, expression: Expression, source: SourceFile, context: str) -> None:
        edges = self._found.edges.setdefault(origin, [])
        for traversal in references(expression):
            place = SourceRange(source, traversal.start, traversal.end)
            known_problems = len(self._found.problems)
            target = self._target(traversal, place, context)
            if target is not None:
                edges.append(Edge(origin, target, place))
            elif len(self._found.problems) > known_problems:
                self._found.broken.add(origin)

    def _target(self, traversal: Traversal, place: SourceRange, context: str) -> str | None:
        root = traversal.root
        if root == "path":
            return None
        known = self._declared.get(root)
        if known is None:
            self._unknown_root(root, place, context)
            return None
        name = str(traversal.steps[0].key) if traversal.steps else ""
        if not name:
            self._report(
                "invalid_reference",
                "Invalid reference",
                f'"{root}" must be followed by a name, as in {root}.name.',
                place,
                context,
            )
            return None
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f" Did you mean {root}.{near[0]}?" if near else ""
            word = {"var": "variable", "local": "local value"}.get(root, f"{root} block")
            self._report(
                "undeclared_reference",
                "Reference to undeclared name",
                f"There is no {word} named {name} in this configuration.{hint}",
                place,
                context,
            )
            return None
        return f"{root}.{name}"

    def _unknown_root(self, root: str, place: SourceRange, context: str) -> None:
        known = ["var", "local", "path", *sorted(self._block_types)]
        near = difflib.get_close_matches(root, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else f' A string is written in quotes: "{root}".'
        self._report(
            "invalid_reference",
            "Invalid reference",
            f'"{root}" is neither a block type nor var, local or path.{hint}',
            place,
            context,
        )

    def _report(
        self, code: str, summary: str, detail: str, place: SourceRange, context: str
    ) -> None:
        self._found.problems.append(error(code, summary, detail, place, context=context))


def _is_block(item: Traversal) -> bool:
    """Whether it has the form of a block's address; whether there is one comes later."""
    return item.root not in _NOT_RESOURCES and len(item.steps) == 1 and item.steps[0].is_attribute


def _declared(
    configuration: Configuration, block_types: frozenset[str]
) -> dict[str, Collection[str]]:
    """The names that may follow each root of the scope, but for `path`."""
    labels: dict[str, dict[str, None]] = {block: {} for block in block_types}
    for block in configuration.resources.values():
        labels[block.block][block.label] = None
    return {**labels, "var": configuration.variables, "local": configuration.locals}


def order(addresses: Iterable[str], found: Dependencies) -> tuple[str, ...]:
    """Every resource after those it refers to, otherwise as given.

    Where nodes refer to each other in circles, one circle becomes a problem, all of them are
    broken, and the rest is ordered all the same.
    """
    nodes = [*addresses, *(node for node in found.edges if node.startswith("local."))]
    ordered: list[str] = []
    for component in _components(nodes, found):
        ordered += component
        if len(component) > 1 or component[0] in _targets(component[0], found):
            found.broken.update(component)
            found.problems.append(_cycle(_smallest_loop(component, found)))
    return tuple(node for node in ordered if not node.startswith("local."))


def _components(nodes: Iterable[str], found: Dependencies) -> Iterator[list[str]]:
    """The strongly connected components (Tarjan), each after those it refers to."""
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: dict[str, None] = {}
    for start in nodes:
        if start in numbers:
            continue
        stack: list[tuple[str, Iterator[str]]] = []
        entering: str | None = start
        while entering is not None or stack:
            if entering is not None:
                numbers[entering] = lowest[entering] = len(numbers)
                open_nodes[entering] = None
                stack.append((entering, _targets(entering, found)))
            node, targets = stack[-1]
            entering = None
            for target in targets:
                if target not in numbers:
                    entering = target
                    break
                if target in open_nodes:
                    lowest[node] = min(lowest[node], numbers[target])
            if entering is not None:
                continue
            stack.pop()
            if stack:
                above = stack[-1][0]
                lowest[above] = min(lowest[above], lowest[node])
            if lowest[node] == numbers[node]:
                component = [open_nodes.popitem()[0]]
                while component[-1] != node:
                    component.append(open_nodes.popitem()[0])
                yield component


def _targets(node: str, found: Dependencies) -> Iterator[str]:
    """What a node refers to, by name, each once."""
    return iter(sorted({edge.target for edge in found.edges[node]} & found.edges.keys()))


def _cycle(loop: list[Edge]) -> Diagnostic:
    lines = [
        f"{edge.origin} refers to {edge.target} at {edge.place.source.filename}:"
        f"{edge.place.position_of(edge.place.start).line}"
        for edge in loop
    ]
    return error(
        "cycle",
        "Cycle in the configuration",
        "These refer to each other in a circle, so none can come first: "
        + "; ".join(lines)
        + ". Take one of the references out.",
        loop[0].place,
    )


def _smallest_loop(component: Iterable[str], found: Dependencies) -> list[Edge]:
    """The shortest way from a node of a component back to itself, breadth first."""
    members = frozenset(component)
    loops = (_loop_from(node, members, found) for node in sorted(members)[:_LOOP_STARTS])
    return min(loops, key=len)


def _loop_from(start: str, members: frozenset[str], found: Dependencies) -> list[Edge]:
    came: dict[str, Edge] = {}
    queue = deque([start])
    while queue:
        for edge in found.edges[queue.popleft()]:
            if edge.target == start:
                loop = [edge]
                while loop[-1].origin != start:
                    loop.append(came[loop[-1].origin])
                return loop[::-1]
            if edge.target in members and edge.target not in came:
                came[edge.target] = edge
                queue.append(edge.target)
    raise AssertionError("every node of a component is on a loop")
