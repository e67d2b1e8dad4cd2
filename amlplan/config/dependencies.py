"""Which resource refers to which, directly or through locals, and the order that follows."""

from __future__ import annotations

import difflib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amlplan.config.syntax.references import references
from amlplan.diagnostics import Diagnostic, SourceRange, error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amlplan.config.blocks import Configuration
    from amlplan.config.syntax.nodes import Body, Expression, Traversal
    from amlplan.diagnostics import SourceFile


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
        for expression in expressions_of(block.body):
            checker.add(address, expression, block.source, block.context)
        for target in implied.get(address, {}).values():
            found.edges.setdefault(address, []).append(Edge(address, target, block.header))
    for name, output in configuration.outputs.items():
        checker.add(
            f"output.{name}", output.value.expression, output.value.source, f'output "{name}"'
        )
    return found


def expressions_of(body: Body) -> Iterator[Expression]:
    """Every expression of a block and of the blocks in it."""
    for attribute in body.attributes.values():
        yield attribute.expression
    for block in body.blocks:
        yield from expressions_of(block.body)


class _Checker:
    """Turns traversals into edges and reports those that lead nowhere."""

    def __init__(
        self, configuration: Configuration, block_types: frozenset[str], found: Dependencies
    ) -> None:
        self._configuration = configuration
        self._block_types = block_types
        self._found = found
        self._names = self._names_by_root()

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
        known = self._names.get(root)
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

    def _names_by_root(self) -> dict[str, set[str]]:
        """What stands behind each root name: variables, locals, and the labels of block types."""
        found: dict[str, set[str]] = {block_type: set() for block_type in self._block_types}
        found["var"] = set(self._configuration.variables)
        found["local"] = set(self._configuration.locals)
        for address in self._configuration.resources:
            root, _, label = address.partition(".")
            found[root].add(label)
        return found

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


def order(addresses: Iterable[str], found: Dependencies) -> tuple[str, ...]:
    """Every resource after those it refers to, otherwise as given.

    A cycle becomes a problem, its nodes are broken, and the rest is ordered all the same.
    """
    nodes = [*addresses, *(node for node in found.edges if node.startswith("local."))]
    targets = {
        node: sorted({edge.target for edge in found.edges.get(node, ())} & found.edges.keys())
        for node in nodes
    }
    ordered: dict[str, None] = {}
    open_nodes: set[str] = set()
    for start in nodes:
        stack = [start]
        while stack:
            node = stack[-1]
            if node in ordered:
                stack.pop()
                continue
            open_nodes.add(node)
            waiting = [name for name in targets.get(node, ()) if name not in ordered]
            inner = next((name for name in waiting if name not in open_nodes), None)
            if inner is not None:
                stack.append(inner)
                continue
            if waiting:
                _report_cycle(node, found)
            ordered[stack.pop()] = None
    return tuple(node for node in ordered if not node.startswith("local."))


def _report_cycle(node: str, found: Dependencies) -> None:
    loop = _smallest_loop(node, found)
    members = {edge.origin for edge in loop}
    if members <= found.broken:
        return
    found.broken |= members
    found.problems.append(_cycle(loop))


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


def _smallest_loop(start: str, found: Dependencies) -> list[Edge]:
    """The shortest way from a node of a cycle back to itself, breadth first."""
    best: list[Edge] = []
    candidates = {start, *(edge.target for edge in found.edges.get(start, ()))}
    for node in sorted(candidates):
        loop = _loop_from(node, found)
        if loop and (not best or len(loop) < len(best)):
            best = loop
    return best


def _loop_from(start: str, found: Dependencies) -> list[Edge]:
    came: dict[str, Edge] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for edge in found.edges.get(node, ()):
            if edge.target == start:
                loop = [edge]
                while loop[0].origin != start:
                    loop.insert(0, came[loop[0].origin])
                return loop
            if edge.target not in came:
                came[edge.target] = edge
                queue.append(edge.target)
    return []
