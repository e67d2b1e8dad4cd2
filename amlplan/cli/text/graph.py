"""A graph of references in the languages of Graphviz and Mermaid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.cli.reference_graph import Cluster, ReferenceGraph


def dot_text(graph: ReferenceGraph) -> str:
    """The graph for Graphviz; arrows lead to what is needed."""
    lines = [
        "digraph amlplan {",
        '  rankdir = "RL"',
        '  node [shape = box, fontname = "sans-serif"]',
        *_dot_cluster(graph.root, "  "),
        *(f"  {_quoted(origin)} -> {_quoted(target)}" for origin, target in graph.edges),
        "}",
    ]
    return "\n".join(lines)


def _dot_cluster(cluster: Cluster, pad: str) -> Iterator[str]:
    for name in cluster.nodes:
        yield f"{pad}{_quoted(name)} [label = {_quoted(_label(name, cluster))}]"
    for _, inner in sorted(cluster.inner.items()):
        yield f"{pad}subgraph {_quoted(f'cluster_{inner.name}')} {{"
        yield f"{pad}  label = {_quoted(inner.name)}"
        yield from _dot_cluster(inner, f"{pad}  ")
        yield f"{pad}}}"


def mermaid_text(graph: ReferenceGraph) -> str:
    """The graph for Mermaid, as Markdown pages show it; arrows lead to what is needed."""
    names = [*_names(graph.root)]
    numbers = {name: f"n{number}" for number, name in enumerate(names)}
    lines = [
        "flowchart RL",
        *_mermaid_cluster(graph.root, numbers, "  "),
        *(f"  {numbers[origin]} --> {numbers[target]}" for origin, target in graph.edges),
    ]
    return "\n".join(lines)


def _mermaid_cluster(cluster: Cluster, numbers: dict[str, str], pad: str) -> Iterator[str]:
    for name in cluster.nodes:
        yield f"{pad}{numbers[name]}[{_quoted(_label(name, cluster))}]"
    for _, inner in sorted(cluster.inner.items()):
        yield f"{pad}subgraph {_quoted(inner.name)}"
        yield from _mermaid_cluster(inner, numbers, f"{pad}  ")
        yield f"{pad}end"


def _names(cluster: Cluster) -> Iterator[str]:
    yield from cluster.nodes
    for _, inner in sorted(cluster.inner.items()):
        yield from _names(inner)


def _label(name: str, cluster: Cluster) -> str:
    return name.removeprefix(f"{cluster.name}.") if cluster.name else name


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
