"""`amlplan validate`: checks the configuration by itself; resolves no secret, reads no state."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.style import styled
from amlplan.cli.text.diagnostic_json import validation_json
from amlplan.diagnostics import Severity, error
from amlplan.errors import EXIT_CONFIG, AmlplanError, ConfigError
from amlplan.planning.files_of_runs import remarks_on_files
from amlplan.planning.plan import make_plan
from amlplan.planning.want import want
from amlplan.project.opening import empty_state, open_project, plan_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.diagnostics import Diagnostic
    from amlplan.project.opening import OpenProject

_OF_THE_OUTSIDE = frozenset({"not_locked", "cannot_attach"})
"""What is not locked, or not there to attach, is no mistake in the text."""


@click.command("validate", cls=Command)
@flag("json", "Print the result for machines.")
@variable_options
@click.pass_context
def command(ctx: click.Context, *, json: bool) -> int:
    """Check the configuration without looking at anything outside."""
    console = Console(sys.stdout, sys.stderr)
    code = EXIT_CONFIG
    try:
        problems = _problems(ctx)
    except AmlplanError as failure:
        if not json:
            raise
        code = failure.exit_code
        problems = (error(failure.code, failure.summary, failure.detail, address=failure.address),)
    is_valid = not any(item.severity is Severity.ERROR for item in problems)
    if json:
        console.print(validation_json(problems))
    else:
        console.diagnostics(problems)
        if is_valid:
            console.print(f"{styled('green', 'Success!')} The configuration is valid.")
    return 0 if is_valid else code


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
        return tuple(_remarks(project))
    except ConfigError as failure:
        return tuple(item for item in failure.diagnostics if item.code not in _OF_THE_OUTSIDE)


def _remarks(project: OpenProject) -> Iterator[Diagnostic]:
    """What is not used of the files that run configurations name."""
    evaluation = project.evaluation
    for address, block in evaluation.blocks.items():
        if project.registry.is_configuration_only(block.kind):
            wanted, _ = want(address, evaluation, project.registry, project.secrets, project.lock)
            if wanted is not None:
                yield from remarks_on_files(wanted, project.root)
