"""`amlplan graph`: blocks in their modules, and what refers to what."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.project import Project

MODULE = """
variable "value" {
  default = ""
}

variable "unused" {
  default = ""
}

locals {
  inner = var.value
}

bench "thing" "one" {
  value = local.inner
}

bench "thing" "two" {
  depends_on = [bench.one]
}

output "id" {
  value = bench.one.id
}
"""
CONFIGURATION = """
variable "colour" {
  default = "red"
}

locals {
  names = [bench.a.name]
}

bench "thing" "a" {
  value = var.colour
}

bench "thing" "b" {
  needs = local.names
}

module "team" {
  source = "./team"
  value  = "${bench.a.id}-${var.colour}"
}

bench "thing" "last" {
  value = module.team.id
}

output "all" {
  value = [bench.last.id, local.names]
}
"""
EDGE = re.compile(r'^  "([^"]+)" -> "([^"]+)"$', re.MULTILINE)
NODE = re.compile(r'^( +)"([^"]+)" \[label = "([^"]+)"\]$', re.MULTILINE)


@pytest.fixture
def configured(project: Project) -> Project:
    project.hcl(CONFIGURATION)
    project.write("team/main.hcl", MODULE)
    return project


def test_references_are_followed_through_locals_variables_and_modules(configured: Project) -> None:
    text = configured.run("graph").out
    assert EDGE.findall(text) == [
        ("bench.b", "bench.a"),
        ("bench.last", "module.team.bench.one"),
        ("module.team.bench.one", "bench.a"),
        ("module.team.bench.two", "module.team.bench.one"),
        ("output.all", "bench.a"),
        ("output.all", "bench.last"),
    ]
    nodes = [name for _, name, _ in NODE.findall(text)]
    assert nodes == [
        "bench.a",
        "bench.b",
        "bench.last",
        "output.all",
        "module.team.bench.one",
        "module.team.bench.two",
    ]


def test_modules_are_clusters(configured: Project) -> None:
    text = configured.run("graph", "-type=dot").out
    _, _, cluster = text.partition('  subgraph "cluster_module.team" {\n')
    inside, _, _ = cluster.partition("\n  }\n")
    assert [label for _, _, label in NODE.findall(inside)] == ["bench.one", "bench.two"]
    assert '    label = "module.team"' in inside
    assert text.count("{") == text.count("}")


def test_all_shows_what_is_followed_through_too(configured: Project) -> None:
    text = configured.run("graph", "-all").out
    edges = set(EDGE.findall(text))
    assert edges >= {
        ("bench.a", "var.colour"),
        ("bench.b", "local.names"),
        ("local.names", "bench.a"),
        ("module.team.var.value", "bench.a"),
        ("module.team.var.value", "var.colour"),
        ("module.team.local.inner", "module.team.var.value"),
        ("module.team.bench.one", "module.team.local.inner"),
        ("bench.last", "module.team.output.id"),
        ("module.team.output.id", "module.team"),
    }
    nodes = {name for _, name, _ in NODE.findall(text)}
    assert nodes >= {name for edge in edges for name in edge}
    assert "module.team.var.unused" in nodes


def test_mermaid_has_the_same_blocks_and_references(configured: Project) -> None:
    text = configured.run("graph", "-type=mermaid").out
    lines = text.splitlines()
    assert lines[0] == "flowchart RL"
    labels = dict(re.findall(r'^ +(n\d+)\["([^"]+)"\]$', text, re.MULTILINE))
    inside = text.partition('  subgraph "module.team"\n')[2].partition("\n  end\n")[0]
    within = {name for name, _ in re.findall(r'(n\d+)\["([^"]+)"\]', inside)}
    full = {
        name: f"module.team.{label}" if name in within else label for name, label in labels.items()
    }
    edges = re.findall(r"^  (n\d+) --> (n\d+)$", text, re.MULTILINE)
    drawn = [(full[origin], full[target]) for origin, target in edges]
    assert drawn == EDGE.findall(configured.run("graph").out)
    assert len(lines) == 1 + len(labels) + len(edges) + 2


def test_the_order_is_always_the_same(configured: Project) -> None:
    printed = {
        subprocess.run(
            configured.command("graph", "-all"),
            cwd=configured.root,
            env=configured.process_environment() | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1


def test_a_circle_is_a_mistake(project: Project) -> None:
    project.hcl("locals {\n  a = local.b\n  b = local.a\n}\n")
    assert "local.a" in project.run("graph", code=10).err
