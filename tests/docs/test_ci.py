"""The page on CI and its example workflows say what is so."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from amlplan.cli.commands.apply import command as apply
from amlplan.cli.commands.drift import command as drift
from amlplan.cli.commands.plan import command as plan
from amlplan.cli.options import exact_arguments
from amlplan.cli.reports.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / "examples/ci").glob("*.yml"))
COMMANDS: dict[str, click.Command] = {"plan": plan, "drift": drift, "apply": apply}


def scripts_in(value: Any) -> Iterator[str]:
    """Every text of a workflow."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from scripts_in(item)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_commands_as_they_are(path: Path) -> None:
    found = []
    for text in scripts_in(yaml.safe_load(path.read_text(encoding="utf-8"))):
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("amlplan "):
                name, *arguments = shlex.split(line)[1:]
                assert exact_arguments(COMMANDS[name], arguments)
                found.append(name)
    assert {"plan", "drift"} <= set(found)


def test_workflows_are_those_that_the_page_names() -> None:
    assert {path.name for path in WORKFLOWS} == set(re.findall(r"examples/ci/([\w.-]+)\)", PAGE))


def test_every_rule_has_its_level_on_the_page() -> None:
    told: dict[str, str] = {}
    for names, level in re.findall(r"^\| ((?:`[\w/]+` ?)+) \| (\w+) \|$", PAGE, re.MULTILINE):
        told |= dict.fromkeys(re.findall(r"`([\w/]+)`", names), level)
    assert told == {rule.id: rule.level.value for rule in RULES}


def test_every_option_for_a_report_is_on_the_page() -> None:
    told = set(re.findall(r"^\| `-([\w-]+)=FILE`", PAGE, re.MULTILINE))
    for command in (plan, drift):
        asked = {
            str(option.name).replace("_", "-")
            for option in command.params
            if isinstance(option, click.Option)
            and option.metavar == "FILE"
            and not option.expose_value
            and not option.multiple
        }
        assert asked == told
