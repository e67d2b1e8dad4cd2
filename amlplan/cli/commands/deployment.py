"""`amlplan deployment`: asks a deployment, shows its logs and keys, goes back a revision."""

from __future__ import annotations

import contextlib
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlplan.abilities import ServesDeployments
from amlplan.cli.console import Console
from amlplan.cli.options import Command, CommandGroup, Option, flag
from amlplan.cli.recorded import changed_record, recorded_with_targets
from amlplan.cli.style import styled, visible
from amlplan.cli.text.json_text import json_text
from amlplan.errors import EXIT_ERROR, PlanError, ProviderError
from amlplan.pointers import value_at
from amlplan.project.folders import provider_context
from amlplan.provider import has
from amlplan.registry import Registry
from amlplan.secrets import Secrets, describe
from amlplan.values import SecretReference
from amlplan_schemas.state import Held, Record, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.abilities import RolledBack

BLOCK = "deployment"
LARGEST_STATUS_OF_SUCCESS = 299


@click.group("deployment", cls=CommandGroup)
def command() -> None:
    """Ask deployments, show their logs and keys, go back to an earlier revision."""


def _serving(record: Record) -> ServesDeployments:
    provider = Registry(provider_context(Path.cwd())).provider(record.kind)
    if not has(provider, ServesDeployments):
        raise ProviderError(
            "Not possible for this kind", f"The provider of {record.kind} serves nothing."
        )
    return provider


@command.command("score", cls=Command)
@click.argument("name")
@click.option("--request", cls=Option, metavar="FILE", help="The request's body; - reads it here.")
@click.option("--data", cls=Option, metavar="TEXT", help="The request's body as it is.")
@click.option(
    "--content-type", cls=Option, default="application/json", show_default=True, metavar="TYPE"
)
@click.pass_context
def score_command(
    ctx: click.Context, name: str, request: str | None, data: str | None, content_type: str
) -> int:
    """Ask deployment NAME and print what it answers; exits with 1 where it refuses."""
    if (request is None) == (data is None):
        raise click.UsageError("Give the body by -request=FILE or by -data=TEXT.", ctx)
    console = Console(sys.stdout, sys.stderr)
    body = data.encode() if data is not None else _body(str(request))
    found = recorded_with_targets(BLOCK, name)
    answer = _serving(found.record).score(found.record, found.targets, body, content_type)
    text = answer.body.decode(errors="replace").rstrip("\n")
    if answer.status > LARGEST_STATUS_OF_SUCCESS:
        console.error(f"{styled('red', f'Status {answer.status}:')} {visible(text)}")
        return EXIT_ERROR
    console.print(visible(text))
    return 0


def _body(place: str) -> bytes:
    if place == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(place).read_bytes()
    except OSError as failure:
        raise PlanError(
            "The request cannot be read",
            f"{place}: {failure.strerror}. Name a file that holds the request's body.",
        ) from failure


@command.command("logs", cls=Command)
@click.argument("name")
@click.option("--revision", cls=Option, metavar="N", help="Of another revision than the serving.")
def logs_command(name: str, revision: str | None) -> int:
    """Print what the workers of deployment NAME wrote."""
    found = recorded_with_targets(BLOCK, name)
    with Console(sys.stdout, sys.stderr).raw() as write:
        for data in _serving(found.record).logs(found.record, found.targets, revision):
            write(data)
    return 0


@command.group("keys", cls=CommandGroup)
def keys_group() -> None:
    """Show or replace the keys that open a deployment."""


@keys_group.command("show", cls=Command)
@click.argument("name")
@flag("json", "Print for machines.")
def show_keys_command(name: str, *, json: bool) -> int:
    """Print the keys of deployment NAME: in the clear, so mind who sees them."""
    console = Console(sys.stdout, sys.stderr)
    found = recorded_with_targets(BLOCK, name)
    keys = dict(_serving(found.record).keys(found.record, found.targets))
    if json:
        console.print(json_text(keys))
    else:
        console.print("\n".join(f"{key:<9}  {value}" for key, value in keys.items()))
    return 0


@keys_group.command("rotate", cls=Command)
@click.argument("name")
@click.argument("key", default="primary")
def rotate_command(name: str, key: str) -> int:
    """Replace a KEY of deployment NAME, primary or secondary; the old one is refused at once."""
    console = Console(sys.stdout, sys.stderr)
    with changed_record(BLOCK, name, "deployment keys rotate") as change:
        record = change.before
        outputs = _serving(record).rotate(record, change.targets, key)
        kept = Tree(values=dict(outputs), secrets=record.outputs.secrets)
        change.after = record.model_copy(update={"outputs": kept})
    console.print(f"The {key} key is another one now. See: amlplan deployment keys show {name}")
    return 0


@command.command("rollback", cls=Command)
@click.argument("name")
@click.option("--revision", cls=Option, metavar="N", help="To this one, not the one before.")
@click.option("--why", cls=Option, default="", metavar="TEXT", help="Kept with it, for others.")
def rollback_command(name: str, revision: str | None, why: str) -> int:
    """Have deployment NAME serve an earlier revision, and keep it there until it is released."""
    console = Console(sys.stdout, sys.stderr)
    with changed_record(BLOCK, name, "deployment rollback") as change:
        record = change.before
        secrets = _secrets(record)
        rolled = _serving(record).roll_back(record, change.targets, revision, secrets)
        held = Held(revision=rolled.revision, by=getpass.getuser(), why=why or "rolled back")
        change.after = record.model_copy(
            update={
                "inputs": _rolled_inputs(rolled, record),
                "derived": dict(rolled.derived),
                "outputs": Tree(values=dict(rolled.outputs), secrets=record.outputs.secrets),
                "held": held,
            }
        )
    console.print(
        f"{styled('bold', record.address)}: revision {rolled.revision} serves, and plans leave it "
        f"alone until: amlplan deployment release {name}"
    )
    return 0


def _rolled_inputs(rolled: RolledBack, record: Record) -> Tree:
    """The inputs after a rollback, with those secrets that the revision was given."""
    secrets = {}
    for path, secret in record.inputs.secrets.items():
        with contextlib.suppress(LookupError):
            if value_at(rolled.inputs, path) is None:
                secrets[path] = secret
    return Tree(values=dict(rolled.inputs), secrets=secrets)


def _secrets(record: Record) -> Mapping[str, str]:
    """The secrets of a record by JSON Pointer; raises PlanError where one cannot be had."""
    secrets = Secrets(Path.cwd())
    found: dict[str, str] = {}
    for path, secret in record.inputs.secrets.items():
        if secret.scheme is None or secret.argument is None:
            raise PlanError(
                "A secret cannot be had",
                f"{path.lstrip('/').replace('/', '.')} of {record.address} is made from several "
                "values, and only an apply can make it again. Go back by applying the "
                "configuration of then.",
            )
        reference = SecretReference(secret.scheme, secret.argument)
        value = secrets.find(reference)
        if value is None:
            raise PlanError(
                "A secret cannot be had",
                f"{describe(reference)}: {secrets.unresolved[reference].why}. Provide it, then try "
                "again.",
            )
        found[path] = value
    return found


@command.command("release", cls=Command)
@click.argument("name")
def release_command(name: str) -> int:
    """Let plans change deployment NAME again after a rollback."""
    console = Console(sys.stdout, sys.stderr)
    with changed_record(BLOCK, name, "deployment release") as change:
        record = change.before
        was = record.held
        if was is not None:
            change.after = record.model_copy(update={"held": None})
    if was is None:
        console.print(f"{record.address} was not held.")
    else:
        console.print(
            f"{record.address} is no longer held at revision {was.revision}. Next: amlplan plan"
        )
    return 0
