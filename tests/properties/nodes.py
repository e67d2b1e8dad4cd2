"""Random configurations: blocks that stand for things, and what is expected of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LABELS = tuple(f"t{number}" for number in range(6))
FOLLOWS = "follows"
"""A shape that is made of what the block needs: that one's replacement replaces it too."""
ALWAYS_FAILS = frozenset({"before", "after", "crash before", "crash after", "broken"})
PART = """
variable "label" {}
variable "value" {}
variable "shape" {}
variable "needs" { type = list(string) }
variable "steps" { type = number }
variable "fail" {}
variable "protected" { type = bool }
bench "thing" "inner" {
  name  = "${var.label}-inner"
  value = var.value
  shape = var.shape
  needs = var.needs
  steps = var.steps
  fail  = var.fail
  lifecycle {
    prevent_destroy = var.protected
  }
}
bench "thing" "outer" {
  name  = "${var.label}-outer"
  value = var.value
  needs = [bench.inner.id]
}
output "ids" { value = [bench.inner.id, bench.outer.id] }
"""
HEAD = """
variable "password" {
  type      = string
  sensitive = true
}
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A block: a thing, several of them, or a module of two that lean on each other.

    With `after` it names what it needs by depends_on, with `triggered` it is also replaced when one
    of those changes. `keys` are those of for_each, `count` a number or None. `secret` is where a
    secret goes.
    """

    value: str = "one"
    shape: str = "round"
    needs: frozenset[str] = frozenset()
    after: bool = False
    keys: frozenset[str] | None = None
    count: int | None = None
    is_module: bool = False
    steps: int = 0
    fail: str = ""
    secret: str = ""
    option: bool = False
    protected: bool = False
    ignores: bool = False
    create_first: bool = False
    triggered: bool = False
    enabled: bool = True

    @property
    def is_single(self) -> bool:
        """Whether it stands for one object that has the block's own address."""
        return not self.is_module and self.keys is None and self.count is None

    def suffixes(self) -> list[str]:
        """What follows the label in the address of each instance."""
        if not self.enabled:
            return []
        if self.keys is not None:
            return [f'["{key}"]' for key in sorted(self.keys)]
        return [""] if self.count is None else [f"[{number}]" for number in range(self.count)]


Nodes = dict[str, Node]


def groups_of(nodes: Mapping[str, Node]) -> dict[str, list[str]]:
    """The addresses of the objects that each block stands for."""
    found: dict[str, list[str]] = {}
    for label, node in nodes.items():
        if node.is_module:
            found[label] = [
                f"module.{label}{suffix}.bench.{inner}"
                for suffix in node.suffixes()
                for inner in ("inner", "outer")
            ]
        else:
            found[label] = [f"bench.{label}{suffix}" for suffix in node.suffixes()]
    return found


def addresses_of(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """The block of every address that the configuration has."""
    return {address: nodes[label] for label, group in groups_of(nodes).items() for address in group}


def edges_of(nodes: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    """Each address with one that it depends on."""
    groups = groups_of(nodes)
    for label, node in nodes.items():
        for address in groups[label]:
            if address.endswith(".bench.outer"):
                yield address, address.replace(".bench.outer", ".bench.inner")
                if not node.after:
                    continue
            for needed in node.needs:
                yield from ((address, base) for base in groups[needed])


def leans_on(nodes: Mapping[str, Node], label: str) -> set[str]:
    """The labels that need a label, directly or not, and itself."""
    found = {label}
    while True:
        more = {name for name, node in nodes.items() if node.needs & found} - found
        if not more:
            return found
        found |= more


def hcl_of(nodes: Mapping[str, Node]) -> str:
    """The configuration as text."""
    blocks = [_block(label, node, nodes) for label, node in sorted(nodes.items())]
    outputs = [
        f'output "ids_{label}" {{\n  value = {_ids(label, node)}\n}}\n'
        for label, node in sorted(nodes.items())
    ]
    return HEAD + "".join(blocks) + "".join(outputs)


def _ids(label: str, node: Node) -> str:
    """An expression for the list of a block's ids, or of lists of them."""
    name = f"module.{label}" if node.is_module else f"bench.{label}"
    field = "ids" if node.is_module else "id"
    return f"values({name})[*].{field}" if node.keys is not None else f"{name}[*].{field}"


def _block(label: str, node: Node, nodes: Mapping[str, Node]) -> str:
    lists = ", ".join(_ids(name, nodes[name]) for name in sorted(node.needs))
    ids = f"flatten([{lists}])" if lists and not node.after else "[]"
    shape = json.dumps(node.shape)
    if node.shape == FOLLOWS:
        shape = f'join("+", {ids})'
    lines = [f"needs = {ids}", f"shape = {shape}", f"steps = {node.steps}"]
    lines.append(f'fail = "{node.fail}"')
    from_environment = node.secret == "environment" and not node.is_module
    value = 'env_secret("TOKEN")' if from_environment else json.dumps(node.value)
    lines.append(f"value = {value}")
    if node.keys is not None:
        lines.append(f"for_each = toset({json.dumps(sorted(node.keys))})")
    if node.count is not None:
        lines.append(f"count = {node.count}")
    if node.after and node.needs:
        names = [f"{'module' if nodes[name].is_module else 'bench'}.{name}" for name in node.needs]
        lines.append(f"depends_on = [{', '.join(sorted(names))}]")
    if node.is_module:
        key = "-${each.key}" if node.keys is not None else ""
        key = "-${count.index}" if node.count is not None else key
        lines += ['source = "./part"', f'label = "{label}{key}"']
        lines.append(f"protected = {json.dumps(node.protected)}")
        return f'module "{label}" {{\n  ' + "\n  ".join(lines) + "\n}\n"
    options = ['mode = "other"'] if node.option else []
    options += ["password = var.password"] if node.secret == "variable" else []
    lines.append(f"options = {{ {', '.join(options)} }}")
    rules = [f"prevent_destroy = {json.dumps(node.protected)}"]
    rules += [f"enabled = {json.dumps(node.enabled)}"] if node.is_single else []
    rules += ["ignore_changes = [value]"] if node.ignores else []
    rules += ["create_before_destroy = true"] if node.create_first else []
    things = [f"bench.{name}" for name in sorted(node.needs) if not nodes[name].is_module]
    rules += [f"replace_triggered_by = [{', '.join(things)}]"] if node.triggered else []
    lifecycle = "  lifecycle {\n    " + "\n    ".join(rules) + "\n  }\n"
    return f'bench "thing" "{label}" {{\n  ' + "\n  ".join(lines) + f"\n{lifecycle}}}\n"


FAILURES = ("step0", "crash step1", *sorted(ALWAYS_FAILS))
MAYBE_FAILS = st.one_of(st.just(""), st.just(""), st.just(""), st.sampled_from(FAILURES))


@st.composite
def node_forms(draw: st.DrawFn) -> Node:
    """A block; `needs` may name what is not there."""
    form = draw(st.sampled_from(["single", "single", "count", "each", "module", "modules"]))
    single = form == "single"
    return Node(
        value=draw(st.sampled_from(["one", "two", "three"])),
        shape=draw(st.sampled_from(["round", "round", "square", FOLLOWS])),
        needs=draw(st.frozensets(st.sampled_from(LABELS), max_size=3)),
        after=draw(st.booleans()) if single else False,
        keys=draw(st.frozensets(st.sampled_from("abc"))) if form in ("each", "modules") else None,
        count=draw(st.integers(0, 3)) if form == "count" else None,
        is_module=form in ("module", "modules"),
        steps=draw(st.sampled_from([0, 0, 2])),
        fail=draw(MAYBE_FAILS),
        secret=draw(st.sampled_from(["", "", "variable", "environment"])),
        option=draw(st.booleans()),
        protected=draw(st.integers(0, 7)) == 0 if single else False,
        ignores=draw(st.integers(0, 4)) == 0 if single else False,
        create_first=draw(st.integers(0, 2)) == 0,
        triggered=draw(st.integers(0, 4)) == 0,
        enabled=draw(st.integers(0, 7)) != 0 if single else True,
    )
