"""The JSON Schema of configuration files: what amlplan takes fits it, mistakes do not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from amlplan.config.reading.forms import file_form
from amlplan.config.syntax.parser import parse
from amlplan.diagnostics import SourceFile
from harness.cases import sections_of
from harness.json_syntax import json_body

if TYPE_CHECKING:
    from harness.project import Project

ROOT = Path(__file__).resolve().parents[3]
PUBLISHED = ROOT / "schemas/amlplan_schemas/json/configuration.schema.json"
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
FENCE = re.compile(r"^ *```(hcl|json)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
WORKSPACE: dict[str, Any] = {"workspace": {"main": {}}}
VALIDATOR = Draft202012Validator(json.loads(PUBLISHED.read_text()))


def mistakes(document: object) -> list[str]:
    return [error.json_path for error in VALIDATOR.iter_errors(document)]


def translated(text: str) -> dict[str, Any]:
    body, problems = parse(SourceFile("example", text))
    assert not problems
    return json_body(body, text)


def examples() -> list[Any]:
    found = []
    for page in PAGES:
        for number, (language, text) in enumerate(FENCE.findall(page.read_text())):
            document = translated(text) if language == "hcl" else json.loads(text)
            if VALIDATOR.schema["$defs"]["file"]["properties"].keys() & document.keys():
                found.append(pytest.param(document, id=f"{page.name}-{number}"))
    for path in sorted((ROOT / "examples").rglob("*.hcl")):
        document = translated(path.read_text())
        found += [pytest.param(document, id=str(path.relative_to(ROOT)))]
    return found


def test_a_dynamic_block_may_hold_another() -> None:
    require = {"for_each": "${var.floors}", "content": {"metric": "mse", "at_least": 1}}
    run = {"for_each": [1], "content": {"path": "outputs/model", "dynamic": {"require": require}}}
    assert mistakes({"model": {"ridge": {"dynamic": {"run": run}}}}) == []
    run["content"]["dynamic"]["require"]["contents"] = {}  # type: ignore[index]
    assert mistakes({"model": {"ridge": {"dynamic": {"run": run}}}}) != []


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)


@pytest.mark.parametrize("document", examples())
def test_every_example_fits(document: object) -> None:
    assert mistakes(document) == []


@pytest.mark.parametrize(
    "document",
    [
        WORKSPACE,
        [WORKSPACE, {"locals": {"a": [1, None, "${var.b}"]}}],
        {"workspace": {"main": {"//": "a comment", "owners": "${var.owners}"}}},
        {"workspace": [{"a": {"default": True}}, {"b": [{"default": "${true}"}]}]},
        {"run_config": {"a": {"script": "a.py", "resources": {"gpus": 1, "cpus": "${var.n}"}}}},
        {"run_config": {"a": {"script": "a.py", "input": [{"x": {"path": "a"}}, {"y": []}]}}},
        {"run_config": {"a": {"script": "a.py", "env": {"A": 1, "B": True, "C": "${x}"}}}},
        {
            "run_config": {
                "a": {
                    "script": "a.py",
                    "count": 2,
                    "dynamic": {
                        "input": {
                            "for_each": {"a": "b"},
                            "labels": ["${input.key}"],
                            "content": {"path": "${input.value}"},
                        }
                    },
                }
            }
        },
        {
            "model": {
                "a": {
                    "source": "m",
                    "for_each": "${toset(var.names)}",
                    "depends_on": ["workspace.main"],
                    "lifecycle": {"enabled": "${var.on}"},
                }
            }
        },
        {
            "image": {
                "a": {
                    "models": ["${model.a}"],
                    "entry_script": "s.py",
                    "environment": "${environment.a}",
                }
            }
        },
        {"variable": {"a": {"type": "list(string)", "default": None}}},
        {"module": {"a": {"source": "./a", "anything": 1, "count": "${var.n}"}}},
        {"amlplan": {"required_version": ">= 0.1", "state": {"local": {"path": "x"}}}},
    ],
)
def test_what_amlplan_takes_fits(document: object, project: Project) -> None:
    assert mistakes(document) == []
    project.write("main.hcl.json", json.dumps(document))
    codes = {
        item["code"]
        for item in json.loads(project.run("validate", "-json", code=None).out)["diagnostics"]
    }
    of_syntax = {"unsupported_block", "unsupported_argument", "wrong_labels", "object_expected"}
    assert not codes & of_syntax


@pytest.mark.parametrize(
    "document",
    [
        {"workspaces": {"main": {}}},
        {"workspace": "main"},
        {"workspace": {"main": {"ownres": []}}},
        {"workspace": {"main": {"default": "perhaps"}}},
        {"workspace": {"main": {"owners": "user:ana"}}},
        {"datastore": {"nowhere": {"raw": {"path": "a"}}}},
        {"datastore": {"local": {"raw": {}}}},
        {"run_config": {"a": {"script": "a.py", "resources": {"gpus": "many"}}}},
        {"run_config": {"a": {"script": "a.py", "resources": {"gpus": -1}}}},
        {"run_config": {"a": {"script": "a.py", "input": {"x": {"paths": "a"}}}}},
        {"run_config": {"a": {"script": "a.py", "dynamic": {"inputs": {"for_each": []}}}}},
        {"deployment": {"a": {"image": "image.a", "target": "${compute.here}"}}},
        {"deployment": {"a": {"image": "${image.a}", "target": "${compute.a}", "replicas": 0}}},
        {"model": {"a": {"run": {"path": "x", "select": "first"}}}},
        {"model": {"a": {"source": "m", "lifecycle": {"prevent": True}}}},
        {"model": {"a": {"source": "m", "count": -1}}},
        {"output": {"a": {}}},
        {"module": {"a": {"source": "registry/a"}}},
    ],
)
def test_mistakes_do_not_fit(document: object, project: Project) -> None:
    assert mistakes(document)
    project.write("main.hcl.json", json.dumps(document))
    assert project.run("validate", code=10).err


def test_a_mistake_is_told_where_it_is() -> None:
    document = {"model": {"a": [{"source": "m"}, {"source": "m", "run": {"paths": "x"}}]}}
    assert set(mistakes(document)) == {"$.model.a[1].run"}


def test_it_has_every_block_type() -> None:
    meta = file_form({}, None).blocks
    properties = VALIDATOR.schema["$defs"]["file"]["properties"].keys()
    assert properties >= meta.keys()


def test_the_command_prints_the_schema_of_what_is_installed(project: Project) -> None:
    schema = json.loads(project.run("schema", "json").out)
    Draft202012Validator.check_schema(schema)
    assert schema["$defs"]["workspace"] == VALIDATOR.schema["$defs"]["workspace"]
    document = {"bench": {"thing": {"a": {"value": "${var.a}", "steps": 2}}}}
    assert Draft202012Validator(schema).is_valid(document)
    assert mistakes(document)


def test_the_cases_fit_what_is_installed(project: Project) -> None:
    validator = Draft202012Validator(json.loads(project.run("schema", "json").out))
    texts = [
        (path.name, text)
        for path in sorted((ROOT / "tests/cases").glob("*.case"))
        if path.name != "mistakes.case"
        for title, text in sections_of(path.read_text())[1]
        if title.endswith(".hcl") and title != "wrong.hcl"
    ]
    found = [
        (name, error.message)
        for name, text in texts
        for error in validator.iter_errors(translated(text))
    ]
    assert len(texts) > 20
    assert not found


def test_the_kinds_are_listed_with_what_brings_them(project: Project) -> None:
    kinds = json.loads(project.run("schema", "providers", "-json").out)["kinds"]
    found = {item["kind"]: item for item in kinds}
    assert found["datastore.local"]["provider"] == "local"
    assert found["datastore.local"]["package"] == "amlplan"
    assert found["run_config"]["provider"] is None
    assert found["bench.thing"]["package"] == "amlplan-bench"
    text = project.run("schema", "providers").out
    assert re.search(r"^bench\.thing +bench +amlplan-bench +1\.0$", text, re.MULTILINE)
