"""`validate -json` fits its published schema and has the shape of Terraform's."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from terraform_console import TERRAFORM

if TYPE_CHECKING:
    from harness.project import Project

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "schemas/amlplan_schemas/json/validation.schema.json").read_text()
)
MISTAKES = [
    'workspace "main" {}\n',
    "",
    "locals {\n  a = \n",
    'locals {\n  a = "é${upper(1, 2)}"\n}\n',
    'locals {\n  b = "x"\n  a = local.b + [\n    1,\n  ]\n}\n',
    'workspace "main" {\n  owners = ["anybody"]\n}\n',
    'variable "a" {\n  typ = string\n}\n',
    'model "a" {\n  source = "nowhere"\n}\n',
    'amlplan {\n  state "nowhere" {}\n}\nworkspace "main" {}\n',
]


def report(project: Project) -> Any:
    result = project.run("validate", "-json", code=None)
    assert not result.err
    found = json.loads(result.out)
    assert (result.code == 0) is found["valid"]
    return found


@pytest.mark.parametrize("text", MISTAKES)
def test_it_fits_its_schema(project: Project, text: str) -> None:
    if text:
        project.hcl(text)
    found = report(project)
    Draft202012Validator(SCHEMA).validate(found)
    assert found["error_count"] == len(found["diagnostics"])
    for item in found["diagnostics"]:
        if "range" in item:
            check_snippet(item, (project.root / item["range"]["filename"]).read_bytes())


def check_snippet(item: dict[str, Any], text: bytes) -> None:
    """Range and snippet are the same part of the file."""
    place, snippet = item["range"], item["snippet"]
    code = snippet["code"].encode()
    line = b"\n".join(text.split(b"\n")[snippet["start_line"] - 1 :])
    assert line.startswith(code)
    shown = code[snippet["highlight_start_offset"] : snippet["highlight_end_offset"]]
    assert text[place["start"]["byte"] : place["end"]["byte"]].startswith(shown)
    assert place["start"]["line"] == snippet["start_line"]


def test_values_in_scope_are_told(project: Project) -> None:
    project.hcl('locals {\n  b = "x"\n  a = local.b + 1\n}\n')
    (item,) = report(project)["diagnostics"]
    assert item["snippet"]["values"] == [{"traversal": "local.b", "statement": 'is "x"'}]
    assert item["snippet"]["context"] == "locals"


@pytest.mark.skipif(TERRAFORM is None, reason="Terraform is not installed")
@pytest.mark.parametrize(
    "text",
    [
        'variable "a" {\n  typ = string\n}\n',
        'locals {\n  é = 1\n  a = "éé${lo.b}"\n}\n',
        'output "a" {\n  valeu = 1\n  value = 1\n}\n',
    ],
)
def test_places_are_those_of_terraform(project: Project, text: str, tmp_path: Path) -> None:
    project.hcl(text)
    (tmp_path / "main.tf").write_text(text)
    done = subprocess.run(
        [str(TERRAFORM), "validate", "-json"],
        cwd=tmp_path,
        env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        check=False,
    )
    theirs, ours = json.loads(done.stdout), report(project)
    assert ours.keys() == theirs.keys()
    assert ours["error_count"] == theirs["error_count"] == 1
    (our,), (their,) = ours["diagnostics"], theirs["diagnostics"]
    assert our.keys() - {"code", "address"} == their.keys()
    assert our["range"]["start"] == their["range"]["start"]
    assert our["snippet"].keys() == their["snippet"].keys()
    for key in ("code", "start_line", "highlight_start_offset", "values"):
        assert our["snippet"][key] == their["snippet"][key]
