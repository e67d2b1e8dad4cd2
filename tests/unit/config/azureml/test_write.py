"""Runconfig files that are written: the same is read again, and nothing else changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.config.azureml.runconfig import runconfig_of
from amlplan.config.azureml.told import Told
from amlplan.config.azureml.write import changed_text, flow, new_text
from amlplan.config.azureml.yaml_file import parse_yaml
from amlplan.diagnostics import SourceFile

if TYPE_CHECKING:
    from random import Random

    from amlplan.config.azureml.runconfig import Runconfig

TEXT = """\
# The script to run.
script: train.py   # here
arguments:
# one by one
- --alpha
- 0.10

# Where.
target:
environment:
# Variables.
  environmentVariables:
    SEED: 007  # as it is
  python: {userManagedDependencies: true}
  docker:
    enabled: false
own: [kept,   as is]
"""


def read(text: str) -> Runconfig:
    return runconfig_of(parse_yaml(SourceFile("a.runconfig", text)))


def changed(text: str, **values: Any) -> str:
    ways = {name.replace("__", "."): value for name, value in values.items()}
    file = read(text)
    before = {way: file.get(way) for way in ways}
    return changed_text(file, Told(before, ()), Told(ways, ()))


def test_what_does_not_change_keeps_every_byte() -> None:
    file = read(TEXT)
    values = dict(file.values)
    assert changed_text(file, Told(values, ()), Told(values, ())) == TEXT
    assert changed(TEXT, script="train.py", nodeCount=None) == TEXT


@pytest.mark.parametrize(
    ("way", "value", "before", "after"),
    [
        ("script", "a b.py", "script: train.py   #", "script: a b.py   #"),
        ("target", "local", "target:\n", "target: local\n"),
        ("target", "true", "target:\n", 'target: "true"\n'),
        ("arguments", ["x", "1"], "\n# one by one\n- --alpha\n- 0.10\n", '\n- x\n- "1"\n'),
        (
            "environment.environmentVariables",
            {"A": "b"},
            "\n    SEED: 007  #",
            "\n    A: b  #",
        ),
        (
            "environment.python.interpreterPath",
            "python3",
            "{userManagedDependencies: true}",
            "{userManagedDependencies: true, interpreterPath: python3}",
        ),
        ("environment.docker.shmSize", "2g", "    enabled", '    shmSize: "2g"\n    enabled'),
        ("nodeCount", 2, "own: [kept,   as is]\n", "own: [kept,   as is]\nnodeCount: 2\n"),
        (
            "tensorflow.workerCount",
            2,
            "own: [kept,   as is]\n",
            "own: [kept,   as is]\ntensorflow:\n  workerCount: 2\n",
        ),
    ],
)
def test_a_change_touches_its_own_place_only(way: str, value: Any, before: str, after: str) -> None:
    text = changed(TEXT, **{way.replace(".", "__"): value})
    assert text == TEXT.replace(before, after)
    assert read(text).get(way) == value


def test_an_alias_that_stands_twice_is_not_changed_twice() -> None:
    text = "script: &name a.py\nsourceDirectoryDataStore: *name\n"
    assert read(changed(text, script="b.py")).get("script") == "b.py"


def test_workbench_is_written_anew() -> None:
    text = changed("ArgumentVector: [a.py]\n", script="b.py")
    assert read(text).get("script") == "b.py"


def some_text(random: Random) -> str:
    alphabet = "ab:#-'\"{}[],&*!|>%@` \t\n\\é\x85\u2028😀01.~=?nulltrue"
    return "".join(random.choice(alphabet) for _ in range(random.randrange(8)))


def test_any_text_is_read_again_as_it_was(rounds: list[Random]) -> None:
    for random in rounds:
        for _ in range(60):
            values: dict[str, Any] = {
                "script": some_text(random),
                "arguments": [some_text(random) for _ in range(random.randrange(3))],
                "environment.environmentVariables": {
                    some_text(random): some_text(random) for _ in range(random.randrange(3))
                },
                "nodeCount": random.randrange(9),
            }
            for text in (new_text(Told(values, ())), changed(TEXT, **_spelled(values))):
                file = read(text)
                told = {way: file.get(way) or None for way in values}
                assert told == {way: value or None for way, value in values.items()}, text


def _spelled(values: dict[str, Any]) -> dict[str, Any]:
    return {way.replace(".", "__"): value for way, value in values.items()}


def test_json_is_its_own_flow_form() -> None:
    value = {"a": [1, True, None, "x"]}
    assert flow(value) == "{a: [1, true, null, x]}"
    assert json.loads(json.dumps(value)) == value
