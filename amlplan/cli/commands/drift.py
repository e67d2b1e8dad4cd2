"""`amlplan drift`: whether the world is still as the last apply left it; changes nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.style import styled
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.plan import drift_text
from amlplan.errors import EXIT_DIFFERENCES, EXIT_ERROR
from amlplan.planning.drift import find_drift
from amlplan.project.opening import open_project
from amlplan.wording import counted
from amlplan_schemas.plan import DriftClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan_schemas.plan import Drift


_WHOLE_VALUES = {"before", "after", "sensitive"}
"""The report tells the fields that differ."""


@click.command("drift", cls=Command)
@flag("json", "Print the report for machines.")
@flag("allow-unreachable", "Do not fail where something could not be reached.")
@variable_options
@click.pass_context
def command(ctx: click.Context, *, json: bool, allow_unreachable: bool) -> int:
    """Tell whether the world is still as the last apply left it."""
    console = Console(sys.stdout, sys.stderr)
    project = open_project(assignments_of(ctx), secrets_enabled=False, require_variables=False)
    state = project.backend.reader().read()
    looked_at = len(state.records) if state is not None else 0
    drift = find_drift(state, project.registry) if state is not None else ()
    console.print(_json(drift, looked_at) if json else _text(drift, looked_at))
    return _code(drift, allow_unreachable=allow_unreachable)


def _code(drift: Sequence[Drift], *, allow_unreachable: bool) -> int:
    classes = {item.drift_class for item in drift}
    if DriftClass.UNREACHABLE in classes and not allow_unreachable:
        return EXIT_ERROR
    return EXIT_DIFFERENCES if classes - {DriftClass.UNREACHABLE} else 0


def _text(drift: Sequence[Drift], looked_at: int) -> str:
    if not looked_at:
        return styled("green", "No drift. Nothing was applied yet.")
    if not drift:
        objects = counted(looked_at, "object")
        return styled("green", f"No drift. Looked at {objects}: as they were applied.")
    silent = sum(item.drift_class is DriftClass.UNREACHABLE for item in drift)
    found = len(drift) - silent
    lines = ["\n\n".join(drift_text(item) for item in drift)]
    unreachable = f", {silent} could not be reached" if silent else ""
    total = f"Drift: {found} of {looked_at} objects differ{unreachable}."
    next_step = ["To repair what differs: amlplan apply"] if found else []
    return "\n".join([*lines, "", styled("bold", total), *next_step])


def _json(drift: Sequence[Drift], looked_at: int) -> str:
    return json_text(
        {
            "format_version": "1.0",
            "objects": looked_at,
            "drift": [item.model_dump(mode="json", exclude=_WHOLE_VALUES) for item in drift],
        }
    )
