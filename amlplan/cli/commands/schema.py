"""`amlplan schema`: what the installed packages bring, for people and for editors."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, CommandGroup, flag
from amlplan.cli.text.json_text import json_text
from amlplan.config.reading.json_schema import configuration_schema
from amlplan.project.folders import provider_context
from amlplan.registry import Registry

_HEAD = ("kind", "provider", "package", "version")


@click.group("schema", cls=CommandGroup)
def command() -> None:
    """Tell which kinds of blocks there are, and what they take."""


@command.command("providers", cls=Command)
@flag("json", "Print for machines.")
def providers_command(*, json: bool) -> int:
    """List the kinds of blocks with what brings them."""
    registry = _registry()
    rows = [
        {
            "kind": kind,
            "provider": _provider(kind, registry),
            "package": registry.package(kind),
            "version": registry.version(kind),
        }
        for kind in sorted(registry.kinds)
    ]
    console = Console(sys.stdout, sys.stderr)
    if json:
        console.print(json_text({"format_version": "1.0", "kinds": rows}))
        return 0
    table = [_HEAD, *(tuple(row[name] or "-" for name in _HEAD) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEAD))]
    for row in table:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        console.print("  ".join(cells).rstrip())
    return 0


@command.command("json", cls=Command)
def json_command() -> int:
    """Print one JSON Schema of a whole *.hcl.json file, with every installed kind."""
    registry = _registry()
    models = {kind: registry.inputs_of(kind) for kind in registry.kinds}
    Console(sys.stdout, sys.stderr).print(json_text(configuration_schema(models)))
    return 0


def _registry() -> Registry:
    return Registry(provider_context(Path.cwd()))


def _provider(kind: str, registry: Registry) -> str | None:
    """The name of a kind's provider; None where only commands read its blocks."""
    if registry.is_configuration_only(kind):
        return None
    return registry.provider(kind).kind.provider
