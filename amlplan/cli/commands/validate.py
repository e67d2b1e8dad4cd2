"""`amlplan validate`: checks the configuration by itself; resolves no secret, reads no state."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.project import empty_state, open_project, plan_inputs
from amlplan.cli.style import styled
from amlplan.cli.text.diagnostic import diagnostic_json
from amlplan.cli.text.json_text import json_text
from amlplan.errors import EXIT_CONFIG, ConfigError
from amlplan.planning.plan import make_plan

if TYPE_CHECKING:
    from amlplan.diagnostics import Diagnostic

_OF_THE_OUTSIDE = frozenset({"not_locked", "cannot_attach"})
"""What is not locked, or not there to attach, is no mistake in the text."""


@click.command("validate", cls=Command)
@flag("json", "Print the result for machines.")
@variable_options
@click.pass_context
def command(ctx: click.Context, *, json: bool) -> int:
    """Check the configuration without looking at anything outside."""
    console = Console(sys.stdout, sys.stderr)
    problems = _problems(ctx)
    if json:
        console.print(_report(problems))
    elif problems:
        console.diagnostics(problems)
    else:
        console.print(f"{styled('green', 'Success!')} The configuration is valid.")
    return EXIT_CONFIG if problems else 0


def _problems(ctx: click.Context) -> tuple[Diagnostic, ...]:
    try:
        project = open_project(
            assignments_of(ctx),
            secrets_enabled=False,
            require_variables=False,
            check_state_location=False,
            needs_state=False,
        )
        make_plan(plan_inputs(project, empty_state()), lambda _event: None)
    except ConfigError as failure:
        return tuple(item for item in failure.diagnostics if item.code not in _OF_THE_OUTSIDE)
    return ()


def _report(problems: tuple[Diagnostic, ...]) -> str:
    return json_text(
        {
            "format_version": "1.0",
            "valid": not problems,
            "error_count": sum(item.severity == "error" for item in problems),
            "warning_count": sum(item.severity == "warning" for item in problems),
            "diagnostics": [diagnostic_json(item) for item in problems],
        }
    )
