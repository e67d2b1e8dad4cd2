"""`amlplan model`: the registered models of a workspace, their versions, and their files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amlplan.abilities import KeepsModels
from amlplan.cli.console import Console
from amlplan.cli.options import Command, CommandGroup, Option, flag
from amlplan.cli.style import styled, visible
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.run_json import FORMAT_VERSION
from amlplan.cli.text.runs import size_text, table
from amlplan.errors import PlanError
from amlplan.project.folders import provider_context
from amlplan.project.workspaces import open_workspace
from amlplan.provider import has
from amlplan.registry import Registry
from amlplan.runs.outputs import copy_content
from amlplan.wording import counted, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.abilities import ModelVersion
    from amlplan.runs.place import RunPlace

WORKSPACE = click.option(
    "--workspace", cls=Option, metavar="NAME", help="Look in another workspace."
)


@click.group("model", cls=CommandGroup)
def command() -> None:
    """Look at registered models, and copy their files."""


def _models(place: RunPlace) -> Mapping[str, Sequence[ModelVersion]]:
    provider = Registry(provider_context(Path.cwd())).provider("model")
    assert has(provider, KeepsModels)  # noqa: S101 - ours does
    return provider.models(place.folder)


@command.command("list", cls=Command)
@WORKSPACE
@flag("json", "Print for machines.")
def list_command(workspace: str | None, *, json: bool) -> int:
    """List the models and their versions, the newest first."""
    console = Console(sys.stdout, sys.stderr)
    models = _models(open_workspace(workspace))
    if json:
        shown = [_version(item) for versions in models.values() for item in versions]
        console.print(json_text({"format_version": FORMAT_VERSION, "models": shown}))
    elif models:
        console.print(
            table(
                ("MODEL", "ALIASES", "SIZE", "FROM", "REGISTERED", "DIGEST"),
                (_row(item) for versions in models.values() for item in reversed(versions)),
            )
        )
    else:
        console.print("No models yet. Register one with: amlplan apply")
    return 0


def _row(item: ModelVersion) -> tuple[str, ...]:
    return (
        f"{item.name}:{item.version}",
        ", ".join(item.aliases),
        size_text(item.size),
        origin_text(item.lineage),
        item.at,
        item.digest[:19],
    )


def origin_text(lineage: Mapping[str, Any]) -> str:
    """Where a version came from, in few words."""
    if "run" in lineage:
        number = lineage.get("number")
        return f"run {number} of {lineage['history']}" if number else f"run {lineage['run']}"
    return str(lineage.get("registered", "files"))


@command.command("show", cls=Command)
@click.argument("name")
@WORKSPACE
@flag("json", "Print for machines.")
def show_command(name: str, workspace: str | None, *, json: bool) -> int:
    """Show a version of a model by NAME, NAME:VERSION or NAME:ALIAS."""
    console = Console(sys.stdout, sys.stderr)
    item = _chosen(_models(open_workspace(workspace)), name)
    if json:
        console.print(json_text({"format_version": FORMAT_VERSION, **_version(item)}))
        return 0
    facts = {
        "digest": item.digest,
        "size": size_text(item.size),
        "registered": item.at,
        "aliases": ", ".join(item.aliases) or "-",
        "framework": item.framework or "-",
        "from": origin_text(item.lineage),
        **{name: str(value) for name, value in item.lineage.items() if name != "before"},
    }
    width = max(len(name) for name in facts)
    lines = [styled("bold", f"# {item.name}:{item.version}"), ""]
    lines += [f"{name:<{width}}  {visible(text)}" for name, text in facts.items()]
    for title, rows in (("Properties", item.properties), ("Files", item.files)):
        if rows:
            inner = max(len(name) for name in rows)
            lines += ["", styled("bold", title)]
            lines += [f"  {visible(key):<{inner}}  {visible(text)}" for key, text in rows.items()]
    console.print("\n".join(lines))
    return 0


@command.command("pull", cls=Command)
@click.argument("name")
@WORKSPACE
@click.option("--to", cls=Option, metavar="FOLDER", help="Where to, else to its name.")
def pull_command(name: str, workspace: str | None, to: str | None) -> int:
    """Copy the files of a version, by NAME, NAME:VERSION or NAME:ALIAS, into a folder."""
    console = Console(sys.stdout, sys.stderr)
    place = open_workspace(workspace)
    item = _chosen(_models(place), name)
    folder = Path(to or item.name)
    for path, digest in item.files.items():
        copy_content(place.content, digest, folder / path)
    what = f"{size_text(item.size)}, {counted(len(item.files), 'file')}"
    console.print(f"{item.name}:{item.version} ({what}) in {folder}")
    return 0


def _chosen(models: Mapping[str, Sequence[ModelVersion]], wanted: str) -> ModelVersion:
    """The version that a name means: its newest, by number, or by alias; raises PlanError."""
    name, _, which = wanted.partition(":")
    versions = models.get(name)
    if not versions:
        hint = suggestion(name, list(models)) or f" There are: {', '.join(models) or 'none'}."
        raise PlanError("No such model", f"There is no model {name} in this workspace.{hint}")
    found = [item for item in versions if which in ("", str(item.version), *item.aliases)]
    if not found:
        known = ", ".join(str(item.version) for item in versions)
        raise PlanError("No such version", f"{name} has no version {which}; it has {known}.")
    return found[-1]


def _version(item: ModelVersion) -> dict[str, Any]:
    return {
        "name": item.name,
        "version": item.version,
        "digest": item.digest,
        "size": item.size,
        "framework": item.framework,
        "aliases": list(item.aliases),
        "properties": dict(item.properties),
        "files": dict(item.files),
        "lineage": dict(item.lineage),
        "registered": item.at,
    }
