"""JSON files mean what Terraform 1.11 makes of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.config.expressions.evaluate import evaluate
from amlplan.config.expressions.functions.table import FUNCTIONS
from amlplan.config.expressions.scope import Scope
from amlplan.config.reading.load import load
from amlplan.errors import ConfigError
from amlplan.values import UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from amlplan.config.blocks import Configuration
    from amlplan.values import Value

TERRAFORM = shutil.which("terraform")
pytestmark = pytest.mark.skipif(
    TERRAFORM is None, reason="terraform is not on PATH to compare with"
)

VALUES = r"""
1
-0.25
1e3
null
"a"
""
"a${1 + 1}b"
"${[1, true]}"
"${null}"
"$${x} %%{y} $ % { }"
"\u0024{1}"
"a\\nb\n\"\/"
"${\"\\u00e9\\n\"}"
"%{ if true }x%{ else }y%{ endif }"
"%{ for i in [1, 2] ~}\n ${i}\n%{ endfor ~}\n\n z"
"x \n ${~ 1 ~} \n \n y"
"<<-E\n  x\nE\n"
["${1}", {"${1 + 1}": "${3}", "//": 1}]
{"a": {"b": []}}
"""

FILES = r"""
{}
[]
[{}, {"locals": {"a": 1}}]
{"//": [1, "${"], "locals": {"//": 2, "a": 1}}
{"variable": {"a": {"//": "${", "type": "list(string)", "description": "${"}}}
{"variable": {"a": {"type": "object({b = optional(number)})"}}}
{"variable": {"a": null, "b": [{}]}}
{"variable": [{"a": {}}, {"b": {}}]}
{"variable": null, "locals": [{"a": 1}, {"b": 2}]}
{"locals": {"a": 1}, "locals": {"b": "${local.a}"}}
{"variable": {"a": {"validation": [{"condition": "${var.a > 1}", "error_message": "No."}]}}}
{"variable": {"a": {"validation": null}}}
{"output": {"o": {"value": {"a": ["${1}"]}}}}
5
null
[null]
[[]]
{"locals": {"a": 1,}}
{"locals": {"a": 01}}
{"locals": {a: 1}}
{"locals": {"a": 1}} x
{"locals": {"a": "x
y"}}
{"locals": {"a": "\q"}}
{"locals": {"a": "${"}}
{"locals": {"a": {"${1 2}": 1}}}
{"locals": {"a": 1, "a": 2}}
{"locals": {"a": {"x": 1, "x": 2}}}
{"locals": [[{"a": 1}]]}
{"locals": {"a b": 1}}
{"variable": {}}
{"variable": []}
{"variable": [null, {"a": {}}]}
{"variable": {"a": []}}
{"output": {"o": null}}
{"output": {"o": []}}
{"foo": {}}
{"foo": 5}
{"variable": 5}
{"variable": {"a": 5}}
{"variable": {"a": [{}, {}]}}
{"variable": {"//": "x"}}
{"variable": {"a": {"type": ["string"]}}}
{"variable": {"a": {"type": "${string}"}}}
{"output": {"o": {"value": 1, "value": 2}}}
{"output": {"o": {"value": "${var.no}"}}}
"""


def terraform(folder: Path, *arguments: str, asked: str = "") -> CompletedProcess[str]:
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [TERRAFORM or "", *arguments],
        cwd=folder,
        input=asked,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def files() -> list[str]:
    """The texts, some of several lines: each begins where the one before is over."""
    found: list[str] = []
    for line in FILES.strip().splitlines():
        if line.startswith(("{", "[", "5", "null")):
            found.append(line)
        else:
            found[-1] += "\n" + line
    return found


def read(folder: Path) -> Configuration:
    return load(folder, {})


def test_values_are_terraforms(tmp_path: Path) -> None:
    texts = VALUES.strip().splitlines()
    properties = ",\n".join(f'"v{index}": {text}' for index, text in enumerate(texts))
    whole = f'{{"locals": {{{properties}}}}}'
    (tmp_path / "main.tf.json").write_text(whole)
    (tmp_path / "main.hcl.json").write_text(whole)
    names = ", ".join(f"local.v{index}" for index in range(len(texts)))
    told = terraform(tmp_path, "console", asked=f"jsonencode([{names}])\n")
    theirs = json.loads(json.loads(told.stdout))
    scope = Scope({}, FUNCTIONS, tmp_path, lambda _reference: UNKNOWN)
    ours = [
        evaluate(placed.expression, scope, placed.source)
        for placed in read(tmp_path).locals.values()
    ]
    for text, our, their in zip(texts, ours, theirs, strict=True):
        assert plain(our) == their, text


def plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("text", files())
def test_files_are_accepted_as_terraform_does(tmp_path: Path, text: str) -> None:
    (tmp_path / "main.tf.json").write_text(text)
    (tmp_path / "main.hcl.json").write_text(text)
    told = terraform(tmp_path, "validate")
    assert ours_is_valid(tmp_path) is (told.returncode == 0), told.stderr


def ours_is_valid(folder: Path) -> bool:
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan.secrets import Secrets

    try:
        configuration = read(folder)
    except ConfigError:
        return False
    variables: dict[str, Value] = dict.fromkeys(configuration.variables, UNKNOWN)
    Evaluation(configuration, {}, (), variables, Secrets(folder, enabled=False)).outputs()
    return not configuration.diagnostics
