"""What is asked of a run: a program, its data and its limits, with every reference resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amlplan.abilities import Share, Webhook
from amlplan.runs.distribution import launched
from amlplan.runs.notebooks import script_of
from amlplan.runs.prologue import after
from amlplan_schemas.base import bytes_of, seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amlplan.job_container import JobContainer
    from amlplan_schemas.run_config import RunConfig, RunDistribution

COLLECTED = ("outputs/**", "logs/**")
SNAPSHOT_SIZE = 300 * 1024**2
SNAPSHOT_FILES = 2000
COLLECTED_SIZE = 10 * 1024**3


@dataclass(frozen=True, slots=True)
class RunData:
    """Where the data of a run lies, with every datastore looked up; see `RunRequest`."""

    inputs: Mapping[str, str]
    input_modes: Mapping[str, str] = field(default_factory=dict)
    uploads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run to be launched.

    `source` is the folder that is snapshotted, `script` relative to it. `interpreter` runs the
    script. `inputs` are paths by name; those of datastores have a mode, see `Input`. `uploads` are
    the folders that outputs are copied to, by name. `prologue` are lines of a shell. `secrets` are
    environment variables that are written nowhere. `needs` is what a target must have, by the names
    of its facts. Sizes are in bytes, `max_duration` in seconds, for all attempts together.
    With a `container` it runs in that, and `interpreter` is a path in there. `definition` is what
    history keeps beside that, as JSON.
    """

    history: str
    name: str
    source: Path
    interpreter: str
    script: str | None = None
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    input_modes: Mapping[str, str] = field(default_factory=dict)
    uploads: Mapping[str, str] = field(default_factory=dict)
    prologue: tuple[str, ...] = ()
    include: tuple[str, ...] = COLLECTED
    exclude: tuple[str, ...] = ()
    collected_size: int = COLLECTED_SIZE
    by_reference: bool = False
    snapshot_size: int = SNAPSHOT_SIZE
    snapshot_files: int = SNAPSHOT_FILES
    max_duration: float | None = None
    needs: Mapping[str, int] = field(default_factory=dict)
    distribution: RunDistribution | None = None
    retries: int = 0
    webhook: Webhook | None = None
    share: Share = field(default_factory=Share)
    container: JobContainer | None = None
    definition: Mapping[str, Any] = field(default_factory=dict)

    @property
    def program(self) -> tuple[str, ...]:
        """The command line of the run, started in its working folder."""
        head = self.command
        if self.script is not None:
            head = (self.interpreter, script_of(self.script))
        options = (part for name, value in self.parameters.items() for part in (f"--{name}", value))
        program = (*head, *self.arguments, *options)
        if self.distribution is not None:
            program = launched(program, self.distribution, self.interpreter)
        return after(self.prologue, program)


def request_of(
    config: RunConfig,
    root: Path,
    interpreter: str,
    *,
    secret_names: frozenset[str],
    variables: Mapping[str, str],
    secrets: Mapping[str, str],
    definition: Mapping[str, Any],
    share: Share | None = None,
    data: RunData | None = None,
    container: JobContainer | None = None,
) -> RunRequest:
    """The request that a run configuration makes.

    `secret_names` are those of its environment variables that are secrets; `variables` and
    `secrets` are those of its environment, which its own replace.
    """
    plain = {name: value for name, value in config.env.items() if name not in secret_names}
    hidden = {name: value for name, value in config.env.items() if name in secret_names}
    duration = config.max_run_duration
    found = data or RunData({name: item.path for name, item in config.input.items()})
    return RunRequest(
        history=config.history or config.name,
        name=config.name,
        source=(root / config.source).absolute(),
        interpreter=interpreter,
        script=config.script,
        command=config.command or (),
        arguments=config.arguments,
        parameters=config.parameters,
        variables=_without(variables, hidden) | plain | _mlflow(config),
        secrets=_without(secrets, plain) | hidden,
        inputs=found.inputs,
        input_modes=found.input_modes,
        uploads=found.uploads,
        prologue=config.prologue,
        include=config.collect.include,
        exclude=config.collect.exclude,
        collected_size=bytes_of(config.collect.max_size),
        by_reference=config.collect.mode == "reference",
        snapshot_size=bytes_of(config.snapshot.max_size),
        snapshot_files=config.snapshot.max_files,
        max_duration=None if duration is None else seconds_of(duration),
        needs=needs_of(config),
        distribution=config.distribution,
        retries=config.retries,
        webhook=_webhook(config),
        share=share or Share(),
        container=container,
        definition=definition,
    )


def _webhook(config: RunConfig) -> Webhook | None:
    hook = config.webhook
    return None if hook is None or hook.url is None else Webhook(hook.url, hook.on)


def needs_of(config: RunConfig) -> dict[str, int]:
    """What a run configuration asks of its target, by the names of a target's facts."""
    resources = config.resources
    needed = {
        "cpus": resources.cpus,
        "memory": None if resources.memory is None else bytes_of(resources.memory),
        "gpus": resources.gpus,
        "disk_free": None if resources.disk is None else bytes_of(resources.disk),
    }
    return {name: value for name, value in needed.items() if value}


def _mlflow(config: RunConfig) -> dict[str, str]:
    """What tells the run's service to leave MLflow to the script, where that is asked for."""
    tracking = config.mlflow.tracking
    return {} if tracking == "capture" else {"AMLPLAN_MLFLOW": tracking}


def _without(variables: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name not in others}
