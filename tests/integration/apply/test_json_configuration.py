"""A configuration in the JSON syntax is planned and applied as the same in the native syntax."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import SourceFile
from harness.json_syntax import json_body
from harness.project import SOURCES, Project

if TYPE_CHECKING:
    from pathlib import Path


def plan(project: Project) -> dict[str, Any]:
    """The plan, without its own id and which files it was made from."""
    project.run("plan", "-out=it.plan")
    found: dict[str, Any] = json.loads((project.root / "it.plan").read_text())
    del found["id"], found["bindings"]["configuration"]
    return found


def in_json(native: Path) -> None:
    """Put the same configuration in the JSON syntax in a file's place."""
    text = native.read_text()
    body, problems = parse(SourceFile(native.name, text))
    assert problems == []
    native.with_name(f"{native.name}.json").write_text(json.dumps(json_body(body, text), indent=2))
    native.unlink()


@pytest.mark.parametrize("example", ["quickstart", "digits", "team"])
def test_examples_give_the_same_plan(project: Project, example: str) -> None:
    shutil.copytree(SOURCES / "examples", project.root, dirs_exist_ok=True)
    inside = Project(project.root / example, project.world, project.environment)
    native = plan(inside)
    assert native["operations"]
    for path in sorted(inside.root.rglob("*.hcl")):
        in_json(path)
    assert plan(inside) == native


JSON = """
{
  "//": "What the native file refers to.",
  "workspace": {"main": {}},
  "variable": {
    "sizes": {
      "type": "map(number)",
      "default": {"small": 1},
      "validation": {"condition": "${length(var.sizes) > 0}", "error_message": "Say ${1} size."}
    }
  },
  "datastore": {
    "local": {
      "raw": {"path": "data", "create_if_missing": true, "depends_on": ["compute.here"]}
    }
  },
  "run_config": {
    "train": {
      "script": "train.py",
      "workspace": "${workspace.main}",
      "input": {"a": {"path": "x"}, "b": [{"path": "y"}]},
      "resources": {"cpus": 1}
    }
  },
  "output": {"small": {"value": "${var.sizes.small}", "description": "Not ${read}."}}
}
"""


def test_both_syntaxes_are_merged(project: Project) -> None:
    project.write(
        "main.hcl",
        'compute "local" "here" {}\noutput "raw" {\n  value = "${datastore.raw.path}"\n}\n',
    )
    project.write("more.hcl.json", JSON)
    project.write("amlplan.amlvars.json", '{"sizes": {"small": 7}}')
    project.apply()
    assert project.run("output", "-raw", "small").out.strip() == "7"
    assert project.run("output", "-raw", "raw").out.strip() == "data"
    project.write("z.auto.amlvars.json", '[{"//": 1}, {"sizes": {"small": 8}}]')
    project.apply()
    assert project.run("output", "-raw", "small").out.strip() == "8"
    project.write("own.json", '{"sizes": {"small": 9}}')
    project.apply("-var-file=own.json")
    assert project.run("output", "-raw", "small").out.strip() == "9"


def test_values_are_not_templates(project: Project) -> None:
    project.write(
        "main.hcl.json", '{"variable": {"x": {}}, "output": {"x": {"value": "${var.x}"}}}'
    )
    project.write("amlplan.amlvars.json", '{"x": "${1 + 1} \\\\u0024"}')
    project.apply()
    assert project.run("output", "-raw", "x").out.strip() == "${1 + 1} \\u0024"


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ('{\n"model": {"m": {\n"surce": "x"}}}', 'Did you mean "source"', 3),
        ('{"model": {"m": {"run": {\n"histry": "x"}}}}', 'Did you mean "history"', 2),
        ('{\n"modl": {"m": {}}}', 'Did you mean "model"', 2),
        ('{"model":\n{"a b": {}}}', "is no identifier", 2),
        ('{"model": {"m": [\n{"source": "x"},\n{"source": "y"}]}}', "at main.hcl.json:2", 3),
        ('{"output": {"o": {\n"value": "${modle.m.id}"}}}', "modle", 2),
        ('{"output": {"o": {\n"value": "a\\n${lenth(1)}"}}}', 'Did you mean "length"', 2),
        ('{"variable": {"v": {"type":\n"strng"}}}', "A type is one of", 2),
        ('{"variable": {"v": {"description":\n["x"]}}}', "must be a plain string", 2),
        ('{"datastore": {"lcal":\n{"d": {}}}}', 'Did you mean "local"', 2),
        ('{"run_config": {"r": {"script": "x", "input": {"a":\n{"pth": "x"}}}}}', '"path"', 2),
        ('{"locals": {"a":\n1, "a": 2}}', "Argument set twice", 2),
    ],
)  # fmt: skip
def test_mistakes_are_told_where_they_are(
    project: Project, text: str, says: str, line: int
) -> None:
    project.write("main.hcl.json", text)
    project.write("w.hcl", 'workspace "main" {}\n')
    told = project.run("validate", code=10).err
    assert says in told
    assert f"main.hcl.json line {line}" in told


def test_a_wrong_value_of_a_secret_is_not_shown(project: Project) -> None:
    project.write("main.hcl", 'variable "key" {\n  sensitive = true\n}\n')
    project.write("amlplan.amlvars.json", '{"key": "hunter2-\\q"}')
    told = project.run("plan", code=10)
    assert "hunter2" not in told.all
    assert "is sensitive" in told.err
