"""Orders what refers to each other, and tells where that goes in a circle."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from amlplan.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan.config.evaluating.graph import Edge, Graph

LOOP_STARTS = 100
"""From how many nodes of a cycle the smallest loop is looked for."""


def ordered(graph: Graph) -> tuple[str, ...]:
    """Every node after those it refers to, otherwise as given.

    Where nodes refer to each other in circles, one circle becomes a problem, all of them are
    broken, and the rest is ordered all the same.
    """
    found: list[str] = []
    for component in _components(graph):
        found += component
        if len(component) > 1 or component[0] in _targets(component[0], graph):
            graph.broken.update(component)
            graph.problems.append(_cycle(_smallest_loop(component, graph)))
    return tuple(found)


def _components(graph: Graph) -> Iterator[list[str]]:
    """The strongly connected components (Tarjan), each after those it refers to."""
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: dict[str, None] = {}
    for start in graph.nodes:
        if start in numbers:
            continue
        stack: list[tuple[str, Iterator[str]]] = []
        entering: str | None = start
        while entering is not None or stack:
            if entering is not None:
                numbers[entering] = lowest[entering] = len(numbers)
                open_nodes[entering] = None
                stack.append((entering, _targets(entering, graph)))
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


def _targets(node: str, graph: Graph) -> Iterator[str]:
    """What a node refers to, by name, each once."""
    return iter(sorted({edge.target for edge in graph.edges[node]}))


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


def _smallest_loop(component: Iterable[str], graph: Graph) -> list[Edge]:
    """The shortest way from a node of a component back to itself, breadth first."""
    members = frozenset(component)
    loops = (_loop_from(node, members, graph) for node in sorted(members)[:LOOP_STARTS])
    return min(loops, key=len)


def _loop_from(start: str, members: frozenset[str], graph: Graph) -> list[Edge]:
    came: dict[str, Edge] = {}
    queue = deque([start])
    while queue:
        for edge in graph.edges[queue.popleft()]:
            if edge.target == start:
                loop = [edge]
                while loop[-1].origin != start:
                    loop.append(came[loop[-1].origin])
                return loop[::-1]
            if edge.target in members and edge.target not in came:
                came[edge.target] = edge
                queue.append(edge.target)
    raise AssertionError("every node of a component is on a loop")
