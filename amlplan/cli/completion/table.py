"""Makes the table of commands and options that completion reads, so that it imports no command."""

from __future__ import annotations

from typing import Any

import click

from amlplan.cli.app import COMMANDS, application

_FILES = "files"
_OPTIONS = {"FILE": _FILES, "FOLDER": "folders", "DIR": "folders"}
_NAMED_OPTIONS = {"var": "variables", "workspace": "workspace"}
_ARGUMENTS = {
    "apply": _FILES,
    "show": _FILES,
    "output": "outputs",
    "state list": "recorded",
    "state show": "recorded",
    "state mv": "recorded",
    "state rm": "recorded",
    "state unprotect": "recorded",
    "state push": _FILES,
    "lock": "blocks",
    "run": "scripts",
    "snapshot create": "folders",
    "model show": "model",
    "model pull": "model",
    "environment build": "environment",
    "environment shell": "environment",
    "environment show": "environment",
    "image verify": "image",
    "deployment keys show": "deployment",
    "deployment keys rotate": "deployment",
    "deployment logs": "deployment",
    "deployment release": "deployment",
    "deployment rollback": "deployment",
    "deployment score": "deployment",
}
"""What the first argument of a command names."""


def completion_table() -> dict[str, Any]:
    """The commands with their options; of each what its value is, and null where it is a flag."""
    return _entry(application, "")


def _entry(command: click.Command, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "options": {
            option.opts[0].lstrip("-"): [_value(option), option.help or ""]
            for option in command.params
            if isinstance(option, click.Option)
        }
    }
    if path in _ARGUMENTS:
        found["argument"] = _ARGUMENTS[path]
    elif path == "completion":
        found["argument"] = _choices(command)
    if isinstance(command, click.Group):
        context = click.Context(command)
        inner = {
            name: command.get_command(context, name) for name in command.list_commands(context)
        }
        found["commands"] = {
            name: [
                COMMANDS[name] if not path else (each.help or "").partition("\n")[0],
                _entry(each, f"{path} {name}".strip()),
            ]
            for name, each in inner.items()
            if each is not None
        }
    return found


def _choices(command: click.Command) -> list[str]:
    return [
        str(choice)
        for parameter in command.params
        if isinstance(parameter.type, click.Choice)
        for choice in parameter.type.choices
    ]


def _value(option: click.Option) -> str | list[str] | None:
    if option.is_flag:
        return None
    if isinstance(option.type, click.Choice):
        return [str(choice) for choice in option.type.choices]
    name = option.opts[0].lstrip("-")
    return _NAMED_OPTIONS.get(name) or _OPTIONS.get(option.metavar or "", "")
