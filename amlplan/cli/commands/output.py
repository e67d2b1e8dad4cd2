"""`amlplan output`: the outputs as of the last apply."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from amlplan.cli.console import Console
from amlplan.cli.options import Command, assignments_of, flag, variable_options
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.outputs import outputs_text
from amlplan.errors import PlanError
from amlplan.planning.plan import make_plan
from amlplan.project.opening import open_project, plan_inputs, read_state
from amlplan.secrets import reveal
from amlplan.values import UNKNOWN
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from amlplan_schemas.state import StateOutput


@click.command("output", cls=Command)
@click.argument("name", required=False)
@flag("json", "Print for machines; sensitive values are null.")
@flag("raw", "Print the one value NAME and nothing else; shows a sensitive one too.")
@variable_options
@click.pass_context
def command(ctx: click.Context, name: str | None, *, json: bool, raw: bool) -> int:
    """Print the outputs, or the one called NAME."""
    console = Console(sys.stdout, sys.stderr)
    if raw and name is None:
        raise click.UsageError("-raw prints one output; name it, as in: output -raw NAME", ctx)
    state = read_state()
    outputs = state.outputs if state is not None else {}
    if name is not None and name not in outputs:
        hint = suggestion(name, list(outputs))
        raise PlanError(
            "No such output",
            f'The last apply recorded no output called "{name}".{hint} Outputs are recorded by '
            "amlplan apply.",
        )
    if raw and name is not None:
        sys.stdout.write(_raw(ctx, name, outputs[name]))
    elif json:
        console.print(_json(outputs, name))
    elif name is not None:
        console.print(outputs_text({name: outputs[name]}).partition(" = ")[2])
    elif outputs:
        console.print(outputs_text(outputs))
    else:
        console.print("No outputs: the configuration has none, or was not applied yet.")
    return 0


def _raw(ctx: click.Context, name: str, output: StateOutput) -> str:
    value = output.value
    if output.secret is not None:
        value = _revealed(ctx, name)
    if isinstance(value, dict | list) or value is None:
        raise PlanError(
            "Not a plain value",
            f"-raw prints a string, a number or a bool, and {name} is none. Use -json.",
        )
    return value if isinstance(value, str) else json.dumps(value)


def _revealed(ctx: click.Context, name: str) -> object:
    """The value of a sensitive output: the state keeps none, so it is evaluated again."""
    project = open_project(assignments_of(ctx))
    make_plan(plan_inputs(project, project.backend.reader().read()), lambda _event: None)
    value = reveal(project.evaluation.outputs()[0].get(name, UNKNOWN), project.secrets)
    if value is UNKNOWN:
        raise PlanError(
            "The value cannot be had",
            f"{name} depends on a secret that cannot be had here, or on something that is not "
            "applied yet.",
        )
    return value


def _json(outputs: dict[str, StateOutput], name: str | None) -> str:
    if name is not None:
        return json_text(outputs[name].value)
    document = {
        key: {"sensitive": output.secret is not None, "value": output.value}
        for key, output in sorted(outputs.items())
    }
    return json_text(document)
